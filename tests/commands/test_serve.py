"""The web server and its workers start as one, and stop as one."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from tests.commands.test_demo import command_of, descendants, wait_for
from tests.server import ROOT, free_port

pytestmark = pytest.mark.slow


@contextmanager
def serving(folder, **settings: str) -> Iterator[tuple[subprocess.Popen, str]]:
    port = free_port()
    environment = os.environ | {"VAR_DIR": str(folder), "PORT": str(port), "GRACEFUL_SECONDS": "2", **settings}
    for command in (["migrate", "-v0"], ["createcachetable"], ["collectstatic", "--noinput", "-v0"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)
    with (folder / "log").open("wb") as out:
        command = [sys.executable, "-m", "jobsportal.serve"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        yield process, f"http://127.0.0.1:{port}/healthz"
    finally:
        process.terminate()
        process.wait(30)


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=2).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


def crew_of(process: subprocess.Popen) -> list[int]:
    return [pid for pid in descendants(process.pid) if "manage.py worker" in command_of(pid)]


def test_workers_stand_beside_the_server_and_stop_with_it(tmp_path):
    with serving(tmp_path, WORKERS="2") as (process, address):
        wait_for(lambda: answers(address) and len(crew_of(process)) == 2)
        everybody = descendants(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert not [pid for pid in everybody if command_of(pid)], "no process is left behind"


def test_without_workers_there_is_the_server_alone(tmp_path):
    with serving(tmp_path, WORKERS="0") as (process, address):
        wait_for(lambda: answers(address))
        assert not crew_of(process) and "gunicorn" in command_of(process.pid)


def test_a_server_that_ends_by_itself_takes_the_workers_along(tmp_path):
    with serving(tmp_path, WORKERS="1") as (process, address):
        wait_for(lambda: answers(address))
        everybody = descendants(process.pid)
        server = next(pid for pid in everybody if "gunicorn" in command_of(pid))
        os.kill(server, signal.SIGKILL)
        assert process.wait(30) == 1
        wait_for(lambda: not [pid for pid in everybody if "manage.py worker" in command_of(pid)])
    assert "ended by itself" in (tmp_path / "log").read_text()
