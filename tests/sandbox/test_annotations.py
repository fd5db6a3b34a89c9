"""`/api/jobs/{id}/annotations`: reading, replacing, changing, and what is refused in which words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Caller

People = Callable[[str | None], Caller]
JOB = 1
CAR, PERSON, BODY = 1, 2, 10
EMPTY = {"version": 0, "tags": [], "shapes": [], "tracks": []}


def box(**changes: Any) -> dict[str, Any]:
    return {
        "frame": 2,
        "label_id": CAR,
        "type": "rectangle",
        "points": [1.0, 2.0, 30.0, 40.0],
        "attributes": [],
    } | changes


def whole(*shapes: dict[str, Any]) -> dict[str, Any]:
    return EMPTY | {"shapes": list(shapes)}


HEAD: dict[str, Any] = {"type": "points", "frame": 2, "label_id": 11, "points": [50.0, 20.0]}


def skeleton(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"frame": 2, "label_id": BODY, "type": "skeleton", "elements": list(elements)}


def track(**changes: Any) -> dict[str, Any]:
    keyframes = [{"type": "rectangle", "frame": frame, "points": [1.0, 2.0, 30.0, 40.0]} for frame in (2, 5)]
    return {"frame": 2, "label_id": CAR, "shapes": keyframes} | changes


def updated(caller: Caller) -> str:
    return str(caller.get(f"jobs/{JOB}").json()["updated_date"])


def test_the_demo_has_every_kind_of_shape(admin: Caller) -> None:
    found: set[str] = set()
    for job in admin.get("jobs?page_size=all").json()["results"]:
        data = admin.get(f"jobs/{job['id']}/annotations").json()
        found |= {shape["type"] for shape in data["shapes"]}
        found |= {"tag"} if data["tags"] else set()
        found |= {"track"} if data["tracks"] else set()
        if job["assignee"] is None and job["stage"] == "annotation":
            assert data == EMPTY
    assert found == {"rectangle", "polygon", "polyline", "points", "ellipse", "mask", "skeleton", "tag", "track"}


def test_a_shape_has_the_recorded_fields_in_the_recorded_order(admin: Caller) -> None:
    shape = admin.get(f"jobs/{JOB}/annotations").json()["shapes"][0]
    assert list(shape) == [
        "id", "label_id", "type", "frame", "group", "source", "occluded", "outside", "z_order", "rotation", "points",
        "attributes", "elements",
    ]  # fmt: skip


def test_replacing(admin: Caller) -> None:
    before = updated(admin)
    body = whole(box(), box(label_id=PERSON, rotation=12.5)) | {"tags": [{"frame": 3, "label_id": 9}]}
    answer = admin.put(f"jobs/{JOB}/annotations", json=body | {"version": 7})
    assert answer.status_code == 200
    assert answer.json()["version"] == 0
    assert list(answer.json()["shapes"][0])[:8] == [
        "type", "occluded", "outside", "z_order", "rotation", "points", "id", "frame",
    ]  # fmt: skip
    kept = admin.get(f"jobs/{JOB}/annotations").json()
    assert [shape["id"] for shape in kept["shapes"]] == [shape["id"] for shape in answer.json()["shapes"]]
    assert {entry["spec_id"] for entry in kept["shapes"][0]["attributes"]} == {1, 2, 3}  # defaults filled in
    assert updated(admin) > before


def test_ids_must_be_absent(admin: Caller) -> None:
    body = whole(box(id=5), box(id=6)) | {"tags": [{"id": 1, "frame": 0, "label_id": 9}]}
    answer = admin.put(f"jobs/{JOB}/annotations", json=body)
    absent = {"id": ["must be absent"]}
    assert (answer.status_code, answer.json()) == (400, {"tags": [absent], "shapes": [absent, absent]})
    assert admin.patch(f"jobs/{JOB}/annotations?action=create", json=whole(box(id=5))).status_code == 400


def test_creating_updating_deleting(admin: Caller) -> None:
    admin.delete(f"jobs/{JOB}/annotations")
    made = admin.patch(f"jobs/{JOB}/annotations?action=create", json=whole(box())).json()
    shape = made["shapes"][0] | {"points": [5.0, 5.0, 15.0, 15.0]}
    assert admin.patch(f"jobs/{JOB}/annotations?action=update", json=whole(shape)).json()["shapes"] == [shape]
    kept = admin.get(f"jobs/{JOB}/annotations").json()["shapes"]
    assert [(item["id"], item["points"]) for item in kept] == [(shape["id"], [5.0, 5.0, 15.0, 15.0])]
    assert admin.patch(f"jobs/{JOB}/annotations?action=delete", json=whole(shape)).status_code == 200
    assert admin.get(f"jobs/{JOB}/annotations").json() == EMPTY


def test_deleting_unknown_ids_is_passed_over_and_the_date_stays(admin: Caller) -> None:
    before = updated(admin)
    answer = admin.patch(f"jobs/{JOB}/annotations?action=delete", json=whole(box(id=99999999)))
    assert (answer.status_code, answer.json()["shapes"][0]["id"]) == (200, 99999999)
    assert updated(admin) == before


def test_updating_an_unknown_id_creates_it(admin: Caller) -> None:
    before = updated(admin)
    admin.patch(f"jobs/{JOB}/annotations?action=update", json=whole(box(id=99999999)))
    assert 99999999 in [shape["id"] for shape in admin.get(f"jobs/{JOB}/annotations").json()["shapes"]]
    assert updated(admin) > before


def test_clearing_moves_the_date_only_when_there_was_something(admin: Caller) -> None:
    before = updated(admin)
    assert admin.delete(f"jobs/{JOB}/annotations").status_code == 204
    cleared = updated(admin)
    assert cleared > before
    assert admin.delete(f"jobs/{JOB}/annotations").status_code == 204
    assert updated(admin) == cleared


@pytest.mark.parametrize("action", ["", "?action=merge"])
def test_an_action_is_needed(admin: Caller, action: str) -> None:
    answer = admin.patch(f"jobs/{JOB}/annotations{action}", json=EMPTY)
    assert (answer.status_code, answer.json()) == (400, ["Please specify a correct 'action' for the request"])


@pytest.mark.parametrize(
    ("shape", "errors"),
    [
        (box(type="blob"), {"type": ['"blob" is not a valid choice.']}),
        (box(points=[1.0, 2.0, 3.0]), {"points": ["invalid length for shape type 'rectangle'"]}),
        (box(points=[]), {"points": ["invalid length for shape type 'rectangle'"]}),
        (box(type="polygon", points=[1.0, 2.0]), {"points": ["invalid length for shape type 'polygon'"]}),
        (box(type="mask", points=[1.0, 2.0]), {"points": ["invalid length for shape type 'mask'"]}),
        (box(type="skeleton", points=[]), {"elements": ["at least one required for skeleton shape"]}),
        (box(rotation=720.0), {"rotation": ["Ensure this value is less than or equal to 360."]}),
        (box(frame=None), {"frame": ["This field may not be null."]}),
        (box(frame="four"), {"frame": ["A valid integer is required."]}),
        (box(rotation="far"), {"rotation": ["A valid number is required."]}),
        (box(rotation=-1), {"rotation": ["Ensure this value is greater than or equal to 0."]}),
        (box(occluded="maybe"), {"occluded": ["Must be a valid boolean."]}),
        (box(source=[]), {"source": ["Not a valid string."]}),
        (box(points=5), {"points": ['Expected a list of items but got type "int".']}),
        (box(attributes=[{"spec_id": 1}]), {"attributes": [{"value": ["This field is required."]}]}),
        (5, {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]}),
        (skeleton(HEAD | {"points": [1]}), {"elements": [{"points": ["invalid length for shape type 'points'"]}]}),
        (skeleton({"type": "points", "label_id": 11}), {"elements": [{"frame": ["This field is required."]}]}),
        (box(frame=-1), {"frame": ["Ensure this value is greater than or equal to 0."]}),
        (
            box(points=["a"]),
            {"points": {"0": "[ErrorDetail(string='Value must be a float or an integer', code='invalid')]"}},
        ),
    ],
)
def test_shapes_that_are_refused(admin: Caller, shape: dict[str, Any], errors: object) -> None:
    answer = admin.put(f"jobs/{JOB}/annotations", json=whole(shape))
    assert (answer.status_code, answer.json()) == (400, {"shapes": [errors]})


def test_fields_that_are_missing(admin: Caller) -> None:
    shape = box()
    del shape["label_id"], shape["type"]
    answer = admin.put(f"jobs/{JOB}/annotations", json=whole(shape))
    required = ["This field is required."]
    assert answer.json() == {"shapes": [{"label_id": required, "type": required}]}


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (box(label_id=99999), "label_id `99999` is invalid"),
        (box(label_id=16), "label_id `16` is invalid"),  # of another project
        (box(attributes=[{"spec_id": 99999, "value": "x"}]), "spec_id `99999` is invalid"),
    ],
)
def test_labels_of_another_project(admin: Caller, shape: dict[str, Any], words: str) -> None:
    answer = admin.put(f"jobs/{JOB}/annotations", json=whole(shape))
    assert (answer.status_code, answer.json()) == (400, [words])


@pytest.mark.parametrize("shape", [box(frame=5000), box(points=[-50.0, -50.0, 5000.0, 5000.0])])
def test_what_the_upstream_does_not_look_at(admin: Caller, shape: dict[str, Any]) -> None:
    assert admin.put(f"jobs/{JOB}/annotations", json=whole(shape)).status_code == 200


def test_bodies_of_the_wrong_shape(admin: Caller) -> None:
    assert admin.put(f"jobs/{JOB}/annotations", json=[]).status_code == 500
    assert admin.put(f"jobs/{JOB}/annotations", json={}).json() == EMPTY
    answer = admin.put(f"jobs/{JOB}/annotations", json={"shapes": {}})
    assert answer.json() == {"shapes": {"non_field_errors": ['Expected a list of items but got type "dict".']}}


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_know(admin: Caller, name: str) -> None:
    kind = {"Content-Type": "application/json"}
    answer = admin.put(f"jobs/{JOB}/annotations", data=f'{{"shapes": [{name}]}}', headers=kind)
    words = f"JSON parse error - Out of range float values are not JSON compliant: '{name}'"
    assert (answer.status_code, answer.json()) == (400, {"detail": words})


def test_who_may(people: People) -> None:
    assert people("carol").put(f"jobs/{JOB}/annotations", json=EMPTY).status_code == 200
    assert people("dave").get(f"jobs/{JOB}/annotations").status_code == 403
    assert people("grace").delete(f"jobs/{JOB}/annotations").status_code == 403


def test_the_one_path_with_a_slash(admin: Caller) -> None:
    assert admin.get(f"jobs/{JOB}/annotations/").status_code == 200


def test_a_skeleton_keeps_its_elements(admin: Caller) -> None:
    admin.put(f"jobs/{JOB}/annotations", json=whole(skeleton(HEAD, HEAD | {"label_id": 12, "outside": True})))
    (shape,) = admin.get(f"jobs/{JOB}/annotations").json()["shapes"]
    assert [(part["label_id"], part["points"], part["outside"]) for part in shape["elements"]] == [
        (11, [50.0, 20.0], False),
        (12, [50.0, 20.0], True),
    ]
    assert list(shape["elements"][0]) == [
        "id", "label_id", "type", "frame", "group", "source", "occluded", "outside", "z_order", "rotation", "points",
        "attributes",
    ]  # fmt: skip


def test_a_keyframe_takes_over_attributes_from_the_one_before(admin: Caller) -> None:
    body = track()
    body["shapes"][0]["attributes"] = [{"spec_id": 3, "value": "42"}]
    assert admin.put(f"jobs/{JOB}/annotations", json=EMPTY | {"tracks": [body]}).status_code == 200
    (kept,) = admin.get(f"jobs/{JOB}/annotations").json()["tracks"]
    speeds = [{entry["spec_id"]: entry["value"] for entry in shape["attributes"]} for shape in kept["shapes"]]
    assert speeds == [{2: "false", 3: "42"}, {2: "false", 3: "42"}]
    assert kept["attributes"] == [{"spec_id": 1, "value": "white"}]
    assert list(kept) == ["id", "label_id", "frame", "group", "source", "shapes", "attributes", "elements"]


def test_a_skeleton_may_move(admin: Caller) -> None:
    points = {"type": "points", "frame": 2, "points": [50.0, 20.0]}
    part = {"frame": 2, "label_id": 11, "shapes": [points, points | {"frame": 5}]}
    body = track(label_id=BODY, shapes=[{"type": "skeleton", "frame": 2}], elements=[part])
    answer = admin.put(f"jobs/{JOB}/annotations", json=EMPTY | {"tracks": [body]})
    assert answer.status_code == 200, answer.text
    (kept,) = admin.get(f"jobs/{JOB}/annotations").json()["tracks"]
    assert [shape["frame"] for shape in kept["elements"][0]["shapes"]] == [2, 5]


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"shapes": [{"type": "rectangle", "points": []}]}, {"shapes": [{"frame": ["This field is required."]}]}),
        (
            {"shapes": [{"type": "rectangle", "frame": 1, "points": [1]}]},
            {"shapes": [{"points": ["invalid length for shape type 'rectangle'"]}]},
        ),
        ({"elements": [{"frame": 1, "label_id": 11}]}, {"elements": [{"shapes": ["This field is required."]}]}),
        ({"elements": 3}, {"elements": {"non_field_errors": ['Expected a list of items but got type "int".']}}),
    ],
)
def test_tracks_that_are_refused(admin: Caller, changes: dict[str, Any], errors: object) -> None:
    answer = admin.put(f"jobs/{JOB}/annotations", json=EMPTY | {"tracks": [track(**changes)]})
    assert (answer.status_code, answer.json()) == (400, {"tracks": [errors]})


def test_attributes_that_may_change_belong_to_keyframes(admin: Caller) -> None:
    for spec, status in ((1, 200), (2, 400)):
        body = EMPTY | {"tracks": [track(attributes=[{"spec_id": spec, "value": "red"}])]}
        assert admin.put(f"jobs/{JOB}/annotations", json=body).status_code == status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "jobs/1/dataset?format=COCO 1.0"),
        ("GET", "jobs/999999/dataset"),
        ("GET", "jobs/1/annotations?format=COCO 1.0"),
        ("GET", "jobs/1/annotations?action=download"),
        ("PUT", "jobs/1/annotations?format=CVAT 1.1"),
        ("PUT", "jobs/1/annotations?rq_id=x"),
    ],
)
def test_endpoints_of_old_are_gone(admin: Caller, method: str, path: str) -> None:
    answer = admin(method, path)
    assert answer.status_code == 410
    assert answer.text.startswith(("This endpoint is no longer", "This endpoint no longer"))
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
