"""The right to prepare a bundle, for one worker at a time, and for one step only."""

import os
import socket
from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from jobsportal.bundles.models import PREPARING, Bundle


class LeaseLost(Exception):
    """Somebody else goes on with the bundle, or it was stopped: nothing may be written for it any more."""


def due() -> QuerySet[Bundle]:
    """Bundles with something to do that nobody is at, those first that have waited longest."""
    now = timezone.now()
    is_free = Q(lease_owner="") | Q(lease_until=None) | Q(lease_until__lt=now)
    is_awake = Q(rests_until=None) | Q(rests_until__lt=now)
    return Bundle.objects.filter(is_free, is_awake, status=PREPARING).order_by("rests_until", "pk")


class Lease:
    """Held for one step. It is not renewed by itself: `hold` renews it with each write, and finds out whether somebody
    else has gone on meanwhile. Two workers at one step would ask for an export twice, and no more."""

    def __init__(self, bundle_id: int, owner: str) -> None:
        self.bundle_id, self.owner = bundle_id, owner

    @classmethod
    def take(cls, bundle_id: int) -> "Lease | None":
        """The lease of a bundle that is due; else None."""
        lease = cls(bundle_id, f"{socket.gethostname()[:60]}-{os.getpid()}-{uuid4().hex[:8]}")
        taken = due().order_by().filter(pk=bundle_id).update(lease_owner=lease.owner, lease_until=lease.end())
        return lease if taken else None

    @staticmethod
    def end() -> object:
        return timezone.now() + timedelta(seconds=settings.RUN_LEASE_SECONDS)

    @property
    def held(self) -> QuerySet[Bundle]:
        """The bundle, as long as the lease is held."""
        return Bundle.objects.filter(pk=self.bundle_id, lease_owner=self.owner, status=PREPARING)

    def hold(self) -> None:
        """Renew. Within a transaction that writes for the bundle, this keeps everybody else out. Raises LeaseLost."""
        if not self.held.update(lease_until=self.end()):
            raise LeaseLost

    def give_back(self) -> None:
        Bundle.objects.filter(pk=self.bundle_id, lease_owner=self.owner).update(lease_owner="", lease_until=None)
