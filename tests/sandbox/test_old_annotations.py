"""Annotations as the older generation takes them: each field by itself, and ids as they come."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Caller
from .old import running  # noqa: F401
from .test_annotations import HEAD, JOB, box, skeleton, whole


@pytest.mark.parametrize(
    "shape",
    [
        box(points=[]),
        box(points=[1.0, 2.0, 3.0]),
        box(type="polygon", points=[1.0, 2.0]),
        box(type="mask", points=[1.0, 2.0]),
        skeleton(),
    ],
)
def test_it_takes_shapes_with_too_few_points(admin: Caller, shape: dict[str, Any]) -> None:
    answer = admin.put(f"jobs/{JOB}/annotations", json=whole(shape))
    assert answer.status_code == 200, answer.text
    (kept,) = admin.get(f"jobs/{JOB}/annotations").json()["shapes"]
    assert (kept["type"], kept["points"]) == (shape["type"], shape.get("points", []))


@pytest.mark.parametrize(
    ("shape", "errors"),
    [
        (box(points=["a"]), {"points": {"0": "[ErrorDetail(string='Value must be a float or an integer', "
                                           "code='invalid')]"}}),
        (box(frame=-1), {"frame": ["Ensure this value is greater than or equal to 0."]}),
    ],
)  # fmt: skip
def test_it_looks_at_each_field(admin: Caller, shape: dict[str, Any], errors: object) -> None:
    answer = admin.put(f"jobs/{JOB}/annotations", json=whole(shape))
    assert (answer.status_code, answer.json()) == (400, {"shapes": [errors]})


@pytest.mark.parametrize("name", ["CVAT for images 1.1", "CVAT for video 1.1", "COCO 1.0", "YOLO 1.1"])
def test_it_cannot_export_such_shapes(admin: Caller, name: str) -> None:
    admin.put(f"jobs/{JOB}/annotations", json=whole(box(points=[1.0, 2.0, 3.0])))
    started = admin.post(f"jobs/{JOB}/dataset/export", params={"format": name})
    request = admin.request(started.json()["rq_id"])
    assert request["status"] == "failed" and "ValueError" in request["message"]


def test_it_keeps_ids_that_are_sent(admin: Caller) -> None:
    made = admin.put(f"jobs/{JOB}/annotations", json=whole(box(id=501), skeleton(HEAD))).json()
    assert made["shapes"][0]["id"] == 501
    assert admin.put(f"jobs/{JOB}/annotations", json=made).json() == made
    answer = admin.patch(f"jobs/{JOB}/annotations?action=create", json=whole(box(id=502)))
    assert answer.json()["shapes"][0]["id"] == 502


def test_it_breaks_on_an_id_that_is_taken(admin: Caller) -> None:
    admin.put("jobs/2/annotations", json=whole(box(id=777)))
    assert admin.put(f"jobs/{JOB}/annotations", json=whole(box(id=777))).status_code == 500
    assert admin.put("jobs/2/annotations", json=whole(box(id=777))).status_code == 200
    assert admin.patch("jobs/2/annotations?action=create", json=whole(box(id=777))).status_code == 500
