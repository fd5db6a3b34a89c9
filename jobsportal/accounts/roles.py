"""What a person is in their organizations: owner, maintainer, supervisor or worker."""

from django.conf import settings
from django.core.cache import cache

from jobsportal.accounts.person import Person, client_for
from jobsportal.cvat.errors import CVATError

LEADERS = ("owner", "maintainer")


def roles_of(person: Person) -> dict[int, str]:
    """The person's role in each organization, by its id; empty where it can't be found out now.

    Upstream: memberships.list once in NAMES_CACHE_SECONDS and credential.
    """
    key = f"roles:{settings.CVAT_URL}:{person.credential.fingerprint}"
    known: dict[int, str] | None = cache.get(key)
    if known is not None:
        return known
    try:
        client = client_for(person.credential, None, person.address)
        found = client.memberships.list(user=person.username, page_size=200)
    except CVATError:
        return {}
    roles = {one.organization: one.role for one in found if one.organization and one.user.id == person.id}
    cache.set(key, roles, settings.NAMES_CACHE_SECONDS)
    return roles


def led_by(person: Person) -> list[int]:
    """The organizations that this person leads: all that happens there is theirs to see."""
    return [id for id, role in roles_of(person).items() if role in LEADERS]


def role_in_current(person: Person) -> str:
    """The person's role in the organization that is looked at; empty for personal things and everywhere."""
    current = next((id for id, slug, _ in person.organizations if slug == person.organization), None)
    return roles_of(person).get(current, "") if current is not None else ""
