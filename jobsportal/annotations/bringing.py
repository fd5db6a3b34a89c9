"""Bringing a file into a job, whichever way it came: a backup first, then the import, and a line in the record."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.http import urlencode

from jobsportal.accounts.person import Person
from jobsportal.activity.recording import record_event
from jobsportal.annotations.backups import BackupFailed, forget, take_backup
from jobsportal.annotations.counting import Counts, counts_of
from jobsportal.annotations.formats import formats_of
from jobsportal.annotations.imports import Import
from jobsportal.annotations.models import Backup
from jobsportal.annotations.reasons import in_plain_words
from jobsportal.cvat import errors
from jobsportal.cvat.labeled import AnnotationOutline
from jobsportal.cvat.types import Formats, Job
from jobsportal.cvat.uploads import Place
from jobsportal.web.errors import in_words
from jobsportal.web.parallel import side_by_side

SALT = "jobsportal.sending"
SENDING_SECONDS = 7 * 24 * 60 * 60

# After these the upstream has not taken the file, so nothing was changed.
REFUSALS = (errors.Conflict, errors.Invalid, errors.Forbidden, errors.NotFound, errors.Unsupported)


class NoBackup(Exception):
    """The backup that was asked for can't be had, so nothing was sent."""


@dataclass(frozen=True)
class Wish:
    """What is to become of a file: how it is read, whether what is there stays, and whether that is kept first."""

    name: str
    format: str
    append: bool = False
    keep_backup: bool = False


@dataclass(frozen=True)
class Sending:
    """A file on its way into a job, in pieces, and the place upstream where it comes to lie."""

    job_id: int
    person_id: int
    name: str
    place: Place

    @property
    def token(self) -> str:
        return signing.dumps(asdict(self), salt=SALT, compress=True)


def sending_from(token: str, job_id: int, person_id: int) -> Sending | None:
    """The one that a token carries; None if it was changed on the way, is too old, or is somebody else's."""
    try:
        told = signing.loads(token, salt=SALT, max_age=SENDING_SECONDS)
        known = Sending(**{**told, "place": Place(**told["place"])})
    except (signing.BadSignature, TypeError, KeyError):
        return None
    return known if known.job_id == job_id and known.person_id == person_id else None


@dataclass(frozen=True)
class Subject:
    """A job that a file is for: what is there now and the formats, as far as the upstream gave them out."""

    job: Job
    formats: Formats | errors.CVATError
    data: AnnotationOutline | errors.CVATError

    @property
    def before(self) -> Counts | None:
        """What is there, where it could be counted."""
        return None if isinstance(self.data, errors.CVATError) else counts_of(self.data)


def subject_of(person: Person, job_id: int, *more: Callable[[], Any]) -> tuple[Subject, list[Any]]:
    """The job, and what else was asked for side by side. Upstream: jobs.retrieve, jobs.retrieve_annotation_outline, the
    formats where they are not cached. Raises where the job can't be had."""
    client = person.client
    formats, job, data, *rest = side_by_side(
        partial(formats_of, person),
        partial(client.jobs.retrieve, job_id),
        partial(client.jobs.retrieve_annotation_outline, job_id),
        *more,
    )
    if isinstance(job, errors.CVATError):
        raise job
    return Subject(job, formats, data), rest


def usable_subject(person: Person, job_id: int) -> Subject:
    """The same, for a file that is about to be sent: the formats are needed, and a count unless it is too large."""
    subject, _ = subject_of(person, job_id)
    for answer in (subject.data, subject.formats):
        if isinstance(answer, errors.CVATError) and not isinstance(answer, errors.TooLarge):
            raise answer
    return subject


def bring_in(person: Person, subject: Subject, wish: Wish, begin: Callable[[], str]) -> Import:
    """Take the backup that is wanted, then begin the import: `begin` does that, and tells the id of its request.

    Upstream: jobs.retrieve_annotations_raw for the backup. Raises NoBackup before anything is sent, and what `begin`
    raises; where that is a refusal, no backup is left."""
    backup = kept_first(person, subject.job, wish)
    what = f"import of {wish.name} ({wish.format})"
    try:
        rq_id = begin()
    except errors.CVATError as error:
        if backup is not None and isinstance(error, REFUSALS):
            forget(backup)
        record_event(person, subject.job, "annotations", after=what, error=error)
        raise
    record_event(person, subject.job, "annotations", after=f"{what} begun")
    key = str(backup.key) if backup else ""
    name, started = wish.name, time.time()
    return Import(subject.job.id, person.id, rq_id, subject.before, name, wish.format, started, key, wish.append)


def kept_first(person: Person, job: Job, wish: Wish) -> Backup | None:
    if not wish.keep_backup:
        return None
    try:
        return take_backup(person, job, "upload")
    except errors.SignedOut:
        raise
    except (BackupFailed, errors.CVATError) as error:
        why = in_words(error) if isinstance(error, errors.CVATError) else str(error)
        words = f"The backup could not be taken, so nothing was changed. {why} Without the tick it goes without one."
        raise NoBackup(words) from error


def refusals(error: errors.Invalid, format: str) -> list[tuple[str | None, str]]:
    """What the upstream does not accept, at the field that it means."""
    if "annotation_file" in error.fields:
        return [("file", in_plain_words(" ".join(error.fields["annotation_file"]), format))]
    if "format" in error.detail.lower() or "format" in error.fields:
        return [("format", f"{settings.CVAT_NAME} does not import {format}. Choose another format.")]
    return [(None, in_words(error))]


def progress_url(known: Import) -> str:
    return f"{reverse('annotations:progress', args=[known.job_id])}?{urlencode({'r': known.token})}"


def running_url(person: Person, subject: Subject, error: errors.Conflict) -> str:
    """Where to follow the import that is in the way; "" where it isn't named."""
    if not error.rq_id:
        return ""
    return progress_url(Import(subject.job.id, person.id, error.rq_id, subject.before, "", "", time.time()))
