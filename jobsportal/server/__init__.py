"""The page about the upstream: what it is, what it can't do, which formats it reads and writes."""
