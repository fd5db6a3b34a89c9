"""Replacing a job's annotations by a file: the form, and following the import that it starts."""

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
from jobsportal.annotations.bringing import (
    NoBackup,
    Subject,
    bring_in,
    progress_url,
    refusals,
    running_url,
    subject_of,
    usable_subject,
)
from jobsportal.annotations.counting import counts_of
from jobsportal.annotations.counting import in_words as counts_in_words
from jobsportal.annotations.formats import backup_format, usable
from jobsportal.annotations.forms import UploadForm, max_bytes
from jobsportal.annotations.imports import Import, from_token, latest, standing
from jobsportal.cvat import Client, errors
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
    if request.method != "POST":
        earlier_import = partial(latest, request.person.client, job_id, request.person.id)
        subject, (found,) = subject_of(request.person, job_id, earlier_import)
        return show_form(request, subject, **earlier(found))
    subject = usable_subject(request.person, job_id)
    form = form_for(request.person, subject, request.POST, request.FILES)
    if not form.is_valid():
        form.asked_again()
        return show_form(request, subject, form, status=422)
    return hand_over(request, subject, form)


def earlier(found: Any) -> dict[str, Any]:
    """The import that runs or has run, where one is known; nothing is lost where it can't be looked up."""
    if isinstance(found, errors.SignedOut):
        raise found
    if isinstance(found, errors.CVATError) or not found:
        return {}
    name = "last" if found["request"].is_over else "running"
    return {name: found["known"], "earlier": found["request"], "import_url": progress_url(found["known"])}


def form_for(person: Person, subject: Subject, *args: Any, **kwargs: Any) -> UploadForm:
    return UploadForm(*args, **options_for(person, subject), **kwargs)


def options_for(person: Person, subject: Subject) -> dict[str, Any]:
    """What a form has to know of the job and of the server. Only where the formats are known."""
    formats = usable(subject.formats.importers, subject.job.dimension)  # type: ignore[union-attr]
    return {"formats": formats, "before": subject.before, "appends": can_append(person.client)}


def can_append(client: Client) -> bool:
    """Upstream: server.about, where the version is not known."""
    try:
        return client.version.appends
    except errors.CVATError:
        return False


def hand_over(request: PortalRequest, subject: Subject, form: UploadForm) -> HttpResponseBase:
    """Send the file on as it lies in its temporary file, then follow the import."""
    file, wish = form.cleaned_data["file"], form.wish(form.cleaned_data["file"].name)
    bring = partial(request.person.client.jobs.import_file, subject.job.id, file, format=wish.format)
    try:
        begin = partial(bring, filename=wish.name, append=wish.append)
        known = bring_in(request.person, subject, wish, begin)
    except NoBackup as error:
        form.add_error("keep_backup", str(error))
        return show_form(request, subject, form, status=503)
    except errors.Conflict as error:
        place = running_url(request.person, subject, error)
        return show_form(request, subject, form, status=409, import_url=place, is_taken=True)
    except errors.Invalid as error:
        for field, words in refusals(error, wish.format):
            form.add_error(field, words)
        return show_form(request, subject, form, status=422)
    place = progress_url(known)
    return HttpResponseClientRedirect(place) if request.htmx else redirect(place)


def show_form(
    request: PortalRequest, subject: Subject, form: UploadForm | None = None, status: int = 200, **more: Any
) -> HttpResponse:
    """The form over what is there now; as much of both as the upstream gave."""
    job, data, formats = subject.job, subject.data, subject.formats
    context: dict[str, Any] = {"job_id": job.id, "job": job, "max_bytes": max_bytes(), **more}
    context["look_max"] = settings.LOOK_MAX_MIB
    if isinstance(data, errors.CVATError):
        context["uncounted"] = in_words(data)
    else:
        context |= {"total": data.total, "counts": counts_in_words(counts_of(data))}
    if isinstance(formats, errors.CVATError):
        context["problem"] = in_words(formats)
    else:
        initial = {"format": request.GET.get("format", "")}
        context["form"] = form or form_for(request.person, subject, initial=initial)
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
