"""What becomes of an answer that is no success, no JSON, not whole, or not there."""

import gzip
import itertools
import json
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest

import jobsportal.cvat.connections as connections
from jobsportal.cvat import AccessTokenCredential, Client, RetryPolicy, Timeouts, TokenCredential, errors
from jobsportal.cvat.errors import (
    BrokenAnswer,
    Busy,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    ServerFault,
    SignedOut,
    TimedOut,
    TooLarge,
    Unreachable,
    Unsupported,
)
from tests.service.wire import answer, ok

JSON, HTML = "application/vnd.cvat+json", "text/html; charset=utf-8"
PAGE_500 = b'\n<!doctype html>\n<html lang="en">\n<head>\n  <title>Server Error (500)</title>\n</head>\n<body>\n  <h1>Server Error (500)</h1><p></p>\n</body>\n</html>\n'
TOO_LONG = b"<html>\r\n<head><title>414 Request-URI Too Large</title></head>\r\n<body>\r\n<hr><center>nginx</center></body></html>"
RQ_ID = "action=import&target=job&target_id=15&subresource=annotations"

TABLE = [
    (400, JSON, b'{"detail":"JSON parse error"}', Invalid, "JSON parse error", {}),
    (400, JSON, b'{"state":["\\"done\\" is not a valid choice."]}', Invalid, "", {"state": ['"done" is not a valid choice.']}),
    (400, JSON, b'{"non_field_errors":["Unable to log in."]}', Invalid, "Unable to log in.", {}),
    (400, JSON, b'{"shapes":{"0":{"label_id":["Required."]}}}', Invalid, "", {"shapes": ["label_id: Required."]}),
    (400, JSON, b'{"shapes":[{},{"type":["Required."]}]}', Invalid, "", {"shapes": ["type: Required."]}),
    (400, JSON, b'{"detail":"No.","stage":["Bad."],"state":"Worse."}', Invalid, "No.", {"stage": ["Bad."], "state": ["Worse."]}),
    (400, JSON, b'["Only ground truth jobs can be removed"]', Invalid, "Only ground truth jobs can be removed", {}),
    (400, JSON, b'["One.","Two."]', Invalid, "One.; Two.", {}),
    (400, JSON, b'"Unexpected frame"', Invalid, "Unexpected frame", {}),
    (400, HTML, b"Only requests that have not yet been started", Invalid, "Only requests that have not yet been started", {}),
    (400, HTML, b"Value 5 < 6 and 7 > 3 in <string>", Invalid, "Value 5 < 6 and 7 > 3 in <string>", {}),
    (400, JSON, b"", Invalid, "", {}),
    (400, JSON, b"null", Invalid, "", {}),
    (400, JSON, b"[]", Invalid, "", {}),
    (400, JSON, b"42", Invalid, "42", {}),
    (400, JSON, b'{"detail":', Invalid, '{"detail":', {}),
    (400, HTML, b"Fehler: \xfcberlastet", Invalid, "Fehler: \ufffdberlastet", {}),
    (400, JSON, b'{"detail":"\xff"}', Invalid, '{"detail":"\ufffd"}', {}),
    (401, JSON, b'{"detail":"Invalid token."}', SignedOut, "Invalid token.", {}),
    (403, JSON, b'{"detail":"You do not have permission"}', Forbidden, "You do not have permission", {}),
    (404, JSON, b'{"detail":"Not found."}', NotFound, "Not found.", {}),
    (404, HTML, b"There is no request with specified id", NotFound, "There is no request with specified id", {}),
    (404, HTML, b"\n<html><body><h1 class='x'>Not\n  <b>Found</b> &amp; gone</h1></body></html>", NotFound, "Not Found & gone", {}),
    (405, JSON, b'{"detail":"Method \\"PUT\\" not allowed."}', Unsupported, 'Method "PUT" not allowed.', {}),
    (406, JSON, b'{"detail":"Could not satisfy"}', Unsupported, "Could not satisfy", {}),
    (409, HTML, b'"Export request is being processed"', Conflict, "Export request is being processed", {}),
    (410, HTML, b"This endpoint is no longer supported.", Unsupported, "This endpoint is no longer supported.", {}),
    (413, HTML, b"File size exceeds max limit", Invalid, "File size exceeds max limit", {}),
    (414, HTML, TOO_LONG, Invalid, "414 Request-URI Too Large", {}),
    (415, JSON, b'{"detail":"Unsupported media type"}', Invalid, "Unsupported media type", {}),
    (416, HTML, b"<html><title>416</title></html>", Invalid, "416", {}),
    (418, HTML, b"teapot", BrokenAnswer, "teapot", {}),
    (422, JSON, b'{"detail":"no"}', Invalid, "no", {}),
    (429, JSON, b'{"detail":"Request was throttled."}', Busy, "Request was throttled.", {}),
    (500, HTML, PAGE_500, ServerFault, "Server Error (500)", {}),
    (500, HTML, b"<html><body>no heading</body></html>", ServerFault, "", {}),
    (501, HTML, b"", Unsupported, "", {}),
    (502, HTML, b"<html><h1>502 Bad Gateway</h1></html>", ServerFault, "502 Bad Gateway", {}),
    (503, HTML, b"", Busy, "", {}),
    (504, HTML, b"", ServerFault, "", {}),
    (507, HTML, b"", ServerFault, "", {}),
]  # fmt: skip


@pytest.mark.parametrize(("status", "kind", "body", "error", "detail", "fields"), TABLE)
def test_an_unsuccessful_answer_becomes_an_error_with_the_servers_words(
    sandbox, client_for, status, kind, body, error, detail, fields
):
    sandbox.fail(status=status, body=body, content_type=kind)
    with pytest.raises(errors.CVATError) as caught:
        client_for(retry=RetryPolicy(attempts=1), request_id="r-1").jobs.retrieve(1)
    told = caught.value
    assert (type(told), told.detail, told.fields, told.status) == (error, detail, fields, status)
    assert (told.method, told.path, told.request_id) == ("GET", "/api/jobs/1", "r-1")
    assert str(status) in str(told) and "\n" not in str(told)


def test_a_conflict_names_the_request_that_runs(sandbox, client):
    sandbox.fail(status=409, body=json.dumps({"rq_id": RQ_ID}).encode())
    with pytest.raises(Conflict) as caught:
        client.jobs.create_dataset_export("COCO 1.0", 1)
    assert (caught.value.rq_id, caught.value.detail, caught.value.fields) == (RQ_ID, "", {})


def test_a_conflict_in_bare_words_names_none(sandbox, client):
    sandbox.fail(status=409, body=b'"Export request is being processed"')
    with pytest.raises(Conflict) as caught:
        client.jobs.create_dataset_export("COCO 1.0", 1)
    assert caught.value.rq_id is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("0", 0.0),
        ("1.5", 1.5),
        (None, None),
        ("", None),
        ("-1", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("9" * 400, None),
        ("Mon, 23 Nov 2026 10:38:29 GMT", None),
    ],
)
def test_busy_says_for_how_long_where_the_server_does(sandbox, client_for, header, seconds):
    headers = {} if header is None else {"Retry-After": header}
    sandbox.fail(status=429, headers=headers, body=b'{"detail":"Request was throttled."}')
    with pytest.raises(Busy) as caught:
        client_for(retry=RetryPolicy(attempts=1)).users.self()
    assert caught.value.retry_after == seconds


def test_words_of_an_error_have_a_limit(sandbox, client):
    long = "x" * 100_000
    for body in (
        json.dumps({"detail": long, "one": [long] * 4, "many": ["no"] * 50_000}),
        json.dumps([long, long]),
        json.dumps({f"{i}{long[:5000]}": "no" for i in range(100)}),
        f"<h1>{long}</h1>",
        f"<html><title>{long[:500]}</title>",
        long,
    ):
        sandbox.fail(status=400, body=body.encode())
        with pytest.raises(Invalid) as caught:
            client.users.self()
        assert len(caught.value.detail) <= errors.MAX_WORDS
        assert len(json.dumps(caught.value.fields)) < 100 * errors.MAX_WORDS


def test_an_error_body_without_end_still_tells_what_failed(listen, client_of):
    server = listen(answer("403 Forbidden", b" " * (2 << 20)))
    with pytest.raises(Forbidden):
        client_of(server).users.self()


@pytest.mark.parametrize("body", [b"[" * 5000 + b"]" * 5000, b'{"a":' * 900 + b"1" + b"}" * 900, b"<h1>" * 200_000])
def test_an_error_body_made_to_hurt_does_not(sandbox, client, body):
    sandbox.fail(status=400, body=body)
    with pytest.raises(Invalid):
        client.users.self()


def test_an_error_body_that_breaks_off_still_tells_what_failed(sandbox, client):
    sandbox.fail(path="users/self", truncate=10)
    sandbox.revoke("alice")
    with pytest.raises(SignedOut):
        client.users.self()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!DOCTYPE html><html><h1>Sign in to the network</h1></html>",
        b'{"id":1',
        b'{"id":1} trailing',
        b'{"id":"one","task_id":1}',
        b'{"id":1,"task_id":1,"assignee":4}',
        b'{"id":1,"task_id":null}',
        b'{"id":1,"task_id":1,"updated_date":"yesterday"}',
        b'{"task_id":1}',
        b"[]",
        b"null",
        b'{"id":1,"task_id":1,"stage":"\xff"}',
        b'{"id":1,"task_id":1,"stage":NaN}',
        b"[" * 100_000,
        b"\xff\xfe{\x00}\x00",
    ],
)
def test_success_that_is_not_what_the_api_promises_is_a_broken_answer(sandbox, client_for, body):
    sandbox.fail(status=200, body=body, content_type=HTML)
    with pytest.raises(BrokenAnswer) as caught:
        client_for(request_id="r-7").jobs.retrieve(1)
    assert type(caught.value) is BrokenAnswer
    assert (caught.value.method, caught.value.path, caught.value.request_id) == ("GET", "/api/jobs/1", "r-7")


def test_a_body_cut_short_is_a_broken_connection(sandbox, client_for):
    sandbox.fail(path="/api/jobs$", truncate=100, times=None)
    with pytest.raises(Unreachable) as caught:
        client_for(retry=RetryPolicy(attempts=1)).jobs.list()
    assert type(caught.value) is Unreachable


def test_a_chunked_body_cut_short_is_a_broken_connection(listen, client_of):
    def says(connection, _):
        connection.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"id": 2')
        connection.shutdown(socket.SHUT_RDWR)

    with pytest.raises(Unreachable):
        client_of(listen(says)).users.self()


def test_a_reset_is_a_broken_connection(sandbox, client_for):
    sandbox.fail(reset=True)
    with pytest.raises(Unreachable):
        client_for(retry=RetryPolicy(attempts=1)).users.self()


def test_nobody_listening_is_unreachable(listen, client_of):
    server = listen(b"")
    server.stop()
    with pytest.raises(Unreachable) as caught:
        client_of(server).users.self()
    assert type(caught.value) is Unreachable


def test_a_host_without_an_address_is_unreachable():
    with pytest.raises(Unreachable):
        Client("http://no-such-host.invalid", retry=RetryPolicy(attempts=1)).users.self()


@pytest.mark.parametrize(
    "spoken",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!",
    ],
)
def test_what_is_no_http_is_told_like_any_other_failure(listen, client_of, spoken):
    def says(connection, _):
        connection.sendall(spoken)
        connection.shutdown(socket.SHUT_RDWR)

    with pytest.raises((Unreachable, BrokenAnswer)) as caught:
        client_of(listen(says)).users.self()
    assert not isinstance(caught.value, TimedOut)


def until_hung_up(connection, drop=b"", pause=0.01):
    """Sends a drop now and then until the other side has had enough."""
    connection.settimeout(pause)
    while True:
        try:
            if not connection.recv(1000):
                return
        except TimeoutError:
            connection.sendall(drop)


SHORT_READ = Timeouts(connect=2.0, read=0.1, total=60.0)
SHORT_TOTAL = Timeouts(connect=2.0, read=60.0, total=0.15)


@pytest.mark.parametrize(
    ("begin", "drop", "timeouts"),
    [
        (b"", b"", SHORT_READ),
        (b"", b"", SHORT_TOTAL),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"", SHORT_READ),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", SHORT_TOTAL),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n{", b"", SHORT_READ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n{", b" ", SHORT_TOTAL),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", SHORT_TOTAL),
        (b"HTTP/1.0 200 OK\r\n\r\n", b" ", SHORT_TOTAL),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"x")[:10], b"", SHORT_READ),
    ],
)
def test_a_server_that_stalls_or_drips_is_given_up(listen, client_of, begin, drop, timeouts):
    def says(connection, _):
        connection.sendall(begin)
        until_hung_up(connection, drop)

    server = listen(says)
    with pytest.raises(TimedOut):
        client_of(server, timeouts=timeouts).users.self()
    assert server.hung_up.wait(10), "the connection was left open"


def test_an_answer_after_the_deadline_is_late_even_if_it_lies_there_already(listen, client_of, monkeypatch):
    """The clock says that an hour passes with each look at it."""
    hours = itertools.count(0.0, 3600.0)
    monkeypatch.setattr(connections, "time", SimpleNamespace(monotonic=lambda: next(hours)))
    with pytest.raises(TimedOut):
        client_of(listen(ok(b'{"id":2,"username":"alice"}'))).users.self()


def test_an_error_body_that_drips_still_tells_what_failed(listen, client_of):
    def says(connection, _):
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 900000\r\n\r\n")
        until_hung_up(connection, b" ")

    with pytest.raises(Forbidden):
        client_of(listen(says), timeouts=SHORT_TOTAL).users.self()


def test_a_connection_is_as_patient_as_ever_after_an_answer_that_came_just_in_time(listen, client_of):
    """The deadline shortens the time-out of the socket; the next exchange on it must not inherit that."""
    server = listen(ok(b'{"id":2,"username":"alice"}'))
    client = client_of(server, timeouts=Timeouts(2.0, 60.0, 30.0))
    client.users.self()
    (pool,) = client.session.get_adapter(server.url).poolmanager.pools._container.values()
    connection = pool._get_conn()
    assert connection.sock.gettimeout() == 60.0
    pool._put_conn(connection)


def test_an_answer_beyond_the_limit_is_too_large(sandbox, client_for):
    with pytest.raises(TooLarge) as caught:
        client_for(max_body=1000).jobs.list(page_size=100)
    assert isinstance(caught.value, BrokenAnswer) and caught.value.path == "/api/jobs"
    assert client_for(max_body=1_000_000).jobs.list(page_size=100).count


def test_the_limit_is_on_what_a_packed_answer_unpacks_to(listen, client_of):
    body = b'{"id":2,"username":"alice","padding":"' + b"x" * 100_000 + b'"}'
    server = listen(ok(gzip.compress(body), "Content-Encoding: gzip"))
    assert client_of(server, max_body=len(body)).users.self().username == "alice"
    with pytest.raises(TooLarge):
        client_of(server, max_body=len(body) - 1).users.self()


def test_an_answer_that_unpacks_to_very_much_takes_little_memory(listen):
    """Measured in a process of its own, of which nothing else makes the memory grow."""
    import zlib

    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(192)) + packer.flush()
    server = listen(ok(bomb, "Content-Encoding: gzip"))
    words = f"""
import resource
from jobsportal.cvat import Client, errors
client = Client({server.url!r}, max_body=8 << 20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    client.users.self()
except errors.TooLarge:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 48 * 1024, "kibibytes"


def test_errors_survive_being_passed_between_processes():
    import pickle

    error = errors.error_for(409, {}, b'{"rq_id":"x","a":["b"]}', method="GET", path="/p", request_id="r")
    twin = pickle.loads(pickle.dumps(error))
    assert (type(twin), twin.rq_id, twin.fields, str(twin)) == (Conflict, "x", {"a": ["b"]}, str(error))


def test_a_credential_that_is_no_longer_accepted_is_signed_out(sandbox):
    token = sandbox.token("alice")
    client = Client(sandbox.url, TokenCredential(token))
    client.users.self()
    sandbox.revoke("alice")
    with pytest.raises(SignedOut):
        client.users.self()


@pytest.mark.parametrize(
    ("credential", "method", "status", "expected"),
    [
        (AccessTokenCredential("pat"), "PATCH", "403 Forbidden", True),
        (AccessTokenCredential("pat"), "GET", "403 Forbidden", False),
        (AccessTokenCredential("pat"), "PATCH", "400 Bad Request", False),
        (TokenCredential("token"), "PATCH", "403 Forbidden", False),
    ],
)
def test_only_a_change_forbidden_to_an_access_token_may_be_due_to_one_that_is_read_only(
    listen, client_of, credential, method, status, expected
):
    client = client_of(listen(answer(status)), credential=credential)
    with pytest.raises(errors.CVATError) as caught:
        client.fetch(method, "/api/jobs/1")
    assert caught.value.may_be_read_only is expected
