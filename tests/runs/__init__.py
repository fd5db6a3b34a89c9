"""Bulk runs: what is decided, how it is carried out, and who does it."""
