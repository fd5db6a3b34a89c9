"""Writes "CVAT for video 1.1": tracks, frame by frame. The format has no tags and no single shapes.

So tags are left out, and a shape becomes a track that ends in the frame after it, as upstream.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
import zipfile

from .cvat_xml import Item, add_attributes, begin, geometry, write_archive
from .snapshot import Snapshot
from .tracks import as_track, place_at


def write(archive: zipfile.ZipFile, job: Snapshot, images: bool) -> None:
    root = begin(job)
    last, frames = job.job.stop_frame, set(job.frames)
    shapes = (shape for shape in job.annotations["shapes"] if shape["frame"] in frames)
    for number, track in enumerate([*job.annotations["tracks"], *(as_track(shape, last) for shape in shapes)]):
        _track(root, job, track, number)
    write_archive(archive, job, root, images)


def _track(root: ET.Element, job: Snapshot, track: Item, number: int) -> None:
    values = {"id": str(number), "label": job.label(track).name, "source": track["source"]}
    values |= {"group_id": str(track["group"])} if track["group"] else {}
    element = ET.SubElement(root, "track", values)
    for frame in job.frames:
        shape = place_at(track, frame)
        if shape is None or (shape["outside"] and not shape["keyframe"]):
            continue
        shape["keyframe"] |= len(element) == 0  # the first one stands for those before the job's first frame
        _shape(element, job, shape, {"frame": str(frame)})


def _shape(parent: ET.Element, job: Snapshot, shape: Item, where: dict[str, str]) -> None:
    """One frame of a track; the parts of a skeleton say by their label, not by a frame, which they are."""
    values = where | {"keyframe": str(int(shape["keyframe"]))}
    if shape["type"] != "skeleton":
        values |= {name: str(int(shape[name])) for name in ("outside", "occluded")}
    values |= geometry(shape)
    if "frame" in where:
        values["z_order"] = str(shape["z_order"])
    element = ET.SubElement(parent, "box" if shape["type"] == "rectangle" else str(shape["type"]), values)
    add_attributes(element, job, shape)
    for part in shape["elements"]:
        part["keyframe"] |= len(parent) == 1
        _shape(element, job, part, {"label": job.label(part).name})
