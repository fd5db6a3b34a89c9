"""A sandbox of its own for these tests, and a caller that speaks to it over its socket."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from jobsportal.sandbox import Sandbox

ACCEPT = "application/vnd.cvat+json, */*;q=0.1"


class Caller:
    """One person at the sandbox's door; `caller.get("jobs/1")` asks for /api/jobs/1."""

    def __init__(self, sandbox: Sandbox, username: str | None = None) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.headers["Accept"] = ACCEPT
        if username:
            self.session.headers["Authorization"] = f"Token {sandbox.token(username)}"

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        address = path if path.startswith("http") else f"{self.sandbox.url}/api/{path}"
        return self.session.request(method, address, timeout=30, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self("GET", path, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self("POST", path, **options)

    def put(self, path: str, **options: Any) -> requests.Response:
        return self("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> requests.Response:
        return self("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return self("DELETE", path, **options)

    def count(self, query: str = "") -> int:
        answer = self.get(f"jobs?page_size=1&{query}")
        assert answer.status_code == 200, answer.text
        return int(answer.json()["count"])

    def request(self, rq_id: str) -> dict[str, Any]:
        return dict(self.get(f"requests/{quote(rq_id, safe='')}").json())

    def export(self, job: int, name: str, images: bool = False) -> requests.Response:
        """Starts an export that takes no time and fetches its file."""
        started = self.post(f"jobs/{job}/dataset/export", params={"format": name, "save_images": str(images).lower()})
        assert started.status_code == 202, started.text
        return self.get(self.request(started.json()["rq_id"])["result_url"])

    def upload(self, job: int, name: str, content: bytes, file_name: str = "a.zip") -> dict[str, Any]:
        """Imports a file, which takes no time, and returns the request."""
        files = {"annotation_file": (file_name, content)}
        started = self.post(f"jobs/{job}/annotations", params={"format": name}, files=files)
        assert started.status_code == 202, started.text
        return self.request(started.json()["rq_id"])


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with Sandbox(anonymous_per_minute=10_000) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    running.reset()
    running.request_seconds = 0.0
    yield running
    running.reset()


@pytest.fixture
def people(sandbox: Sandbox) -> Callable[[str | None], Caller]:
    def person(username: str | None = None) -> Caller:
        return Caller(sandbox, username)

    return person


@pytest.fixture
def admin(sandbox: Sandbox) -> Caller:
    return Caller(sandbox, "admin")


@pytest.fixture
def anybody(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)


@pytest.fixture
def held(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, threading.Event]]:
    """Background requests wait where the test wants them, not for the clock: set "start", then "end"."""
    from jobsportal.sandbox.background import BackgroundRequest

    gates = {"start": threading.Event(), "end": threading.Event()}

    def wait(self: BackgroundRequest, share: float) -> bool:
        gate = gates["end"] if share == 1.0 else gates["start"]
        while not gate.wait(0.005):
            if self._abandoned.is_set():
                return False
        return not self._abandoned.is_set()

    monkeypatch.setattr(BackgroundRequest, "_wait_until", wait)
    sandbox.request_seconds = 60.0
    yield gates
    for gate in gates.values():
        gate.set()


def until(check: Callable[[], bool]) -> None:
    """Asks again until it is so; what never comes true ends in the test's own failure."""
    for _ in range(2000):
        if check():
            return
        threading.Event().wait(0.005)
    raise AssertionError("It never came true")
