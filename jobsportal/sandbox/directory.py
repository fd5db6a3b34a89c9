"""Lists around the jobs: server, users, organizations, memberships, tasks, projects, labels, issues, comments."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from .filters import Field, Test, json_logic, ordering, search
from .formats import listing
from .jobtable import Job
from .messages import Request, Response, crash, detail, forbidden, invalid, missing
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
from .rendering import Renderer
from .service import Service
from .store import Label, Membership, Organization, Project, Store, Task, User

T = TypeVar("T")


def _keep(rows: list[T], *tests: Test[T] | None) -> list[T]:
    for test in tests:
        if test is not None:
            rows = [row for row in rows if test(row)]
    return rows


def about(service: Service, request: Request) -> Response:
    """`GET /api/server/about`: open to everybody."""
    return Response(
        data={
            "name": "Computer Vision Annotation Tool",
            "description": "Answers like the annotation server, from memory, for demonstration and tests.",
            "version": f"{service.version}.0",
            "logo_url": f"{request.base()}/static/logo.svg",
            "subtitle": "Open Data Annotation Platform",
        }
    )


def health(service: Service, request: Request) -> Response:
    """`GET /api/server/health/`: answers plain JSON, whatever is asked for."""
    parts = ("Cache backend: default", "Cache backend: media", "DatabaseBackend", "DiskUsage", "MemoryUsage")
    words = ", ".join(f'"{part}": "working"' for part in parts)
    return Response(body=("{" + words + "}").encode(), content_type="application/json")


def formats(service: Service, request: Request) -> Response:
    """`GET /api/server/annotation/formats`: only what the sandbox really reads and writes."""
    return Response(data=listing(service.is_old))


def plugins(service: Service, request: Request) -> Response:
    """`GET /api/server/plugins`: what else the server can do; nothing here."""
    return Response(data={"GIT_INTEGRATION": False, "ANALYTICS": False, "MODELS": False, "PREDICT": False})


def root(service: Service, request: Request) -> Response:
    """`GET /`: there is no user interface here."""
    return Response(410, body=b"", content_type="text/html; charset=utf-8")


def user_interface(service: Service, request: Request) -> Response:
    """`GET /tasks/{id}/jobs/{id}`: where CVAT's own user interface would open the job."""
    words = "This is a stand-in server without pages of its own. A real CVAT would open the job for annotation here."
    html = f'<!doctype html><html lang="en"><title>Stand-in CVAT</title><h1>Stand-in CVAT</h1><p>{words}</p></html>'
    return Response(body=html.encode(), content_type="text/html; charset=utf-8")


def self_user(service: Service, request: Request) -> Response:
    """`GET /api/users/self`."""
    return Response(data=Renderer(service.store, request.base()).full_user(request.person()))


def list_users(service: Service, request: Request) -> Response:
    """`GET /api/users`: colleagues of the organization, or oneself; a superuser sees everybody, in full."""
    store, me = service.store, request.person()
    require_membership(store, request)
    people: list[User] = list(store.users.values())
    if request.organization:
        members = {item.user_id for item in store.memberships if item.organization_id == request.organization.id}
        people = [user for user in people if user.id in members]
    elif not me.is_superuser:
        people = [me]
    fields: dict[str, Field[User]] = {
        "id": Field(lambda user: user.id, int),
        "username": Field(lambda user: user.username),
        "first_name": Field(lambda user: user.first_name),
        "last_name": Field(lambda user: user.last_name),
        "is_active": Field(lambda user: user.is_active, bool),
    }
    names = [fields[name].read for name in ("username", "first_name", "last_name")]
    people = _keep(people, search(request, names), json_logic(request, fields), *_user_tests(request))
    renderer = Renderer(store, request.base())

    def render(user: User) -> dict[str, Any]:
        return renderer.full_user(user) if me.is_superuser or user is me else renderer.brief_user(user)

    return paginate(request, ordering(request, people, fields), render)


def _user_tests(request: Request) -> list[Test[User]]:
    tests: list[Test[User]] = []
    active = {"true": True, "false": False}.get((request.param("is_active") or "").lower())
    if active is not None:
        tests.append(lambda user: user.is_active is active)
    for name in ("username", "first_name", "last_name"):
        if value := request.param(name):
            tests.append(lambda user, name=name, value=value: getattr(user, name) == value)  # type: ignore[misc]
    return tests


def retrieve_user(service: Service, request: Request, user_id: str) -> Response:
    """`GET /api/users/{id}`: oneself, or anybody for a superuser."""
    me = request.person()
    user = service.store.users.get(_number(user_id))
    if user is None:
        raise missing("User")
    if not me.is_superuser and user is not me:
        raise forbidden()
    return Response(data=Renderer(service.store, request.base()).full_user(user))


def _number(raw: str) -> int:
    try:
        return int(raw)
    except ValueError as error:
        raise detail(404, "Not found.") from error


def list_organizations(service: Service, request: Request) -> Response:
    """`GET /api/organizations`: those one belongs to; a superuser sees all."""
    store, me = service.store, request.person()
    fields: dict[str, Field[Organization]] = {
        "id": Field(lambda org: org.id, int),
        "name": Field(lambda org: org.name),
        "slug": Field(lambda org: org.slug),
        "owner": Field(lambda org: store.users[org.owner_id].username),
    }
    rows = [org for org in store.organizations.values() if me.is_superuser or store.role(me, org.id)]
    rows = _keep(rows, search(request, [fields["name"].read, fields["owner"].read]), json_logic(request, fields))
    return paginate(request, ordering(request, rows, fields), Renderer(store, request.base()).organization)


def retrieve_organization(service: Service, request: Request, org_id: str) -> Response:
    """`GET /api/organizations/{id}`."""
    store, me = service.store, request.person()
    organization = store.organizations.get(_number(org_id))
    if organization is None:
        raise missing("Organization")
    if not me.is_superuser and store.role(me, organization.id) is None:
        raise forbidden()
    return Response(data=Renderer(store, request.base()).organization(organization))


def list_memberships(service: Service, request: Request) -> Response:
    """`GET /api/memberships`: of the organization in context, else one's own (all for a superuser)."""
    store, me = service.store, request.person()
    require_membership(store, request)
    fields: dict[str, Field[Membership]] = {
        "id": Field(lambda item: item.id, int),
        "user": Field(lambda item: store.users[item.user_id].username),
        "role": Field(lambda item: item.role),
    }
    rows = [item for item in store.memberships if in_context(request, item.organization_id)]
    if request.organization is None and not me.is_superuser:
        rows = [item for item in rows if item.user_id == me.id]
    role, username = request.param("role"), request.param("user")
    rows = [item for item in rows if not role or item.role == role]
    rows = [item for item in rows if not username or store.users[item.user_id].username == username]
    rows = _keep(rows, search(request, [fields["user"].read, fields["role"].read]), json_logic(request, fields))
    return paginate(request, ordering(request, rows, fields), Renderer(store, request.base()).membership)


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
    rows = _keep(rows, search(request, names), json_logic(request, fields), *exact)
    return paginate(request, ordering(request, rows, fields), Renderer(store, request.base()).task)


def find_task(service: Service, request: Request, task_id: str) -> Task:
    task = service.store.tasks.get(_number(task_id))
    if task is None:
        raise missing("Task")
    if not may_see_task(service.store, request.person(), task):
        raise forbidden()
    return task


def retrieve_task(service: Service, request: Request, task_id: str) -> Response:
    """`GET /api/tasks/{id}`."""
    task = find_task(service, request, task_id)
    return Response(data=Renderer(service.store, request.base()).task(task))


def task_validation_layout(service: Service, request: Request, task_id: str) -> Response:
    """`GET /api/tasks/{id}/validation_layout`: the frames of the ground truth job."""
    task = find_task(service, request, task_id)
    truth = [job for job in service.store.jobs if job.task_id == task.id and job.type == "ground_truth"]
    if not truth:
        return Response(data={})
    frames = truth[0].included_frames
    return Response(
        data={"mode": "gt", "frames_per_job_count": None, "validation_frames": frames, "disabled_frames": []}
    )


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
    rows = _keep(rows, search(request, names), json_logic(request, fields), *exact)
    return paginate(request, ordering(request, rows, fields), Renderer(store, request.base()).project)


def find_project(service: Service, request: Request, project_id: str) -> Project:
    project = service.store.projects.get(_number(project_id))
    if project is None:
        raise missing("Project")
    if not may_see_project(service.store, request.person(), project):
        raise forbidden()
    return project


def retrieve_project(service: Service, request: Request, project_id: str) -> Response:
    """`GET /api/projects/{id}`."""
    project = find_project(service, request, project_id)
    return Response(data=Renderer(service.store, request.base()).project(project))


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
    rows = _keep(rows, search(request, [fields["name"].read]), json_logic(request, fields))
    # Labels come by ascending id when they belong to something
    rows = ordering(request, rows, fields, default="id" if given else "-id")
    return paginate(request, rows, Renderer(service.store, request.base()).label)


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


def list_issues(service: Service, request: Request) -> Response:
    """`GET /api/issues?job_id=`: the review remarks of the jobs one may see."""
    store, renderer = service.store, Renderer(service.store, request.base())
    rows = [issue for issue in store.issues if _visible(service, request, store.jobs.get(issue.job_id))]
    return paginate(request, rows[::-1], renderer.issue)


def list_comments(service: Service, request: Request) -> Response:
    """`GET /api/comments?job_id=|issue_id=`."""
    store, renderer = service.store, Renderer(service.store, request.base())
    wanted = request.param("issue_id")
    issues = [issue for issue in store.issues if _visible(service, request, store.jobs.get(issue.job_id))]
    pairs = [(i, comment) for i in issues for comment in i.comments if wanted in (None, str(i.id))]
    return paginate(request, pairs[::-1], lambda pair: renderer.comment(*pair))


def _visible(service: Service, request: Request, job: Job | None) -> bool:
    asked = request.param("job_id")
    return (
        job is not None
        and asked in (None, str(job.id))
        and in_context(request, job.organization_id)
        and may_see_job(service.store, request.person(), job)
    )
