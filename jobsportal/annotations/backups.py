"""Backups of annotations: taken before each change, and kept for the person who made it.

    backup = take_backup(person, job, "upload")        # before anything is sent; raises if it can't be taken
    …                                                  # the change
    note_outcome(backup, look(person.client, job.id))  # where that is possible
    changing.restore(person, job, backup)              # whenever it is wanted

A backup holds the very bytes that the upstream gave out. Nobody but its owner gets to see it, and after BACKUP_DAYS
nobody at all.
"""

import logging
import zlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from jobsportal.accounts.person import Person
from jobsportal.annotations.models import Backup, Draft
from jobsportal.annotations.plans import Change
from jobsportal.annotations.snapshots import Snapshot, look
from jobsportal.cvat.types import Job

logger = logging.getLogger(__name__)

MIB = 1024 * 1024
DRAFT_HOURS = 2
DRAFTS_KEPT = 5

# For so long a change may be under way: until then its backup is not given up to make room.
CHANGE_MINUTES = 10

# Why a backup was taken: what came after it.
REASONS = {
    "replace": "replacing all",
    "create": "adding some",
    "update": "changing some",
    "delete": "deleting some",
    "clear": "clearing",
    "restore": "going back to a backup",
    "upload": "uploading a file",
}


class BackupFailed(Exception):
    """The backup, or what was brought, could not be kept; so nothing may be changed."""


def take_backup(person: Person, job: Job, why: str, *, now: Snapshot | None = None) -> Backup:
    """Keep the job's annotations as they are, for this person. `why` is one of `REASONS`.

    Upstream: jobs.retrieve_annotations_raw, unless the caller has just done that (`now`). Raises BackupFailed where
    it can't be stored, TooLarge and whatever else reading raises; whoever gets such an error has to leave the job
    alone. Expired backups go on this occasion, and the person's oldest where they take up more than BACKUP_MAX_MIB.
    """
    now = now or look(person.client, job.id)
    backup = Backup(
        **owned_by(person),
        **packed(now.content),
        job_id=job.id,
        organization_id=job.organization,
        why=why,
        before=now.counts,
    )
    if backup.packed_size > settings.BACKUP_MAX_MIB * MIB:
        raise BackupFailed(f"It is larger than the {settings.BACKUP_MAX_MIB:,} MiB that are kept.")
    try:
        with transaction.atomic():
            backup.save()
            make_room(person)
    except DatabaseError as error:
        logger.exception("no backup of job %s", job.id)
        raise BackupFailed("The portal’s database did not take it.") from error
    tidy()
    return backup


def note_outcome(backup: Backup, after: Snapshot | None, *, is_sure: bool = True) -> bool:
    """Remember what the change left behind, so that taking it back can tell whether somebody was at it since. Whether
    that worked: the change is done in any case.

    `after` is None where that is not known. Without `is_sure`, somebody else may have had a part in it already: the
    digest is left out, and taking back asks first."""
    backup.after = after.counts if after else None
    backup.left = after.digest if after and is_sure else ""
    try:
        return bool(Backup.objects.filter(pk=backup.pk).update(after=backup.after, left=backup.left))
    except DatabaseError:
        logger.exception("what became of a change of job %s is not noted", backup.job_id)
        return False


def forget(backup: Backup) -> None:
    """Nothing was changed, so there is nothing to go back to. A backup too many does no harm."""
    try:
        Backup.objects.filter(pk=backup.pk).delete()
    except DatabaseError:
        logger.warning("a needless backup of job %s stays", backup.job_id, exc_info=True)


def is_untouched(backup: Backup, now: Snapshot) -> bool:
    """Whether what is there now is what the change left behind."""
    return bool(backup.left) and backup.left == now.digest


def own_backups(person: Person, job_id: int) -> QuerySet[Backup]:
    """This person's backups of a job that are still kept, newest first, without what they hold."""
    return own_kept(person, job_id).defer("content")


def newest_backups(person: Person, count: int) -> QuerySet[Backup]:
    """This person's newest backups, of whichever jobs, without what they hold."""
    mine = Backup.objects.filter(**owned_by(person), made__gt=oldest_kept())
    return mine.order_by("-made", "-id").defer("content")[:count]


def own_kept(person: Person, job_id: int) -> QuerySet[Backup]:
    mine = Backup.objects.filter(**owned_by(person), job_id=job_id, made__gt=oldest_kept())
    return mine.order_by("-made", "-id")


def keep_draft(person: Person, job_id: int, change: Change, name: str) -> Draft:
    """Keep what somebody has brought until they have looked at the difference: for some hours, and the latest few.
    Raises BackupFailed where it can't be stored."""
    draft = Draft(**owned_by(person), **packed(change.content), job_id=job_id, action=change.action, name=name[:255])
    try:
        draft.save()
    except DatabaseError as error:
        logger.exception("what was brought for job %s is not kept", job_id)
        raise BackupFailed("The portal’s database did not take it.") from error
    tidy(person)
    return draft


def note_use(draft: Draft, backup: Backup) -> None:
    """What was brought was sent: it is not to be sent again."""
    try:
        Draft.objects.filter(pk=draft.pk).update(used=backup.key)
    except DatabaseError:
        logger.exception("that the JSON for job %s was sent is not noted", draft.job_id)


def own_drafts(person: Person, job_id: int) -> QuerySet[Draft]:
    since = timezone.now() - timedelta(hours=DRAFT_HOURS)
    return Draft.objects.filter(**owned_by(person), job_id=job_id, made__gt=since)


def owned_by(person: Person) -> dict[str, Any]:
    return {"upstream": settings.CVAT_URL, "person_id": person.id}


def packed(content: bytes) -> dict[str, Any]:
    small = zlib.compress(content)
    return {"content": small, "packed_size": len(small), "size": len(content)}


def oldest_kept() -> datetime:
    return timezone.now() - timedelta(days=settings.BACKUP_DAYS)


def make_room(person: Person) -> None:
    """Let the person's oldest backups go, as far as all of them together are too large. The newest stays, and so
    do those of changes that may be under way."""
    room = settings.BACKUP_MAX_MIB * MIB
    since = timezone.now() - timedelta(minutes=CHANGE_MINUTES)
    mine = Backup.objects.filter(**owned_by(person)).order_by("-made", "-id")
    too_many = []
    for pk, size, made, after in mine.values_list("pk", "packed_size", "made", "after"):
        room -= size
        if room < 0 and not (after is None and made > since):
            too_many.append(pk)
    Backup.objects.filter(pk__in=too_many).delete()


def tidy(person: Person | None = None) -> None:
    """`purge`, on occasion, and a person's drafts but the latest few: whatever hinders it must not hinder a change."""
    try:
        if person is not None:
            older = Draft.objects.filter(**owned_by(person)).order_by("-made", "-id")[DRAFTS_KEPT:]
            Draft.objects.filter(pk__in=list(older.values_list("pk", flat=True))).delete()
        purge()
    except DatabaseError:
        logger.warning("expired backups could not be deleted", exc_info=True)


def purge() -> int:
    """Delete what has expired; how many backups that were."""
    Draft.objects.filter(made__lte=timezone.now() - timedelta(hours=DRAFT_HOURS)).delete()
    return Backup.objects.filter(made__lte=oldest_kept()).delete()[0]
