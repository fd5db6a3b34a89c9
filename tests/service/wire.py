"""A server that says what a test tells it to, byte for byte, and keeps what it heard: for what no proper server does."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit


@dataclass
class Heard:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    connection: int = 0

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)


Answer = Callable[[socket.socket, Heard], None]


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    """A whole answer; its length is added."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def ok(body: bytes, *headers: str) -> bytes:
    return answer("200 OK", body, "Content-Type: application/vnd.cvat+json", *headers)


@dataclass
class Listener:
    """Listens until the test is over. `says` is an answer, or what to do with a connection once a request was read."""

    says: bytes | Answer
    reads_bodies: bool = True
    tls: ssl.SSLContext | None = None
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0
    hung_up: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
                self._open.add(connection)
            with connection, connection.makefile("rb") as incoming:
                while request := self._read(incoming, number):
                    self.heard.append(request)
                    if isinstance(self.says, bytes):
                        connection.sendall(self.says)
                    else:
                        self.says(connection, request)
        except (OSError, ValueError):
            pass
        finally:
            self.hung_up.set()

    def _read(self, incoming, number: int) -> Heard | None:
        words = incoming.readline().decode("latin-1").split()
        if len(words) != 3:
            return None
        headers = {}
        while line := incoming.readline().strip().decode("latin-1"):
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        size = int(headers.get("content-length", 0)) if self.reads_bodies else 0
        return Heard(words[0], words[1], headers, incoming.read(size), number)
