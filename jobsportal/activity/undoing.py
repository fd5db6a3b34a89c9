"""Taking a recorded change back: each field where the job still has the value that the change gave it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.cache import cache

from jobsportal.accounts.person import Person
from jobsportal.activity.access import seen_by
from jobsportal.activity.models import CHANGED, Change
from jobsportal.activity.recording import FIELDS, named, outcome_of, store, value_of
from jobsportal.cvat import errors
from jobsportal.cvat.types import Job
from jobsportal.jobs import changes
from jobsportal.web import errors as web_errors

# Longer than reading a job and changing it may take.
CLAIM_SECONDS = 300


class NotRecorded(Exception):
    """There is no such change, or none that this person may know of."""


class TakenBackAlready(Exception):
    """Somebody was first, or a second click came."""


@dataclass
class Undone:
    """What taking a change back came to. `left` says which fields were left alone, and why; `made` is what was sent,
    None where nothing was."""

    job: Job
    left: list[str] = field(default_factory=list)
    made: changes.Change | None = None


def undo(person: Person, key: UUID) -> Undone:
    """Take back the change with this key, however old it is.

    Upstream: jobs.retrieve, then see `changes.send`. Raises NotRecorded, TakenBackAlready, and whatever the upstream
    answers: it decides who may.
    """
    made = list(Change.objects.filter(upstream=settings.CVAT_URL, key=key, outcome=CHANGED, field__in=FIELDS))
    if not made:
        raise NotRecorded
    with claimed(key):
        job = readable_job(person, made)
        open_ones = [change for change in made if change.field not in undone_fields([key]).get(key, set())]
        if not open_ones:
            raise TakenBackAlready
        wanted, left = what_to_send(open_ones, job)
        if not wanted and not left:
            raise TakenBackAlready  # by hand
        return Undone(job, left, changes.send(person, job, wanted, undoes=key) if wanted else None)


@contextmanager
def claimed(key: UUID) -> Iterator[None]:
    """Nobody else takes the same change back meanwhile. Raises TakenBackAlready where somebody is at it."""
    name = f"undo:{key}"
    if not cache.add(name, True, CLAIM_SECONDS):
        raise TakenBackAlready
    try:
        yield
    finally:
        cache.delete(name)


def readable_job(person: Person, made: list[Change]) -> Job:
    """The job as it is. Where the upstream does not show it, only those who see the record are told so.

    It is asked within the job's own organization: elsewhere those who lead that have no say."""
    try:
        return person.client_within(made[0].organization_id).jobs.retrieve(made[0].job_id)
    except errors.CVATError as error:
        is_hidden = isinstance(error, errors.NotFound | errors.Forbidden)
        if is_hidden and not seen_by(person).filter(key=made[0].key).exists():
            raise NotRecorded from None
        record_in_vain(person, made, error)
        raise


def record_in_vain(person: Person, made: list[Change], error: errors.CVATError) -> None:
    """Record that taking a change back came to nothing, as the job could not even be read."""
    facts = {"outcome": outcome_of(error), "words": web_errors.in_words(error), "request_id": error.request_id}
    who = {"upstream": settings.CVAT_URL, "person_id": person.id, "username": person.username, "key": uuid4()}
    same = ("organization_id", "project_id", "task_id", "job_id", "stage", "field")
    store(
        Change(
            **who,
            **{name: getattr(change, name) for name in same},
            before=change.after,
            after=change.before,
            before_id=change.after_id,
            after_id=change.before_id,
            **facts,
            undoes=change.key,
        )
        for change in made
    )


def undone_fields(keys: list[UUID]) -> dict[UUID | None, set[str]]:
    """Which fields of these changes were taken back, by key."""
    undone: dict[UUID | None, set[str]] = {}
    undoing = Change.objects.filter(undoes__in=keys, outcome=CHANGED).order_by()
    for key, name in undoing.values_list("undoes", "field"):
        undone.setdefault(key, set()).add(name)
    return undone


def what_to_send(made: list[Change], job: Job) -> tuple[dict[str, Any], list[str]]:
    """The values to set, and what is left alone in words. A field that is back already is in neither."""
    wanted, left = {}, []
    for change in made:
        now, before, after = value_of(change.field, job), given(change, "before"), given(change, "after")
        if now == after:
            wanted[change.field] = before
        elif now != before:
            left.append(f"{change.field} is now {in_words(change.field, job)}, left alone")
    if "stage" in wanted:
        wanted.setdefault("state", job.state)  # a new stage would reset it upstream
    return wanted, left


def given(change: Change, side: str) -> Any:
    return getattr(change, f"{side}_id" if change.field == "assignee" else side)


def in_words(name: str, job: Job) -> str:
    return named(job.assignee) if name == "assignee" else str(value_of(name, job))
