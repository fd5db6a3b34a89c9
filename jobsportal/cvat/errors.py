"""Everything that can go wrong with the upstream, one class per thing a person can be told.

    CVATError
    ├── Unreachable        no connection, or it broke before an answer was complete
    │   └── TimedOut       connected, but no answer in time
    ├── SignedOut          401: the credential is missing, wrong, expired or revoked
    ├── Forbidden          403: known, but not allowed
    ├── NotFound           404: gone, or never there for this person
    ├── Invalid            400, 413, 415, 422: what was sent is not acceptable; `fields` says where
    ├── Conflict           409: it already runs, or somebody else was first; `rq_id` names what runs
    ├── Busy               429, 503: later; `retry_after` in seconds where the upstream says it
    ├── Unsupported        405, 406, 410, 501: this server version has no such operation
    └── BrokenAnswer       what came back is not what the API promises
        ├── ServerFault    500, 502, 504 and the like
        └── TooLarge       longer than this client is willing to hold in memory

`error_for` picks the class from a table. Error bodies of real servers come as `{"detail"}`, `{"field": […]}`,
`{"non_field_errors": […]}`, a bare list, a bare string, plain text, an HTML page or nothing: `words_of` reads them all.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

MAX_WORDS = 2000
MAX_FIELDS = 50
MAX_READ = 20_000  # of a body that isn't JSON: its words are at its beginning

PAGE = re.compile(r"<(?:!doctype|html|head|body|title|h1|p|div)\b", re.I)
HEADING = re.compile(r"<h1\b[^>]*>(.{0,2000}?)</h1>", re.S | re.I)
TITLE = re.compile(r"<title\b[^>]*>(.{0,2000}?)</title>", re.S | re.I)


@dataclass(eq=False)
class CVATError(Exception):
    """Something the upstream, or the way to it, did not do.

    `detail` holds the upstream's own words (at most 2,000 characters, never HTML), `fields` its complaints by field
    name, `request_id` the X-Request-ID that was sent along, so that both servers' logs can be matched.
    `may_be_read_only`: a change was forbidden, and it may be the access token's fault, not the person's.
    """

    detail: str = ""
    status: int | None = None
    fields: dict[str, list[str]] = field(default_factory=dict)
    method: str = ""
    path: str = ""
    request_id: str = ""
    retry_after: float | None = None
    rq_id: str | None = None
    may_be_read_only: bool = False

    def __str__(self) -> str:
        where = f"{self.method} {self.path}".strip()
        said = " ".join(f"{self.status or ''} {self.detail}".split())  # one line: it goes into logs
        return ": ".join(part for part in (type(self).__name__, where, said) if part)


class Unreachable(CVATError):
    """There is no connection to the upstream, or it was lost."""


class TimedOut(Unreachable):
    """The upstream took longer than the client's timeouts allow."""


class SignedOut(CVATError):
    """The upstream does not accept the credential (any more)."""


class Forbidden(CVATError):
    """The upstream knows the person, and says no."""


class NotFound(CVATError):
    """There is no such thing, or none that this person may know of."""


class Invalid(CVATError):
    """The upstream refuses what was sent; `fields` tells where it said so."""


class Conflict(CVATError):
    """The same thing is already being done; `rq_id` is the background request that does it, where known."""


class Busy(CVATError):
    """The upstream asks to come back later."""


class Unsupported(CVATError):
    """This version of the upstream does not offer the operation."""


class BrokenAnswer(CVATError):
    """An answer arrived that is not what the API promises."""


class ServerFault(BrokenAnswer):
    """The upstream failed internally."""


class TooLarge(BrokenAnswer):
    """The answer is longer than the client holds in memory."""


BY_STATUS: dict[int, type[CVATError]] = {
    400: Invalid,
    401: SignedOut,
    403: Forbidden,
    404: NotFound,
    405: Unsupported,
    406: Unsupported,
    408: TimedOut,
    409: Conflict,
    410: Unsupported,
    413: Invalid,
    414: Invalid,
    415: Invalid,
    416: Invalid,
    422: Invalid,
    429: Busy,
    501: Unsupported,
    503: Busy,
}


def error_for(
    status: int, headers: Mapping[str, str], body: bytes, *, method: str, path: str, request_id: str
) -> CVATError:
    """The error that an unsuccessful answer stands for."""
    kind = BY_STATUS.get(status) or (ServerFault if status >= 500 else BrokenAnswer)
    detail, fields, rq_id = words_of(headers.get("Content-Type", ""), body)
    return kind(
        detail=detail,
        status=status,
        fields=fields,
        method=method,
        path=path,
        request_id=request_id,
        retry_after=seconds(headers.get("Retry-After")),
        rq_id=rq_id,
    )


def words_of(content_type: str, body: bytes) -> tuple[str, dict[str, list[str]], str | None]:
    """What an error body says: (words for everybody, words by field, id of the background request it names).

    The content type is no help: real servers label plain text and JSON strings as HTML.
    """
    try:
        data = msgspec.json.decode(body)
        if not isinstance(data, dict):
            return together(flatten(data)), {}, None
        rq_id = data.pop("rq_id", None)
        general = flatten(data.pop("detail", [])) + flatten(data.pop("non_field_errors", []))
        fields = {name[:100]: shortened(flatten(said)) for name, said in list(data.items())[:MAX_FIELDS]}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return plain_words(body[:MAX_READ].decode("utf-8", "replace")), {}, None
    return together(general), fields, rq_id if isinstance(rq_id, str) else None


def plain_words(text: str) -> str:
    """The words of a plain text or HTML error body; an HTML page is reduced to its heading."""
    if PAGE.search(text):
        heading = HEADING.search(text) or TITLE.search(text)
        text = html.unescape(re.sub(r"<[^>]*>", " ", heading.group(1))) if heading else ""
    return " ".join(text.split())[:MAX_WORDS]


def together(said: list[str]) -> str:
    return "; ".join(said)[:MAX_WORDS]


def shortened(said: list[str]) -> list[str]:
    return [text[:MAX_WORDS] for text in said[:MAX_FIELDS]]


def flatten(said: Any) -> list[str]:
    """Every piece of text within nested lists and objects, in order."""
    if isinstance(said, str):
        return [said]
    if isinstance(said, dict):
        return [
            f"{key}: {text}" if not key.isdigit() else text for key, value in said.items() for text in flatten(value)
        ]
    if isinstance(said, list):
        return [text for value in said for text in flatten(value)]
    return [] if said is None else [str(said)]


def seconds(header: str | None) -> float | None:
    """Retry-After in seconds; a date, which CVAT never sends, counts as not said."""
    return float(header) if header and re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", header.strip()) else None
