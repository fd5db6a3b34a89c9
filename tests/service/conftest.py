"""The service layer is tested over real sockets: against the sandbox, or against a listener that misbehaves to order."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from jobsportal.cvat import Client, RetryPolicy, Timeouts, TokenCredential
from jobsportal.sandbox import Sandbox
from tests.service.wire import Answer, Listener

AT_ONCE = RetryPolicy(backoff=0.0)
NEVER_AGAIN = RetryPolicy(attempts=1)
PASSWORD = "annotate"


@pytest.fixture
def client_for(sandbox: Sandbox) -> Callable[..., Client]:
    """`client_for("alice")`: that person's view of the sandbox, within acme if nothing else is said."""

    def make(username: str = "alice", **options: Any) -> Client:
        options = {"organization": "acme", "retry": AT_ONCE, **options}
        return Client(sandbox.url, TokenCredential(sandbox.token(username)), **options)

    return make


@pytest.fixture
def client(client_for: Callable[..., Client]) -> Client:
    return client_for()


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """`listen(says)`: one more server, until the end of the test."""
    listeners: list[Listener] = []

    def start(says: bytes | Answer, **options: Any) -> Listener:
        listeners.append(Listener(says, **options))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.stop()


@pytest.fixture
def client_of() -> Callable[..., Client]:
    """`client_of(listener)`: a client of a listener, without patience."""

    def make(listener: Listener, **options: Any) -> Client:
        options = {"timeouts": Timeouts(2.0, 2.0, 5.0), "retry": NEVER_AGAIN, **options}
        return Client(listener.url, **{"credential": TokenCredential("s3cret-token"), **options})

    return make


def session_of(sandbox: Sandbox, username: str) -> tuple[str, str]:
    """Session id and CSRF token as a browser gets them."""
    credentials = {"username": username, "password": PASSWORD}
    headers = {"Accept": "application/vnd.cvat+json"}
    answer = requests.post(f"{sandbox.url}/api/auth/login", json=credentials, headers=headers, timeout=10)
    return answer.cookies["sessionid"], answer.cookies["csrftoken"]
