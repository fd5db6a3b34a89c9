"""Tracks written as "CVAT for video 1.1" and read again as "CVAT 1.1"."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from .conftest import Caller
from .files import JOB, VIDEO, Item, annotations_of, core, everything, unzipped

OUT, IN = "CVAT for video 1.1", "CVAT 1.1"
TRUCK = 14
EMPTY: Item = {"version": 0, "tags": [], "shapes": [], "tracks": []}


def key(frame: int, points: list[float], **more: Any) -> Item:
    return {"type": "rectangle", "frame": frame, "points": points} | more


def truck(**changes: Any) -> Item:
    """Moves to the right, is hidden in part, ends."""
    parked = [{"spec_id": spec_of("parked"), "value": "true"}]
    shapes = [
        key(50, [0, 0, 10.5, 10], rotation=10.0),
        key(60, [100, 0, 110.5, 10], occluded=True, z_order=2, attributes=parked),
        key(70, [100, 0, 110.5, 10], outside=True),
    ]
    return {"frame": 50, "label_id": TRUCK, "group": 4, "shapes": shapes} | changes


def spec_of(name: str) -> int:
    """Of the truck's attributes."""
    return {"colour": 7, "parked": 8}[name]


def kept(item: Item) -> tuple[Any, ...]:
    """What must survive of a track."""
    names = ("frame", "type", "points", "rotation", "outside", "occluded", "z_order")
    shapes = [(*(shape[name] for name in names), values(shape)) for shape in item["shapes"]]
    return item["label_id"], item["group"], values(item), shapes, [kept(part) for part in item.get("elements", [])]


def values(item: Item) -> list[tuple[int, str]]:
    return sorted((entry["spec_id"], entry["value"]) for entry in item["attributes"])


def put(caller: Caller, job: int, *tracks: Item, **more: Any) -> None:
    answer = caller.put(f"jobs/{job}/annotations", json=EMPTY | {"tracks": list(tracks)} | more)
    assert answer.status_code == 200, answer.text


def round_trip(caller: Caller, job: int) -> tuple[Item, Item]:
    before, file = annotations_of(caller, job), caller.export(job, OUT).content
    caller.delete(f"jobs/{job}/annotations")
    request = caller.upload(job, IN, file)
    assert request["status"] == "finished", request["message"]
    return before, annotations_of(caller, job)


def test_a_track_comes_back_as_it_was(admin: Caller) -> None:
    put(admin, VIDEO, truck(attributes=[{"spec_id": spec_of("colour"), "value": "red"}]))
    before, after = round_trip(admin, VIDEO)
    assert list(map(kept, after["tracks"])) == list(map(kept, before["tracks"]))
    assert after["tracks"][0]["source"] == "file"


@pytest.mark.parametrize(
    ("kind", "points", "moved"),
    [
        ("polygon", [0, 0, 10, 0, 5, 8.25], [20, 0, 30, 0, 25, 8.25]),
        ("polyline", [0, 0, 10, 0], [5, 5, 15, 5, 20, 9]),
        ("points", [3, 4], [30, 40]),
        ("ellipse", [50, 50, 70, 40], [60, 50, 80, 40]),
        ("cuboid", list(range(16)), list(range(10, 26))),
    ],
)
def test_every_shape_that_can_move(admin: Caller, kind: str, points: list[float], moved: list[float]) -> None:
    shapes = [key(50, points, type=kind), key(58, moved, type=kind)]
    put(admin, VIDEO, truck(shapes=shapes))
    before, after = round_trip(admin, VIDEO)
    assert list(map(kept, after["tracks"])) == list(map(kept, before["tracks"]))


def test_a_skeleton_that_moves_comes_back_with_its_parts(admin: Caller) -> None:
    def part(label: int, *places: tuple[int, float, bool]) -> Item:
        shapes = [key(frame, [x, 20], type="points", outside=outside) for frame, x, outside in places]
        return {"frame": 2, "label_id": label, "shapes": shapes}

    parts = [part(11, (2, 10, False), (6, 50, False)), part(12, (2, 30, False), (4, 40, True))]
    body = {"frame": 2, "label_id": 10, "shapes": [key(2, [], type="skeleton")], "elements": parts}
    put(admin, JOB, body)
    before, after = round_trip(admin, JOB)
    assert list(map(kept, after["tracks"])) == list(map(kept, before["tracks"]))


def test_each_frame_is_written_and_says_whether_it_is_a_keyframe(admin: Caller) -> None:
    put(admin, VIDEO, truck())
    root = ET.fromstring(unzipped(admin.export(VIDEO, OUT).content)["annotations.xml"])
    (track,) = root.findall("track")
    assert track.attrib == {"id": "0", "label": "truck", "source": "manual", "group_id": "4"}
    boxes = track.findall("box")
    assert [box.get("frame") for box in boxes] == [str(frame) for frame in range(50, 71)]
    assert [box.get("frame") for box in boxes if box.get("keyframe") == "1"] == ["50", "60", "70"]
    assert (boxes[5].get("xtl"), boxes[5].get("rotation")) == ("50.00", "5.00")
    assert [box.get("outside") for box in boxes].count("1") == 1
    assert {child.get("name"): child.text for child in boxes[10]} == {"colour": "white", "parked": "true"}


def test_a_shape_becomes_a_track_that_ends_in_the_next_frame(admin: Caller) -> None:
    admin.put(f"jobs/{JOB}/annotations", json=everything())
    before, after = round_trip(admin, JOB)
    assert after["tags"] == [], "the format has no place for tags"
    assert [shape["type"] for shape in after["shapes"]] == ["mask"], "masks cannot move"
    assert sorted(core(shape)[:4] for shape in before["shapes"]) == sorted(
        (track["shapes"][0]["frame"], track["shapes"][0]["type"], track["label_id"], track["shapes"][0]["points"])
        for track in [*after["tracks"], {"label_id": 5, "shapes": after["shapes"]}]
    )
    assert {tuple(shape["outside"] for shape in track["shapes"]) for track in after["tracks"]} == {(False, True)}
    (body,) = (track for track in after["tracks"] if track["shapes"][0]["type"] == "skeleton")
    assert [part["shapes"][0]["points"] for part in body["elements"]] == [[50, 20], [70, 60], [55, 120]]


def test_a_track_from_before_the_job_begins_with_a_keyframe(admin: Caller) -> None:
    put(admin, VIDEO, truck(frame=40, shapes=[key(40, [0, 0, 10, 10]), key(60, [200, 0, 210, 10])]))
    _, after = round_trip(admin, VIDEO)
    assert [shape["points"][0] for shape in after["tracks"][0]["shapes"]] == [100, 200]


def test_parts_of_a_skeleton_from_before_the_job_begin_with_keyframes(admin: Caller) -> None:
    job, first = 2, 10
    part = {"frame": 2, "label_id": 11, "shapes": [key(2, [0, 20], type="points"), key(18, [160, 20], type="points")]}
    put(admin, job, {"frame": 2, "label_id": 10, "shapes": [key(2, [], type="skeleton")], "elements": [part]})
    _, after = round_trip(admin, job)
    (track,) = after["tracks"]
    assert track["shapes"][0]["frame"] == first
    assert [shape["points"][0] for shape in track["elements"][0]["shapes"]] == [80, 160]


def test_pictures_come_along(admin: Caller) -> None:
    names = unzipped(admin.export(VIDEO, OUT, images=True).content)
    assert "images/frame_000050.png" in names and len(names) == 51


@pytest.mark.parametrize(
    ("track", "words"),
    [
        ('<track label="truck"/>', "A track has no keyframes"),
        ('<track label="zebra"><box frame="50"/></track>', "Label 'zebra' is not registered for this task"),
        ('<track label="truck"><points frame="5000" points="1,2"/></track>', "Frame 5000 does not belong to the job"),
        ('<track label="truck"><points frame="x" points="1,2"/></track>', "Frame x does not belong to the job"),
        ('<track label="truck"><points frame="50" points="1,nan"/></track>', "nan is not a number"),
        ('<track label="truck"><points frame="50" points="1,2" z_order="deep"/></track>', "'deep'"),
        ('<track label="truck"><skeleton frame="50"><points label="ear" points="1,2"/></skeleton></track>', "'ear'"),
        ('<track label="truck"><mask frame="50" rle="1,x" left="0" top="0" width="2" height="2"/></track>', "'x'"),
    ],
)
def test_tracks_that_are_wrong_change_nothing(admin: Caller, track: str, words: str) -> None:
    before = annotations_of(admin, VIDEO)
    request = admin.upload(VIDEO, IN, f"<annotations>{track}</annotations>".encode(), "a.xml")
    assert request["status"] == "failed" and words in request["message"]
    assert annotations_of(admin, VIDEO) == before
