"""The annotations of a job: counting them, keeping a copy, changing them, and taking a change back.

Kept here are backups from before each change, and for some hours what somebody has brought to change a job by
(`models.py`). What waits for an import carries everything it needs to know in a signed address.
"""
