"""People, organizations, tasks, projects, labels, formats: what jobs refer to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from jobsportal.cvat import filters
from jobsportal.cvat.types import About, Formats, Label, Organization, Page, Project, Task, User

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
        filter: filters.Rule | None = None,
        page: int | None = None,
        page_size: int | None = None,
        is_active: bool | None = None,
    ) -> Page[User]:
        """GET /api/users: the people of the client's organization; `search` looks at names."""
        rule = filters.dumps(filter) if filter else None
        return self.client.get(
            "/api/users", Page[User], search=search, filter=rule, page=page, page_size=page_size, is_active=is_active
        )

    def find(self, id: int) -> User | None:
        """The person with this id, if the caller's organization has one.

        GET /api/users/{id} would answer for people outside the organization too, and PATCH of a job with an unknown id
        is a 500: ask this first.
        """
        page = self.list(filter=filters.equals("id", id), page_size=1)
        return next((user for user in page if user.id == id), None)


class Organizations:
    """`/api/organizations`."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def list(self, *, page: int | None = None, page_size: int | None = None) -> Page[Organization]:
        """GET /api/organizations: those that the caller belongs to."""
        return self.client.get("/api/organizations", Page[Organization], page=page, page_size=page_size)


class Tasks:
    """`/api/tasks`."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def retrieve(self, id: int) -> Task:
        """GET /api/tasks/{id}. Raises NotFound, Forbidden."""
        return self.client.get(f"/api/tasks/{int(id)}", Task)

    def list(self, *, search: str | None = None, page: int | None = None, page_size: int | None = None) -> Page[Task]:
        """GET /api/tasks: the tasks that the caller may see, newest first; `search` looks at names, people and more."""
        return self.client.get("/api/tasks", Page[Task], search=search, page=page, page_size=page_size)

    def by_ids(self, ids: Iterable[int]) -> dict[int, Task]:
        """GET /api/tasks?filter=…: many at once. Those that are gone or not for the caller are left out."""
        return {task.id: task for task in listed(self.client, "/api/tasks", Page[Task], ids)}


class Projects:
    """`/api/projects`."""

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
        """GET /api/labels?job_id=: the labels that a job may use. Asking for a job that is gone is a 500 upstream."""
        labels: list[Label] = []
        for number in range(1, 21):
            page = self.client.get("/api/labels", Page[Label], job_id=job_id, page_size=page_size, page=number)
            labels.extend(page)
            if not page.has_next:
                break
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
