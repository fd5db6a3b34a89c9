"""A person whose credential was kept for work that goes on without them."""

from typing import Any, Protocol

from jobsportal.accounts.person import EVERYTHING, Person
from jobsportal.accounts.sealing import seal_credential, unseal_credential


class Kept(Protocol):
    """What remembers a person: their credential `sealed`, empty once it isn't needed any more."""

    person_id: Any
    username: Any
    organization: Any
    organizations: Any
    sealed: Any


def person_of(kept: Kept) -> Person | None:
    """Whoever it was, with what was sealed for it; None if that is gone or can't be read."""
    credential = unseal_credential(kept.sealed) if kept.sealed else None
    if credential is None:
        return None
    return Person(
        id=kept.person_id,
        username=kept.username,
        name=kept.username,
        credential=credential,
        organizations=[(id, slug, name) for id, slug, name in kept.organizations],
        organization=None if kept.organization == EVERYTHING else kept.organization,
    )


def who(person: Person) -> dict[str, Any]:
    """The fields that say whose something is."""
    return {"person_id": person.id, "username": person.username, "organization": person.org}


def access(person: Person) -> dict[str, Any]:
    """The fields with which it goes on in that person's name, as long as it has to."""
    return {"sealed": seal_credential(person.credential), "organizations": person.organizations}
