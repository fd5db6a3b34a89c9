"""What a format needs to know of a job: to write it (`Snapshot`), or to read a file into it (`Target`)."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from ..background import ImportFailed
from ..drawing import Studio
from ..jobtable import Job
from ..store import Annotations, Label, Store
from .tracks import shape_at

Item = dict[str, Any]
IMPORT_ERROR = "cvat.apps.dataset_manager.bindings.CvatImportError"


class Snapshot:
    """A job with its annotations as they were when the export began."""

    def __init__(self, store: Store, studio: Studio, job: Job, annotations: Annotations) -> None:
        self.store, self.studio, self.job, self.annotations = store, studio, job, annotations
        self.task = store.task_of(job)
        self.deleted = set(store.deleted_frames.get(job.id, []))
        self.labels = store.labels_of_task(self.task)
        self.by_id = {part.id: part for label in self.labels for part in (label, *label.sublabels)}
        self.attribute_names = {spec.id: spec.name for part in self.by_id.values() for spec in part.attributes}

    @property
    def frames(self) -> list[int]:
        """Those that are written: all that aren't deleted."""
        return [frame for frame in self.job.frames if frame not in self.deleted]

    def frame_name(self, frame: int) -> str:
        return self.task.frame_name(frame)

    def file_name(self, frame: int) -> str:
        """As a file in an archive: the frames of a video get an ending."""
        name = self.frame_name(frame)
        return name if self.task.mode == "annotation" else f"{name}.png"

    def size(self, frame: int) -> tuple[int, int]:
        """Width and height of its picture."""
        return self.task.width, self.task.height

    def picture(self, frame: int) -> bytes:
        return self.studio.frame(self.task, frame)[0]

    def write_picture(self, archive: zipfile.ZipFile, name: str, frame: int) -> None:
        """A frame as a file in an archive, packed already and always of the same date."""
        archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), self.picture(frame))

    def label(self, item: Item) -> Label:
        return self.by_id[item["label_id"]]

    def values(self, item: Item) -> dict[str, str]:
        """Attributes by name."""
        return {self.attribute_names[entry["spec_id"]]: str(entry["value"]) for entry in item["attributes"]}

    def shapes(self) -> Iterator[tuple[int, list[Item]]]:
        """Every frame that isn't deleted with its shapes; tracks are worked out for each frame."""
        by_frame: dict[int, list[Item]] = {frame: [] for frame in self.frames}
        for shape in self.annotations["shapes"]:
            if shape["frame"] in by_frame:
                by_frame[shape["frame"]].append(shape)
        for track in self.annotations["tracks"]:
            for frame, shapes in by_frame.items():
                shape = shape_at(track, frame)
                if shape is not None:
                    shapes.append(shape)
        yield from by_frame.items()


class Target:
    """A job a file is read into: finds labels by name and frames by the names of pictures."""

    def __init__(self, store: Store, job: Job) -> None:
        self.job, self.task = job, store.task_of(job)
        self.labels = {label.name: label for label in store.labels_of_task(self.task)}
        self._numbers = set(job.frames)
        self._frames = {_stem(self.task.frame_name(frame)): frame for frame in job.frames}

    def label(self, name: str) -> Label:
        if name not in self.labels:
            raise ImportFailed(f"ValueError: Label '{name}' is not registered for this task")
        return self.labels[name]

    def part(self, skeleton: Label, name: str) -> Label:
        """A label within a skeleton's."""
        for label in skeleton.sublabels:
            if label.name == name:
                return label
        raise ImportFailed(f"ValueError: Label '{name}' is not registered for this task")

    def frame_number(self, raw: str) -> int:
        """By number, as tracks name their frames."""
        if not raw.isdecimal() or int(raw) not in self._numbers:
            raise ImportFailed(f"{IMPORT_ERROR}: Frame {raw[:20]} does not belong to the job")
        return int(raw)

    def frame(self, name: str, number: str | None = None) -> int:
        """By name, with or without folder and ending; frames of a video also by number."""
        found = self._frames.get(_stem(name))
        if found is None and self.task.mode == "interpolation" and number:
            return self.frame_number(number)
        if found is None:
            stem = PurePosixPath(name).with_suffix("") if name else name
            raise ImportFailed(f"{IMPORT_ERROR}: Could not match item id: '{stem}' with any task frame")
        return found

    def attributes(self, label: Label, values: dict[str, str]) -> list[Item]:
        """Attributes the label doesn't know are left out, as upstream does."""
        specs = {spec.name: spec for spec in label.attributes}
        return [{"spec_id": specs[name].id, "value": value} for name, value in values.items() if name in specs]


def _stem(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).stem


def number(raw: object) -> float:
    """A number out of a file: neither infinite nor none at all, which JSON could not tell on."""
    found = float(raw)  # type: ignore[arg-type]  # what isn't one raises
    if not math.isfinite(found):
        raise ValueError(f"{raw} is not a number")
    return found
