"""Traps: resumable uploads."""

import io
import socket

import pytest

from jobsportal.cvat import errors
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
