"""Writing the record: every room that changes something upstream calls one of these, right after the upstream answered.

The change is done by then. So what hinders the record is logged, and never becomes a failure of the change.
"""

import logging
from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError

from jobsportal.accounts.person import Person
from jobsportal.activity.models import CHANGED, Change
from jobsportal.cvat.types import BasicUser, Job
from jobsportal.runs.models import Run

logger = logging.getLogger(__name__)

FIELDS = ("assignee", "stage", "state")


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
    changes = list(changes)
    try:
        Change.objects.bulk_create(changes)
    except DatabaseError:
        logger.exception("what was changed is not recorded: %s", "; ".join(map(str, changes)))
        return None
    return changes[0].key if changes else None


def record_change(
    person: Person,
    before: Job,
    after: Job,
    *,
    request_id: str = "",
    run: Run | None = None,
    undoes: UUID | None = None,
) -> UUID | None:
    """Record what is different after a change of a job's assignee, stage or state; the key to undo it by."""
    return store(changes_between(person, before, after, request_id=request_id, run=run, undoes=undoes))


def record_event(
    person: Person,
    job: Job,
    field: str,
    *,
    before: str = "",
    after: str = "",
    outcome: str = CHANGED,
    words: str = "",
    request_id: str = "",
    run: Run | None = None,
) -> UUID | None:
    """Record something else that was done, or tried: a job that was created or deleted (`field` "job"), annotations
    that were changed ("annotations"), or a change that was refused or failed (its field, with what was wanted)."""
    facts = {"before": before[:200], "after": after[:200], "words": words, "request_id": request_id, "run": run}
    return store([Change(**about(person, job), field=field, outcome=outcome, **facts)])
