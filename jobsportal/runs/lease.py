"""The lease of a run: the right to carry it out, for one process at a time."""

import logging
import os
import socket
import threading
import time
from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from jobsportal.runs.models import LIVE, RUNNING, WAITING, Item, Run

logger = logging.getLogger(__name__)

NOT_HEARD = "It may have been done: the answer was not heard."


class LeaseLost(Exception):
    """Somebody else goes on with the run, or it is over: nothing may be written for it any more."""


def free() -> Q:
    """Runs that nobody carries out now: never begun, given back, or their process gives no sign of life."""
    return Q(lease_owner="") | Q(lease_until=None) | Q(lease_until__lt=timezone.now())


def close(run: QuerySet[Run], status: str, problem: str = "") -> None:
    """End a run: what it needed of its person, and the plan's facts about jobs, are forgotten. `run` finds it only as
    long as it may be ended."""
    with transaction.atomic():
        pk = run.select_for_update().values_list("pk", flat=True).first()
        if pk is None:
            return
        Run.objects.filter(pk=pk).update(
            status=status,
            problem=problem,
            sealed="",
            organizations=[],
            ended=timezone.now(),
            lease_owner="",
            lease_until=None,
        )
        items = Item.objects.filter(run_id=pk)
        items.exclude(outcome=WAITING).update(about={})
        items.filter(outcome=WAITING, sent__isnull=False).update(words=NOT_HEARD)


class Lease:
    """Held while a run is carried out, and renewed by a thread for as long as the process lives.

    Each write for the run renews it too, in the same transaction (`hold`): a process that was asleep for longer than
    the lease lasts finds out before it writes anything.
    """

    def __init__(self, run_id: int, owner: str) -> None:
        self.run_id, self.owner = run_id, owner
        self.seconds = settings.RUN_LEASE_SECONDS
        self.lost = threading.Event()
        self._is_over = threading.Event()
        self._good_until = time.monotonic() + self.seconds
        self._heart = threading.Thread(target=self._beat, name=f"lease of run {run_id}", daemon=True)

    @classmethod
    def take(cls, run_key: str) -> "Lease | None":
        """The lease of a live run that nobody has; else None."""
        owner = f"{socket.gethostname()[:60]}-{os.getpid()}-{uuid4().hex[:8]}"
        until = timezone.now() + timedelta(seconds=settings.RUN_LEASE_SECONDS)
        taken = Run.objects.filter(free(), key=run_key, status__in=LIVE).update(
            lease_owner=owner, lease_until=until, status=RUNNING, started=Coalesce(F("started"), Now())
        )
        return cls(Run.objects.get(key=run_key).pk, owner) if taken else None

    def __enter__(self) -> "Lease":
        self._heart.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._heart.join()

    @property
    def held(self) -> QuerySet[Run]:
        """The run, as long as the lease is held."""
        return Run.objects.filter(pk=self.run_id, lease_owner=self.owner)

    def check(self) -> None:
        """Raises LeaseLost."""
        if self.lost.is_set():
            raise LeaseLost

    def hold(self) -> None:
        """Renew. Within a transaction that writes for the run, this keeps everybody else out. Raises LeaseLost."""
        self.check()
        begun = time.monotonic()
        if not self.held.update(lease_until=timezone.now() + timedelta(seconds=self.seconds)):
            self.lost.set()
            raise LeaseLost
        self._good_until = begun + self.seconds

    def give_back(self) -> None:
        """Let somebody else go on; the run stays as it is."""
        self.held.update(lease_owner="", lease_until=None)

    def _beat(self) -> None:
        try:
            while not self._is_over.wait(self.seconds / 3):
                self._renew()
        except LeaseLost:
            logger.warning("the lease of run %s is lost: another worker goes on with it", self.run_id)
        finally:
            connection.close()

    def _renew(self) -> None:
        try:
            self.hold()
        except DatabaseError as error:
            logger.warning("the lease of run %s could not be renewed: %s", self.run_id, error)
            connection.close()
            if time.monotonic() > self._good_until:
                self.lost.set()
                raise LeaseLost from None
