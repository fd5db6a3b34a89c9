"""What every template knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from jobsportal.web import toasts, upstream
from jobsportal.web.addresses import is_within_page, place_of

# Which entry of the main navigation a room's pages stand under.
SECTIONS = {
    "jobs": "jobs",
    "frames": "jobs",
    "annotations": "jobs",
    "ground_truth": "jobs",
    "runs": "activity",
    "activity:history": "jobs",
    "activity": "activity",
    "saved_views": "jobs",
    "distribute": "workload",
    "workload": "workload",
    "exports:export": "jobs",
    "exports": "downloads",
    "bundles": "downloads",
    "shares": "downloads",
}


def portal(request: HttpRequest) -> dict[str, Any]:
    """The signed-in person, the upstream's name, address and version, and the messages waiting for this page."""
    match = getattr(request, "resolver_match", None)
    return {
        "person": getattr(request, "person", None),
        "upstream_name": settings.CVAT_NAME,
        "upstream_url": settings.CVAT_PUBLIC_URL,
        "server": SimpleLazyObject(upstream.known),
        "place": place_of(request),
        "share_links": settings.SHARE_LINKS,
        "section": SECTIONS.get(match.view_name, SECTIONS.get(match.app_name, "")) if match else "",
        "toasts": [] if is_within_page(request) else toasts.taken(request),
    }
