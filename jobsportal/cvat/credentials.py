"""Who a client speaks as. Each class knows how its kind of credential travels; none shows it in a repr or a log.

Basic, session and signature credentials of the reference, and the newer access tokens, belong here too as soon as the
portal offers them; a class needs nothing but `headers`.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Protocol


class Credential(Protocol):
    """What a client needs of a credential."""

    @property
    def headers(self) -> dict[str, str]:
        """The request headers that carry it."""

    @property
    def fingerprint(self) -> str:
        """A name for caches that must not mix people: equal for equal credentials, useless to sign in with."""


@dataclass(frozen=True)
class Anonymous:
    """Nobody: enough to sign in and to ask what kind of server this is."""

    headers: dict[str, str] = field(default_factory=dict)
    fingerprint: str = "anonymous"


@dataclass(frozen=True)
class TokenCredential:
    """The token that `POST /api/auth/login` answers with, sent as `Authorization: Token …`."""

    token: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Token {self.token}"}

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.token.encode()).hexdigest()[:32]
