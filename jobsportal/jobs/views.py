"""The jobs list and the page of one job. Each view states what it asks of the upstream."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from jobsportal.accounts.person import PortalRequest
from jobsportal.cvat import errors
from jobsportal.cvat.types import Job
from jobsportal.jobs import spreadsheet
from jobsportal.jobs.names import names_for
from jobsportal.jobs.queries import PRESETS, FilterForm, JobQuery
from jobsportal.jobs.rows import Row, row_for, rows_for
from jobsportal.web.addresses import is_partial
from jobsportal.web.errors import in_words
from jobsportal.web.streaming import csv_passed_on

PEOPLE_SHOWN = 30


@require_safe
def job_list(request: PortalRequest) -> HttpResponseBase:
    """GET /jobs/. Upstream: jobs.list, then tasks and projects by id where their names are not cached."""
    form = FilterForm(request.GET)
    is_valid = form.is_valid()
    query = JobQuery.of(form, request.person.org)
    context: dict[str, Any] = {"form": form, "query": query, "presets": presets(query), "chips": query.chips(form)}
    context["view_name"] = PRESETS.get(query.view, "")
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


def presets(query: JobQuery) -> list[dict[str, Any]]:
    fresh = JobQuery({name: query.given[name] for name in ("sort", "page_size") if name in query.given}, query.org)
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


@require_safe
def job_csv(request: PortalRequest) -> HttpResponseBase:
    """GET /jobs/list.csv: what the filter finds, as a file. Upstream: jobs.list per 500 jobs, names as they turn up."""
    form = FilterForm(request.GET)
    if not form.is_valid():
        return redirect(f"{reverse('jobs:list')}?{request.GET.urlencode()}")
    query = JobQuery.of(form, request.person.org)
    params = spreadsheet.params_of(request.person, query)
    lines = spreadsheet.lines(request.person, params, spreadsheet.page_of(request.person, params, 1))
    return csv_passed_on(request, lines, f"jobs-{query.view or 'list'}-{datetime.now(UTC):%Y-%m-%d}.csv")


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


def job_context(request: PortalRequest, job: Job) -> dict[str, Any]:
    """What the head of every page about a job needs. Upstream: the names, where they are not cached."""
    row: Row = row_for(job, names_for(request.person, [job]))
    tracker = job.bug_tracker or ""
    return {
        "row": row,
        "job": job,
        "cvat_url": f"{settings.CVAT_PUBLIC_URL}/tasks/{job.task_id}/jobs/{job.id}",
        "bug_tracker": tracker if tracker.lower().startswith(("http://", "https://")) else "",
    }


@require_safe
def preview(request: PortalRequest, job_id: int) -> HttpResponse:
    """GET /jobs/{id}/preview: a small picture, kept by this person's browser. Upstream: jobs.retrieve_preview."""
    raw = request.person.client.jobs.retrieve_preview(job_id)
    response = HttpResponse(raw.content, content_type=raw.content_type)
    response["Cache-Control"] = "private, max-age=3600"
    response["X-Content-Type-Options"] = "nosniff"
    return response
