"""Real workers: killed with SIGKILL in the middle of a run, put to sleep, asked to end. Nothing is lost, nothing twice."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis

from jobsportal.sandbox import Sandbox
from jobsportal.sandbox.demo_bulk import FIRST_JOB, FIRST_TASK
from tests.server import ROOT, free_port

pytestmark = pytest.mark.slow

DAVE = 5
WANTED = {"assignee": DAVE, "stage": "validation"}
NO_REDIS = "NO REDIS-SERVER HERE: runs through Redis Queue are not tested (apt-get install redis-server)"


def wait_for(what: str, condition: Callable[[], object], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.02)


@dataclass
class Site:
    """A portal without its web server: a database, and workers as processes."""

    folder: Path
    sandbox: Sandbox
    settings: dict[str, str]
    workers: list[subprocess.Popen] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "jobsportal.settings",
            "VAR_DIR": str(self.folder),
            "CVAT_URL": self.sandbox.url,
            "RUN_LEASE_SECONDS": "2",
            "LOG_LEVEL": "WARNING",
            **self.settings,
        }

    @property
    def log(self) -> Path:
        return self.folder / "workers.log"

    def query(self, sql: str, *values: object) -> list[tuple]:
        database = sqlite3.connect(self.folder / "portal.sqlite3", timeout=10)
        try:
            return database.execute(sql, values).fetchall()
        finally:
            database.close()

    def change(self, sql: str) -> int:
        database = sqlite3.connect(self.folder / "portal.sqlite3", timeout=10)
        with database:
            count = database.execute(sql).rowcount
        database.close()
        return count

    def python(self, *arguments: str, text: str = "") -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, input=text, text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start_worker(self) -> subprocess.Popen:
        with self.log.open("ab") as out:
            command = [sys.executable, "manage.py", "worker"]
            process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=out, stderr=out)
        self.workers.append(process)
        wait_for("the worker is there", lambda: self.is_there(process))
        return process

    def is_there(self, process: subprocess.Popen) -> bool:
        assert process.poll() is None, self.log.read_text()
        return bool(self.query("SELECT 1 FROM runs_worker WHERE name LIKE ?", f"%-{process.pid}"))

    def begin(self, job_ids) -> None:
        said = {"token": self.sandbox.token("alice"), "task_id": FIRST_TASK, "job_ids": job_ids, "wanted": WANTED}
        self.python("-m", "tests.runs.begin_run", text=json.dumps(said))

    def through(self) -> int:
        return self.query("SELECT count(*) FROM runs_item WHERE outcome != ''")[0][0]

    def run(self) -> tuple:
        return self.query("SELECT status, lease_owner, problem, sealed FROM runs_run")[0]

    def worker_at_it(self) -> subprocess.Popen:
        pid = int(self.run()[1].split("-")[-2])
        return next(process for process in self.workers if process.pid == pid)

    def kill_in_the_middle(self, process: subprocess.Popen) -> None:
        """SIGKILL, at a moment when it has sent requests and not stored what became of them."""

        def caught() -> bool:
            process.send_signal(signal.SIGSTOP)
            is_caught = bool(self.query("SELECT 1 FROM runs_item WHERE outcome = '' AND sent IS NOT NULL"))
            process.send_signal(signal.SIGKILL if is_caught else signal.SIGCONT)
            return is_caught

        wait_for("requests are under way", caught)
        process.wait()

    def put_to_sleep(self, process: subprocess.Popen) -> None:
        """SIGSTOP, at a moment when it holds no lock on the database: SQLite has nobody write as long as one does."""

        def sleeps() -> bool:
            process.send_signal(signal.SIGSTOP)
            database = sqlite3.connect(self.folder / "portal.sqlite3", timeout=1, isolation_level=None)
            try:
                database.execute("BEGIN IMMEDIATE")
                return True
            except sqlite3.OperationalError:
                process.send_signal(signal.SIGCONT)
                return False
            finally:
                database.close()

        wait_for("it sleeps", sleeps)

    def finish(self) -> None:
        wait_for("the run is through", lambda: self.run()[0] == "finished", 150)
        assert self.run() == ("finished", "", "", "")

    def stop(self) -> None:
        for process in self.workers:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.workers:
            process.wait(30)


@contextmanager
def site_of(folder: Path, jobs: int, faults: str, **settings: str) -> Iterator[Site]:
    with Sandbox(extra_jobs=jobs, faults=faults, anonymous_per_minute=100_000) as sandbox:
        site = Site(folder, sandbox, settings)
        site.python("manage.py", "migrate", "-v0")
        site.python("manage.py", "createcachetable")
        try:
            yield site
        finally:
            site.stop()
        assert "Traceback" not in site.log.read_text(), site.log.read_text()[-4000:]


def values(site: Site, ids) -> dict[int, tuple]:
    jobs = [site.sandbox.store.jobs[id] for id in ids]
    return {job.id: (job.assignee_id, job.stage, job.state) for job in jobs}


def expected_records(before: dict[int, tuple]) -> Counter:
    """What the record has to say: each job and field that changed, once."""
    records: Counter = Counter()
    for id, (assignee, stage, state) in before.items():
        records[id, "assignee"] = int(assignee != DAVE)
        records[id, "stage"] = int(stage != "validation")
        records[id, "state"] = int(stage != "validation" and state != "new")
    return +records


def check_outcomes(site: Site, before: dict[int, tuple]) -> None:
    """Each item has one outcome, each change one record, and the upstream is as wanted."""
    outcomes = dict(site.query("SELECT job_id, outcome FROM runs_item"))
    as_wanted = {id for id, (assignee, stage, _) in before.items() if (assignee, stage) == (DAVE, "validation")}
    assert outcomes == {id: "unchanged" if id in as_wanted else "changed" for id in before}
    records = Counter(site.query("SELECT job_id, field FROM activity_change WHERE outcome = 'changed'"))
    assert records == expected_records(before)
    assert site.query("SELECT count(*) FROM activity_change WHERE outcome != 'changed'") == [(0,)]
    kept = {(id, field): was for id, field, was in site.query("SELECT job_id, field, before FROM activity_change")}
    assert all(before[id][2] == was for (id, field), was in kept.items() if field == "state"), "what it was before"
    for id, (assignee, stage, state) in values(site, before).items():
        assert (assignee, stage) == (DAVE, "validation")
        assert state == (before[id][2] if before[id][1] == "validation" else "new")


def ids_of(jobs: int) -> list[int]:
    return list(range(FIRST_JOB, FIRST_JOB + jobs))


def test_a_killed_worker_loses_nothing_and_does_nothing_twice(tmp_path):
    with site_of(tmp_path, 1000, "PATCH latency=30~30") as site:
        ids = ids_of(1000)
        before = values(site, ids)
        first = site.start_worker()
        site.begin(ids)
        wait_for("30 % are through", lambda: site.through() >= 300)
        site.kill_in_the_middle(first)
        assert 300 <= site.through() < 1000
        site.start_worker()
        site.finish()
        check_outcomes(site, before)


@pytest.fixture
def redis_url(tmp_path) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip(NO_REDIS)
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(tmp_path)]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port) as client:
            wait_for("Redis answers", lambda: answers(client))
        yield f"redis://127.0.0.1:{port}/1"
    finally:
        process.terminate()
        process.wait(10)


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_the_same_through_redis_with_two_workers(tmp_path, redis_url):
    with site_of(tmp_path, 1000, "PATCH latency=30~30", TASKS_URL=redis_url) as site:
        ids = ids_of(1000)
        before = values(site, ids)
        site.start_worker()
        site.start_worker()
        site.begin(ids)
        with redis.Redis.from_url(redis_url) as client:
            assert any(key.startswith(b"rq:job:") for key in client.scan_iter()), "it went through Redis"
        wait_for("30 % are through", lambda: site.through() >= 300)
        site.kill_in_the_middle(site.worker_at_it())
        assert 300 <= site.through() < 1000
        site.finish()
        check_outcomes(site, before)


def test_a_worker_that_was_asleep_finds_its_run_taken(tmp_path):
    with site_of(tmp_path, 200, "PATCH latency=60") as site:
        ids = ids_of(200)
        before = values(site, ids)
        first = site.start_worker()
        site.start_worker()
        site.begin(ids)
        wait_for("it is under way", lambda: site.through() >= 20)
        first = site.worker_at_it()
        site.put_to_sleep(first)
        wait_for("the other goes on", lambda: site.worker_at_it() is not first, 30)
        first.send_signal(signal.SIGCONT)
        site.finish()
        check_outcomes(site, before)


def test_a_worker_that_is_asked_to_end_gives_its_run_back(tmp_path):
    with site_of(tmp_path, 200, "PATCH latency=60") as site:
        ids = ids_of(200)
        before = values(site, ids)
        first = site.start_worker()
        site.begin(ids)
        wait_for("it is under way", lambda: site.through() >= 20)
        first.terminate()
        assert first.wait(20) == 0
        assert site.run()[:2] == ("running", "") and site.through() < 200
        assert not site.query("SELECT name FROM runs_worker"), "it has said that it ends"
        assert not site.query("SELECT 1 FROM runs_item WHERE outcome = '' AND sent IS NOT NULL"), "nothing half-done"
        site.start_worker()
        site.finish()
        check_outcomes(site, before)


def test_a_run_that_never_arrived_is_found(tmp_path):
    with site_of(tmp_path, 10, "") as site:
        ids = ids_of(10)
        before = values(site, ids)
        worker = site.start_worker()
        site.put_to_sleep(worker)
        site.begin(ids)
        assert site.change("DELETE FROM django_tasks_database_dbtaskresult") == 1, "the queue lost it"
        worker.send_signal(signal.SIGCONT)
        site.finish()
        check_outcomes(site, before)


def test_without_its_redis_a_run_goes_on_all_the_same(tmp_path):
    with site_of(tmp_path, 10, "", TASKS_URL=f"redis://127.0.0.1:{free_port()}/1") as site:
        ids = ids_of(10)
        before = values(site, ids)
        worker = site.start_worker()
        site.begin(ids)
        site.finish()
        check_outcomes(site, before)
        worker.terminate()
        assert worker.wait(20) == 0
