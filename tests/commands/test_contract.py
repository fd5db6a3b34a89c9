"""The contract suite is fit for a server with real data: it leaves everything as it was, whoever runs it."""

from __future__ import annotations

import copy
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from jobsportal.sandbox import Sandbox

pytestmark = pytest.mark.slow


@pytest.fixture(params=["2.20", "2.42"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(version=request.param) as sandbox:
        yield sandbox


def state_of(sandbox: Sandbox) -> dict[str, Any]:
    """All that people would miss, but for the dates that move with each change, and ids of annotations."""
    store = sandbox.store
    jobs = list(store.jobs.rows())
    return copy.deepcopy(
        {
            "jobs": [(job.id, job.type, job.assignee_id, job.stage, job.state, job.frames) for job in jobs],
            "annotations": {job.id: bare(store.annotations_of(job)) for job in jobs},
            "tasks": sorted((task.id, task.name, task.size, task.assignee_id) for task in store.tasks.values()),
            "issues": [(issue.id, issue.resolved, len(issue.comments)) for issue in store.issues],
            "deleted": store.deleted_frames,
            "members": [(item.user_id, item.organization_id, item.role) for item in store.memberships],
        }
    )


def bare(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: bare(value) for name, value in part.items() if name != "id"}
    return [bare(item) for item in part] if isinstance(part, list) else part


def begin(sandbox: Sandbox, username: str, *args: str, **given: str) -> subprocess.Popen[str]:
    account = {"CONTRACT_URL": sandbox.url, "CONTRACT_USERNAME": username, "CONTRACT_PASSWORD": "annotate"}
    command = [sys.executable, "-m", "pytest", "tests/contract", "-p", "no:cacheprovider", "--tb=short", *args]
    environment = {**os.environ, **account, "CONTRACT_SUMMARY": "1", **given}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def run(sandbox: Sandbox, username: str, *args: str, **given: str) -> tuple[int, str]:
    process = begin(sandbox, username, *args, **given)
    told, _ = process.communicate(timeout=240)
    return process.returncode, told


@pytest.mark.parametrize("username", ["admin", "carol", "grace"])
def test_it_leaves_everything_as_it_was(sandbox: Sandbox, username: str) -> None:
    before = state_of(sandbox)
    status, told = run(sandbox, username)
    assert status == 0, told
    assert state_of(sandbox) == before
    assert "NOT PUT BACK" not in told
    assert f"version {sandbox.service.version}" in told
    assert sandbox.store.tokens, "nobody was signed out"


def test_it_only_looks_when_told_so(sandbox: Sandbox) -> None:
    before = state_of(sandbox)
    dates = [job.updated for job in sandbox.store.jobs.rows()]
    status, told = run(sandbox, "admin", CONTRACT_READ_ONLY="1")
    assert status == 0, told
    assert state_of(sandbox) == before and [job.updated for job in sandbox.store.jobs.rows()] == dates
    changing = {(call.method, call.path) for call in sandbox.calls if call.method not in ("GET", "HEAD")}
    assert {path for _, path in changing} <= {"/api/auth/login"} | {path for _, path in changing if "/jobs" in path}
    assert "nothing was changed" in told


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_it_puts_back_what_it_changed_when_it_is_interrupted(sandbox: Sandbox, kind: signal.Signals) -> None:
    before = state_of(sandbox)
    sandbox.fail("GET", r"/annotations$", delay=0.0, times=1)
    held = threading.Event()
    sandbox.fail("PUT", "/annotations", delay=3.0, times=1)
    process = begin(sandbox, "admin", "-k", "test_destroy_annotations_leaves_none")
    while not any(call.method == "PUT" for call in sandbox.calls) and process.poll() is None:
        held.wait(0.05)
    process.send_signal(kind)
    told, _ = process.communicate(timeout=60)
    assert process.returncode != 0, told
    assert state_of(sandbox) == before, told


def test_it_says_where_the_copy_lies_when_it_can_not_put_back(sandbox: Sandbox) -> None:
    sandbox.fail("PUT", "/annotations", status=500, body=b"", times=None)
    sandbox.fail("DELETE", "/annotations", status=204, times=1)
    status, told = run(sandbox, "admin", "-k", "test_partial_update_annotations_creates")
    assert status == 0 or re.search(r"NOT PUT BACK: job \d+ .* are in /.*annotations\.json", told), told


def test_it_needs_to_know_as_whom(sandbox: Sandbox) -> None:
    status, told = run(sandbox, "", CONTRACT_PASSWORD="")
    assert status != 0 and "CVAT_TOKEN" in told
