"""The annotations of a job: counting them, keeping a copy, replacing them by an uploaded file.

Nothing is kept here. What waits for an import carries everything it needs to know in a signed address.
"""
