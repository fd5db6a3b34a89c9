"""Reads "CVAT 1.1": an XML document or a ZIP with one, of images or of a video's tracks."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from ..background import ImportFailed
from ..store import Annotations, Label, empty_annotations
from .snapshot import IMPORT_ERROR, Target, read_document

Item = dict[str, Any]
SHAPES = ("box", "polygon", "polyline", "points", "ellipse", "cuboid", "mask", "skeleton")


class _Builder(ET.TreeBuilder):
    """Refuses document types: nothing that could define entities is let in."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ImportFailed(f"{IMPORT_ERROR}: Document type declarations are not allowed")


def read(path: Path, target: Target) -> Annotations:
    """The annotations of a file, without ids; fails without having changed anything."""
    failure = f"{IMPORT_ERROR}: Failed to find dataset 'cvat' at '{path.name}'"
    raw = read_document(path, ".xml", failure)
    try:
        # Safe without defusedxml: the builder refuses every document type, so there are no entities to expand
        root = ET.fromstring(raw, parser=ET.XMLParser(target=_Builder()))  # noqa: S314
    except ET.ParseError as error:
        raise ImportFailed(f"xml.etree.ElementTree.ParseError: {error}") from error
    found = empty_annotations()
    try:
        for image in root.iter("image"):
            _image(found, target, image)
        for track in root.iter("track"):
            found["tracks"].append(_track(target, track))
    except (KeyError, ValueError) as error:
        raise ImportFailed(f"{IMPORT_ERROR}: {error}") from error
    return found


def _image(found: Annotations, target: Target, image: ET.Element) -> None:
    content = [element for element in image if element.tag in SHAPES or element.tag == "tag"]
    if not content:
        return
    frame = target.frame(image.attrib["name"], image.get("id"))
    for element in content:
        label = target.label(element.attrib["label"])
        if element.tag == "tag":
            found["tags"].append(_common(target, label, element, frame))
        else:
            found["shapes"].append(_shape(target, label, element, frame))


def _common(target: Target, label: Label, element: ET.Element, frame: int) -> Item:
    """What is read from a file says so: its source is "file"."""
    return {
        "frame": frame,
        "label_id": label.id,
        "group": int(element.get("group_id", "0")),
        "source": "file",
        "attributes": target.attributes(label, _values(element)),
    }


def _values(element: ET.Element) -> dict[str, str]:
    return {child.attrib["name"]: child.text or "" for child in element.findall("attribute")}


def _shape(target: Target, label: Label, element: ET.Element, frame: int) -> Item:
    parts = {part.name: part for part in label.sublabels}
    elements = [_shape(target, parts[child.attrib["label"]], child, frame) for child in element if child.tag in SHAPES]
    return _common(target, label, element, frame) | _geometry(element) | {"elements": elements}


def _geometry(element: ET.Element) -> Item:
    return {
        "type": {"box": "rectangle"}.get(element.tag, element.tag),
        "occluded": element.get("occluded", "0") == "1",
        "outside": element.get("outside", "0") == "1",
        "z_order": int(element.get("z_order", "0")),
        "rotation": float(element.get("rotation", "0")),
        "points": _points(element),
    }


def _points(element: ET.Element) -> list[float]:
    at = element.attrib
    if element.tag == "box":
        return [float(at[name]) for name in ("xtl", "ytl", "xbr", "ybr")]
    if element.tag == "ellipse":
        cx, cy, rx, ry = (float(at[name]) for name in ("cx", "cy", "rx", "ry"))
        return [cx, cy, cx + rx, cy - ry]
    if element.tag == "mask":
        left, top, width, height = (int(at[name]) for name in ("left", "top", "width", "height"))
        runs = [float(run) for run in at["rle"].split(",")]
        return [*runs, left, top, left + width - 1, top + height - 1]
    if element.tag == "skeleton":
        return []
    return [float(value) for pair in at["points"].split(";") for value in pair.split(",")]


def _track(target: Target, element: ET.Element) -> Item:
    """Of a track only the keyframes are kept; attributes that may change go with them."""
    label = target.label(element.attrib["label"])
    mutable = {spec.id for spec in label.attributes if spec.mutable}
    frames = [child for child in element if child.tag in SHAPES and child.get("keyframe", "1") == "1"]
    if not frames:
        raise ValueError("A track has no keyframes")
    shapes = []
    for child in frames:
        frame = target.frame("", child.attrib["frame"])
        values = target.attributes(label, _values(child))
        kept = [entry for entry in values if entry["spec_id"] in mutable]
        shapes.append(_geometry(child) | {"frame": frame, "attributes": kept})
    common = _common(target, label, frames[0], shapes[0]["frame"])
    fixed = [entry for entry in common["attributes"] if entry["spec_id"] not in mutable]
    return common | {"attributes": fixed, "shapes": shapes}
