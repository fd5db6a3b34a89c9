import pytest

from jobsportal.sandbox import Sandbox
from tests.service.traps.helpers import NEW, OLD


@pytest.fixture(scope="session")
def old_sandbox():
    with Sandbox(version=OLD, anonymous_per_minute=100_000) as running:
        yield running


@pytest.fixture(params=[OLD, NEW])
def server(request, sandbox):
    """A sandbox of each generation, fresh."""
    if request.param == NEW:
        return sandbox
    running = request.getfixturevalue("old_sandbox")
    running.reset()
    running.request_seconds = 0.0
    return running


@pytest.fixture
def old(old_sandbox):
    old_sandbox.reset()
    old_sandbox.request_seconds = 0.0
    return old_sandbox
