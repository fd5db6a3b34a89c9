"""Faults ordered by rules and by a header, in words; and what they do on the wire."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests

from jobsportal.sandbox import Sandbox
from jobsportal.sandbox.faults import read_rules

from .conftest import Caller


@contextmanager
def faulty(rules: str = "", seed: int = 0, by_header: bool = False) -> Iterator[Caller]:
    with Sandbox(faults=rules, fault_seed=seed, fault_header=by_header) as sandbox:
        yield Caller(sandbox, "admin")


@pytest.fixture(scope="module")
def listening() -> Iterator[Sandbox]:
    with Sandbox(fault_header=True) as sandbox:
        yield sandbox


@pytest.fixture
def ordered(listening: Sandbox) -> Callable[..., requests.Response]:
    """Asks for a job and orders a fault with it."""
    listening.reset()
    caller = Caller(listening, "admin")
    return lambda words, path="jobs/1", **more: caller.get(path, headers={"X-Sandbox-Fault": words}, **more)


def test_the_header_orders_nothing_unless_it_is_listened_to(admin: Caller) -> None:
    assert admin.get("jobs/1", headers={"X-Sandbox-Fault": "status=503"}).status_code == 200


@pytest.mark.parametrize(
    ("words", "status", "header", "body"),
    [
        ("status=503", 503, None, "503 Service Unavailable"),
        ("status=404", 404, None, '{"detail": "Not Found."}'),
        ("status=204", 204, None, ""),
        ("status=599", 599, None, "599 Unknown"),
        (
            "retry-after=7",
            429,
            ("Retry-After", "7"),
            '{"detail": "Request was throttled. Expected available in 7 seconds."}',
        ),
        ("status=503 retry-after=0", 503, ("Retry-After", "0"), "503 Service Unavailable"),
        ("expired", 401, ("WWW-Authenticate", "Token"), '{"detail":"Invalid token."}'),
    ],
)
def test_answers_in_place_of_the_real_one(
    ordered: Callable[..., requests.Response], words: str, status: int, header: tuple[str, str] | None, body: str
) -> None:
    answer = ordered(words)
    assert answer.status_code == status and body in answer.text
    assert header is None or answer.headers[header[0]] == header[1]
    assert ordered("").status_code == 200


def test_a_connection_that_is_reset(ordered: Callable[..., requests.Response]) -> None:
    with pytest.raises(requests.ConnectionError):
        ordered("reset")


def test_a_body_that_ends_early(ordered: Callable[..., requests.Response]) -> None:
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        ordered("truncate=10")


@pytest.mark.parametrize("words", ["malformed", "malformed=cut"])
def test_json_cut_in_the_middle(ordered: Callable[..., requests.Response], words: str) -> None:
    answer = ordered(words)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/vnd.cvat+json")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_pictures_are_not_cut_as_json_is(ordered: Callable[..., requests.Response]) -> None:
    assert ordered("malformed", "jobs/1/preview").content == ordered("", "jobs/1/preview").content


def test_a_page_in_place_of_json(ordered: Callable[..., requests.Response]) -> None:
    answer = ordered("malformed=html")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
    assert answer.text.startswith("<!doctype html>")


def test_a_change_is_made_though_its_answer_is_spoilt(listening: Sandbox) -> None:
    listening.reset()
    caller = Caller(listening, "admin")
    caller.patch("jobs/1", json={"state": "rejected"}, headers={"X-Sandbox-Fault": "malformed"})
    assert caller.get("jobs/1").json()["state"] == "rejected"


def test_a_slow_body_comes_in_pieces_and_whole(listening: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits are noted, not waited for."""
    waits: list[float] = []
    monkeypatch.setattr(listening, "wait", waits.append)
    answer = Caller(listening, "admin").get("jobs/1/preview", headers={"X-Sandbox-Fault": "slow=1000"})
    size = len(answer.content)
    assert answer.content.startswith(b"\xff\xd8") and size > 1000
    pieces = [seconds for seconds in waits if seconds]
    assert len(pieces) == -(-size // 100) and set(pieces) == {0.1}


def test_words_that_are_unknown_are_told(ordered: Callable[..., requests.Response]) -> None:
    answer = ordered("slow=fast")
    assert (answer.status_code, answer.text) == (400, "Not a word of faults: slow=fast\n")


@pytest.mark.parametrize(
    "words",
    ["bogus", "status=99", "status=600", "latency=-5", "latency=soon", "latency=1~x", "rate=2", "rate=nan",
     "truncate=-1", "slow=0", "malformed=xml", "/jobs/[", "retry-after=later", "Get", "reset=1", "expired=0"],
)  # fmt: skip
def test_what_is_no_word_of_faults(words: str) -> None:
    with pytest.raises(ValueError, match="Not a word of faults: "):
        read_rules(f"status=500; GET /api {words}")


def test_what_rules_say() -> None:
    first, second = read_rules(r"PATCH /api/jobs/\d+$ rate=0.25 status=502 ; latency=200~100 slow=50 ;")
    assert (first.method, first.path, first.rate, first.status) == ("PATCH", r"/api/jobs/\d+$", 0.25, 502)
    assert (second.method, second.path, second.rate, second.times) == (None, None, 1.0, None)
    assert (second.delay, second.jitter, second.slow) == (0.2, 0.1, 50)


def test_the_first_rule_that_matches_counts() -> None:
    with faulty(r"GET /api/jobs/\d+$ status=502; /api/jobs status=503") as caller:
        assert [caller.get("jobs/1").status_code for _ in range(3)] == [502, 502, 502]
        assert caller.patch("jobs/1", json={}).status_code == caller.get("jobs").status_code == 503
        assert caller.get("users/self").status_code == 200


def statuses(seed: int, noise: bool = False) -> list[int]:
    with faulty("GET /api/users/self rate=0.5 status=503; /api/server/about rate=0.5 status=500", seed) as caller:
        found = []
        for _ in range(20):
            if noise:
                caller.get("server/about")
                caller.get("jobs/1")
            found.append(caller.get("users/self").status_code)
        caller.sandbox.reset()
        assert [caller.get("users/self").status_code for _ in range(20)] == found, "a reset begins anew"
        return found


def test_chance_can_be_repeated() -> None:
    once = statuses(7)
    assert set(once) == {200, 503}
    assert statuses(7, noise=True) == once, "other requests don't matter"
    assert statuses(8) != once


def test_the_chance_of_a_header_and_of_a_test_can_be_repeated_too(listening: Sandbox) -> None:
    def header_orders() -> list[int]:
        listening.reset()
        caller = Caller(listening, "admin")
        return [caller.get("jobs/1", headers={"X-Sandbox-Fault": "rate=0.5 status=503"}).status_code for _ in range(20)]

    assert header_orders() == header_orders() and set(header_orders()) == {200, 503}

    def test_orders(seed: int) -> list[int]:
        with faulty(seed=seed) as caller:
            caller.sandbox.fail(status=503, rate=0.5, times=None)
            return [caller.get("users/self").status_code for _ in range(20)]

    assert test_orders(1) == test_orders(1) != test_orders(2)


def test_a_share_of_requests_waits_longer() -> None:
    (rule,) = read_rules("latency=100~50", seed=3)
    waits = [rule.drawn().delay for _ in range(50)]
    assert all(0.1 <= wait <= 0.15 for wait in waits) and len(set(waits)) == 50


def test_a_test_may_order_them_too(admin: Caller, sandbox: Sandbox) -> None:
    sandbox.fail(path="jobs/1$", malformed="html")
    assert admin.get("jobs/1").text.startswith("<!doctype html>")
    sandbox.fail(path="jobs/1$", malformed="cut")
    with pytest.raises(json.JSONDecodeError):
        json.loads(admin.get("jobs/1").text)
    sandbox.fail(path="jobs/1$", slow=1_000_000)
    assert admin.get("jobs/1").json()["id"] == 1
    sandbox.fail(path="jobs/1$", status=503, rate=0.5, times=3)
    found = [admin.get("jobs/1").status_code for _ in range(30)]
    assert found.count(503) == 3 and found[:3] != [503, 503, 503]


def test_an_order_of_a_test_comes_before_header_and_rules() -> None:
    with faulty("status=500", by_header=True) as caller:
        header = {"X-Sandbox-Fault": "status=502"}
        caller.sandbox.fail(status=503)
        found = [caller.get("jobs/1", headers=header).status_code, caller.get("jobs/1", headers=header).status_code]
        assert [*found, caller.get("jobs/1").status_code] == [503, 502, 500]


def test_a_wait_ends_with_the_sandbox() -> None:
    sandbox = Sandbox(faults="latency=3600000").start()
    host, port = sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(b"GET /api/server/about HTTP/1.1\r\nHost: x\r\n\r\n")
        sandbox.stop()
        with contextlib.suppress(ConnectionResetError):
            while connection.recv(4096):
                pass
