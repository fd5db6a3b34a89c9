"""Exports and imports run in the background: queued, started, then finished or failed."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .rendering import date
from .store import Store, User

if TYPE_CHECKING:
    from .subjects import Subject

QUEUED_PART = 0.2  # of the whole duration
UNTOLD = 1.0  # seconds; shorter work never tells how far it is
TRACEBACK = (
    'Traceback (most recent call last):\n  File "/srv/worker.py", line 1431, in perform_job\n    rv = job.perform()\n'
)
Conclude = Callable[[], None]
Work = Callable[["BackgroundRequest"], Conclude]


class ImportFailed(Exception):
    """A failure as the upstream would tell it: the words are the request's message."""


class BackgroundRequest:
    """One export or import. `work` does the job and returns what makes the outcome visible at the end."""

    def __init__(
        self,
        store: Store,
        request_id: str,
        owner: User,
        subject: Subject,
        kind: tuple[str, str],
        seconds: float,
        work: Work,
    ) -> None:
        self.store, self.id, self.owner, self.subject = store, request_id, owner, subject
        self.action, self.subresource = kind
        self.seconds, self._work = seconds, work
        self.format: str | None = None
        self.result_url: str | None = None  # where the file is to be had; none for what went to a cloud storage
        self.file: Path | None = None
        self.file_name = ""
        self.status, self.message = "queued", ""
        self.created: datetime = store.now()
        self.started: datetime | None = None
        self.finished: datetime | None = None
        self._raw_failure = False
        self._expired = False
        self._begun = time.monotonic()
        self._abandoned = threading.Event()

    @property
    def running(self) -> bool:
        return self.status in ("queued", "started")

    def run(self) -> None:
        """Without a duration at once, otherwise in a thread."""
        if self.seconds <= 0:
            self._perform()
        else:
            threading.Thread(target=self._perform, daemon=True, name="sandbox-request").start()

    def abandon(self) -> bool:
        """Takes the request back; only possible for good while it is queued."""
        with self.store.lock:
            self._abandoned.set()
            return self.status == "queued"

    def _wait_until(self, share: float) -> bool:
        """Waits until that share of the duration has passed; False when the request was taken back."""
        left = self._begun + self.seconds * share - time.monotonic()
        return not self._abandoned.wait(max(0.0, left))

    def _perform(self) -> None:
        if not self._wait_until(QUEUED_PART):
            return
        with self.store.lock:
            if self._abandoned.is_set():
                return
            self.status, self.started = "started", self.store.now()
        try:
            conclude = self._work(self)
            if self._wait_until(1.0):
                with self.store.lock:
                    conclude()
                    self._end("finished", "")
        except ImportFailed as failure:
            if self._wait_until(1.0):
                self._end("failed", f"{failure}\n")
        except Exception as error:  # whatever went wrong is told in the request
            self._end("failed", f"{type(error).__name__}: {error}\n")

    def _end(self, status: str, message: str) -> None:
        with self.store.lock:
            self._raw_failure = status == "failed"
            self.finished, self.message, self.status = self.store.now(), message, status

    def traceback(self) -> str:
        """A failure as the worker wrote it down, before anybody made a single line of it."""
        return TRACEBACK + self.message

    def progress(self) -> float:
        """0 while queued, growing while started, 1 at the end; short work is over before it tells anything."""
        if self.seconds < UNTOLD:
            return 0.0
        if self.status == "finished":
            return 1.0
        if self.status != "started":
            return 0.0
        passed = (time.monotonic() - self._begun) / self.seconds
        return round(min(0.99, max(0.0, (passed - QUEUED_PART) / (1 - QUEUED_PART))), 2)

    def expiry(self) -> datetime | None:
        """Exports are kept for a day, finished imports for an hour, failed ones for a month."""
        if self.finished is None:
            return None
        if self.action == "export":
            return self.finished + timedelta(days=1)
        return self.finished + (timedelta(hours=1) if self.status == "finished" else timedelta(days=30))

    def expire(self) -> None:
        """Lets its time run out now, for tests: nobody can ask for it any more."""
        self._expired = True

    def is_gone(self, cleared: datetime | None = None) -> bool:
        """Whether its time has run out: by order, or before the moment of a clearing up."""
        expiry = self.expiry()
        return self._expired or (cleared is not None and expiry is not None and expiry < cleared)

    def forget(self) -> None:
        """Removes what was written to disk."""
        if self.file is not None:
            with contextlib.suppress(OSError):
                self.file.unlink()

    def render(self, old: bool) -> dict[str, Any]:
        """As `/api/requests` shows it. The address of the result keeps the host the request was made on."""
        ready = self.action == "export" and self.status == "finished"
        operation: dict[str, Any] = {
            "type": f"{self.action}:{self.subresource}",
            "target": self.subject.target,
            "project_id": self.subject.project_id,
            "task_id": self.subject.task_id,
            "job_id": self.subject.job_id,
            "format": self.format,
        }
        if old:
            operation["function_id"] = None
        return {
            "status": self.status,
            "message": self._told(old),
            "id": self.id,
            "operation": operation,
            "progress": self.progress(),
            "created_date": date(self.created),
            "started_date": date(self.started),
            "finished_date": date(self.finished),
            "expiry_date": date(self.expiry()),
            "owner": {"id": self.owner.id, "username": self.owner.username},
            "result_url": self.result_url if ready else None,
            "result_id": None,
        }

    def _told(self, old: bool) -> str:
        """The newer generation tells a failure raw to whoever asks first, and as one line from then on."""
        with self.store.lock:
            raw, self._raw_failure = self._raw_failure and not old, False
        return self.traceback() if raw else self.message
