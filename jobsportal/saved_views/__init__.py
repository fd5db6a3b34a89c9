"""Saved views: an address of the jobs list under a name, for oneself or for an organization."""
