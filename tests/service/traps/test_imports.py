"""Traps: importing a file."""

import io

import pytest

from jobsportal.cvat import RetryPolicy, Version, errors
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
    client.jobs.update_annotations(EMPTY, {})
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


@pytest.mark.parametrize(("finishes", "sent"), [([b"202"], 1), ([b"201", b"201"], 2), ([b"201", b"202 id"], 2)])
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
    client.version = Version(2, 20)
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
