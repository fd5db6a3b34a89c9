"""Addresses that a request brings along, and what HTMX asks for."""

from typing import Any

from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

MAX_PLACE = 2000


def own_place(place: str, otherwise: str) -> str:
    """A place within the portal, whatever the request says; otherwise another."""
    is_own = (
        place.startswith("/") and url_has_allowed_host_and_scheme(place, allowed_hosts=None) and place.isprintable()
    )
    return place if is_own else otherwise


def whole_number(text: str, *, digits: int = 18) -> int | None:
    """The number that a part of an address or a form is, of at most so many digits; None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= digits else None


def is_partial(request: Any, target: str) -> bool:
    """Whether HTMX asks for just this part of the page."""
    return bool(request.htmx) and request.htmx.target == target and not request.htmx.history_restore_request


def place_of(request: Any) -> str:
    """The address of the page that a request comes from or asks for, within the portal.

    "/" where it can't be read, or is too long to be carried along in other addresses.
    """
    try:
        place = request.htmx.current_url_abs_path if getattr(request, "htmx", None) else request.get_full_path()
    except ValueError:
        place = ""
    return place if place and len(place) <= MAX_PLACE else "/"


def is_within_page(request: Any) -> bool:
    """Whether the answer goes into a page that stands: HTMX asks, and not for a whole page."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.boosted and not htmx.history_restore_request
