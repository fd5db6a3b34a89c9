"""The form that asks for an export of a job, and the exports of that job. Each view states what it asks upstream."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from jobsportal.accounts.person import PortalRequest
from jobsportal.annotations.formats import formats_of, usable
from jobsportal.cvat import errors
from jobsportal.cvat.types import Formats, Job, Operation
from jobsportal.exports.asking import ask
from jobsportal.exports.downloads_views import SHOWN, listed, listing, show_list
from jobsportal.exports.forms import ExportForm
from jobsportal.exports.items import ANNOTATIONS, DATASET, names_of, title_of
from jobsportal.jobs.views import job_context
from jobsportal.web import toasts
from jobsportal.web.addresses import is_partial
from jobsportal.web.errors import in_words
from jobsportal.web.parallel import side_by_side


@require_http_methods(["GET", "HEAD", "POST"])
def export(request: PortalRequest, job_id: int) -> HttpResponseBase:
    """GET, POST /jobs/{id}/export/. Upstream, side by side: jobs.retrieve, requests.list of this job, the formats where
    they are not cached; then the names. Its list alone: requests.list. POST: jobs.export."""
    client = request.person.client
    own = partial(client.requests.list, action="export", job_id=job_id, page_size=SHOWN)
    if is_partial(request, "downloads"):
        return show_list(request, listed(request, listing(own), job_id))
    calls: list[Callable[[], Any]] = [partial(formats_of, request.person), partial(client.jobs.retrieve, job_id)]
    if request.method == "POST":
        formats, job = side_by_side(*calls)
        for answer in (job, formats):
            if isinstance(answer, errors.CVATError):
                raise answer
        form = ExportForm(request.POST, formats=usable(formats.exporters, job.dimension))
        if form.is_valid() and (place := begun(request, job, form)):
            return redirect(place)
        return show_form(request, job, formats, listing(own), form, status=422)
    formats, job, requests = side_by_side(*calls, own)
    if isinstance(job, errors.CVATError):
        raise job
    return show_form(request, job, formats, requests)


def begun(request: PortalRequest, job: Job, form: ExportForm) -> str:
    """Start it; where to go then, or "" once the form says what is wrong."""
    wanted = Operation(
        type=DATASET if form.cleaned_data["save_images"] else ANNOTATIONS,
        target="job",
        format=form.cleaned_data["format"],
        job_id=job.id,
        task_id=job.task_id,
        project_id=job.project_id,
    )
    try:
        return downloads_url(started(request, wanted, job.id))
    except errors.Invalid as error:
        form.add_error("format", f"This can't be exported. {in_words(error)}")
        return ""


def started(request: PortalRequest, wanted: Operation, id: int) -> str:
    """The id of the request that makes this export of the job, task or project `id`; "" where one is under way that
    can't be named. Upstream: see `ask`, and the names that are not cached."""
    person = request.person
    title = title_of(wanted, names_of(person, [wanted]))
    made = ask(person, wanted.target, id, wanted.format or "", save_images=wanted.type == DATASET, title=title)
    if made is None or not made.is_new:
        toasts.on_next_page(request, toasts.Toast("This export is being prepared already.", kind="note"))
    return made.rq_id if made else ""


def downloads_url(new: str = "") -> str:
    place = reverse("exports:downloads")
    return f"{place}?{urlencode({'new': new})}" if new else place


def show_form(
    request: PortalRequest, job: Job, formats: Any, requests: Any, form: ExportForm | None = None, status: int = 200
) -> HttpResponse:
    context = job_context(request, job) | listed(request, requests, job.id) | {"tab": "export"}
    if isinstance(formats, errors.CVATError):
        context["problem"] = in_words(formats)
    else:
        context["form"] = form or blank_form(request, formats, job)
    return render(request, "exports/export.html", context, status=status)


def blank_form(request: PortalRequest, formats: Formats, job: Job) -> ExportForm:
    typed = {name: request.GET[name] for name in request.GET if name in ExportForm.base_fields}
    is_video = job.mode == "interpolation"
    return ExportForm(formats=usable(formats.exporters, job.dimension), is_video=is_video, initial=typed)
