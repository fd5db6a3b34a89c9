"""Somebody as a record keeps them, for what is done in their name while they are away."""

from typing import Any, Protocol

from jobsportal.accounts.person import EVERYTHING, Person
from jobsportal.accounts.sealing import unseal_credential


class Kept(Protocol):
    """What a record holds of the person it belongs to. `organization` is as addresses carry it."""

    @property
    def person_id(self) -> int: ...
    @property
    def username(self) -> str: ...
    @property
    def organization(self) -> str: ...
    @property
    def organizations(self) -> Any: ...
    @property
    def sealed(self) -> str: ...


def person_of(kept: Kept) -> Person | None:
    """Whoever it belongs to, with what was sealed for it; None if that is gone or can't be read."""
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
