"""Handing out jobs among people: a plan that is looked at, corrected, and applied as a run."""
