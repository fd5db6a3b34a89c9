"""Writes "YOLO 1.1" and its successor: boxes as shares of the picture. What is no upright box is left out."""

from __future__ import annotations

import json
import zipfile
from pathlib import PurePosixPath
from typing import Any

from .snapshot import Snapshot

Item = dict[str, Any]


def write(archive: zipfile.ZipFile, job: Snapshot, images: bool) -> None:
    """`obj.data`, `obj.names`, `train.txt`, and a file of boxes for each frame in `obj_train_data/`."""
    facts = [f"classes = {len(job.labels)}", "train = data/train.txt", "names = data/obj.names", "backup = backup/"]
    _write_lines(archive, "obj.data", facts)
    _write_lines(archive, "obj.names", [label.name for label in job.labels])
    _write_frames(archive, job, images, "obj_train_data", "obj_train_data")


def write_ultralytics(archive: zipfile.ZipFile, job: Snapshot, images: bool) -> None:
    """`data.yaml`, `train.txt`, and a file of boxes for each frame in `labels/train/`."""
    names = [f"  {number}: {json.dumps(label.name, ensure_ascii=False)}" for number, label in enumerate(job.labels)]
    _write_lines(archive, "data.yaml", ["names:", *names, "path: .", "train: train.txt"])
    _write_frames(archive, job, images, "images/train", "labels/train")


def _write_frames(archive: zipfile.ZipFile, job: Snapshot, images: bool, pictures: str, boxes: str) -> None:
    classes = {label.id: number for number, label in enumerate(job.labels)}
    for frame, shapes in job.shapes():
        lines = [_line(job, shape, classes) for shape in shapes if shape["type"] == "rectangle"]
        _write_lines(archive, f"{boxes}/{PurePosixPath(job.file_name(frame)).with_suffix('.txt')}", lines)
        if images:
            job.write_picture(archive, f"{pictures}/{job.file_name(frame)}", frame)
    _write_lines(archive, "train.txt", [f"data/{pictures}/{job.file_name(frame)}" for frame in job.frames])


def _write_lines(archive: zipfile.ZipFile, name: str, lines: list[str]) -> None:
    archive.writestr(name, "".join(f"{line}\n" for line in lines))


def _line(job: Snapshot, shape: Item, classes: dict[int, int]) -> str:
    """The class, the middle, the size. A turn is lost: the format has no place for it."""
    left, top, right, bottom = shape["points"]
    width, height = job.size(shape["frame"])
    shares = ((left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width, (bottom - top) / height)
    return " ".join([str(classes[shape["label_id"]]), *(f"{share:.6f}" for share in shares)])
