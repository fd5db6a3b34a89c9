"""The signed-in person, as kept in the session, and their way upstream."""

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from jobsportal.accounts.sealing import Signed, seal_credential, unseal_credential
from jobsportal.cvat import Client, Credential, RetryPolicy, Timeouts, new_session
from jobsportal.cvat.client import MIB
from jobsportal.cvat.credentials import Anonymous
from jobsportal.cvat.types import Job, Organization, User
from jobsportal.web.logs import current_request_id

SESSION_KEY = "person"
EVERYTHING = "*"


@dataclass(frozen=True)
class Membership:
    """An organization as the switch shows it. `value` is what its address carries: a slug, "" or "*"."""

    value: str
    name: str


@dataclass
class Person:
    """Who the upstream says is signed in. `organization`: a slug, "" for personal things only, None for everything."""

    id: int
    username: str
    name: str
    credential: Signed = field(repr=False)
    organizations: list[tuple[int, str, str]] = field(default_factory=list)
    organization: str | None = None
    is_superuser: bool = False
    address: str = ""

    @property
    def org(self) -> str:
        """The current organization as addresses carry it."""
        return EVERYTHING if self.organization is None else self.organization

    @property
    def choices(self) -> list[Membership]:
        own = [Membership(slug, name or slug) for _, slug, name in self.organizations]
        return [*own, Membership("", "Personal"), Membership(EVERYTHING, "Everywhere")]

    @property
    def organization_name(self) -> str:
        return next((choice.name for choice in self.choices if choice.value == self.org), self.org)

    def may_look_at(self, org: str) -> bool:
        return any(choice.value == org for choice in self.choices)

    @cached_property
    def client(self) -> Client:
        """The upstream, spoken to as this person within the current organization."""
        return client_for(self.credential, self.organization, self.address)

    def within(self, org: str) -> "Person":
        """The same person, looking at an organization (as addresses carry it), whichever they look at now."""
        return replace(self, organization=None if org == EVERYTHING else org)

    def client_for(self, job: Job) -> Client:
        """The upstream within the job's own organization: who may be assigned depends on that, not on what is shown."""
        return self.client_within(job.organization)

    def client_within(self, organization_id: int | None) -> Client:
        """The upstream within the organization with this id, or among personal things (None).

        One that the person does not belong to, as a superuser may meet, is looked at as the current one is.
        """
        slug = next((slug for id, slug, _ in self.organizations if id == organization_id), None)
        if organization_id is not None and slug is None:
            return self.client
        return client_for(self.credential, slug or "", self.address)

    @property
    def cache_scope(self) -> str:
        """The part of a cache key that keeps people and organizations apart."""
        text = f"{settings.CVAT_URL} {self.credential.fingerprint} {self.org}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]


class PortalRequest(HttpRequest):
    """A request as views get it."""

    htmx: HtmxDetails
    person: Person


@lru_cache(maxsize=1)
def pool(ca_bundle: str) -> Any:
    return new_session(pool_size=64, verify=ca_bundle or True)


def client_for(credential: Credential | None = None, organization: str | None = None, address: str = "") -> Client:
    """A client of the configured upstream."""
    return Client(
        settings.CVAT_URL,
        credential or Anonymous(),
        organization,
        timeouts=Timeouts(settings.CVAT_CONNECT_TIMEOUT, settings.CVAT_READ_TIMEOUT, settings.CVAT_TOTAL_TIMEOUT),
        retry=RetryPolicy(attempts=settings.CVAT_RETRIES + 1, retry_after_max=settings.CVAT_RETRY_AFTER_MAX),
        max_body=settings.CVAT_MAX_BODY_MIB * MIB,
        request_id=current_request_id.get().strip("-"),
        forwarded_for=address,
        session=pool(settings.CVAT_CA_BUNDLE),
    )


def remember(request: HttpRequest, user: User, credential: Signed, organizations: list[Organization]) -> None:
    """Keep who signed in, in a new session: one handed to them before is worth nothing, and what it held is gone."""
    request.session.flush()
    in_order = sorted(organizations, key=lambda organization: organization.slug)
    belongs_to = [(organization.id, organization.slug, organization.name) for organization in in_order]
    request.session[SESSION_KEY] = {
        "id": user.id,
        "username": user.username,
        "name": user.name,
        "sealed": seal_credential(credential),
        "organizations": belongs_to,
        # Without an organization the upstream shows only what is one's own, even to those who lead one.
        "organization": belongs_to[0][1] if belongs_to else None,
        "is_superuser": user.is_superuser,
    }


def recall(request: HttpRequest) -> Person | None:
    """The person this session belongs to."""
    kept = request.session.get(SESSION_KEY)
    try:
        if kept is None or (credential := unseal_credential(kept["sealed"])) is None:
            return None
        return Person(
            id=kept["id"],
            username=kept["username"],
            name=kept["name"],
            credential=credential,
            organizations=[(id, slug, name) for id, slug, name in kept["organizations"]],
            organization=kept["organization"],
            is_superuser=kept["is_superuser"],
            address=address_of(request),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        # Kept by another version of the portal: sign in again.
        return None


def look_at(request: HttpRequest, org: str) -> None:
    """Make an organization (as addresses carry it) the current one, for this person's following pages too."""
    kept = request.session[SESSION_KEY]
    kept["organization"] = None if org == EVERYTHING else org
    request.session[SESSION_KEY] = kept


def address_of(request: HttpRequest) -> str:
    """The person's address: the peer's, or what the nearest trusted proxies say."""
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    trusted = settings.TRUSTED_PROXIES
    address = forwarded[-trusted] if trusted and len(forwarded) >= trusted else request.META.get("REMOTE_ADDR", "")
    return address if address.isascii() and address.isprintable() and len(address) < 64 else ""
