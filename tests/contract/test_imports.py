"""Files that come in: at once, piece by piece, and by whatever way the server has."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from jobsportal.cvat import Client
from jobsportal.cvat.errors import Conflict, Invalid, NotFound, ServerFault
from jobsportal.cvat.types import Job
from tests.contract import choosing
from tests.contract.upstream import NO_SUCH_ID, Upstream, followed, has_old_ways

MIB = 1024 * 1024


@pytest.fixture
def archive(client: Client, borrowed: Job, box: dict[str, Any], export_format: str) -> bytes:
    """The job's annotations as a file, when it has one rectangle; then the job is emptied."""
    client.jobs.update_annotations(borrowed.id, {"shapes": [box]})
    asked = client.jobs.export(export_format, borrowed.id, filename="contract.zip")
    body = b"".join(client.requests.download(followed(client, asked.rq_id)))
    client.jobs.destroy_annotations(borrowed.id)
    return body


@pytest.fixture
def coco(formats: tuple[set[str], set[str]]) -> str:
    return choosing.usable(formats[1], "COCO 1.0")


def shapes_of(client: Client, job: Job) -> list[tuple[int, list[float]]]:
    data = client.jobs.retrieve_annotations(job.id)
    assert not data.tags
    if data.tracks:  # formats of videos tell each shape as a track
        return [(track.label_id, track.shapes[0].points) for track in data.tracks]
    return [(shape.label_id, shape.points) for shape in data.shapes]


def arrived(client: Client, job: Job, box: dict[str, Any]) -> None:
    ((label, points),) = shapes_of(client, job)
    assert label == box["label_id"] and points == pytest.approx(box["points"], abs=0.02)


def test_import_file_brings_back_what_was_exported(
    client: Client, borrowed: Job, box: dict[str, Any], archive: bytes, import_format: str
) -> None:
    """Twice: on older servers the first would swallow the second."""
    for _ in range(2):
        assert client.jobs.retrieve_annotations(borrowed.id).total == 0
        rq_id = client.jobs.import_file(borrowed.id, io.BytesIO(archive), format=import_format, filename="contract.zip")
        request = followed(client, rq_id)
        assert (request.status, request.operation.job_id) == ("finished", borrowed.id)
        arrived(client, borrowed, box)
        client.jobs.destroy_annotations(borrowed.id)


def test_import_file_replaces_what_was_there(
    client: Client, borrowed: Job, box: dict[str, Any], archive: bytes, import_format: str
) -> None:
    client.jobs.update_annotations(borrowed.id, {"shapes": [box, box, box]})
    followed(client, client.jobs.import_file(borrowed.id, io.BytesIO(archive), format=import_format, filename="a.zip"))
    arrived(client, borrowed, box)


def test_import_file_that_is_none_fails_with_a_reason(
    client: Client, borrowed: Job, box: dict[str, Any], coco: str
) -> None:
    client.jobs.update_annotations(borrowed.id, {"shapes": [box]})
    broken = io.BytesIO(b'{"images":')
    request = followed(client, client.jobs.import_file(borrowed.id, broken, format=coco, filename="broken.json"))
    assert request.status == "failed" and request.reason
    assert "\n" not in request.reason
    arrived(client, borrowed, box)


def test_import_file_in_a_format_that_there_is_not(client: Client, borrowed: Job) -> None:
    with pytest.raises(Invalid):
        client.jobs.import_file(borrowed.id, io.BytesIO(b"PK"), format="No such format 1.0", filename="a.zip")


def test_import_file_that_is_empty(client: Client, borrowed: Job, import_format: str) -> None:
    with pytest.raises(Invalid):
        client.jobs.import_file(borrowed.id, io.BytesIO(b""), format=import_format, filename="a.zip")


def test_import_file_into_a_job_that_is_not_there(client: Client, changing: None, import_format: str) -> None:
    with pytest.raises(NotFound):
        client.jobs.import_file(NO_SUCH_ID, io.BytesIO(b"PK"), format=import_format, filename="a.zip")


def test_create_annotations_takes_a_file_at_once(
    client: Client, borrowed: Job, box: dict[str, Any], archive: bytes, import_format: str
) -> None:
    """Older servers don't see the file."""

    def post() -> str:
        file = io.BytesIO(archive)
        return client.jobs.create_annotations(borrowed.id, file, format=import_format, filename="contract.zip").rq_id

    if has_old_ways(client):
        with pytest.raises(Invalid):
            post()
        return
    try:
        rq_id = post()
    except Invalid as error:
        if has_old_ways(client) is False:
            raise
        pytest.skip(f"version {client.version} lies between the recorded generations: {error.detail}")
    assert followed(client, rq_id).status == "finished"
    arrived(client, borrowed, box)


def test_create_annotations_in_a_format_that_there_is_not(client: Client, borrowed: Job) -> None:
    with pytest.raises(Invalid):
        client.jobs.create_annotations(borrowed.id, io.BytesIO(b"PK"), format="No such format 1.0", filename="a.zip")


def test_create_annotations_in_a_job_that_is_not_there(client: Client, changing: None, import_format: str) -> None:
    with pytest.raises(NotFound):
        client.jobs.create_annotations(NO_SUCH_ID, io.BytesIO(b"PK"), format=import_format, filename="a.zip")


def test_create_annotations_from_a_storage_that_is_not_there(client: Client, borrowed: Job, import_format: str) -> None:
    with pytest.raises((Invalid, NotFound)):
        client.jobs.create_annotations(
            borrowed.id,
            format=import_format,
            filename="a.zip",
            location="cloud_storage",
            cloud_storage_id=NO_SUCH_ID,
        )


def test_update_annotations_takes_a_file_in_the_way_of_old(
    client: Client, borrowed: Job, box: dict[str, Any], archive: bytes, import_format: str, old_ways: None
) -> None:
    started = client.jobs.update_annotations(
        borrowed.id, format=import_format, annotation_file=io.BytesIO(archive), filename="contract.zip"
    )
    assert started.status == 202 and started.rq_id
    request = followed(client, started.rq_id)
    told = client.jobs.update_annotations(borrowed.id, format=import_format, rq_id=started.rq_id)
    assert (request.status, told.status) == ("finished", 201)
    arrived(client, borrowed, box)
    with pytest.raises(NotFound):  # telling so was the last that is heard of it
        client.requests.retrieve(started.rq_id)


def test_update_annotations_tells_that_an_import_of_old_has_failed(
    client: Client, borrowed: Job, coco: str, old_ways: None
) -> None:
    started = client.jobs.update_annotations(
        borrowed.id, format=coco, annotation_file=io.BytesIO(b'{"images":'), filename="a.json"
    )
    assert followed(client, started.rq_id).status == "failed"
    with pytest.raises((ServerFault, Invalid)):
        client.jobs.update_annotations(borrowed.id, format=coco, rq_id=started.rq_id)


def test_upload_goes_on_after_a_break_with_another_client(
    upstream: Upstream, client: Client, borrowed: Job, box: dict[str, Any], archive: bytes, import_format: str
) -> None:
    path = f"/api/jobs/{borrowed.id}/annotations"
    place = client.uploads.create(path, len(archive), "contract.zip", format=import_format)
    half = len(archive) // 2
    assert client.uploads.offset(place) == 0
    assert client.uploads.append(place, 0, archive[:half]) == half
    again = upstream.client(client.credential)
    assert again.uploads.offset(place) == half
    with pytest.raises(Conflict) as caught:
        again.uploads.append(place, 0, archive[:half])
    assert caught.value.detail == ""  # an answer without a body is one too
    assert again.uploads.append(place, half, archive[half:]) == len(archive)
    with pytest.raises(NotFound):  # what is complete isn't a place any more
        again.uploads.offset(place)
    taken = again.jobs.use_upload(place, format=import_format)
    assert taken.status == 202 and taken.rq_id
    assert followed(client, taken.rq_id).status == "finished"
    arrived(client, borrowed, box)


def test_upload_tells_how_far_it_is(
    client: Client, borrowed: Job, archive: bytes, import_format: str, box: dict[str, Any]
) -> None:
    told: list[tuple[int, int]] = []
    file = io.BytesIO(b"before" + archive)
    file.seek(6)
    path = f"/api/jobs/{borrowed.id}/annotations"
    place = client.uploads.send(
        path, file, "contract.zip", format=import_format, on_progress=lambda *far: told.append(far)
    )
    assert told == [(len(archive), len(archive))]
    assert followed(client, client.jobs.use_upload(place, format=import_format).rq_id).status == "finished"
    arrived(client, borrowed, box)


def test_upload_in_several_pieces(
    client: Client, borrowed: Job, labels: list[Any], box: dict[str, Any], coco: str
) -> None:
    """9 MiB: a COCO file that is mostly white space."""
    document = {
        "images": [],
        "annotations": [],
        "categories": [{"id": 1, "name": next(label.name for label in labels if label.id == box["label_id"])}],
    }
    body = json.dumps(document).encode() + b" " * (9 * MIB)
    client.jobs.update_annotations(borrowed.id, {"shapes": [box]})
    told: list[int] = []
    rq_id = client.jobs.import_file(
        borrowed.id,
        io.BytesIO(body),
        format=coco,
        filename="large.json",
        on_progress=lambda far, _: told.append(far),
    )
    assert told == [8 * MIB, len(body)]
    assert followed(client, rq_id).is_over


def test_upload_that_is_too_large(client: Client, borrowed: Job, import_format: str) -> None:
    with pytest.raises(Invalid) as caught:
        client.uploads.create(f"/api/jobs/{borrowed.id}/annotations", 10**15, "a.zip", format=import_format)
    assert caught.value.status == 413


def test_upload_to_a_place_that_was_never_made(client: Client, borrowed: Job, import_format: str) -> None:
    path = f"/api/jobs/{borrowed.id}/annotations"
    place = client.uploads.create(path, 10, "contract.zip", format=import_format)
    try:
        unknown = type(place)(path, "00000000-0000-0000-0000-000000000000", "a.zip", 10)
        with pytest.raises(NotFound):
            client.uploads.offset(unknown)
    finally:
        client.uploads.append(place, 0, b"0123456789")  # left alone once it is complete


def test_upload_into_a_job_that_is_not_there(client: Client, changing: None, import_format: str) -> None:
    with pytest.raises(NotFound):
        client.uploads.create(f"/api/jobs/{NO_SUCH_ID}/annotations", 10, "a.zip", format=import_format)
