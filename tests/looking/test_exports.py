"""What a server writes is known for what it is, and counted right: every format, both generations."""

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator

import pytest

from jobsportal.looking import compare
from jobsportal.sandbox import Sandbox
from tests.looking.files import looked
from tests.sandbox.conftest import Caller
from tests.sandbox.files import VIDEO, everything

EVERYTHING, EMPTY = 1, 44
IMPORTED_AS = {"CVAT for images 1.1": "CVAT 1.1", "CVAT for video 1.1": "CVAT 1.1"}
FORMATS = [
    ("2.20", ["COCO 1.0", "CVAT for images 1.1", "CVAT for video 1.1", "YOLO 1.1", "YOLOv8 Detection 1.0"]),
    ("2.42", ["COCO 1.0", "CVAT for images 1.1", "CVAT for video 1.1", "YOLO 1.1", "Ultralytics YOLO Detection 1.0"]),
]
CASES = [(version, name) for version, names in FORMATS for name in names]
SHAPES = "box|polygon|polyline|points|ellipse|mask|skeleton|cuboid"


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Caller]]:
    with Sandbox(version="2.20") as old, Sandbox(version="2.42") as new:
        callers = {"2.20": Caller(old, "admin"), "2.42": Caller(new, "admin")}
        for caller in callers.values():
            caller.sandbox.request_seconds = 0.0
            caller.put(f"jobs/{EVERYTHING}/annotations", json=everything())
        yield callers


def counted(file: bytes, name: str) -> tuple[int, Counter]:
    """Objects, and objects by label, counted in another way."""
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        texts = {entry: archive.read(entry).decode("utf-8", "replace") for entry in archive.namelist()}
    if name.startswith("CVAT"):
        (text,) = [text for entry, text in texts.items() if entry.endswith(".xml")]
        tags = "track" if "video" in name else f"{SHAPES}|tag"
        labels = re.findall(rf"^ {{{2 if 'video' in name else 4}}}<(?:{tags}) [^>]*?label=\"([^\"]*)", text, re.M)
    elif name.startswith("COCO"):
        document = json.loads(texts["annotations/instances_default.json"])
        categories = {one["id"]: one["name"] for one in document["categories"]}
        labels = [categories[one["category_id"]] for one in document["annotations"]]
    else:
        boxes = [entry for entry in texts if re.search(r"(labels/train|obj_train_data)/.*\.txt$", entry)]
        lines = [line for entry in boxes for line in texts[entry].splitlines()]
        names = (
            texts["obj.names"].splitlines() if "obj.names" in texts else re.findall(r'\d: "(.*)"', texts["data.yaml"])
        )
        labels = [names[int(line.split()[0])] for line in lines]
    return len(labels), Counter(labels)


@pytest.mark.parametrize("with_images", [False, True])
@pytest.mark.parametrize("job", [EVERYTHING, VIDEO])
@pytest.mark.parametrize(("version", "name"), CASES)
def test_an_export_is_known_and_counted(servers, version, name, job, with_images):
    caller = servers[version]
    file = caller.export(job, name, images=with_images).content
    found = looked(file, "export.zip")
    assert not found.problems and not found.warnings
    assert IMPORTED_AS.get(name, name) in found.formats and found.is_certain and found.is_counted and found.is_whole
    objects, labels = counted(file, name)
    assert objects and found.objects == objects == sum(found.kinds.values())
    assert {label: number for label, number in found.labels.items() if number} == labels
    importers = {one["name"] for one in caller.get("server/annotation/formats").json()["importers"]}
    assert next(name for name in found.formats if name in importers) == IMPORTED_AS.get(name, name)


@pytest.mark.parametrize("job", [EVERYTHING, VIDEO])
@pytest.mark.parametrize(("version", "name"), CASES)
def test_an_export_fits_the_job_that_it_came_from(servers, version, name, job):
    caller = servers[version]
    facts, meta = caller.get(f"jobs/{job}").json(), caller.get(f"jobs/{job}/data/meta").json()
    labels = [one["name"] for one in caller.get(f"labels?job_id={job}&page_size=500").json()["results"]]
    names = [] if facts["mode"] == "interpolation" else [frame["name"] for frame in meta["frames"]]
    found = looked(caller.export(job, name).content, "export.zip")
    verdict = compare(found, labels, names, facts["start_frame"], facts["stop_frame"])
    assert not verdict.warnings and not verdict.unknown and not verdict.strangers and verdict.frames
    assert f"of the job's {facts['stop_frame'] - facts['start_frame'] + 1} frames" in verdict.summary


@pytest.mark.parametrize(("version", "name"), CASES)
def test_an_export_of_nothing_is_known_and_said_to_be_empty(servers, version, name):
    found = looked(servers[version].export(EMPTY, name).content, "export.zip")
    assert IMPORTED_AS.get(name, name) in found.formats and not found.objects and not found.problems
    assert "no objects" in " ".join(compare(found, [], [], 0, 9).warnings)


def test_what_the_importer_refuses_is_warned_of(servers):
    """A file for another job of other pictures and labels: the same that makes the server refuse it."""
    caller = servers["2.42"]
    other = looked(caller.export(VIDEO, "COCO 1.0").content, "export.zip")
    meta = caller.get(f"jobs/{EVERYTHING}/data/meta").json()
    verdict = compare(other, ["car"], [frame["name"] for frame in meta["frames"]], 0, 9)
    assert verdict.is_foreign and not verdict.frames and "frame_000050" in verdict.warnings[1]
    assert caller.upload(EVERYTHING, "COCO 1.0", caller.export(VIDEO, "COCO 1.0").content)["status"] == "failed"
