"""`/api/jobs` and `/api/jobs/{id}`: list, retrieve, update, delete."""

from __future__ import annotations

from collections.abc import Callable, Container
from datetime import datetime
from typing import Any

from .checks import Bad, checked, choice
from .filters import Field, Test, json_logic, keep, ordering, search
from .jobtable import DIMENSIONS, STAGES, STATES, TYPES, Job
from .messages import FORBIDDEN, Request, Response, crash, detail, forbidden, invalid, refuse
from .paging import paginate
from .permissions import listed_jobs, may_manage_job, may_work_on_job, require_membership
from .service import Service
from .store import Store

WRITABLE = {"assignee", "stage", "state"}
ENUMS = {"stage": STAGES, "state": STATES, "type": TYPES, "dimension": DIMENSIONS}


def columns(store: Store) -> dict[str, Field[Job]]:
    """What `filter` and `sort` may name."""
    users, tasks, projects = store.users, store.tasks, store.projects

    def username(job: Job) -> str | None:
        return users[job.assignee_id].username if job.assignee_id else None

    def project_name(job: Job) -> str | None:
        return projects[job.project_id].name if job.project_id else None

    return {
        "id": Field(lambda job: job.id, int),
        "task_id": Field(lambda job: job.task_id, int),
        "project_id": Field(lambda job: job.project_id, int),
        "parent_job_id": Field(lambda job: None, int),
        "task_name": Field(lambda job: tasks[job.task_id].name),
        "project_name": Field(project_name),
        "assignee": Field(username),
        "stage": Field(lambda job: job.stage),
        "state": Field(lambda job: job.state),
        "type": Field(lambda job: job.type),
        "dimension": Field(lambda job: "2d"),
        "updated_date": Field(lambda job: job.updated, datetime),
    }


def list_jobs(service: Service, request: Request) -> Response:
    """`GET /api/jobs`."""
    store = service.store
    require_membership(store, request)
    fields = columns(store)
    searched = [fields[name].read for name in ("task_name", "project_name", "assignee", "state", "stage")]
    tests: list[Test[Job] | None] = [
        *simple_tests(store, request),
        search(request, searched),
        json_logic(request, fields),
        listed_jobs(store, request),
    ]
    with store.lock:
        rows = ordering(request, keep(store.jobs.rows(), *tests), fields)
        return paginate(request, rows, service.renderer(request).job)


def simple_tests(store: Store, request: Request) -> list[Test[Job] | None]:
    """The parameters that name a column; several errors are told at once, empty ones don't filter."""
    errors: dict[str, list[str]] = {}
    names = [name for name in (*NUMBERS, *ENUMS, *NAMES) if not (request.is_old and name == "parent_job_id")]
    given = {name: value for name in names if (value := request.param(name))}
    for name, value in given.items():
        if name in ENUMS and value not in choices(name, request.is_old):
            errors[name] = [f"Select a valid choice. {value} is not one of the available choices."]
        if name in NUMBERS and (refused := _wrong_number(store, request, name, value)):
            errors[name] = [refused]
    if errors:
        raise refuse(400, errors)
    return [_equality(store, name, value) for name, value in given.items()]


def choices(name: str, old: bool) -> tuple[str, ...]:
    """The values of an enumeration; replicas came after the older generation."""
    return tuple(value for value in ENUMS[name] if not (old and value == "consensus_replica"))


def _wrong_number(store: Store, request: Request, name: str, value: str) -> str | None:
    """The older generation offers the ids there are as choices; the newer takes any number."""
    is_number = value.strip().lstrip("-").isdigit()
    if not request.is_old:
        return None if is_number else "Enter a number."
    there: Container[int] = store.tasks if name == "task_id" else store.projects
    if is_number and int(value) in there:
        return None
    return "Select a valid choice. That choice is not one of the available choices."


NUMBERS = ("task_id", "project_id", "parent_job_id")
NAMES = ("task_name", "project_name", "assignee")


def _equality(store: Store, name: str, value: str) -> Test[Job]:
    """Names are resolved to ids first, so that a long list is compared by number."""
    if name == "assignee":
        user = store.user_named(value)
        return lambda job: user is not None and job.assignee_id == user.id
    if name == "task_name":
        tasks = {task.id for task in store.tasks.values() if task.name == value}
        return lambda job: job.task_id in tasks
    if name == "project_name":
        projects = {project.id for project in store.projects.values() if project.name == value}
        return lambda job: job.project_id in projects
    if name == "dimension":
        return lambda job: value == "2d"
    if name == "parent_job_id":
        return lambda job: False
    wanted: object = int(value) if name in NUMBERS else value
    reads: dict[str, Callable[[Job], object]] = {
        "task_id": lambda job: job.task_id,
        "project_id": lambda job: job.project_id,
        "stage": lambda job: job.stage,
        "state": lambda job: job.state,
        "type": lambda job: job.type,
    }
    read = reads[name]
    return lambda job: read(job) == wanted


def retrieve_job(service: Service, request: Request, job_id: str) -> Response:
    """`GET /api/jobs/{id}`."""
    job = service.job(request, job_id)
    return Response(data=service.renderer(request).job(job))


def update_job(service: Service, request: Request, job_id: str) -> Response:
    """`PATCH /api/jobs/{id}`: assignee (an id or null), stage, state. Every success moves `updated_date`."""
    with service.store.lock:
        job = service.job(request, job_id)
        data = request.json()
        if not isinstance(data, dict):
            raise crash()
        if set(data) - WRITABLE and not request.is_old:
            raise detail(403, "Attempted to update an unknown field")
        _check_permission(service.store, request, job, data)
        changes = _validated(service.store, data)
        _apply(service.store, job, changes)
        return Response(data=service.renderer(request).job(job))


def _check_permission(store: Store, request: Request, job: Job, data: dict[str, Any]) -> None:
    """The upstream looks the assignee up while it asks for permission; what it can't find is its 500."""
    assignee = data.get("assignee")
    if assignee is not None and not isinstance(assignee, bool):
        existing_user(store, assignee)
    user = request.person()
    if {"assignee", "stage"} & set(data) and not may_manage_job(store, user, job):
        raise forbidden()
    if not may_work_on_job(store, user, job):
        raise detail(403, FORBIDDEN)


def existing_user(store: Store, value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError) as error:
        raise crash() from error
    if number not in store.users:
        raise crash()
    return number


def _validated(store: Store, data: dict[str, Any]) -> dict[str, Any]:
    changes = checked(data, {"assignee": _assignee, "stage": choice(*STAGES), "state": choice(*STATES)})
    if changes.get("assignee") is not None:
        changes["assignee"] = existing_user(store, changes["assignee"])
    return changes


def _assignee(value: Any) -> Any:
    """An id or null; what is neither was found out when permission was asked for, but for yes and no."""
    if isinstance(value, bool):
        raise Bad("A valid integer is required.")
    return value


def _apply(store: Store, job: Job, changes: dict[str, Any]) -> None:
    """A stage without a state starts the job anew."""
    if "stage" in changes and changes["stage"] != job.stage:
        job.stage = changes["stage"]
        job.state = "new"
    if "state" in changes:
        job.state = changes["state"]
    if "assignee" in changes and changes["assignee"] != job.assignee_id:
        job.assignee_id = changes["assignee"]
        job.assignee_updated = store.now()
    store.touch(job)


def delete_job(service: Service, request: Request, job_id: str) -> Response:
    """`DELETE /api/jobs/{id}`: only ground truth jobs go."""
    with service.store.lock:
        job = service.job(request, job_id)
        if not may_manage_job(service.store, request.person(), job):
            raise forbidden()
        if job.type != "ground_truth":
            raise invalid("Only ground truth jobs can be removed")
        service.store.remove_job(job)
        return Response(204)
