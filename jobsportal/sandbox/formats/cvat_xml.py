"""What "CVAT for images 1.1" and "CVAT for video 1.1" have in common: facts, labels, points, attributes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
import zipfile
from typing import Any

from ..rendering import date
from .snapshot import Snapshot

Item = dict[str, Any]
CUBOID = tuple(f"{axis}{corner}{side}" for side in "12" for corner in ("tl", "bl", "tr", "br") for axis in "xy")


def write_archive(archive: zipfile.ZipFile, job: Snapshot, root: ET.Element, images: bool) -> None:
    """`annotations.xml`, and the pictures when wanted."""
    ET.indent(root)
    archive.writestr("annotations.xml", ET.tostring(root, encoding="utf-8", xml_declaration=True))
    if images:
        for frame in job.frames:
            job.write_picture(archive, f"images/{job.file_name(frame)}", frame)


def begin(job: Snapshot) -> ET.Element:
    """The document with what the job is."""
    root = ET.Element("annotations")
    _leaf(root, "version", "1.1")
    _meta(root, job)
    return root


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


def geometry(shape: Item) -> dict[str, str]:
    """Where a shape lies, as XML attributes; only boxes and ellipses can be turned."""
    points, kind = shape["points"], shape["type"]
    turn = {"rotation": f"{shape['rotation']:.2f}"} if shape["rotation"] else {}
    if kind == "rectangle":
        return _named(("xtl", "ytl", "xbr", "ybr"), points) | turn
    if kind == "ellipse":
        centre_x, centre_y, right, top = points
        return _named(("cx", "cy", "rx", "ry"), [centre_x, centre_y, right - centre_x, centre_y - top]) | turn
    if kind == "mask":
        return _mask(points)
    if kind == "skeleton":
        return {}
    if kind == "cuboid":
        return _named(CUBOID, points)
    pairs = zip(points[::2], points[1::2], strict=True)
    return {"points": ";".join(f"{x:.2f},{y:.2f}" for x, y in pairs)}


def _named(names: tuple[str, ...], values: list[float]) -> dict[str, str]:
    return {name: f"{value:.2f}" for name, value in zip(names, values, strict=True)}


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


def add_attributes(element: ET.Element, job: Snapshot, item: Item) -> None:
    for name, value in job.values(item).items():
        _leaf(element, "attribute", value).set("name", name)
