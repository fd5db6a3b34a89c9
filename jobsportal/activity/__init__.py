"""What the portal changed: the record of actions, undoing, and the pages that show it.

It holds what was done and by whom, never a copy of a job.
"""
