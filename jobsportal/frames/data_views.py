"""What is known of a job's media: its frames, and how the upstream keeps them."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobsportal.accounts.person import Person, PortalRequest
from jobsportal.cvat.errors import CVATError, SignedOut
from jobsportal.cvat.types import DataMeta, Job
from jobsportal.frames.reel import Frame, Reel
from jobsportal.jobs.views import job_context
from jobsportal.web.addresses import whole_number
from jobsportal.web.errors import in_words
from jobsportal.web.parallel import side_by_side
from jobsportal.web.streaming import csv_passed_on
from jobsportal.web.tables import BYTE_ORDER_MARK, csv_line

PAGE = 100
CSV_LINES = 500
COLUMNS = ("frame", "name", "width", "height", "context images", "deleted")


@require_safe
def data(request: PortalRequest, job_id: int) -> HttpResponse:
    """GET /jobs/{id}/data/. Upstream, side by side: jobs.retrieve, jobs.retrieve_data_meta; then the names where they
    are not cached."""
    job, meta = job_and_meta(request.person, job_id)
    context: dict[str, Any] = job_context(request, job) | {"tab": "data"}
    if isinstance(meta, CVATError):
        return render(request, "frames/data.html", context | {"problem": in_words(meta)})
    reel = Reel(job, meta)
    only_deleted = request.GET.get("show") == "deleted"
    deleted = sorted(number for number in reel.deleted if reel.position(number) is not None)
    numbers = deleted if only_deleted else reel.numbers
    pages = max(1, -(-len(numbers) // PAGE))
    page = page_of(request, pages)
    start = (page - 1) * PAGE
    context |= {
        "meta": meta,
        "reel": reel,
        "chunks": chunks_of(meta),
        "frames": [reel.frame(number) for number in numbers[start : start + PAGE]],
        "shown": len(numbers),
        "first": start + 1,
        "last": min(start + PAGE, len(numbers)),
        "only_deleted": only_deleted,
        "deleted_count": len(deleted),
        "previous_page": page - 1 if page > 1 else None,
        "next_page": page + 1 if page < pages else None,
    }
    return render(request, "frames/data.html", context)


@require_safe
def frames_csv(request: PortalRequest, job_id: int) -> HttpResponseBase:
    """GET /jobs/{id}/data/frames.csv: every frame of the job. Upstream, side by side: jobs.retrieve,
    jobs.retrieve_data_meta."""
    job, meta = job_and_meta(request.person, job_id)
    if isinstance(meta, CVATError):
        raise meta
    reel = Reel(job, meta)
    return csv_passed_on(request, csv_pieces(reel), f"job{job.id}-frames.csv")


def csv_pieces(reel: Reel) -> Iterator[bytes]:
    """The file in pieces of many lines, beginning with a byte order mark for spreadsheet programs."""
    yield BYTE_ORDER_MARK + csv_line(COLUMNS)
    for start in range(0, len(reel.numbers), CSV_LINES):
        yield b"".join(csv_line(cells(reel.frame(number))) for number in reel.numbers[start : start + CSV_LINES])


def job_and_meta(person: Person, job_id: int) -> tuple[Job, DataMeta | CVATError]:
    jobs = person.client.jobs
    job, meta = side_by_side(partial(jobs.retrieve, job_id), partial(jobs.retrieve_data_meta, job_id))
    for answer in (job, meta):
        if isinstance(answer, SignedOut):
            raise answer
    if isinstance(job, CVATError):
        raise job
    return job, meta


def page_of(request: HttpRequest, pages: int) -> int:
    """The page asked for; the nearest there is."""
    asked = whole_number(request.GET.get("page", ""), digits=9)
    return min(max(asked or 1, 1), pages)


def chunks_of(meta: DataMeta) -> int | None:
    """How many pieces the upstream hands the frames out in."""
    return -(-meta.size // meta.chunk_size) if meta.chunk_size and meta.chunk_size > 0 else None


def cells(frame: Frame) -> tuple[Any, ...]:
    size = (frame.width or "", frame.height or "")
    return (frame.number, frame.name, *size, frame.related_files, "yes" if frame.is_deleted else "")
