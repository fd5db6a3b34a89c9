"""What is annotated in a job: the count by label and kind, and a copy to keep."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from jobsportal.accounts.person import PortalRequest
from jobsportal.annotations.counting import table_of
from jobsportal.cvat import errors
from jobsportal.cvat.labeled import AnnotationOutline
from jobsportal.cvat.types import Label
from jobsportal.jobs.views import job_context
from jobsportal.web.addresses import is_partial
from jobsportal.web.errors import in_words
from jobsportal.web.parallel import side_by_side
from jobsportal.web.streaming import passed_on

Call = Callable[[], Any]


@require_safe
def counts(request: PortalRequest, job_id: int) -> HttpResponse:
    """GET /jobs/{id}/annotations/. Upstream, side by side: labels.list, jobs.retrieve_annotation_outline; for the page
    jobs.retrieve too, then the names where they are not cached."""
    client = request.person.client
    calls: list[Call] = [
        partial(client.labels.list, job_id=job_id),
        partial(client.jobs.retrieve_annotation_outline, job_id),
    ]
    if is_partial(request, "counts"):
        return render(request, "annotations/_counts.html", counted(*side_by_side(*calls)) | {"job_id": job_id})
    job, labels, data = side_by_side(partial(client.jobs.retrieve, job_id), *calls)
    if isinstance(job, errors.CVATError):
        raise job
    context = job_context(request, job) | counted(labels, data) | {"job_id": job_id, "tab": "annotations"}
    return render(request, "annotations/counts.html", context)


def counted(labels: list[Label] | errors.CVATError, data: AnnotationOutline | errors.CVATError) -> dict[str, Any]:
    """The table, or why there is none. Without the labels' names, their ids are shown."""
    for answer in (data, labels):
        if isinstance(answer, errors.SignedOut):
            raise answer
    if isinstance(data, errors.CVATError):
        return {"problem": in_words(data)}
    if isinstance(labels, errors.CVATError):
        return {"table": table_of(data, []), "nameless": in_words(labels)}
    return {"table": table_of(data, labels)}


@require_safe
def copy(request: PortalRequest, job_id: int) -> HttpResponseBase:
    """GET /jobs/{id}/annotations.json: the annotations just as the server has them, to keep.

    Upstream: jobs.retrieve_annotations_json, passed on in pieces."""
    download = request.person.client.jobs.retrieve_annotations_json(job_id)
    name = f"job{job_id}-annotations-{timezone.localdate():%Y-%m-%d}.json"
    return passed_on(request, download, name, "application/json", ["Content-Length"])
