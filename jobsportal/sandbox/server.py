"""The sandbox as a whole: starts and stops the server, and gives tests a handle on what it holds."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType

from . import demo, signing
from .faults import Fault, Faults
from .messages import Request
from .service import VERSIONS, Service
from .store import AccessToken, Store, User
from .throttling import Throttle
from .wire import Server

log = logging.getLogger("jobsportal.sandbox")

# Puts data into an empty store: when the sandbox begins, how many jobs to add
Fill = Callable[[Store, datetime, int], None]


@dataclass(frozen=True)
class Call:
    """One request the sandbox has answered; a status of 0 means the connection was reset."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    status: int


class Sandbox:
    """An embedded stand-in for the upstream, on a port of its own, with all its state in memory.

    `version` is what it stands for: "2.20", "2.42" or "2.66", of which the last two are of one generation.
    `fill` puts other data than the demo's into the store.
    `faults`, `fault_seed` and `fault_header` order faults as `faults.py` describes.
    `request_seconds` is how long exports and imports take; `padding` adds that many bytes to every export;
    `store` is the state, for tests to look into; `calls` what was asked, in order of the answers.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        extra_jobs: int = 0,
        request_seconds: float = 0.0,
        anonymous_per_minute: int = 100,
        started_at: datetime | None = None,
        quiet: bool = True,
        version: str = "2.42",
        fill: Fill = demo.fill,
        faults: str = "",
        fault_seed: int = 0,
        fault_header: bool = False,
    ) -> None:
        if version not in VERSIONS:
            known = f"{', '.join(VERSIONS[:-1])} or {VERSIONS[-1]}"
            raise ValueError(f"The sandbox can be {known}, not {version}.")
        self.quiet = quiet
        self.extra_jobs = extra_jobs
        self.started_at = started_at or datetime.now(UTC)
        self.calls: list[Call] = []
        self.faults = Faults(faults, fault_seed, fault_header)
        self._address = (host, port)
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self.service = Service(Store(), Throttle(anonymous_per_minute), request_seconds, version)
        self.fill = fill
        fill(self.store, self.started_at, extra_jobs)

    @property
    def store(self) -> Store:
        return self.service.store

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        if self._server is None:
            raise RuntimeError("The sandbox has not been started.")
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def request_seconds(self) -> float:
        return self.service.request_seconds

    @request_seconds.setter
    def request_seconds(self, seconds: float) -> None:
        self.service.request_seconds = seconds

    @property
    def padding(self) -> int:
        return self.service.padding

    @padding.setter
    def padding(self, size: int | None) -> None:
        self.service.padding = size or 0

    def start(self) -> Sandbox:
        """Listens from now on, in a thread."""
        server = self._bind()
        self._thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True, name="sandbox")
        self._thread.start()
        return self

    def serve_forever(self) -> None:
        """Listens until `stop` is called from another thread or a signal ends it."""
        server = self._bind()
        try:
            server.serve_forever(0.2)
        finally:
            self.stop()

    def _bind(self) -> Server:
        self._stopping.clear()
        self._server = Server(self._address, self)
        return self._server

    def stop(self) -> None:
        """Closes the port and every connection, and removes what was written to disk."""
        self._stopping.set()
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            if self._thread is not None:
                self._thread.join()
                self._thread = None
            server.server_close()
            server.close_connections()
        self._cancel_requests()
        self.service.clean()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def reset(self) -> None:
        """Back to the data it began with, without calls, faults or padding; tokens and sessions stay valid."""
        old = self.store
        self._cancel_requests()
        fresh = Store()
        self.fill(fresh, self.started_at, self.extra_jobs)
        fresh.tokens, fresh.sessions = old.tokens, old.sessions
        fresh.access_tokens, fresh.secret = old.access_tokens, old.secret
        self.service.clean()
        self.service.padding = 0
        self.service.store = fresh
        self.service.throttle.clear()
        self.faults.clear()
        self.calls.clear()

    def _cancel_requests(self) -> None:
        for request in list(self.store.requests.values()):
            request.abandon()

    def token(self, username: str) -> str:
        """A valid API token of that person."""
        return self.store.token(self._user(username))

    def access_token(self, username: str, read_only: bool = False) -> str:
        """A new personal access token of that person, for `Authorization: Bearer`; the older generation refuses it."""
        key = secrets.token_urlsafe(32)
        self.store.access_tokens[key] = AccessToken(self._user(username).id, read_only)
        return key

    def signature(self, username: str, address: str) -> str:
        """What `?sign=` may say for half a minute: opens that path, with that query, as that person."""
        return signing.make(self.store, self._user(username), address)

    def revoke(self, username: str) -> None:
        """Every token and session of that person becomes invalid."""
        self.store.sign_out_everywhere(self._user(username))

    def _user(self, username: str) -> User:
        user = self.store.user_named(username)
        if user is None:
            raise KeyError(username)
        return user

    def fail(
        self,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        content_type: str | None = None,
        delay: float = 0.0,
        reset: bool = False,
        truncate: int | None = None,
        times: int | None = 1,
        jitter: float = 0.0,
        slow: int | None = None,
        malformed: str | None = None,
        rate: float = 1.0,
    ) -> None:
        """Orders a fault for the next `times` matching requests (None: for all of them).

        `path` is a regular expression searched in the unquoted path. `reset` ends the connection unanswered;
        `truncate` sends that many bytes of the body and hangs up; `delay` waits first, in seconds, and up to
        `jitter` longer; `slow` sends that many bytes a second; `malformed` is "cut" for half of the JSON or "html"
        for a page; `rate` is the share of the matching requests that it happens to.
        """
        self.faults.add(
            Fault(
                method, path, status, body, headers or {}, content_type, delay, reset, truncate, times,
                jitter, slow, malformed, rate,
            )
        )  # fmt: skip

    def wait(self, seconds: float) -> None:
        """Waits, but not beyond the end of the sandbox."""
        self._stopping.wait(seconds)

    def record(self, request: Request, status: int) -> None:
        self.calls.append(Call(request.method, request.path, request.query, request.headers, status))
