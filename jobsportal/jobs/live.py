"""Rows that are on somebody's screen, as they are by now."""

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobsportal.accounts.person import EVERYTHING, Person, PortalRequest
from jobsportal.cvat import errors
from jobsportal.jobs import columns
from jobsportal.jobs.rows import rows_for
from jobsportal.jobs.selection import IDS_PER_CALL, by_ids
from jobsportal.web.addresses import whole_number


@require_safe
def rows(request: PortalRequest) -> HttpResponse:
    """GET /jobs/rows?ids=1,2&seen=…,…&within=acme: those rows that differ from what was seen, and which jobs are gone.

    `within` is the organization of the list, which need not be the one that another tab has switched to since.
    Upstream: jobs.list for these ids; names where they are not cached.
    """
    seen = marks(request.GET.get("ids", ""), request.GET.get("seen", ""))
    person = within(request.person, request.GET.get("within", request.person.org))
    found = rows_for(person, by_ids(person, seen)) if seen else []
    moved = [row for row in found if row.mark != seen[row.job.id]]
    gone = sorted(set(seen) - {row.job.id for row in found})
    context = {"rows": moved, "gone": gone, "person": person, "shown": columns.shown_behind(request)}
    return render(request, "jobs/_live.html", context)


def marks(ids: str, seen: str) -> dict[int, str]:
    """What was seen of each job. Raises Invalid for what no list sends."""
    numbers = [whole_number(text, digits=9) for text in ids.split(",")] if ids else []
    texts = seen.split(",") if ids else []
    if None in numbers or len(numbers) > IDS_PER_CALL or len(texts) != len(numbers):
        raise errors.Invalid(detail="Rows are asked for by their numbers, with what was seen of each.")
    return {number: text for number, text in zip(numbers, texts, strict=True) if number is not None}


def within(person: Person, org: str) -> Person:
    """The person in one of their organizations, without switching their other pages to it."""
    if not person.may_look_at(org):
        raise errors.NotFound(detail="You do not belong to this organization.")
    return replace(person, organization=None if org == EVERYTHING else org)
