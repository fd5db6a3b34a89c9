"""Changing a job without overwriting what somebody else has just done.

The upstream has no conditional update: `If-Match` is ignored, and `updated_date` also moves when annotations are saved.
So before each change the job is read once more, and its assignee, stage and state are compared with what the person
saw; `updated_date` spares the comparison where nothing has moved. Only what really changes is sent. What the upstream
answered is recorded (`activity.recording`); the record's key is what the change is taken back by.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from jobsportal.accounts.person import Person
from jobsportal.activity.recording import named, record_change, record_refusal
from jobsportal.cvat import errors
from jobsportal.cvat.types import BasicUser, Job

FIELDS = ("assignee", "stage", "state")

Values = dict[str, Any]


@dataclass
class ChangedMeanwhile(Exception):
    """Somebody else has changed the job since it was shown. `job` is how it is now, `fields` what differs."""

    job: Job
    fields: list[str]


@dataclass(frozen=True)
class Change:
    """What was done: the values before and after, of those fields that are different now. `key` is that of the record,
    to take it back by; None where nothing changed, or it could not be recorded."""

    job: Job
    before: Values
    after: Values
    assignees: dict[str, str]
    key: UUID | None = None

    @property
    def undo(self) -> str:
        """The key as forms carry it; empty for none."""
        return str(self.key) if self.key else ""


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

    Upstream: retrieve (unless the caller just has: `before`), then see `send`; nothing more if nothing differs.
    Raises ChangedMeanwhile, and as `send` does.
    """
    before = before or person.client.jobs.retrieve(job_id)
    if fields := moved(before, seen, version, wanted):
        raise ChangedMeanwhile(before, fields)
    current = values_of(before)
    differing = {name: value for name, value in wanted.items() if value != current[name]}
    return send(person, before, differing) if differing else Change(before, {}, {}, {})


def send(person: Person, before: Job, wanted: Values, undoes: UUID | None = None) -> Change:
    """Set these values, whatever the job has, and record what came of it; `undoes` is the key of what is taken back.

    Upstream, within the job's own organization: for a new assignee users by id, then PATCH. Raises Invalid for an
    assignee that isn't there, and whatever the upstream answers.
    """
    user = None
    try:
        user = new_assignee(person, before, wanted.get("assignee"))
        after = person.client_for(before).jobs.partial_update(before.id, **wanted)
    except errors.CVATError as error:
        record_refusal(person, before, wanted, error, assignee=user, undoes=undoes)
        raise
    return outcome(before, after, record_change(person, before, after, undoes=undoes))


def new_assignee(person: Person, job: Job, id: int | None) -> BasicUser | None:
    """The person that a job is to be given to, if to anybody. Raises Invalid where there is no such person."""
    if id is None:
        return None
    user = person.client_for(job).users.find(id)
    if user is None:
        words = "This person is not in the organization, or is gone."
        raise errors.Invalid(detail=words, fields={"assignee": [words]})
    return user


def outcome(before: Job, after: Job, key: UUID | None = None) -> Change:
    old, new = values_of(before), values_of(after)
    differing = [name for name in FIELDS if old[name] != new[name]]
    return Change(
        after,
        {name: old[name] for name in differing},
        {name: new[name] for name in differing},
        {"before": named(before.assignee), "after": named(after.assignee)},
        key,
    )


def in_words(made: Change) -> str:
    """What a change did, in a few words."""
    said = []
    if "assignee" in made.after:
        said.append(
            f"assigned to {made.assignees['after']}" if made.after["assignee"] is not None else "assigned to nobody"
        )
    said += [f"{name} {made.after[name]}" for name in ("stage", "state") if name in made.after]
    return f"Job {made.job.id}: {', '.join(said)}" if said else f"Job {made.job.id} already was like that"
