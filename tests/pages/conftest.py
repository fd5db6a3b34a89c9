"""Pages as Django serves them, in front of a real sandbox."""

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache
from django.core.management import call_command

from jobsportal.sandbox import Sandbox
from tests.checks import CheckedClient

SignIn = Callable[..., CheckedClient]


@pytest.fixture(scope="session", autouse=True)
def static_files() -> None:
    call_command("collectstatic", interactive=False, verbosity=0)


@pytest.fixture(autouse=True)
def upstream(sandbox: Sandbox, settings, db) -> Sandbox:
    """The configured upstream is the sandbox; failing connections are noticed at once."""
    settings.CVAT_URL = settings.CVAT_PUBLIC_URL = sandbox.url
    settings.CVAT_RETRIES = 0
    cache.clear()
    return sandbox


@pytest.fixture
def sign_in(upstream: Sandbox) -> SignIn:
    """`sign_in("alice")`: a client that is signed in, looking at an organization, and checks every page it gets."""

    def enter(username: str = "alice", org: str = "acme") -> CheckedClient:
        client = CheckedClient()
        answer = client.post("/sign-in", {"username": username, "password": "annotate"})
        assert answer.status_code == 302, answer.content.decode()
        client.post("/organization", {"org": org})
        upstream.calls.clear()
        return client

    return enter


@pytest.fixture
def portal(sign_in: SignIn) -> CheckedClient:
    """A signed-in manager's browser."""
    return sign_in()


@pytest.fixture
def older(settings) -> Iterator[Sandbox]:
    """The configured upstream is a server of the older generation instead."""
    with Sandbox(version="2.20") as sandbox:
        settings.CVAT_URL = settings.CVAT_PUBLIC_URL = sandbox.url
        yield sandbox


@pytest.fixture(params=["2.20", "2.42"])
def server(request: pytest.FixtureRequest, upstream: Sandbox, settings) -> Iterator[Sandbox]:
    """The configured upstream, of each generation."""
    if request.param == "2.42":
        yield upstream
        return
    with Sandbox(version=request.param, anonymous_per_minute=100_000) as old:
        settings.CVAT_URL = settings.CVAT_PUBLIC_URL = old.url
        yield old
