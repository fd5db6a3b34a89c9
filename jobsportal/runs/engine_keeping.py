"""What a run writes down: what it is about to send, and what became of each item, once and together with its record."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from jobsportal.accounts.person import Person
from jobsportal.activity.models import Change
from jobsportal.activity.recording import about, changes_between, named, storable, value_of
from jobsportal.cvat.types import Job
from jobsportal.jobs.changes import FIELDS
from jobsportal.runs.deciding import before_of, job_before, job_given
from jobsportal.runs.engine_calls import request_id
from jobsportal.runs.lease import Lease, free
from jobsportal.runs.models import CHANGED, DELETE, LIVE, WAITING, Item, Run


@dataclass
class Settled:
    """An item that is through."""

    item: Item
    outcome: str
    words: str = ""
    records: list[Change] = field(default_factory=list)


def waiting(run: Run) -> QuerySet[Item]:
    """The items that are not through."""
    return run.items.filter(outcome=WAITING)


def ready(run: Run) -> QuerySet[Item]:
    """The waiting items whose turn it is: another run that is over the same job and earlier, or has sent something and
    not heard of it, goes first. What this run has sent itself is always gone on with, so that runs never wait in a
    circle."""
    return waiting(run).filter(Q(sent__isnull=False) | ~Exists(rivals(run).filter(job_id=OuterRef("job_id"))))


def rivals(run: Run) -> QuerySet[Item]:
    others = Item.objects.filter(outcome=WAITING, run__status__in=LIVE, run__upstream=run.upstream)
    return others.filter(Q(run_id__lt=run.pk) | Q(sent__isnull=False)).exclude(run_id=run.pk).order_by()


def goes_first(run: Run) -> Run | None:
    """A run that this one waits for; one that nobody is at, if there is one, since that has to be carried out."""
    theirs = rivals(run).filter(job_id__in=waiting(run).order_by().values("job_id"))
    found = Run.objects.filter(pk__in=theirs.values("run_id")).order_by("pk")
    return found.filter(free()).first() or found.first()


def intend(lease: Lease, run: Run, items: Iterable[Item]) -> list[Item]:
    """Store what is about to be sent (`sent`, `before`, `words`); those for which it still is this run's turn."""
    by_id = {item.pk: item for item in items}
    with transaction.atomic():
        lease.hold()
        still = set(ready(run).filter(pk__in=by_id).order_by().values_list("pk", flat=True))
        for pk in still:
            item = by_id[pk]
            waiting(run).filter(pk=pk).update(sent=item.sent, before=item.before, words=item.words)
    return [by_id[pk] for pk in by_id if pk in still]


def tried(lease: Lease, run: Run, items: Iterable[Item]) -> None:
    """Count one more try of items that failed and are looked at again."""
    with transaction.atomic():
        lease.hold()
        for item in items:
            item.tries += 1
            waiting(run).filter(pk=item.pk).update(tries=item.tries)


def settle(lease: Lease, run: Run, settled: Iterable[Settled]) -> None:
    """Store outcomes, each once and together with its records. Raises LeaseLost."""
    now = timezone.now()
    with transaction.atomic():
        lease.hold()
        records: list[Change] = []
        for one in settled:
            if waiting(run).filter(pk=one.item.pk).update(outcome=one.outcome, words=one.words, done=now):
                records += one.records
        Change.objects.bulk_create(map(storable, records))


def given(person: Person, run: Run, item: Item, job: Job, words: str) -> Settled:
    """The item is changed, or its job deleted."""
    more: dict[str, Any] = {"run": run, "request_id": request_id(run, item), "words": words}
    if taken_back := item.about.get("undoes"):
        more["undoes"] = UUID(taken_back)
    before = job_before(item, job)
    if run.kind == DELETE:
        facts = {"field": "job", "before": before.type.replace("_", " "), "after": "deleted", "outcome": CHANGED}
        return Settled(item, CHANGED, words, [Change(**about(person, before), **facts, **more)])
    return Settled(item, CHANGED, words, changes_between(person, before, job_given(item, before, job), **more))


def not_given(person: Person, run: Run, item: Item, job: Job, outcome: str, words: str, assignee: str) -> Settled:
    """The item was refused or failed: recorded for each field that was wanted. `assignee` is the wanted one's name."""
    names = ["job"] if run.kind == DELETE else [name for name in FIELDS if name in item.wanted]
    key, sent_as = uuid4(), request_id(run, item) if item.sent is not None else ""
    common = {**about(person, job), "key": key, "run": run, "outcome": outcome, "words": words, "request_id": sent_as}
    return Settled(item, outcome, words, [Change(**common, **hoped(name, item, job, assignee)) for name in names])


def hoped(name: str, item: Item, job: Job, assignee: str) -> dict[str, Any]:
    """What a field is, and what it was to become."""
    if name == "job":
        return {"field": name, "before": job.type.replace("_", " "), "after": "deleted"}
    if name != "assignee":
        return {"field": name, "before": getattr(job, name), "after": item.wanted[name]}
    ids = {"before_id": value_of(name, job), "after_id": item.wanted[name]}
    return {"field": name, "before": named(job.assignee), "after": assignee, **ids}


def unseen(item: Item) -> Job:
    """What is known of a job that can't be read: the facts of the plan, and the values before something was sent."""
    facts = item.about
    job = Job(
        id=item.job_id,
        task_id=facts.get("task_id") or 0,
        project_id=facts.get("project_id"),
        organization=item.organization_id,
        type=facts.get("type") or "annotation",
        stage=facts.get("stage") or "",
        state=facts.get("state") or "",
    )
    return job_before(item, job)


def intention(item: Item, job: Job, send: dict[str, Any], words: str) -> Item:
    """The item with what is about to be sent, and what the job is before that."""
    item.before, item.sent, item.words = before_of(job), send, words
    return item
