"""The page for many files: which job each is for, and what became of it. A script sends them side by side, by the ways
of `piece_views`; without it the form takes them all at once."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobsportal.accounts.person import Person, PortalRequest
from jobsportal.annotations.bringing import Subject, progress_url, usable_subject
from jobsportal.annotations.counting import in_words as counts_in_words
from jobsportal.annotations.formats import formats_of, usable
from jobsportal.annotations.forms import APPEND, REPLACE, max_bytes
from jobsportal.annotations.imports import Import, from_token, standing
from jobsportal.annotations.many import (
    MOST_FILES,
    MOST_JOBS,
    TooManyJobs,
    brought,
    candidates,
    chosen_jobs,
)
from jobsportal.annotations.matching import matched
from jobsportal.annotations.piece_views import STRANGE, in_json, problem
from jobsportal.annotations.upload_views import can_append
from jobsportal.cvat.types import Format, Job
from jobsportal.jobs.selection import NothingSelected, OtherOrganization, TooMany
from jobsportal.web.polling import pace

CHOOSING = ("task_id", "all", "query")


@require_http_methods(["GET", "HEAD", "POST"])
def many(request: PortalRequest) -> HttpResponseBase:
    """GET, POST /upload/?task_id= or the fields of a selection. Upstream: see `chosen_jobs` and `candidates`; the
    formats where they are not cached. POST of a selection leads to the address with it; POST with files sends them:
    see `brought`."""
    is_sending = request.method == "POST" and "send" in request.POST
    if request.method == "POST" and not is_sending:
        return redirect(f"{reverse('upload:many')}?{address_of(request.POST, request.person)}")
    try:
        jobs = chosen_jobs(request.person, request.GET)
    except (NothingSelected, TooMany, TooManyJobs) as error:
        return not_chosen(request, error)
    if not is_sending:
        return show_page(request, jobs)
    return sent(request, jobs)


def address_of(data: QueryDict, person: Person) -> str:
    """A selection as an address: ids in one list."""
    kept = {name: data.get(name, "") for name in CHOOSING if data.get(name)}
    if "all" in kept:
        return urlencode({"org": person.org, **kept})
    ids = [*data.getlist("job"), *data.get("jobs", "").split(",")]
    return f"{urlencode({'org': person.org})}&jobs={','.join(id for id in ids if id.isdecimal())}"


def sent(request: PortalRequest, jobs: list[Job]) -> HttpResponse:
    files = request.FILES.getlist("files")
    if not files:
        return show_page(request, jobs, wrong="Choose at least one file.", status=422)
    if len(files) > MOST_FILES:
        return show_page(request, jobs, wrong=f"Choose at most {MOST_FILES} files at once.", status=422)
    outcomes = brought(request.person, jobs, files, request.POST)
    begun = sum(outcome.is_begun for outcome in outcomes)
    context = {"outcomes": outcomes, "begun": begun, "left": len(outcomes) - begun, "again": request.get_full_path()}
    return render(request, "annotations/many_sent.html", context | {"section": "jobs"})


def show_page(request: PortalRequest, jobs: list[Job], *, wrong: str = "", status: int = 200) -> HttpResponse:
    options = candidates(request.person, jobs)
    tasks = {job.task for job in options}
    context: dict[str, Any] = {
        "jobs": options,
        "task": tasks.pop() if len(tasks) == 1 else "",
        "task_id": jobs[0].task_id,
        "formats": formats_for(request.person, jobs),
        "appends": can_append(request.person.client),
        "max_bytes": max_bytes(),
        "look_max": settings.LOOK_MAX_MIB,
        "most_files": MOST_FILES,
        "example": jobs[0].id,
        "modes": (REPLACE, APPEND),
        "address": request.get_full_path(),
        # After signing in again, the form's own fields are all that is left of the address.
        "chosen": [(name, request.GET[name]) for name in (*CHOOSING, "jobs") if name in request.GET],
        "match_url": f"{reverse('upload:match')}?{request.GET.urlencode(safe=',')}",
        "wrong": wrong,
        "section": "jobs",
    }
    return render(request, "annotations/many.html", context, status=status)


def formats_for(person: Person, jobs: list[Job]) -> list[Format]:
    """What the server imports into at least one of these jobs."""
    importers = formats_of(person).importers
    found = {format.name: format for kind in {job.dimension for job in jobs} for format in usable(importers, kind)}
    return sorted(found.values(), key=lambda format: format.name.casefold())


def not_chosen(request: PortalRequest, error: Exception) -> HttpResponse:
    """Why there is nothing to send files to, and the way back to the list."""
    words = "Tick jobs in the list, then “Upload annotations…” under “More”; or open it from a task."
    title = "Choose the jobs first"
    if isinstance(error, TooManyJobs | TooMany):
        title, words = f"{error.count:,} jobs are too many at once", f"Choose up to {MOST_JOBS}, or narrow the filter."
    elif isinstance(error, OtherOrganization):
        title = "You look at another organization by now"
        words = "The jobs were chosen in another one. Go back to that list and choose them again."
    context = {"title": title, "words": words, "back": reverse("jobs:list"), "is_query": False}
    return render(request, "runs/not_chosen.html", context, status=422 if request.GET else 200)


@require_POST
@in_json
def match(request: PortalRequest) -> HttpResponseBase:
    """POST /upload/match: which of the chosen jobs files are for, by their names (`name`, repeated). Upstream: see
    `chosen_jobs` and `candidates`."""
    names = request.POST.getlist("name")[:MOST_FILES]
    try:
        jobs = chosen_jobs(request.person, request.GET)
    except (NothingSelected, TooMany, TooManyJobs) as error:
        return problem(str(error) or "These jobs are gone.", 422)
    found = matched(names, candidates(request.person, jobs))
    return JsonResponse({"matches": [{"name": one.name, "job": one.job, "why": one.why} for one in found]})


@require_safe
@in_json
def now(request: PortalRequest, job_id: int) -> HttpResponseBase:
    """GET /jobs/{id}/upload/now: what is there, and the formats that may take its place. Upstream: see
    `usable_subject`."""
    subject = usable_subject(request.person, job_id)
    before = subject.before
    told = {"total": None if before is None else sum(before.values()), "counts": counts_in_words(before or {})}
    return JsonResponse({**told, "formats": names_of(subject)})


def names_of(subject: Subject) -> list[str]:
    importers = subject.formats.importers  # type: ignore[union-attr]
    return [format.name for format in usable(importers, subject.job.dimension)]


@require_safe
@in_json
def stands(request: PortalRequest, job_id: int) -> HttpResponseBase:
    """GET /jobs/{id}/upload/stands?r=: how an import stands, for a script that follows many. Upstream: see
    `standing`."""
    known = from_token(request.GET.get("r", ""), job_id, request.person.id)
    if known is None:
        return problem(STRANGE, 404, gone=True)
    return JsonResponse(line_of(known, standing(request.person.client, known)))


def line_of(known: Import, stands: dict[str, Any]) -> dict[str, Any]:
    """The outcome in one line; `state` is running, done, empty (nothing fitted), failed or gone."""
    state = {"finished": "done", "failed": "failed", "gone": "gone"}.get(stands["state"], "running")
    if state == "done" and stands["emptied"]:
        state = "empty"
    line = {"state": state, "words": words_of(state, stands), "percent": stands.get("percent")}
    line |= {"page": progress_url(known), "pace": pace(known.since)}
    has_changed = state in ("done", "empty") or not stands.get("unchanged")
    if known.backup and state != "running" and has_changed:
        line["restore"] = reverse("annotations:restore", args=[known.job_id, known.backup])
    return line


def words_of(state: str, stands: dict[str, Any]) -> str:
    if state == "running":
        return str(stands.get("problem") or {"queued": "Waiting to be imported"}.get(stands["state"], "Importing"))
    if state == "empty":
        return f"{stands['emptied']}."
    if state == "failed":
        applied = "Nothing was changed." if stands.get("unchanged") else "Look at the annotations: they have changed."
        return f"{stands['reason']} {applied}"
    if state == "gone":
        return "The server no longer knows this import. Look at the annotations."
    sums = stands.get("sums")
    return f"{sums.before:,} → {sums.after:,} annotations" if sums else f"{stands.get('total', 0):,} annotations now"
