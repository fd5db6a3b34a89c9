"""Each way of saying who one is, against a server that checks it; and that none of them shows its secret."""

import logging

import pytest

from jobsportal.cvat import (
    AccessTokenCredential,
    Anonymous,
    BasicCredential,
    Client,
    RetryPolicy,
    SessionCredential,
    SignatureCredential,
    TokenCredential,
    errors,
)
from tests.service.conftest import PASSWORD, session_of

NEVER_AGAIN = RetryPolicy(attempts=1)


@pytest.fixture
def speaking_as(sandbox):
    """`speaking_as(credential)`: a client within acme."""
    return lambda credential: Client(sandbox.url, credential, "acme", retry=NEVER_AGAIN)


def test_a_basic_credential_reads_and_changes(speaking_as):
    client = speaking_as(BasicCredential("alice", PASSWORD))
    assert client.users.self().username == "alice"
    assert client.jobs.partial_update(17, state="in progress").state == "in progress"
    with pytest.raises(errors.SignedOut):
        speaking_as(BasicCredential("alice", "wrong")).users.self()


def test_a_basic_credential_carries_colons_and_umlauts(listen, client_of):
    server = listen(
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 25\r\n\r\n{"id":1,"username":"zoe"}'
    )
    client = client_of(server)
    client.credential = BasicCredential("zoë", "a:b:ç")
    client.users.self()
    assert server.heard[0].headers["authorization"] == "Basic em/DqzphOmI6w6c="


def test_a_token_credential_reads_and_changes(sandbox, speaking_as):
    client = speaking_as(TokenCredential(Client(sandbox.url).auth.login("alice", PASSWORD)))
    assert client.users.self().username == "alice"
    assert client.jobs.partial_update(17, state="completed").state == "completed"
    with pytest.raises(errors.SignedOut):
        speaking_as(TokenCredential("nonsense")).users.self()


def test_a_session_credential_reads_and_changes(sandbox, speaking_as):
    client = speaking_as(SessionCredential(*session_of(sandbox, "alice")))
    assert client.users.self().username == "alice"
    assert client.jobs.partial_update(17, state="in progress").state == "in progress"
    with pytest.raises(errors.SignedOut):
        speaking_as(SessionCredential("nonsense", "nonsense")).users.self()


def test_a_session_without_its_csrf_token_may_only_read(sandbox, speaking_as):
    session_id, _ = session_of(sandbox, "alice")
    client = speaking_as(SessionCredential(session_id, ""))
    assert client.users.self().username == "alice"
    with pytest.raises(errors.Forbidden, match="CSRF"):
        client.jobs.partial_update(17, state="in progress")


def test_a_session_names_the_server_as_its_origin_and_others_name_none(listen, client_of):
    server = listen(b"HTTP/1.1 204 No Content\r\n\r\n")
    client = client_of(server)
    for credential in (SessionCredential("a", "b"), TokenCredential("c")):
        client.credential = credential
        client.jobs.destroy_annotations(1)
    by_session, by_token = (heard.headers for heard in server.heard)
    assert by_session["origin"] == server.url and by_session["x-csrftoken"] == "b"
    assert by_session["cookie"] == "sessionid=a; csrftoken=b"
    assert "origin" not in by_token and "cookie" not in by_token


def test_a_signature_credential_opens_what_it_was_made_for_and_nothing_else(sandbox, speaking_as):
    client = speaking_as(SignatureCredential(sandbox.signature("alice", "/api/jobs/17/preview")))
    client.organization = None
    assert client.jobs.retrieve_preview(17).content_type.startswith("image/")
    for refused in (lambda: client.jobs.retrieve_preview(18), lambda: client.jobs.retrieve(17)):
        with pytest.raises((errors.SignedOut, errors.Forbidden)):
            refused()


def test_an_access_token_credential_reads_and_changes(sandbox, speaking_as):
    client = speaking_as(AccessTokenCredential(sandbox.access_token("alice")))
    assert client.users.self().username == "alice"
    assert client.jobs.partial_update(17, state="in progress").state == "in progress"
    with pytest.raises(errors.SignedOut):
        speaking_as(AccessTokenCredential("nonsense")).users.self()


def test_nobody_may_ask_what_kind_of_server_it_is_and_not_more(speaking_as):
    client = speaking_as(Anonymous())
    assert client.server.about().version
    with pytest.raises(errors.SignedOut):
        client.jobs.list()


SECRET = "hush-hush-1234567890"
ALL = [
    BasicCredential("alice", SECRET),
    TokenCredential(SECRET),
    AccessTokenCredential(SECRET),
    SessionCredential(SECRET, SECRET),
    SignatureCredential(SECRET),
]


@pytest.mark.parametrize("credential", ALL, ids=lambda credential: type(credential).__name__)
def test_no_credential_shows_in_a_repr_an_error_or_a_log(listen, client_of, caplog, credential):
    caplog.set_level(logging.DEBUG)
    server = listen(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
    client = client_of(server)
    client.credential = credential
    with pytest.raises(errors.SignedOut) as told:
        client.jobs.retrieve(1)
    carried = f"{server.heard[0].target} {server.heard[0].headers}"
    basic = "YWxpY2U6aHVzaC1odXNoLTEyMzQ1Njc4OTA="
    assert SECRET in carried or basic in carried
    shown = f"{caplog.text} {credential!r} {client!r} {told.value} {told.value!r} {credential.fingerprint}"
    assert SECRET not in shown and basic not in shown


def test_fingerprints_tell_credentials_apart():
    prints = [credential.fingerprint for credential in [*ALL, Anonymous(), BasicCredential("bob", SECRET)]]
    assert len(set(prints)) == len(prints)
    assert TokenCredential("a").fingerprint == TokenCredential("a").fingerprint
