"""What is sent again, what never is, and how long anybody is kept waiting."""

import io
import socket
import time
from types import SimpleNamespace

import pytest

import jobsportal.cvat.client as client_module
from jobsportal.cvat import RetryPolicy, errors
from tests.service.wire import ok


def failure(kind=errors.CVATError, status=None, retry_after=None):
    return kind(status=status, retry_after=retry_after)


POLICY = RetryPolicy(attempts=3, backoff=0.2, retry_after_max=3.0)
LOST, LATE = failure(errors.Unreachable), failure(errors.TimedOut)


@pytest.mark.parametrize(
    ("method", "attempt", "error", "least", "most"),
    [
        ("GET", 1, LOST, 0.1, 0.2),
        ("GET", 2, LOST, 0.2, 0.4),
        ("GET", 3, LOST, None, None),
        ("GET", 4, LOST, None, None),
        ("HEAD", 1, LOST, 0.1, 0.2),
        ("OPTIONS", 1, LOST, 0.1, 0.2),
        ("PUT", 1, LOST, 0.1, 0.2),
        ("DELETE", 1, LOST, 0.1, 0.2),
        ("POST", 1, LOST, None, None),
        ("PATCH", 1, LOST, None, None),
        ("get", 1, LOST, None, None),
        ("GET", 1, LATE, None, None),
        ("GET", 1, failure(errors.TimedOut, 408), None, None),
        ("GET", 1, failure(errors.Busy, 429), 0.1, 0.2),
        ("GET", 1, failure(errors.Busy, 429, 0.0), 0.0, 0.0),
        ("GET", 1, failure(errors.Busy, 429, 3.0), 3.0, 3.0),
        ("GET", 1, failure(errors.Busy, 429, 3.1), None, None),
        ("GET", 1, failure(errors.Busy, 429, 86_400.0), None, None),
        ("POST", 1, failure(errors.Busy, 429, 1.0), None, None),
        ("GET", 1, failure(errors.ServerFault, 502), 0.1, 0.2),
        ("GET", 2, failure(errors.Busy, 503, 2.0), 2.0, 2.0),
        ("GET", 1, failure(errors.ServerFault, 504), 0.1, 0.2),
        ("GET", 1, failure(errors.ServerFault, 500), None, None),
        ("GET", 1, failure(errors.Invalid, 400), None, None),
        ("GET", 1, failure(errors.SignedOut, 401), None, None),
        ("GET", 1, failure(errors.NotFound, 404), None, None),
        ("GET", 1, failure(errors.Conflict, 409), None, None),
        ("GET", 1, failure(errors.BrokenAnswer, 200), None, None),
        ("GET", 1, failure(errors.TooLarge), None, None),
    ],
)
def test_the_wait_before_another_attempt(method, attempt, error, least, most):
    for _ in range(20):
        delay = POLICY.delay(method, attempt, error)
        assert delay is None if least is None else delay is not None and least <= delay <= most


def test_one_attempt_means_one():
    assert RetryPolicy(attempts=1).delay("GET", 1, LOST) is None
    assert RetryPolicy(attempts=0).delay("GET", 1, LOST) is None


@pytest.fixture
def naps(monkeypatch):
    """How long the client would have slept, each time."""
    slept: list[float] = []
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=slept.append)
    monkeypatch.setattr(client_module, "time", clock)
    return slept


FAULTS = [{"status": 502}, {"status": 503}, {"status": 504}, {"status": 429}, {"reset": True}, {"truncate": 5}]


@pytest.mark.parametrize("fault", FAULTS)
def test_reading_is_tried_again_until_it_works(sandbox, client_for, naps, fault):
    sandbox.fail(method="GET", times=2, **fault)
    assert client_for(retry=POLICY).users.self().username == "alice"
    assert len(sandbox.calls) == 3
    assert len(naps) == 2 and 0.1 <= naps[0] <= 0.2 <= naps[1] <= 0.4


@pytest.mark.parametrize("fault", FAULTS)
def test_reading_is_given_up_after_the_last_attempt(sandbox, client_for, naps, fault):
    sandbox.fail(times=None, **fault)
    with pytest.raises(errors.CVATError):
        client_for(retry=POLICY).users.self()
    assert len(sandbox.calls) == 3 and len(naps) == 2


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    "change",
    [
        lambda client: client.jobs.partial_update(17, state="completed"),
        lambda client: client.jobs.create_dataset_export("COCO 1.0", 1),
        lambda client: client.jobs.create_annotations(1, io.BytesIO(b"{}"), format="COCO 1.0"),
        lambda client: client.auth.login("alice", "annotate"),
    ],
)
def test_what_may_have_been_carried_out_is_never_sent_twice(sandbox, client_for, naps, fault, change):
    sandbox.fail(times=None, **fault)
    with pytest.raises(errors.CVATError):
        change(client_for(retry=POLICY))
    assert len(sandbox.calls) == 1 and not naps


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500])
def test_an_answer_that_would_be_the_same_is_not_asked_for_again(sandbox, client_for, naps, status):
    sandbox.fail(status=status, times=None)
    with pytest.raises(errors.CVATError):
        client_for(retry=POLICY).users.self()
    assert len(sandbox.calls) == 1 and not naps


def test_a_server_that_asks_for_a_little_patience_gets_it(sandbox, client_for, naps):
    sandbox.fail(status=429, headers={"Retry-After": "2"})
    assert client_for(retry=POLICY).users.self().username == "alice"
    assert naps == [2.0]


def test_a_server_that_asks_for_much_patience_is_told_about_at_once(sandbox, client_for, naps):
    sandbox.fail(status=429, headers={"Retry-After": "49"}, times=None)
    with pytest.raises(errors.Busy) as caught:
        client_for(retry=POLICY).users.self()
    assert caught.value.retry_after == 49.0
    assert len(sandbox.calls) == 1 and not naps


def test_a_body_that_was_read_from_a_file_is_sent_once_at_most(sandbox, client_for, naps):
    sandbox.fail(status=503, times=None)
    with pytest.raises(errors.Busy):
        client_for(retry=POLICY).fetch("PUT", "/api/jobs/1/annotations", data=io.BytesIO(b"{}"))
    assert len(sandbox.calls) == 1


def test_bytes_are_sent_again_whole(sandbox, client_for, naps):
    sandbox.fail(status=503)
    body = b'{"version":0,"tags":[],"shapes":[],"tracks":[]}'
    headers = {"Content-Type": "application/json"}
    client_for(retry=POLICY).fetch("PUT", "/api/jobs/1/annotations", data=body, headers=headers)
    assert [call.headers["content-length"] for call in sandbox.calls] == [str(len(body))] * 2


def test_every_attempt_carries_the_same_id_if_one_is_given(sandbox, client_for, naps):
    sandbox.fail(status=503, times=2)
    client_for(retry=POLICY, request_id="r-9").users.self()
    assert [call.headers["x-request-id"] for call in sandbox.calls] == ["r-9"] * 3


def test_a_kept_connection_that_the_server_has_closed_is_replaced_without_a_word(listen, client_of):
    def says(connection, request):
        connection.sendall(ok(b'{"id":2,"username":"alice"}'))
        connection.shutdown(socket.SHUT_RDWR)

    server = listen(says)
    client = client_of(server)
    client.users.self()
    assert server.hung_up.wait(5)
    client.jobs.client.users.self()
    assert server.connections == 2
