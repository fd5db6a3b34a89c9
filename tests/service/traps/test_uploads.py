"""Traps: resumable uploads."""

import io
import socket

import pytest

from jobsportal.cvat import RetryPolicy, errors
from jobsportal.cvat.uploads import Place
from tests.service.traps.helpers import CVAT, JOB, OLD, client_at, done
from tests.service.wire import answer


def test_trap_an_upload_goes_by_the_name_that_the_server_gives_it(server):
    client = client_at(server)
    place = client.uploads.send(f"/api/jobs/{JOB}/annotations", io.BytesIO(CVAT), "ñ é.xml", format="CVAT 1.1")
    assert (place.name == "ñ é.xml") is (server.service.version == OLD)
    taken = client.jobs.use_upload(place, format="CVAT 1.1")
    assert taken.rq_id and done(client, taken.rq_id).status == "finished"


def test_trap_a_place_for_an_upload_needs_an_origin(server):
    client = client_at(server)
    place = client.uploads.create(f"/api/jobs/{JOB}/annotations", 10, "a.xml", format="CVAT 1.1")
    made = next(call for call in server.calls if "upload-length" in call.headers)
    assert made.headers["origin"] == server.url and place.id in place.address


def test_trap_the_place_of_an_upload_is_the_servers_idea_of_its_own_address(listen, client_of):
    told = ("Location: http://elsewhere.example/api/jobs/1/annotations/1_abc", "Upload-Filename: 1_abc")
    server = listen(answer("201 Created", b"", *told))
    client = client_of(server)
    place = client.uploads.create("/api/jobs/1/annotations", 10, "a.xml")
    assert place.address == "/api/jobs/1/annotations/1_abc" and len(server.heard) == 2


def test_trap_a_wrong_offset_is_a_409_and_the_server_knows_the_right_one(server):
    client = client_at(server)
    place = client.uploads.create(f"/api/jobs/{JOB}/annotations", 10, "a.xml", format="CVAT 1.1")
    assert client.uploads.append(place, 0, b"12345") == 5
    with pytest.raises(errors.Conflict):
        client.uploads.append(place, 3, b"45678")
    assert client.uploads.offset(place) == 5


def test_trap_a_complete_upload_cant_be_asked_for_its_offset(server):
    client = client_at(server)
    place = client.uploads.send(f"/api/jobs/{JOB}/annotations", io.BytesIO(CVAT), "a.xml", format="CVAT 1.1")
    with pytest.raises(errors.NotFound):
        client.uploads.offset(place)


def test_trap_an_upload_that_is_too_large_is_a_413(server):
    with pytest.raises(errors.Invalid, match="max limit"):
        client_at(server).uploads.create(f"/api/jobs/{JOB}/annotations", 10**14, "a.xml", format="CVAT 1.1")


def test_trap_a_line_that_breaks_is_taken_up_where_it_was(server, monkeypatch):
    monkeypatch.setattr("jobsportal.cvat.uploads.PIECE", 1000)
    server.fail(method="PATCH", path="/annotations/", reset=True, times=2)
    server.fail(method="PATCH", path="/annotations/", status=503, times=1)
    told = []
    client = client_at(server)
    file = io.BytesIO(b"skipped" + CVAT + b" " * 5000)
    file.seek(7)
    path = f"/api/jobs/{JOB}/annotations"
    place = client.uploads.send(path, file, "a.xml", format="CVAT 1.1", on_progress=lambda *at: told.append(at))
    assert told[-1] == (place.length, place.length) and place.length == len(CVAT) + 5000
    assert done(client, client.jobs.use_upload(place, format="CVAT 1.1").rq_id).status == "finished"


def test_trap_a_line_that_stays_broken_is_given_up(server):
    server.fail(method="PATCH", path="/annotations/", reset=True, times=None)
    with pytest.raises(errors.Unreachable):
        client_at(server).uploads.send(f"/api/jobs/{JOB}/annotations", io.BytesIO(CVAT), "a.xml", format="CVAT 1.1")


@pytest.mark.parametrize("told", ["404 Not Found", "500 Server Error"])
def test_trap_the_answer_to_the_last_piece_may_be_all_that_was_lost(listen, client_of, told):
    server = listen(losing_pieces(told))
    assert client_of(server).uploads.send("/api/jobs/1/annotations", io.BytesIO(CVAT), "a.xml").id == "abc"
    assert [heard.method for heard in server.heard] == ["POST", "POST", "PATCH", "HEAD"]


def test_trap_a_piece_that_is_lost_with_its_place_is_no_upload(listen, client_of, monkeypatch):
    monkeypatch.setattr("jobsportal.cvat.uploads.PIECE", 10)
    server = listen(losing_pieces("404 Not Found"))
    with pytest.raises(errors.Unreachable):
        client_of(server).uploads.send("/api/jobs/1/annotations", io.BytesIO(CVAT), "a.xml")


def losing_pieces(told):
    """A server that breaks each PATCH off, and answers the question how far it is with a status."""

    def says(connection, heard):
        if heard.method == "PATCH":
            connection.shutdown(socket.SHUT_RDWR)
        elif heard.method == "HEAD":
            connection.sendall(f"HTTP/1.1 {told}\r\nContent-Length: 0\r\n\r\n".encode())
        else:
            connection.sendall(answer("201 Created", b"", "Location: /api/jobs/1/annotations/abc"))

    return says


AT_ONCE = RetryPolicy(backoff=0.0)


def flaky(*steps, length=20):
    """A server that takes an upload, and answers PATCH and HEAD as told: a status, or an offset that it counts."""
    left = list(steps)

    def says(connection, heard):
        if heard.method == "POST":
            connection.sendall(answer("201 Created", b"", "Location: /api/jobs/1/annotations/abc"))
            return
        step = left.pop(0)
        if isinstance(step, int):
            connection.sendall(answer("200 OK", b"", f"Upload-Offset: {step}"))
        elif step == "break":
            connection.shutdown(socket.SHUT_RDWR)
        else:
            connection.sendall(f"HTTP/1.1 {step}\r\nContent-Length: 0\r\n\r\n".encode())

    return says


def sent(server):
    return [
        (heard.method, heard.headers.get("upload-offset"), heard.body)
        for heard in server.heard
        if heard.method == "PATCH"
    ]


def send(client, content=b"0123456789abcdefghij"):
    file = io.BytesIO(b"skip" + content)
    file.seek(4)
    return client.uploads.send("/api/jobs/1/annotations", file, "a.xml", format="CVAT 1.1")


@pytest.mark.parametrize(
    "broken", ["break", "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout", "409 Conflict"]
)
def test_trap_an_upload_goes_on_where_the_server_says(listen, client_of, monkeypatch, broken):
    monkeypatch.setattr("jobsportal.cvat.uploads.PIECE", 10)
    server = listen(flaky(10, broken, "502 Bad Gateway", "503 Service Unavailable", "break", 13, 20))
    place = send(client_of(server, retry=RetryPolicy(attempts=1, backoff=0.0)))
    assert place.length == 20
    assert sent(server) == [("PATCH", "0", b"0123456789"), ("PATCH", "10", b"abcdefghij"), ("PATCH", "13", b"defghij")]
    assert all(heard.headers.get("tus-resumable") for heard in server.heard[1:])
    assert server.heard[0].query == {"format": ["CVAT 1.1"], "filename": ["a.xml"]}


def test_trap_five_breaks_in_a_row_are_borne_and_six_are_not(listen, client_of):
    never = RetryPolicy(attempts=1, backoff=0.0)
    assert send(client_of(listen(flaky(*["break"] * 5, 0, 20)), retry=never)).id == "abc"
    with pytest.raises(errors.Unreachable):
        send(client_of(listen(flaky(*["break"] * 6, 0, 20)), retry=never))


def test_breaks_that_lie_apart_are_borne_without_end(listen, client_of, monkeypatch):
    monkeypatch.setattr("jobsportal.cvat.uploads.PIECE", 1)
    steps = [step for offset in range(20) for step in ("break", offset, offset + 1)]
    assert send(client_of(listen(flaky(*steps)), retry=RetryPolicy(attempts=1, backoff=0.0))).length == 20


@pytest.mark.parametrize("counted", [0, 99])
def test_trap_a_server_that_counts_wrong_is_not_sent_the_same_for_ever(listen, client_of, counted):
    server = listen(flaky(*[counted] * 100))
    with pytest.raises(errors.BrokenAnswer):
        send(client_of(server))
    assert len(sent(server)) == 1


def test_trap_a_server_that_counts_more_than_it_was_sent_is_not_believed(listen, client_of, monkeypatch):
    monkeypatch.setattr("jobsportal.cvat.uploads.PIECE", 10)
    server = listen(flaky("break", 15))
    with pytest.raises(errors.BrokenAnswer):
        send(client_of(server, retry=AT_ONCE))


@pytest.mark.parametrize("status", ["502 Bad Gateway", "504 Gateway Timeout"])
def test_trap_a_gateways_failure_says_nothing_of_the_upload(listen, client_of, status):
    client = client_of(listen(flaky(*[status] * 9)))
    with pytest.raises(errors.ServerFault):
        client.uploads.offset(Place("/api/jobs/1/annotations", "abc", "a.xml", 20))


def test_a_server_that_asks_for_much_patience_ends_an_upload(listen, client_of):
    def says(connection, heard):
        if heard.method == "PATCH":
            connection.sendall(answer("503 Busy", b"", "Retry-After: 3600"))
        else:
            connection.sendall(answer("201 Created", b"", "Location: /api/jobs/1/annotations/abc"))

    with pytest.raises(errors.Busy):
        send(client_of(listen(says), retry=AT_ONCE))


@pytest.mark.parametrize("told", ["=?utf-8?b?a?=", "=?nonsense?q?a?=", "plain.xml"])
def test_trap_a_name_in_a_header_may_be_nonsense(listen, client_of, told):
    location = "Location: /api/jobs/1/annotations/abc"
    server = listen(answer("201 Created", b"", location, f"Upload-Filename: {told}"))
    assert client_of(server).uploads.create("/api/jobs/1/annotations", 10, "a.xml").name
