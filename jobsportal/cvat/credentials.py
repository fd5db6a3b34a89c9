"""Who a client speaks as: one class for each way the API knows. None shows its secret in a repr, an error or a log.

Anonymous               nobody
BasicCredential         user name and password with every call
TokenCredential         the token that signing in answers with; works in every generation
SessionCredential       a browser's session: its id and its CSRF token
SignatureCredential     `?sign=`: one address, opened for whoever holds the signature
AccessTokenCredential   a personal access token (servers from 2.48 on), sent as Bearer
"""

import hashlib
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Protocol


class Credential(Protocol):
    """What a client needs of a credential. To write another kind, these are enough."""

    @property
    def headers(self) -> dict[str, str]:
        """The request headers that carry it."""

    @property
    def params(self) -> dict[str, str]:
        """The query parameters that carry it."""

    @property
    def needs_origin(self) -> bool:
        """Whether what changes something has to name the server itself as its Origin."""

    @property
    def may_be_read_only(self) -> bool:
        """Whether a change may be refused because of it, whoever the person is."""

    @property
    def fingerprint(self) -> str:
        """A name for caches that must not mix people: equal for equal credentials, useless to sign in with."""


class Kept:
    """What most credentials have in common: they travel in headers alone."""

    needs_origin = False
    may_be_read_only = False

    @property
    def headers(self) -> dict[str, str]:
        return {}

    @property
    def params(self) -> dict[str, str]:
        return {}

    @property
    def fingerprint(self) -> str:
        told = [type(self).__name__, *self.headers.values(), *self.params.values()]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Anonymous(Kept):
    """Nobody: enough to sign in and to ask what kind of server this is."""


@dataclass(frozen=True)
class BasicCredential(Kept):
    """User name and password, with every call. Prefer a token: it can be taken back without a new password."""

    username: str
    password: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        pair = f"{self.username}:{self.password}".encode()
        return {"Authorization": f"Basic {b64encode(pair).decode()}"}


@dataclass(frozen=True)
class TokenCredential(Kept):
    """The token that `POST /api/auth/login` answers with, sent as `Authorization: Token …`."""

    token: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Token {self.token}"}


@dataclass(frozen=True)
class AccessTokenCredential(Kept):
    """A personal access token, sent as `Authorization: Bearer …`. It may be read-only, and may expire."""

    token: str = field(repr=False)
    may_be_read_only = True

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class SessionCredential(Kept):
    """A session as browsers have it. Without the CSRF token, and the server's own Origin, it may only read."""

    session_id: str = field(repr=False)
    csrf_token: str = field(repr=False)
    needs_origin = True

    @property
    def headers(self) -> dict[str, str]:
        cookie = f"sessionid={self.session_id}; csrftoken={self.csrf_token}"
        return {"Cookie": cookie, "X-CSRFToken": self.csrf_token}


@dataclass(frozen=True)
class SignatureCredential(Kept):
    """A signature in the address, made by `POST /api/auth/signing` for one address; it opens that and nothing else."""

    signature: str = field(repr=False)

    @property
    def params(self) -> dict[str, str]:
        return {"sign": self.signature}
