"""Requests and answers as the sandbox's handlers see them; nothing here knows a socket or an endpoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .store import Organization, User

VENDOR = "application/vnd.cvat+json"
FORBIDDEN = "You do not have permission to perform this action."

SERVER_ERROR_PAGE = (
    '\n<!doctype html>\n<html lang="en">\n<head>\n  <title>Server Error (500)</title>\n</head>\n<body>\n'
    "  <h1>Server Error (500)</h1><p></p>\n</body>\n</html>\n"
)
NOT_FOUND_PAGE = (
    '\n<!doctype html>\n<html lang="en">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n'
    "  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>\n</body>\n</html>\n"
)
HTML = "text/html; charset=utf-8"


class _Nothing:
    """Stands for "no JSON body": None is a JSON value of its own."""


NOTHING = _Nothing()


@dataclass
class Response:
    """One answer. Either `data` (rendered as JSON), or `body`, or a `file` sent from disk, or nothing at all."""

    status: int = 200
    data: Any = NOTHING
    body: bytes = b""
    content_type: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    file: Path | None = None
    file_start: int = 0
    file_length: int = 0
    bare: bool = False  # sent by the web server in front, hence without the application's `vary` and `allow`
    compress: bool = True


class Refusal(Exception):
    """An answer that ends the handling of a request early."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def refuse(status: int, data: object, headers: list[tuple[str, str]] | None = None) -> Refusal:
    """A refusal with a JSON body."""
    return Refusal(Response(status, data=data, headers=list(headers or [])))


def detail(status: int, words: str) -> Refusal:
    """The framework's usual shape: {"detail": words}."""
    return refuse(status, {"detail": words})


def forbidden() -> Refusal:
    return detail(403, FORBIDDEN)


def missing(request: Request, model: str) -> Refusal:
    return detail(404, "Not found." if request.is_old else f"No {model} matches the given query.")


def invalid(words: str) -> Refusal:
    """A validation error that belongs to no field: a bare list."""
    return refuse(400, [words])


def crash() -> Refusal:
    """What the upstream answers when its own code raises: an HTML page."""
    return Refusal(page(500, SERVER_ERROR_PAGE))


def page(status: int, html: str) -> Response:
    return Response(status, body=html.encode(), content_type=HTML)


def text(status: int, words: str) -> Response:
    """Plain words that the upstream labels as HTML."""
    return Response(status, body=words.encode(), content_type=HTML)


@dataclass
class Request:
    """One request, read whole; the body lies in a file that spills to disk when it grows."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: IO[bytes]
    length: int
    peer: str
    user: User | None = None
    signed_by: str | None = None
    organization: Organization | None = None
    personal: bool = False
    is_old: bool = False  # asked of the older generation

    def param(self, name: str) -> str | None:
        """Of a repeated parameter the last value counts."""
        values = self.query.get(name)
        return values[-1] if values else None

    def base(self) -> str:
        """Scheme and host as the caller named them, or as the proxy in front says."""
        scheme = self.headers.get("x-forwarded-proto", "http")
        host = self.headers.get("x-forwarded-host") or self.headers.get("host", "localhost")
        return f"{scheme}://{host}"

    def content_type(self) -> str:
        return self.headers.get("content-type", "")

    def person(self) -> User:
        """Who is signed in. Only handlers of endpoints that need a person may ask."""
        if self.user is None:
            raise crash()
        return self.user

    def json(self, empty: object = None) -> Any:
        """The body as JSON; the upstream takes `application/json` and nothing else."""
        kind = self.content_type()
        if self.length == 0:
            return {} if empty is None else empty
        if kind.split(";")[0].strip().lower() != "application/json":
            raise detail(415, f'Unsupported media type "{kind}" in request.')
        self.body.seek(0)
        return parse_json(self.body.read())


def parse_json(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise detail(400, f"JSON parse error - {error}") from error


def _no_constant(name: str) -> None:
    """Infinity and NaN are no JSON, though Python would take them."""
    raise ValueError(f"Out of range float values are not JSON compliant: '{name}'")


def dump_json(data: object) -> bytes:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


Handler = Callable[..., Response]
