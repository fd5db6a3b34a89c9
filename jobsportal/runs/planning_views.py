"""From a selection to a plan."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from jobsportal.accounts.person import Person, PortalRequest
from jobsportal.cvat import errors
from jobsportal.jobs.selection import NothingSelected, OtherOrganization, Selection, TooMany, jobs_of, selection_from
from jobsportal.runs import plans
from jobsportal.runs.forms import FIELDS, WishForm, prefilled
from jobsportal.runs.models import CHANGE, DELETE, Run
from jobsportal.runs.wishes import Wish, deletion_of, planned_for
from jobsportal.web.errors import in_words, told


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: PortalRequest) -> HttpResponseBase:
    """GET, POST /runs/new: what to change in the chosen jobs; with `plan` or `delete`, the plan of it.

    GET takes up a form that was lost on the way, after signing in again. Upstream: jobs.list (one row) to count what a
    list finds. Planning: see `selection.jobs_of`, `WishForm.wish` and `wishes.planned_for`.
    """
    data = request.POST if request.method == "POST" else request.GET
    if request.method != "POST" and ("job" in data or "delete" in data or not ("jobs" in data or "all" in data)):
        return redirect("jobs:list")
    try:
        selection = selection_from(data, request.person)
        if request.method == "POST" and data.get("delete"):
            return planned_deletion(request, selection)
        if request.method == "POST" and data.get("plan"):
            return planned_change(request, selection)
        return show_form(request, selection, prefilled(data), count_of(request.person, selection))
    except (NothingSelected, TooMany) as problem:
        return not_chosen(request, data, problem)


def count_of(person: Person, selection: Selection) -> int:
    """How many jobs are chosen. Raises NothingSelected, TooMany. Upstream: jobs.list for one row, for a list."""
    if selection.query is None:
        return len(selection.ids)
    count = person.client.jobs.list(**{**selection.query.params(person), "page": 1, "page_size": 1}).count
    if not count:
        raise NothingSelected
    if count > settings.RUN_MAX_JOBS:
        raise TooMany(count)
    return count


def planned_deletion(request: PortalRequest, selection: Selection) -> HttpResponseBase:
    if any(request.POST.get(name) for name in FIELDS):
        raise errors.Invalid(detail="A job is changed or deleted, not both.")
    planned = planned_for(request.person, jobs_of(request.person, selection), Wish(delete=True))
    return to(plans.draft(request.person, DELETE, deletion_of(planned), planned))


def planned_change(request: PortalRequest, selection: Selection) -> HttpResponseBase:
    """The plan of what the form says; or the form once more, with all that was typed, and what is wrong."""
    form = WishForm(request.POST)
    if not form.is_valid():
        return show_form(request, selection, form, count_of(request.person, selection), status=422)
    status = 422
    try:
        selected = jobs_of(request.person, selection)
        if wish := form.wish(request.person, selected.jobs):
            planned = planned_for(request.person, selected, wish)
            return to(plans.draft(request.person, CHANGE, wish.stored(), planned))
        return show_form(request, selection, form, len(selected.jobs) + len(selected.missing), status)
    except errors.SignedOut:
        raise
    except errors.CVATError as error:
        form.add_error(None, f"Nothing was planned. {in_words(error)}")
        status = told(error).status
    return show_form(request, selection, form, len(selection.ids), status)


def to(run: Run) -> HttpResponse:
    return redirect("runs:run", run.key)


def show_form(
    request: PortalRequest, selection: Selection, form: WishForm, count: int, status: int = 200
) -> HttpResponse:
    """`count` is 0 where it could not be found out."""
    context: dict[str, Any] = {"form": form, "count": count, "people_url": people_url(request.person)}
    if selection.query is None:
        context["kept"] = {"jobs": ",".join(map(str, selection.ids))}
    else:
        context["kept"] = {"all": "1", "query": selection.query.query()}
    return render(request, "runs/new.html", context, status=status)


def people_url(person: Person) -> str:
    """Where suggestions for an assignee come from: the organization that is looked at, whose jobs they are."""
    within = next((id for id, slug, _ in person.organizations if slug == person.organization), "")
    return reverse("jobs:people") + ("" if person.organization is None else f"?within={within}")


def not_chosen(request: PortalRequest, data: QueryDict, problem: Exception) -> HttpResponse:
    """Why there is nothing to plan, and the way back to the list."""
    query = data.get("query", "").lstrip("?") if data.get("all") else ""
    context: dict[str, Any] = {"back": reverse("jobs:list") + (f"?{query}" if query else ""), "is_query": bool(query)}
    if isinstance(problem, TooMany):
        context |= {"title": f"{problem.count:,} jobs are too many at once", "words": f"{problem} Narrow the filter."}
    elif isinstance(problem, OtherOrganization):
        context |= {
            "title": "You look at another organization by now",
            "words": "The jobs were chosen in another one. Go back to that list and choose them again.",
        }
    elif data.get("all"):
        context |= {"title": "No job matches", "words": "The filter finds nothing any more. Change it, or clear it."}
    else:
        context |= {"title": "No job is chosen", "words": "Tick the jobs in the list, or choose all that match."}
    return render(request, "runs/not_chosen.html", context, status=422)
