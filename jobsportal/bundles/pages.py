"""What the page of a bundle shows: how far it is, which parts are in it, what was left out and why."""

from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Count
from django.utils import timezone

from jobsportal.bundles.models import ASKED, EXCEL, LEFT_OUT, MADE, PREPARING, WAITING, ZIP, Bundle
from jobsportal.bundles.orders import progress_of

SHOWN = 50

# How addresses call the lists of parts, what is in them, and their headings.
LISTS = {
    "in": (MADE, "In the file"),
    "making": (ASKED, "Being made"),
    "waiting": (WAITING, "Waiting"),
    "out": (LEFT_OUT, "Not included"),
}


def context_of(bundle: Bundle) -> dict[str, Any]:
    """How it stands, without its parts."""
    counts = dict.fromkeys((MADE, ASKED, WAITING, LEFT_OUT), 0)
    counts |= dict(bundle.parts.order_by().values_list("status").annotate(Count("pk")))
    is_expired = bundle.expires is not None and bundle.expires <= timezone.now()
    is_preparing = bundle.status == PREPARING
    return {
        "bundle": bundle,
        "progress": progress_of([bundle])[bundle.pk],
        "counts": {"made": counts[MADE], "asked": counts[ASKED], "waiting": counts[WAITING], "out": counts[LEFT_OUT]},
        "state": "expired" if is_expired and not is_preparing else bundle.status,
        "is_zip": bundle.kind == ZIP,
        "is_preparing": is_preparing,
        "ends": "Excel" if bundle.kind == EXCEL else bundle.kind.upper(),
        "poll": round(1000 * settings.POLL_SECONDS),
        "statuses": counts,
    }


def parts_of(bundle: Bundle, statuses: dict[str, int], show: str, number: str) -> dict[str, Any]:
    """One page of one of the lists of parts: the one that was chosen, else the one that needs somebody, else the
    first."""
    if bundle.kind != ZIP:
        return {"tabs": [], "page": Paginator(bundle.parts.order_by("job_id"), SHOWN).get_page(number), "show": ""}
    present = [name for name, (status, _) in LISTS.items() if statuses[status] or name == show]
    preferred = ["out"] if bundle.status != PREPARING and "out" in present else present
    current = show if show in LISTS else next(iter(preferred), "in")
    tabs = [
        {"name": name, "title": LISTS[name][1], "count": statuses[LISTS[name][0]], "is_current": name == current}
        for name in present
    ]
    parts = bundle.parts.filter(status=LISTS[current][0]).order_by("position", "job_id")
    return {"tabs": tabs, "page": Paginator(parts, SHOWN).get_page(number), "show": current}
