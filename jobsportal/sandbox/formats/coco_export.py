"""Writes "COCO 1.0": instances with boxes, polygons and masks. What the format can't hold is left out."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from typing import Any

from .rle import to_columns
from .snapshot import Snapshot

Item = dict[str, Any]
HELD = ("rectangle", "polygon", "mask")


def write(archive: zipfile.ZipFile, job: Snapshot, images: bool) -> None:
    if images:
        for frame in job.frames:
            job.write_picture(archive, f"images/default/{job.file_name(frame)}", frame)
    archive.writestr("annotations/instances_default.json", json.dumps(document(job), ensure_ascii=False))


def document(job: Snapshot) -> Item:
    categories = {label.id: number for number, label in enumerate(job.labels, 1)}
    images: list[Item] = []
    annotations: list[Item] = []
    for frame, shapes in job.shapes():
        images.append(_image(job, frame, len(images) + 1))
        for shape in shapes:
            if shape["type"] in HELD and shape["label_id"] in categories:
                number = len(annotations) + 1
                annotations.append(_annotation(job, shape, number, len(images), categories[shape["label_id"]]))
    return {
        "licenses": [{"name": "", "id": 0, "url": ""}],
        "info": {"contributor": "", "date_created": "", "description": "", "url": "", "version": "", "year": ""},
        "categories": [{"id": categories[label.id], "name": label.name, "supercategory": ""} for label in job.labels],
        "images": images,
        "annotations": annotations,
    }


def _image(job: Snapshot, frame: int, number: int) -> Item:
    width, height = job.size(frame)
    return {
        "id": number,
        "width": width,
        "height": height,
        "file_name": job.file_name(frame),
        "license": 0,
        "flickr_url": "",
        "coco_url": "",
        "date_captured": 0,
    }


def _annotation(job: Snapshot, shape: Item, number: int, image: int, category: int) -> Item:
    attributes: Item = {"occluded": shape["occluded"]} | {
        name: {"true": True, "false": False}.get(value, value) for name, value in job.values(shape).items()
    }
    if shape["type"] == "rectangle":
        attributes["rotation"] = shape["rotation"]
    if "keyframe" in shape:
        attributes["keyframe"] = shape["keyframe"]
    return (
        {"id": number, "image_id": image, "category_id": category}
        | _geometry(shape, *job.size(shape["frame"]))
        | {"iscrowd": int(shape["type"] == "mask"), "attributes": attributes}
    )


def _geometry(shape: Item, width: int, height: int) -> Item:
    points = [round(value, 2) for value in shape["points"]]
    if shape["type"] == "mask":
        left, top, right, bottom = points[-4:]
        counts = to_columns(points, width, height)
        box = [left, top, right - left + 1, bottom - top + 1]
        return {"segmentation": {"counts": counts, "size": [height, width]}, "area": sum(counts[1::2]), "bbox": box}
    xs, ys = zip(*zip(points[::2], points[1::2], strict=True), strict=True)
    box = [min(xs), min(ys), round(max(xs) - min(xs), 2), round(max(ys) - min(ys), 2)]
    if shape["type"] == "rectangle":
        return {"segmentation": [], "area": round(box[2] * box[3], 2), "bbox": box}
    return {"segmentation": [points], "area": _area(xs, ys), "bbox": box}


def _area(xs: Sequence[float], ys: Sequence[float]) -> float:
    pairs = range(len(xs))
    return round(abs(sum(xs[i - 1] * ys[i] - xs[i] * ys[i - 1] for i in pairs)) / 2, 2)
