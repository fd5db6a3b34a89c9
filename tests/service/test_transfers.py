"""Files on their way, in both directions: in pieces, whole or not at all."""

import gzip
import io
import socket
import subprocess
import sys
import tempfile
import threading
from email.parser import BytesParser
from types import SimpleNamespace

import pytest

import jobsportal.cvat.connections as connections
from jobsportal.cvat import Client, Timeouts, TokenCredential, errors
from jobsportal.cvat.client import PIECE
from tests.service.wire import answer, ok

MIB = 1 << 20


@pytest.fixture
def exported(sandbox, client):
    """The id of a finished export."""
    rq_id = client.jobs.create_dataset_export("COCO 1.0", 1).rq_id
    while not client.requests.retrieve(rq_id).is_over:
        pass
    return rq_id


def test_two_hundred_megabytes_pass_through_a_little_memory(sandbox):
    """Measured in a process of its own, of which nothing else makes the memory grow."""
    sandbox.padding = 200 * MIB
    client = Client(sandbox.url, TokenCredential(sandbox.token("alice")))
    rq_id = client.jobs.create_dataset_export("COCO 1.0", 1).rq_id
    while not client.requests.retrieve(rq_id).is_over:
        pass
    words = f"""
import resource
from jobsportal.cvat import Client, TokenCredential
client = Client({sandbox.url!r}, TokenCredential({sandbox.token("alice")!r}))
client.requests.retrieve({rq_id!r})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
size = longest = 0
for piece in client.requests.download({rq_id!r}):
    size, longest = size + len(piece), max(longest, len(piece))
print(size, longest, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    size, longest, grown = map(int, done.stdout.split())
    assert size > 200 * MIB and longest <= PIECE
    assert grown < 16 * 1024, "kibibytes"


def test_a_part_of_a_file_is_fetched(client, exported):
    whole = client.requests.download(exported)
    body = b"".join(whole)
    part = client.requests.download(exported, headers={"Range": "bytes=10-19"})
    assert (part.status, part.headers["Content-Range"]) == (206, f"bytes 10-19/{len(body)}")
    assert b"".join(part) == body[10:20]


@pytest.mark.parametrize(
    ("status", "header", "length"),
    [
        ("200 OK", "X-Nothing: 0", 3),
        ("206 Partial Content", "Content-Range: bytes 0-2/512", 512),
        ("206 Partial Content", "Content-Range: bytes 0-2/*", None),
        ("206 Partial Content", "Content-Range: bytes 0-2/9999999999999999", None),
        ("206 Partial Content", "Content-Range: bytes 0-2/²", None),
        ("206 Partial Content", "X-Nothing: 0", None),
    ],
)
def test_the_length_of_the_whole_is_told_by_it_and_by_a_part(listen, client_of, status, header, length):
    download = client_of(listen(answer(status, b"abc", header))).stream("/file")
    assert download.whole_length == length
    assert b"".join(download) == b"abc"


def test_a_file_that_one_has_is_not_fetched_again(client, exported):
    etag = client.requests.download(exported).headers["ETag"]
    again = client.requests.download(exported, headers={"If-None-Match": etag})
    assert (again.status, b"".join(again)) == (304, b"")


def test_a_part_beyond_the_end_is_refused(client, exported):
    with pytest.raises(errors.Invalid) as caught:
        client.requests.download(exported, headers={"Range": "bytes=99999999-"})
    assert caught.value.status == 416


def test_a_file_is_not_asked_for_packed_and_passes_as_it_travels(listen, client_of):
    packed = gzip.compress(b"x" * 1000)
    server = listen(answer("200 OK", packed, "Content-Encoding: gzip"))
    download = client_of(server).stream("/file")
    assert server.heard[0].headers["accept-encoding"] == "identity"
    assert server.heard[0].headers["accept"] == "*/*"
    assert b"".join(download) == packed
    assert download.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("truncate", [0, 1, 500])
def test_a_file_that_breaks_off_never_looks_whole(sandbox, client, exported, truncate):
    sandbox.fail(path="download", truncate=truncate)
    got = b""
    with pytest.raises(errors.Unreachable) as caught:
        for piece in client.requests.download(exported):
            got += piece
    assert len(got) <= truncate
    assert (caught.value.method, caught.value.path) == ("GET", "/api/jobs/1/dataset/download")
    assert caught.value.request_id


def test_a_file_in_chunks_that_breaks_off_never_looks_whole(listen, client_of):
    def says(connection, _):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        connection.shutdown(socket.SHUT_RDWR)

    with pytest.raises(errors.Unreachable):
        list(client_of(listen(says)).stream("/file"))


def test_a_file_that_stalls_is_given_up(listen, client_of):
    def says(connection, _):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun")
        connection.recv(1)

    server = listen(says)
    with pytest.raises(errors.TimedOut):
        list(client_of(server, timeouts=Timeouts(2.0, 0.1, 5.0)).stream("/file"))
    assert server.hung_up.wait(10)


def test_a_file_may_take_longer_than_an_answer(listen, client_of, monkeypatch):
    """The clock says that an hour passes between headers and body."""
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(connections, "time", clock)
    server = listen(answer("200 OK", b"x" * MIB))
    download = client_of(server).stream("/file")
    clock.now += 3600.0
    assert sum(len(piece) for piece in download) == MIB


def endless(connection, _):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
    while True:
        connection.sendall(bytes(MIB))


def test_hanging_up_before_the_first_piece_closes_the_upstreams_connection(listen, client_of):
    server = listen(endless)
    download = client_of(server).stream("/file")
    download.close()
    assert server.hung_up.wait(10) and download.status == 200


def test_hanging_up_half_way_closes_the_upstreams_connection(listen, client_of):
    server = listen(endless)
    download = client_of(server).stream("/file")
    pieces = iter(download)
    assert len(next(pieces)) <= PIECE
    pieces.close()
    assert server.hung_up.wait(10) and download.status == 200


def test_a_fault_while_a_piece_is_used_closes_the_upstreams_connection(listen, client_of):
    server = listen(endless)
    with pytest.raises(ZeroDivisionError):
        for _ in client_of(server).stream("/file"):
            1 / 0  # noqa: B018
    assert server.hung_up.wait(10)


def test_a_file_that_came_whole_leaves_its_connection_to_the_next(listen, client_of):
    server = listen(answer("200 OK", b"x" * MIB))
    client = client_of(server)
    for _ in range(3):
        list(client.stream("/file"))
    assert server.connections == 1


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="job_14_dataset_2026_11_23_yolo 1.1.zip"', "job_14_dataset_2026_11_23_yolo 1.1.zip"),
        ("attachment; filename=plain.zip", "plain.zip"),
        ("attachment; filename*=utf-8''H%C3%A4fen%20%E2%98%82.zip", "Häfen ☂.zip"),
        ("attachment; filename=\"H_fen.zip\"; filename*=UTF-8''H%C3%A4fen.zip", "Häfen.zip"),
        ("attachment; filename*=UTF-8''H%C3%A4fen.zip; filename=\"H_fen.zip\"", "Häfen.zip"),
        ("attachment; filename*=no-such-charset''a%FFb.zip", "a\xffb.zip"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\temp\\\\a.zip"', "a.zip"),
        ("attachment; filename*=utf-8''..%2F..%2Fa.zip", "a.zip"),
        ("attachment; filename*=utf-8''a%0D%0AX-Evil:%201.zip", "aX-Evil: 1.zip"),
        ('attachment; filename=".."', ""),
        ('attachment; filename=""', ""),
        ("attachment", ""),
        ("", ""),
        ('attachment; filename="unclosed', "unclosed"),
        (";;;=", ""),
    ],
)
def test_the_name_of_a_file_is_read_and_never_leads_elsewhere(listen, client_of, header, name):
    server = listen(answer("200 OK", b"", f"Content-Disposition: {header}"))
    assert client_of(server).stream("/file").filename == name


def test_a_file_without_any_words_on_it_has_no_name(listen, client_of):
    assert client_of(listen(answer("200 OK"))).stream("/file").filename == ""


def part_of(heard):
    """The only part of a multipart body: (headers, content)."""
    boundary = heard.headers["content-type"].partition("boundary=")[2].encode()
    before, part, after = heard.body.split(b"--" + boundary)
    assert (before, after) == (b"", b"--\r\n")
    head, _, content = part.partition(b"\r\n\r\n")
    return BytesParser().parsebytes(head.lstrip()), head.decode(), content.removesuffix(b"\r\n")


ACCEPTED = answer("202 Accepted", b'{"rq_id":"action=import&target=job"}')


def test_annotations_travel_as_a_file_of_a_form(listen, client_of):
    server = listen(ACCEPTED)
    file = io.BytesIO(bytes(range(256)) * 5000)
    answered = client_of(server).jobs.create_annotations(15, file, format="COCO 1.0", filename="mine.json")
    assert answered.rq_id == "action=import&target=job"
    heard = server.heard[0]
    assert (heard.method, heard.path, heard.query) == ("POST", "/api/jobs/15/annotations", {"format": ["COCO 1.0"]})
    assert heard.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert int(heard.headers["content-length"]) == len(heard.body)
    headers, _, content = part_of(heard)
    assert headers.get_param("name", header="content-disposition") == "annotation_file"
    assert headers.get_filename() == "mine.json"
    assert headers.get_content_type() == "application/octet-stream"
    assert content == bytes(range(256)) * 5000


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("Häfen ☂ 日本.zip", 'filename="Häfen ☂ 日本.zip"'),
        ('say "hi".json', 'filename="say %22hi%22.json"'),
        ("a'b;c=d.zip", 'filename="a\'b;c=d.zip"'),
        ('x"\r\nX-Evil: 1\r\n\r\n', 'filename="x%22%0D%0AX-Evil: 1%0D%0A%0D%0A"'),
        ("", 'filename="annotations"'),
    ],
)
def test_the_name_of_a_file_arrives_and_ends_no_header(listen, client_of, name, sent):
    server = listen(ACCEPTED)
    client_of(server).jobs.create_annotations(15, io.BytesIO(b"{}"), format="COCO 1.0", filename=name)
    headers, words, content = part_of(server.heard[0])
    assert sent in words
    assert set(headers.keys()) == {"Content-Disposition", "Content-Type"} and content == b"{}"


@pytest.mark.parametrize("kind", [io.BytesIO, tempfile.TemporaryFile, tempfile.SpooledTemporaryFile])
def test_a_file_is_sent_from_where_it_stands(listen, client_of, kind):
    server = listen(ACCEPTED)
    with kind() as file:
        file.write(b"0123456789")
        file.seek(4)
        client_of(server).jobs.create_annotations(15, file, format="COCO 1.0")
        client_of(server).jobs.create_annotations(15, file, format="COCO 1.0")
    assert [part_of(heard)[2] for heard in server.heard] == [b"456789", b""]


def test_an_import_takes_the_place_of_what_was_there(client):
    kept = b'<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version></annotations>'
    assert client.jobs.retrieve_annotations(1).total > 0
    rq_id = client.jobs.create_annotations(1, io.BytesIO(kept), format="CVAT 1.1", filename="nothing.xml").rq_id
    while not (request := client.requests.retrieve(rq_id)).is_over:
        pass
    assert (request.status, request.message) == ("finished", "")
    assert client.jobs.retrieve_annotations(1).total == 0


def test_a_file_that_says_nothing_the_server_understands_fails_with_a_reason(client):
    rq_id = client.jobs.create_annotations(1, io.BytesIO(b"no xml"), format="CVAT 1.1", filename="x.xml").rq_id
    while not (request := client.requests.retrieve(rq_id)).is_over:
        pass
    assert request.status == "failed" and request.message


def test_an_empty_file_and_an_unknown_format_are_refused(client):
    with pytest.raises(errors.Invalid) as caught:
        client.jobs.create_annotations(1, io.BytesIO(b""), format="CVAT 1.1")
    assert caught.value.fields == {"annotation_file": ["The submitted file is empty."]}
    with pytest.raises(errors.Invalid) as caught:
        client.jobs.create_annotations(1, io.BytesIO(b"x"), format="Nope")
    assert caught.value.detail == "Unknown input format 'Nope'"


def test_a_second_import_names_the_first(sandbox, client):
    sandbox.request_seconds = 30.0
    rq_id = client.jobs.create_annotations(1, io.BytesIO(b"<a/>"), format="CVAT 1.1").rq_id
    with pytest.raises(errors.Conflict) as caught:
        client.jobs.create_annotations(1, io.BytesIO(b"<a/>"), format="CVAT 1.1")
    assert caught.value.rq_id == rq_id


def test_a_large_upload_is_read_piece_by_piece(listen):
    """Measured in a process of its own, of which nothing else makes the memory grow."""
    server = listen(ACCEPTED)
    words = f"""
import resource, tempfile
from jobsportal.cvat import Client
client = Client({server.url!r})
with tempfile.TemporaryFile() as file:
    file.truncate(100 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    client.jobs.create_annotations(1, file, format="COCO 1.0")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 16 * 1024, "kibibytes"
    assert len(server.heard[0].body) > 100 * MIB


def test_a_file_that_shrinks_on_the_way_is_given_up(listen, client_of):
    class Shrinking(io.BytesIO):
        def read(self, size=-1):
            self.truncate(100_000)
            return super().read(size)

    with pytest.raises(errors.CVATError):
        client_of(listen(ACCEPTED)).jobs.create_annotations(1, Shrinking(bytes(200_000)), format="COCO 1.0")


class SlowFile(io.BytesIO):
    """A file of which every piece takes an hour to read."""

    def __init__(self, content, clock):
        super().__init__(content)
        self.clock = clock

    def read(self, size=-1):
        self.clock.now += 3600.0
        return super().read(size)


def test_an_upload_may_take_longer_than_an_answer(listen, client_of, monkeypatch):
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now, sleep=None)
    monkeypatch.setattr(connections, "time", clock)
    monkeypatch.setattr("jobsportal.cvat.client.time", clock)
    server = listen(ACCEPTED)
    slow = SlowFile(b"x" * 100_000, clock)
    assert client_of(server).jobs.create_annotations(1, slow, format="COCO 1.0").rq_id
    assert clock.now >= 3600.0


def test_a_server_that_refuses_before_it_has_read_all_is_understood(listen, client_of):
    def says(connection, _):
        connection.sendall(answer("413 Too Large", b"File size exceeds max limit", "Connection: close"))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(MIB):
            pass

    server = listen(says, reads_bodies=False)
    with pytest.raises(errors.Invalid) as caught:
        client_of(server).jobs.create_annotations(1, io.BytesIO(bytes(4 * MIB)), format="COCO 1.0")
    assert (caught.value.status, caught.value.detail) == (413, "File size exceeds max limit")


def test_a_server_that_refuses_and_hangs_up_at_once_is_told_like_any_other_failure(listen, client_of):
    def says(connection, _):
        connection.sendall(answer("413 Too Large", b"File size exceeds max limit", "Connection: close"))
        connection.close()

    server = listen(says, reads_bodies=False)
    with pytest.raises((errors.Invalid, errors.Unreachable)):
        client_of(server).jobs.create_annotations(1, io.BytesIO(bytes(32 * MIB)), format="COCO 1.0")
    assert server.connections == 1


def test_an_upload_may_rest_longer_than_it_takes_to_connect(listen, client_of):
    def says(connection, heard):
        threading.Event().wait(0.5)
        left = int(heard.headers["content-length"])
        connection.settimeout(0.2)
        while left > 0:
            try:
                left -= len(connection.recv(MIB))
            except TimeoutError:  # the rest was read along with the headers
                break
        connection.sendall(ACCEPTED)

    server = listen(says, reads_bodies=False)
    client = client_of(server, timeouts=Timeouts(0.25, 30.0, 30.0))
    assert client.jobs.create_annotations(1, io.BytesIO(bytes(32 * MIB)), format="COCO 1.0").rq_id


def test_an_upload_that_nobody_takes_is_given_up(listen, client_of):
    given_up = threading.Event()
    server = listen(lambda *_: given_up.wait(10), reads_bodies=False)
    client = client_of(server, timeouts=Timeouts(2.0, 0.2, 5.0))
    with pytest.raises(errors.TimedOut):
        client.jobs.create_annotations(1, io.BytesIO(bytes(64 * MIB)), format="COCO 1.0")
    given_up.set()


def test_a_small_answer_is_whole_even_in_many_chunks(listen, client_of):
    body = b'{"id":2,"username":"alice"}'
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    server = listen(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    client = client_of(server)
    assert client.users.self().username == client.users.self().username == "alice"
    assert server.connections == 1


def test_a_packed_answer_is_unpacked(listen, client_of):
    server = listen(ok(gzip.compress(b'{"id":2,"username":"alice"}'), "Content-Encoding: gzip"))
    assert client_of(server).users.self().username == "alice"
    assert "gzip" in server.heard[0].headers["accept-encoding"]
