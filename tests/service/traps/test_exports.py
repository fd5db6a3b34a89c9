"""Traps: exporting."""

import msgspec
import pytest

from jobsportal.cvat import errors
from jobsportal.cvat.types import Request
from tests.service.traps.helpers import JOB, NEW, OLD, client_at, done, paths
from tests.service.wire import answer


def test_trap_a_file_of_old_can_be_fetched_once_and_a_part_uses_up_the_whole(old):
    client = client_at(old)
    rq_id = client.jobs.export("COCO 1.0", JOB).rq_id
    request = done(client, rq_id)
    assert not request.can_be_fetched_again
    download = client.requests.download(request, headers={"Range": "bytes=0-9"})
    assert download.status == 200 and len(b"".join(download)) > 10
    for gone in (lambda: client.requests.download(request), lambda: client.requests.download(rq_id)):
        with pytest.raises(errors.NotFound):
            gone()


def test_trap_a_file_of_today_can_be_fetched_again_and_in_parts(sandbox):
    client = client_at(sandbox)
    request = done(client, client.jobs.export("COCO 1.0", JOB).rq_id)
    whole = b"".join(client.requests.download(request))
    part = client.requests.download(request, headers={"Range": "bytes=5-9"})
    assert request.can_be_fetched_again and part.status == 206 and b"".join(part) == whole[5:10]


def test_trap_the_export_of_old_is_ready_at_201_and_fetched_once(old):
    client = client_at(old)
    ready = client.jobs.retrieve_dataset("COCO 1.0", JOB)
    while ready.is_running:
        ready = client.jobs.retrieve_dataset("COCO 1.0", JOB)
    assert ready.status == 201
    assert b"".join(client.jobs.retrieve_dataset("COCO 1.0", JOB, action="download"))[:2] == b"PK"
    with pytest.raises(errors.Invalid):
        client.jobs.retrieve_dataset("COCO 1.0", JOB, action="download")
    ready = client.jobs.retrieve_annotations(JOB, format="COCO 1.0")
    while ready.is_running:
        ready = client.jobs.retrieve_annotations(JOB, format="COCO 1.0")
    assert b"".join(client.jobs.retrieve_annotations(JOB, format="COCO 1.0", action="download"))[:2] == b"PK"


def test_trap_an_export_that_runs_is_a_409_with_or_without_its_id(server):
    server.request_seconds = 60.0
    client = client_at(server)
    first = client.jobs.export("COCO 1.0", JOB)
    again = client.jobs.export("COCO 1.0", JOB)
    assert (again.rq_id, first.is_new, again.is_new) == (first.rq_id, True, False)
    assert ("/api/requests" in paths(server, "GET")) is (server.service.version == OLD)
    with pytest.raises(errors.Conflict) as told:
        client.jobs.create_dataset_export("COCO 1.0", JOB)
    assert bool(told.value.rq_id) is (server.service.version == NEW)
    assert client.jobs.export("CVAT for images 1.1", JOB).is_new


def test_trap_an_export_asked_again_once_it_is_over_starts_anew(server):
    client = client_at(server)
    first = client.jobs.export("COCO 1.0", JOB)
    done(client, first.rq_id)
    assert client.jobs.export("COCO 1.0", JOB).is_new


def test_trap_ids_of_requests_are_quoted(server):
    client = client_at(server)
    rq_id = client.jobs.export("YOLO 1.1", JOB).rq_id
    assert set(rq_id) & set("&=:@~") and done(client, rq_id).id == rq_id
    assert server.calls[-1].path == f"/api/requests/{rq_id}" and not server.calls[-1].query


def test_trap_progress_stays_0_on_small_work():
    nothing = {"id": "x", "status": "started", "operation": {"type": "export:dataset"}, "progress": 0.0}
    assert as_request(nothing).percent is None
    assert as_request({**nothing, "progress": 0.5}).percent == 50


def as_request(told):
    return msgspec.convert(told, Request)


def test_trap_the_host_in_a_result_url_is_frozen_and_never_called(server):
    client = client_at(server, forwarded_for="")
    client.session.headers["X-Forwarded-Host"] = "front.example:9000"
    rq_id = client.jobs.export("COCO 1.0", JOB).rq_id
    request = done(client, rq_id)
    assert "front.example" in (request.result_url or "")
    assert b"".join(client.requests.download(request))[:2] == b"PK"


def test_trap_an_export_is_for_who_asked(server):
    rq_id = client_at(server).jobs.export("COCO 1.0", JOB).rq_id
    with pytest.raises(errors.Forbidden):
        client_at(server, "bob").requests.retrieve(rq_id)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ('attachment; filename="job_14_dataset_2026_yolo 1.1.zip"', "job_14_dataset_2026_yolo 1.1.zip"),
        ("attachment; filename=\"a.zip\"; filename*=UTF-8''%D0%BC%D0%BE%D0%B9.zip", "мой.zip"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ("nonsense", ""),
    ],
)
def test_trap_file_names_have_spaces_and_more(listen, client_of, told, name):
    server = listen(answer("200 OK", b"x", f"Content-Disposition: {told}"))
    assert client_of(server).stream("/f").filename == name


def test_trap_only_what_is_queued_can_be_cancelled(server):
    client = client_at(server)
    rq_id = client.jobs.export("COCO 1.0", JOB).rq_id
    done(client, rq_id)
    with pytest.raises(errors.Invalid):
        client.requests.cancel(rq_id)
    with pytest.raises(errors.NotFound):
        client.requests.cancel("garbage")


def test_trap_a_truth_value_that_is_none_is_a_500(server):
    client = client_at(server)
    client.jobs.create_dataset_export("COCO 1.0", JOB, save_images="maybe")  # type: ignore[arg-type]
    assert server.calls[-1].query["save_images"] == ["true"]
