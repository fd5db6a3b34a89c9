"""Writes "CVAT for images 1.1": each frame with its tags and shapes; tracks are worked out for each frame."""

from __future__ import annotations

import xml.etree.ElementTree as ET
import zipfile

from .cvat_xml import Item, add_attributes, begin, geometry, write_archive
from .snapshot import Snapshot


def write(archive: zipfile.ZipFile, job: Snapshot, images: bool) -> None:
    root = begin(job)
    tags: dict[int, list[Item]] = {}
    for tag in job.annotations["tags"]:
        tags.setdefault(tag["frame"], []).append(tag)
    for frame, shapes in job.shapes():
        width, height = job.size(frame)
        size = {"width": str(width), "height": str(height)}
        image = ET.SubElement(root, "image", {"id": str(frame), "name": job.frame_name(frame)} | size)
        for shape in shapes:
            _shape(image, job, shape)
        for tag in tags.get(frame, []):
            add_attributes(ET.SubElement(image, "tag", _name(job, tag) | _group(tag)), job, tag)
    write_archive(archive, job, root, images)


def _name(job: Snapshot, item: Item) -> dict[str, str]:
    return {"label": job.label(item).name, "source": item["source"]}


def _group(item: Item) -> dict[str, str]:
    return {"group_id": str(item["group"])} if item["group"] else {}


def _shape(parent: ET.Element, job: Snapshot, shape: Item) -> None:
    values = _name(job, shape) | {"occluded": str(int(shape["occluded"]))} | geometry(shape)
    values |= {"z_order": str(shape["z_order"])} | _group(shape)
    element = ET.SubElement(parent, "box" if shape["type"] == "rectangle" else str(shape["type"]), values)
    add_attributes(element, job, shape)
    for part in shape["elements"]:
        inner = _name(job, part) | {"occluded": str(int(part["occluded"])), "outside": str(int(part["outside"]))}
        add_attributes(ET.SubElement(element, str(part["type"]), inner | geometry(part)), job, part)
