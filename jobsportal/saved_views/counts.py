"""How many jobs a list finds: one row is asked for, and the upstream's count of all of them kept for a short time."""

import hashlib
from urllib.parse import urlencode

from django.conf import settings
from django.core.cache import cache
from django.http import QueryDict

from jobsportal.accounts.person import Person
from jobsportal.jobs.queries import FilterForm, JobQuery

# How a list is shown does not change what it finds.
LOOKS = ("org", "sort", "page", "page_size", "columns", "density")


def looking_at(person: Person, org: str) -> Person | None:
    """The person within an organization, as addresses carry it; None for one that is not theirs."""
    if org == person.org:
        return person
    if not (person.is_superuser or person.may_look_at(org)):
        return None
    return person.within(org)


def count(person: Person, list_query: str) -> int | None:
    """How many jobs the list with this query string finds; None for one that can't be read or is not for this person.

    Upstream: jobs.list with page_size=1, once in WORKLOAD_CACHE_SECONDS. Raises CVATError.
    """
    data = QueryDict(list_query.lstrip("?"))
    looker = looking_at(person, data.get("org", person.org))
    form = FilterForm(data)
    if looker is None or not form.is_valid():
        return None
    params = JobQuery.of(form, looker.org).params(looker) | {"page": 1, "page_size": 1}
    key = key_of(looker, data)
    known: int | None = cache.get(key)
    if known is None:
        known = looker.client.jobs.list(**params).count
        cache.set(key, known, settings.WORKLOAD_CACHE_SECONDS)
    return known


def known_count(person: Person, list_query: str) -> int | None:
    """The count that is still kept, without asking."""
    data = QueryDict(list_query.lstrip("?"))
    looker = looking_at(person, data.get("org", person.org))
    return cache.get(key_of(looker, data)) if looker else None


def key_of(person: Person, data: QueryDict) -> str:
    finding = sorted((name, data[name]) for name in data if name not in LOOKS and data[name])
    return f"count:{person.cache_scope}:{hashlib.sha256(urlencode(finding).encode()).hexdigest()[:32]}"
