"""People, organizations, tasks, projects, labels, formats, storages, remarks: what jobs refer to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from jobsportal.cvat import filters
from jobsportal.cvat.datasets import Datasets
from jobsportal.cvat.errors import CVATError, Invalid, NotFound, ServerFault
from jobsportal.cvat.types import (
    About,
    CloudStorage,
    Formats,
    Issue,
    Label,
    Membership,
    Organization,
    Page,
    Project,
    StoredFiles,
    Task,
    User,
    ValidationLayout,
)

if TYPE_CHECKING:
    from jobsportal.cvat.client import Client

# One call resolves this many ids: more would make the address longer than servers accept.
IDS_PER_CALL = 200


class Server:
    """`/api/server`."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def about(self) -> About:
        """GET /api/server/about: name and version; needs no credential."""
        return self.client.get("/api/server/about", About)

    def annotation_formats(self) -> Formats:
        """GET /api/server/annotation/formats: what can be imported and exported, disabled ones included."""
        return self.client.get("/api/server/annotation/formats", Formats)


class Users:
    """`/api/users`."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def self(self) -> User:
        """GET /api/users/self: the person whose credential this is. Raises SignedOut if it is not accepted."""
        return self.client.get("/api/users/self", User)

    def list(
        self,
        *,
        search: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
        is_active: bool | None = None,
        sort: str | None = None,
    ) -> Page[User]:
        """GET /api/users: the people of the client's organization, newest first unless `sort` names a field; `search`
        looks at names."""
        return self.client.get(
            "/api/users", Page[User], search=search, page=page, page_size=page_size, is_active=is_active, sort=sort
        )

    def by_ids(self, ids: Iterable[int]) -> dict[int, User]:
        """GET /api/users?filter=…: many at once. Those who are not in the client's organization are left out."""
        return {user.id: user for user in listed(self.client, "/api/users", Page[User], ids)}

    def find(self, id: int) -> User | None:
        """The person with this id, if the caller's organization has one.

        GET /api/users/{id} would answer for people outside the organization too, and PATCH of a job with an unknown id
        is a 500: ask this first.
        """
        rule = filters.dumps(filters.equals("id", int(id)))
        page = self.client.get("/api/users", Page[User], filter=rule, page_size=1)
        return next((user for user in page if user.id == id), None)

    def retrieve(self, id: int) -> User:
        """GET /api/users/{id}: anybody on the server. Raises NotFound, Forbidden."""
        return self.client.get(f"/api/users/{int(id)}", User)

    def refuse_unknown(self, id: Any) -> None:
        """Raises Invalid if this is no user's id: what names one is answered with a 500 upstream, unexplained."""
        if not isinstance(id, int) or isinstance(id, bool):
            return
        try:
            self.retrieve(id)
        except NotFound:
            raise Invalid(fields={"assignee": ["There is no such user."]}) from None
        except CVATError:
            return  # whether there is one could not be found out


class Memberships:
    """`/api/memberships`."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def list(
        self,
        *,
        org: str | None = None,
        role: str | None = None,
        user: str | None = None,
        search: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
    ) -> Page[Membership]:
        """GET /api/memberships: who belongs to the client's organization (or to `org`) and as what. `user` is a user
        name."""
        return self.client.get(
            "/api/memberships",
            Page[Membership],
            org=org,
            role=role,
            user=user,
            search=search,
            page=page,
            page_size=page_size,
        )


class CloudStorages:
    """`/api/cloudstorages`."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def list(
        self, *, search: str | None = None, page: int | None = None, page_size: int | None = None
    ) -> Page[CloudStorage]:
        """GET /api/cloudstorages: those that the caller may use."""
        return self.client.get("/api/cloudstorages", Page[CloudStorage], search=search, page=page, page_size=page_size)

    def retrieve(self, id: int) -> CloudStorage:
        """GET /api/cloudstorages/{id}. Raises NotFound, Forbidden."""
        return self.client.get(f"/api/cloudstorages/{int(id)}", CloudStorage)

    def content(
        self, id: int, *, prefix: str | None = None, next_token: str | None = None, page_size: int | None = None
    ) -> StoredFiles:
        """GET /api/cloudstorages/{id}/content-v2: what lies under a prefix. Raises NotFound, Forbidden."""
        path = f"/api/cloudstorages/{int(id)}/content-v2"
        return self.client.get(path, StoredFiles, prefix=prefix, next_token=next_token, page_size=page_size)


class Issues:
    """`/api/issues`, and the comments in them."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def list(
        self, *, job_id: int, resolved: bool | None = None, page: int | None = None, page_size: int | None = None
    ) -> Page[Issue]:
        """GET /api/issues?job_id=: the remarks on a job."""
        return self.client.get(
            "/api/issues", Page[Issue], job_id=job_id, resolved=resolved, page=page, page_size=page_size
        )

    def count(self, *, job_id: int, resolved: bool | None = None) -> int:
        """How many remarks a job has; one row is asked for."""
        return self.client.get("/api/issues", Page[Any], job_id=job_id, resolved=resolved, page_size=1).count

    def count_comments(self, *, job_id: int) -> int:
        """GET /api/comments?job_id=: how many comments the remarks on a job hold; one row is asked for."""
        return self.client.get("/api/comments", Page[Any], job_id=job_id, page_size=1).count


class Organizations:
    """`/api/organizations`."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def list(self, *, page: int | None = None, page_size: int | None = None) -> Page[Organization]:
        """GET /api/organizations: those that the caller belongs to."""
        return self.client.get("/api/organizations", Page[Organization], page=page, page_size=page_size)


class Tasks(Datasets):
    """`/api/tasks`. Its exports (`export`, `create_dataset_export`) hold the jobs of a task together."""

    kind = "tasks"

    def __init__(self, client: Client) -> None:
        self.client = client

    def retrieve(self, id: int) -> Task:
        """GET /api/tasks/{id}. Raises NotFound, Forbidden."""
        return self.client.get(f"/api/tasks/{int(id)}", Task)

    def list(self, *, search: str | None = None, page: int | None = None, page_size: int | None = None) -> Page[Task]:
        """GET /api/tasks: the tasks that the caller may see, newest first; `search` looks at names, people and more."""
        return self.client.get("/api/tasks", Page[Task], search=search, page=page, page_size=page_size)

    def validation_layout(self, id: int) -> ValidationLayout:
        """GET /api/tasks/{id}/validation_layout: which frames validate a task. Raises NotFound for a task that isn't
        there and on servers before 2.42."""
        return self.client.get(f"/api/tasks/{int(id)}/validation_layout", ValidationLayout)

    def by_ids(self, ids: Iterable[int]) -> dict[int, Task]:
        """GET /api/tasks?filter=…: many at once. Those that are gone or not for the caller are left out."""
        return {task.id: task for task in listed(self.client, "/api/tasks", Page[Task], ids)}


class Projects(Datasets):
    """`/api/projects`. Its exports (`export`, `create_dataset_export`) hold the tasks of a project together."""

    kind = "projects"

    def __init__(self, client: Client) -> None:
        self.client = client

    def list(
        self, *, search: str | None = None, page: int | None = None, page_size: int | None = None
    ) -> Page[Project]:
        """GET /api/projects: those that the caller may see, newest first; `search` looks at names, people and more."""
        return self.client.get("/api/projects", Page[Project], search=search, page=page, page_size=page_size)

    def by_ids(self, ids: Iterable[int]) -> dict[int, Project]:
        """GET /api/projects?filter=…: many at once. Those that are gone or not for the caller are left out."""
        return {project.id: project for project in listed(self.client, "/api/projects", Page[Project], ids)}


class Labels:
    """`/api/labels`."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def list(self, *, job_id: int, page_size: int = 500) -> list[Label]:
        """GET /api/labels?job_id=: the labels that a job may use. Raises NotFound, Forbidden: asked about a job that is
        gone, the upstream fails with a 500; then the job itself is asked for, to tell."""
        labels: list[Label] = []
        try:
            for number in range(1, 21):
                page = self.client.get("/api/labels", Page[Label], job_id=job_id, page_size=page_size, page=number)
                labels.extend(page)
                if not page.has_next:
                    break
        except ServerFault:
            self.client.jobs.retrieve(job_id)
            raise
        return labels


def listed(client: Client, path: str, kind: Any, ids: Iterable[int]) -> list[Any]:
    """The things with these ids, in as few calls as the length of an address allows (one, up to 200 ids)."""
    wanted = sorted(set(ids))
    found: list[Any] = []
    for start in range(0, len(wanted), IDS_PER_CALL):
        some = wanted[start : start + IDS_PER_CALL]
        rule = filters.dumps(filters.one_of_values("id", some))
        found.extend(client.get(path, kind, filter=rule, page_size=len(some)))
    return found
