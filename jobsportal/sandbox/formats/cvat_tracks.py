"""Tracks of "CVAT 1.1" read: of every track only the keyframes are kept."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from ..store import Annotations, Label
from .cvat_elements import SHAPES, Item, common, geometry, values
from .snapshot import Target


def read_track(found: Annotations, target: Target, element: ET.Element) -> None:
    """Adds a track; masks cannot move, so theirs become shapes."""
    label = target.label(element.attrib["label"])
    shapes = [child for child in element if child.tag in SHAPES]
    if not shapes:
        raise ValueError("A track has no keyframes")
    track = _track(target, label, element, shapes)
    if shapes[0].tag == "mask":
        found["shapes"] += _masks(track)
        return
    parts: dict[str, list[tuple[int, ET.Element]]] = {}
    for shape in shapes:
        frame = target.frame_number(shape.attrib["frame"])
        for child in (child for child in shape if child.tag in SHAPES and _is_keyframe(child)):
            parts.setdefault(child.attrib["label"], []).append((frame, child))
    elements = [_part(target, target.part(label, name), keyframes) for name, keyframes in parts.items()]
    found["tracks"].append(_ended(track | {"elements": elements}))


def _is_keyframe(element: ET.Element) -> bool:
    return element.get("keyframe", "1") == "1"


def _track(target: Target, label: Label, element: ET.Element, shapes: list[ET.Element]) -> Item:
    keyframes = [(target.frame_number(shape.attrib["frame"]), shape) for shape in shapes if _is_keyframe(shape)]
    return _part(target, label, keyframes) | {"group": int(element.get("group_id", "0"))}


def _part(target: Target, label: Label, keyframes: list[tuple[int, ET.Element]]) -> Item:
    """Attributes that may change go with the keyframes; the others are those of the first."""
    if not keyframes:
        raise ValueError("A track has no keyframes")
    mutable = {spec.id for spec in label.attributes if spec.mutable}
    shapes = []
    for frame, element in keyframes:
        entries = target.attributes(label, values(element))
        kept = [entry for entry in entries if entry["spec_id"] in mutable]
        shapes.append(geometry(element) | {"frame": frame, "attributes": kept})
    track = common(target, label, keyframes[0][1], shapes[0]["frame"])
    fixed = [entry for entry in track["attributes"] if entry["spec_id"] not in mutable]
    return track | {"attributes": fixed, "shapes": shapes}


def _masks(track: Item) -> list[Item]:
    shared = {name: track[name] for name in ("label_id", "group", "source")}
    seen = [shape for shape in track["shapes"] if not shape["outside"]]
    return [shape | shared | {"attributes": [*track["attributes"], *shape["attributes"]]} for shape in seen]


def _ended(track: Item) -> Item:
    """A skeleton does not say itself that it is gone: it is where all its parts are."""
    for keyframe in track["shapes"]:
        parts = [
            part["outside"]
            for element in track["elements"]
            for part in element["shapes"]
            if part["frame"] == keyframe["frame"]
        ]
        keyframe["outside"] |= bool(parts) and all(parts)
    return track
