"""HTTP/1.1 on a socket: reads requests, writes answers, keeps connections alive."""

from __future__ import annotations

import contextlib
import gzip
import io
import logging
import socket
import struct
import tempfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from .faults import REASONS, Fault
from .messages import Request, Response, _Nothing, dump_json, text
from .routing import handle

if TYPE_CHECKING:
    from .server import Sandbox

log = logging.getLogger("jobsportal.sandbox")

SPILL = 1 << 20  # bodies beyond this size go to disk
PIECE = 1 << 18
LONGEST_TARGET = 8 * 1024  # what the web server in front lets through
GZIP_FROM = 200

STRANGE_PAGE = b"<!doctype html><html><title>Maintenance</title><h1>Back soon</h1></html>"
TOO_LONG = (
    "<html>\r\n<head><title>414 Request-URI Too Large</title></head>\r\n<body>\r\n"
    "<center><h1>414 Request-URI Too Large</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


class Server(ThreadingHTTPServer):
    """One thread a connection; none of them keeps the process alive."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 256
    sandbox: Sandbox

    def __init__(self, address: tuple[str, int], sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.open: set[socket.socket] = set()
        super().__init__(address, Connection)

    def server_bind(self) -> None:
        """As the base class does, but without asking DNS for the host's name, which can take seconds."""
        socket.socket.setsockopt(self.socket, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no news."""
        log.debug("connection from %s ended", client_address, exc_info=True)

    def close_connections(self) -> None:
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Connection(BaseHTTPRequestHandler):
    """One connection, any number of requests one after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def handle_one_request(self) -> None:
        try:
            self.raw_requestline = self.rfile.readline(1 << 17)
            if not self.raw_requestline:
                self.close_connection = True
                return
            if self.parse_request():
                self._serve()
        except OSError:
            self.close_connection = True

    def version_string(self) -> str:
        return "nginx"

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if len(self.path) > LONGEST_TARGET:
            self._refuse_target(headers)
            return
        request = self._request(headers)
        with contextlib.closing(request.body):
            try:
                fault = self.server.sandbox.faults.take(request.method, request.path, headers) or Fault()
            except ValueError as error:
                self._answer(request, text(400, f"{error}\n"), Fault())
                return
            self.server.sandbox.wait(fault.delay)
            response = handle(self.server.sandbox.service, request) if _goes_on(fault) else _made(fault)
            self._answer(request, _spoilt(response, fault.malformed), fault)

    def _answer(self, request: Request, response: Response, fault: Fault) -> None:
        self._record(request, 0 if fault.reset else response.status)
        if fault.reset:
            self._reset()
        else:
            self._write(request, response, fault)

    def _refuse_target(self, headers: dict[str, str]) -> None:
        request = Request(self.command, self.path[:100], {}, headers, io.BytesIO(), 0, "")
        self.close_connection = True
        self._record(request, 414)
        self._write(request, Response(414, body=TOO_LONG.encode(), content_type="text/html", bare=True), Fault())

    def _request(self, headers: dict[str, str]) -> Request:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        body, length = self._read_body(headers)
        path, peer = unquote(parts.path), str(self.client_address[0])
        return Request(self.command, path, query, headers, body, length, peer)

    def _read_body(self, headers: dict[str, str]) -> tuple[IO[bytes], int]:
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.flush()
        body: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=SPILL)  # noqa: SIM115 - closed by _serve
        length = 0
        try:
            for piece in self._pieces(headers):
                body.write(piece)
                length += len(piece)
        except BaseException:
            body.close()  # whoever sent it went away in the middle
            raise
        body.seek(0)
        return body, length

    def _pieces(self, headers: dict[str, str]) -> Iterator[bytes]:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline(100).split(b";")[0], 16):
                yield from self._exactly(size)
                self.rfile.readline(10)
            while self.rfile.readline(1 << 16).strip():
                pass
            return
        yield from self._exactly(int(headers.get("content-length") or 0))

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size > 0:
            piece = self.rfile.read(min(size, PIECE))
            if not piece:
                raise ConnectionResetError("the body ended early")
            size -= len(piece)
            yield piece

    def _record(self, request: Request, status: int) -> None:
        self.server.sandbox.record(request, status)
        if not self.server.sandbox.quiet:
            log.info("%s %s %s %s", request.peer, request.method, self.path[:300], status or "reset")

    def _reset(self) -> None:
        """Ends the connection with RST instead of FIN."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RD)
        self.connection.close()

    def _write(self, request: Request, response: Response, fault: Fault) -> None:
        body, headers = _encoded(request, response)
        size = response.file_length if response.file else len(body)
        self.send_response(response.status, REASONS.get(response.status, "Unknown"))
        for name, value in headers:
            self.send_header(name, value)
        if response.status != 304:
            self.send_header("Content-Length", str(size))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if request.method != "HEAD" and response.status not in (204, 304):
            self._send_body(response, body, fault)
        self.wfile.flush()

    def _send_body(self, response: Response, body: bytes, fault: Fault) -> None:
        """All of it, or as much and as fast as the fault allows."""
        left = fault.truncate
        for piece in _body_pieces(response, body):
            part = piece if left is None else piece[:left]
            self._send_slowly(part, fault.slow) if fault.slow else self.wfile.write(part)
            if left is not None:
                left -= len(part)
                if left <= 0:
                    break
        if fault.truncate is not None:
            self.wfile.flush()
            self.close_connection = True

    def _send_slowly(self, piece: bytes, speed: int) -> None:
        """That many bytes a second, a tenth of them at a time; a very slow one byte by byte."""
        size = max(1, speed // 10)
        for at in range(0, len(piece), size):
            self.server.sandbox.wait(size / speed)
            self.wfile.write(piece[at : at + size])
            self.wfile.flush()


def _body_pieces(response: Response, body: bytes) -> Iterator[bytes]:
    if response.file is None:
        yield body
        return
    with response.file.open("rb") as source:
        source.seek(response.file_start)
        left = response.file_length
        while left > 0 and (piece := source.read(min(left, PIECE))):
            left -= len(piece)
            yield piece


def _goes_on(fault: Fault) -> bool:
    """Whether the request reaches the application: not where an answer is made up or nobody will hear one."""
    return fault.status is None and not fault.reset


def _made(fault: Fault) -> Response:
    """The answer a fault asks for."""
    headers = list(fault.headers.items())
    kind = fault.content_type or ("application/vnd.cvat+json" if fault.body else None)
    return Response(fault.status or 500, body=fault.body, content_type=kind, headers=headers, bare=True, compress=False)


def _spoilt(response: Response, how: str | None) -> Response:
    """The answer as something in between might leave it: a page of its own, or half of the JSON."""
    if how == "html":
        return Response(response.status, body=STRANGE_PAGE, content_type="text/html")
    if how is None or isinstance(response.data, _Nothing):
        return response
    raw = dump_json(response.data)
    kind = "application/vnd.cvat+json"
    return Response(response.status, body=raw[: len(raw) // 2], content_type=kind, headers=response.headers)


def _encoded(request: Request, response: Response) -> tuple[bytes, list[tuple[str, str]]]:
    """The body as bytes, packed when the caller takes gzip and it is worth it, and the headers with its type."""
    body, kind = response.body, response.content_type
    if not isinstance(response.data, _Nothing):
        body, kind = dump_json(response.data), "application/vnd.cvat+json"
    headers = ([("Content-Type", kind)] if kind else []) + response.headers
    if response.file or response.bare or not response.compress or len(body) < GZIP_FROM:
        return body, headers
    headers = [(name, _with_encoding(value) if name == "Vary" else value) for name, value in headers]
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, compresslevel=1)
        headers.append(("Content-Encoding", "gzip"))
    return body, headers


def _with_encoding(vary: str) -> str:
    return vary.replace("Accept,", "Accept, Accept-Encoding,", 1)
