"""Which saved views a person has and may open, and the lists that they stand for."""

import unicodedata
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import Http404, QueryDict
from django.urls import reverse

from jobsportal.accounts.person import EVERYTHING, Person
from jobsportal.jobs.queries import ADDRESS_ORDER, PRESETS, FilterForm, JobQuery
from jobsportal.saved_views.models import SavedView

MOST_VIEWS = 200
MOST_SHARED_SHOWN = 500
MAX_QUERY = 8000
# Marks that turn the direction of what follows; letters that read from right to left are welcome.
TURNING = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
UNREADABLE = "\ufffd"
KEPT = (*(name for name in ADDRESS_ORDER if name != "page"), "columns", "density")


def own(person: Person) -> QuerySet[SavedView]:
    return SavedView.objects.filter(upstream=settings.CVAT_URL, person_id=person.id)


def visible(person: Person) -> QuerySet[SavedView]:
    """One's own, and what is shared in one's organizations; superusers belong to all of them, as they do upstream."""
    shared = Q(is_shared=True)
    if not person.is_superuser:
        shared &= Q(organization__in=[slug for _, slug, _ in person.organizations])
    return SavedView.objects.filter(Q(person_id=person.id) | shared, upstream=settings.CVAT_URL)


def find(person: Person, key: UUID) -> SavedView:
    """A view that this person may open. Raises Http404."""
    view = visible(person).filter(key=key).first()
    if view is None:
        raise Http404("This view isn’t there: it was deleted, or is not shared with you.")
    return view


def find_own(person: Person, key: UUID) -> SavedView:
    """A view that this person may change: only its owner may. Raises Http404."""
    view = own(person).filter(key=key).first()
    if view is None:
        raise Http404("There is no view of yours like this.")
    return view


def canonical(list_query: str) -> str:
    """The query string of a list as views keep it: without page and organization, in one order, nothing empty."""
    data = QueryDict(list_query.lstrip("?"))
    return urlencode([(name, data[name]) for name in dict.fromkeys(KEPT) if data.get(name)])


def organization_in(list_query: str, person: Person) -> str:
    """The organization that a list is about, as addresses carry it. Raises Http404 for one that is not the person's."""
    org = QueryDict(list_query.lstrip("?")).get("org", person.org)
    if org != person.org and not person.may_look_at(org):
        raise Http404("You do not belong to the organization that this list names.")
    return org


def is_readable(list_query: str) -> bool:
    return FilterForm(QueryDict(list_query.lstrip("?"))).is_valid()


def may_share(organization: str) -> bool:
    return organization not in ("", EVERYTHING)


def list_of(view: SavedView) -> str:
    """The query string of the list that the view opens."""
    return f"?{urlencode({'org': view.organization})}{'&' if view.query else ''}{view.query}"


def address_of(view: SavedView) -> str:
    return reverse("jobs:list") + list_of(view)


def shows_mine(list_query: str) -> bool:
    """Whether a list shows each person their own jobs."""
    return QueryDict(list_query.lstrip("?")).get("view") == "mine"


def in_words(list_query: str) -> str:
    """What a list shows, in a line."""
    form = FilterForm(QueryDict(list_query.lstrip("?")))
    if not form.is_valid():
        return "This list can’t be read any more. Open it to see what is wrong."
    query = JobQuery.of(form, "")
    parts = [PRESETS[query.view] if query.view else "", *(f"{one.label} {one.value}" for one in query.chips(form))]
    return " · ".join(part for part in parts if part) or "All jobs"


def is_safe_name(name: str) -> bool:
    """Whether a name can be read: something visible, and nothing that breaks the line or turns what follows it."""
    kinds = [unicodedata.category(char) for char in name]
    breaking = any(kind in ("Cc", "Cs", "Zl", "Zp") for kind in kinds) or bool((TURNING | {UNREADABLE}) & set(name))
    return not breaking and any(kind[0] not in "CZ" for kind in kinds)


@dataclass(frozen=True)
class Tab:
    """A view beside the presets."""

    view: SavedView
    list: str
    is_current: bool
    is_own: bool


def tabs_for(person: Person, list_query: str) -> list[Tab]:
    """One's own views and the shared ones of the organization that is looked at."""
    views = visible(person).filter(organization=person.org)
    now = canonical(list_query)
    return [Tab(view, list_of(view), view.query == now, view.person_id == person.id) for view in views]
