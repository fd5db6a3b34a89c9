"""A bundle as a table of all objects: written from the annotations as they are when it is fetched."""

import time
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.http import content_disposition_header

from jobsportal.accounts.person import Person
from jobsportal.bundles.models import EXCEL, Bundle, Part
from jobsportal.bundles.objects import COLUMNS, Row, rows_of
from jobsportal.cvat import errors
from jobsportal.runs.pace import is_hindrance
from jobsportal.web import tables
from jobsportal.web.errors import in_words
from jobsportal.web.streaming import csv_passed_on, without_body

TRIES = 3
PAUSE_SECONDS = 1.0


def handed_over(request: HttpRequest, person: Person, bundle: Bundle, filename: str) -> HttpResponseBase:
    """The table as a file. Upstream: for each job, one after the other, what `rows_of` says; the first before the
    answer begins. Raises what hinders all of it; a job that can't be read gets a row that says so."""
    kind = tables.EXCEL if bundle.kind == EXCEL else "text/csv; charset=utf-8"
    if request.method == "HEAD":
        response: HttpResponseBase = without_body(kind)
    elif bundle.kind == EXCEL:
        response = tables.excel("Objects", COLUMNS, (cells(row) for row in rows(person, bundle)), filename)
    else:
        response = csv_passed_on(request, lines(begun(rows(person, bundle))), "objects.csv")
    response["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def rows(person: Person, bundle: Bundle) -> Iterator[Row]:
    """All rows, job by job: one job is held at a time."""
    for part in bundle.parts.order_by("job_id").iterator(200):
        yield from readable(person, part)


def readable(person: Person, part: Part) -> Iterator[Row]:
    """A job's rows, or one that says why there are none. Raises SignedOut, and what keeps the upstream from answering
    at all: the table would be full of holes."""
    client = person.client_within(part.organization_id)
    for attempt in range(1, TRIES + 1):
        is_begun = False
        try:
            for row in rows_of(client, part):
                is_begun = True
                yield row
            return
        except errors.SignedOut:
            raise
        except errors.CVATError as error:
            if not is_hindrance(error):
                yield note(part, f"{'The rest' if is_begun else 'This job'} could not be read. {in_words(error)}")
                return
            if attempt == TRIES:
                raise
        time.sleep(PAUSE_SECONDS * attempt)


def note(part: Part, words: str) -> Row:
    about = {"job": part.job_id, "task": part.about.get("task", ""), "project": part.about.get("project", "")}
    return dict.fromkeys(COLUMNS, "") | about | {"note": words}


def begun(found: Iterator[Row]) -> Iterator[Row]:
    """The same rows, the first of them read already: a failure then is a page, not a broken file."""
    return chain(list(islice(found, 1)), found)


def lines(found: Iterable[Row]) -> Iterator[bytes]:
    yield tables.BYTE_ORDER_MARK + tables.csv_line(COLUMNS)
    for row in found:
        yield tables.csv_line(cells(row))


def cells(row: Row) -> list[Any]:
    return ["" if row[name] is None else row[name] for name in COLUMNS]
