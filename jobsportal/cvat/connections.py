"""The connections underneath the clients. Many clients, and many people, share them, so they keep nothing of anybody:
no cookie, no .netrc, no proxy of the environment. They follow no redirect, and keep to a deadline.
"""

import io
import logging
import math
import re
import socket
import time
from contextvars import ContextVar, Token
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from typing import Any

from requests import Response, Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

SIGNATURE = re.compile(r"([?&]sign=)[^&\s]+")


class Deadline:
    """When an answer has to be complete: `total` seconds after its request was sent, however long sending took.

    Within `with deadline:` requests of this thread keep to it. A time-out of a socket alone would not do: it begins
    anew with every byte, and a server that drips would hold its caller for hours.
    """

    def __init__(self, total: float, read: float) -> None:
        self.total = total
        self.read = read
        self.at = math.inf
        self._outer: Token[Deadline | None] | None = None

    def start(self) -> None:
        self.at = time.monotonic() + self.total

    def lift(self) -> None:
        """From now on the body may take its time, as a download does."""
        self.at = math.inf

    def __enter__(self) -> "Deadline":
        self._outer = current_deadline.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self._outer is not None:
            current_deadline.reset(self._outer)


current_deadline: ContextVar[Deadline | None] = ContextVar("current_deadline", default=None)


class PatientReader(io.RawIOBase):
    """What arrives on a socket, until the deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: Deadline) -> None:
        self.raw, self.sock, self.deadline = raw, sock, deadline
        self.patience = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.raw.fileno()

    def readinto(self, buffer: Any) -> int | None:
        left = self.deadline.at - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self.sock.settimeout(left if self.patience is None else min(left, self.patience))
        try:
            return self.raw.readinto(buffer)
        finally:
            self.sock.settimeout(self.patience)  # the connection may be used again

    def close(self) -> None:
        self.raw.close()
        super().close()


class BoundedResponse(HTTPResponse):
    """An answer, its headers included, that has to be complete by the deadline."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        deadline = current_deadline.get()
        if deadline is not None:
            deadline.start()
            self.fp: Any = io.BufferedReader(PatientReader(self.fp.detach(), sock, deadline))


class BoundedConnection(HTTPConnection):
    response_class = BoundedResponse

    def connect(self) -> None:
        super().connect()
        be_patient(self.sock)


class BoundedSecureConnection(HTTPSConnection):
    response_class = BoundedResponse

    def connect(self) -> None:
        super().connect()
        be_patient(self.sock)


def be_patient(sock: socket.socket | None) -> None:
    """The time to connect is over; a piece of an upload may take as long as a piece of an answer."""
    deadline = current_deadline.get()
    if deadline is not None and sock is not None:
        sock.settimeout(deadline.read)


class Pool(HTTPConnectionPool):
    ConnectionCls = BoundedConnection


class SecurePool(HTTPSConnectionPool):
    ConnectionCls = BoundedSecureConnection


class Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": Pool, "https": SecurePool}


class OwnAddressSession(Session):
    """Takes no notice of redirects: requests would read their bodies whole, even when told not to follow them."""

    def get_redirect_target(self, resp: Response) -> None:
        return None


class MaskSignatures(logging.Filter):
    """A signature in an address opens what it signs: it stays out of the log of urllib3, which shows addresses."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(SIGNATURE.sub(r"\1…", arg) if isinstance(arg, str) else arg for arg in record.args)
        return True


logging.getLogger("urllib3.connectionpool").addFilter(MaskSignatures())


def new_session(pool_size: int = 32, verify: bool | str = True) -> Session:
    """A connection pool that many clients, and many people, may share: it keeps no cookie and reads no .netrc."""
    session = OwnAddressSession()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.trust_env = False
    session.verify = verify
    adapter = Adapter(pool_connections=2, pool_maxsize=pool_size, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session
