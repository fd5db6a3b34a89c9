"""Exports and imports run in the background: queued, started, then finished or failed."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .jobtable import Job
from .rendering import date
from .store import Store, User

QUEUED_PART = 0.2  # of the whole duration
Conclude = Callable[[], None]
Work = Callable[["BackgroundRequest"], Conclude]


class ImportFailed(Exception):
    """A failure as the upstream would tell it: the words are the request's message."""


class BackgroundRequest:
    """One export or import. `work` does the job and returns what makes the outcome visible at the end."""

    def __init__(
        self, store: Store, request_id: str, owner: User, job: Job, subresource: str, seconds: float, work: Work
    ) -> None:
        self.store, self.id, self.owner, self.job = store, request_id, owner, job
        self.subresource, self.seconds, self._work = subresource, seconds, work
        self.action = "export" if request_id.startswith("action=export") else "import"
        self.format: str | None = None
        self.base = ""
        self.file: Path | None = None
        self.file_name = ""
        self.status, self.message = "queued", ""
        self.created: datetime = store.now()
        self.started: datetime | None = None
        self.finished: datetime | None = None
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
            self.finished, self.message, self.status = self.store.now(), message, status

    def progress(self) -> float:
        """0 while queued, growing while started, 1 at the end."""
        if self.status == "finished":
            return 1.0
        if self.status != "started" or self.seconds <= 0:
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

    def forget(self) -> None:
        """Removes what was written to disk."""
        if self.file is not None:
            with contextlib.suppress(OSError):
                self.file.unlink()

    def render(self) -> dict[str, Any]:
        """As `/api/requests` shows it. The address of the result keeps the host the request was made on."""
        ready = self.action == "export" and self.status == "finished"
        return {
            "status": self.status,
            "message": self.message,
            "id": self.id,
            "operation": {
                "type": f"{self.action}:{self.subresource}",
                "target": "job",
                "project_id": self.job.project_id,
                "task_id": self.job.task_id,
                "job_id": self.job.id,
                "format": self.format,
            },
            "progress": self.progress(),
            "created_date": date(self.created),
            "started_date": date(self.started),
            "finished_date": date(self.finished),
            "expiry_date": date(self.expiry()),
            "owner": {"id": self.owner.id, "username": self.owner.username},
            "result_url": self.result_url() if ready else None,
            "result_id": None,
        }

    def result_url(self) -> str:
        return f"{self.base}/api/jobs/{self.job.id}/dataset/download?rq_id={quote(self.id, safe='')}"
