"""Background requests of the sandbox go on when the recording did, not by the clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from jobsportal.sandbox import Sandbox
from jobsportal.sandbox.background import BackgroundRequest

PATIENCE = 10.0  # seconds for a background request to come to its end
HELD_SECONDS = 3600.0


class Pace:
    """Holds requests that are begun while `hold` was called last, until they may start, and then may end."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._may_start, self._may_end = threading.Event(), threading.Event()

    def hold(self) -> None:
        """What begins from now on stays queued."""
        self._may_start.clear()
        self._may_end.clear()
        self.sandbox.request_seconds = HELD_SECONDS

    def at_once(self) -> None:
        """What begins from now on ends at once."""
        self.sandbox.request_seconds = 0.0

    def start(self) -> None:
        """What is queued starts, and goes on."""
        self._may_start.set()
        self._wait_while("queued")

    def release(self) -> None:
        """Everything comes to its end."""
        self._may_start.set()
        self._may_end.set()
        self._wait_while("queued", "started")

    def _wait_while(self, *states: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and any(item.status in states for item in self._requests()):
            time.sleep(0.005)

    def _requests(self) -> list[BackgroundRequest]:
        return list(self.sandbox.store.requests.values())

    @contextmanager
    def kept(self) -> Iterator[Pace]:
        """While this lasts, requests wait for the pace instead of the clock."""
        pace = self

        def wait(item: BackgroundRequest, share: float) -> bool:
            gate = pace._may_end if share == 1.0 else pace._may_start
            while item.seconds and not gate.wait(0.005):
                if item._abandoned.is_set():
                    break
            return not item._abandoned.is_set()

        with mock.patch.object(BackgroundRequest, "_wait_until", wait):
            yield self
