"""Traps: annotations."""

import pytest

from jobsportal.cvat import errors
from jobsportal.cvat.labeled import LabeledData, LabeledImage, Shape, Track, TrackedShape, problems, without_ids
from tests.service.traps.helpers import JOB, client_at


def label_of(client, job_id=JOB):
    return next(label.id for label in client.labels.list(job_id=job_id) if label.type in ("any", "rectangle"))


def box(client, **more):
    frame = client.jobs.retrieve(JOB).start_frame
    return {"type": "rectangle", "label_id": label_of(client), "frame": frame, "points": [1.0, 2.0, 30.0, 40.0], **more}


def test_trap_ids_are_refused_in_what_is_new_so_they_are_left_out(server):
    client = client_at(server)
    kept = client.jobs.update_annotations(JOB, {"shapes": [box(client, id=5, attributes=[], elements=[])]})
    assert len(kept.shapes) == 1
    again = client.jobs.update_annotations(JOB, client.jobs.retrieve_annotations(JOB))
    assert len(again.shapes) == 1
    more = client.jobs.partial_update_annotations("create", JOB, {"shapes": [box(client, id=77)]})
    assert more.shapes[0].id != 77 and client.jobs.retrieve_annotations(JOB).total == 2


def test_trap_ids_go_deep():
    skeleton = {"id": 1, "elements": [{"id": 2, "shapes": [{"id": 3, "frame": 0}]}]}
    assert without_ids({"tracks": [skeleton]}) == {"tracks": [{"elements": [{"shapes": [{"frame": 0}]}]}]}


@pytest.mark.parametrize("data", [{"shapes": [7]}, {"shapes": {}}, {"tags": [{"id": 1}]}])
@pytest.mark.parametrize("action", ["create", "update", "delete"])
def test_trap_what_is_no_annotation_is_a_500_so_it_is_refused_here(server, action, data):
    with pytest.raises(errors.Invalid, match="not annotations"):
        client_at(server).jobs.partial_update_annotations(action, JOB, data)
    assert not server.calls


@pytest.mark.parametrize("action", ["update", "delete"])
def test_trap_what_has_no_id_can_be_neither_changed_nor_removed(server, action):
    client = client_at(server)
    shape = box(client)
    server.calls.clear()
    with pytest.raises(errors.Invalid, match="needs the id"):
        client.jobs.partial_update_annotations(action, JOB, {"shapes": [shape]})
    assert not server.calls


def test_trap_an_update_or_delete_goes_by_id(server):
    client = client_at(server)
    made = client.jobs.partial_update_annotations("create", JOB, {"shapes": [box(client), box(client)]})
    moved = {**box(client), "id": made.shapes[0].id, "points": [5.0, 5.0, 9.0, 9.0]}
    client.jobs.partial_update_annotations("update", JOB, {"shapes": [moved]})
    assert [5.0, 5.0, 9.0, 9.0] in [shape.points for shape in client.jobs.retrieve_annotations(JOB).shapes]
    before = client.jobs.retrieve_annotations(JOB)
    client.jobs.partial_update_annotations("delete", JOB, LabeledData(shapes=before.shapes[:1]))
    assert client.jobs.retrieve_annotations(JOB).total == before.total - 1


@pytest.mark.parametrize(
    ("type", "points"),
    [
        ("rectangle", [1.0, 2.0, 3.0]),
        ("rectangle", []),
        ("polygon", [1.0, 2.0]),
        ("polyline", [1.0, 2.0, 3.0]),
        ("points", []),
        ("ellipse", [1.0] * 6),
        ("cuboid", [1.0] * 4),
        ("mask", [1.0, 2.0]),
        ("mask", [3.0, 100.0, 0.0, 0.0, 3.0, 3.0]),
        ("skeleton", []),
        ("blob", [1.0]),
    ],
)
def test_trap_malformed_points_are_stored_by_older_servers_so_they_are_refused_here(server, type, points):
    client = client_at(server)
    shape = box(client, type=type, points=points)
    server.calls.clear()
    with pytest.raises(errors.Invalid, match=r"shapes\[0\]"):
        client.jobs.update_annotations(JOB, {"shapes": [shape]})
    assert not server.calls


def test_trap_malformed_points_hide_in_tracks_and_elements():
    bad = TrackedShape(frame=0, type="rectangle", points=[1.0])
    deep = Track(label_id=1, frame=0, elements=[Track(label_id=2, frame=0, shapes=[bad])])
    skeleton = Shape(label_id=1, frame=0, type="skeleton", elements=[Shape(label_id=2, frame=0, type="points")])
    found = problems(LabeledData(shapes=[skeleton], tracks=[deep]))
    assert [text.partition(":")[0] for text in found] == ["shapes[0].elements[0]", "tracks[0].elements[0].shapes[0]"]


def test_trap_frames_outside_the_job_are_accepted_so_they_can_be_looked_for():
    data = LabeledData(tags=[LabeledImage(label_id=1, frame=99)], shapes=[])
    assert problems(data) == []
    assert problems(data, frames=range(10), labels={2}) == [
        "tags[0]: frame 99 is not one of the job's (0–9)",
        "tags[0]: the job has no label 1",
    ]


def test_trap_annotations_that_a_server_gave_out_can_be_given_back_malformed_or_not(old):
    client = client_at(old)
    broken = {"shapes": [box(client, points=[1.0, 2.0, 3.0])]}
    assert len(client.jobs.update_annotations(JOB, broken, checked=False).shapes) == 1


def test_trap_the_version_of_annotations_is_always_0(server):
    assert client_at(server).jobs.update_annotations(JOB, {"version": 7}).version == 0
