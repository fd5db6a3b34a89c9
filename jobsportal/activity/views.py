"""The pages of the record. Each view states what it asks of the upstream."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from jobsportal.accounts.person import Person, PortalRequest
from jobsportal.accounts.roles import LEADERS, role_in_current
from jobsportal.activity import spreadsheet
from jobsportal.activity.access import of_job, seen_here
from jobsportal.activity.entries import page_of
from jobsportal.activity.queries import FilterForm, RecordQuery
from jobsportal.jobs.views import job_context
from jobsportal.web.addresses import is_partial, whole_number
from jobsportal.web.streaming import csv_passed_on


@require_safe
def activity_list(request: PortalRequest) -> HttpResponse:
    """GET /activity/: what was changed through the portal, newest first. Upstream: memberships.list and the names of
    tasks, where they are not cached."""
    form = FilterForm(request.GET)
    is_valid = form.is_valid()
    query = RecordQuery.of(form, request.person.org)
    address = reverse("activity:list") + query.here
    context: dict[str, Any] = {"form": form, "query": query, "chips": query.chips(form), "address": address}
    context["sees"] = sees(request.person)
    if is_valid:
        context |= page_of(request.person, query.among(seen_here(request.person)), query.given.get("before"))
        context |= paging(reverse("activity:list"), query.query, query.given.get("before"), context["older"])
    else:
        unseen = " ".join(form.unseen_errors)
        context["problem"] = f"The changes can't be filtered like this. {unseen or 'Change what is marked.'}"
    template = "activity/_results.html" if is_partial(request, "changes") else "activity/list.html"
    return render(request, template, context, status=200 if is_valid else 422)


def paging(place: str, query: Callable[..., str], before: int | None, older: int | None) -> dict[str, str]:
    """The addresses of the first page, unless this is it, and of the next."""
    return {
        "newest_url": place + query() if before else "",
        "older_url": place + query(before=older) if older else "",
    }


def sees(person: Person) -> str:
    """Whose changes the page shows, in words. Upstream: as `role_in_current`."""
    if person.is_superuser:
        return "Everybody’s changes."
    if role_in_current(person) in LEADERS:
        return f"Everybody’s changes in {person.organization_name}, as you lead it."
    if person.organization is None:
        return "Your changes, and everybody’s in organizations that you lead."
    return "Your own changes. Whoever leads an organization sees all of them there."


@require_safe
def activity_csv(request: PortalRequest) -> HttpResponseBase:
    """GET /activity/changes.csv: what the filters find, as a file. Upstream: memberships.list if it is not cached."""
    form = FilterForm(request.GET)
    if not form.is_valid():
        return redirect(f"{reverse('activity:list')}?{request.GET.urlencode()}")
    records = RecordQuery.of(form, request.person.org).among(seen_here(request.person))
    return csv_passed_on(request, spreadsheet.lines(records), f"changes-{datetime.now(UTC):%Y-%m-%d}.csv")


@require_safe
def history(request: PortalRequest, job_id: int) -> HttpResponse:
    """GET /jobs/{id}/history/: what was done to a job through the portal, by whomever. Upstream: jobs.retrieve, which
    decides whether one sees it; the names."""
    job = request.person.client.jobs.retrieve(job_id)
    before = whole_number(request.GET.get("before", ""))
    place = reverse("activity:history", args=[job_id])
    context = page_of(request.person, of_job(job_id), before)
    context["address"] = f"{place}?before={before}" if before else place
    context |= paging(place, lambda before=None: f"?before={before}" if before else "", before, context["older"])
    if is_partial(request, "changes"):
        return render(request, "activity/_history.html", context | {"job": job})
    return render(request, "activity/history.html", job_context(request, job) | context | {"tab": "history"})
