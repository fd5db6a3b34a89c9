"""What a worker does beside carrying out runs, which may last minutes each: preparing bundles, and telling people."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError, close_old_connections, connection

from jobsportal.bundles import preparing, telling

logger = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
# As long as something comes of it: an export may well be through as soon as it was asked for.
SOON_SECONDS = 0.2
# What is under way at the end is given so long; whoever takes it up then loses nothing.
END_SECONDS = 8.0


@contextmanager
def preparing_beside() -> Iterator[None]:
    """Prepare bundles and tell people, each in a thread of its own, for as long as this lasts."""
    is_over = threading.Event()
    turns = (preparing.turn, telling.turn)  # a mail server that doesn't answer holds up nothing else
    threads = [
        threading.Thread(target=until, args=(is_over, turn), name=turn.__module__, daemon=True) for turn in turns
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join(END_SECONDS)


def until(is_over: threading.Event, turn: Callable[[], bool]) -> None:
    try:
        while not is_over.is_set():
            close_old_connections()
            is_over.wait(SOON_SECONDS if attempted(turn) else EVERY_SECONDS)
    finally:
        connection.close()


def attempted(turn: Callable[[], bool]) -> bool:
    """What came of a turn; what goes wrong with it is logged, and it is tried again."""
    try:
        return turn()
    except DatabaseError as error:
        logger.warning("bundles wait for the database: %s", error)
        connection.close()
    except Exception:
        logger.exception("a turn for bundles failed")
    return False
