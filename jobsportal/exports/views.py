"""Asking for an export, and the list of one's exports. Each view states what it asks of the upstream."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobsportal.accounts.person import PortalRequest
from jobsportal.annotations.formats import formats_of, usable
from jobsportal.cvat import errors
from jobsportal.cvat.types import Formats, Job, Page, Request
from jobsportal.exports.forms import ExportForm
from jobsportal.exports.items import DATASET, Item, items_for, key_of
from jobsportal.jobs.views import job_context
from jobsportal.web import toasts
from jobsportal.web.addresses import is_partial, whole_number
from jobsportal.web.errors import in_words
from jobsportal.web.parallel import side_by_side
from jobsportal.web.polling import pace, stage_of_waiting

SHOWN = 50


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
        if form.is_valid() and (place := begun(request, job_id, form)):
            return redirect(place)
        return show_form(request, job, formats, listing(own), form, status=422)
    formats, job, requests = side_by_side(*calls, own)
    if isinstance(job, errors.CVATError):
        raise job
    return show_form(request, job, formats, requests)


def begun(request: PortalRequest, job_id: int, form: ExportForm) -> str:
    """Start it; where to go then, or "" once the form says what is wrong."""
    format, save_images = form.cleaned_data["format"], form.cleaned_data["save_images"]
    try:
        return downloads_url(started(request, job_id, format, save_images))
    except errors.Invalid as error:
        form.add_error("format", f"This can't be exported. {in_words(error)}")
        return ""


def started(request: PortalRequest, job_id: int, format: str, save_images: bool) -> str:
    """The id of the request that makes this export; "" where one is under way that can't be named. Upstream:
    jobs.export."""
    try:
        made = request.person.client.jobs.export(format, job_id, save_images=save_images)
    except errors.Conflict:
        made = None
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


@require_safe
def downloads(request: PortalRequest) -> HttpResponse:
    """GET /downloads/: one's own exports, newest first. Upstream: requests.list, then names not cached yet."""
    found = listing(partial(request.person.client.requests.list, action="export", page_size=SHOWN))
    if is_partial(request, "downloads"):
        return show_list(request, listed(request, found))
    if isinstance(found, errors.CVATError):
        raise found
    return render(request, "exports/downloads.html", listed(request, found))


def show_list(request: PortalRequest, context: dict[str, Any]) -> HttpResponse:
    """The list for a page that shows it already: nothing, where nothing has changed."""
    if request.GET.get("seen") == context["stamp"]:
        return HttpResponse(status=204)
    return render(request, "exports/_list.html", context)


def listing(call: Callable[[], Page[Request]]) -> Page[Request] | errors.CVATError:
    """The list, or why there is none; being signed out is never told in place."""
    try:
        return call()
    except errors.SignedOut:
        raise
    except errors.CVATError as error:
        return error


def listed(request: PortalRequest, found: Any, job_id: int | None = None) -> dict[str, Any]:
    """The list by groups, how it goes on asking, and what has become ready since the page last asked."""
    place = reverse("exports:export", args=[job_id]) if job_id is not None else reverse("exports:downloads")
    new, watched = request.GET.get("new", ""), [key for key in request.GET.get("watched", "").split(",") if key]
    again = f"{place}?{urlencode({'new': new})}" if new else place
    shared = {"list_url": again, "is_part": job_id is not None}
    if isinstance(found, errors.SignedOut):
        raise found
    if isinstance(found, errors.CVATError):
        problem = in_words(found)
        return {"list_problem": problem, **asking(place, watched, new, problem, None), **shared}
    items = items_for(request.person, found, new)
    preparing = [item for item in items if item.state == "preparing"]
    youngest = max((item.request.created_date for item in preparing if item.request.created_date), default=None)
    standing = " ".join(f"{item.key} {item.request.status} {item.percent}" for item in items)
    return {
        "items": items,
        "standing": standing_in_words(items),
        "groups": groups(items),
        "hidden": max(0, found.count - len(items)),
        "news": [item for item in items if item.key in watched and item.state != "preparing"],
        **asking(place, [item.key for item in preparing], new, standing, youngest),
        **shared,
    }


def standing_in_words(items: list[Item]) -> str:
    """For the title of the page, such as "(1 ready) ": seen in a tab that is not looked at."""
    ready = sum(item.state == "ready" for item in items)
    words = [f"{ready} ready"] if ready else []
    words += ["preparing"] if any(item.state == "preparing" for item in items) else []
    return f"({', '.join(words)}) " if words else ""


def asking(place: str, watched: list[str], new: str, standing: str, since: datetime | None) -> dict[str, Any]:
    """How the list goes on asking while something is prepared. `stamp` stands for all that it shows now."""
    stamp = key_of(f"{standing} {stage_of_waiting(since)}")
    query = urlencode({"watched": ",".join(watched), "new": new, "seen": stamp})
    return {"poll_url": f"{place}?{query}" if watched else "", "pace": pace(since), "stamp": stamp}


def groups(items: list[Item]) -> list[tuple[str, str, list[Item]]]:
    """What is on its way, what is there, and what needs somebody's decision."""
    states = [("preparing", "Preparing", ["preparing"]), ("ready", "Ready", ["ready"])]
    states.append(("needs", "Needs you", ["failed", "expired"]))
    found = [(key, title, [item for item in items if item.state in wanted]) for key, title, wanted in states]
    return [group for group in found if group[2]]


@require_POST
def again(request: PortalRequest) -> HttpResponseBase:
    """POST /downloads/again: ask for the same export once more. Upstream: requests.retrieve; where it is gone, what the
    form brought along; then jobs.export."""
    job_id, format, save_images = wanted_again(request)
    try:
        new = started(request, job_id, format, save_images)
    except errors.Invalid:
        # The server does not take this any more: the form tells what it does take.
        words = f"Job {job_id} can't be exported as {format} any more. Choose another format."
        toasts.on_next_page(request, toasts.Toast(words, kind="problem"))
        return redirect("exports:export", job_id)
    return redirect(downloads_url(new))


def wanted_again(request: PortalRequest) -> tuple[int, str, bool]:
    """Job, format, and whether with images."""
    try:
        made = request.person.client.requests.retrieve(request.POST.get("id", "")).operation
        if made.target == "job" and made.job_id is not None and made.format:
            return made.job_id, made.format, made.type == DATASET
    except (errors.NotFound, errors.Forbidden, errors.Invalid):
        pass
    job, format = whole_number(request.POST.get("job", "")), request.POST.get("format", "")
    if job is None or not format:
        raise errors.NotFound(detail="Nothing is known of this export any more.")
    return job, format, request.POST.get("save_images") == "true"


@require_POST
def cancel(request: PortalRequest) -> HttpResponseBase:
    """POST /downloads/cancel: take back an export that has not begun. Upstream: requests.cancel."""
    try:
        request.person.client.requests.cancel(request.POST.get("id", ""))
        toast = toasts.Toast("The export was cancelled.")
    except errors.Invalid:
        toast = toasts.Toast("It has begun, it can't be cancelled any more.", kind="problem")
    except errors.NotFound:
        toast = toasts.Toast("This export is not there any more.", kind="note")
    toasts.on_next_page(request, toast)
    return redirect("exports:downloads")
