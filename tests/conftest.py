"""A real sandbox over HTTP for every test that wants one."""

from collections.abc import Iterator

import pytest

from jobsportal.sandbox import Sandbox


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
