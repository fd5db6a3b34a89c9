"""Many jobs as one file: prepared by a worker part by part, and written while it is handed over.

A bundle is what somebody asked for, never the data itself: each part stays a file of the upstream's, and what is read
of it passes through once. Telling people that a file is ready lives here too.
"""
