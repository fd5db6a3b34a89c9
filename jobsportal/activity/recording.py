"""Writing the record: every room that changes something upstream calls one of these, right after the upstream answered.

The change is done by then. So what hinders the record is logged, and never becomes a failure of the change.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, transaction

from jobsportal.accounts.person import Person
from jobsportal.activity.models import CHANGED, FAILED, REFUSED, Change
from jobsportal.cvat import errors
from jobsportal.cvat.types import BasicUser, Job
from jobsportal.runs.models import Run
from jobsportal.web.errors import in_words
from jobsportal.web.logs import current_request_id

logger = logging.getLogger(__name__)

FIELDS = ("assignee", "stage", "state")

# How long texts may be; what an upstream says may be much longer than anybody reads.
LONGEST = {"username": 150, "stage": 50, "before": 200, "after": 200, "words": 2000, "request_id": 200}

# After these, nobody can tell whether the change was made: it failed. After all others the upstream has said no.
FAILURES = (errors.Unreachable, errors.Busy, errors.BrokenAnswer)


def changes_between(person: Person, before: Job, after: Job, **more: Any) -> list[Change]:
    """The records, not yet stored, of what is different after a change; empty if nothing is."""
    key = uuid4()
    return [
        Change(key=key, **about(person, before), **values_of(name, before, after), outcome=CHANGED, **more)
        for name in FIELDS
        if value_of(name, before) != value_of(name, after)
    ]


def about(person: Person, job: Job) -> dict[str, Any]:
    """Who, and which job."""
    return {
        "upstream": settings.CVAT_URL,
        "person_id": person.id,
        "username": person.username,
        "organization_id": job.organization,
        "project_id": job.project_id,
        "task_id": job.task_id,
        "job_id": job.id,
        "stage": job.stage,
    }


def value_of(name: str, job: Job) -> Any:
    if name == "assignee":
        return job.assignee.id if job.assignee else None
    return getattr(job, name)


def values_of(name: str, before: Job, after: Job) -> dict[str, Any]:
    if name != "assignee":
        return {"field": name, "before": getattr(before, name), "after": getattr(after, name)}
    ids = {"before_id": value_of(name, before), "after_id": value_of(name, after)}
    return {"field": name, "before": named(before.assignee), "after": named(after.assignee), **ids}


def named(user: BasicUser | None) -> str:
    return user.username if user else "nobody"


def store(changes: Iterable[Change]) -> UUID | None:
    """Keep records that belong together; their key, or None where there were none or they could not be kept."""
    changes = [storable(change) for change in changes]
    if not changes:
        return None
    try:
        with transaction.atomic():
            Change.objects.bulk_create(changes)
    except DatabaseError:
        logger.exception("what was changed is not recorded: %s", "; ".join(map(str, changes)))
        return None
    return changes[0].key


def storable(change: Change) -> Change:
    """The record as every database takes it: without NULs, nothing longer than its column, and with its request."""
    change.request_id = change.request_id or current_request_id.get().strip("-")
    for name, most in LONGEST.items():
        setattr(change, name, getattr(change, name).replace("\0", "\ufffd")[:most])
    return change


def record_change(
    person: Person,
    before: Job,
    after: Job,
    *,
    request_id: str = "",
    run: Run | None = None,
    undoes: UUID | None = None,
) -> UUID | None:
    """Record what is different after a change of a job's assignee, stage or state; the key to undo it by.

    `request_id` is the X-Request-ID that went upstream; that of the web request which is served, if it isn't said."""
    return store(changes_between(person, before, after, request_id=request_id, run=run, undoes=undoes))


def record_refusal(
    person: Person,
    job: Job,
    wanted: Mapping[str, Any],
    error: errors.CVATError,
    *,
    assignee: BasicUser | None = None,
    run: Run | None = None,
    undoes: UUID | None = None,
) -> UUID | None:
    """Record that the upstream refused a change of a job's fields, or failed at it: one record for each wanted field.

    `wanted` has the assignee as an id, or None for nobody; `assignee` is that person, where known."""
    facts = {"outcome": outcome_of(error), "words": in_words(error), "request_id": error.request_id}
    key = uuid4()
    return store(
        Change(key=key, **about(person, job), **tried(job, name, value, assignee), **facts, run=run, undoes=undoes)
        for name, value in wanted.items()
    )


def outcome_of(error: errors.CVATError) -> str:
    return FAILED if isinstance(error, FAILURES) else REFUSED


def tried(job: Job, name: str, value: Any, assignee: BasicUser | None) -> dict[str, Any]:
    """A field as it is, and what was wanted of it."""
    if name != "assignee":
        return {"field": name, "before": getattr(job, name), "after": value}
    wanted = named(assignee) if value is None or assignee is not None else f"person #{value}"
    ids = {"before_id": value_of(name, job), "after_id": value}
    return {"field": name, "before": named(job.assignee), "after": wanted, **ids}


def record_event(
    person: Person,
    job: Job,
    field: str,
    *,
    before: str = "",
    after: str = "",
    outcome: str = CHANGED,
    words: str = "",
    error: errors.CVATError | None = None,
    request_id: str = "",
    run: Run | None = None,
) -> UUID | None:
    """Record something else that was done, or tried: a job that was created or deleted (`field` "job"), annotations
    that were changed ("annotations"), or a change that was refused or failed (its field, with what was wanted).

    `error`, what hindered it, says the outcome, the words and the request."""
    if error is not None:
        outcome, words, request_id = outcome_of(error), in_words(error), error.request_id
    facts: dict[str, Any] = {"before": before, "after": after, "words": words, "request_id": request_id, "run": run}
    return store([Change(**about(person, job), field=field, outcome=outcome, **facts)])
