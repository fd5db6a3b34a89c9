"""The jobs list as CSV, streamed page by page."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from jobsportal.accounts.person import Person
from jobsportal.cvat.types import Job, Page
from jobsportal.jobs.queries import JobQuery
from jobsportal.jobs.rows import Row, rows_for
from jobsportal.web.tables import BYTE_ORDER_MARK, csv_line

PAGE_SIZE = 500
COLUMNS = (
    "job",
    "task",
    "project",
    "assignee",
    "stage",
    "state",
    "type",
    "frames",
    "first frame",
    "last frame",
    "updated",
    "created",
)


def params_of(person: Person, query: JobQuery) -> dict[str, Any]:
    """What all pages of the file are asked for with: made once, since "stuck" depends on the time."""
    return replace(query, given={**query.given, "sort": "id"}).params(person)


def page_of(person: Person, params: dict[str, Any], number: int) -> Page[Job]:
    """A page of jobs. The first is asked for before the answer begins: a failure then is a page, not a broken file."""
    return person.client.jobs.list(**{**params, "page": number, "page_size": PAGE_SIZE})


def lines(person: Person, params: dict[str, Any], page: Page[Job]) -> Iterator[bytes]:
    """The file, beginning with a byte order mark for spreadsheet programs.

    Sorted by id, so that rows don't slip from one page to the next while somebody changes jobs. A failure half-way
    breaks the transfer: a list that ends early must not look whole.
    """
    yield BYTE_ORDER_MARK + csv_line(COLUMNS)
    number = 1
    while True:
        for row in rows_for(person, page):
            yield csv_line(cells(row))
        if not page.has_next:
            return
        number += 1
        page = page_of(person, params, number)


def cells(row: Row) -> tuple[Any, ...]:
    job = row.job
    names = (row.task, row.project, job.assignee.username if job.assignee else "")
    facts = (job.stage, job.state, job.type, job.frame_count, job.start_frame, job.stop_frame)
    return (job.id, *names, *facts, moment(job.updated_date), moment(job.created_date))


def moment(when: datetime | None) -> str:
    return when.isoformat(timespec="seconds") if when else ""
