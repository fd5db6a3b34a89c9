"""Asks a sandbox everything that was recorded, in the recorded order, and compares the answers.

Secrets were redacted when recording: the sandbox's own take their places. Ids that the servers gave (jobs, requests,
uploads) are put in the place of the recorded ones in what is asked later.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote

from jobsportal.sandbox import Sandbox

from .bodies import PASSWORD, body_of
from .compare import Answer, Comparison, compare
from .pace import Pace
from .records import Exchange, exchanges
from .schemas import Schema, schema
from .scope import reason_out
from .world import fill

RUNNING, DONE = ("queued", "started"), ("finished", "failed")

# What follows these was asked while they were still running.
HELD = re.compile(
    r"export_(start|by_other_user_same_job|other_format_while_queued)|import_(put_)?start[23]?|tus_finish"
    r"|legacy_dataset_accept_any"
)


def replay(generation: str, wanted: Callable[[Exchange], bool] = lambda exchange: True) -> list[Comparison]:
    """Everything in scope of one generation. `wanted` chooses what is compared; all of it is asked."""
    sandbox = Sandbox(version=generation, fill=fill)
    player = Player(sandbox, schema(generation))
    with player.pace.kept(), sandbox:
        found = [player.play(exchange) for exchange in exchanges(generation) if not reason_out(exchange, generation)]
    return [comparison for comparison in found if wanted(comparison.exchange)]


class Player:
    def __init__(self, sandbox: Sandbox, schema: Schema) -> None:
        self.sandbox = sandbox
        self.schema = schema
        self.pace = Pace(sandbox)
        self.tokens: dict[str, str] = {}
        self.cookies: dict[str, str] = {}
        self.ids: dict[str, str] = {}  # recorded → the sandbox's, as they stand in addresses

    def play(self, exchange: Exchange) -> Comparison:
        self._prepare(exchange)
        answer = self._ask(exchange)
        if self._unfinished(exchange, answer):
            self.pace.release()
            answer = self._ask(exchange)
        self._learn(exchange, answer)
        return compare(exchange, answer, self.schema)

    def _prepare(self, exchange: Exchange) -> None:
        """The recording took long enough for anonymous calls to be forgotten; here it takes seconds."""
        if HELD.fullmatch(exchange.name):
            self.pace.hold()
        else:
            self.pace.at_once()
        if _status(exchange.json) == "started":
            self.pace.start()
        if exchange.status == 429:
            for _ in range(self.sandbox.service.throttle.limit + 1):
                self._exchange("GET", "/api/server/about", {"Accept": "application/vnd.cvat+json"}, None)
        elif not exchange.name.startswith("throttle"):
            self.sandbox.service.throttle.clear()

    def _ask(self, exchange: Exchange) -> Answer:
        address = self._own(exchange.path) + (f"?{self._own(exchange.query)}" if exchange.query else "")
        return self._exchange(exchange.method, address, dict(self._headers(exchange)), body_of(exchange))

    def _exchange(self, method: str, address: str, headers: dict[str, str], body: bytes | None) -> Answer:
        host = self.sandbox.url.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=60)
        try:
            connection.putrequest(method, address, skip_host="Host" in headers, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            if body is not None or method in ("POST", "PUT", "PATCH"):
                connection.putheader("Content-Length", str(len(body or b"")))
            connection.endheaders(body)
            response = connection.getresponse()
            return _answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def _own(self, text: str) -> str:
        """The text of an address, with the sandbox's ids, and a format that it writes."""
        text = text.replace(*STAND_IN)
        for recorded, own in self.ids.items():
            text = text.replace(recorded, own)
        return text

    def _headers(self, exchange: Exchange) -> Iterator[tuple[str, str]]:
        for name, value in exchange.headers.items():
            if name == "Authorization":
                yield name, self._authorization(exchange, value)
            elif name == "Cookie":
                yield name, self._cookie(value)
            elif name == "X-CSRFToken":
                yield name, "wrong" if "bad_csrf" in exchange.name else self.cookies.get("csrftoken", "")
            elif name == "Origin" and "127.0.0.1" in value:
                yield name, self.sandbox.url
            elif name in ("If-None-Match", "If-Range"):
                yield name, self._own(value)
            elif name not in ("Content-Length", "User-Agent", "Accept-Encoding", "Connection"):
                yield name, value

    def _authorization(self, exchange: Exchange, value: str) -> str:
        scheme = value.split()[0]
        odd = ODD_CREDENTIALS.get(exchange.name)
        if odd is not None:
            return odd
        if scheme == "Basic":
            return "Basic " + base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
        return f"{scheme} {self._token(exchange)}"

    def _token(self, exchange: Exchange) -> str:
        """Of whoever asked. Who signs out with a token, and then tries it again, is alice."""
        name = exchange.as_user or {"x_deleted_user_token": "admin"}.get(exchange.name, "alice")
        is_dead = self.tokens.get(name) not in self.sandbox.store.tokens
        if is_dead and exchange.name != "token_after_logout":
            self.tokens[name] = self.sandbox.token(name)
        return self.tokens[name]

    def _cookie(self, recorded: str) -> str:
        """Signs in anew for a session that began unrecorded."""
        names = re.findall(r"(\w+)=", recorded)
        if "sessionid" in names and self.cookies.get("sessionid") not in self.sandbox.store.sessions:
            self._sign_in("admin")
        return "; ".join(f"{name}={self.cookies.get(name, 'x')}" for name in names)

    def _sign_in(self, username: str) -> None:
        headers = {"Accept": "application/vnd.cvat+json", "Content-Type": "application/json"}
        body = json.dumps({"username": username, "password": PASSWORD}).encode()
        self._keep_cookies(self._exchange("POST", "/api/auth/login", headers, body))

    def _unfinished(self, exchange: Exchange, answer: Answer) -> bool:
        """Whether a background request has not come as far as it had when it was recorded."""
        if _status(exchange.json) in DONE:
            return _status(answer.json) in RUNNING
        return exchange.status in (200, 201, 400, 500) and answer.status == 202 and exchange.method in ("GET", "PUT")

    def _learn(self, exchange: Exchange, answer: Answer) -> None:
        if exchange.path == "/api/auth/login":
            self._keep_cookies(answer)
        recorded, present = exchange.json, answer.json
        if isinstance(recorded, dict) and isinstance(present, dict):
            if "rq_id" in recorded and "rq_id" in present:
                self._learn_id(quote(recorded["rq_id"], safe="~"), quote(present["rq_id"], safe="~"))
                self._learn_id(recorded["rq_id"], present["rq_id"])
            if exchange.status == 201 and "task_id" in recorded and "task_id" in present:
                self._learn_id(f"/api/jobs/{recorded['id']}", f"/api/jobs/{present['id']}")
        for name in ("location", "upload-filename", "etag"):
            if name in exchange.answer_headers and name in answer.headers:
                self._learn_id(_last(exchange.answer_headers[name]), _last(answer.headers[name]))

    def _learn_id(self, recorded: str, own: str) -> None:
        if recorded != own:
            self.ids[recorded] = own

    def _keep_cookies(self, answer: Answer) -> None:
        jar = SimpleCookie()
        for part in re.split(r", (?=\w+=)", answer.headers.get("set-cookie", "")):
            jar.load(part)
        self.cookies |= {name: morsel.value for name, morsel in jar.items()}


# A format that the sandbox doesn't write, in exchanges that are not about the format.
STAND_IN = ("format=PASCAL%20VOC%201.1", "format=COCO%201.0")

ODD_CREDENTIALS = {
    "jobs_list_bad_token": "Token 0123456789",
    "jobs_list_bearer_token": "Bearer 0123456789",
    "jobs_list_empty_token": "Token ",
    "jobs_list_malformed_token": "Token one two",
    "session_cookie_plus_bad_token": "Token 0123456789",
    "basic_bad": "Basic " + base64.b64encode(b"alice:wrong").decode(),
    "basic_malformed": "Basic %%%",
}


def _answer(status: int, headers: list[tuple[str, str]], body: bytes) -> Answer:
    kept: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        kept[key] = f"{kept[key]}, {value}" if key in kept else value
    if "json" not in kept.get("content-type", "") or not body:
        return Answer(status, kept, body)
    return Answer(status, kept, body, _parsed(body), True)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _status(data: Any) -> Any:
    """How far a background request is, as it tells itself."""
    return data.get("status") if isinstance(data, dict) and "operation" in data else None


def _last(address: str) -> str:
    return address.rsplit("/", 1)[-1]
