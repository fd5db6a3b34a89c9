"""Looking at a job frame by frame: the picture, what is annotated on it, and what is known of the job's media.

Nothing is changed here. What was read of a job lately stays in the process's memory, bounded (`readings.py`).
"""
