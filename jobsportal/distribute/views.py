"""The pages on which jobs are handed out. Each view states what it asks of the upstream."""

from functools import partial
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from jobsportal.accounts.person import PortalRequest
from jobsportal.cvat import errors
from jobsportal.distribute import drafts, people
from jobsportal.distribute.drafts import Unplannable
from jobsportal.distribute.forms import PlanForm
from jobsportal.distribute.page import candidates_context, plan_context
from jobsportal.jobs import selection
from jobsportal.jobs.queries import FilterForm, JobQuery
from jobsportal.runs import plans
from jobsportal.runs.models import DISTRIBUTE, DRAFT, Item, Run
from jobsportal.web.addresses import is_partial, whole_number

METHODS = ["GET", "HEAD", "POST"]
NO_WORKER = (
    "No worker is there to carry runs out. Nothing was handed out, and the plan is kept. "
    "Tell whoever runs the portal, then try again."
)
STARTS = {"view=unassigned": "that nobody has", "view=review": "to review"}


@require_http_methods(METHODS)
def create(request: PortalRequest) -> HttpResponseBase:
    """GET, POST /distribute/: take a selection of jobs to a plan.

    Upstream, POST: see `selection.jobs_of`. GET: jobs.list twice, side by side, for how many there are to begin with.
    """
    if request.method != "POST":
        return show_start(request)
    try:
        selected = selection.jobs_of(request.person, selection.selection_from(request.POST, request.person))
    except selection.OtherOrganization:
        words = "The jobs were chosen in another organization than the one you look at by now. Choose them again."
        return show_start(request, words, 422)
    except selection.NothingSelected:
        return show_start(request, "No job was chosen, or none is left of those.", 422)
    except selection.TooMany as error:
        return show_start(request, f"{error} Narrow the list down.", 422)
    if not selected.jobs:
        return show_start(request, "The chosen jobs are gone, or not visible to you.", 422)
    run = drafts.start(request.person, selected.jobs)
    return redirect(place_of_plan(run, missing=len(selected.missing)))


def show_start(request: PortalRequest, problem: str = "", status: int = 200) -> HttpResponse:
    """How to choose jobs; a selection that came in the address, as after signing in again, is offered once more."""
    queries = [query_of(request, text) for text in STARTS]
    calls = [
        partial(request.person.client.jobs.list, **{**query.params(request.person), "page_size": 1})
        for query in queries
    ]
    counts = [page.count for page in selection.in_groups(calls)]
    starts = [
        {"query": text, "words": words, "count": count, "href": query.query()}
        for (text, words), count, query in zip(STARTS.items(), counts, queries, strict=True)
    ]
    again = [(name, value) for name in ("all", "query", "jobs", "job") for value in request.GET.getlist(name)]
    context = {"starts": starts, "again": again, "problem": problem}
    return render(request, "distribute/start.html", context, status=status)


def query_of(request: PortalRequest, text: str) -> JobQuery:
    name, value = text.split("=")
    form = FilterForm({name: value})
    form.is_valid()
    return JobQuery.of(form, request.person.org)


def own_run(request: PortalRequest, key: UUID) -> Run:
    """The person's own plan. Other people's are not there."""
    run = plans.own_runs(request.person).filter(kind=DISTRIBUTE, key=key).first()
    if run is None:
        raise Http404("There is no such plan, or it is not yours. Plans that were not begun are deleted after a day.")
    return run


def place_of_plan(run: Run, fragment: str = "", **query: object) -> str:
    given = urlencode({name: value for name, value in query.items() if value})
    place = reverse("distribute:plan", args=[run.key])
    return place + (f"?{given}" if given else "") + (f"#{fragment}" if fragment else "")


@require_http_methods(METHODS)
def plan(request: PortalRequest, key: UUID) -> HttpResponseBase:
    """GET, POST /distribute/{key}/: choose people and a method, and look at the plan.

    Upstream, GET: users.list (and users by id for those chosen elsewhere) per organization of the jobs; names of tasks
    where they are not cached. POST: see `drafts.make`, `people.found` and `people.who_worked`.
    """
    run = own_run(request, key)
    if run.status != DRAFT:
        return redirect("runs:run", run.key)
    if request.method == "POST":
        return save(request, run)
    form = PlanForm(choice=run.wanted["choice"])
    if is_partial(request, "people-list"):
        form.read_people(request.GET)
        return render(request, "distribute/_people.html", candidates_context(request, run, form))
    return show_plan(request, run, form)


def show_plan(request: PortalRequest, run: Run, form: PlanForm, problem: str = "", status: int = 200) -> HttpResponse:
    context = candidates_context(request, run, form) | plan_context(request, run) | {"form": form, "problem": problem}
    return render(request, "distribute/plan.html", context, status=status)


def save(request: PortalRequest, run: Run) -> HttpResponseBase:
    """Keep what was chosen, then do what the button says. What was chosen stays, whatever the upstream answers."""
    form = PlanForm(request.POST)
    if not form.is_valid():
        return show_plan(request, run, form, status=422)
    try:
        drafts.keep_choice(run, form.choice)
        step = request.POST.get("step", "plan")
        if step == "plan":
            drafts.make(request.person, run)
            return redirect(place_of_plan(run, "plan"))
        if step in ADDERS:
            drafts.keep_choice(run, {**form.choice, "ticked": ADDERS[step](request, run, form)})
    except Unplannable as error:
        form.add_error(None, str(error))
        return show_plan(request, run, form, status=422)
    except plans.NotThis:
        return redirect("runs:run", run.key)
    return redirect(place_of_plan(run, "people", q=request.POST.get("q", "")[:150].replace("\0", "")))


def all_members(request: PortalRequest, run: Run, form: PlanForm) -> list[int]:
    members, more = people.found(request.person, drafts.organizations_of(run))
    return added(form, [member.id for member in members], more)


def who_worked(request: PortalRequest, run: Run, form: PlanForm) -> list[int]:
    person = request.person.within(run.organization)
    ids = people.who_worked(person, list(run.items.values_list("about", flat=True)))
    members = people.by_ids(person, drafts.organizations_of(run), ids)
    if not members:
        raise Unplannable("Nobody who is still there has worked on this yet.")
    return added(form, [member.id for member in members])


def added(form: PlanForm, ids: list[int], more: int = 0) -> list[int]:
    together = sorted({*form.ticked, *ids})
    if more or len(together) > people.MAX_PEOPLE:
        raise Unplannable(f"They are more than the {people.MAX_PEOPLE} that one plan takes. Choose among them.")
    return together


ADDERS = {"members": all_members, "worked": who_worked, "clear": lambda request, run, form: []}


@require_http_methods(METHODS)
def move(request: PortalRequest, key: UUID) -> HttpResponseBase:
    """POST /distribute/{key}/move: plan one job for somebody else, or for nobody. Asks nothing of the upstream."""
    run = own_run(request, key)
    if request.method != "POST":
        return redirect("distribute:plan", run.key)
    job_id = whole_number(request.POST.get("job", ""), digits=9)
    chosen = request.POST.get("person", "")
    person_id = whole_number(chosen, digits=9)
    if job_id is None or (person_id is None and chosen):
        raise errors.Invalid(detail="A job and a person are named by their numbers.")
    try:
        drafts.move(run, job_id, person_id)
    except Item.DoesNotExist:
        raise Http404("This job is not part of the plan.") from None
    except Unplannable as error:
        raise errors.Invalid(detail=str(error)) from None
    except plans.NotThis:
        return redirect("runs:run", run.key)
    if request.htmx:
        return render(request, "distribute/_balance.html", plan_context(request, run, with_rows=False))
    shown = {name: request.POST[name] for name in ("show", "page") if request.POST.get(name)}
    return redirect(place_of_plan(run, "plan", **shown))


@require_http_methods(METHODS)
def begin(request: PortalRequest, key: UUID) -> HttpResponseBase:
    """POST /distribute/{key}/begin: hand the jobs out, as a run. Asks nothing of the upstream; the run does."""
    run = own_run(request, key)
    if request.method != "POST":
        return redirect("distribute:plan", run.key)
    form = PlanForm(choice=run.wanted["choice"])
    try:
        drafts.begin(request.person, run, request.POST.get("version"))
    except plans.NotThis:
        pass  # a second click: the run tells how it goes
    except plans.NoWorker:
        return show_plan(request, run, form, NO_WORKER, 503)
    except Unplannable as error:
        return show_plan(request, run, form, str(error), 422)
    return redirect("runs:run", run.key)
