"""Who may see and change what: the upstream's plain rules, without any fork's additions.

A superuser may do everything; an organization's owner and maintainers everything inside it; everybody else what
they own, are assigned to, or work on.
"""

from __future__ import annotations

from collections.abc import Callable

from .jobtable import Job
from .messages import Request, detail, forbidden, invalid
from .store import CloudStorage, Issue, Project, Store, Task, User

LEADERS = ("owner", "maintainer")


def resolve_organization(store: Store, request: Request) -> None:
    """Header `X-Organization`, `?org=` or `?org_id=`: sets the request's organization, or refuses."""
    header, slug, org_id = request.headers.get("x-organization"), request.param("org"), request.param("org_id")
    if org_id is not None and (slug is not None or header is not None):
        others = '"org" query parameter, "X-Organization" HTTP header, or "organization_uuid" parameter'
        if request.is_old:
            others = '"org" query parameter or "X-Organization" HTTP header'
        raise invalid(f'You cannot specify "org_id" query parameter with {others} at the same time.')
    if slug is not None and header is not None and slug != header:
        raise invalid(
            'You cannot specify "org" query parameter and "X-Organization" HTTP header with different values.'
        )
    if org_id is not None:
        _by_id(store, request, org_id)
    else:
        _by_slug(store, request, slug if slug is not None else header)


def _by_id(store: Store, request: Request, raw: str) -> None:
    organization = store.organizations.get(int(raw))  # text is a ValueError: the upstream's 500
    if organization is None:
        raise detail(404, f"{raw} organization does not exist.")
    request.organization = organization


def _by_slug(store: Store, request: Request, slug: str | None) -> None:
    if slug == "":
        request.personal = True
    elif slug is not None:
        request.organization = store.organization_named(slug)
        if request.organization is None:
            raise detail(404, f"{slug} organization does not exist.")


def require_membership(store: Store, request: Request) -> None:
    """Lists in the context of an organization are for its members."""
    user = request.person()
    if request.organization and not user.is_superuser and store.role(user, request.organization.id) is None:
        raise forbidden()


def leads(store: Store, user: User, organization_id: int | None) -> bool:
    return organization_id is not None and store.role(user, organization_id) in LEADERS


def _belongs(store: Store, user: User, organization_id: int | None) -> bool:
    return organization_id is None or store.role(user, organization_id) is not None


def staff_of_project(user: User, project: Project | None) -> bool:
    return project is not None and user.id in (project.owner_id, project.assignee_id)


def staff_of_task(store: Store, user: User, task: Task) -> bool:
    """Owner or assignee of the task, or of the project it belongs to."""
    project = store.projects.get(task.project_id) if task.project_id else None
    return user.id in (task.owner_id, task.assignee_id) or staff_of_project(user, project)


def may_see_job(store: Store, user: User, job: Job) -> bool:
    if user.is_superuser or leads(store, user, job.organization_id):
        return True
    related = job.assignee_id == user.id or staff_of_task(store, user, store.tasks[job.task_id])
    return related and _belongs(store, user, job.organization_id)


def may_see_task(store: Store, user: User, task: Task) -> bool:
    """Working on a job of the task is not enough: people who only annotate see no tasks."""
    if user.is_superuser or leads(store, user, task.organization_id):
        return True
    return staff_of_task(store, user, task) and _belongs(store, user, task.organization_id)


def may_see_project(store: Store, user: User, project: Project) -> bool:
    if user.is_superuser or leads(store, user, project.organization_id):
        return True
    return staff_of_project(user, project) and _belongs(store, user, project.organization_id)


def may_manage_job(store: Store, user: User, job: Job) -> bool:
    """May change the assignee and the stage."""
    return may_manage_task(store, user, store.tasks[job.task_id])


def may_work_on_job(store: Store, user: User, job: Job) -> bool:
    """May change the state and the annotations."""
    own = job.assignee_id == user.id and _belongs(store, user, job.organization_id)
    return own or may_manage_job(store, user, job)


def may_see_cloud_storage(store: Store, user: User, storage: CloudStorage) -> bool:
    """Its owner, and all of its organization but those who only annotate."""
    if user.is_superuser:
        return True
    role = store.role(user, storage.organization_id)
    mine = storage.owner_id == user.id and (storage.organization_id is None or role is not None)
    return mine or role in (*LEADERS, "supervisor")


def may_see_issue(store: Store, user: User, issue: Issue) -> bool:
    """Whoever wrote it or is to see to it, and whoever sees the job."""
    return user.id in (issue.owner_id, issue.assignee_id) or may_see_job(store, user, store.jobs[issue.job_id])


def may_change_issue(store: Store, user: User, issue: Issue) -> bool:
    """Its owner and assignee, and whoever works on the job."""
    return user.id in (issue.owner_id, issue.assignee_id) or may_work_on_job(store, user, store.jobs[issue.job_id])


def may_delete_issue(store: Store, user: User, issue: Issue) -> bool:
    """Its owner, and whoever may give the job to others."""
    return user.id == issue.owner_id or may_manage_job(store, user, store.jobs[issue.job_id])


def may_manage_task(store: Store, user: User, task: Task) -> bool:
    """May make ground truth for it, and say which of its frames count."""
    if user.is_superuser or leads(store, user, task.organization_id):
        return True
    return staff_of_task(store, user, task) and _belongs(store, user, task.organization_id)


def listed_jobs(store: Store, request: Request) -> Callable[[Job], bool] | None:
    """The test a job must pass to be in a person's list, or None when all do."""
    user, organization = request.person(), request.organization
    if request.personal:
        inside: Callable[[Job], bool] | None = lambda job: job.organization_id is None  # noqa: E731
    elif organization:
        inside = lambda job: job.organization_id == organization.id  # noqa: E731
    else:
        inside = None
    if sees_all_in_context(store, request):
        return inside
    tasks = {task.id for task in store.tasks.values() if staff_of_task(store, user, task)}
    member = {item.organization_id for item in store.memberships if item.user_id == user.id} | {None}

    def related(job: Job) -> bool:
        mine = job.assignee_id == user.id or job.task_id in tasks
        return mine and job.organization_id in member and (inside is None or inside(job))

    return related


def in_context(request: Request, organization_id: int | None) -> bool:
    """Whether a thing of that organization belongs into a list asked for in the request's context."""
    if request.personal:
        return organization_id is None
    return request.organization is None or organization_id == request.organization.id


def sees_all_in_context(store: Store, request: Request) -> bool:
    """Superusers always, leaders only when they name their organization; others see what they are related to."""
    user, organization = request.person(), request.organization
    return user.is_superuser or (organization is not None and leads(store, user, organization.id))
