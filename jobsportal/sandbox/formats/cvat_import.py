"""Reads "CVAT 1.1": an XML document or a ZIP with one, of images or of a video's tracks."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from ..background import ImportFailed
from ..store import Annotations, Label, empty_annotations
from .archives import read_document
from .cvat_elements import SHAPES, common, geometry
from .cvat_tracks import read_track
from .snapshot import IMPORT_ERROR, Target

Item = dict[str, Any]


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
            read_track(found, target, track)
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
            found["tags"].append(common(target, label, element, frame))
        else:
            found["shapes"].append(_shape(target, label, element, frame))


def _shape(target: Target, label: Label, element: ET.Element, frame: int) -> Item:
    elements = [
        _shape(target, target.part(label, child.attrib["label"]), child, frame)
        for child in element
        if child.tag in SHAPES
    ]
    return common(target, label, element, frame) | geometry(element) | {"elements": elements}
