"""Getting data out: asking the upstream for an export, following it, downloading the file.

The upstream keeps the list of exports and the files; nothing is kept here, and files pass through in pieces.
"""
