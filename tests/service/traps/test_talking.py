"""Traps: talking to it."""

import pytest

from jobsportal.cvat import Client, RetryPolicy, SessionCredential, errors
from jobsportal.sandbox import Sandbox
from tests.service.conftest import session_of
from tests.service.traps.helpers import JOB, client_at, done, paths
from tests.service.wire import answer


def test_trap_accept_json_alone_is_406(server):
    client = client_at(server)
    assert client.jobs.retrieve(JOB).id == JOB
    assert server.calls[-1].headers["accept"].startswith("application/vnd.cvat+json")


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        ("404 Not Found", b'{"detail":"No Job matches the given query."}', "No Job matches the given query."),
        ("400 Bad Request", b'{"non_field_errors":["Unable to log in"]}', "Unable to log in"),
        ("400 Bad Request", b'["Only ground truth jobs can be removed"]', "Only ground truth jobs can be removed"),
        ("409 Conflict", b'"Export request is being processed"', "Export request is being processed"),
        ("404 Not Found", b"There is no request with specified id", "There is no request with specified id"),
        ("500 Server Error", b"<!doctype html><html><h1>Server Error (500)</h1></html>", "Server Error (500)"),
        ("400 Bad Request", b"", ""),
    ],
)
def test_trap_error_bodies_come_in_every_shape(listen, client_of, status, body, words):
    server = listen(answer(status, body, "Content-Type: text/html"))
    with pytest.raises(errors.CVATError) as told:
        client_of(server).jobs.retrieve(1)
    assert told.value.detail == words


def test_trap_errors_by_field_keep_their_fields(listen, client_of):
    server = listen(answer("400 Bad Request", b'{"frames":{"0":["A valid integer is required."]},"stage":["no"]}'))
    with pytest.raises(errors.Invalid) as told:
        client_of(server).jobs.retrieve(1)
    assert told.value.fields == {"frames": ["A valid integer is required."], "stage": ["no"]}


def test_trap_a_wrong_password_is_a_400(server):
    with pytest.raises(errors.Invalid, match="Unable to log in"):
        Client(server.url).auth.login("alice", "wrong")


def test_trap_signing_in_has_to_be_json(server):
    assert Client(server.url).auth.login("alice", "annotate")
    assert server.calls[-1].headers["content-type"] == "application/json"


def test_trap_a_session_changes_nothing_without_csrf_and_the_servers_origin(server):
    client = Client(server.url, SessionCredential(*session_of(server, "alice")), "acme")
    assert client.jobs.partial_update(JOB, state="in progress").state == "in progress"


def test_trap_signing_out_ends_the_token_for_everyone_who_uses_it(server):
    one, other = client_at(server), client_at(server)
    one.auth.logout()
    with pytest.raises(errors.SignedOut):
        other.users.self()


def test_trap_anonymous_calls_are_counted_by_the_address_that_is_passed_on():
    with Sandbox(anonymous_per_minute=2) as running:
        for address in ("192.0.2.1", "192.0.2.2"):
            client = Client(running.url, forwarded_for=address, retry=RetryPolicy(attempts=1))
            assert client.server.about() and client.server.about()
        with pytest.raises(errors.Busy) as told:
            client.server.about()
        assert told.value.retry_after


def test_trap_head_is_a_500_so_it_is_asked_of_uploads_alone(server):
    client = client_at(server)
    client.jobs.list(page_size=1)
    client.jobs.retrieve(JOB)
    rq_id = client.jobs.export("COCO 1.0", JOB).rq_id
    done(client, rq_id)
    assert b"".join(client.requests.download(rq_id))
    assert not paths(server, "HEAD") and not paths(server, "OPTIONS")
