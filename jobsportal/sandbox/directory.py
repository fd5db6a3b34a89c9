"""`/api/tasks`, `/api/projects` and `/api/labels`: what jobs belong to, and what is drawn in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from .filters import Field, Test, json_logic, keep, ordering, search
from .messages import Request, Response, crash, forbidden, invalid, missing
from .paging import paginate
from .permissions import (
    in_context,
    may_see_job,
    may_see_project,
    may_see_task,
    require_membership,
    sees_all_in_context,
    staff_of_project,
    staff_of_task,
)
from .service import Service, path_id
from .store import Label, Project, Store, Task

T = TypeVar("T")


def _owned_columns(store: Store) -> dict[str, Field[Any]]:
    def username(user_id: int | None) -> str | None:
        return store.users[user_id].username if user_id else None

    return {
        "id": Field(lambda row: row.id, int),
        "name": Field(lambda row: row.name),
        "owner": Field(lambda row: username(row.owner_id)),
        "assignee": Field(lambda row: username(row.assignee_id)),
        "updated_date": Field(lambda row: row.updated, datetime),
        "created_date": Field(lambda row: row.created, datetime),
        "status": Field(lambda row: "annotation"),
    }


def _exact(request: Request, fields: dict[str, Field[T]], *names: str) -> list[Test[T]]:
    """Parameters that name a column outright."""
    tests: list[Test[T]] = []
    for name in names:
        if value := request.param(name):
            read = fields[name].read
            tests.append(lambda row, read=read, value=value: str(read(row)) == value)  # type: ignore[misc]
    return tests


def list_tasks(service: Service, request: Request) -> Response:
    """`GET /api/tasks`: what one owns or is assigned to; working on a job alone doesn't show its task."""
    store, me = service.store, request.person()
    require_membership(store, request)
    fields: dict[str, Field[Task]] = _owned_columns(store) | {
        "project_id": Field(lambda task: task.project_id, int),
        "project_name": Field(lambda task: store.projects[task.project_id].name if task.project_id else None),
        "mode": Field(lambda task: task.mode),
        "subset": Field(lambda task: task.subset),
        "dimension": Field(lambda task: "2d"),
    }
    everything = sees_all_in_context(store, request)
    rows = [task for task in store.tasks.values() if in_context(request, task.organization_id)]
    rows = [task for task in rows if everything or (staff_of_task(store, me, task) and may_see_task(store, me, task))]
    names = [fields[name].read for name in ("project_name", "name", "owner", "assignee", "mode", "subset")]
    exact = _exact(request, fields, "project_id", "project_name", "name", "owner", "assignee", "mode")
    rows = keep(rows, search(request, names), json_logic(request, fields), *exact)
    return paginate(request, ordering(request, rows, fields), service.renderer(request).task)


def find_task(service: Service, request: Request, task_id: str) -> Task:
    task = service.store.tasks.get(path_id(task_id))
    if task is None:
        raise missing(request, "Task")
    if not may_see_task(service.store, request.person(), task):
        raise forbidden()
    return task


def retrieve_task(service: Service, request: Request, task_id: str) -> Response:
    """`GET /api/tasks/{id}`."""
    task = find_task(service, request, task_id)
    return Response(data=service.renderer(request).task(task))


def list_projects(service: Service, request: Request) -> Response:
    """`GET /api/projects`: what one owns or is assigned to."""
    store, me = service.store, request.person()
    require_membership(store, request)
    fields: dict[str, Field[Project]] = _owned_columns(store)
    everything = sees_all_in_context(store, request)
    rows = [project for project in store.projects.values() if in_context(request, project.organization_id)]
    rows = [p for p in rows if everything or (staff_of_project(me, p) and may_see_project(store, me, p))]
    names = [fields[name].read for name in ("name", "owner", "assignee", "status")]
    exact = _exact(request, fields, "name", "owner", "assignee")
    rows = keep(rows, search(request, names), json_logic(request, fields), *exact)
    return paginate(request, ordering(request, rows, fields), service.renderer(request).project)


def find_project(service: Service, request: Request, project_id: str) -> Project:
    project = service.store.projects.get(path_id(project_id))
    if project is None:
        raise missing(request, "Project")
    if not may_see_project(service.store, request.person(), project):
        raise forbidden()
    return project


def retrieve_project(service: Service, request: Request, project_id: str) -> Response:
    """`GET /api/projects/{id}`."""
    project = find_project(service, request, project_id)
    return Response(data=service.renderer(request).project(project))


def list_labels(service: Service, request: Request) -> Response:
    """`GET /api/labels?job_id=|task_id=|project_id=`: only one of them at a time."""
    given = [name for name in ("job_id", "task_id", "project_id") if request.param(name)]
    if len(given) > 1:
        raise invalid("job_id, task_id and project_id parameters cannot be used together")
    require_membership(service.store, request)
    rows = _labels(service, request, given[0] if given else None)
    fields: dict[str, Field[Label]] = {
        "id": Field(lambda label: label.id, int),
        "name": Field(lambda label: label.name),
        "type": Field(lambda label: label.type),
        "color": Field(lambda label: label.color),
    }
    rows = keep(rows, search(request, [fields["name"].read]), json_logic(request, fields))
    # Labels come by ascending id when they belong to something
    rows = ordering(request, rows, fields, default="id" if given else "-id")
    return paginate(request, rows, service.renderer(request).label)


def _labels(service: Service, request: Request, name: str | None) -> list[Label]:
    """What is gone, or not a number, is the upstream's 500."""
    store, me = service.store, request.person()
    if name is None:
        tasks = [task for task in store.tasks.values() if may_see_task(store, me, task)]
        ids = {label.id for task in tasks for label in store.labels_of_task(task)}
        return [label for label in store.labels if label.id in ids]
    try:
        number = int(request.param(name) or "")
        if name == "project_id":
            project = store.projects[number]
            seen = may_see_project(store, me, project)
            labels = [label for label in store.labels if label.project_id == project.id]
        else:
            job = store.jobs[number] if name == "job_id" else None
            task = store.tasks[job.task_id if job else number]
            seen = may_see_job(store, me, job) if job else may_see_task(store, me, task)
            labels = store.labels_of_task(task)
    except (ValueError, KeyError) as error:
        raise crash() from error
    if not seen:
        raise forbidden()
    return labels
