"""The jobs list, the same as a file, and suggestions for its filters. Each view states what it asks of the upstream."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobsportal.accounts.person import PortalRequest
from jobsportal.cvat import errors
from jobsportal.jobs import columns, spreadsheet
from jobsportal.jobs.queries import PRESETS, FilterForm, JobQuery
from jobsportal.jobs.rows import rows_for
from jobsportal.jobs.selection import NothingSelected, Selection, TooMany, selection_from
from jobsportal.web import tables, toasts
from jobsportal.web.addresses import is_partial, own_place
from jobsportal.web.errors import in_words, refused
from jobsportal.web.streaming import Transfer, csv_passed_on

PEOPLE_SHOWN = 30


@require_safe
def job_list(request: PortalRequest) -> HttpResponseBase:
    """GET /jobs/. Upstream: jobs.list, then tasks and projects by id where their names are not cached."""
    form = FilterForm(request.GET)
    is_valid = form.is_valid()
    query = JobQuery.of(form, request.person.org)
    context = context_of(request, form, query)
    status = 200
    if is_valid:
        try:
            page = request.person.client.jobs.list(**query.params(request.person))
            context |= {"page": page, "rows": rows_for(request.person, page), "taken_at": datetime.now(UTC)}
            context |= paging(query, page.count, len(page)) | {"wider": None if page.count else query.wider}
        except errors.NotFound as error:
            if query.page == 1:
                raise
            context["problem"] = f"There is no page {query.page:,} here."
            status = error.status or 404
        except errors.Invalid as error:
            context["problem"] = in_words(error)
            status = 422
    else:
        unseen = " ".join(form.unseen_errors)
        context["problem"] = f"The list can't be filtered like this. {unseen or 'Change what is marked.'}"
        status = 422
    return render(
        request, "jobs/_results.html" if is_partial(request, "results") else "jobs/list.html", context, status=status
    )


def context_of(request: PortalRequest, form: FilterForm, query: JobQuery) -> dict[str, Any]:
    """What the page knows before the upstream is asked."""
    given = query.given
    return {
        "form": form,
        "query": query,
        "presets": presets(query),
        "chips": query.chips(form),
        "view_name": PRESETS.get(query.view, ""),
        "shown": columns.shown_to(request.person, given.get("columns", ""), given.get("density", "")),
        "densities": columns.DENSITIES,
        "live_seconds": settings.LIVE_SECONDS,
    }


def presets(query: JobQuery) -> list[dict[str, Any]]:
    fresh = JobQuery(query.manner, query.org)
    return [
        {"name": name, "href": fresh.query(view=view), "current": query.view == view} for view, name in PRESETS.items()
    ]


def paging(query: JobQuery, count: int, shown: int) -> dict[str, Any]:
    first = (query.page - 1) * query.page_size + 1
    last_page = max(1, -(-count // query.page_size))
    return {
        "first": first,
        "last": first + shown - 1,
        "previous_page": query.query(page=query.page - 1) if query.page > 1 else "",
        "next_page": query.query(page=query.page + 1) if query.page < last_page else "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
def job_csv(request: PortalRequest) -> HttpResponseBase:
    """GET /jobs/list.csv: what the filter finds, as a file; POST: what was selected.

    Upstream: see `spreadsheet.rows`."""
    chosen = chosen_by(request)
    if isinstance(chosen, HttpResponseBase):
        return chosen
    found = spreadsheet.rows(request.person, chosen)
    return csv_passed_on(request, spreadsheet.lines(found), f"{file_name(chosen)}.csv")


@require_http_methods(["GET", "HEAD", "POST"])
def job_excel(request: PortalRequest) -> HttpResponseBase:
    """GET, POST /jobs/list.xlsx: the same for Excel, up to a million rows. Upstream: see `spreadsheet.rows`."""
    chosen = chosen_by(request)
    if isinstance(chosen, HttpResponseBase):
        return chosen
    found = spreadsheet.rows(request.person, chosen)
    # Writing a long one holds a thread, as a transfer does.
    place = Transfer(())
    try:
        cells = (spreadsheet.cells(row) for row in found)
        return tables.excel("Jobs", spreadsheet.COLUMNS, cells, f"{file_name(chosen)}.xlsx")
    finally:
        place.close()


def chosen_by(request: PortalRequest) -> Selection | HttpResponseBase:
    """The jobs that a file is to hold; an answer where none can be made."""
    if request.method == "POST":
        try:
            return selection_from(request.POST, request.person)
        except NothingSelected:
            return refused(request, "No job is selected", "Tick jobs in the list first.", 422)
        except TooMany as error:
            return refused(request, "Too many jobs are selected", str(error), 422)
    if "jobs" in request.GET:
        # A selection that came back by signing in again, which may not be whole: never a file of everything instead.
        return redirect("jobs:list")
    form = FilterForm(request.GET)
    if not form.is_valid():
        return redirect(f"{reverse('jobs:list')}?{request.GET.urlencode()}")
    return Selection(query=JobQuery.of(form, request.person.org))


def file_name(chosen: Selection) -> str:
    kind = (chosen.query.view or "list") if chosen.query else "selected"
    return f"jobs-{kind}-{datetime.now(UTC):%Y-%m-%d}"


@require_POST
def keep_usual(request: PortalRequest) -> HttpResponseBase:
    """POST /jobs/usual: keep columns and density as the person's usual ones; without any, the portal's. No upstream
    call."""
    form = FilterForm(request.POST)
    form.is_valid()
    if "columns" in form.errors or "density" in form.errors:
        raise errors.Invalid(detail=" ".join(form.unseen_errors))
    columns.keep(request.person, form.cleaned_data["columns"], form.cleaned_data["density"])
    words = "Your list is shown like this from now on." if form.cleaned_data["columns"] else "The list is as it was."
    toasts.on_next_page(request, toasts.Toast(words))
    return redirect(own_place(request.POST.get("next", ""), reverse("jobs:list")))


@require_safe
def people(request: PortalRequest) -> HttpResponse:
    """GET /jobs/people?assignee=&within=: suggestions for a field that takes a user name. Upstream: users.list.

    `within` is the id of the organization of the job that somebody is looked for, empty for a personal job.
    """
    within = request.GET.get("within")
    client = request.person.client
    if within is not None:
        client = request.person.client_within(int(within) if within.isdecimal() and len(within) < 10 else None)
    typed = (request.GET.get("assignee") or "")[:150].replace("\0", "")
    found = client.users.list(search=typed or None, page_size=PEOPLE_SHOWN, is_active=True)
    return render(request, "jobs/_options.html", {"options": [(user.username, user.name) for user in found]})


@require_safe
def suggestions(request: PortalRequest, kind: str) -> HttpResponse:
    """GET /jobs/suggestions/{kind}: whole names for a field that takes one. Upstream: tasks.list or projects.list."""
    client = request.person.client
    sources: dict[str, Any] = {"task": client.tasks.list, "project": client.projects.list}
    if kind not in sources:
        raise Http404("There is nothing to suggest for this.")
    typed = request.GET.get(f"{kind}_name", "")[:256].replace("\0", "")
    found = sources[kind](search=typed or None, page_size=PEOPLE_SHOWN)
    return render(request, "jobs/_options.html", {"options": [(one.name, "") for one in found]})
