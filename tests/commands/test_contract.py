"""The contract suite is fit for a server with real data: it leaves everything as it was, whoever runs it."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jobsportal.sandbox import Sandbox

pytestmark = pytest.mark.slow

CAROL = 4

# What a quick or a busy machine may make of a test
PASSING = {
    "never tried on a server with other people's jobs",
    "the server was quicker than being asked to stop",
    "the server was quicker than the second question",
}


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(version=getattr(request, "param", "2.42")) as sandbox:
        yield sandbox


both = pytest.mark.parametrize("sandbox", ["2.20", "2.42"], indirect=True)


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
    plain = ["-c", os.devnull, "--rootdir", ".", "-p", "no:cacheprovider", "-q", "--tb=short"]
    command = [sys.executable, "-m", "pytest", *plain, "tests/contract", *args]
    told = {"CONTRACT_SUMMARY": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # it begins in half the time without
    environment = {**os.environ, **account, **told, **given}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def run(sandbox: Sandbox, username: str, *args: str, **given: str) -> tuple[int, str]:
    process = begin(sandbox, username, *args, **given)
    told, _ = process.communicate(timeout=240)
    return process.returncode, told


@pytest.mark.parametrize(("sandbox", "username"), [("2.42", "carol"), ("2.20", "grace")], indirect=["sandbox"])
def test_it_leaves_everything_as_it_was(sandbox: Sandbox, username: str) -> None:
    before = state_of(sandbox)
    status, told = run(sandbox, username)
    assert status == 0, told
    assert state_of(sandbox) == before
    assert "NOT PUT BACK" not in told
    assert ("this account may not" in told) == (username == "carol")
    assert username in {sandbox.store.users[owner].username for owner in sandbox.store.tokens.values()}, "signed out"


@both
def test_it_skips_nothing_that_the_account_may_do(sandbox: Sandbox) -> None:
    before = state_of(sandbox)
    sandbox.request_seconds = 0.1
    status, told = run(sandbox, "admin", CONTRACT_ORGANIZATION="acme")
    assert status == 0, told
    assert state_of(sandbox) == before
    assert f"version {sandbox.service.version}" in told and "NOT PUT BACK" not in told
    reasons = set(re.findall(r"^ +skipped(?: \(\d+\))?: (.*)$", told, re.M))
    words = "has this not yet" if sandbox.service.is_old else "has this no more"
    assert reasons - PASSING == {f"version {sandbox.service.version} {words}"}
    assert not re.search(r"^  \w+ +0 +0 +0$", told, re.M), "an operation without a test"
    anonymous = [call for call in sandbox.calls if not {"authorization", "cookie"} & set(call.headers)]
    assert len(anonymous) < 20, "they are taken from others behind the same address"


def test_it_only_looks_when_told_so(sandbox: Sandbox) -> None:
    before, dates = state_of(sandbox), [job.updated for job in sandbox.store.jobs.rows()]
    status, told = run(sandbox, "admin", CONTRACT_READ_ONLY="1")
    assert status == 0, told
    assert state_of(sandbox) == before and [job.updated for job in sandbox.store.jobs.rows()] == dates
    sent = {(call.path, call.status) for call in sandbox.calls if call.method not in ("GET", "HEAD")}
    assert {path for path, status in sent if status < 400} == {"/api/auth/login"}
    assert not sandbox.store.requests
    assert "nothing was changed" in told


def until(so: Callable[[], bool]) -> None:
    for _ in range(3000):
        if so():
            return
        threading.Event().wait(0.02)
    raise AssertionError("it never came true")


def held_at_a_delete(sandbox: Sandbox) -> subprocess.Popen[str]:
    """The suite as carol, after it has replaced annotations by one and while it waits for them to be deleted."""
    return held(sandbox, "DELETE", "/annotations", "carol", "test_destroy_annotations_leaves_none")


def held(sandbox: Sandbox, method: str, path: str, username: str, test: str) -> subprocess.Popen[str]:
    sandbox.fail(method, path, delay=1.5)
    process = begin(sandbox, username, "-k", test)
    until(lambda: not sandbox.faults._ordered)
    return process


def leave_only_labeled_jobs(sandbox: Sandbox) -> None:
    """Carol's jobs without annotations become somebody else's: nothing would be lost in them."""
    for job in sandbox.store.jobs.rows():
        if job.assignee_id == CAROL and not sandbox.store.annotations_of(job)["shapes"]:
            job.assignee_id = CAROL + 1


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_it_puts_back_what_it_changed_when_it_is_interrupted(sandbox: Sandbox, kind: signal.Signals) -> None:
    """Also what the server does of it only later: the DELETE that waits for its answer."""
    leave_only_labeled_jobs(sandbox)
    before = state_of(sandbox)
    process = held_at_a_delete(sandbox)
    process.send_signal(kind)
    told, _ = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in told and process.returncode == 2, told
    assert re.search(r"changed and put back: annotations of job", told)
    until(lambda: any(call.method == "DELETE" for call in sandbox.calls))
    assert state_of(sandbox) == before


def test_it_removes_ground_truth_that_it_never_heard_of(sandbox: Sandbox) -> None:
    """Interrupted while it waits for the answer, it doesn't know of the job that is made after that."""
    before = state_of(sandbox)
    process = held(sandbox, "POST", "/api/jobs$", "admin", "test_create_of_ground_truth_by_hand")
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 2 and "a ground truth job, created and deleted (1 times)" in told, told
    assert state_of(sandbox) == before


def test_it_says_where_the_copy_lies_when_it_can_not_put_back(sandbox: Sandbox) -> None:
    leave_only_labeled_jobs(sandbox)
    before = state_of(sandbox)
    process = held_at_a_delete(sandbox)
    sandbox.fail("PUT", "/annotations", status=500, times=None)
    told, _ = process.communicate(timeout=60)
    found = re.search(r"NOT PUT BACK: job (\d+) .* are in (/\S+annotations\.json)", told)
    assert process.returncode == 1 and found, told
    copy_of = json.loads(Path(found[2]).read_text())
    assert bare(copy_of) == before["annotations"][int(found[1])]
    shutil.rmtree(Path(found[2]).parent)


def test_it_touches_no_job_that_somebody_works_on(sandbox: Sandbox) -> None:
    """Nobody's jobs, and one's own, which were left alone for an hour; else none."""
    for job in sandbox.store.jobs.rows():
        job.assignee_id = CAROL
    dates = [job.updated for job in sandbox.store.jobs.rows()]
    status, told = run(sandbox, "admin", "-k", "annotations or partial_update")
    assert status == 0 and "no job suitable" in told, told
    assert [job.updated for job in sandbox.store.jobs.rows()] == dates


def test_it_needs_to_know_as_whom(sandbox: Sandbox) -> None:
    status, told = run(sandbox, "", CONTRACT_PASSWORD="")
    assert status != 0 and "CVAT_TOKEN" in told


def test_it_expects_nothing_of_what_nobody_has_recorded(sandbox: Sandbox) -> None:
    """Between the two recorded generations what isn't there is skipped, and what is there is tried."""
    about = {"name": "CVAT", "description": "", "version": "2.30.0", "logo_url": ""}
    kind = "application/vnd.cvat+json"
    sandbox.fail("GET", "/server/about", status=200, body=json.dumps(about).encode(), content_type=kind, times=None)
    status, told = run(sandbox, "admin", "-k", "dataset or annotations or layout")
    assert status == 0 and "lies between the recorded generations" in told, told
