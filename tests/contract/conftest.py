"""One suite for every server: against the sandbox in both generations, or against the server that is named.

    make contract CVAT_URL=https://… CVAT_USERNAME=… CVAT_PASSWORD=…

Everything goes through the service layer. What the account or the server can't do is skipped, and said.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from jobsportal.cvat import Client
from jobsportal.cvat.errors import Busy, CVATError, Forbidden, Invalid, SignedOut, Unsupported
from jobsportal.cvat.types import Format, Job, Label, Task, User
from jobsportal.sandbox import Sandbox
from tests.contract import choosing, summary
from tests.contract.keeping import Kept, fields_of, shaken, undisturbed
from tests.contract.ledger import Ledger, Result
from tests.contract.upstream import Upstream, given, has_old_ways, named

GENERATIONS = ("2.20", "2.42")
RESULTS = pytest.StashKey[list[Result]]()
LEDGERS = pytest.StashKey[dict[str, Ledger]]()
SUMMARY = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RESULTS] = []
    config.stash[LEDGERS] = {}
    config.stash[SUMMARY] = given("SUMMARY") != ""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "upstream" in metafunc.fixturenames:
        names = [upstream.name] if (upstream := named()) else [f"sandbox-{version}" for version in GENERATIONS]
        metafunc.parametrize("upstream", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def ledgers(pytestconfig: pytest.Config) -> dict[str, Ledger]:
    return pytestconfig.stash[LEDGERS]


@pytest.fixture(scope="package", autouse=True)
def ends_in_order() -> Iterator[None]:
    """Being told to end, by whatever signal, is like Ctrl-C: what was changed is put back first."""

    def interrupt(number: int, frame: object) -> None:
        shaken.set()
        raise KeyboardInterrupt

    before = {kind: signal.signal(kind, interrupt) for kind in (signal.SIGINT, signal.SIGTERM)}
    yield
    for kind, handler in before.items():
        signal.signal(kind, handler)


@pytest.fixture(scope="session")
def upstream(request: pytest.FixtureRequest) -> Iterator[Upstream]:
    told = named()
    if told:
        yield told
        return
    version = request.param.removeprefix("sandbox-")
    with Sandbox(version=version, request_seconds=0.2) as sandbox:
        yield Upstream(request.param, sandbox.url, "alice", "annotate", organization="acme", is_real=False)


@pytest.fixture(scope="session")
def ledger(upstream: Upstream, ledgers: dict[str, Ledger]) -> Ledger:
    return ledgers.setdefault(upstream.name, Ledger(upstream.name))


@pytest.fixture(scope="session")
def client(upstream: Upstream, ledger: Ledger) -> Iterator[Client]:
    """The account's view of the server. Exports stay upstream until they expire; how many is told."""
    try:
        client = upstream.sign_in()
        ledger.account, ledger.version = client.users.self().username, client.server.about().version
    except Busy as busy:
        pytest.skip(f"throttled: the server asks to come back in {busy.retry_after or 60:.0f} s")
    except (Invalid, SignedOut) as error:
        pytest.exit(f"Signing in to {upstream.name} failed: {error.detail}", returncode=2)
    before = exports_of(client)
    yield client
    with undisturbed():
        made = exports_of(client) - before
    if made:
        ledger.left.append(f"{len(made)} finished exports, which expire by themselves within about a day")


def exports_of(client: Client) -> set[tuple[str, datetime | None]]:
    return {(item.id, item.created_date) for item in client.requests.list(action="export", page_size=100)}


@pytest.fixture(scope="session")
def me(client: Client) -> User:
    return client.users.self()


@pytest.fixture
def anybody(upstream: Upstream) -> Client:
    """Nobody, in no hurry."""
    upstream.be_gentle()
    return upstream.client(organization=None)


@pytest.fixture(scope="session")
def spare(client: Client, me: User) -> dict[str, Any]:
    """The job that may be borrowed, with what it was like when it was last looked at."""
    job = choosing.spare_job(client, me)
    return {"job": job}


@pytest.fixture(scope="session")
def job(client: Client, spare: dict[str, Any]) -> Job:
    """A small job to look at."""
    if spare["job"] is not None:
        return spare["job"]
    found = choosing.small(choosing.anybodys(client))
    if not found:
        pytest.skip("no job suitable: this account sees none of pictures or video")
    return found[0]


@pytest.fixture
def changing(upstream: Upstream) -> None:
    if upstream.read_only:
        pytest.skip("READ_ONLY: nothing is changed or made")


@pytest.fixture
def borrowed(client: Client, me: User, spare: dict[str, Any], ledger: Ledger, changing: None) -> Iterator[Job]:
    """A job to change, put back afterwards. It is left alone as soon as somebody else has touched it."""
    job = spare["job"]
    if job is None:
        pytest.skip("no job suitable: none is nobody's or one's own, idle for an hour, small and not done")
    fresh = client.jobs.retrieve(job.id)
    if fresh.updated_date != job.updated_date or fields_of(fresh) != fields_of(job):
        pytest.skip(f"job {job.id} has been changed by somebody else since")
    kept = Kept(client, fresh, ledger)
    try:
        yield fresh
    finally:
        spare["job"] = kept.put_back()


@pytest.fixture(scope="session")
def bare_task(client: Client) -> Task | None:
    return choosing.task_without_ground_truth(client)


@pytest.fixture
def task_id(client: Client, changing: None, request: pytest.FixtureRequest) -> int:
    """A task that gets ground truth for a moment."""
    task = request.getfixturevalue("bare_task")
    if task is None:
        pytest.skip("no task suitable: none that is small, idle for an hour and without ground truth")
    if client.jobs.list(task_id=task.id, type="ground_truth", page_size=1).count:
        pytest.skip(f"task {task.id} has got ground truth from somebody else since")
    return task.id


@pytest.fixture
def labels(client: Client, borrowed: Job) -> list[Label]:
    return client.labels.list(job_id=borrowed.id)


@pytest.fixture
def box(client: Client, borrowed: Job, labels: list[Label]) -> dict[str, Any]:
    """A rectangle in the middle of the job's first frame; of the first that isn't deleted, which would not be exported."""
    meta = client.jobs.retrieve_data_meta(borrowed.id)
    if not meta.frames:
        pytest.skip("the server doesn't tell the size of the frames")
    left = [number for number in range(meta.size) if borrowed.start_frame + number not in meta.deleted_frames]
    number = left[0] if left else 0
    size = meta.frames[number if len(meta.frames) > number else 0]
    points = [round(part * side, 2) for part in (0.25, 0.75) for side in (size.width, size.height)]
    label = choosing.first_label(labels)
    shape = {"type": "rectangle", "frame": borrowed.start_frame + number, "label_id": label.id, "points": points}
    return {**shape, "attributes": [], "occluded": False, "rotation": 0.0, "z_order": 0, "source": "manual"}


@pytest.fixture(scope="session")
def formats(client: Client) -> tuple[set[str], set[str]]:
    """Names of the formats that can be exported and imported."""
    told = client.server.annotation_formats()

    def names(formats: list[Format]) -> set[str]:
        return {format.name for format in formats if format.enabled}

    return names(told.exporters), names(told.importers)


@pytest.fixture
def export_format(job: Job, formats: tuple[set[str], set[str]]) -> str:
    return choosing.usable(
        formats[0], f"CVAT for {'video' if job.mode == 'interpolation' else 'images'} 1.1", "COCO 1.0"
    )


@pytest.fixture
def import_format(formats: tuple[set[str], set[str]]) -> str:
    return choosing.usable(formats[1], "CVAT 1.1")


@pytest.fixture
def old_ways(client: Client) -> None:
    """For tests of what only older servers have."""
    if has_old_ways(client) is False:
        pytest.skip(f"version {client.version} has this no more")


@pytest.fixture
def new_ways(client: Client) -> None:
    """For tests of what only newer servers have, or refuse."""
    if has_old_ways(client) is not False:
        pytest.skip(f"version {client.version} has this not yet")


def told(client: Client | None, error: CVATError) -> str | None:
    """Why a test is skipped instead of failed: for what is the account's limit, or nobody's fault."""
    if isinstance(error, Forbidden):
        return f"this account may not: {error.method} {error.path}: {error.detail}"
    if isinstance(error, Busy):
        return f"throttled: {error.detail}"
    if isinstance(error, Unsupported) and client is not None and has_old_ways(client) is None:
        return f"version {client.version} lies between the recorded generations: {error.detail}"
    return None


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Any:
    try:
        return (yield)
    except CVATError as error:
        reason = told(pyfuncitem.funcargs.get("client"), error)
        if reason is None:
            raise
        pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Any:
    try:
        return (yield)
    except (Forbidden, Busy) as error:
        pytest.skip(str(told(None, error)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if report.failed:
        shaken.set()
    if report.when == "call" or report.outcome != "passed":
        upstream = getattr(item, "callspec", None)
        server = upstream.params.get("upstream", "") if upstream else ""
        reason = str(call.excinfo.value) if call.excinfo else ""
        item.config.stash[RESULTS].append(Result(summary.operation_of(item.name), server, report.outcome, reason))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    stash = terminalreporter.config.stash
    ledgers = list(stash[LEDGERS].values())
    told = summary.lines(stash[RESULTS], ledgers) if stash[SUMMARY] else summary.alarms(ledgers)
    for line in told:
        terminalreporter.write_line(line)
