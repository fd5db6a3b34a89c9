"""Who carries what: numbers per person, per project and task, as pages, pictures and tables."""
