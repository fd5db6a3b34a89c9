"""Short messages about what just happened, with an undo where there is one.

HTMX answers carry them as an event that `static/js/toasts.js` shows; a redirect keeps them for the next page.
"""

from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.text import Truncator
from django_htmx.http import trigger_client_event

SESSION_KEY = "toasts"
MAX_WORDS = 400


@dataclass(frozen=True)
class Toast:
    """`kind` is "done", "problem" or "note"; `undo` is the key of the recorded change to `job` that it takes back.

    With `action`, an address within the portal, undoing asks that one, and `undo` is what it wants to be sent; only a
    page that is loaded shows it."""

    words: str
    kind: str = "done"
    undo: str = ""
    job: int = 0
    href: str = ""
    link: str = ""
    action: str = ""


def on_response(response: HttpResponse, toast: Toast) -> HttpResponse:
    """The answer with the message in a header, which proxies and browsers only take up to a size."""
    words = Truncator(toast.words).chars(MAX_WORDS)
    return trigger_client_event(response, "toast", asdict(toast) | {"words": words})


def on_next_page(request: HttpRequest, toast: Toast) -> None:
    request.session[SESSION_KEY] = [*request.session.get(SESSION_KEY, []), asdict(toast)][-5:]


def taken(request: HttpRequest) -> list[dict[str, Any]]:
    """The messages waiting for this page, which are then forgotten."""
    session = getattr(request, "session", None)
    return session.pop(SESSION_KEY, []) if session is not None and SESSION_KEY in session else []
