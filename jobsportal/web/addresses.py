"""Addresses that a request brings along, and what HTMX asks for."""

from typing import Any

from django.utils.http import url_has_allowed_host_and_scheme


def own_place(place: str, otherwise: str) -> str:
    """A place within the portal, whatever the request says; otherwise another."""
    is_own = (
        place.startswith("/") and url_has_allowed_host_and_scheme(place, allowed_hosts=None) and place.isprintable()
    )
    return place if is_own else otherwise


def is_partial(request: Any, target: str) -> bool:
    """Whether HTMX asks for just this part of the page."""
    return bool(request.htmx) and request.htmx.target == target and not request.htmx.history_restore_request
