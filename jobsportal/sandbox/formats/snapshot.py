"""What a format needs to know of a job: to write it (`Snapshot`), or to read a file into it (`Target`)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from ..background import ImportFailed
from ..drawing import Studio
from ..jobtable import Job
from ..store import Annotations, Label, Store
from .tracks import shape_at

Item = dict[str, Any]
LARGEST_DOCUMENT = 32 << 20
IMPORT_ERROR = "cvat.apps.dataset_manager.bindings.CvatImportError"


class Snapshot:
    """A job with its annotations as they were when the export began."""

    def __init__(self, store: Store, studio: Studio, job: Job, annotations: Annotations) -> None:
        self.store, self.studio, self.job, self.annotations = store, studio, job, annotations
        self.task = store.task_of(job)
        self.labels = store.labels_of_task(self.task)
        self.by_id = {part.id: part for label in self.labels for part in (label, *label.sublabels)}
        self.attribute_names = {spec.id: spec.name for part in self.by_id.values() for spec in part.attributes}

    def frame_name(self, frame: int) -> str:
        return self.task.frame_name(frame)

    def file_name(self, frame: int) -> str:
        """As a file in an archive: the frames of a video get an ending."""
        name = self.frame_name(frame)
        return name if self.task.mode == "annotation" else f"{name}.png"

    def picture(self, frame: int) -> bytes:
        return self.studio.frame(self.task, frame)[0]

    def label(self, item: Item) -> Label:
        return self.by_id[item["label_id"]]

    def values(self, item: Item) -> dict[str, str]:
        """Attributes by name."""
        return {self.attribute_names[entry["spec_id"]]: str(entry["value"]) for entry in item["attributes"]}

    def shapes(self) -> Iterator[tuple[int, list[Item]]]:
        """Every frame of the job with its shapes; tracks are worked out for each frame."""
        by_frame: dict[int, list[Item]] = {frame: [] for frame in self.job.frames}
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
        self._frames = {_stem(self.task.frame_name(frame)): frame for frame in job.frames}

    def label(self, name: str) -> Label:
        if name not in self.labels:
            raise ImportFailed(f"ValueError: Label '{name}' is not registered for this task")
        return self.labels[name]

    def frame(self, name: str, number: str | None = None) -> int:
        """By name, with or without folder and ending; frames of a video also by number."""
        found = self._frames.get(_stem(name))
        if found is None and self.task.mode == "interpolation" and (number or "").isdigit():
            found = int(number or "") if int(number or "") in self._frames.values() else None
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


def read_document(path: Path, suffix: str, failure: str) -> bytes:
    """The document itself, or the first one with that ending out of a ZIP; bounded in size."""
    try:
        if not zipfile.is_zipfile(path):
            return _bounded(path.open("rb"), failure)
        with zipfile.ZipFile(path) as archive:
            names = sorted(name for name in archive.namelist() if name.lower().endswith(suffix))
            if not names:
                raise ImportFailed(failure)
            return _bounded(archive.open(names[0]), failure)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise ImportFailed(failure) from error


def _bounded(source: Any, failure: str) -> bytes:
    """Whatever a ZIP claims, no more than the limit is unpacked."""
    with source:
        raw: bytes = source.read(LARGEST_DOCUMENT + 1)
    if len(raw) > LARGEST_DOCUMENT:
        raise ImportFailed(failure)
    return raw
