"""What is exported can be imported again; files that are wrong change nothing and say why."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Caller, until
from .files import JOB, VIDEO, annotations_of, core, everything, zipped

People = Callable[[str | None], Caller]
CVAT_OUT, CVAT_IN, COCO = "CVAT for images 1.1", "CVAT 1.1", "COCO 1.0"


def test_cvat_brings_everything_back(admin: Caller) -> None:
    assert admin.put(f"jobs/{JOB}/annotations", json=everything()).status_code == 200
    before = annotations_of(admin)
    file = admin.export(JOB, CVAT_OUT).content
    admin.delete(f"jobs/{JOB}/annotations")
    assert admin.upload(JOB, CVAT_IN, file)["status"] == "finished"
    after = annotations_of(admin)
    assert sorted(map(core, after["shapes"])) == sorted(map(core, before["shapes"]))
    assert [(tag["frame"], tag["label_id"]) for tag in after["tags"]] == [(5, 9)]
    assert {shape["source"] for shape in after["shapes"]} == {"file"}


def test_cvat_takes_bare_xml(admin: Caller) -> None:
    file = zipfile.ZipFile(io.BytesIO(admin.export(JOB, CVAT_OUT).content)).read("annotations.xml")
    before = annotations_of(admin)
    assert admin.upload(JOB, CVAT_IN, file, "a.xml")["status"] == "finished"
    assert sorted(map(core, annotations_of(admin)["shapes"])) == sorted(map(core, before["shapes"]))


def test_coco_brings_back_boxes_polygons_and_masks(admin: Caller) -> None:
    admin.put(f"jobs/{JOB}/annotations", json=everything())
    before = [shape for shape in annotations_of(admin)["shapes"] if shape["type"] in ("rectangle", "polygon", "mask")]
    file = admin.export(JOB, COCO, images=True).content
    names = zipfile.ZipFile(io.BytesIO(file)).namelist()
    assert "annotations/instances_default.json" in names and "images/default/crossing_0001.jpg" in names
    assert admin.upload(JOB, COCO, file)["status"] == "finished"
    after = annotations_of(admin)
    assert sorted(item[:6] + item[7:] for item in map(core, after["shapes"])) == sorted(
        item[:6] + item[7:] for item in map(core, before)
    )  # all but the z-order, which COCO doesn't have
    assert after["tags"] == []


@pytest.mark.parametrize(
    ("segmentation", "kind", "points"),
    [
        ([[10, 10, 50, 12, 30, 60]], "polygon", [10, 10, 50, 12, 30, 60]),
        ([], "rectangle", [10, 20, 40, 60]),
        (None, "rectangle", [10, 20, 40, 60]),
        # one column of two pixels at (2, 1), in a picture of 640 by 480
        ({"counts": [2 * 480 + 1, 2, 637 * 480 + 477], "size": [480, 640]}, "mask", [0, 2, 2, 1, 2, 2]),
        ({"counts": "Q^0200", "size": [480, 640]}, "mask", None),
    ],
)
def test_what_coco_segmentations_become(
    admin: Caller, segmentation: Any, kind: str, points: list[float] | None
) -> None:
    annotation = {"id": 1, "image_id": 9, "category_id": 3, "bbox": [10, 20, 30, 40], "iscrowd": 0, "area": 1}
    document = {
        "images": [{"id": 9, "file_name": "some/folder/crossing_0003.png", "width": 640, "height": 480}],
        "categories": [{"id": 3, "name": "car"}],
        "annotations": [annotation | ({} if segmentation is None else {"segmentation": segmentation})],
    }
    request = admin.upload(JOB, COCO, json.dumps(document).encode(), "a.json")
    assert request["status"] == "finished", request["message"]
    (shape,) = annotations_of(admin)["shapes"]
    assert (shape["type"], shape["frame"], shape["label_id"]) == (kind, 2, 1)
    assert points is None or shape["points"] == points


@pytest.mark.parametrize(
    "segmentation",
    [
        {"counts": [0, 10**12], "size": [480, 640]},
        {"counts": [-(10**12), 10**12], "size": [480, 640]},
        {"counts": [0, 10**10], "size": [10**5, 10**5]},
        {"counts": [0, 10**10], "size": [-(10**5), -(10**5)]},
        {"counts": [100], "size": [480, 640]},
        {"counts": "o" * 100_000, "size": [480, 640]},
        {"counts": "P" * 20 + "02", "size": [480, 640]},
        {"counts": "Q", "size": "large"},
        [[1, 2, 3]],
        [[1, 2, 3, 4, 5, float("nan")]],
        [[1, 2, 3, 4, 5, float("inf")]],
        [[1, 2, 3, 4, 5, "six"]],
    ],
)
def test_outlines_that_make_no_sense_change_nothing(admin: Caller, segmentation: Any) -> None:
    document = {
        "images": [{"id": 9, "file_name": "crossing_0003.png"}],
        "categories": [{"id": 3, "name": "car"}],
        "annotations": [{"image_id": 9, "category_id": 3, "bbox": [0, 0, 1, 1], "segmentation": segmentation}],
    }
    before = annotations_of(admin)
    assert admin.upload(JOB, COCO, json.dumps(document).encode(), "a.json")["status"] == "failed"
    assert annotations_of(admin) == before


def test_a_mask_of_endless_runs_is_cut_to_its_box(admin: Caller) -> None:
    mask = {"frame": 4, "label_id": 5, "type": "mask", "points": [0, 10**12, 10, 20, 12, 21]}
    admin.put(f"jobs/{JOB}/annotations", json={"shapes": [mask]})
    file = zipfile.ZipFile(io.BytesIO(admin.export(JOB, COCO).content))
    (annotation,) = json.loads(file.read("annotations/instances_default.json"))["annotations"]
    assert annotation["area"] == 3 * 2


def test_tracks_become_shapes_frame_by_frame(admin: Caller) -> None:
    keys = [
        {"type": "rectangle", "frame": 50, "points": [0, 0, 10, 10], "attributes": []},
        {"type": "rectangle", "frame": 60, "points": [100, 0, 110, 10], "attributes": []},
        {"type": "rectangle", "frame": 62, "points": [100, 0, 110, 10], "outside": True, "attributes": []},
    ]
    body = {"version": 0, "tags": [], "shapes": [], "tracks": [{"frame": 50, "label_id": 14, "shapes": keys}]}
    assert admin.put(f"jobs/{VIDEO}/annotations", json=body).status_code == 200
    document = json.loads(
        zipfile.ZipFile(io.BytesIO(admin.export(VIDEO, COCO).content)).read("annotations/instances_default.json")
    )
    lefts = [annotation["bbox"][0] for annotation in document["annotations"]]
    assert lefts == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 100]
    file = admin.export(VIDEO, CVAT_OUT).content
    assert admin.upload(VIDEO, CVAT_IN, file)["status"] == "finished"
    assert len(annotations_of(admin, VIDEO)["shapes"]) == 12


BOX = '<box label="{label}" occluded="0" xtl="10" ytl="20" xbr="60" ybr="70"><attribute name="{attribute}">red</attribute></box>'


def xml(image: str = "crossing_0001.jpg", label: str = "car", attribute: str = "colour") -> bytes:
    inner = BOX.format(label=label, attribute=attribute)
    return f'<annotations><image id="0" name="{image}">{inner}</image></annotations>'.encode()


BOMB = b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]><annotations>&c;</annotations>'


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (CVAT_IN, xml(label="zebra"), "ValueError: Label 'zebra' is not registered for this task\n"),
        (
            CVAT_IN,
            xml(image="nope_0030.jpg"),
            "cvat.apps.dataset_manager.bindings.CvatImportError: "
            "Could not match item id: 'nope_0030' with any task frame\n",
        ),
        (CVAT_IN, b"<annotations>", "xml.etree.ElementTree.ParseError: no element found: line 1, column 13\n"),
        (
            CVAT_IN,
            BOMB,
            "cvat.apps.dataset_manager.bindings.CvatImportError: Document type declarations are not allowed\n",
        ),
        (CVAT_IN, zipped("other.txt", "x"), None),
        (CVAT_IN, zipped("a.xml", xml())[:60], None),
        (COCO, b'{"images":', None),
        (COCO, zipped("annotations/a.json", "[]"), None),
        (COCO, b"PK\x03\x04 not a zip", None),
    ],
)
def test_files_that_are_wrong_change_nothing(admin: Caller, name: str, content: bytes, words: str | None) -> None:
    before, date = annotations_of(admin), admin.get(f"jobs/{JOB}").json()["updated_date"]
    request = admin.upload(JOB, name, content)
    assert request["status"] == "failed"
    assert request["message"].endswith(words or "\n")
    assert request["operation"]["type"] == "import:annotations" and request["operation"]["format"] is None
    assert annotations_of(admin) == before
    assert admin.get(f"jobs/{JOB}").json()["updated_date"] == date


def test_an_attribute_nobody_knows_is_left_out(admin: Caller) -> None:
    assert admin.upload(JOB, CVAT_IN, xml(attribute="bogus"), "a.xml")["status"] == "finished"
    (shape,) = annotations_of(admin)["shapes"]
    assert {entry["spec_id"] for entry in shape["attributes"]} == {1, 2, 3}


def test_an_empty_document_clears(admin: Caller) -> None:
    assert admin.upload(JOB, CVAT_IN, b"<annotations></annotations>", "a.xml")["status"] == "finished"
    assert annotations_of(admin)["shapes"] == []


def test_an_import_moves_the_date(admin: Caller) -> None:
    before = admin.get(f"jobs/{JOB}").json()["updated_date"]
    admin.upload(JOB, CVAT_IN, xml(), "a.xml")
    assert admin.get(f"jobs/{JOB}").json()["updated_date"] > before


@pytest.mark.parametrize(
    ("query", "files", "body"),
    [
        ("", {"annotation_file": b"x"}, ["Unknown input format ''"]),
        ("format=Nope", {"annotation_file": b"x"}, ["Unknown input format 'Nope'"]),
        ("format=CVAT for images 1.1", {"annotation_file": b"x"}, ["Unknown input format 'CVAT for images 1.1'"]),
        ("format=CVAT 1.1", {"annotation_file": b""}, {"annotation_file": ["The submitted file is empty."]}),
        ("format=CVAT 1.1", {"file": b"x"}, {"annotation_file": ["No file was submitted."]}),
        ("format=CVAT 1.1", None, {"annotation_file": ["No file was submitted."]}),
        ("format=CVAT 1.1&filename=zzz.zip", None, ["No such file were uploaded"]),
    ],
)
def test_uploads_that_are_refused(admin: Caller, query: str, files: Any, body: object) -> None:
    sent = {name: ("a.xml", content) for name, content in files.items()} if files else None
    answer = admin.post(f"jobs/{JOB}/annotations?{query}", files=sent)
    assert (answer.status_code, answer.json()) == (400, body)


def test_who_may_import(people: People) -> None:
    for person, status in (("carol", 202), ("dave", 403), ("grace", 403), (None, 401)):
        files = {"annotation_file": ("a.xml", xml())}
        answer = people(person).post(f"jobs/{JOB}/annotations?format=CVAT 1.1", files=files)
        assert answer.status_code == status


def test_one_import_at_a_time_whoever_asks(admin: Caller, people: People, held: dict) -> None:
    def send(caller: Caller) -> Any:
        files = {"annotation_file": ("a.xml", xml())}
        return caller.post(f"jobs/{JOB}/annotations?format=CVAT 1.1", files=files)

    before = annotations_of(admin)
    first = send(admin)
    rq_id = {"rq_id": f"action=import&target=job&target_id={JOB}&subresource=annotations"}
    assert (first.status_code, first.json()) == (202, rq_id)
    for caller in (admin, people("alice")):
        again = send(caller)
        assert (again.status_code, again.json()) == (409, rq_id)
    assert people("alice").request(rq_id["rq_id"])["status"] == "queued"
    assert annotations_of(admin) == before
    for gate in held.values():
        gate.set()
    until(lambda: admin.request(rq_id["rq_id"])["status"] == "finished")
    assert len(annotations_of(admin)["shapes"]) == 1


def test_a_large_upload_arrives_piece_by_piece(admin: Caller) -> None:
    """Chunked and beyond what is kept in memory; the boundary lies across the pieces it is read in."""
    content = zipped("padding.bin", b"\r\n--not the boundary" * 150_000)
    archive = io.BytesIO(content)
    with zipfile.ZipFile(archive, "a") as out:
        out.writestr("annotations.xml", xml())
    mark = b"0123456789abcdef"
    head = b'Content-Disposition: form-data; name="annotation_file"; filename="a.zip"'

    def pieces() -> Any:
        yield b"--" + mark + b"\r\n" + head + b"\r\n\r\n"
        data = archive.getvalue()
        for at in range(0, len(data), 65_537):
            yield data[at : at + 65_537]
        yield b"\r\n--" + mark + b"--\r\n"

    kind = {"Content-Type": f"multipart/form-data; boundary={mark.decode()}"}
    started = admin.post(f"jobs/{JOB}/annotations?format=CVAT 1.1", data=pieces(), headers=kind)
    assert started.status_code == 202
    assert admin.request(started.json()["rq_id"])["status"] == "finished"
    assert len(annotations_of(admin)["shapes"]) == 1
