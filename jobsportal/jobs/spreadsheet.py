"""The jobs list as CSV and Excel, read page by page."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

from jobsportal.accounts.person import Person
from jobsportal.cvat.types import Job
from jobsportal.jobs.rows import Row, rows_for
from jobsportal.jobs.selection import IDS_PER_CALL, Selection, by_ids
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
    "dimension",
    "issues",
    "updated",
    "created",
)


def rows(person: Person, selection: Selection) -> Iterator[Row]:
    """The rows of the file. The first page is asked for at once: a failure then is a page, not a broken file.

    Upstream: jobs.list per 500 jobs of a query or 200 ids, names as they turn up. Sorted by id, so that rows don't slip
    from one page to the next while somebody changes jobs.
    """
    pages = pages_of(person, selection)
    first = next(pages, ())
    return (row for page in chain([first], pages) for row in rows_for(person, page))


def pages_of(person: Person, selection: Selection) -> Iterator[Iterable[Job]]:
    if selection.query is None:
        for start in range(0, len(selection.ids), IDS_PER_CALL):
            yield by_ids(person, selection.ids[start : start + IDS_PER_CALL])
        return
    # Made once for all pages, since "stuck" depends on the time.
    params = replace(selection.query, given={**selection.query.given, "sort": "id"}).params(person)
    number = 1
    while True:
        page = person.client.jobs.list(**{**params, "page": number, "page_size": PAGE_SIZE})
        yield page
        if not page.has_next:
            return
        number += 1


def lines(found: Iterable[Row]) -> Iterator[bytes]:
    """The file as CSV, beginning with a byte order mark for spreadsheet programs. A failure half-way breaks the
    transfer: a list that ends early must not look whole."""
    yield BYTE_ORDER_MARK + csv_line(COLUMNS)
    for row in found:
        yield csv_line(cells(row))


def cells(row: Row) -> tuple[Any, ...]:
    job = row.job
    names = (row.task, row.project, job.assignee.username if job.assignee else "")
    facts = (job.stage, job.state, job.type, job.frame_count, job.start_frame, job.stop_frame)
    more = (job.dimension, job.issues.count, moment(job.updated_date), moment(job.created_date))
    return (job.id, *names, *facts, *more)


def moment(when: datetime | None) -> str:
    return when.isoformat(timespec="seconds") if when else ""
