"""Bundles of hundreds of jobs, through the portal as it runs: gunicorn, and workers that may be killed."""

import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
import requests

from jobsportal.sandbox import Sandbox
from jobsportal.sandbox.demo_bulk import FIRST_JOB
from tests.bundles.test_files import check
from tests.runs.test_workers import Site, site_of, wait_for
from tests.server import ROOT, running_portal

pytestmark = pytest.mark.slow

MIB = 1024 * 1024
JOBS = 300
LIMIT = 150 * MIB


def asked_in(folder: Path, sandbox: Sandbox, ids, layout: str) -> str:
    """The address of the file of a bundle that was ordered in a portal."""
    said = {"token": sandbox.token("alice"), "job_ids": list(ids), "format": "COCO 1.0", "layout": layout}
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "jobsportal.settings",
        "VAR_DIR": str(folder),
        "CVAT_URL": sandbox.url,
    }
    command = [sys.executable, "-m", "tests.bundles.order_bundle"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, input=json.dumps(said), text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return f"/downloads/bundles/{UUID(done.stdout.strip())}/file"


def signed_in(url: str) -> requests.Session:
    session = requests.Session()
    session.get(f"{url}/sign-in")
    data = {"username": "alice", "password": "annotate", "csrfmiddlewaretoken": session.cookies["portal_csrf"]}
    session.post(f"{url}/sign-in", data=data).raise_for_status()
    return session


def counted(folder: Path, status: str) -> int:
    database = sqlite3.connect(folder / "portal.sqlite3", timeout=10)
    try:
        return database.execute("SELECT count(*) FROM bundles_part WHERE status = ?", [status]).fetchone()[0]
    finally:
        database.close()


@pytest.mark.parametrize("layout", ["folders", "archives"])
def test_three_hundred_jobs_pass_from_the_first_part_on_and_can_be_resumed(tmp_path, layout):
    ids = range(FIRST_JOB, FIRST_JOB + JOBS)
    folder = tmp_path / "portal"
    folder.mkdir()
    with (
        Sandbox(extra_jobs=JOBS, anonymous_per_minute=100_000) as sandbox,
        running_portal(folder, sandbox.url, WEB_PROCESSES="1", BUNDLE_PARALLEL="16") as portal,
    ):
        sandbox.padding = MIB // 2
        # None but the first is made until this is lifted.
        sandbox.fail("POST", rf"/jobs/(?!{FIRST_JOB}/)\d+/dataset/export", status=503, times=None)
        wait_for("the worker is there", lambda: worker_is_there(folder))
        address = portal.url + asked_in(folder, sandbox, ids, layout)
        person = signed_in(portal.url)
        wait_for("the first is made", lambda: counted(folder, "made") == 1)
        file = tmp_path / "first.zip"
        with person.get(address, stream=True, timeout=120) as answer, file.open("wb") as out:
            assert answer.status_code == 200 and answer.headers["Transfer-Encoding"] == "chunked"
            pieces = answer.iter_content(64 * 1024)
            begun = b""
            while len(begun) < MIB // 4:
                begun += next(pieces)
            assert f"job{FIRST_JOB}".encode() in begun and counted(folder, "made") == 1, "while it alone was ready"
            sandbox.faults.clear()
            out.write(begun)
            for piece in pieces:
                out.write(piece)
        data = file.read_bytes()
        assert len(data) > JOBS * MIB // 2
        assert portal.peak_memory() < LIMIT
        check_jobs(data, ids)
        wait_for("it is ready", lambda: "Content-Length" in person.head(address).headers, 120)
        cut = len(data) * 6 // 10
        etag = person.head(address).headers["ETag"]
        headers = {"Range": f"bytes={cut}-", "If-Range": etag}
        with person.get(address, headers=headers, stream=True, timeout=120) as answer:
            assert answer.status_code == 206 and int(answer.headers["Content-Length"]) == len(data) - cut
            rest = b"".join(answer.iter_content(MIB))
        assert data[cut:] == rest
        assert portal.peak_memory() < LIMIT
    check(data, tmp_path)
    log = (folder / "portal.log").read_text()
    assert "Traceback" not in log, log[-4000:]


def worker_is_there(folder: Path) -> bool:
    database = sqlite3.connect(folder / "portal.sqlite3", timeout=10)
    try:
        return bool(database.execute("SELECT 1 FROM runs_worker").fetchone())
    finally:
        database.close()


def check_jobs(data: bytes, ids) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        rows = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode("utf-8-sig"))))
        names = set(archive.namelist())
    assert sorted(part["job"] for part in manifest["parts"]) == list(ids) == sorted(int(row["job"]) for row in rows)
    assert manifest["parts"][0]["job"] == FIRST_JOB and all(part["included"] for part in manifest["parts"])
    assert {entry["name"] for part in manifest["parts"] for entry in part["entries"]} < names


def parts(site: Site, what: str) -> list[tuple]:
    return site.query(f"SELECT {what} FROM bundles_part")


@pytest.mark.parametrize("generation", ["2.42", "2.20"])
def test_a_killed_worker_loses_no_part(tmp_path, generation):
    with site_of(tmp_path, 80, "POST latency=40~40") as site:
        site.sandbox.service.version = generation
        site.sandbox.request_seconds = 0.1
        first = site.start_worker()
        asked_in(tmp_path, site.sandbox, range(FIRST_JOB, FIRST_JOB + 80), "folders")
        wait_for("some are made", lambda: counted(tmp_path, "made") >= 15)

        def caught() -> bool:
            first.send_signal(signal.SIGSTOP)
            is_caught = ("asked", "") in parts(site, "status, rq_id")
            first.send_signal(signal.SIGKILL if is_caught else signal.SIGCONT)
            return is_caught

        wait_for("exports are being asked for", caught)
        first.wait()
        assert 15 <= counted(tmp_path, "made") < 80
        site.start_worker()
        wait_for("it is ready", lambda: site.query("SELECT status, sealed FROM bundles_bundle") == [("ready", "")])
        assert counted(tmp_path, "made") == 80
        assert sorted(position for (position,) in parts(site, "position")) == list(range(80))
        calls = [call.path for call in site.sandbox.calls if call.method == "POST" and call.path.endswith("/export")]
        often = Counter(calls)
        assert len(often) == 80 and sum(often.values()) <= 81, "at most one is asked for twice"
