"""`/api/jobs/{id}/annotations`: the operations on JSON."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest

from jobsportal.cvat import Client, Download
from jobsportal.cvat.errors import Invalid, NotFound, Unsupported
from jobsportal.cvat.types import Accepted, Job
from tests.contract.keeping import comparable, raw_annotations
from tests.contract.test_exports import prepared
from tests.contract.upstream import NO_SUCH_ID, has_old_ways, is_later

NOTHING: dict[str, Any] = {"version": 0, "tags": [], "shapes": [], "tracks": []}


def test_retrieve_annotations_typed_counted_and_as_they_are(client: Client, job: Job) -> None:
    data = client.jobs.retrieve_annotations(job.id)
    outline = client.jobs.retrieve_annotation_outline(job.id)
    raw = json.loads(b"".join(client.jobs.retrieve_annotations_json(job.id)))
    assert data.version == 0
    for kind in ("tags", "shapes", "tracks"):
        assert len(getattr(data, kind)) == len(getattr(outline, kind)) == len(raw[kind])


def test_retrieve_annotations_of_a_job_that_is_not_there(client: Client) -> None:
    for call in (client.jobs.retrieve_annotations, client.jobs.retrieve_annotations_json):
        with pytest.raises(NotFound):
            call(NO_SUCH_ID)


def test_retrieve_annotations_with_a_format_is_the_export_of_old(
    client: Client, job: Job, export_format: str, changing: None
) -> None:
    if has_old_ways(client) is False:
        with pytest.raises(Unsupported) as caught:
            client.jobs.retrieve_annotations(job.id, format=export_format)
        assert "no longer supported" in caught.value.detail
        return

    def step(action: Literal["", "download"]) -> Accepted | Download:
        return client.jobs.retrieve_annotations(job.id, format=export_format, action=action)

    download = prepared(step)
    assert download.startswith(b"PK")


def test_update_annotations_replaces_all_of_them(client: Client, borrowed: Job, box: dict[str, Any]) -> None:
    tag = {"label_id": box["label_id"], "frame": box["frame"], "attributes": []}
    answer = client.jobs.update_annotations(borrowed.id, {"tags": [tag], "shapes": [box]})
    assert (len(answer.tags), len(answer.shapes)) == (1, 1)
    kept = client.jobs.retrieve_annotations(borrowed.id)
    assert kept.total == 2
    assert (kept.shapes[0].points, kept.shapes[0].label_id) == (box["points"], box["label_id"])
    assert client.jobs.update_annotations(borrowed.id, {"shapes": [box]}).total == 1
    assert client.jobs.retrieve_annotations(borrowed.id).tags == []


def test_update_annotations_holds_tracks(client: Client, borrowed: Job, box: dict[str, Any]) -> None:
    if borrowed.frame_count < 2:
        pytest.skip("no job suitable: a track takes two frames")
    key = {name: box[name] for name in ("type", "points", "occluded", "rotation", "z_order", "attributes")}
    first = {**key, "frame": box["frame"], "outside": False}
    last = {**key, "frame": box["frame"] + 1, "outside": True}
    track = {"label_id": box["label_id"], "frame": box["frame"], "attributes": [], "shapes": [first, last]}
    client.jobs.update_annotations(borrowed.id, {"tracks": [track]})
    (kept,) = client.jobs.retrieve_annotations(borrowed.id).tracks
    assert [(shape.frame, shape.outside, shape.points) for shape in kept.shapes] == [
        (first["frame"], False, box["points"]),
        (last["frame"], True, box["points"]),
    ]


def test_update_annotations_gives_back_what_was_taken_away(client: Client, borrowed: Job, box: dict[str, Any]) -> None:
    client.jobs.update_annotations(borrowed.id, {"shapes": [box, {**box, "rotation": 30.0, "occluded": True}]})
    before = raw_annotations(client, borrowed.id)
    client.jobs.update_annotations(borrowed.id, NOTHING)
    assert client.jobs.retrieve_annotations(borrowed.id).total == 0
    client.jobs.update_annotations(borrowed.id, before, checked=False)
    assert comparable(raw_annotations(client, borrowed.id)) == comparable(before)


def test_update_annotations_moves_the_date_of_the_job(client: Client, borrowed: Job, box: dict[str, Any]) -> None:
    client.jobs.update_annotations(borrowed.id, {"shapes": [box]})
    assert is_later(client.jobs.retrieve(borrowed.id), borrowed)


def test_update_annotations_refuses_a_label_of_another_job(client: Client, borrowed: Job, box: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        client.jobs.update_annotations(borrowed.id, {"shapes": [{**box, "label_id": NO_SUCH_ID}]})
    assert "label_id" in caught.value.detail


@pytest.mark.parametrize("bad", [{"points": [1.0, 2.0, 3.0]}, {"type": "blob"}, {"type": "skeleton", "points": []}])
def test_update_annotations_refuses_what_is_malformed(
    client: Client, borrowed: Job, box: dict[str, Any], bad: dict[str, Any]
) -> None:
    """Before it is sent: older servers would store some of it."""
    before = client.jobs.retrieve(borrowed.id)
    with pytest.raises(Invalid):
        client.jobs.update_annotations(borrowed.id, {"shapes": [{**box, **bad}]})
    assert client.jobs.retrieve(borrowed.id).updated_date == before.updated_date


def test_update_annotations_of_a_job_that_is_not_there(client: Client, changing: None) -> None:
    with pytest.raises(NotFound):
        client.jobs.update_annotations(NO_SUCH_ID, NOTHING)


def test_update_annotations_never_sends_a_question_that_would_wipe_the_job(client: Client, borrowed: Job) -> None:
    before = comparable(raw_annotations(client, borrowed.id))
    with pytest.raises(Invalid):
        client.jobs.update_annotations(borrowed.id, rq_id="import:job-1-annotations")  # type: ignore[call-overload]
    assert comparable(raw_annotations(client, borrowed.id)) == before


def test_partial_update_annotations_creates_updates_and_deletes(
    client: Client, borrowed: Job, box: dict[str, Any]
) -> None:
    jobs = client.jobs
    before = {shape.id for shape in jobs.retrieve_annotations(borrowed.id).shapes}

    def added() -> list[Any]:
        return [shape for shape in jobs.retrieve_annotations(borrowed.id).shapes if shape.id not in before]

    (answered,) = jobs.partial_update_annotations("create", borrowed.id, {"shapes": [box]}).shapes
    (made,) = added()
    assert (made.id, made.points) == (answered.id, box["points"])
    moved = [round(point + 1, 2) for point in box["points"]]
    jobs.partial_update_annotations("update", borrowed.id, {"shapes": [{**box, "id": made.id, "points": moved}]})
    (changed,) = added()
    assert changed.points == moved
    jobs.partial_update_annotations("delete", borrowed.id, {"shapes": [{**box, "id": changed.id}]})
    assert added() == []


def test_partial_update_annotations_leaves_ids_out_of_new_objects(
    client: Client, borrowed: Job, box: dict[str, Any]
) -> None:
    """Newer servers refuse them."""
    (made,) = client.jobs.partial_update_annotations("create", borrowed.id, {"shapes": [{**box, "id": 1}]}).shapes
    assert made.id not in (None, 1)


def test_partial_update_annotations_passes_over_what_is_gone(
    client: Client, borrowed: Job, box: dict[str, Any]
) -> None:
    total = client.jobs.retrieve_annotations(borrowed.id).total
    client.jobs.partial_update_annotations("delete", borrowed.id, {"shapes": [{**box, "id": NO_SUCH_ID}]})
    assert client.jobs.retrieve_annotations(borrowed.id).total == total


def test_partial_update_annotations_knows_three_actions(client: Client, borrowed: Job) -> None:
    with pytest.raises(Invalid):
        client.jobs.partial_update_annotations("merge", borrowed.id, NOTHING)  # type: ignore[arg-type]


def test_partial_update_annotations_of_a_job_that_is_not_there(client: Client, changing: None) -> None:
    with pytest.raises(NotFound):
        client.jobs.partial_update_annotations("create", NO_SUCH_ID, NOTHING)


def test_destroy_annotations_leaves_none(client: Client, borrowed: Job, box: dict[str, Any]) -> None:
    client.jobs.update_annotations(borrowed.id, {"shapes": [box]})
    client.jobs.destroy_annotations(borrowed.id)
    assert client.jobs.retrieve_annotations(borrowed.id).total == 0
    client.jobs.destroy_annotations(borrowed.id)  # nothing to delete is no failure


def test_destroy_annotations_of_a_job_that_is_not_there(client: Client, changing: None) -> None:
    with pytest.raises(NotFound):
        client.jobs.destroy_annotations(NO_SUCH_ID)


def test_update_annotations_with_a_format_is_the_import_of_old(
    client: Client, borrowed: Job, import_format: str
) -> None:
    """Its questions are gone in newer servers. Older ones are asked in the tests of import_file."""
    if has_old_ways(client) is not False:
        with pytest.raises(Invalid):  # the server looks for a file where there is no such request
            client.jobs.update_annotations(borrowed.id, format=import_format, rq_id="import:job-0-annotations")
        return
    with pytest.raises(Unsupported) as caught:
        answer = client.jobs.update_annotations(borrowed.id, format=import_format, rq_id="import:job-0-annotations")
        assert isinstance(answer, Accepted)
    assert "no longer supports" in caught.value.detail
