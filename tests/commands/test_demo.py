"""`make demo`: portal, worker and sandbox start as one, and stop as one."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.server import ROOT, free_port

pytestmark = pytest.mark.slow


@contextmanager
def demo(port: int, sandbox_port: int) -> Iterator[subprocess.Popen]:
    environment = os.environ | {"PORT": str(port), "SANDBOX_PORT": str(sandbox_port)}
    command = [sys.executable, "-m", "jobsportal.demo"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        # Asked to stop, not killed: its children would live on.
        process.terminate()
        process.communicate(timeout=30)


def test_it_says_where_and_whom_to_sign_in_as_and_ctrl_c_stops_all_of_it():
    port, sandbox_port = free_port(), free_port()
    with demo(port, sandbox_port) as process:
        said = words_until_it_is_there(process)
        assert f"http://127.0.0.1:{port}" in said and "alice" in said and "annotate" in said
        sign_in(f"http://127.0.0.1:{port}")
        children = descendants(process.pid)
        crew = [pid for pid in children if "worker" in command_of(pid)]
        assert len(crew) == 1, "a worker is there"
        os.kill(crew[0], signal.SIGKILL)
        wait_for(lambda: any("worker" in command_of(pid) and pid != crew[0] for pid in descendants(process.pid)))
        children += descendants(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) in (0, 130)
    assert not [pid for pid in children if command_of(pid)], "no process is left behind"
    for number in (port, sandbox_port):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", number)) != 0, "nothing listens any more"


def words_until_it_is_there(process: subprocess.Popen) -> str:
    said = ""
    while "Ctrl-C" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    return said


def test_what_was_done_in_an_earlier_demo_is_forgotten_even_if_it_was_killed():
    port, sandbox_port = free_port(), free_port()
    address = f"http://127.0.0.1:{port}"
    with demo(port, sandbox_port) as process:
        words_until_it_is_there(process)
        session = sign_in(address)
        chosen = {
            "jobs": "1,3",
            "plan": "1",
            "state": "rejected",
            "csrfmiddlewaretoken": session.cookies["portal_csrf"],
        }
        assert "2 jobs" in session.post(f"{address}/runs/new", data=chosen).text
        assert "State rejected" in session.get(f"{address}/runs/").text
        for pid in [process.pid, *descendants(process.pid)]:
            os.kill(pid, signal.SIGKILL)
    with demo(port, sandbox_port) as process:
        words_until_it_is_there(process)
        assert "No runs yet" in sign_in(address).get(f"{address}/runs/").text
    assert not list((ROOT / "var" / "demo").glob(f"*{sandbox_port}*")), "nothing is left of it"


def descendants(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children")
    children = [int(child) for child in told.read_text().split()] if told.exists() else []
    return [one for child in children for one in (child, *descendants(child))]


def command_of(pid: int) -> str:
    """How a process was called; empty once it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def wait_for(condition) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def sign_in(address: str) -> requests.Session:
    session = requests.Session()
    session.get(f"{address}/sign-in")
    data = {"username": "alice", "password": "annotate", "csrfmiddlewaretoken": session.cookies["portal_csrf"]}
    page = session.post(f"{address}/sign-in", data=data)
    assert page.ok and re.search(r"\d+ jobs", page.text)
    assert session.get(f"{address}/jobs/1/preview").headers["Content-Type"] == "image/jpeg"
    return session


def test_a_busy_port_is_told_before_anything_starts():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with demo(port, free_port()) as process:
            said, _ = process.communicate(timeout=60)
        assert process.returncode not in (0, None) and str(port) in said and "Traceback" not in said
