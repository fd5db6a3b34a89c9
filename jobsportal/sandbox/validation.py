"""`/api/jobs/{id}/validation_layout` and `/api/tasks/{id}/validation_layout`: which frames say how good the work is.

Newer than the older generation. Pools of validation frames (honeypots) are not here: no task has one.
"""

from __future__ import annotations

from typing import Any

from .checks import checked, choice, integer, listed
from .directory import find_task
from .messages import Request, Response, forbidden, invalid
from .permissions import may_manage_job, may_manage_task
from .service import Service
from .store import Store, Task

NO_POOL = "Honeypots can only be modified if the task validation mode is 'gt_pool'"
FRAMES = listed(integer(0))
HONEYPOTS = {"frame_selection_method": choice("manual", "random_uniform"), "honeypot_real_frames": FRAMES}


def of_job(service: Service, request: Request, job_id: str) -> Response:
    """`GET` for a job: empty without a validation pool."""
    service.job(request, job_id)
    return Response(data={})


def update_of_job(service: Service, request: Request, job_id: str) -> Response:
    """`PATCH` for a job: only honeypots could be changed."""
    job = service.job(request, job_id)
    if not may_manage_job(service.store, request.person(), job):
        raise forbidden()
    checked(request.json(), HONEYPOTS)
    raise invalid(NO_POOL)


def of_task(service: Service, request: Request, task_id: str) -> Response:
    """`GET` for a task: the frames of its ground truth job, and those of them that don't count."""
    return Response(data=_layout(service.store, find_task(service, request, task_id)))


def update_of_task(service: Service, request: Request, task_id: str) -> Response:
    """`PATCH` for a task: says which frames don't count."""
    store = service.store
    task = find_task(service, request, task_id)
    if not may_manage_task(store, request.person(), task):
        raise forbidden()
    fields = checked(request.json(), {"disabled_frames": FRAMES} | HONEYPOTS)
    truth = store.ground_truth_of(task.id)
    if truth is None:
        raise invalid("Validation is not configured in the task")
    if set(fields) & set(HONEYPOTS):
        raise invalid(NO_POOL)
    with store.lock:
        disabled = sorted(set(fields.get("disabled_frames", store.disabled_frames.get(task.id, []))))
        unknown = [str(frame) for frame in disabled if frame not in truth.frames]
        if unknown:
            words = f"Unknown frames requested for exclusion from the validation set: {', '.join(unknown)}"
            raise invalid(words)
        store.disabled_frames[task.id] = disabled
        return Response(data=_layout(store, task))


def _layout(store: Store, task: Task) -> dict[str, Any]:
    truth = store.ground_truth_of(task.id)
    if truth is None:
        return {}
    return {
        "mode": "gt",
        "frames_per_job_count": None,
        "validation_frames": truth.frames,
        "disabled_frames": store.disabled_frames.get(task.id, []),
    }
