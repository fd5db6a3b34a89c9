"""Turns a failure of the upstream into words a person can act on: a page, a panel or a toast, with the right status."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect, reswap

from jobsportal.cvat import errors
from jobsportal.web import toasts
from jobsportal.web.addresses import is_within_page, own_place, place_of
from jobsportal.web.logs import current_request_id

logger = logging.getLogger(__name__)

MAX_KEPT = 1500

# Addresses that only take something: there is no form to come back to.
WITHOUT_PAGE = (
    "jobs:undo",
    "jobs:usual",
    "jobs:csv",
    "jobs:excel",
    "runs:stop",
    "runs:again",
    "runs:undo",
    "exports:again",
    "exports:cancel",
    "bundles:stop",
    "bundles:again",
    "bundles:remove",
    "looking:look",
    "shares:share",  # what was typed may be a password
    "shares:revoke",
    "accounts:organization",
)

# The parts of pages that have room for a failure to be told in; elsewhere a toast tells it and the page stays.
PANELS = ("counts",)

# What the upstream says to everybody it refuses: it adds nothing.
STOCK_WORDS = ("You do not have permission to perform this action.", "Not found.")


@dataclass(frozen=True)
class Told:
    """What a kind of failure is called, what is said about it, and the status it is answered with."""

    status: int
    title: str
    words: str


def told(error: errors.CVATError) -> Told:
    """The words for a failure; `{cvat}` is the upstream's configured name."""
    if is_own(error):
        return OWN
    for kind, telling in TELLINGS:
        if isinstance(error, kind):
            name = settings.CVAT_NAME
            return Told(telling.status, telling.title.format(cvat=name), telling.words.format(cvat=name))
    raise TypeError(f"no words for {type(error).__name__}")


def is_own(error: errors.CVATError) -> bool:
    """Whether the portal refuses this itself: the upstream was not asked, so nothing is put into its mouth."""
    return isinstance(error, errors.Invalid) and error.status is None


OWN = Told(422, "This can’t be done", "Nothing was changed.")

# The first that fits counts, so the narrower ones come first.
TELLINGS: list[tuple[type[errors.CVATError], Told]] = [
    (errors.TimedOut, Told(504, "{cvat} takes too long", "It did not answer in time. Try again in a moment.")),
    (
        errors.Unreachable,
        Told(502, "{cvat} can't be reached", "The connection failed or broke. Try again in a moment."),
    ),
    (errors.SignedOut, Told(401, "You are signed out", "{cvat} no longer accepts your sign-in. Sign in to go on.")),
    (errors.Forbidden, Told(403, "You may not do this", "Whoever leads the task or the organization can.")),
    (errors.NotFound, Told(404, "It isn't there", "It may have been deleted, or is not visible to you.")),
    (errors.Conflict, Told(409, "Somebody was first", "The same thing is already being done.")),
    (errors.Invalid, Told(422, "{cvat} does not accept this", "Nothing was changed.")),
    (errors.Busy, Told(503, "{cvat} is busy", "It asks to come back a little later. Nothing was changed.")),
    (errors.Unsupported, Told(501, "{cvat} can't do this", "This version of the server does not offer it.")),
    (
        errors.TooLarge,
        Told(502, "This is too much at once", "The answer is larger than the portal will hold. Export it."),
    ),
    (
        errors.ServerFault,
        Told(502, "{cvat} failed", "It reports an error of its own. Try again, or tell its administrator."),
    ),
    (
        errors.BrokenAnswer,
        Told(502, "{cvat} answers strangely", "What came back can't be understood. Check its address."),
    ),
]


def in_words(error: errors.CVATError) -> str:
    """A failure in one line: what happened, and the upstream's own words where it has any worth showing."""
    telling = "" if said(error) else told(error).words
    return " ".join(part for part in (in_brief(error), telling, hint(error)) if part)


def in_brief(error: errors.CVATError) -> str:
    """The same without what to do next, for where that is being done already."""
    return " ".join(part for part in (f"{told(error).title}.", said(error)) if part)


def hint(error: errors.CVATError) -> str:
    """What else it may be due to."""
    return "The access token that you signed in with may be read-only." if error.may_be_read_only else ""


def said(error: errors.CVATError) -> str:
    """The upstream's own words, for those failures where they help."""
    if not isinstance(error, errors.Invalid | errors.Conflict | errors.Forbidden | errors.Busy):
        return ""
    fields = "; ".join(f"{name}: {' '.join(words)}" for name, words in error.fields.items())
    return "; ".join(part for part in (error.detail, fields) if part and part not in STOCK_WORDS)


def titled(request: Any, error: errors.CVATError, title: str) -> str:
    """The title, naming the job that the address is about where it is the job that isn't there."""
    job_id = request.resolver_match.kwargs.get("job_id") if request.resolver_match else None
    return f"Job {job_id} isn’t there" if job_id and isinstance(error, errors.NotFound) else title


class UpstreamErrorMiddleware:
    """Answers for views that let a CVATError pass."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and request.method == "GET":
            words = "This address only takes what a form sends. Nothing was changed."
            return refused(request, "There is nothing to see here", words, 405)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        return response_for(request, exception) if isinstance(exception, errors.CVATError) else None


def response_for(request: Any, error: errors.CVATError) -> HttpResponseBase:
    """The answer to a request that failed upstream."""
    logger.warning("%s (upstream request %s)", error, error.request_id or "-")
    if isinstance(error, errors.SignedOut):
        return signed_out(request)
    telling = told(error)
    own = said(error) if is_own(error) else ""
    context = {
        "title": titled(request, error, telling.title),
        "words": " ".join(part for part in (own, telling.words, hint(error)) if part),
        "said": "" if own else said(error),
        "reference": current_request_id.get(),
        # Trying again may help with the server's troubles, not with its refusals.
        "is_passing": telling.status >= 500,
        "back": back_to_form(request),
    }
    if not is_within_page(request):
        response = render(request, "web/error.html", context, status=telling.status)
    elif request.method == "GET" and request.htmx.target in PANELS:
        response = render(request, "web/_error.html", context, status=telling.status)
    else:
        response = toast_only(in_words(error), telling.status)
    if error.retry_after:
        response["Retry-After"] = str(int(error.retry_after))
    return response


def refused(request: Any, title: str, words: str, status: int, **more: Any) -> HttpResponse:
    """A page that says why there is no page; to HTMX only the words, so that the page it stands in stays."""
    if is_within_page(request):
        return toast_only(f"{title}. {words}", status)
    return render(request, "web/error.html", {"title": title, "words": words, **more}, status=status)


def toast_only(words: str, status: int, *, href: str = "", link: str = "") -> HttpResponse:
    """An answer to HTMX that leaves the page as it is, typed text included, and says what went wrong."""
    response = reswap(HttpResponse(status=status), "none")
    response["HX-Push-Url"] = "false"
    return toasts.on_response(response, toasts.Toast(words, kind="problem", href=href, link=link))


def signed_out(request: Any) -> HttpResponseBase:
    """Forget the credential and ask to sign in, without losing the place or what was typed there."""
    request.session.flush()
    if is_within_page(request) and request.method != "GET":
        # The form stays on the page as it was typed; signing in happens beside it.
        return toast_only(
            "You are signed out, and this was not saved. Sign in there, then save again here.",
            401,
            href=reverse("accounts:sign_in"),
            link="Sign in in a new tab",
        )
    place = place_of(request)
    if request.method == "POST":
        has_form = request.resolver_match.view_name not in WITHOUT_PAGE
        place = f"{request.path}?{kept(request)}" if has_form else own_place(request.POST.get("next", ""), "/")
    target = f"{reverse('accounts:sign_in')}?{urlencode({'next': place, 'reason': 'signed-out'})}"
    if is_within_page(request):
        response: HttpResponseBase = HttpResponseClientRedirect(target)
        response.status_code = 401
        return response
    return render(
        request, "web/signed_out.html", {"sign_in_url": target, "was_sent": request.method == "POST"}, status=401
    )


def back_to_form(request: Any) -> str:
    """The form that was sent, filled in as it was; "" where there is none, or too much was typed for an address."""
    has_form = request.method == "POST" and request.resolver_match.view_name not in WITHOUT_PAGE
    return f"{request.path}?{kept(request)}" if has_form and kept(request) else ""


def kept(request: HttpRequest) -> str:
    """What was typed, as a query for the same form: it fills itself from there after signing in."""
    typed = [(name, value) for name, value in request.POST.items() if name != "csrfmiddlewaretoken"]
    query = urlencode(typed)
    return query if len(query) <= MAX_KEPT else ""
