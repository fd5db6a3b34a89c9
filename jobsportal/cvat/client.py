"""The one place where exchanges with the upstream happen. Nothing else imports `requests`.

`Client` sets credential, organization, Accept, X-Request-ID and time limits, repeats what may be repeated, bounds what
is read into memory, and turns every failure into one of `errors`. Only its own address is ever called: redirects are
not followed, and addresses found in answers are never used as such.
"""

import logging
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.utils import collapse_rfc2231_value
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
from requests import ConnectTimeout, ReadTimeout, RequestException, Response, Session
from requests.exceptions import ContentDecodingError, InvalidHeader
from urllib3.exceptions import HTTPError, ReadTimeoutError

from jobsportal.cvat import errors
from jobsportal.cvat.auth import Auth
from jobsportal.cvat.connections import Deadline, new_session
from jobsportal.cvat.credentials import Anonymous, Credential
from jobsportal.cvat.directory import (
    CloudStorages,
    Issues,
    Labels,
    Memberships,
    Organizations,
    Projects,
    Server,
    Tasks,
    Users,
)
from jobsportal.cvat.jobs import Jobs
from jobsportal.cvat.requests_ import Requests
from jobsportal.cvat.retries import RetryPolicy
from jobsportal.cvat.types import Raw
from jobsportal.cvat.uploads import Uploads
from jobsportal.cvat.versions import Version, known_versions

T = TypeVar("T")

logger = logging.getLogger(__name__)

# `application/json` alone is answered 406; a browser-like Accept gets an HTML page.
ACCEPT = "application/vnd.cvat+json, */*;q=0.1"
MIB = 1024 * 1024
PIECE = 256 * 1024
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

# What may travel in a header: anything else could end it and begin another, or can't be encoded.
HEADER_VALUE = re.compile(r"(?:[\x21-\x7e][\x20-\x7e]*)?")


@dataclass(frozen=True)
class Timeouts:
    """Seconds to connect, to wait for the next bytes, and for a whole answer that is read into memory.

    `total` counts from the moment the request was sent, so that a long upload doesn't use it up; of a download it
    bounds the headers alone.
    """

    connect: float = 5.0
    read: float = 30.0
    total: float = 60.0


@dataclass
class Download:
    """A file on its way: iterate over it once, then it is closed. Pieces are at most 256 KiB.

    A transfer that breaks raises Unreachable in the middle of the iteration, so that a short file never looks whole.
    """

    response: Response
    request_id: str = ""
    is_begun: bool = field(default=False, init=False)

    def __enter__(self) -> "Download":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        return self.response.headers

    @property
    def whole_length(self) -> int | None:
        """How many bytes the whole file has, whether all of it comes or a part; None where the upstream doesn't say."""
        name = "Content-Range" if self.status == 206 else "Content-Length"
        told = self.headers.get(name, "").rpartition("/")[2]
        return int(told) if told.isascii() and told.isdecimal() and len(told) < 16 else None

    @property
    def filename(self) -> str:
        """The name that the upstream gives the file, without any folder; empty if it gives none."""
        try:
            return self._told_filename()
        except (ValueError, TypeError, LookupError):
            return ""

    def _told_filename(self) -> str:
        message = Message()
        message["Content-Disposition"] = self.headers.get("Content-Disposition", "")[:2000]
        params: list[tuple[str, Any]] = message.get_params([], "Content-Disposition")
        given = [value for name, value in params if name == "filename"]
        # `filename*`, which Python's parser tells as a tuple, goes before `filename`, wherever it stands (RFC 6266).
        best = next((value for value in given if isinstance(value, tuple)), given[0] if given else "")
        name = re.split(r"[\\/]", collapse_rfc2231_value(best).strip('"'))[-1]
        return "" if name in (".", "..") else "".join(char for char in name if char.isprintable())

    def __iter__(self) -> Iterator[bytes]:
        if self.is_begun:
            raise RuntimeError("a download passes by once")
        self.is_begun = True
        return self._pieces()

    def _pieces(self) -> Iterator[bytes]:
        try:
            # decode_content=False: Content-Length and ranges speak of the bytes as they travel.
            yield from self.response.raw.stream(PIECE, decode_content=False)
        except (HTTPError, OSError) as error:
            raise translated(error, "GET", urlsplit(self.response.url).path, self.request_id) from None
        finally:
            self.close()

    def close(self) -> None:
        self.response.close()


@dataclass
class Client:
    """A person's view of one upstream.

    `organization` is a slug: only what belongs to it is seen; "" means personal things only, None everything one may
    see. `forwarded_for` is the address of the person on whose behalf the client speaks: the upstream counts anonymous
    calls by it. Clients are cheap; share `session` among them to share connections.
    """

    url: str
    credential: Credential = field(default_factory=Anonymous)
    organization: str | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    max_body: int = 64 * MIB
    request_id: str = ""
    forwarded_for: str = field(default="", repr=False)
    session: Session = field(default_factory=new_session, repr=False)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give up the connections; those of a session that others share as well."""
        self.session.close()

    def __post_init__(self) -> None:
        if not is_server_address(self.url):
            raise ValueError("not the address of a server: it needs http or https, a host, and no name or password")
        self.url = self.url.rstrip("/")
        if self.organization and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", self.organization):
            raise errors.Invalid(
                detail="That is not the name of an organization.", fields={"org": ["unknown organization"]}
            )

    @property
    def origin(self) -> str:
        """The upstream's own origin: scheme, host and port."""
        parts = urlsplit(self.url)
        usual = {"http": ":80", "https": ":443"}[parts.scheme]  # which no Host header carries
        return f"{parts.scheme}://{parts.netloc.removesuffix(usual)}"

    @property
    def version(self) -> Version:
        """The server's version. Asked for once in ten minutes and address (GET /api/server/about)."""
        told = known_versions.get(self.url)
        if told is None:
            told = self.server.about().version
            known_versions.set(self.url, told)
        return Version.parse(told)

    @cached_property
    def jobs(self) -> Jobs:
        return Jobs(self)

    @cached_property
    def requests(self) -> Requests:
        return Requests(self)

    @cached_property
    def auth(self) -> Auth:
        return Auth(self)

    @cached_property
    def server(self) -> Server:
        return Server(self)

    @cached_property
    def users(self) -> Users:
        return Users(self)

    @cached_property
    def organizations(self) -> Organizations:
        return Organizations(self)

    @cached_property
    def tasks(self) -> Tasks:
        return Tasks(self)

    @cached_property
    def projects(self) -> Projects:
        return Projects(self)

    @cached_property
    def memberships(self) -> Memberships:
        return Memberships(self)

    @cached_property
    def cloud_storages(self) -> CloudStorages:
        return CloudStorages(self)

    @cached_property
    def issues(self) -> Issues:
        return Issues(self)

    @cached_property
    def uploads(self) -> Uploads:
        return Uploads(self)

    @cached_property
    def labels(self) -> Labels:
        return Labels(self)

    def get(self, path: str, kind: type[T], **params: Any) -> T:
        """GET a JSON answer of a kind."""
        return decoded(self.fetch("GET", path, params=params), kind, "GET", path)

    def send(self, method: str, path: str, kind: type[T], *, json: Any = None, **options: Any) -> T:
        """Send, and read a JSON answer of a kind."""
        if json is not None:
            try:
                options["data"] = msgspec.json.encode(json)
            except UnicodeEncodeError:
                raise unsendable(method, path) from None
            options["headers"] = {"Content-Type": "application/json", **options.get("headers", {})}
        return decoded(self.fetch(method, path, **options), kind, method, path)

    def fetch(self, method: str, path: str, *, once: bool = False, **options: Any) -> Raw:
        """One exchange whose answer fits into memory; repeated as the retry policy allows.

        A body that is read from somewhere is sent once at most: what is left of it would be another one. `once` is for
        requests that mean something else the second time, whatever their method promises.
        """
        attempt = 1
        repeatable = not once and isinstance(options.get("data"), bytes | None)
        while True:
            try:
                return self._fetch_once(method, path, **options)
            except errors.CVATError as error:
                delay = self.retry.delay(method, attempt, error) if repeatable else None
                if delay is None:
                    raise
                logger.info("again in %.1f s: %s", delay, error)
                time.sleep(delay)
                attempt += 1

    def _fetch_once(self, method: str, path: str, *, max_body: int | None = None, **options: Any) -> Raw:
        response, request_id = self._open(method, path, **options)
        with response:
            body = self._read(response, max_body or self.max_body, method, path, request_id)
        return Raw(
            content=body,
            content_type=response.headers.get("Content-Type", ""),
            status=response.status_code,
            headers=dict(response.headers),
            request_id=request_id,
        )

    def stream(
        self, path: str, *, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Download:
        """GET a file without reading it into memory. 206 and 304 are answers too."""
        options = {"Accept": "*/*", "Accept-Encoding": "identity", **(headers or {})}
        response, request_id = self._open("GET", path, params=params, headers=options, is_stream=True)
        if response.status_code not in (200, 206, 304):
            response.close()
            words = "an answer without a file"
            raise errors.BrokenAnswer(words, response.status_code, method="GET", path=path, request_id=request_id)
        return Download(response, request_id)

    def _open(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str | None] | None = None,
        data: Any = None,
        is_stream: bool = False,
    ) -> tuple[Response, str]:
        """Send one request and return the answer with its body unread, if it is a good one."""
        request_id = self.request_id or uuid4().hex
        try:
            all_headers = self._headers(method, request_id, headers)
        except UnicodeError:
            raise unsendable(method, path) from None
        if not all(HEADER_VALUE.fullmatch(value) for value in all_headers.values()):
            raise unsendable(method, path)
        deadline = Deadline(self.timeouts.total, self.timeouts.read)
        started = time.monotonic()
        try:
            with deadline:
                response = self.session.request(
                    method,
                    self.url + path,
                    params={**wired(params or {}), **self.credential.params},
                    headers=all_headers,
                    data=data,
                    timeout=(self.timeouts.connect, self.timeouts.read),
                    stream=True,
                    allow_redirects=False,
                )
        except UnicodeError:
            raise unsendable(method, path) from None
        except (RequestException, HTTPError, OSError) as error:
            raise translated(error, method, path, request_id) from None
        logger.info("%s %s %s %.0f ms", method, path, response.status_code, 1000 * (time.monotonic() - started))
        if response.status_code < 300 or response.status_code == 304:
            if is_stream:
                deadline.lift()
            return response, request_id
        with response:
            raise self._failure(response, method, path, request_id)

    def _headers(self, method: str, request_id: str, extra: Mapping[str, str | None] | None) -> dict[str, str]:
        headers: dict[str, str | None] = {
            "Accept": ACCEPT,
            "User-Agent": "jobs-portal",
            "X-Request-ID": request_id,
            **self.credential.headers,
        }
        if self.organization is not None:
            headers["X-Organization"] = self.organization
        if self.forwarded_for:
            headers["X-Forwarded-For"] = self.forwarded_for
        if self.credential.needs_origin and method not in SAFE_METHODS:
            headers["Origin"] = self.origin
        return {name: value for name, value in {**headers, **(extra or {})}.items() if value is not None}

    def _failure(self, response: Response, method: str, path: str, request_id: str) -> errors.CVATError:
        status = response.status_code
        if status < 400:
            words = "The server answers from another address, which is not followed. Check the configured address."
            return errors.BrokenAnswer(detail=words, status=status, method=method, path=path, request_id=request_id)
        try:
            body = self._read(response, MIB, method, path, request_id, is_cut=True)
        except errors.CVATError:
            body = b""
        error = errors.error_for(status, response.headers, body, method=method, path=path, request_id=request_id)
        is_refused_change = isinstance(error, errors.Forbidden) and method not in SAFE_METHODS
        error.may_be_read_only = is_refused_change and self.credential.may_be_read_only
        return error

    def _read(
        self, response: Response, limit: int, method: str, path: str, request_id: str, *, is_cut: bool = False
    ) -> bytes:
        pieces: list[bytes] = []
        size = 0
        try:
            for piece in response.iter_content(PIECE):
                size += len(piece)
                if size > limit and is_cut:
                    return b"".join(pieces) + piece[: limit - size]
                if size > limit:
                    raise errors.TooLarge(f"more than {limit:,} bytes", method=method, path=path, request_id=request_id)
                pieces.append(piece)
        except (RequestException, HTTPError, OSError) as error:
            raise translated(error, method, path, request_id) from None
        return b"".join(pieces)


def is_server_address(url: str) -> bool:
    """Whether clients can speak to it. A name and password in it would travel instead of the credential, and show."""
    try:
        parts = urlsplit(url)
        has_good_port = parts.port != 0  # asking for it raises for what can't be one
    except ValueError:
        return False
    is_plain = not (parts.query or parts.fragment or "@" in parts.netloc) and url.isprintable() and " " not in url
    return parts.scheme in ("http", "https") and bool(parts.hostname) and has_good_port and is_plain


def decoded(raw: Raw, kind: type[T], method: str, path: str) -> T:
    """The typed meaning of a JSON body."""
    try:
        return msgspec.json.decode(raw.content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        words = f"not what the API promises: {error}"
        raise errors.BrokenAnswer(words, method=method, path=path, request_id=raw.request_id) from None


def unsendable(method: str, path: str) -> errors.Invalid:
    """For line breaks or half characters where they can't travel. What holds them isn't quoted: it may be secret."""
    return errors.Invalid("It holds characters that can't be sent.", method=method, path=path)


def wired(params: Mapping[str, Any]) -> dict[str, Any]:
    """Query parameters as they travel; those without a value stay behind."""
    return {
        name: ("true" if value else "false") if isinstance(value, bool) else value
        for name, value in params.items()
        if value is not None
    }


def translated(error: BaseException, method: str, path: str, request_id: str) -> errors.CVATError:
    """The failure of an exchange that brought no complete answer. To be raised without its cause, whose words may hold
    the whole address, with a signature in it."""
    kind: type[errors.CVATError] = errors.Unreachable
    if is_late(error):
        kind = errors.TimedOut
    elif isinstance(error, ContentDecodingError | InvalidHeader):
        kind = errors.BrokenAnswer
    return kind(type(error).__name__, method=method, path=path, request_id=request_id)


def is_late(error: BaseException) -> bool:
    """Whether the server was there, but not in time. requests has no class of its own for a body that stalls."""
    if isinstance(error, ReadTimeout | ReadTimeoutError):
        return True
    return not isinstance(error, ConnectTimeout) and ("Read timed out" in str(error) or "TimeoutError" in str(error))
