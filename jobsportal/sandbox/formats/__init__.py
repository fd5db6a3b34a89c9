"""The formats of annotation files that can be written and read, under the names they have upstream."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..store import Annotations
from . import coco_export, coco_import, cvat_export, cvat_import, cvat_video_export, yolo_export, yolo_import
from .snapshot import Snapshot, Target

Write = Callable[[zipfile.ZipFile, Snapshot, bool], None]
Read = Callable[[Path, Target], Annotations]


def writers(old: bool) -> dict[str, Write]:
    """What can be exported, by name; `old` asks for the names of the generation with the endpoints of old."""
    return {
        "COCO 1.0": coco_export.write,
        "CVAT for video 1.1": cvat_video_export.write,
        "CVAT for images 1.1": cvat_export.write,
        "YOLO 1.1": yolo_export.write,
        _detection(old): yolo_export.write_ultralytics,
    }


def readers(old: bool) -> dict[str, Read]:
    """What can be imported, by name."""
    return {
        "COCO 1.0": coco_import.read,
        "CVAT 1.1": cvat_import.read,
        "YOLO 1.1": yolo_import.read,
        _detection(old): yolo_import.read_ultralytics,
    }


def _detection(old: bool) -> str:
    """The one format that was given another name."""
    return "YOLOv8 Detection 1.0" if old else "Ultralytics YOLO Detection 1.0"


def listing(old: bool) -> dict[str, list[dict[str, Any]]]:
    """What `GET /api/server/annotation/formats` tells: only what is really read and written."""
    documents = {"COCO 1.0": "JSON, ZIP", "CVAT 1.1": "XML, ZIP"}
    return {
        "importers": [_entry(name, documents.get(name, "ZIP")) for name in readers(old)],
        "exporters": [_entry(name, "ZIP") for name in writers(old)],
    }


def _entry(name: str, endings: str) -> dict[str, Any]:
    return {"name": name, "ext": endings, "version": name.split()[-1], "enabled": True, "dimension": "2d"}
