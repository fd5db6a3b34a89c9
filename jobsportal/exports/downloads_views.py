"""The list of one's downloads: exports of the upstream's and bundles of jobs, how they stand, and what can be done."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from jobsportal.accounts.person import Person, PortalRequest
from jobsportal.annotations.backups import REASONS, newest_backups
from jobsportal.cvat import errors
from jobsportal.cvat.types import Page, Request
from jobsportal.exports import news
from jobsportal.exports.bundle_items import BundleItem, bundle_items, parts_among
from jobsportal.exports.items import Item, items_for, key_of
from jobsportal.web.addresses import is_partial
from jobsportal.web.errors import in_words, told
from jobsportal.web.polling import pace, stage_of_waiting

SHOWN = 50
# Where parts of bundles stand among one's exports, so many are read to find those that are not.
MOST_READ = 1000
BACKUPS = 10

Found = Page[Request] | errors.CVATError
Shown = Item | BundleItem


@require_safe
def downloads(request: PortalRequest) -> HttpResponse:
    """GET /downloads/: one's own exports and bundles, newest first. Upstream: requests.list (once more, where parts of
    bundles are among them), then names and a few sizes that are not cached."""
    person = request.person
    bundles = bundle_items(person, request.GET.get("new", ""))
    found, hidden = own_exports(person, bundles)
    context = listed(request, found, bundles=bundles, hidden=hidden)
    is_part = is_partial(request, "downloads")
    if not is_part or "looked" in request.GET:  # a list that asks by itself may do so for a tab that nobody sees
        news.seen(person, (item.id for item in context["items"] if item.state != "preparing"))
    news.follow(person, (item.bundle for item in bundles))
    if is_part:
        return show_list(request, context)
    context["backups"] = [(one, REASONS.get(one.why, one.why)) for one in newest_backups(person, BACKUPS)]
    status = told(found).status if isinstance(found, errors.CVATError) else 200
    return render(request, "exports/downloads.html", context, status=status)


@require_safe
def look_for_news(request: PortalRequest) -> JsonResponse:
    """GET /downloads/news: what this person asked for and has not looked at since, for the script that tells it.

    `waiting` is how much is still under way, `pace` in how many milliseconds to ask again. Upstream:
    requests.retrieve of what is waited for."""
    found = news.looked(request.person)
    since = max((one.since for one in found.waiting), default=None)
    over = [{"mark": one.mark, "state": one.state, "words": one.words} for one in found.over]
    return JsonResponse({"waiting": len(found.waiting), "ready": found.ready, "over": over, "pace": pace(since)})


def own_exports(person: Person, bundles: list[BundleItem]) -> tuple[Found, int]:
    """The newest exports that are no parts of bundles, and how many there are beside them."""
    call = partial(person.client.requests.list, action="export")
    found = listing(partial(call, page_size=SHOWN))
    if isinstance(found, errors.CVATError):
        return found, 0
    parts = parts_among(bundles, [one.id for one in found])
    if parts and found.has_next:
        found = listing(partial(call, page_size=min(found.count, MOST_READ)))
        if isinstance(found, errors.CVATError):
            return found, 0
        parts = parts_among(bundles, [one.id for one in found])
    own = [one for one in found if one.id not in parts]
    return Page(count=found.count - len(parts), results=own[:SHOWN]), max(0, len(own) - SHOWN)


def show_list(request: PortalRequest, context: dict[str, Any]) -> HttpResponse:
    """The list for a page that shows it already: nothing, where nothing has changed."""
    if request.GET.get("seen") == context["stamp"]:
        return HttpResponse(status=204)
    return render(request, "exports/_list.html", context)


def listing(call: Callable[[], Page[Request]]) -> Found:
    """The list, or why there is none; being signed out is never told in place."""
    try:
        return call()
    except errors.SignedOut:
        raise
    except errors.CVATError as error:
        return error


def listed(
    request: PortalRequest,
    found: Any,
    job_id: int | None = None,
    bundles: list[BundleItem] | None = None,
    hidden: int = 0,
) -> dict[str, Any]:
    """The list by groups, how it goes on asking, and what has become ready since the page last asked."""
    place = reverse("exports:export", args=[job_id]) if job_id is not None else reverse("exports:downloads")
    new, watched = request.GET.get("new", ""), [key for key in request.GET.get("watched", "").split(",") if key]
    again = f"{place}?{urlencode({'new': new})}" if new else place
    shared: dict[str, Any] = {"list_url": again, "is_part": job_id is not None}
    if isinstance(found, errors.SignedOut):
        raise found
    problem = in_words(found) if isinstance(found, errors.CVATError) else ""
    exports: list[Item] = [] if problem else items_for(request.person, found, new)
    items = newest_first([*exports, *(bundles or [])])
    preparing = [item for item in items if item.state == "preparing"]
    youngest = max((item.asked for item in preparing if item.asked), default=None)
    standing = problem + " ".join(item.standing for item in items)
    asked = watched if problem else [item.key for item in preparing]
    return {
        "list_problem": problem,
        "items": items,
        "standing": standing_in_words(items),
        "groups": groups(items),
        "hidden": 0 if problem else hidden or max(0, found.count - len(exports)),
        "news": [item for item in items if item.key in watched and item.state != "preparing"],
        **asking(place, asked, new, standing, youngest),
        **shared,
    }


def newest_first(items: list[Shown]) -> list[Shown]:
    return sorted(items, key=lambda item: item.asked.timestamp() if item.asked else 0.0, reverse=True)


def standing_in_words(items: list[Shown]) -> str:
    """For the title of the page, such as "(1 ready) ": seen in a tab that is not looked at."""
    ready = sum(item.state == "ready" for item in items)
    words = [f"{ready} ready"] if ready else []
    words += ["preparing"] if any(item.state == "preparing" for item in items) else []
    return f"({', '.join(words)}) " if words else ""


def asking(place: str, watched: list[str], new: str, standing: str, since: datetime | None) -> dict[str, Any]:
    """How the list goes on asking while something is prepared. `stamp` stands for all that it shows now."""
    stamp = key_of(f"{standing} {stage_of_waiting(since)}")
    query = urlencode({"watched": ",".join(watched), "new": new, "seen": stamp})
    return {"poll_url": f"{place}?{query}" if watched else "", "pace": pace(since), "stamp": stamp}


def groups(items: list[Shown]) -> list[tuple[str, str, list[Shown]]]:
    """What is on its way, what is there, what failed, and what was there."""
    states = [
        ("preparing", "Preparing", ["preparing"]),
        ("ready", "Ready", ["ready", "written"]),
        ("failed", "Failed", ["failed"]),
        ("expired", "Expired", ["expired"]),
        ("stopped", "Stopped", ["stopped"]),
    ]
    found = [(key, title, [item for item in items if item.state in wanted]) for key, title, wanted in states]
    return [group for group in found if group[2]]
