"""Reads "COCO 1.0": a JSON document or a ZIP with one under `annotations/`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..background import ImportFailed
from ..store import Annotations, empty_annotations
from .archives import read_document
from .rle import to_rows, unpack
from .snapshot import IMPORT_ERROR, Target, number

Item = dict[str, Any]
# What COCO keeps beside a label's own attributes
OWN = ("occluded", "rotation", "keyframe", "track_id", "is_crowd")


def read(path: Path, target: Target) -> Annotations:
    """The annotations of a file, without ids; fails without having changed anything."""
    where = f"'{path.name}/annotations/default.json'"
    failure = f"{IMPORT_ERROR}: Failed to import dataset 'coco_instances' at {where}."
    raw = read_document(path, ".json", f"{IMPORT_ERROR}: Failed to find dataset 'coco_instances' at '{path.name}'")
    try:
        document = json.loads(raw)
        if not isinstance(document["images"], list) or not isinstance(document["annotations"], list):
            raise TypeError("images and annotations must be lists")
        return _annotations(document, target)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise ImportFailed(failure) from error


def _annotations(document: Item, target: Target) -> Annotations:
    found = empty_annotations()
    images = {image["id"]: image for image in document["images"]}
    names = {category["id"]: category["name"] for category in document.get("categories", [])}
    groups = 0
    for annotation in document["annotations"]:
        label = target.label(names[annotation["category_id"]])
        image = images[annotation["image_id"]]
        frame = target.frame(image["file_name"])
        geometry = _geometry(annotation, image, target)
        groups += len(geometry) > 1
        attributes = annotation.get("attributes", {})
        for shape in geometry:
            common: Item = {
                "frame": frame,
                "label_id": label.id,
                "group": groups if len(geometry) > 1 else 0,
                "source": "file",
                "occluded": bool(attributes.get("occluded", False)),
                "attributes": target.attributes(label, _values(attributes)),
            }
            found["shapes"].append(common | shape)
    return found


def _values(attributes: Item) -> dict[str, str]:
    kept = {name: value for name, value in attributes.items() if name not in OWN}
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in kept.items()}


def _geometry(annotation: Item, image: Item, target: Target) -> list[Item]:
    """Polygons of one annotation become shapes of one group; runs a mask; nothing the box."""
    outline = annotation.get("segmentation")
    if isinstance(outline, dict):
        height, width = outline.get("size") or (target.task.height, target.task.width)
        counts = outline["counts"]
        runs = unpack(counts) if isinstance(counts, str) else [int(count) for count in counts]
        return [{"type": "mask", "points": to_rows(runs, int(width), int(height))}]
    if outline:
        return [{"type": "polygon", "points": _polygon(part)} for part in outline]
    x, y, width, height = map(number, annotation["bbox"])
    turn = number(annotation.get("attributes", {}).get("rotation", 0)) % 360
    return [{"type": "rectangle", "points": [x, y, x + width, y + height], "rotation": turn}]


def _polygon(part: list[float]) -> list[float]:
    points = [number(value) for value in part]
    if len(points) < 6 or len(points) % 2:
        raise ValueError("A polygon needs three points")
    return points
