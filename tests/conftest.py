"""A real sandbox over HTTP for every test that wants one."""

from collections.abc import Iterator

import pytest

from jobsportal.sandbox import Sandbox
from tests.server import Portal, running_portal


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox(anonymous_per_minute=100_000) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """The demo data, fresh for each test, without recorded calls or faults."""
    running_sandbox.reset()
    running_sandbox.request_seconds = 0.0
    running_sandbox.calls.clear()
    return running_sandbox


@pytest.fixture(scope="session")
def served_portal(running_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The portal under gunicorn, in front of the sandbox. Its log must not hold a traceback when all is over."""
    with running_portal(tmp_path_factory.mktemp("portal"), running_sandbox.url, POLL_SECONDS="0.2") as portal:
        yield portal
    log = portal.log.read_text()
    assert "Traceback" not in log, log[-4000:]
