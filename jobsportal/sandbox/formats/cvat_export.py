"""Writes "CVAT for images 1.1": `annotations.xml`, and the pictures when wanted."""

from __future__ import annotations

import xml.etree.ElementTree as ET
import zipfile
from typing import Any

from ..rendering import date
from .snapshot import Snapshot

Item = dict[str, Any]


def write(archive: zipfile.ZipFile, job: Snapshot, images: bool) -> None:
    archive.writestr("annotations.xml", document(job))
    if images:
        for frame in job.job.frames:
            name = f"images/{job.file_name(frame)}"
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), job.picture(frame))


def document(job: Snapshot) -> bytes:
    """The XML: what the job is, then each frame with its tags and shapes."""
    root = ET.Element("annotations")
    _leaf(root, "version", "1.1")
    _meta(root, job)
    tags: dict[int, list[Item]] = {}
    for tag in job.annotations["tags"]:
        tags.setdefault(tag["frame"], []).append(tag)
    for frame, shapes in job.shapes():
        size = {"width": str(job.task.width), "height": str(job.task.height)}
        image = ET.SubElement(root, "image", {"id": str(frame), "name": job.frame_name(frame)} | size)
        for shape in shapes:
            _shape(image, job, shape)
        for tag in tags.get(frame, []):
            _attributes(ET.SubElement(image, "tag", _name(job, tag)), job, tag)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _leaf(parent: ET.Element, name: str, text: object) -> ET.Element:
    leaf = ET.SubElement(parent, name)
    leaf.text = str(text)
    return leaf


def _meta(root: ET.Element, job: Snapshot) -> None:
    meta = ET.SubElement(ET.SubElement(root, "meta"), "job")
    facts = {
        "id": job.job.id,
        "size": len(job.job.frames),
        "mode": job.task.mode,
        "overlap": 0,
        "bugtracker": "",
        "created": date(job.job.created),
        "updated": date(job.job.updated),
        "subset": job.task.subset or "default",
        "start_frame": job.job.start_frame,
        "stop_frame": job.job.stop_frame,
        "frame_filter": "",
    }
    for name, fact in facts.items():
        _leaf(meta, name, fact)
    labels = ET.SubElement(meta, "labels")
    for label in job.labels:
        for part in (label, *label.sublabels):
            _label(labels, part, label.name if part is not label else None)
    _leaf(root[-1], "dumped", date(job.store.now()))


def _label(labels: ET.Element, label: Any, parent: str | None) -> None:
    element = ET.SubElement(labels, "label")
    for name in ("name", "color", "type"):
        _leaf(element, name, getattr(label, name))
    attributes = ET.SubElement(element, "attributes")
    for spec in label.attributes:
        attribute = ET.SubElement(attributes, "attribute")
        for name, value in (
            ("name", spec.name),
            ("mutable", spec.mutable),
            ("input_type", spec.input_type),
            ("default_value", spec.default),
            ("values", "\n".join(spec.values)),
        ):
            _leaf(attribute, name, value)
    if label.svg:
        _leaf(element, "svg", label.svg)
    if parent:
        _leaf(element, "parent", parent)


def _name(job: Snapshot, item: Item) -> dict[str, str]:
    return {"label": job.label(item).name, "source": item["source"]}


def _shape(parent: ET.Element, job: Snapshot, shape: Item) -> None:
    kind = "box" if shape["type"] == "rectangle" else str(shape["type"])
    values = _name(job, shape) | {"occluded": str(int(shape["occluded"]))}
    values |= _geometry(shape)
    if shape["type"] != "skeleton" or shape["z_order"]:
        values["z_order"] = str(shape["z_order"])
    if shape["rotation"]:
        values["rotation"] = f"{shape['rotation']:.2f}"
    if shape["group"]:
        values["group_id"] = str(shape["group"])
    element = ET.SubElement(parent, kind, values)
    _attributes(element, job, shape)
    for part in shape["elements"]:
        inner = _name(job, part) | {"occluded": str(int(part["occluded"])), "outside": str(int(part["outside"]))}
        _attributes(ET.SubElement(element, str(part["type"]), inner | _geometry(part)), job, part)


def _geometry(shape: Item) -> dict[str, str]:
    points, kind = shape["points"], shape["type"]
    if kind == "rectangle":
        return dict(zip(("xtl", "ytl", "xbr", "ybr"), (f"{value:.2f}" for value in points), strict=True))
    if kind == "ellipse":
        centre_x, centre_y, right, top = points
        sizes = (centre_x, centre_y, right - centre_x, centre_y - top)
        return dict(zip(("cx", "cy", "rx", "ry"), (f"{value:.2f}" for value in sizes), strict=True))
    if kind == "mask":
        return _mask(points)
    if kind == "skeleton":
        return {}
    pairs = zip(points[::2], points[1::2], strict=True)
    return {"points": ";".join(f"{x:.2f},{y:.2f}" for x, y in pairs)}


def _mask(points: list[float]) -> dict[str, str]:
    """Runs of the box's rows, then where the box lies."""
    left, top, right, bottom = (int(value) for value in points[-4:])
    return {
        "rle": ", ".join(str(int(value)) for value in points[:-4]),
        "left": str(left),
        "top": str(top),
        "width": str(right - left + 1),
        "height": str(bottom - top + 1),
    }


def _attributes(element: ET.Element, job: Snapshot, item: Item) -> None:
    for name, value in job.values(item).items():
        _leaf(element, "attribute", value).set("name", name)
