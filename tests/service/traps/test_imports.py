"""Traps: importing a file."""

import io
import re

import pytest

from jobsportal.cvat import RetryPolicy, errors
from jobsportal.cvat.imports import unique_name
from jobsportal.cvat.multipart import Rest
from jobsportal.cvat.uploads import PIECE, Place
from jobsportal.cvat.versions import known_versions
from jobsportal.sandbox import Sandbox
from tests.service.traps.helpers import CVAT, EMPTY, JOB, OLD, client_at, done, paths
from tests.service.wire import answer, ok


def test_trap_older_servers_take_no_file_at_once(server):
    client = client_at(server)
    rq_id = client.jobs.import_file(JOB, io.BytesIO(CVAT), format="CVAT 1.1", filename="a.xml")
    assert done(client, rq_id).status == "finished"
    if server.service.version == OLD:
        with pytest.raises(errors.Invalid, match="No such file"):
            client.jobs.create_annotations(JOB, io.BytesIO(CVAT), format="CVAT 1.1")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"rq_id": "import:job-46-annotations"},
        {"rq_id": "import:job-46-annotations", "job_annotations_update_request": {"shapes": []}},
        {"annotation_file": io.BytesIO(CVAT), "job_annotations_update_request": {"shapes": []}},
    ],
)
def test_trap_asking_how_an_import_goes_without_a_format_wipes_the_job(server, given):
    client = client_at(server)
    with pytest.raises(errors.Invalid, match="by nothing"):
        client.jobs.update_annotations(JOB, **given)
    assert not server.calls


def test_trap_the_answer_to_how_an_import_went_uses_it_up(old):
    client = client_at(old)
    started = client.jobs.update_annotations(JOB, annotation_file=io.BytesIO(CVAT), format="CVAT 1.1")
    assert started.is_running and started.rq_id
    for _ in range(3):  # looking at the request uses nothing up
        assert done(client, started.rq_id).status == "finished"
    assert client.jobs.update_annotations(JOB, format="CVAT 1.1", rq_id=started.rq_id).status == 201
    with pytest.raises(errors.NotFound):
        client.requests.retrieve(started.rq_id)


def test_trap_the_question_how_an_import_went_is_never_repeated(listen, client_of):
    server = listen(answer("503 Service Unavailable", b""))
    client = client_of(server, retry=RetryPolicy(backoff=0.0))
    with pytest.raises(errors.Busy):
        client.jobs.update_annotations(JOB, format="CVAT 1.1", rq_id="import:job-46-annotations")
    assert len(server.heard) == 1


@pytest.mark.parametrize("first", [CVAT, b"no xml at all"])
def test_trap_an_import_that_nobody_asked_for_swallows_the_next_one(server, first):
    client = client_at(server)
    client.jobs.update_annotations(EMPTY, {"shapes": []})
    done(client, client.jobs.import_file(EMPTY, io.BytesIO(first), format="CVAT 1.1", filename="a.xml"))
    label = next(label.name for label in client.labels.list(job_id=EMPTY) if label.type in ("any", "rectangle"))
    name = client.jobs.retrieve_data_meta(EMPTY).frames[0].name
    second = (
        f'<annotations><image id="0" name="{name}" width="640" height="480"><box label="{label}" occluded="0" '
        f'xtl="1" ytl="2" xbr="30" ybr="40" z_order="0"></box></image></annotations>'
    )
    rq_id = client.jobs.import_file(EMPTY, io.BytesIO(second.encode()), format="CVAT 1.1", filename="b.xml")
    request = done(client, rq_id)
    assert request.status == "finished", request.message
    assert client.jobs.retrieve_annotations(EMPTY).total == 1
    questions = [call.query for call in server.calls if call.method == "PUT" and call.query]
    assert len(questions) == (1 if server.service.version == OLD else 0)
    assert all(asked["format"] == ["CVAT 1.1"] and asked["rq_id"] for asked in questions)


def test_trap_an_import_that_runs_is_in_the_way_of_every_other(server):
    server.request_seconds = 60.0
    client = client_at(server)
    client.jobs.import_file(JOB, io.BytesIO(CVAT), format="CVAT 1.1")
    for other in (client, client_at(server, "admin")):
        before = len(paths(server, "PATCH"))
        with pytest.raises(errors.Conflict):
            other.jobs.import_file(JOB, io.BytesIO(CVAT), format="CVAT 1.1")
        assert len(paths(server, "PATCH")) - before <= 1, "the file is sent once"


@pytest.mark.parametrize(
    ("finishes", "sent"),
    [
        ([b"202"], 1),
        ([b"201", b"201"], 2),
        ([b"201", b"202 id"], 2),
        ([b"500", b"202 id"], 2),  # another's import that failed, told of and gone with the answer
    ],
)
def test_trap_a_file_that_is_accepted_without_an_id_was_not_taken(listen, client_of, finishes, sent):
    left = list(finishes)

    def says(connection, heard):
        if heard.path == "/api/requests":
            connection.sendall(ok(b'{"count":0,"results":[]}'))
        elif heard.method == "PATCH":
            connection.sendall(answer("204 No Content", b"", f"Upload-Offset: {len(CVAT)}"))
        elif "upload-finish" in heard.headers:
            status, _, has_id = left.pop(0).decode().partition(" ")
            connection.sendall(answer(f"{status} OK", b'{"rq_id":"x"}' if has_id else b""))
        else:
            connection.sendall(answer("201 Created", b"", "Location: /api/jobs/1/annotations/abc"))

    server = listen(says)
    client = client_of(server)
    known_versions.set(server.url, "2.20.0")
    if finishes[-1].endswith(b"id"):
        assert client.jobs.import_file(1, io.BytesIO(CVAT), format="CVAT 1.1") == "x"
    else:
        with pytest.raises(errors.Conflict):
            client.jobs.import_file(1, io.BytesIO(CVAT), format="CVAT 1.1")
    assert [heard.body for heard in server.heard if heard.method == "PATCH"] == [CVAT] * sent


def test_trap_a_failure_comes_as_a_traceback_first(server):
    client = client_at(server)
    rq_id = client.jobs.import_file(JOB, io.BytesIO(b"<annotations"), format="CVAT 1.1", filename="a.xml")
    request = done(client, rq_id)
    assert request.status == "failed" and "ParseError" in request.reason
    assert "\n" not in request.reason and "Traceback" not in request.reason


def test_trap_a_failed_import_of_old_is_a_500_with_its_traceback(old):
    client = client_at(old)
    started = client.jobs.update_annotations(JOB, annotation_file=io.BytesIO(b"<annotations"), format="CVAT 1.1")
    done(client, started.rq_id)
    with pytest.raises(errors.ServerFault, match="Traceback"):
        client.jobs.update_annotations(JOB, format="CVAT 1.1", rq_id=started.rq_id)


@pytest.mark.parametrize("format", ["Nope", "CVAT for images 1.1"])
def test_trap_a_format_that_cant_be_read_is_a_400(server, format):
    with pytest.raises(errors.Invalid):
        client_at(server).jobs.import_file(JOB, io.BytesIO(CVAT), format=format)


def test_trap_an_empty_file_is_none(server):
    with pytest.raises(errors.Invalid) as told:
        client_at(server).jobs.import_file(JOB, io.BytesIO(b""), format="CVAT 1.1")
    assert "annotation_file" in told.value.fields


def test_trap_the_way_of_old_is_410_on_newer_servers(sandbox):
    client = client_at(sandbox)
    for refused in (
        lambda: client.jobs.update_annotations(JOB, format="CVAT 1.1", rq_id="x"),
        lambda: client.jobs.retrieve_annotations(JOB, format="COCO 1.0"),
        lambda: client.jobs.retrieve_dataset("COCO 1.0", JOB),
        lambda: client.jobs.retrieve_dataset("COCO 1.0", 99999),
    ):
        with pytest.raises(errors.Unsupported):
            refused()


def test_trap_ones_own_import_that_runs_is_named_before_anything_is_sent(server):
    server.request_seconds = 60.0
    client = client_at(server)
    running = client.jobs.import_file(JOB, io.BytesIO(CVAT), format="CVAT 1.1")
    before = len(paths(server, "PATCH"))
    with pytest.raises(errors.Conflict) as told:
        client.jobs.import_file(JOB, io.BytesIO(CVAT), format="CVAT 1.1")
    assert told.value.rq_id == running and len(paths(server, "PATCH")) == before


def test_trap_an_import_that_is_gone_is_in_nobodys_way(old):
    client = client_at(old)
    done(client, client.jobs.import_file(JOB, io.BytesIO(CVAT), format="CVAT 1.1"))
    old.fail(method="PUT", path="/annotations", status=404)
    assert client.jobs.import_file(JOB, io.BytesIO(CVAT), format="CVAT 1.1")


@pytest.mark.parametrize(("size", "at_once"), [(PIECE, True), (PIECE + 1, False)])
def test_a_large_file_goes_in_pieces_to_newer_servers_too(sandbox, size, at_once):
    told = []
    rq_id = client_at(sandbox).jobs.import_file(
        JOB,
        io.BytesIO(CVAT.ljust(size)),
        format="CVAT 1.1",
        filename="ñ b.xml",
        on_progress=lambda *at: told.append(at),
    )
    assert done(client_at(sandbox), rq_id).status == "finished"
    assert (
        bool(paths(sandbox, "PATCH")) is not at_once
        and (not told or told[-1] == (size, size))
        and bool(told) is not at_once
    )


@pytest.mark.parametrize(("given", "ending"), [("a.XML", ".XML"), ("a", ""), ("a.b c", ""), ("../x.zip", ".zip")])
def test_trap_a_name_is_refused_twice_so_each_upload_has_its_own(given, ending):
    first, second = unique_name(given), unique_name(given)
    assert first != second and re.fullmatch(r"[0-9a-f]{32}" + re.escape(ending), first)


# In steps: from bytes that pass by, and added to what is there


class Once:
    """A source that is read once, in pieces, as a request is; it knows how much it was asked for at a time."""

    def __init__(self, content, ends_at=None):
        self.left, self.asked = io.BytesIO(content[:ends_at]), []

    def read(self, size, /):
        self.asked.append(size)
        return self.left.read(size)


def test_a_file_passes_by_in_steps_and_is_never_held(server):
    client = client_at(server)
    content = CVAT.ljust(3_000_000)
    place = client.jobs.begin_import(JOB, len(content), format="CVAT 1.1", filename="a.xml")
    source = Once(content)
    assert client.uploads.append(place, 0, Rest(source, len(content))) == len(content)
    assert max(source.asked) <= 64 * 1024 and len(source.asked) > 40
    rq_id = client.jobs.finish_import(place, format="CVAT 1.1")
    assert done(client, rq_id).status == "finished" and client.jobs.retrieve_annotations(JOB).total == 0
    piece = next(call for call in server.calls if call.method == "PATCH")
    assert piece.headers["content-length"] == str(len(content)) and "transfer-encoding" not in piece.headers


def test_trap_a_source_that_ends_early_leaves_nothing_half_behind(server):
    client = client_at(server)
    place = client.jobs.begin_import(JOB, 100_000, format="CVAT 1.1")
    with pytest.raises(errors.Unreachable):
        client.uploads.append(place, 0, Rest(Once(bytes(100_000), ends_at=70_000), 100_000))
    assert client.uploads.offset(place) == 0
    assert client.uploads.append(place, 0, bytes(100_000)) == 100_000, "the next one takes a connection of its own"


def test_trap_what_is_read_while_it_is_sent_is_sent_once(listen, client_of):
    server = listen(answer("503 Service Unavailable", b""))
    place = Place("/api/jobs/1/annotations", "abc", "a.xml", 20)
    with pytest.raises(errors.Busy):
        client_of(server, retry=RetryPolicy(backoff=0.0)).uploads.append(place, 0, Rest(Once(bytes(20)), 20))
    assert len(server.heard) == 1


@pytest.mark.parametrize("finishes", [["201", "202 id"], ["500", "202 id"]])
def test_trap_an_upload_that_was_swallowed_is_used_again_where_it_lies(listen, client_of, finishes):
    server = listen(finishing(finishes))
    client = client_of(server)
    known_versions.set(server.url, "2.20.0")
    place = Place("/api/jobs/1/annotations", "abc", "a.xml", 20)
    assert client.jobs.finish_import(place, format="CVAT 1.1") == "x" and len(server.heard) == 2


@pytest.mark.parametrize("finishes", [["201", "201"], ["201", "400"], ["202"]])
def test_trap_an_upload_that_stays_swallowed_is_a_conflict(listen, client_of, finishes):
    server = listen(finishing(finishes))
    client = client_of(server)
    known_versions.set(server.url, "2.20.0")
    with pytest.raises(errors.Conflict):
        client.jobs.finish_import(Place("/api/jobs/1/annotations", "abc", "a.xml", 20), format="CVAT 1.1")


def finishing(finishes):
    """A server that answers Upload-Finish with these, one after the other."""
    left = list(finishes)

    def says(connection, heard):
        status, _, has_id = left.pop(0).partition(" ")
        body = b'"No such file were uploaded"' if status == "400" else b'{"rq_id":"x"}' if has_id else b""
        connection.sendall(answer(f"{status} So", body))

    return says


def test_an_upload_that_is_gone_or_incomplete_is_not_found(server):
    client = client_at(server)
    place = client.jobs.begin_import(JOB, 100, format="CVAT 1.1")
    client.uploads.append(place, 0, bytes(50))
    with pytest.raises(errors.NotFound):
        client.jobs.finish_import(place, format="CVAT 1.1")


@pytest.mark.parametrize("padding", [0, PIECE + 1])
def test_a_file_is_added_to_what_is_there_by_either_way(padding):
    with Sandbox(version="2.66") as newest:
        client = client_at(newest)
        name = client.jobs.retrieve_data_meta(JOB).frames[0].name
        label = next(label.name for label in client.labels.list(job_id=JOB) if label.type in ("any", "rectangle"))
        shape = f'<box label="{label}" occluded="0" xtl="1" ytl="2" xbr="3" ybr="4" z_order="0"></box>'
        content = f'<annotations><image id="0" name="{name}" width="9" height="9">{shape}</image></annotations>'
        file = io.BytesIO(content.encode().ljust(padding))
        done(client, client.jobs.import_file(JOB, file, format="CVAT 1.1", filename="a.xml", append=True))
        assert client.jobs.retrieve_annotations(JOB).total == 21


def test_trap_a_server_that_only_replaces_is_never_asked_to_add(server):
    client = client_at(server)
    with pytest.raises(errors.Unsupported):
        client.jobs.import_file(JOB, io.BytesIO(CVAT), format="CVAT 1.1", append=True)
    place = client.uploads.send(f"/api/jobs/{JOB}/annotations", io.BytesIO(CVAT), "a.xml", format="CVAT 1.1")
    with pytest.raises(errors.Unsupported):
        client.jobs.finish_import(place, format="CVAT 1.1", append=True)
    assert client.jobs.retrieve_annotations(JOB).total == 20
