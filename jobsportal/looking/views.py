"""A look inside a file for a job that it may be sent to."""

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from jobsportal.accounts.person import Person, PortalRequest
from jobsportal.annotations.contents import HEAD_BYTES, complaint
from jobsportal.annotations.counting import in_order
from jobsportal.annotations.counting import in_words as kinds_in_words
from jobsportal.annotations.formats import formats_of, usable
from jobsportal.cvat import errors
from jobsportal.cvat.types import DataMeta, Format, Formats, Job, Label
from jobsportal.frames.reel import Reel
from jobsportal.looking import Findings, Verdict, compare, look
from jobsportal.looking.comparing import counted
from jobsportal.looking.forms import LookForm
from jobsportal.looking.sources import BROKEN
from jobsportal.looking.turns import turn
from jobsportal.web.errors import in_words
from jobsportal.web.parallel import side_by_side

MOST_LABELS = 12
BUSY = "Other files are being looked into just now, so this one was not. It can be uploaded all the same."


@require_POST
def look_inside(request: PortalRequest, job_id: int) -> HttpResponse:
    """POST /jobs/{id}/look: what is in a file, and whether it fits the job; nothing is kept. Upstream, side by side,
    where the file may be sent at all: the formats where they are not cached, jobs.retrieve, labels.list,
    jobs.retrieve_data_meta."""
    form = LookForm(request.POST, request.FILES)
    if not form.is_valid():
        return answer(request, Findings("", problems=tuple(form.complaints)), status=422)
    with turn() as has_come:
        if not has_come:
            return answer(request, Findings("", warnings=(BUSY,)))
        findings = look(form.content, form.cleaned_data["name"], entries=form.cleaned_data["entries"])
        head = head_of(form)
    if findings.problems:
        return answer(request, findings)
    return answer(request, findings, **compared(request.person, job_id, findings, head))


def head_of(form: LookForm) -> bytes:
    """The beginning of the file; nothing where it can't be read."""
    try:
        return form.content.read(HEAD_BYTES)
    except BROKEN:
        return b""


def compared(person: Person, job_id: int, findings: Findings, head: bytes) -> dict[str, Any]:
    """The findings held against the job and the server; as much of it as the upstream gave."""
    client = person.client
    formats, job, labels, meta = side_by_side(
        partial(formats_of, person),
        partial(client.jobs.retrieve, job_id),
        partial(client.labels.list, job_id=job_id),
        partial(client.jobs.retrieve_data_meta, job_id),
    )
    answers = (job, formats, labels, meta)
    for answer in answers:
        if isinstance(answer, errors.SignedOut):
            raise answer
    if isinstance(job, errors.NotFound | errors.Forbidden):
        raise job
    failed = next((answer for answer in answers if isinstance(answer, errors.CVATError)), None)
    if failed:
        summary = counted(findings.objects, "object") if findings.is_counted and findings.is_whole else ""
        return {"uncompared": in_words(failed), "name": next(iter(findings.formats), ""), "summary": summary}
    found = held_against(findings, job, labels, meta)
    return {"verdict": found, "summary": found.summary, **importable(findings, formats, job, head)}


def held_against(findings: Findings, job: Job, labels: list[Label], meta: DataMeta) -> Verdict:
    reel = Reel(job, meta)
    names = [] if reel.is_video and not reel.is_chosen else frame_names(reel)
    return compare(findings, [label.name for label in labels], names, reel.first, reel.last)


def frame_names(reel: Reel) -> list[str]:
    """The path of each frame's picture, "" for one that the job is not about."""
    chosen = set(reel.numbers) if reel.is_chosen else range(reel.first, reel.last + 1)
    name = (lambda number: f"frame_{number:06}") if reel.is_video else (lambda number: reel.frame(number).name)
    return [name(number) if number in chosen else "" for number in range(reel.first, reel.last + 1)]


def importable(findings: Findings, formats: Formats, job: Job, head: bytes) -> dict[str, Any]:
    """The likeliest format that this server imports into this job, and what is to be said about that."""
    known = {format.name: format for format in usable(formats.importers, job.dimension)}
    found: Format | None = next((known[name] for name in findings.formats if name in known), None)
    if found is None and findings.formats:
        words = f"{settings.CVAT_NAME} does not import {findings.formats[0]} into this job."
        return {"format_warning": words}
    is_certain = findings.is_certain and found is not None
    name = found.name if found else ""
    return {"format": name, "name": name, "is_certain": is_certain, "format_warning": misfit(head, found)}


def misfit(head: bytes, format: Format | None) -> str:
    """What speaks against sending a file that begins like this as this format."""
    return complaint(head, format) if format else ""


def answer(request: PortalRequest, findings: Findings, *, status: int = 200, **more: Any) -> HttpResponse:
    verdict: Verdict | None = more.get("verdict")
    warnings = [*findings.warnings, more.get("format_warning", ""), *(verdict.warnings if verdict else ())]
    used = sorted(((name, number) for name, number in findings.labels.items() if number), key=lambda one: -one[1])
    context = {
        "findings": findings,
        "warnings": [words for words in warnings if words],
        "kinds": kinds_in_words({kind: findings.kinds[kind] for kind in in_order(findings.kinds)}),
        "labels": used[:MOST_LABELS],
        "more_labels": max(0, len(used) - MOST_LABELS),
        **more,
    }
    return render(request, "looking/_findings.html", context, status=status)
