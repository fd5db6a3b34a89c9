"""`POST /api/jobs`: ground truth jobs, which say for some frames of a task what is right."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from .checks import Check, checked, choice, integer, listed, share
from .jobs import choices, existing_user
from .jobtable import STAGES, STATES, Job
from .messages import Request, Response, crash, forbidden, invalid, refuse
from .permissions import may_manage_task
from .service import Service
from .store import Store, Task

METHODS = ("random_uniform", "manual", "random_per_job")

# Which fields say how many frames a method takes; one of each is needed, and no other may be there.
AMOUNTS = {
    "random_uniform": ("frame_count", "frame_share"),
    "random_per_job": ("frames_per_job_count", "frames_per_job_share"),
    "manual": ("frames",),
}
ALL_AMOUNTS = {name for names in AMOUNTS.values() for name in names}


def create(service: Service, request: Request) -> Response:
    """Makes one. Whoever may manage the task may; a task has at most one."""
    data = request.json()
    if not isinstance(data, dict):
        raise crash()
    with service.store.lock:
        task = _task(service.store, data)
        assignee = _assignee(service.store, data)
        if not may_manage_task(service.store, request.person(), task):
            raise forbidden()
        fields = checked(data, _checks(request.is_old), required=("type",))
        if fields["type"] != "ground_truth":
            raise invalid(f"Unexpected job type '{fields['type']}'")
        frames = (_older_frames if request.is_old else _frames)(service.store, task, fields)
        job = _made(service.store, task, frames, fields, assignee)
        row = service.renderer(request).job(job)
        return Response(201, data=row, headers=[("Location", row["url"])])


def _task(store: Store, data: dict[str, Any]) -> Task:
    """Looked up while asking for permission, before anything else is checked."""
    if data.get("task_id") is None:
        raise invalid("task_id is not specified")
    task = store.tasks.get(int(data["task_id"]))  # text is a ValueError: the upstream's 500
    if task is None:
        raise invalid("Task matching query does not exist.")
    return task


def _assignee(store: Store, data: dict[str, Any]) -> int | None:
    value = data.get("assignee")
    return existing_user(store, value) if value is not None else None


def _checks(old: bool) -> dict[str, Check]:
    known: dict[str, Check] = {
        "type": choice(*choices("type", old)),
        "stage": choice(*STAGES),
        "state": choice(*STATES),
        "frame_selection_method": choice(*METHODS[: 2 if old else 3]),
        "frame_count": integer(0 if old else 1),
        "seed": integer(0),
        "frames": listed(integer(0), empty=old),
    }
    newer: dict[str, Check] = {
        "frame_share": share,
        "frames_per_job_count": integer(1),
        "frames_per_job_share": share,
        "random_seed": integer(0),
    }
    return known if old else known | newer


def _older_frames(store: Store, task: Task, fields: dict[str, Any]) -> list[int]:
    """What the older generation takes; what it needs and doesn't get breaks it."""
    method = fields.get("frame_selection_method")
    if method == "manual":
        frames = fields["frames"]  # a KeyError: the upstream's 500
        if not frames:
            raise invalid("The list of frames cannot be empty")
        chosen = _chosen(task, frames, "are not included in")
    elif method == "random_uniform":
        count = fields["frame_count"]
        _enough(task, count)
        if not count:
            raise crash()
        chosen = _drawn(range(task.size), count, random.Random(fields.get("seed")))
    else:
        raise invalid(f"Unexpected frame selection method '{method}'")
    if store.ground_truth_of(task.id):
        raise invalid("A task can have only 1 ground truth job")
    return chosen


def _frames(store: Store, task: Task, fields: dict[str, Any]) -> list[int]:
    """What the newer generation takes. An amount that is of another method breaks it, and so does no method."""
    method = fields["frame_selection_method"]  # a KeyError: the upstream's 500
    name = _amount(method, fields)
    if set(fields) & ALL_AMOUNTS != {name}:
        raise crash()
    if store.ground_truth_of(task.id):
        raise invalid('Task with validation mode "gt" cannot have more than 1 GT job')
    if method == "manual":
        return _chosen(task, fields["frames"], "do not exist in")
    chance = random.Random(fields.get("random_seed", fields.get("seed")))
    parts = [range(task.size)] if method == "random_uniform" else _parts(store, task)
    if name == "frame_count":
        _enough(task, fields[name])
    counts = [_count(name, fields[name], len(part)) for part in parts]
    return sorted(
        frame for part, count in zip(parts, counts, strict=True) for frame in _drawn(part, count, chance)
    )  # fmt: skip


def _amount(method: str, fields: dict[str, Any]) -> str:
    """The one field that says how many; several errors of that kind belong to no field."""
    names = AMOUNTS[method]
    given = [name for name in names if name in fields]
    if len(given) == 1:
        return given[0]
    told = ", ".join(f'"{name}"' for name in names)
    if given:
        words = f"Only 1 of the fields {told} can be used"
    elif method == "manual":
        words = f"The {told} field is required"
    else:
        words = f"One of the fields {told} required"
    raise refuse(400, {"non_field_errors": [words]})


def _parts(store: Store, task: Task) -> list[range]:
    """The frames of each of the task's jobs."""
    jobs = [job for job in store.jobs if job.task_id == task.id and job.type == "annotation"]
    return [range(job.start_frame, job.stop_frame + 1) for job in jobs]


def _count(name: str, amount: float, size: int) -> int:
    return min(size, max(1, int(amount * size))) if name.endswith("share") else min(size, int(amount))


def _drawn(frames: range, count: int, chance: random.Random) -> list[int]:
    return sorted(chance.sample(frames, count))


def _enough(task: Task, count: int) -> None:
    if count > task.size:
        raise invalid(
            f"The number of frames requested ({count}) must be not be greater than "
            f"the number of the task frames ({task.size})"
        )


def _chosen(task: Task, frames: Sequence[int], words: str) -> list[int]:
    if len(set(frames)) != len(frames):
        raise invalid("Frames must not repeat")
    unknown = [str(frame) for frame in frames if frame >= task.size]
    if unknown:
        raise invalid(f"The following frames {words} the task: {', '.join(unknown)}")
    return sorted(frames)


def _made(store: Store, task: Task, frames: list[int], fields: dict[str, Any], assignee: int | None) -> Job:
    now = store.now()
    job = Job(
        store.jobs.new_id(), task.id, task.project_id, task.organization_id, "ground_truth", assignee,
        fields.get("stage", STAGES[0]), fields.get("state", STATES[0]), 0, task.size - 1, now, now,
        now if assignee else None, frames,
    )  # fmt: skip
    store.jobs.add(job)
    return job
