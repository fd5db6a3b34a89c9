"""Elements of "CVAT 1.1" read: what images and tracks have in common."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from ..store import Label
from .cvat_xml import CUBOID
from .snapshot import Target, number

Item = dict[str, Any]
SHAPES = ("box", "polygon", "polyline", "points", "ellipse", "cuboid", "mask", "skeleton")


def common(target: Target, label: Label, element: ET.Element, frame: int) -> Item:
    """What is read from a file says so: its source is "file"."""
    return {
        "frame": frame,
        "label_id": label.id,
        "group": int(element.get("group_id", "0")),
        "source": "file",
        "attributes": target.attributes(label, values(element)),
    }


def values(element: ET.Element) -> dict[str, str]:
    return {child.attrib["name"]: child.text or "" for child in element.findall("attribute")}


def geometry(element: ET.Element) -> Item:
    return {
        "type": {"box": "rectangle"}.get(element.tag, element.tag),
        "occluded": element.get("occluded", "0") == "1",
        "outside": element.get("outside", "0") == "1",
        "z_order": int(element.get("z_order", "0")),
        "rotation": number(element.get("rotation", "0")),
        "points": _points(element),
    }


def _points(element: ET.Element) -> list[float]:
    at = element.attrib
    if element.tag in ("box", "cuboid"):
        names = CUBOID if element.tag == "cuboid" and CUBOID[0] in at else ("xtl", "ytl", "xbr", "ybr")
        return [number(at[name]) for name in names]
    if element.tag == "ellipse":
        cx, cy, rx, ry = (number(at[name]) for name in ("cx", "cy", "rx", "ry"))
        return [cx, cy, round(cx + rx, 2), round(cy - ry, 2)]
    if element.tag == "mask":
        left, top, width, height = (int(at[name]) for name in ("left", "top", "width", "height"))
        runs = [float(int(run)) for run in at["rle"].split(",")]
        return [*runs, left, top, left + width - 1, top + height - 1]
    if element.tag == "skeleton":
        return []
    return [number(value) for pair in at["points"].split(";") for value in pair.split(",")]
