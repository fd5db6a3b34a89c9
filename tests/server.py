"""The portal as it runs in production: gunicorn and a worker in processes of their own, on a port of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Portal:
    """A running portal."""

    url: str
    pid: int
    log: Path

    def peak_memory(self) -> int:
        """The most memory, in bytes, that any of its web processes has held so far."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return max(peak_of(int(child)) for child in children)


def peak_of(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the peak memory of process {pid} is not told")


@contextmanager
def running_portal(folder: Path, cvat_url: str, *, has_worker: bool = True, **settings: str) -> Iterator[Portal]:
    """A portal in front of an upstream, with a database and static files of its own."""
    port = free_port()
    environment = os.environ | {
        "VAR_DIR": str(folder),
        "CVAT_URL": cvat_url,
        "CVAT_NAME": "Test CVAT",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "GRACEFUL_SECONDS": "2",
        "SIGN_IN_ATTEMPTS": "1000",
        **settings,
    }
    for command in (["migrate", "-v0"], ["createcachetable"], ["collectstatic", "--noinput", "-v0"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)
    log = folder / "portal.log"
    with log.open("ab") as out:

        def started(*command: str) -> subprocess.Popen:
            return subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=out, stderr=out)

        process = started("-m", "gunicorn", "jobsportal.wsgi")
        running = [process, *([started("manage.py", "worker")] if has_worker else [])]
        portal = Portal(f"http://127.0.0.1:{port}", process.pid, log)
        try:
            wait_for(portal, process)
            yield portal
        finally:
            for one in running:
                one.terminate()
            for one in running:
                one.wait(20)


def wait_for(portal: Portal, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{portal.url}/healthz", timeout=2).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.05)
    raise RuntimeError(f"the portal did not start:\n{portal.log.read_text()}")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
