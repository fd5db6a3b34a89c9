"""What every answer to a visitor keeps to: it needs no account and uses nobody's, and it says nothing of the inside."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from jobsportal.accounts.middleware import public
from jobsportal.accounts.person import Person
from jobsportal.accounts.views import wait_in_words
from jobsportal.cvat import errors
from jobsportal.shares import files, grants, links, passwords
from jobsportal.shares.forms import PasswordForm
from jobsportal.shares.models import EXPIRED, REVOKED, USED_UP, Fetch, Share

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Visit:
    """Somebody at a link."""

    request: HttpRequest
    share: Share
    token: str

    def place(self, name: str = "visit") -> str:
        """The address of a page of this link."""
        return reverse(f"shares:{name}", args=[self.token])

    @property
    def once(self) -> UUID | None:
        """Tells a second click on the same button from another download."""
        return grants.key_in(self.request.POST.get("once", ""))

    @property
    def unused_grant(self) -> Fetch | None:
        """What this browser was granted and has not begun with."""
        return grants.unused(self.share, [self.once, grants.held_key(self.request)])

    @property
    def person(self) -> Person:
        """Whose file it is. Raises SignedOut."""
        return files.owner_of(self.share)


View = Callable[[Visit], HttpResponseBase]

HEADERS = {
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

# What is said of links that have ended. Whoever has such a link was given it, and knows that it was one.
ENDINGS = {
    REVOKED: ("This link was withdrawn", "Whoever shared the file has withdrawn it. Ask them for a new link."),
    EXPIRED: ("This link has expired", "Ask whoever shared the file for a new one."),
    USED_UP: ("This link is used up", "The file was downloaded as often as it was meant to be. Ask for a new link."),
}


def for_visitors(view: View) -> Callable[..., HttpResponseBase]:
    """A view of one link. Any that isn't known is answered as any other, whatever is asked of it.

    Forms here carry no CSRF token: browsers send what comes from a page without a referrer as from nowhere (`Origin:
    null`), which Django refuses; and there is nothing to forge, since no session takes part."""

    @public
    @csrf_exempt
    @wraps(view)
    def shown(request: HttpRequest, token: str = "") -> HttpResponseBase:
        share = links.find(token)
        if share is None:
            return quiet(no_such_link())
        visit = Visit(request, share, token)
        try:
            return quiet(admitted(view, visit))
        except errors.CVATError as error:
            return quiet(not_now(visit, error))

    return shown


def admitted(view: View, visit: Visit) -> HttpResponseBase:
    """The view's answer, where the link is open and its password, if any, was given."""
    share, request = visit.share, visit.request
    if not share.is_open:
        return ended(share.state)
    if share.state == USED_UP and grants.of(request, share) is None and visit.unused_grant is None:
        return ended(USED_UP)
    if not passwords.is_proven(request, share):
        return ask_for_password(visit)
    return view(visit)


def ask_for_password(visit: Visit) -> HttpResponseBase:
    """The password comes first: until it is there, nothing is said of the file."""
    if visit.request.method != "POST" or visit.request.path != visit.place():
        return password_page(visit, PasswordForm()) if visit.request.path == visit.place() else see(visit.place())
    form = PasswordForm(visit.request.POST)
    if not form.is_valid():
        return password_page(visit, form, 422)
    is_right = passwords.is_right(visit.request, visit.share, form.cleaned_data["password"])
    if is_right:
        response = see(visit.place())
        passwords.remember(response, visit.share, visit.place())
        return response
    if is_right is None:
        seconds = passwords.locked_for(visit.request, visit.share)
        form.add_error("password", f"Too many wrong passwords. Wait {wait_in_words(seconds)}, then try again.")
        response = password_page(visit, form, 429)
        response["Retry-After"] = str(int(seconds))
        return response
    form.add_error("password", "This is not the password. Capital letters matter.")
    return password_page(visit, form, 422)


def password_page(visit: Visit, form: PasswordForm, status: int = 200) -> HttpResponse:
    return page("shares/password.html", {"form": form, "place": visit.place(), "share": visit.share}, status)


def quiet(response: HttpResponseBase) -> HttpResponseBase:
    for name, value in HEADERS.items():
        response[name] = value
    return response


def see(place: str) -> HttpResponse:
    """Go on there."""
    return HttpResponse(status=303, headers={"Location": place})


def page(template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Rendered without what other pages know of the request: whoever may be signed in here, it is not about them."""
    return HttpResponse(render_to_string(template, context), status=status)


def plain(title: str, words: str, status: int, **more: Any) -> HttpResponse:
    return page("shares/plain.html", {"title": title, "words": words, **more}, status)


def no_such_link() -> HttpResponse:
    """One and the same for all that isn't a link."""
    return plain("There is no such link", "Check that the address is complete, or ask for a new link.", 404)


def ended(state: str) -> HttpResponse:
    title, words = ENDINGS[state]
    return plain(title, words, 410)


def gone() -> HttpResponse:
    words = "It was kept for a while and has gone since. Ask whoever shared it for a new link."
    return plain("The file is gone", words, 410)


def not_now(visit: Visit, error: errors.CVATError) -> HttpResponse:
    """Why the file can't be had: for good, or for now. What the server said is for the log."""
    logger.warning("link %s: %s (upstream request %s)", visit.share.key, error, error.request_id or "-")
    if isinstance(error, errors.SignedOut | errors.Forbidden):
        words = "Whoever shared the file can no longer reach it themselves. Ask them for a new link."
        return plain("This link no longer works", words, 410)
    status = 504 if isinstance(error, errors.TimedOut) else 503 if isinstance(error, errors.Busy) else 502
    words = (
        "The server that holds it does not answer as it should. Try again in a few minutes; "
        "what did not arrive does not count as a download."
    )
    response = plain("The file can’t be fetched now", words, status, again=visit.place())
    if error.retry_after:
        response["Retry-After"] = str(int(error.retry_after))
    return response
