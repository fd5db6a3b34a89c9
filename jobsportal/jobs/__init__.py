"""The jobs list, changes in its rows, and the page of one job. Nothing of a job is kept here."""
