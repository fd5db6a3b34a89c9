"""Faults that tests order, what is recorded of calls, and the connection itself."""

from __future__ import annotations

import gc
import socket
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
import requests

from jobsportal.sandbox import Sandbox

from .conftest import Caller, until

People = Callable[[str | None], Caller]


def test_an_answer_of_the_tests_own_once(admin: Caller, sandbox: Sandbox) -> None:
    sandbox.fail(
        path=r"/api/jobs$",
        status=503,
        body=b"<html>busy</html>",
        content_type="text/html",
        headers={"Retry-After": "7"},
    )
    assert admin.get("users/self").status_code == 200
    answer = admin.get("jobs")
    assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (503, "<html>busy</html>", "7")
    assert admin.get("jobs").status_code == 200


def test_a_fault_for_one_method_as_often_as_wanted(admin: Caller, sandbox: Sandbox) -> None:
    sandbox.fail(method="PATCH", status=502, times=None)
    assert [admin.patch("jobs/1", json={}).status_code for _ in range(3)] == [502, 502, 502]
    assert admin.get("jobs/1").status_code == 200
    sandbox.reset()
    assert admin.patch("jobs/1", json={}).status_code == 200


def test_a_reset_takes_effect_upstream_but_is_not_answered(admin: Caller, sandbox: Sandbox) -> None:
    sandbox.fail(method="GET", path="users/self", reset=True)
    with pytest.raises(requests.ConnectionError):
        admin.get("users/self")
    assert sandbox.calls[-1].status == 0
    assert admin.get("users/self").status_code == 200


def test_a_body_cut_short(admin: Caller, sandbox: Sandbox) -> None:
    sandbox.fail(path="jobs", truncate=100)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        admin.get("jobs")


def test_a_body_cut_short_of_an_answer_of_the_tests_own(admin: Caller, sandbox: Sandbox) -> None:
    sandbox.fail(path="jobs", status=200, body=b'{"count":', truncate=4)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        admin.get("jobs")


def test_a_delay_goes_on_to_the_real_answer(admin: Caller, sandbox: Sandbox) -> None:
    sandbox.fail(path="jobs/1", delay=0.3)
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{sandbox.url}/api/jobs/1", headers=admin.session.headers, timeout=0.05)
    sandbox.fail(path="jobs/1", delay=0.01)
    assert admin.get("jobs/1").json()["id"] == 1


def test_calls_are_recorded_in_order(admin: Caller, sandbox: Sandbox) -> None:
    sandbox.calls.clear()
    admin.get("jobs?state=new&state=completed&search=", headers={"X-Request-ID": "abc"})
    admin.get("jobs/999999")
    first, second = sandbox.calls
    assert (first.method, first.path, first.status) == ("GET", "/api/jobs", 200)
    assert first.query == {"state": ["new", "completed"], "search": [""]}
    assert first.headers["x-request-id"] == "abc"
    assert second.status == 404


def test_one_connection_serves_many_requests(admin: Caller, sandbox: Sandbox) -> None:
    host, port = sandbox.url.removeprefix("http://").split(":")
    asked = f"GET /api/server/about HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n".encode()
    with socket.create_connection((host, int(port)), timeout=10) as connection, connection.makefile("rb") as answers:
        for _ in range(3):
            connection.sendall(asked)
            assert answers.readline() == b"HTTP/1.1 200 OK\r\n"
            headers = dict(iter(lambda: answers.readline().strip().partition(b": ")[::2], (b"", b"")))
            answers.read(int(headers[b"Content-Length"]))


def test_a_caller_that_goes_away_in_the_middle_of_a_body_leaves_nothing_open(sandbox: Sandbox) -> None:
    host, port = sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"PATCH /api/jobs/1 HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n\r\n{{".encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    # What was left open warns when it is collected, and a warning is an error here.
    gc.collect()


def test_long_answers_are_packed_for_those_who_can_unpack(admin: Caller) -> None:
    packed = admin.get("jobs", headers={"Accept-Encoding": "gzip"})
    plain = admin.get("jobs", headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert packed.headers["Vary"] == "Accept, Accept-Encoding, Origin, Cookie"
    assert "Content-Encoding" not in admin.get("jobs/1/preview").headers


def test_stopping_frees_the_port_and_ends_connections() -> None:
    sandbox = Sandbox().start()
    address, caller = sandbox.url, Caller(sandbox, "admin")
    assert caller.get("users/self").status_code == 200
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{address}/api/server/about", timeout=5)
    with pytest.raises(RuntimeError):
        _ = sandbox.url


def test_serving_in_ones_own_thread_ends_when_it_is_stopped() -> None:
    sandbox = Sandbox()
    thread = threading.Thread(target=sandbox.serve_forever)
    thread.start()
    until(lambda: sandbox._server is not None)
    assert requests.get(f"{sandbox.url}/api/server/about", timeout=5).status_code == 200
    sandbox.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_two_sandboxes_know_nothing_of_each_other(sandbox: Sandbox, admin: Caller) -> None:
    with Sandbox() as other:
        Caller(other, "admin").patch("jobs/1", json={"state": "rejected"})
        assert admin.get("jobs/1").json()["state"] == "in progress"
        assert (
            Caller(sandbox).get("users/self", headers={"Authorization": f"Token {other.token('admin')}"}).status_code
            == 401
        )


def test_a_reset_brings_the_demo_back(admin: Caller, sandbox: Sandbox) -> None:
    before = [admin.get(path).text for path in ("jobs?page_size=all", "jobs/1/annotations", "tasks?page_size=all")]
    admin.patch("jobs/1", json={"state": "rejected", "assignee": None})
    admin.delete("jobs/1/annotations")
    sandbox.reset()
    assert sandbox.calls == []
    assert [
        admin.get(path).text for path in ("jobs?page_size=all", "jobs/1/annotations", "tasks?page_size=all")
    ] == before


def test_the_sandbox_stands_on_its_own() -> None:
    """Neither Django nor any other room of the portal is loaded with it."""
    words = (
        "import sys; import jobsportal.sandbox; "
        "rooms = {name.split('.')[1] for name in sys.modules if name.startswith('jobsportal.')}; "
        "assert rooms == {'sandbox'}, rooms; assert 'django' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", words], check=True, timeout=60)
