"""The difference that a change would make, and the yes to it. Each change of annotations goes through here: what was
brought as JSON, clearing, and going back to a backup."""

import logging
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import DatabaseError
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from jobsportal.accounts.person import PortalRequest
from jobsportal.annotations import backups
from jobsportal.annotations.backups import BackupFailed
from jobsportal.annotations.changing import Outcome, carry_out
from jobsportal.annotations.json_forms import ConfirmForm, fresh_once
from jobsportal.annotations.json_views import DONE, own_backup
from jobsportal.annotations.models import Backup, Draft
from jobsportal.annotations.once import UNDER_WAY, is_first, note_place, place_of_first
from jobsportal.annotations.plans import Change, Plan, given_of, plan_of
from jobsportal.annotations.snapshots import Snapshot, look
from jobsportal.cvat import errors
from jobsportal.cvat.labeled import KnownLabels
from jobsportal.cvat.types import Job, Label
from jobsportal.jobs.views import job_context
from jobsportal.web import errors as web_errors
from jobsportal.web import toasts
from jobsportal.web.errors import in_words
from jobsportal.web.parallel import side_by_side

logger = logging.getLogger(__name__)


class Sent(HttpResponseRedirect):
    """The change was sent; the address tells what became of it."""


@dataclass(frozen=True)
class Proposal:
    """A change that is looked at, where it came from, and the address that shows and takes it."""

    job_id: int
    change: Change
    address: str
    draft: Draft | None = None
    backup: Backup | None = None


@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: PortalRequest, job_id: int, key: UUID) -> HttpResponseBase:
    """GET, POST /jobs/{id}/annotations/edit/{key}/: what the JSON that was brought would do. Upstream: see `looked`,
    `confirmed`."""
    brought = backups.own_drafts(request.person, job_id).filter(key=key).first()
    if brought is None:
        raise Http404(f"This JSON is not kept any more: it waits for {backups.DRAFT_HOURS} hours. Bring it again.")
    if brought.used is not None:
        words = "This JSON was applied already; it counts once. To apply it again, bring it again."
        words = "This was sent twice; it counts once." if request.method == "POST" else words
        toasts.on_next_page(request, toasts.Toast(words, kind="note"))
        return redirect(place_of_change(job_id, str(brought.used)))
    address = reverse("annotations:draft", args=[job_id, key])
    return answered(request, Proposal(job_id, Change(brought.action, brought.json), address, draft=brought))


@require_http_methods(["GET", "HEAD", "POST"])
def clear(request: PortalRequest, job_id: int) -> HttpResponseBase:
    """GET, POST /jobs/{id}/annotations/clear/: remove all. Upstream: see `looked`, `confirmed`."""
    return answered(request, Proposal(job_id, Change("clear"), reverse("annotations:clear", args=[job_id])))


@require_http_methods(["GET", "HEAD", "POST"])
def restore(request: PortalRequest, job_id: int, key: UUID) -> HttpResponseBase:
    """GET, POST /jobs/{id}/annotations/backups/{key}/restore/: back to how it was. A POST that has not seen the
    difference is taken where nothing has happened since. Upstream: see `looked`, `confirmed`."""
    backup = own_backup(request, job_id, key)
    address = reverse("annotations:restore", args=[job_id, key])
    return answered(request, Proposal(job_id, Change("restore", backup.json), address, backup=backup))


def answered(request: PortalRequest, proposal: Proposal) -> HttpResponseBase:
    return confirmed(request, proposal) if request.method == "POST" else looked(request, proposal)


def looked(request: PortalRequest, proposal: Proposal, status: int = 200, **more: Any) -> HttpResponse:
    """The difference. Upstream, side by side: jobs.retrieve, labels.list, jobs.retrieve_annotations_raw; for a ground
    truth job then jobs.retrieve_data_meta; the names."""
    client = request.person.client
    job, labels, now = side_by_side(
        partial(client.jobs.retrieve, proposal.job_id),
        partial(client.labels.list, job_id=proposal.job_id),
        partial(look, client, proposal.job_id),
    )
    for answer in (job, now, labels):
        if isinstance(answer, errors.CVATError) and (answer is not labels or isinstance(answer, errors.SignedOut)):
            raise answer
    known = None if isinstance(labels, errors.CVATError) else labels
    plan = planned(request, proposal, job, now, known)
    number = job.id if proposal.change.action == "clear" and plan.before else None
    initial = {"seen": plan.fingerprint, "total": len(plan.before), "once": fresh_once()}
    context = {"form": ConfirmForm(number=number, initial=initial), **more}
    if "typed_error" in more:
        context["form"] = ConfirmForm(initial | {"typed": request.POST.get("typed", "")}, number=number)
    return show(request, proposal, job, plan, known, context, status)


def planned(
    request: PortalRequest, proposal: Proposal, job: Job, now: Snapshot, labels: list[Label] | None = None
) -> Plan:
    """The change over what is there, checked against the job's frames and, where they are known, its labels and their
    attributes."""
    try:
        frames = frames_of(request, job) if proposal.draft else None
        given = given_of(proposal.change, frames=frames, labels=None if labels is None else known_labels(labels))
    except errors.Invalid as error:
        return Plan(proposal.change.action, now.things, now.things, problems=[error.detail])
    return plan_of(proposal.change, given, now)


def known_labels(labels: list[Label]) -> KnownLabels:
    return {label.id: {attribute.id: attribute.mutable for attribute in label.attributes} for label in labels}


def frames_of(request: PortalRequest, job: Job) -> Any:
    """The job's frames; of a ground truth job only some of those between its ends."""
    if job.type == "ground_truth":
        included = request.person.client.jobs.retrieve_data_meta(job.id).included_frames
        if included is not None:
            return set(included)
    return range(job.start_frame, job.stop_frame + 1)


def show(
    request: PortalRequest,
    proposal: Proposal,
    job: Job,
    plan: Plan,
    labels: list[Label] | None,
    context: dict[str, Any],
    status: int,
) -> HttpResponse:
    context |= job_context(request, job) | {"tab": "annotations", "plan": plan, "rows": plan.rows(labels or [])}
    context |= {"nameless": labels is None, "address": proposal.address, "action": plan.action}
    context |= {"draft": proposal.draft, "backup": proposal.backup, "job_id": job.id}
    if proposal.backup is not None:
        context["reason"] = backups.REASONS.get(proposal.backup.why, proposal.backup.why)
    return render(request, "annotations/change.html", context, status=status)


def confirmed(request: PortalRequest, proposal: Proposal) -> HttpResponseBase:
    """Carry it out, if it still is what was seen. Upstream, side by side: jobs.retrieve,
    jobs.retrieve_annotations_raw (which is the backup); the change; jobs.retrieve_annotations_raw once more."""
    once = once_of(request, proposal)
    if once and not is_first(once):
        return taken_already(request, proposal, once)
    place = None
    try:
        answer = attempted(request, proposal)
        if answer.status_code < 400:
            place = answer.url if isinstance(answer, Sent) else UNDER_WAY
        return answer
    finally:
        if once:
            note_place(once, place)


def once_of(request: PortalRequest, proposal: Proposal) -> str:
    """What is carried out once: the JSON that was brought, from however many windows; or else the form."""
    if proposal.draft is not None:
        return f"once:{request.person.id}:{proposal.job_id}:{proposal.draft.key}"
    once = request.POST.get("once", "")[:64]
    return f"once:{request.person.id}:{once}" if once else ""


def taken_already(request: PortalRequest, proposal: Proposal, once: str) -> HttpResponseBase:
    """It was sent before, or is under way; or the cache, which may be the database, took nothing."""
    try:
        place, was_under_way = place_of_first(once)
    except DatabaseError:
        place, was_under_way = None, False
    if place is None and was_under_way:
        return redirect(proposal.address)
    if place is None:
        logger.error("the cache does not keep %s", once)
        words = "The portal’s database is busy. Nothing was changed. Go back to the difference to send it again."
        return web_errors.refused(request, "This could not be begun", words, 503)
    toasts.on_next_page(request, toasts.Toast("This was sent twice; it counts once.", kind="note"))
    return redirect(place or reverse("annotations:edit", args=[proposal.job_id]))


def attempted(request: PortalRequest, proposal: Proposal) -> HttpResponseBase:
    client = request.person.client
    job, now = side_by_side(partial(client.jobs.retrieve, proposal.job_id), partial(look, client, proposal.job_id))
    for answer in (job, now):
        if isinstance(answer, errors.Unreachable | errors.Busy | errors.BrokenAnswer):
            return not_begun(request, answer)
        if isinstance(answer, errors.CVATError):
            raise answer
    plan = planned(request, proposal, job, now)
    if plan.is_nothing and not plan.problems:
        words = f"Nothing to do: job {job.id} is like that already."
        toasts.on_next_page(request, toasts.Toast(words, kind="note"))
        return redirect("annotations:edit", job.id)
    if plan.problems or not is_agreed(request, proposal, plan, now):
        total = request.POST.get("total", "")
        return looked(request, proposal, 409, moved=True, was=total if total.isdecimal() else "")
    if proposal.change.action == "clear" and not ConfirmForm(request.POST, number=job.id).is_valid():
        return looked(request, proposal, 422, typed_error=True)
    return carried_out(request, proposal, job, plan, now)


def carried_out(request: PortalRequest, proposal: Proposal, job: Job, plan: Plan, now: Snapshot) -> HttpResponseBase:
    """Carry it out; where it was refused, the difference stays in sight with the reason."""
    try:
        outcome = carry_out(request.person, job, plan, now)
    except BackupFailed as error:
        return looked(request, proposal, 503, failed=f"The backup could not be kept, so nothing was changed. {error}")
    except (errors.Invalid, errors.Forbidden, errors.Conflict) as error:
        words = f"Nothing was changed. {in_words(error)}"
        return looked(request, proposal, error.status or 422, failed=words)
    if proposal.draft is not None and outcome.state != "unchanged":
        backups.note_use(proposal.draft, outcome.backup)
    return told(request, proposal, plan, outcome)


def not_begun(request: PortalRequest, error: errors.CVATError) -> HttpResponse:
    """What is there now could not be read, so there is no backup, and nothing is sent."""
    logger.warning("%s (upstream request %s)", error, error.request_id or "-")
    telling = web_errors.told(error)
    words = f"{telling.words} Nothing was changed. Go back to the difference to send it again."
    return web_errors.refused(request, telling.title, words, telling.status)


def is_agreed(request: PortalRequest, proposal: Proposal, plan: Plan, now: Snapshot) -> bool:
    """Whether the person has seen this very difference; or takes a change back that nobody has touched since."""
    seen = request.POST.get("seen", "")
    if not seen and proposal.backup is not None:
        return backups.is_untouched(proposal.backup, now)
    return seen == plan.fingerprint


def told(request: PortalRequest, proposal: Proposal, plan: Plan, outcome: Outcome) -> HttpResponseBase:
    """To the page of the job's annotations, which says what was done and offers to take it back."""
    if outcome.state == "unchanged" and outcome.error is not None:
        words = (
            f"{in_words(outcome.error)} So far nothing was changed. It may still arrive: look again before you repeat."
        )
        return looked(request, proposal, 502, failed=words)
    key = str(outcome.backup.key)
    if outcome.state == "done":
        words = f"{DONE[plan.action]} in job {proposal.job_id}: {plan.total.before:,} → {plan.total.after:,}."
        if not outcome.is_noted:
            return told_at_once(request, "The change is done", words)
        undo = reverse("annotations:restore", args=[proposal.job_id, key])
        toasts.on_next_page(request, toasts.Toast(words, undo=fresh_once(), action=undo))
    elif not outcome.is_noted:
        return told_at_once(request, "It is not known whether the change arrived", "Look at what is there now.")
    return Sent(place_of_change(proposal.job_id, key))


def told_at_once(request: PortalRequest, title: str, words: str) -> HttpResponse:
    """The portal's database fails: nothing may depend on it now, not even a message for the next page."""
    more = "The portal could not note that. Your backups of the job tell what was there before, if they can be read."
    return web_errors.refused(request, title, f"{words} {more}", 200)


def place_of_change(job_id: int, key: str) -> str:
    """The page that tells what became of the change whose backup has this key."""
    return f"{reverse('annotations:edit', args=[job_id])}?{urlencode({'changed': key})}"
