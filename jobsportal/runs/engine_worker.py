"""A worker: a process that carries out what waits in the queue, and goes on with runs that nobody is at. Bundles are
prepared beside that."""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, close_old_connections, connection
from django.db.models import Q
from django.utils import timezone
from redis.exceptions import RedisError

from jobsportal.bundles import orders
from jobsportal.bundles.beside import preparing_beside
from jobsportal.runs import engine, plans, workers
from jobsportal.runs.engine_queues import Queue, configured_queue
from jobsportal.runs.lease import free
from jobsportal.runs.models import LIVE, RUNNING, Run
from jobsportal.shares import links

logger = logging.getLogger(__name__)

IDLE_SECONDS = 0.5
AWAY_SECONDS = 2.0
# A run that was handed over is given this long to arrive, before it counts as forgotten.
ARRIVES_SECONDS = 4.0
TIDY_SECONDS = 60 * 60
KEPT = timedelta(days=7)


def work() -> None:
    """Be a worker until SIGTERM or SIGINT; what is under way is finished first, and the rest given back."""
    name = f"{socket.gethostname()[:50]}-{os.getpid()}"
    queue = configured_queue(name)
    heed_signals(queue)
    with seen_as(name), preparing_beside():
        tidied = 0.0
        while not engine.ending.is_set():
            turn(queue)
            if time.monotonic() - tidied > TIDY_SECONDS:
                tidied = time.monotonic()
                attempt(tidy)
            engine.ending.wait(IDLE_SECONDS)


def heed_signals(queue: Queue) -> None:
    def asked_to_end(*_: Any) -> None:
        queue.stop()
        # Not here: the event's lock may be held by what the signal interrupted.
        threading.Thread(target=engine.ending.set).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked_to_end)


def turn(queue: Queue) -> None:
    """What waits in the queue, then what nobody is at. Where the queue itself is away, runs go on all the same."""
    close_old_connections()
    attempt(queue.work_off)
    attempt(take_up)


def attempt(part: Any) -> None:
    """Do it; what goes wrong is logged, and tried again at the next turn."""
    try:
        part()
    except (RedisError, DatabaseError) as error:
        logger.warning("the worker waits for what it works with: %s", error)
        connection.close()
        engine.ending.wait(AWAY_SECONDS)
    except Exception:
        logger.exception("a turn of the worker failed")
        engine.ending.wait(IDLE_SECONDS)


def take_up() -> None:
    """Go on with runs whose worker is gone or has given them back, and begin those that never arrived."""
    is_overdue = Q(status=RUNNING) | Q(queued__lt=timezone.now() - timedelta(seconds=ARRIVES_SECONDS))
    forgotten = Run.objects.filter(free(), is_overdue, status__in=LIVE).order_by("pk")
    for key in forgotten.values_list("key", flat=True):
        engine.carry_out(str(key))


def tidy() -> None:
    """Forget old entries of the queue in the database, drafts that nobody confirmed, bundles that are gone, and links
    that have ended."""
    from django_tasks.base import TaskResultStatus
    from django_tasks_db.models import DBTaskResult

    old = DBTaskResult.objects.exclude(status=TaskResultStatus.READY).filter(enqueued_at__lt=timezone.now() - KEPT)
    old.delete()
    plans.purge()
    orders.purge()
    links.purge()


@contextmanager
def seen_as(name: str) -> Iterator[None]:
    """Say every few seconds that this worker is there, and at the end that it isn't."""
    is_over = threading.Event()
    heart = threading.Thread(target=beat_until, args=(is_over, name), name="beat", daemon=True)
    heart.start()
    try:
        yield
    finally:
        is_over.set()
        heart.join()
        workers.leave(name)


def beat_until(is_over: threading.Event, name: str) -> None:
    try:
        while True:
            try:
                workers.beat(name)
            except DatabaseError as error:
                logger.warning("the worker could not say that it is there: %s", error)
                connection.close()
            if is_over.wait(workers.BEAT_SECONDS):
                return
    finally:
        connection.close()
