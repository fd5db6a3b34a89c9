"""What is carried out once, however often it is asked for: a double click, a form that is sent again, two windows.

if not is_first(once): … place_of_first(once)
…                                               # carry it out
note_place(once, place)                         # where it has led; None if nothing came of it
"""

import logging
import time

from django.core.cache import cache
from django.db import DatabaseError

logger = logging.getLogger(__name__)

ONCE_SECONDS = 600
UNDER_WAY = ""
WAIT_SECONDS = 5


def is_first(once: str) -> bool:
    """Whether nobody has begun this yet. A cache that takes nothing, which may be the database, says no."""
    try:
        return cache.add(once, UNDER_WAY, ONCE_SECONDS)
    except DatabaseError:
        logger.exception("the cache fails")
        return False


def note_place(once: str, place: str | None, seconds: int = ONCE_SECONDS) -> None:
    """Where a second click is led; None where nothing was done, so that it may be sent again."""
    try:
        cache.delete(once) if place is None else cache.set(once, place, seconds)
    except DatabaseError:
        logger.exception("the cache fails")


def place_of_first(once: str) -> tuple[str | None, bool]:
    """Where the first of two clicks has led, and whether it was waited for: a browser shows the answer to the second.
    None where it led nowhere, UNDER_WAY while that is not known. Raises DatabaseError where the cache fails."""
    place, until = cache.get(once), time.monotonic() + WAIT_SECONDS
    was_under_way = place == UNDER_WAY
    while place == UNDER_WAY and time.monotonic() < until:
        time.sleep(0.2)
        place = cache.get(once)
    return place, was_under_way
