"""Carrying out a change of a job's annotations: a backup first, then the change, then a look at what it left."""

import logging
from dataclasses import dataclass
from typing import Literal

from jobsportal.accounts.person import Person
from jobsportal.activity.recording import record_event
from jobsportal.annotations.backups import REASONS, forget, note_outcome, take_backup
from jobsportal.annotations.models import Backup
from jobsportal.annotations.plans import Change, Plan, given_of, plan_of
from jobsportal.annotations.snapshots import Snapshot, counts_by_kind, look
from jobsportal.cvat import Client, errors
from jobsportal.cvat.types import Job

logger = logging.getLogger(__name__)

# After these, the change may have been carried out all the same, or may be yet.
UNCERTAIN = (errors.Unreachable, errors.BrokenAnswer)


@dataclass(frozen=True)
class Outcome:
    """`state` is done; unchanged, where the answer was lost and nothing has happened so far; or unknown. `error` is
    what made it uncertain. Without `is_noted` the portal's own database failed, or the backup is gone."""

    backup: Backup
    state: Literal["done", "unchanged", "unknown"]
    error: errors.CVATError | None = None
    is_noted: bool = True


def carry_out(person: Person, job: Job, plan: Plan, now: Snapshot) -> Outcome:
    """Change what is there (`now`) as planned.

    Upstream: one change, then jobs.retrieve_annotations_raw. Raises BackupFailed before anything was sent, and the
    upstream's refusal: then nothing was changed, and no backup is left."""
    backup = take_backup(person, job, plan.action, now=now)
    try:
        send(person.client, job.id, plan)
    except UNCERTAIN as error:
        logger.warning("job %s, %s: %s", job.id, plan.action, error)
        outcome = uncertain(backup, plan, now, after_of(person.client, job.id), error)
        note(person, job, plan, None if outcome.state == "done" else error)
        return outcome
    except errors.CVATError as error:
        forget(backup)
        note(person, job, plan, error)
        raise
    note(person, job, plan)
    after = after_of(person.client, job.id)
    is_noted = note_outcome(backup, after, is_sure=is_as_planned(plan, after))
    return Outcome(backup, "done", is_noted=is_noted)


def note(person: Person, job: Job, plan: Plan, error: errors.CVATError | None = None) -> None:
    """Record the change, or what hindered it."""
    before, after = f"{len(plan.before):,}", f"{len(plan.after):,} after {REASONS[plan.action]}"
    record_event(person, job, "annotations", before=before, after=after, error=error)


def restore(person: Person, job: Job, backup: Backup) -> Outcome:
    """Put what the backup holds in the place of whatever is there now; that is kept in a backup of its own.

    It overwrites without asking: `backups.is_untouched` tells whether anything since the change would be lost. The
    objects get new ids upstream. Upstream: jobs.retrieve_annotations_raw, then as `carry_out`. Raises as that does."""
    now = look(person.client, job.id)
    change = Change("restore", backup.json)
    return carry_out(person, job, plan_of(change, given_of(change), now), now)


def send(client: Client, job_id: int, plan: Plan) -> None:
    if plan.action == "clear":
        client.jobs.destroy_annotations(job_id)
    elif plan.action in ("replace", "restore"):
        client.jobs.update_annotations(job_id, plan.body, checked=False)
    elif plan.action == "create":
        client.jobs.partial_update_annotations("create", job_id, plan.body)
    elif plan.action == "update":
        client.jobs.partial_update_annotations("update", job_id, plan.body)
    else:
        client.jobs.partial_update_annotations("delete", job_id, plan.body)


def after_of(client: Client, job_id: int) -> Snapshot | None:
    try:
        return look(client, job_id)
    except errors.CVATError as error:
        logger.warning("job %s can't be looked at after its change: %s", job_id, error)
        return None


def uncertain(backup: Backup, plan: Plan, now: Snapshot, after: Snapshot | None, error: errors.CVATError) -> Outcome:
    """What became of a change whose answer was lost. The backup stays: the change may still arrive."""
    is_same = after is not None and after.digest == now.digest
    has_arrived = not is_same and is_as_planned(plan, after)
    is_noted = note_outcome(backup, after, is_sure=has_arrived)
    return Outcome(backup, "done" if has_arrived else "unchanged" if is_same else "unknown", error, is_noted)


def is_as_planned(plan: Plan, after: Snapshot | None) -> bool:
    """Whether there is what was planned, as far as that can be told: servers fill in what was not said, so the numbers
    have to do."""
    return after is not None and after.counts == counts_by_kind(plan.after)
