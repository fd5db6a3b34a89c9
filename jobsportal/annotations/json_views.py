"""Annotations as JSON: bringing some, and one's backups of a job. What they would do is shown by `change_views`."""

from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe
from msgspec.json import encode

from jobsportal.accounts.person import PortalRequest
from jobsportal.annotations import backups
from jobsportal.annotations.counting import Difference, counts_of
from jobsportal.annotations.counting import in_words as counts_in_words
from jobsportal.annotations.json_forms import ACTIONS, MAX_TYPED, JsonForm, fresh_once, max_bytes
from jobsportal.annotations.models import Backup, Draft
from jobsportal.cvat import errors
from jobsportal.cvat.labeled import AnnotationOutline
from jobsportal.cvat.types import Job, Label
from jobsportal.jobs.views import job_context
from jobsportal.web.errors import in_words
from jobsportal.web.parallel import side_by_side
from jobsportal.web.streaming import Transfer

BACKUPS_SHOWN = 50
BACKUPS_FIRST = 5
VALUES_SHOWN = 6

DONE = {
    "replace": "The annotations were replaced",
    "create": "Annotations were added",
    "update": "Annotations were changed",
    "delete": "Annotations were deleted",
    "clear": "The annotations were cleared",
    "restore": "The backup is back in place",
}


@csrf_exempt  # only until the form could be read: `answered` is protected
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: PortalRequest, job_id: int) -> HttpResponseBase:
    """GET, POST /jobs/{id}/annotations/edit/. Upstream, side by side: jobs.retrieve, labels.list,
    jobs.retrieve_annotation_outline; then the names. A POST that is well-formed asks nothing, and leads to the
    difference that it would make."""
    try:
        request.POST  # noqa: B018 - reads the form
    except RequestDataTooBig:
        form = JsonForm({"action": ""})
        words = "This is too much text: nothing of it was taken, and nothing was changed. Save it as a file."
        form.errors.clear()
        form.add_error("text", words)
        response = show(request, job_id, form, status=413)
        response["Connection"] = "close"  # the rest of it is not read
        return response
    return answered(request, job_id)


@csrf_protect
def answered(request: PortalRequest, job_id: int) -> HttpResponseBase:
    """The form, or what was brought with it."""
    draft = known_draft(request, job_id)
    if request.method != "POST":
        return show(request, job_id, JsonForm(draft=draft, initial=initial_of(request, draft)))
    form = JsonForm(request.POST, request.FILES, draft=draft)
    if not form.is_valid() or form.change is None:
        return show(request, job_id, form, status=422)
    try:
        kept = backups.keep_draft(request.person, job_id, form.change, form.name)
    except backups.BackupFailed as error:
        form.add_error(None, f"This could not be kept, so nothing was changed. {error} Try again in a moment.")
        return show(request, job_id, form, status=503)
    return redirect("annotations:draft", job_id, kept.key)


def known_draft(request: PortalRequest, job_id: int) -> Draft | None:
    """What the person has brought before, where the address or the form names it."""
    try:
        key = UUID(request.POST.get("draft") or request.GET.get("draft", ""))
    except ValueError:
        return None
    return backups.own_drafts(request.person, job_id).filter(key=key).first()


def initial_of(request: PortalRequest, draft: Draft | None) -> dict[str, Any]:
    if draft is None:
        action = request.GET.get("action", "")
        return {"action": action} if action in ACTIONS else {}
    typed = {} if draft.name else {"text": draft.json.decode("utf-8", "replace")}
    return {"action": draft.action, **typed}


def show(request: PortalRequest, job_id: int, form: JsonForm, status: int = 200) -> HttpResponse:
    """The form over what is there now; as much of that as the upstream gave."""
    client = request.person.client
    job, labels, data = side_by_side(
        partial(client.jobs.retrieve, job_id),
        partial(client.labels.list, job_id=job_id),
        partial(client.jobs.retrieve_annotation_outline, job_id),
    )
    for answer in (job, labels, data):
        if isinstance(answer, errors.SignedOut) or (answer is job and isinstance(answer, errors.CVATError)):
            raise answer
    context = job_context(request, job) | {"tab": "annotations", "form": form, "max_bytes": max_bytes()}
    context |= now_in_words(data) | listed(request, job_id) | {"max_typed": MAX_TYPED}
    context["actions"] = [(name, words, told) for name, (words, told) in ACTIONS.items()]
    context["chosen"] = form["action"].value()
    if isinstance(labels, errors.CVATError):
        context["labels_problem"] = in_words(labels)
    else:
        context |= {"labels": labels, "example": example_for(job, labels), "attributes": attributes_of(labels)}
    return render(request, "annotations/edit.html", context, status=status)


def now_in_words(data: AnnotationOutline | errors.CVATError) -> dict[str, Any]:
    if isinstance(data, errors.CVATError):
        return {"uncounted": in_words(data)}
    return {"total": data.total, "counts": counts_in_words(counts_of(data))}


def example_for(job: Job, labels: list[Label]) -> str:
    """A box as it would stand in this job."""
    if not labels:
        return ""
    shape = {"type": "rectangle", "frame": job.start_frame, "label_id": labels[0].id, "points": [10, 20, 110, 90]}
    return encode({"shapes": [shape]}).decode().replace(":", ": ").replace(",", ", ")


def attributes_of(labels: list[Label]) -> list[dict[str, Any]]:
    """Each label's attributes, with the first of the values that one may choose from."""
    return [
        {
            "label": label.name,
            "name": attribute.name,
            "id": attribute.id,
            "values": attribute.values[:VALUES_SHOWN] if attribute.input_type in ("select", "radio") else [],
            "more": attribute.input_type in ("select", "radio") and len(attribute.values) > VALUES_SHOWN,
            "kind": attribute.input_type,
            "mutable": attribute.mutable,
        }
        for label in labels
        for attribute in label.attributes
    ]


def listed(request: PortalRequest, job_id: int) -> dict[str, Any]:
    """The person's backups of this job, and the change that the address says has just been made."""
    found = list(backups.own_backups(request.person, job_id)[:BACKUPS_SHOWN])
    changed = next((entry(one) for one in found if str(one.key) == request.GET.get("changed")), None)
    entries = [entry(one) for one in found]
    return {
        "backups": entries[:BACKUPS_FIRST],
        "older": entries[BACKUPS_FIRST:],
        "changed": changed,
        "once": fresh_once(),
        "backup_days": settings.BACKUP_DAYS,
        "backup_mib": settings.BACKUP_MAX_MIB,
    }


def entry(backup: Backup) -> dict[str, Any]:
    """A backup as the list shows it."""
    before = sum(backup.before.values())
    after = sum(backup.after.values()) if backup.after is not None else None
    return {
        "key": backup.key,
        "made": backup.made,
        "why": backups.REASONS.get(backup.why, backup.why),
        "done": DONE.get(backup.why, "The annotations were changed"),
        "size": backup.size,
        "before": before,
        "after": after,
        "change": Difference("all", before, after) if after is not None else None,
        "counts": counts_in_words(backup.before),
        "is_sure": bool(backup.left),
    }


@require_safe
def backup_file(request: PortalRequest, job_id: int, key: UUID) -> HttpResponseBase:
    """GET /jobs/{id}/annotations/backups/{key}.json: what a backup holds. Upstream: jobs.retrieve, so that whoever may
    not see the job any more gets nothing of it."""
    request.person.client.jobs.retrieve(job_id)
    backup = own_backup(request, job_id, key)
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse(content_type="application/json")
    else:
        response = StreamingHttpResponse(Transfer(backup.pieces()), content_type="application/json")
    made = timezone.localtime(backup.made)
    response["Content-Length"] = str(backup.size)
    response["Content-Disposition"] = f'attachment; filename="job{job_id}-backup-{made:%Y-%m-%d-%H%M%S}.json"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def own_backup(request: PortalRequest, job_id: int, key: UUID) -> Backup:
    backup = backups.own_kept(request.person, job_id).filter(key=key).first()
    if backup is None:
        words = f"There is no such backup. They are kept for {settings.BACKUP_DAYS} days, for whoever made the change."
        raise Http404(words)
    return backup
