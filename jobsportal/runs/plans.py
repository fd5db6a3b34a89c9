"""From a wish to a run: drafts, and what begins, stops and follows them."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from jobsportal.accounts.person import Person
from jobsportal.accounts.sealing import seal_credential
from jobsportal.cvat.types import Job
from jobsportal.runs import workers
from jobsportal.runs.lease import close, free
from jobsportal.runs.models import (
    BARRED,
    DRAFT,
    LIVE,
    QUEUED,
    REFUSED,
    STOPPED,
    WILL_CHANGE,
    Item,
    Run,
)

if TYPE_CHECKING:
    pass

logger = logging.getLogger(__name__)

FIELDS = ("assignee", "stage", "state")

DRAFT_HOURS = 24
BATCH = 500


class NoWorker(Exception):
    """Nobody is there to carry out runs; nothing was queued."""


class NotThis(Exception):
    """The run is not in a state in which this can be done: somebody, or a second click, was first."""


@dataclass
class Planned:
    """What is to become of one job: see `Item`."""

    job_id: int
    organization_id: int | None
    wanted: dict[str, Any] = field(default_factory=dict)
    expected: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    verdict: str = WILL_CHANGE
    why: str = ""


def facts(job: Job) -> dict[str, Any]:
    """What a plan's page tells about a job."""
    return {
        "task_id": job.task_id,
        "project_id": job.project_id,
        "type": job.type,
        "frames": job.frame_count,
        "stage": job.stage,
        "state": job.state,
        "assignee": job.assignee.username if job.assignee else None,
        "assignee_id": job.assignee.id if job.assignee else None,
    }


def draft(person: Person, kind: str, wanted: dict[str, Any], planned: Iterable[Planned], **more: Any) -> Run:
    """Store a plan, to be looked at and confirmed. What is barred has its outcome already."""
    with transaction.atomic():
        run = Run.objects.create(
            upstream=settings.CVAT_URL,
            person_id=person.id,
            username=person.username,
            organization=person.org,
            kind=kind,
            wanted=wanted,
            **more,
        )
        items = [item_of(run, plan) for plan in planned]
        Item.objects.bulk_create(items, batch_size=BATCH)
        run.total = len(items)
        run.save(update_fields=["total"])
    return run


def item_of(run: Run, plan: Planned) -> Item:
    is_barred = plan.verdict == BARRED
    return Item(
        run=run,
        job_id=plan.job_id,
        organization_id=plan.organization_id,
        wanted=plan.wanted,
        expected=plan.expected,
        about=plan.about,
        verdict=plan.verdict,
        why=plan.why,
        outcome=REFUSED if is_barred else "",
        words=plan.why if is_barred else "",
    )


def begin(person: Person, run: Run) -> None:
    """Queue a draft, with the person's sealed credential. Raises NoWorker, NotThis (a second click)."""
    if not workers.is_anybody_there():
        raise NoWorker
    begun = Run.objects.filter(pk=run.pk, status=DRAFT, person_id=person.id).update(
        status=QUEUED,
        queued=timezone.now(),
        sealed=seal_credential(person.credential),
        organizations=person.organizations,
    )
    if not begun:
        raise NotThis
    enqueue(run)


def enqueue(run: Run) -> None:
    """Hand a run to the engine. A run that is handed over twice is carried out once: its lease sees to that."""
    from jobsportal.runs.tasks import carry_out  # which knows the engine, which knows plans

    try:
        carry_out.enqueue(str(run.key))
    except Exception:
        # Such as a Redis that is away. The run is in the database: a worker that has nothing to do finds it there.
        logger.exception("run %s could not be handed over", run.pk)


def stop(run: Run) -> None:
    """Ask the worker to stop after what it has under way; a run that no worker is at is over at once."""
    Run.objects.filter(pk=run.pk).update(stop_asked=True)
    close(Run.objects.filter(free(), pk=run.pk, status__in=LIVE), STOPPED)


def own_runs(person: Person) -> QuerySet[Run]:
    """This person's runs, drafts included."""
    return Run.objects.filter(upstream=settings.CVAT_URL, person_id=person.id)


def purge() -> int:
    """Delete drafts that nobody confirmed within a day; how many."""
    too_old = timezone.now() - timedelta(hours=DRAFT_HOURS)
    return Run.objects.filter(status=DRAFT, made__lt=too_old).delete()[1].get("runs.Run", 0)
