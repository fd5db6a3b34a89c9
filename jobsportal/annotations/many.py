"""Many files for many jobs: which jobs they may be for, and bringing them in one after the other, where no script does
it side by side."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import QueryDict

from jobsportal.accounts.person import Person
from jobsportal.annotations.bringing import (
    NoBackup,
    Subject,
    bring_in,
    progress_url,
    refusals,
    running_url,
    usable_subject,
)
from jobsportal.annotations.forms import UploadForm, guessed_format, looked_into
from jobsportal.annotations.matching import Candidate, matched, twice
from jobsportal.annotations.upload_views import options_for
from jobsportal.cvat import errors
from jobsportal.cvat.types import Job
from jobsportal.jobs.names import names_for
from jobsportal.jobs.selection import NothingSelected, by_ids, selection_from
from jobsportal.web.addresses import whole_number
from jobsportal.web.errors import in_words

logger = logging.getLogger(__name__)

MOST_JOBS = 300
MOST_FILES = 300


class TooManyJobs(Exception):
    """More jobs than files are matched to at once."""

    def __init__(self, count: int) -> None:
        super().__init__(f"Files can be matched to up to {MOST_JOBS} jobs at once. Choose fewer.")
        self.count = count


@dataclass(frozen=True)
class Outcome:
    """What became of a file: `words`, and where that is followed, if it is being imported or another import is."""

    name: str
    words: str
    job: int | None = None
    follow: str = ""
    is_begun: bool = False


def chosen_jobs(person: Person, data: QueryDict) -> list[Job]:
    """The jobs of a task (`task_id`), or those that were chosen in the list, by id. Upstream: jobs.list, one call for
    what a list finds, one per 200 ids. Raises NothingSelected, TooManyJobs, Invalid."""
    if "task_id" in data:
        number = whole_number(data.get("task_id", ""), digits=9)
        if number is None:
            raise errors.Invalid(detail="A task is chosen by its number.")
        params: dict[str, Any] = {"task_id": number}
    else:
        selection = selection_from(data, person)
        if len(selection.ids) > MOST_JOBS:
            raise TooManyJobs(len(selection.ids))
        if selection.query is None:
            return some(by_ids(person, selection.ids))
        params = selection.query.params(person)
    page = person.client.jobs.list(**{**params, "page": 1, "page_size": MOST_JOBS, "sort": "id"})
    if page.count > MOST_JOBS:
        raise TooManyJobs(page.count)
    return some(sorted(page, key=lambda job: job.id))


def some(jobs: list[Job]) -> list[Job]:
    if not jobs:
        raise NothingSelected
    return jobs


def candidates(person: Person, jobs: Sequence[Job]) -> list[Candidate]:
    """Upstream: the names of the tasks, where they are not cached."""
    names = names_for(person, jobs)
    return [Candidate(job.id, names.task(job)) for job in jobs]


def brought(person: Person, jobs: Sequence[Job], files: Sequence[Any], options: QueryDict) -> list[Outcome]:
    """Bring each file into the job that its name tells; what becomes of one is nothing to the others.

    Upstream: names; then for each file see `usable_subject`, `bring_in` and jobs.import_file."""
    matches = matched([file.name for file in files], candidates(person, jobs))
    doubled = twice((match.name, match.job) for match in matches)
    outcomes = []
    for file, match in zip(files, matches, strict=True):
        if match.job is None:
            words = f"Not sent: {match.why}. Name it after its job, such as “job17”, or send it from that job’s page."
            outcomes.append(Outcome(file.name, words))
        elif match.job in doubled:
            words = f"Not sent: {len(doubled[match.job])} files are for job {match.job}. Send the right one alone."
            outcomes.append(Outcome(file.name, words, match.job))
        else:
            outcomes.append(one_brought(person, match.job, file, options))
    return outcomes


def one_brought(person: Person, job_id: int, file: Any, options: QueryDict) -> Outcome:
    told, format = partial(Outcome, file.name, job=job_id), ""
    try:
        subject = usable_subject(person, job_id)
        form = form_for(person, subject, file, options)
        if complaint := complaint_about(form):
            return told(words=f"Not sent: {complaint}")
        wish = form.wish(file.name)
        format = wish.format
        bring = partial(person.client.jobs.import_file, job_id, file, format=format, filename=wish.name)
        known = bring_in(person, subject, wish, partial(bring, append=wish.append))
        return told(words=f"Sent as {format}; the import has begun.", follow=progress_url(known), is_begun=True)
    except errors.SignedOut:
        raise
    except NoBackup as error:
        return told(words=str(error))
    except errors.Conflict as error:
        words = "Not sent: an import into this job is already running."
        return told(words=words, follow=running_url(person, subject, error))
    except errors.Invalid as error:
        return told(words=f"Nothing was changed: {refusals(error, format)[0][1]}")
    except errors.CVATError as error:
        logger.warning("%s (upstream request %s)", error, error.request_id or "-")
        return told(words=f"{in_words(error)} Look at the annotations before you send it again.")


def form_for(person: Person, subject: Subject, file: Any, options: QueryDict) -> UploadForm:
    """The options as they were chosen for all files; the format of this one, where it is to be told by the file."""
    choices, findings = options_for(person, subject), looked_into(file)
    data = options.copy()
    data.pop("seen", None)
    if not data.get("format"):
        data["format"] = guessed_format(findings, choices["formats"])
    return UploadForm(data, {"file": file}, findings=findings, **choices)


def complaint_about(form: UploadForm) -> str:
    """What speaks against sending this file with these options; "" where nothing does."""
    return " ".join(str(words) for said in form.errors.values() for words in said)
