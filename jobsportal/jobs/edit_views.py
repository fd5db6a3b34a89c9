"""Changing one job: in its row, on its page, and taking it back. Each view states what it asks of the upstream."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import reswap, trigger_client_event

from jobsportal.accounts.person import PortalRequest
from jobsportal.activity import undoing
from jobsportal.activity.recording import named
from jobsportal.cvat import errors
from jobsportal.cvat.types import STAGES, STATES, Job
from jobsportal.jobs import changes, columns
from jobsportal.jobs.changes import ChangedMeanwhile
from jobsportal.jobs.forms import EditForm, FieldForm, SeenForm, options, seen_initial
from jobsportal.jobs.names import names_for
from jobsportal.jobs.rows import row_for
from jobsportal.jobs.views import job_context
from jobsportal.web import toasts
from jobsportal.web.addresses import is_partial, own_place
from jobsportal.web.errors import in_words, refused

PEOPLE_SHOWN = 30


@require_http_methods(["GET", "HEAD", "POST"])
def edit_field(request: PortalRequest, job_id: int, field: str) -> HttpResponseBase:
    """GET, POST /jobs/{id}/edit/{field}: change one value where it is read, or on a small page of its own.

    Upstream, GET: jobs.retrieve, and users.list for the assignee. POST: see `changes.change`; names if not cached.
    """
    if field not in changes.FIELDS:
        raise Http404("That is not a field of a job that can be changed.")
    if request.method == "POST":
        return save_field(request, job_id, field)
    current = request.person.client.jobs.retrieve(job_id)
    if is_partial(request, f"people-{job_id}"):
        context = people_context(request, current) | {"job_id": job_id, "job": current}
        return render(request, "jobs/_people.html", context)
    return show_editor(request, current, field)


def show_editor(request: PortalRequest, job: Job, field: str) -> HttpResponse:
    """The editor for a value: beside the cell, or as a page; it says what has changed since the list was shown."""
    shown = SeenForm(request.GET)
    moved = changes.moved(job, shown.seen, shown.cleaned_data.get("version", "")) if shown.is_valid() else []
    form = FieldForm(field=field, initial=seen_initial(job) | {"next": back_to(request)})
    context = {"job": job, "field": field, "form": form, **editor_choices(request, job, field)}
    context["news"] = conflict_lines(ChangedMeanwhile(job, moved), shown.seen) if moved else []
    template = "jobs/_editor.html" if request.htmx else "jobs/edit_field.html"
    return render(request, template, context)


def editor_choices(request: PortalRequest, job: Job, field: str) -> dict[str, Any]:
    if field == "assignee":
        return people_context(request, job)
    current = getattr(job, field)
    return {
        "options": [value for value, _ in options(STAGES if field == "stage" else STATES, current)],
        "current": current,
    }


def people_context(request: PortalRequest, job: Job) -> dict[str, Any]:
    typed = request.GET.get("q", "")[:150].replace("\0", "")
    found = request.person.client_for(job).users.list(search=typed or None, page_size=PEOPLE_SHOWN, is_active=True)
    if found.has_next:
        return {"people": found.results, "more": found.count, "q": typed}
    return {"people": sorted(found, key=lambda user: user.username.casefold()), "more": 0, "q": typed}


def save_field(request: PortalRequest, job_id: int, field: str) -> HttpResponseBase:
    form = FieldForm(request.POST, field=field)
    if not form.is_valid():
        problem = "; ".join(str(text) for texts in form.errors.values() for text in texts)
        raise errors.Invalid(detail=problem)
    wanted = {field: form.cleaned_data["value"]}
    try:
        made = changes.change(request.person, job_id, wanted, form.seen, form.cleaned_data["version"])
    except ChangedMeanwhile as conflict:
        return show_conflict(request, conflict, field, form)
    return saved(request, made, field, form.cleaned_data["next"])


def saved(request: PortalRequest, made: changes.Change, field: str, place: str) -> HttpResponseBase:
    if request.htmx and not made.after:
        return render_row(request, made.job)
    toast = toasts.Toast(changes.in_words(made), undo=made.undo, job=made.job.id)
    if request.htmx:
        return toasts.on_response(render_row(request, made.job, saved=field), toast)
    toasts.on_next_page(request, toast)
    return redirect(own_place(place, reverse("jobs:job", args=[made.job.id])))


def render_row(request: PortalRequest, job: Job, status: int = 200, **more: Any) -> HttpResponse:
    context = {"row": row_for(job, names_for(request.person, [job])), "shown": columns.shown_behind(request)}
    return render(request, "jobs/_row.html", context | more, status=status)


def show_conflict(request: PortalRequest, conflict: ChangedMeanwhile, field: str, form: FieldForm) -> HttpResponse:
    """Both values, and the choice: leave what somebody else has set, or set one's own all the same."""
    job = conflict.job
    initial = seen_initial(job) | {"next": form.cleaned_data["next"], "value": form.cleaned_data["value"]}
    context = {
        "field": field,
        "conflict": conflict_lines(conflict, form.seen),
        "wanted": wanted_in_words(request, job, field, form.cleaned_data["value"]),
        "form": FieldForm(field=field, initial=initial),
    }
    if request.htmx:
        return render_row(request, job, status=409, editor_field=field, **context)
    return render(request, "jobs/edit_field.html", context | {"job": job}, status=409)


def wanted_in_words(request: PortalRequest, job: Job, field: str, value: Any) -> str:
    if field != "assignee":
        return str(value)
    user = request.person.client_for(job).users.find(value) if value is not None else None
    return user.username if user else "nobody"


def conflict_lines(conflict: ChangedMeanwhile, seen: changes.Values | None = None) -> list[str]:
    """What somebody else has changed, in words; what it was before where that was seen as a word."""
    job = conflict.job
    now = {"assignee": named(job.assignee), "stage": job.stage, "state": job.state}
    before: dict[str, str] = {name: f", was {seen[name]}" for name in ("stage", "state") if seen and name in seen}
    return [f"{name} is now {now[name]}{before.get(name, '')}" for name in conflict.fields]


@require_POST
def undo(request: PortalRequest) -> HttpResponseBase:
    """POST /jobs/undo: take back a change made here, by the key of its record. Upstream: see `undoing.undo`."""
    key = uuid_in(request.POST.get("undo", ""))
    if key is None:
        return refused(request, "This can’t be taken back", "The portal has no record of such a change.", 422)
    try:
        undone = undoing.undo(request.person, key)
    except undoing.NotRecorded:
        raise Http404("There is no such change, or it is not for you to see.") from None
    except undoing.TakenBackAlready:
        words = "This change is taken back already, or somebody is at it."
        return told(request, toasts.Toast(words, kind="note"), reverse("activity:list"))
    job = undone.made.job if undone.made else undone.job
    return told(request, undo_toast(undone), reverse("jobs:job", args=[job.id]), job)


def uuid_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def undo_toast(undone: undoing.Undone) -> toasts.Toast:
    said = "; ".join(undone.left)
    left = f" {said[:1].upper()}{said[1:]}." if said else ""
    if undone.made is None:
        return toasts.Toast(f"Not taken back: job {undone.job.id} was changed since.{left}", kind="problem")
    stop = "." if left else ""
    return toasts.Toast(f"Taken back. {changes.in_words(undone.made)}{stop}{left}", kind="note" if left else "done")


def told(request: PortalRequest, toast: toasts.Toast, otherwise: str, job: Job | None = None) -> HttpResponseBase:
    """What became of an undo: in the row that it was asked from, in the page of records, or on the page it leads to."""
    if not request.htmx:
        toasts.on_next_page(request, toast)
        return redirect(own_place(request.POST.get("next", ""), otherwise))
    if is_partial(request, "changes"):
        return toasts.on_response(trigger_client_event(HttpResponse(status=204), "undone"), toast)
    if job is None:
        return toasts.on_response(reswap(HttpResponse(), "none"), toast)
    return toasts.on_response(render_row(request, job, saved="all"), toast)


@require_http_methods(["GET", "HEAD", "POST"])
def job(request: PortalRequest, job_id: int) -> HttpResponseBase:
    """GET, POST /jobs/{id}/. Upstream: jobs.retrieve, then the names; the counts load by themselves. POST saves."""
    client = request.person.client
    current = client.jobs.retrieve(job_id)
    initial = seen_initial(current) | {"assignee": current.assignee.username if current.assignee else ""}
    initial |= {"stage": current.stage, "state": current.state}
    if request.method != "POST":
        typed = {name: request.GET[name] for name in request.GET if name in EditForm.base_fields}
        return show_job(request, current, EditForm(job=current, initial=initial | typed))
    form = EditForm(request.POST, job=current)
    if not form.is_valid() or (wanted := form.wanted(request.person.client_for(current), current)) is None:
        return show_job(request, current, form, status=422)
    try:
        made = changes.change(request.person, job_id, wanted, form.seen, form.cleaned_data["version"], before=current)
    except ChangedMeanwhile as conflict:
        return show_job_conflict(request, conflict, form, wanted)
    except (errors.Invalid, errors.Forbidden) as error:
        form.add_error(None, in_words(error))
        return show_job(request, current, form, status=403 if isinstance(error, errors.Forbidden) else 422)
    toasts.on_next_page(request, toasts.Toast(changes.in_words(made), undo=made.undo, job=made.job.id))
    return redirect("jobs:job", job_id)


def show_job_conflict(
    request: PortalRequest, conflict: ChangedMeanwhile, form: EditForm, wanted: changes.Values
) -> HttpResponse:
    """What the person changed, over the job as it is now; saving again is a decision made knowing both."""
    again = EditForm(form.kept_over(conflict.job, wanted), job=conflict.job)
    lines = conflict_lines(conflict, form.seen)
    return show_job(request, conflict.job, again, status=409, conflict=lines)


def show_job(request: PortalRequest, job: Job, form: EditForm, status: int = 200, **more: Any) -> HttpResponse:
    context = job_context(request, job) | {"form": form, "tab": "overview", **more}
    return render(request, "jobs/job.html", context, status=status)


def back_to(request: PortalRequest) -> str:
    """The place that an editor leads back to."""
    return own_place(request.GET.get("next", ""), "")
