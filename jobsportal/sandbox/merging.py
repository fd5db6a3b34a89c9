"""A task or a project as one sequence of frames, so that each format can write it like a job."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from .drawing import Studio
from .formats.snapshot import Snapshot
from .jobtable import Job
from .store import Annotations, Store, Task, empty_annotations
from .subjects import Subject

Item = dict[str, Any]


def take(store: Store, studio: Studio, subject: Subject) -> Snapshot:
    """What is there now, as a format writes it."""
    with store.lock:
        if isinstance(subject.thing, Job):
            return Snapshot(store, studio, subject.thing, copy.deepcopy(store.annotations_of(subject.thing)))
        return MergedSnapshot(store, studio, subject)


class MergedSnapshot(Snapshot):
    """The annotations of all jobs of a task or project. The frames of a project's tasks are counted through."""

    def __init__(self, store: Store, studio: Studio, subject: Subject) -> None:
        tasks = _tasks(store, subject)
        frames = [(task, frame) for task in tasks for frame in range(task.size)]
        starts = {task.id: sum(before.size for before in tasks[:number]) for number, task in enumerate(tasks)}
        annotations = empty_annotations()
        for job in subject.jobs(store):
            end = store.tasks[job.task_id].size
            _add(annotations, store.annotations_of(job), job, starts[job.task_id], end)
        super().__init__(store, studio, _whole(subject, tasks[0], len(frames)), annotations)
        if len(tasks) > 1:
            self.task = replace(tasks[0], name=subject.file_label, mode="annotation", size=len(frames), subset="")
        self._frames, self._names = frames, _distinct_names(frames)
        deleted = store.deleted_frames
        self.deleted = {starts[job.task_id] + n for job in subject.jobs(store) for n in deleted.get(job.id, [])}

    def frame_name(self, frame: int) -> str:
        return self._names[frame]

    def file_name(self, frame: int) -> str:
        name = self._names[frame]
        return name if self._frames[frame][0].mode == "annotation" else f"{name}.png"

    def size(self, frame: int) -> tuple[int, int]:
        task = self._frames[frame][0]
        return task.width, task.height

    def picture(self, frame: int) -> bytes:
        return self.studio.frame(*self._frames[frame])[0]


def _tasks(store: Store, subject: Subject) -> list[Task]:
    if isinstance(subject.thing, Task):
        return [subject.thing]
    tasks = [task for task in store.tasks.values() if task.project_id == subject.id]
    if not tasks:
        raise ValueError("The project has no tasks")
    return tasks


def _whole(subject: Subject, first: Task, size: int) -> Job:
    """A job that would hold all of it."""
    return Job(
        id=subject.id,
        task_id=first.id,
        project_id=subject.project_id,
        organization_id=subject.organization_id,
        type="annotation",
        assignee_id=None,
        stage="annotation",
        state="new",
        start_frame=0,
        stop_frame=size - 1,
        created=first.created,
        updated=subject.updated,
    )


def _distinct_names(frames: list[tuple[Task, int]]) -> list[str]:
    """Names of pictures; where two tasks have the same one, the later is told by its task."""
    names: dict[str, None] = {}
    for task, frame in frames:
        name = task.frame_name(frame)
        names[f"task_{task.id}/{name}" if name in names else name] = None
    return list(names)


def _add(whole: Annotations, part: Annotations, job: Job, start: int, size: int) -> None:
    """Adds a job's annotations, moved to where its task begins. Tracks end with the job, not with the task."""
    copied = copy.deepcopy(part)
    inside = set(job.frames)
    for track in copied["tracks"]:
        _end_track(track, max(inside) + 1, size)
        _move_track(track, start)
    for kind in ("tags", "shapes"):
        kept = [item for item in copied[kind] if item["frame"] in inside]
        whole[kind] += [item | {"frame": item["frame"] + start} for item in kept]
    whole["tracks"] += copied["tracks"]


def _end_track(track: Item, after: int, size: int) -> None:
    """Lets it be outside from the frame after its job on, if its task has one."""
    keys = sorted((shape for shape in track["shapes"] if shape["frame"] < after), key=lambda shape: shape["frame"])
    if keys and after < size and not keys[-1]["outside"]:
        keys.append(keys[-1] | {"frame": after, "outside": True})
    track["shapes"] = keys
    for element in track.get("elements", []):
        _end_track(element, after, size)


def _move_track(track: Item, start: int) -> None:
    track["frame"] += start
    for shape in track["shapes"]:
        shape["frame"] += start
    for element in track.get("elements", []):
        _move_track(element, start)
