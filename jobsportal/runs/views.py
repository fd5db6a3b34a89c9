"""The pages of runs. What a run has done is in the database: none of these asks the upstream for jobs but `again`."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRefresh

from jobsportal.accounts.person import PortalRequest
from jobsportal.runs import pages, plans
from jobsportal.runs.again import AGAIN, again, is_looked_at, may_be_undone, under_way_again, undo_run, undone_already
from jobsportal.runs.forms import ConfirmForm
from jobsportal.runs.models import DELETE, DISTRIBUTE, DRAFT, STOPPED, Run
from jobsportal.runs.plans import NotThis, NoWorker
from jobsportal.runs.progress import progress_by_run, progress_of, took
from jobsportal.web.addresses import is_partial
from jobsportal.web.errors import refused
from jobsportal.web.streaming import csv_passed_on

# Longer than planning a run once more may take: meanwhile a second click plans nothing.
CLAIM_SECONDS = 120

RunView = Callable[[PortalRequest, UUID], HttpResponseBase]


def posted(view: RunView) -> RunView:
    """A view that takes a form of a run's page. Asked for by its address, as after signing in again, it leads there."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def answer(request: PortalRequest, key: UUID) -> HttpResponseBase:
        return view(request, key) if request.method == "POST" else redirect("runs:run", key)

    return answer


@require_safe
def run_list(request: PortalRequest) -> HttpResponse:
    """GET /runs/: one's own runs. Upstream: nothing."""
    page = Paginator(pages.listed_for(request.person), pages.RUNS_SHOWN).get_page(request.GET.get("page", "1"))
    progress = progress_by_run(page.object_list)
    rows = [{"run": run, "title": pages.title_of(run), "progress": progress[run.pk]} for run in page]
    return render(request, "runs/list.html", {"page": page, "rows": rows})


@require_safe
def run(request: PortalRequest, key: UUID) -> HttpResponseBase:
    """GET /runs/{key}/: the plan, the progress, or what became of it. Upstream: the names of the shown tasks, where
    they are not cached; for somebody else's run, one's roles."""
    found = pages.seen_by(request.person, key)
    if is_distribution_plan(found):
        return redirect("distribute:plan", key)
    if found.status == DRAFT:
        return show_plan(request, found)
    if is_partial(request, "run"):
        return show_progress(request, found) if found.is_live else HttpResponseClientRefresh()
    return show_run(request, found)


def is_distribution_plan(run: Run) -> bool:
    """Whether its plan is edited on a page of its own."""
    return run.status == DRAFT and run.kind == DISTRIBUTE and run.retries_id is None


def show_plan(
    request: PortalRequest, run: Run, status: int = 200, form: ConfirmForm | None = None, **more: Any
) -> HttpResponse:
    counts = pages.verdicts_of(run)
    kinds = pages.verdict_names(run)
    shown = pages.tabs(kinds, counts, request.GET.get("show", ""))
    verdict = next((kinds[tab.name][0] for tab in shown if tab.is_current), "")
    context = table(request, run, "show", shown, {"verdict": verdict}) | run_context(request, run)
    context |= {"counts": counts, "extent": pages.extent_of(run), **more}
    if run.kind == DELETE:
        context["form"] = form or confirmation(run)
    return render(request, "runs/plan.html", context, status=status)


def confirmation(run: Run, data: Any = None) -> ConfirmForm:
    jobs = pages.extent_of(run).jobs
    return ConfirmForm(data, words=f"delete {jobs} job{'' if jobs == 1 else 's'}")


def show_progress(request: PortalRequest, run: Run) -> HttpResponse:
    return render(request, "runs/_progress.html", run_context(request, run) | {"progress": progress_of(run)})


def show_run(request: PortalRequest, run: Run) -> HttpResponse:
    progress, kinds, chosen = progress_of(run), pages.outcome_names(run), request.GET.get("outcome", "")
    shown = pages.tabs(kinds, progress.counts, chosen)
    context = run_context(request, run) | {"progress": progress, "took": took(run)}
    if chosen in kinds or not run.is_live:
        outcome = next((kinds[tab.name][0] for tab in shown if tab.is_current), "")
        context |= table(request, run, "outcome", shown, {"outcome": outcome})
    if not run.is_live:
        context |= {"may_be_undone": may_be_undone(run), "is_stopped": run.status == STOPPED}
        context["undone"] = undone_already(request.person, run)
    return render(request, "runs/run.html", context)


def run_context(request: PortalRequest, run: Run) -> dict[str, Any]:
    return {
        "run": run,
        "title": pages.title_of(run),
        "is_own": run.person_id == request.person.id,
        "poll": round(1000 * settings.POLL_SECONDS),
    }


def table(request: PortalRequest, run: Run, name: str, shown: list[pages.Tab], rule: dict[str, str]) -> dict[str, Any]:
    """One of the lists within a page; `name` is what the address calls the choice between them."""
    page = pages.page_of(run.items.filter(**rule), request.GET.get("page", "1"))
    lines = pages.lines_of(request.person, run, list(page))
    return {
        "tabs": shown,
        "tab_name": name,
        "page": page,
        "lines": lines,
        # A column that says nothing of any shown job is left out.
        "goes": run.kind == DELETE and run.status == DRAFT,
        "changes": any(line.changes for line in lines),
        "reasons": any(line.item.words or line.item.why for line in lines),
    }


@posted
def begin(request: PortalRequest, key: UUID) -> HttpResponseBase:
    """POST /runs/{key}/begin: hand a plan to the workers. Upstream: nothing."""
    found = pages.own(request.person, key)
    if found.status != DRAFT or is_distribution_plan(found):
        return redirect("runs:run", key)
    if found.kind == DELETE:
        form = confirmation(found, request.POST)
        if not form.is_valid():
            return show_plan(request, found, status=422, form=form)
    return begun(request, found)


def begun(request: PortalRequest, run: Run) -> HttpResponseBase:
    """The page of a run that has begun; or its plan, and why it has not."""
    if not pages.extent_of(run).jobs:
        return show_plan(request, run, status=422, is_void=True)
    try:
        plans.begin(request.person, run)
    except NoWorker:
        return show_plan(request, run, status=503, is_without_worker=True)
    except NotThis:
        pass  # a second click: the first has begun it
    return redirect("runs:run", run.key)


@posted
def stop(request: PortalRequest, key: UUID) -> HttpResponseBase:
    """POST /runs/{key}/stop: end it after what is under way. Upstream: nothing."""
    found = pages.own(request.person, key)
    if found.is_live:
        plans.stop(found)
    return redirect("runs:run", key)


@posted
def again_view(request: PortalRequest, key: UUID) -> HttpResponseBase:
    """POST /runs/{key}/again: try what failed, was refused or is left once more. Upstream: see `again.again`."""
    found, outcome = pages.own(request.person, key), request.POST.get("outcome", "")
    if outcome not in AGAIN or found.status == DRAFT:
        raise Http404("There is nothing of that kind to try again.")
    if found.is_live or not found.items.filter(outcome=AGAIN[outcome]).exists():
        return redirect("runs:run", key)
    claim = f"run-again:{found.pk}"
    if not cache.add(claim, True, CLAIM_SECONDS):
        return redirect("runs:run", key)
    try:
        if running := under_way_again(request.person, found):
            return redirect("runs:run", running.key)
        new = again(request.person, found, outcome)
        return redirect("runs:run", new.key) if is_looked_at(found, outcome) else begun(request, new)
    finally:
        cache.delete(claim)


@posted
def undo(request: PortalRequest, key: UUID) -> HttpResponseBase:
    """POST /runs/{key}/undo: take a run back, under one's own credential. Upstream: nothing."""
    found = pages.seen_by(request.person, key)
    try:
        with transaction.atomic():
            Run.objects.select_for_update().get(pk=found.pk)  # a second click waits, and finds the first one's undo
            made = undone_already(request.person, found)
            if made is None and may_be_undone(found):
                made = undo_run(request.person, found)
    except NotThis:
        words = "The record of what this run changed is not there, so the portal can’t tell what to give back."
        return refused(request, "This can’t be taken back", words, 422)
    if made is None:
        return redirect("runs:run", key)
    return begun(request, made) if made.status == DRAFT else redirect("runs:run", made.key)


@require_safe
def outcomes(request: PortalRequest, key: UUID) -> HttpResponseBase:
    """GET /runs/{key}/outcomes.csv: every item with what became of it. Upstream: nothing."""
    found = pages.seen_by(request.person, key)
    return csv_passed_on(request, pages.outcome_lines(found), f"run-{found.key.hex[:8]}.csv")
