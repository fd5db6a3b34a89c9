"""Files of annotations for tests, and what must be the same after a round trip."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from .conftest import Caller

JOB, VIDEO = 1, 33
Item = dict[str, Any]


def zipped(name: str, content: bytes | str) -> bytes:
    return zip_of({name: content})


def zip_of(files: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def unzipped(file: bytes) -> dict[str, str]:
    """The texts in a ZIP, by their path."""
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        return {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}


def annotations_of(caller: Caller, job: int = JOB) -> Item:
    return dict(caller.get(f"jobs/{job}/annotations").json())


def core(shape: Item) -> tuple[Any, ...]:
    """What must survive a round trip."""
    return (
        shape["frame"],
        shape["type"],
        shape["label_id"],
        [round(value, 2) for value in shape["points"]],
        shape["rotation"],
        shape["occluded"],
        shape["z_order"],
        sorted((entry["spec_id"], entry["value"]) for entry in shape["attributes"]),
        sorted((part["label_id"], part["points"], part["outside"]) for part in shape["elements"]),
    )


def everything() -> Item:
    """One of each kind, with attributes, a turn, a z-order."""
    shared = {"frame": 4, "attributes": []}
    car = [{"spec_id": 1, "value": "red"}, {"spec_id": 2, "value": "true"}, {"spec_id": 3, "value": "42"}]
    point = shared | {"type": "points"}
    shapes = [
        shared | {"label_id": 1, "type": "rectangle", "points": [10.5, 20.25, 60, 70], "rotation": 15.0, "attributes": car},
        shared | {"label_id": 1, "type": "rectangle", "points": [1, 2, 3, 4], "occluded": True, "z_order": 3},
        shared | {"label_id": 2, "type": "polygon", "points": [10, 10, 50, 12, 30, 60.75]},
        shared | {"label_id": 6, "type": "polyline", "points": [0, 200, 112, 150]},
        shared | {"label_id": 8, "type": "points", "points": [105, 34, 238, 87]},
        shared | {"label_id": 7, "type": "ellipse", "points": [100, 100, 130, 80], "rotation": 30.0},
        shared | {"label_id": 5, "type": "mask", "points": [1, 4, 1, 10, 20, 12, 21]},
        shared | {"label_id": 10, "type": "skeleton", "points": [], "elements": [
            point | {"label_id": 11, "points": [50, 20]},
            point | {"label_id": 12, "points": [70, 60], "outside": True},
            point | {"label_id": 13, "points": [55, 120]},
        ]},
    ]  # fmt: skip
    return {"version": 0, "tags": [{"frame": 5, "label_id": 9, "attributes": []}], "shapes": shapes, "tracks": []}
