"""What the steps to one's data share: what they ask, the way back, and what is said where there is nothing to get."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from jobsportal.accounts.person import Person, PortalRequest
from jobsportal.annotations.formats import formats_of
from jobsportal.cvat import errors
from jobsportal.cvat.types import Format
from jobsportal.exports.forms import PURPOSES as HOLDS
from jobsportal.exports.get_forms import FormatForm
from jobsportal.exports.get_lists import Look
from jobsportal.exports.get_purposes import OTHER, TABLE, TABLES, Offer, exportable, is_video, offers
from jobsportal.exports.get_subjects import Counts, Subject, counts_of
from jobsportal.exports.get_wishes import STEPS, Wish
from jobsportal.jobs.selection import NothingSelected, OtherOrganization, TooMany
from jobsportal.web.parallel import side_by_side


def asked_for(request: PortalRequest, data: Any, *more: Callable[[], Any]) -> Any:
    """What was said, how much that is, the formats for it, and what more calls answer, which may fail."""
    person = request.person
    wish = Wish.read(data, person)
    formats, *answers = side_by_side(partial(formats_of, person), *more)
    counts = counts_of(person, wish.subject)
    if isinstance(formats, errors.CVATError):
        raise formats
    for answer in answers:
        if isinstance(answer, errors.SignedOut):
            raise answer
    if not counts.of(wish.part):
        raise NothingSelected
    return wish, counts, exportable(formats, counts.sample), *answers


def purposes_page(
    request: PortalRequest,
    wish: Wish,
    counts: Counts,
    formats: list[Format],
    form: FormatForm | None,
    problem: str = "",
) -> HttpResponse:
    """The choice of a purpose or a format; with status 422 where what was chosen is told to be wrong."""
    person = request.person
    names = [format.name for format in formats]
    is_wrong = bool(problem) or (form is not None and not form.is_valid())
    context = about(person, wish, counts, 1) | {
        "offers": [
            {"offer": offer, "links": links_of(person, wish, offer)} for offer in offers(names, is_video(counts.sample))
        ],
        "form": form or FormatForm(formats=formats, initial={"format": wish.format}),
        "has_formats": bool(formats),
        "known_formats": [(name, words) for name, words in HOLDS.items() if name in names],
        "state": {**wish.subject.state(person), "part": wish.part},
        "is_own": wish.purpose == OTHER or is_wrong,
        "problem": problem,
    }
    return render(request, "exports/get_for.html", context, status=422 if is_wrong else 200)


def links_of(person: Person, wish: Wish, offer: Offer) -> list[tuple[str, str]]:
    """Where choosing a purpose leads: one place without a name, or several that are named; none where the server has
    nothing for it."""
    key = offer.purpose.key
    if key == TABLE:
        made = {"purpose": key, "format": "", "with_images": None}
        return [(title, wish.url(person, "exports:get_confirm", kind=kind, **made)) for kind, title in TABLES.items()]
    if key == OTHER:
        return [("", wish.url(person, "exports:get_for", purpose=key, format="") + "#own")]
    place = wish.url(person, "exports:get_images", purpose=key, format=offer.format)
    return [("", place)] if offer.format else []


def format_problem(wish: Wish, formats: Iterable[Format]) -> str:
    if wish.is_table or wish.format in {format.name for format in formats}:
        return ""
    named = f"The server does not export this as {wish.format}." if wish.format else "No format is chosen yet."
    return f"{named} Choose what you need it for."


def about(person: Person, wish: Wish, counts: Counts, step: int) -> dict[str, Any]:
    """What every step after the first shows: what is wanted, how much that is, and the way back."""
    return {
        "wish": wish,
        "counts": counts,
        "amount": wish.amount(counts),
        "steps": steps(person, wish, step),
    }


def steps(person: Person, wish: Wish | None, current: int) -> list[dict[str, Any]]:
    """The steps, with ways back to those that were done."""
    found = []
    for number, (name, title) in enumerate(STEPS):
        is_skipped = wish is not None and wish.is_table and name == "exports:get_images"
        href = ""
        if wish is not None and number < current and not is_skipped:
            href = wish.url(person, name) if number else back_to_what(person, wish.subject)
        found.append({"title": title, "href": href, "is_current": number == current, "is_skipped": is_skipped})
    return found


def back_to_what(person: Person, subject: Subject) -> str:
    if subject.is_whole_thing:
        return Look(subject.kind, person.org).url()
    return f"{reverse('exports:get')}?{urlencode({'org': person.org, **subject.state(person)})}"


def explained(request: PortalRequest, view: Callable[[PortalRequest], HttpResponseBase]) -> HttpResponseBase:
    """The view's answer, or why there is nothing to get."""
    try:
        return view(request)
    except OtherOrganization:
        title = "You look at another organization by now"
        words = "The jobs were chosen in another one. Go back to that list and choose them again."
    except NothingSelected:
        title, words = "There is nothing to get", "No job is in what you chose (any more). Choose something else."
    except TooMany as problem:
        title = f"{problem.count:,} jobs are too many at once"
        words = f"At most {settings.BUNDLE_MAX_JOBS:,} jobs can be had as one file. Narrow it down."
    return render(request, "exports/get_nothing.html", {"title": title, "words": words}, status=422)
