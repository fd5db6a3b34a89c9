"""Changing a job without overwriting what somebody else has just done, and taking a change back.

The upstream has no conditional update: `If-Match` is ignored, and `updated_date` also moves when annotations are saved.
So before each change the job is read once more, and its assignee, stage and state are compared with what the person
saw; `updated_date` spares the comparison where nothing has moved. Only what really changes is sent.
"""

from dataclasses import dataclass
from typing import Any

from django.core import signing

from jobsportal.accounts.person import Person
from jobsportal.cvat import errors
from jobsportal.cvat.types import BasicUser, Job

FIELDS = ("assignee", "stage", "state")
UNDO_SALT = "jobsportal.undo"
UNDO_SECONDS = 24 * 60 * 60

Values = dict[str, Any]


@dataclass
class ChangedMeanwhile(Exception):
    """Somebody else has changed the job since it was shown. `job` is how it is now, `fields` what differs."""

    job: Job
    fields: list[str]


@dataclass(frozen=True)
class Change:
    """What was done: the values before and after, of those fields that are different now."""

    job: Job
    before: Values
    after: Values
    assignees: dict[str, str]

    @property
    def undo_token(self) -> str:
        """A signed description of the change, to take it back with; empty if nothing changed."""
        if not self.before:
            return ""
        return signing.dumps({"id": self.job.id, "before": self.before, "after": self.after}, salt=UNDO_SALT)


def values_of(job: Job) -> Values:
    """The values that can be changed, comparable: the assignee as an id."""
    return {"assignee": job.assignee.id if job.assignee else None, "stage": job.stage, "state": job.state}


def version_of(job: Job) -> str:
    """The job's `updated_date` with all its microseconds, as forms carry it."""
    return job.updated_date.isoformat() if job.updated_date else ""


def moved(job: Job, seen: Values, version: str, wanted: Values | None = None) -> list[str]:
    """The fields that differ from what was seen, apart from those that already are as wanted."""
    if version_of(job) == version:
        return []
    now, accepted = values_of(job), wanted or {}
    return [name for name in FIELDS if name in seen and now[name] not in (seen[name], accepted.get(name, seen[name]))]


def change(
    person: Person, job_id: int, wanted: Values, seen: Values, version: str = "", before: Job | None = None
) -> Change:
    """Set the wanted values, provided that the job still is as it was seen.

    Upstream: retrieve (unless the caller just has: `before`), then (for a new assignee) users by id, then PATCH with
    what differs; no PATCH if nothing does.
    Raises ChangedMeanwhile, Invalid for an assignee that isn't there, and whatever the upstream answers.
    """
    before = before or person.client.jobs.retrieve(job_id)
    if fields := moved(before, seen, version, wanted):
        raise ChangedMeanwhile(before, fields)
    current = values_of(before)
    differing = {name: value for name, value in wanted.items() if value != current[name]}
    if not differing:
        return Change(before, {}, {}, {})
    if differing.get("assignee") is not None and person.client_for(before).users.find(differing["assignee"]) is None:
        words = "This person is not in the organization, or is gone."
        raise errors.Invalid(detail=words, fields={"assignee": [words]})
    return outcome(before, person.client.jobs.partial_update(job_id, **differing))


def outcome(before: Job, after: Job) -> Change:
    old, new = values_of(before), values_of(after)
    differing = [name for name in FIELDS if old[name] != new[name]]
    return Change(
        after,
        {name: old[name] for name in differing},
        {name: new[name] for name in differing},
        {"before": named(before.assignee), "after": named(after.assignee)},
    )


def undo(person: Person, token: str) -> Change:
    """Take a change back, where the job still has the values that it gave.

    Raises ChangedMeanwhile if it hasn't, `signing.BadSignature` for a token that isn't one (or is older than a day).
    """
    made = signing.loads(token, salt=UNDO_SALT, max_age=UNDO_SECONDS)
    return change(person, made["id"], made["before"], made["after"])


def named(user: BasicUser | None) -> str:
    return user.username if user else "nobody"


def in_words(made: Change) -> str:
    """What a change did, in a few words."""
    said = []
    if "assignee" in made.after:
        said.append(
            f"assigned to {made.assignees['after']}" if made.after["assignee"] is not None else "assigned to nobody"
        )
    said += [f"{name} {made.after[name]}" for name in ("stage", "state") if name in made.after]
    return f"Job {made.job.id}: {', '.join(said)}" if said else f"Job {made.job.id} already was like that"
