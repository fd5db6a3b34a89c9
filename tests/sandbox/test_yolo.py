"""Boxes written and read as "YOLO 1.1" and as its successor, under the names of both generations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobsportal.sandbox import Sandbox

from .conftest import Caller
from .files import JOB, VIDEO, annotations_of, core, everything, unzipped, zip_of

YOLO, ULTRALYTICS = "YOLO 1.1", "Ultralytics YOLO Detection 1.0"
LINE = "0 0.5 0.5 0.25 0.5\n"
BOX = [240.0, 120.0, 400.0, 360.0]  # of 640 by 480


@pytest.fixture
def old_admin() -> Iterator[Caller]:
    with Sandbox(version="2.20") as sandbox:
        yield Caller(sandbox, "admin")


@pytest.mark.parametrize("name", [YOLO, ULTRALYTICS])
def test_boxes_come_back_and_nothing_else(admin: Caller, name: str) -> None:
    admin.put(f"jobs/{JOB}/annotations", json=everything())
    before = [shape for shape in annotations_of(admin)["shapes"] if shape["type"] == "rectangle"]
    file = admin.export(JOB, name).content
    admin.delete(f"jobs/{JOB}/annotations")
    assert admin.upload(JOB, name, file)["status"] == "finished"
    after = annotations_of(admin)
    assert sorted(core(shape)[:4] for shape in after["shapes"]) == sorted(core(shape)[:4] for shape in before)
    assert {(shape["rotation"], shape["source"]) for shape in after["shapes"]} == {(0.0, "file")}
    assert after["tags"] == []


def test_the_files_of_an_archive(admin: Caller) -> None:
    admin.put(f"jobs/{JOB}/annotations", json=everything())
    files = unzipped(admin.export(JOB, YOLO).content)
    frames = [f"crossing_{number:04}" for number in range(1, 11)]
    assert sorted(files) == sorted(
        ["obj.data", "obj.names", "train.txt", *(f"obj_train_data/{frame}.txt" for frame in frames)]
    )
    assert files["obj.data"].splitlines() == [
        "classes = 10", "train = data/train.txt", "names = data/obj.names", "backup = backup/",
    ]  # fmt: skip
    assert files["obj.names"].splitlines()[:3] == ["car", "person", "bus"]
    assert files["train.txt"].splitlines() == [f"data/obj_train_data/{frame}.jpg" for frame in frames]
    assert files["obj_train_data/crossing_0001.txt"] == ""
    assert files["obj_train_data/crossing_0005.txt"].splitlines()[0] == "0 0.055078 0.094010 0.077344 0.103646"


def test_the_files_of_the_successor(admin: Caller) -> None:
    files = unzipped(admin.export(JOB, ULTRALYTICS, images=True).content)
    assert files["data.yaml"].splitlines()[:3] == ["names:", '  0: "car"', '  1: "person"']
    assert "images/train/crossing_0001.jpg" in files and "labels/train/crossing_0001.txt" in files


def test_pictures_lie_beside_the_boxes(admin: Caller) -> None:
    files = unzipped(admin.export(JOB, YOLO, images=True).content)
    assert "obj_train_data/crossing_0001.jpg" in files


def test_a_track_is_written_frame_by_frame(admin: Caller) -> None:
    files = unzipped(admin.export(VIDEO, YOLO).content)
    assert files["obj_train_data/frame_000051.txt"].splitlines()


def test_deleted_frames_are_not_written(admin: Caller) -> None:
    admin.patch(f"jobs/{JOB}/data/meta", json={"deleted_frames": [0]})
    files = unzipped(admin.export(JOB, YOLO).content)
    assert "obj_train_data/crossing_0001.txt" not in files and "obj_train_data/crossing_0002.txt" in files
    assert "crossing_0001" not in files["train.txt"]


def test_frames_deleted_in_a_job_are_not_written_with_its_task(admin: Caller) -> None:
    admin.patch("jobs/2/data/meta", json={"deleted_frames": [11]})
    started = admin.post("tasks/1/dataset/export", params={"format": YOLO}).json()
    files = unzipped(admin.get(admin.request(started["rq_id"])["result_url"]).content)
    assert "obj_train_data/crossing_0012.txt" not in files
    assert {"obj_train_data/crossing_0002.txt", "obj_train_data/crossing_0011.txt"} <= set(files)


@pytest.mark.parametrize("folder", ["", "obj_train_data/", "data/obj_train_data/", "my export/deep/down/"])
def test_boxes_are_found_in_any_folder(admin: Caller, folder: str) -> None:
    files = {f"{folder}obj.names": "car\nbus\n", f"{folder}crossing_0003.txt": LINE, "train.txt": "nonsense"}
    assert admin.upload(JOB, YOLO, zip_of(files))["status"] == "finished"
    (shape,) = annotations_of(admin)["shapes"]
    assert (shape["frame"], shape["label_id"], shape["points"]) == (2, 1, BOX)


def test_what_an_archiver_adds_is_passed_over(admin: Caller) -> None:
    files = {"obj.names": "car\n", "crossing_0003.txt": LINE, "__MACOSX/._crossing_0003.txt": "Mac OS X"}
    assert admin.upload(JOB, YOLO, zip_of(files))["status"] == "finished"


@pytest.mark.parametrize(
    "names", ["names:\n  0: bus\n  1: car\n", "path: .\nnames:\n- bus\n- 'car'\nnc: 2\n", 'names: [bus, "car"]\n']
)
def test_the_ways_to_name_classes(admin: Caller, names: str) -> None:
    files = {"data.yaml": names, "labels/val/crossing_0003.txt": LINE + LINE.replace("0", "1", 1)}
    assert admin.upload(JOB, ULTRALYTICS, zip_of(files))["status"] == "finished"
    assert [shape["label_id"] for shape in annotations_of(admin)["shapes"]] == [3, 1]


NAMES = {"obj.names": "car\n"}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "The archive must contain a file: obj.names"),
        ({"obj.names": "zebra\n"}, "Label 'zebra' is not registered for this task"),
        (NAMES | {"nope_0030.txt": LINE}, "Could not match item id: 'nope_0030' with any task frame"),
        (NAMES | {"crossing_0001.txt": LINE.replace("0", "7", 1)}, "crossing_0001.txt, line 1: there is no class 7"),
        (NAMES | {"crossing_0001.txt": "0 0.5 0.5\n"}, "line 1: a class and four numbers are needed"),
        (NAMES | {"crossing_0001.txt": "\n0 0.5 0.5 inf 1\n"}, "line 2: inf is not a number"),
        (NAMES | {"crossing_0001.txt": "car 0.5 0.5 1 1\n"}, "line 1: invalid literal"),
        (NAMES | {"../crossing_0001.txt": LINE}, "a file outside itself: ../crossing_0001.txt"),
        (NAMES | {"/crossing_0001.txt": LINE}, "a file outside itself: /crossing_0001.txt"),
        (NAMES | {"crossing_0001.txt": " " * (33 << 20)}, "The file unpacks to more than 32 MiB"),
        (NAMES | {"a.txt": " " * (20 << 20), "b.txt": " " * (20 << 20)}, "The file unpacks to more than 32 MiB"),
        (NAMES | {f"{number}/a": "" for number in range(20_001)}, "The archive holds more than 20000 files"),
    ],
    ids=range(12),
)
def test_files_that_are_wrong_change_nothing(admin: Caller, files: dict[str, str], words: str) -> None:
    before, date = annotations_of(admin), admin.get(f"jobs/{JOB}").json()["updated_date"]
    request = admin.upload(JOB, YOLO, zip_of(files))
    assert request["status"] == "failed" and words in request["message"]
    assert (annotations_of(admin), admin.get(f"jobs/{JOB}").json()["updated_date"]) == (before, date)


@pytest.mark.parametrize("content", [b"car 1 2", zip_of(NAMES)[:40], zip_of(NAMES)[:60] + b"PK\x05\x06" + bytes(18)])
def test_what_is_no_archive_changes_nothing(admin: Caller, content: bytes) -> None:
    before = annotations_of(admin)
    assert admin.upload(JOB, YOLO, content)["status"] == "failed"
    assert annotations_of(admin) == before


def test_an_archive_that_was_damaged_says_so(admin: Caller) -> None:
    content = bytearray(zip_of({"obj.names": "car\n" * 1000}))
    start = 30 + len("obj.names")
    content[start : start + 8] = b"\xff" * 8
    request = admin.upload(JOB, YOLO, bytes(content))
    assert request["status"] == "failed" and "Failed to find dataset 'yolo'" in request["message"]


@pytest.mark.parametrize("names", ["nc: 3\n", 'names:\n  0: "car\n'])
def test_classes_that_are_not_named(admin: Caller, names: str) -> None:
    request = admin.upload(JOB, ULTRALYTICS, zip_of({"data.yaml": names}))
    assert request["status"] == "failed" and "data.yaml" in request["message"]


def test_the_generation_of_old_has_another_name_for_it(old_admin: Caller, admin: Caller) -> None:
    for caller, name in ((old_admin, "YOLOv8 Detection 1.0"), (admin, ULTRALYTICS)):
        formats = caller.get("server/annotation/formats").json()
        for kind in ("importers", "exporters"):
            detection = [entry["name"] for entry in formats[kind] if "Detection" in entry["name"]]
            assert detection == [name]
    answer = old_admin.post(f"jobs/{JOB}/dataset/export", params={"format": ULTRALYTICS})
    assert (answer.status_code, answer.json()) == (400, ["Unknown format specified for the request"])
