"""Whose turn it is to have a file read: that keeps a processor busy and takes memory, so only few are at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

turns = BoundedSemaphore(2)
WAIT_SECONDS = 30


@contextmanager
def turn() -> Iterator[bool]:
    """Whether one's turn has come; it is waited for, but not for ever."""
    has_come = turns.acquire(timeout=WAIT_SECONDS)
    try:
        yield has_come
    finally:
        if has_come:
            turns.release()
