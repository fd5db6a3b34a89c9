"""Signing in to the upstream, and out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobsportal.cvat.errors import BrokenAnswer, Invalid
from jobsportal.cvat.types import Token

if TYPE_CHECKING:
    from jobsportal.cvat.client import Client


class Auth:
    """`/api/auth`."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def login(self, username: str, password: str) -> str:
        """POST /api/auth/login: the person's API token.

        What looks like an e-mail address is tried as a user name first, since it may be one.
        Raises Invalid for a wrong name or password (the upstream answers 400, not 401) and Busy when it is throttled:
        100 anonymous calls a minute per address.
        """
        try:
            return self._login({"username": username, "password": password})
        except Invalid:
            if "@" not in username:
                raise
            return self._login({"email": username, "password": password})

    def _login(self, body: dict[str, str]) -> str:
        answer = self.client.send("POST", "/api/auth/login", Token, json=body)
        if not answer.key.isascii() or not answer.key.isprintable() or not answer.key:
            raise BrokenAnswer(detail="The server sent a token that can't be used.")
        return answer.key

    def sign(self, url: str) -> str:
        """POST /api/auth/signing: a signature for an address of the upstream, for a `SignatureCredential`. Raises
        ServerFault on the servers that were recorded: they fail at it."""
        return self.client.send("POST", "/api/auth/signing", str, json={"url": url})

    def logout(self) -> None:
        """POST /api/auth/logout: deletes the token, for everybody and every program that uses it."""
        self.client.fetch("POST", "/api/auth/logout")
