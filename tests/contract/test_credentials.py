"""The ways to say who one is. Nobody signs out: it would take the account's one token from all that use it."""

from __future__ import annotations

import json
import re
import uuid

import pytest

from jobsportal.cvat import BasicCredential, Client, SessionCredential, TokenCredential
from jobsportal.cvat.errors import Forbidden, SignedOut
from jobsportal.cvat.types import Job, User
from tests.contract.upstream import Upstream


@pytest.fixture
def password(upstream: Upstream) -> str:
    if upstream.token or not (upstream.username and upstream.password):
        pytest.skip("signed in by a token: no password is tried")
    upstream.be_gentle()
    return upstream.password


def test_credentials_by_token(upstream: Upstream, client: Client, me: User) -> None:
    assert isinstance(client.credential, TokenCredential)
    assert upstream.client(client.credential, organization=None).users.self() == me


def test_credentials_by_password_in_each_call(upstream: Upstream, me: User, password: str) -> None:
    basic = BasicCredential(upstream.username, password)
    assert upstream.client(basic, organization=None).users.self().id == me.id
    with pytest.raises(SignedOut):
        upstream.client(BasicCredential(f"nobody-{uuid.uuid4().hex}", "wrong")).users.self()


def test_credentials_by_password_give_the_same_token(
    upstream: Upstream, client: Client, password: str, anybody: Client
) -> None:
    assert anybody.auth.login(upstream.username, password) == client.credential.headers["Authorization"].split()[1]


@pytest.fixture
def session(upstream: Upstream, password: str, anybody: Client) -> SessionCredential:
    """The session that signing in gives as cookies; it ends by itself."""
    body = encoded({"username": upstream.username, "password": password})
    raw = anybody.fetch("POST", "/api/auth/login", data=body, headers={"Content-Type": "application/json"})
    cookies = next((value for name, value in raw.headers.items() if name.lower() == "set-cookie"), "")
    found = {name: re.search(rf"\b{name}=([A-Za-z0-9]+)", cookies) for name in ("sessionid", "csrftoken")}
    if not all(found.values()):
        pytest.skip("signing in gives no session here")
    return SessionCredential(found["sessionid"][1], found["csrftoken"][1])


def encoded(body: dict[str, str]) -> bytes:
    return json.dumps(body).encode()


def test_credentials_by_session_may_read_and_change(
    upstream: Upstream, session: SessionCredential, me: User, borrowed: Job
) -> None:
    client = upstream.client(session)
    assert client.users.self().id == me.id
    state = "rejected" if borrowed.state != "rejected" else "in progress"
    assert client.jobs.partial_update(borrowed.id, state=state).state == state


def test_credentials_by_session_change_nothing_without_their_other_half(
    upstream: Upstream, session: SessionCredential, borrowed: Job
) -> None:
    client = upstream.client(session)
    with pytest.raises(Forbidden) as caught:
        client.fetch(
            "PATCH",
            f"/api/jobs/{borrowed.id}",
            data=encoded({"state": borrowed.state}),
            headers={"Content-Type": "application/json", "X-CSRFToken": ""},
        )
    assert "CSRF" in caught.value.detail
