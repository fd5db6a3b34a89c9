"""Faults: what goes wrong between the sandbox and its callers, when somebody orders it.

Tests order them with `Sandbox.fail`. `SANDBOX_FAULTS` orders them for as long as the sandbox runs, and the header
`X-Sandbox-Fault` for the one request that carries it, where the sandbox was started to listen to it. Both speak one
small language of words parted by spaces:

    latency=200         milliseconds to wait before the answer; latency=200~100 adds up to 100 more
    status=503          an answer of that status in place of the real one
    retry-after=5       the header of that name, in seconds, on the answer that `status` makes; alone it means 429
    expired             401, as a token is answered that isn't valid any more
    reset               the connection ends without an answer
    truncate=1000       the connection ends after that many bytes of the body
    slow=5000           the body is sent at that many bytes a second
    malformed           JSON is cut in the middle, though its length is told as if it were whole
    malformed=html      a page comes in place of what was asked for, with the real status
    rate=0.1            the share of the matching requests that it happens to; all of them without it

In `SANDBOX_FAULTS` several rules are parted by semicolons, and each may begin with a method and a regular expression
that is searched in the path. Of the rules that match a request the first that its rate lets happen counts:

    GET /api/jobs/\\d+$ rate=0.2 status=503 retry-after=1; /dataset/download slow=50000; latency=100~50

What is left to chance is drawn from a seed, for each rule by itself: the same requests meet the same faults again.
What `Sandbox.fail` has ordered comes before the header, and the header before the rules.
"""

from __future__ import annotations

import json
import random
import re
import threading
from dataclasses import dataclass, field, replace
from http import HTTPStatus

HEADER = "x-sandbox-fault"
REASONS = {status.value: status.phrase for status in HTTPStatus} | {
    414: "Request-URI Too Large",
    416: "Requested Range Not Satisfiable",
}


@dataclass
class Fault:
    """What happens in place of the real answer, or on the way to it. Times are in seconds."""

    method: str | None = None
    path: str | None = None
    status: int | None = None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str | None = None
    delay: float = 0.0
    reset: bool = False
    truncate: int | None = None
    times: int | None = 1
    jitter: float = 0.0
    slow: int | None = None
    malformed: str | None = None
    rate: float = 1.0
    chance: random.Random = field(default_factory=lambda: random.Random(0), repr=False)

    def happens(self, method: str, path: str) -> bool:
        """Whether it is this request's turn; only requests that match draw from the chance."""
        if self.method is not None and self.method.upper() != method:
            return False
        if self.path is not None and re.search(self.path, path) is None:
            return False
        return self.rate >= 1 or self.chance.random() < self.rate

    def drawn(self) -> Fault:
        """This fault with nothing left to chance."""
        return replace(self, delay=self.delay + self.jitter * self.chance.random()) if self.jitter else self


class Faults:
    """The faults that were ordered, used up by the requests they happen to, and the rules, which stay."""

    def __init__(self, rules: str = "", seed: int = 0, by_header: bool = False) -> None:
        self._lock = threading.Lock()
        self._said, self._seed, self._by_header = rules, seed, by_header
        self.clear()

    def clear(self) -> None:
        """Forgets what was ordered, and begins again with all chances."""
        with self._lock:
            self._ordered: list[Fault] = []
            self._rules = read_rules(self._said, self._seed)
            self._chance = random.Random(self._seed)

    def add(self, fault: Fault) -> None:
        with self._lock:
            fault.chance = random.Random(self._seed)
            self._ordered.append(fault)

    def take(self, method: str, path: str, headers: dict[str, str]) -> Fault | None:
        """What happens to a request. An order in its header that cannot be understood is a ValueError."""
        with self._lock:
            for fault in (*self._ordered, *self._from_header(headers), *self._rules):
                if fault.happens(method, path):
                    self._use_up(fault)
                    return fault.drawn()
        return None

    def _from_header(self, headers: dict[str, str]) -> list[Fault]:
        if not self._by_header or HEADER not in headers:
            return []
        return [_read(headers[HEADER], self._chance)]

    def _use_up(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._ordered.remove(fault)


def read_rules(text: str, seed: int = 0) -> list[Fault]:
    """The rules of `SANDBOX_FAULTS`; a ValueError says which word isn't one."""
    said = [rule for rule in text.split(";") if rule.strip()]
    return [_read(rule, random.Random(f"{seed}/{number}")) for number, rule in enumerate(said)]


def _read(text: str, chance: random.Random) -> Fault:
    fault = Fault(times=None, chance=chance)
    for word in text.split():
        try:
            _read_word(fault, word)
        except (ValueError, re.error) as error:
            raise ValueError(f"Not a word of faults: {word}") from error
    _give_body(fault)
    return fault


def _give_body(fault: Fault) -> None:
    """As the application words a refusal, and the web server in front of it its own trouble."""
    if fault.status is None or fault.body:
        return
    phrase = REASONS.get(fault.status, "Unknown")
    if fault.status >= 500:
        title = f"{fault.status} {phrase}"
        page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
        fault.body, fault.content_type = page.encode(), "text/html"
    elif fault.status >= 400:
        wait = fault.headers.get("Retry-After")
        words = f"Request was throttled. Expected available in {wait} seconds." if wait else f"{phrase}."
        fault.body = json.dumps({"detail": words}).encode()


def _read_word(fault: Fault, word: str) -> None:
    name, _, value = word.partition("=")
    if word.isalpha() and word.isupper():
        fault.method = word
    elif word.startswith("/"):
        fault.path = re.compile(word).pattern
    elif name == "latency":
        delay, _, jitter = value.partition("~")
        fault.delay, fault.jitter = _natural(delay) / 1000, _natural(jitter or "0") / 1000
    elif name == "status":
        fault.status = _within(int(value), 200, 599)
    elif name == "retry-after":
        fault.headers["Retry-After"] = str(_natural(value))
        fault.status = fault.status or 429
    elif name in ("truncate", "slow"):
        setattr(fault, name, _within(_natural(value), int(name == "slow"), 1 << 40))
    elif word in ("malformed", "malformed=html", "malformed=cut"):
        fault.malformed = value or "cut"
    elif name == "rate":
        fault.rate = _share(value)
    elif word == "reset":
        fault.reset = True
    elif word == "expired":
        fault.status, fault.body = 401, b'{"detail":"Invalid token."}'
        fault.headers["WWW-Authenticate"] = "Token"
    else:
        raise ValueError(word)


def _natural(raw: str) -> int:
    return _within(int(raw), 0, 1 << 40)


def _within(number: int, least: int, most: int) -> int:
    if not least <= number <= most:
        raise ValueError(number)
    return number


def _share(raw: str) -> float:
    share = float(raw)
    if not 0 <= share <= 1:
        raise ValueError(raw)
    return share
