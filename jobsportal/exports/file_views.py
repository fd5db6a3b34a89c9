"""Handing over the file of an export: in pieces, resumable, under a readable name."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from jobsportal.accounts.person import Person, PortalRequest
from jobsportal.cvat import errors
from jobsportal.cvat.client import Download
from jobsportal.cvat.types import Request
from jobsportal.exports.filenames import download_name
from jobsportal.exports.items import DATASET, TARGETS, Item, names_of, title_of
from jobsportal.jobs.names import PROJECT, TASK, Names
from jobsportal.web.streaming import passed_on, skipping, whole_length, without_body

ASKED = ("Range", "If-Range", "If-None-Match", "If-Modified-Since")
KEPT = ("Content-Length", "Content-Range", "ETag", "Last-Modified", "Accept-Ranges")


@require_safe
def file(request: PortalRequest) -> HttpResponseBase:
    """GET, HEAD /downloads/file?id=. Upstream: requests.retrieve, requests.download; then names that are not cached.
    HEAD of a file that can be fetched once: requests.retrieve alone."""
    known = None
    try:
        known = request.person.client.requests.retrieve(request.GET.get("id", ""))
        return handed_over(request, request.person, known)
    except errors.CVATError as error:
        return not_there(request, error, known)


def handed_over(request: HttpRequest, person: Person, known: Request) -> HttpResponseBase:
    """The file of an export, read from the upstream as `person`. Upstream: requests.download, names. Raises what the
    upstream answers."""
    if request.method == "HEAD" and is_used_up_by_looking(known):
        return without_body("application/zip")
    headers = {name: request.headers[name] for name in ASKED if name in request.headers}
    download = person.client.requests.download(known, headers=headers)
    try:
        name = name_for(person, known, download)
    except BaseException:
        download.close()
        raise
    can_go_on = known.can_be_fetched_again and whole_length(download) is not None
    kind = download.headers.get("Content-Type", "application/octet-stream")
    response = passed_on(request, skipping(request, download) if can_go_on else download, name, kind, KEPT)
    if can_go_on:
        response["Accept-Ranges"] = "bytes"  # by skipping, where the upstream knows no ranges
    return response


def is_used_up_by_looking(known: Request) -> bool:
    """The upstream knows no HEAD, and on older ones a GET takes the file away: then nothing is said of it."""
    return known.status == "finished" and known.result_url is not None and not known.can_be_fetched_again


def name_for(person: Person, known: Request, download: Download) -> str:
    """The file's name; what can't be found out is left out."""
    extension = download.filename.rpartition(".")[2].lower() or "zip"
    made, names = known.operation, names_of(person, [known.operation])
    moment = known.finished_date or known.created_date
    return download_name(
        project=names.of(PROJECT, made.project_id),
        task=names.of(TASK, made.task_id) if made.target != "project" else "",
        target=f"{made.target}{made.target_id}",
        format=made.format or "",
        with_images=made.type == DATASET,
        day=timezone.localdate(moment) if moment else timezone.localdate(),
        extension=extension,
    )


def not_there(request: PortalRequest, error: errors.CVATError, known: Request | None) -> HttpResponse:
    """Why there is no file, and what can be done: wait for it, have it prepared again, or look at the list."""
    if error.status == 416 and known:
        return no_such_part(request, known)
    item = Item(known, title_of(known.operation, Names())) if known else None
    names = (*TARGETS, "format", "save_images")
    told: dict[str, str] = {name: request.GET[name] for name in names if request.GET.get(name)}
    hints = item.hints if item and item.hints else told
    can_be_asked = bool(hints.get("format") and set(TARGETS) & set(hints))
    context = {"id": request.GET.get("id", ""), "hints": hints if can_be_asked else {}, "item": item}
    if isinstance(error, errors.Conflict):
        return render(request, "exports/not_there.html", context | {"state": "preparing"}, status=409)
    if not isinstance(error, errors.NotFound | errors.Unsupported | errors.Invalid):
        raise error
    if item and item.state == "failed":
        return render(request, "exports/not_there.html", context | {"state": "failed"}, status=404)
    status = 410 if item or isinstance(error, errors.Unsupported) else 404
    return render(request, "exports/not_there.html", context | {"state": "gone"}, status=status)


def no_such_part(request: PortalRequest, known: Request) -> HttpResponse:
    """What was asked for lies behind the end of the file; how long that is, tells where to go on.

    Upstream: requests.download without a range, of which only the headers are read."""
    response = HttpResponse("There is no such part of the file.\n", status=416, content_type="text/plain")
    try:
        download = request.person.client.requests.download(known)
    except errors.CVATError:
        return response
    download.close()
    if length := download.headers.get("Content-Length"):
        response["Content-Range"] = f"bytes */{length}"
    return response
