"""The record as CSV, read from the database piece by piece while it is sent."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from jobsportal.activity.models import Change
from jobsportal.web.tables import BYTE_ORDER_MARK, csv_line

CHUNK = 1000
COLUMNS = (
    "when",
    "person",
    "job",
    "task id",
    "project id",
    "field",
    "before",
    "after",
    "outcome",
    "words",
    "stage",
    "run",
    "request id",
    "change",
    "takes back",
)


def lines(records: QuerySet[Change]) -> Iterator[bytes]:
    """The file, beginning with a byte order mark for spreadsheet programs."""
    yield BYTE_ORDER_MARK + csv_line(COLUMNS)
    for change in records.select_related("run__undoes").iterator(chunk_size=CHUNK):
        yield csv_line(cells(change))


def cells(change: Change) -> tuple[Any, ...]:
    where = (change.job_id, change.task_id, change.project_id or "")
    what = (change.field, change.before, change.after, change.outcome, change.words, change.stage)
    links = (change.run.key if change.run else "", change.request_id, change.key, change.undoes or "")
    return (change.at.isoformat(timespec="seconds"), change.username, *where, *what, *links)
