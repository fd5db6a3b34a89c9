"""Bulk runs: the same kind of change for many jobs, planned on a page, carried out in the background.

The run carries the truth, not the engine that executes it: what is to be done and the outcome of each item are in the
database, and whoever holds the run's lease goes on with it. So any engine of Django's Tasks API will do, and a worker
that is killed costs nothing but time.
"""
