"""A person whose credential was kept for work that goes on without them."""

from typing import Any

from django.db import models

from jobsportal.accounts.person import EVERYTHING, Person
from jobsportal.accounts.sealing import seal_credential, unseal_credential


class Kept(models.Model):
    """Something of a person's of one upstream, with what it takes to go on in their name.

    `organization` is the one that was looked at, as addresses carry it. `sealed` is the person's credential, empty once
    it isn't needed any more; `organizations` goes with it.
    """

    upstream = models.CharField(max_length=500)
    person_id = models.BigIntegerField()
    username = models.CharField(max_length=150)
    organization = models.CharField(max_length=64, blank=True)
    organizations = models.JSONField(default=list)
    sealed = models.TextField(blank=True)

    class Meta:
        abstract = True


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
