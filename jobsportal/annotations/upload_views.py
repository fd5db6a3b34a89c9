"""Replacing a job's annotations by a file: the form, and following the import that it starts."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from jobsportal.accounts.person import Person, PortalRequest
from jobsportal.activity.recording import record_event
from jobsportal.annotations.backups import BackupFailed, forget, take_backup
from jobsportal.annotations.counting import Counts, counts_of
from jobsportal.annotations.counting import in_words as counts_in_words
from jobsportal.annotations.formats import backup_format, formats_of, usable
from jobsportal.annotations.forms import UploadForm, max_bytes
from jobsportal.annotations.imports import Import, from_token, latest, standing
from jobsportal.annotations.models import Backup
from jobsportal.annotations.reasons import in_plain_words
from jobsportal.cvat import errors
from jobsportal.cvat.labeled import AnnotationOutline
from jobsportal.cvat.types import Formats, Job
from jobsportal.jobs.views import job_context
from jobsportal.web.addresses import is_partial
from jobsportal.web.errors import in_words
from jobsportal.web.parallel import side_by_side
from jobsportal.web.polling import pace, stage_of_waiting


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: PortalRequest, job_id: int) -> HttpResponseBase:
    """GET, POST /jobs/{id}/upload/. Upstream, side by side: jobs.retrieve, jobs.retrieve_annotation_outline, the
    formats where they are not cached, for GET requests.list; then the names. POST sends: jobs.import_file, after
    jobs.retrieve_annotations_raw where a backup is wanted."""
    client = request.person.client
    calls: list[Callable[[], Any]] = [
        partial(formats_of, request.person),
        partial(client.jobs.retrieve, job_id),
        partial(client.jobs.retrieve_annotation_outline, job_id),
    ]
    if request.method != "POST":
        formats, job, data, found = side_by_side(*calls, partial(latest, client, job_id, request.person.id))
        return show_form(request, required(job), data, formats, **earlier(found))
    formats, job, data = side_by_side(*calls)
    required(job)
    for answer in (data, formats):
        if isinstance(answer, errors.CVATError) and not isinstance(answer, errors.TooLarge):
            raise answer
    form = form_for(job, data, formats, request.POST, request.FILES)
    if not form.is_valid():
        form.asked_again()
        return show_form(request, job, data, formats, form, status=422)
    return hand_over(request, job, data, formats, form)


def required(answer: Any) -> Any:
    if isinstance(answer, errors.CVATError):
        raise answer
    return answer


def earlier(found: Any) -> dict[str, Any]:
    """The import that runs or has run, where one is known; nothing is lost where it can't be looked up."""
    if isinstance(found, errors.SignedOut):
        raise found
    if isinstance(found, errors.CVATError) or not found:
        return {}
    name = "last" if found["request"].is_over else "running"
    return {name: found["known"], "earlier": found["request"], "import_url": progress_url(found["known"])}


def form_for(job: Job, data: Any, formats: Formats, *args: Any, **kwargs: Any) -> UploadForm:
    return UploadForm(*args, formats=usable(formats.importers, job.dimension), before=before_of(data), **kwargs)


def before_of(data: AnnotationOutline | errors.CVATError) -> Counts | None:
    """What is there, where it could be counted."""
    return None if isinstance(data, errors.CVATError) else counts_of(data)


def hand_over(request: PortalRequest, job: Job, data: Any, formats: Formats, form: UploadForm) -> HttpResponseBase:
    """Send the file on as it lies in its temporary file, then follow the import."""
    file, name = form.cleaned_data["file"], form.cleaned_data["format"]
    backup = kept_first(request, job, form)
    if not form.is_valid():
        return show_form(request, job, data, formats, form, status=503)
    try:
        rq_id = sent(request.person, job, file, name)
    except errors.Conflict as error:
        if backup is not None:
            forget(backup)
        place = progress_url(import_of(request, job, data, error.rq_id, "", "")) if error.rq_id else ""
        return show_form(request, job, data, formats, form, status=409, import_url=place, is_taken=True)
    except errors.Invalid as error:
        if backup is not None:
            forget(backup)
        for field, words in refusals(error, name):
            form.add_error(field, words)
        return show_form(request, job, data, formats, form, status=422)
    known = import_of(request, job, data, rq_id, file.name, name)
    place = progress_url(replace(known, backup=str(backup.key)) if backup else known)
    return HttpResponseClientRedirect(place) if request.htmx else redirect(place)


def sent(person: Person, job: Job, file: Any, format: str) -> str:
    """Send the file and record that; the id of the import that it begins. Upstream: jobs.import_file."""
    what = f"import of {file.name} ({format})"
    try:
        rq_id = person.client.jobs.import_file(job.id, file, format=format, filename=file.name)
    except errors.CVATError as error:
        record_event(person, job, "annotations", after=what, error=error)
        raise
    record_event(person, job, "annotations", after=f"{what} begun")
    return rq_id


def kept_first(request: PortalRequest, job: Job, form: UploadForm) -> Backup | None:
    """The backup, where one is wanted; where none can be had, the form says so and nothing is sent.

    Upstream: jobs.retrieve_annotations_raw."""
    if not form.cleaned_data.get("keep_backup"):
        return None
    try:
        return take_backup(request.person, job, "upload")
    except errors.SignedOut:
        raise
    except (BackupFailed, errors.CVATError) as error:
        why = in_words(error) if isinstance(error, errors.CVATError) else str(error)
        words = f"The backup could not be taken, so nothing was sent. {why} Without the tick it goes without one."
        form.add_error("keep_backup", words)
        return None


def import_of(request: PortalRequest, job: Job, data: Any, rq_id: str, name: str, format: str) -> Import:
    return Import(job.id, request.person.id, rq_id, before_of(data), name, format, time.time())


def progress_url(known: Import) -> str:
    return f"{reverse('annotations:progress', args=[known.job_id])}?{urlencode({'r': known.token})}"


def refusals(error: errors.Invalid, format: str) -> list[tuple[str | None, str]]:
    """What the upstream does not accept, at the field that it means."""
    if "annotation_file" in error.fields:
        return [("file", in_plain_words(" ".join(error.fields["annotation_file"]), format))]
    if "format" in error.detail.lower() or "format" in error.fields:
        return [("format", f"{settings.CVAT_NAME} does not import {format}. Choose another format.")]
    return [(None, in_words(error))]


def show_form(
    request: PortalRequest,
    job: Job,
    data: Any,
    formats: Any,
    form: UploadForm | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The form over what is there now; as much of both as the upstream gave."""
    context: dict[str, Any] = {"job_id": job.id, "job": job, "max_bytes": max_bytes(), **more}
    if isinstance(data, errors.CVATError):
        context["uncounted"] = in_words(data)
    else:
        context |= {"total": data.total, "counts": counts_in_words(counts_of(data))}
    if isinstance(formats, errors.CVATError):
        context["problem"] = in_words(formats)
    else:
        context["form"] = form or form_for(job, data, formats, initial={"format": request.GET.get("format", "")})
        context["backup"], context["backup_again"] = backup_format(formats, job, data)
    if is_partial(request, "upload"):
        return render(request, "annotations/_upload.html", context, status=status)
    context |= job_context(request, job) | {"tab": "upload"}
    return render(request, "annotations/upload.html", context, status=status)


@require_safe
def progress(request: PortalRequest, job_id: int) -> HttpResponse:
    """GET /jobs/{id}/upload/progress?r=. Upstream: requests.retrieve; once over, jobs.retrieve_annotation_outline; for
    the page also jobs.retrieve and the names, side by side with the first."""
    known = from_token(request.GET.get("r", ""), job_id, request.person.id)
    if known is None:
        raise Http404("This address of an upload is damaged, too old or somebody else's. Look at the job itself.")
    client = request.person.client
    if is_partial(request, "import"):
        context = shown(request, known, standing(client, known))
        if request.GET.get("seen") == context["stamp"]:
            return HttpResponse(status=204)
        return render(request, "annotations/_progress.html", context)
    job, stands = side_by_side(partial(client.jobs.retrieve, job_id), partial(standing, client, known))
    for answer in (job, stands):
        if isinstance(answer, errors.CVATError) and not isinstance(answer, errors.Unreachable):
            raise answer
    context = shown(request, known, stands) | {"tab": "upload"}
    if not isinstance(job, errors.CVATError):
        context |= job_context(request, job)
    return render(request, "annotations/progress.html", context)


def shown(request: PortalRequest, known: Import, stands: dict[str, Any]) -> dict[str, Any]:
    """What the page and its partial show. `stamp` says how it stands: where the page shows that already, nothing
    is replaced. `news` is whether there is something to say."""
    state = stands["state"]
    stamp = f"{state}:{stands.get('percent') or ''}:{stage_of_waiting(known.since)}"
    again = reverse("annotations:upload", args=[known.job_id])
    return {
        "known": known,
        "job_id": known.job_id,
        "is_running": state not in ("finished", "failed", "gone"),
        "stamp": stamp,
        "news": request.GET.get("seen", "").partition(":")[0] != state,
        "poll_url": f"{progress_url(known)}&{urlencode({'seen': stamp})}",
        "page_url": progress_url(known),
        "pace": pace(known.since),
        "again_url": f"{again}?{urlencode({'format': known.format})}" if known.format else again,
        **stands,
    }
