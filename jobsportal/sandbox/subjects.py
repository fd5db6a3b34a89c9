"""What an export or an import is about: a job, a task or a project."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from . import directory
from .jobtable import Job
from .messages import Request
from .service import Service
from .store import Project, Store, Task


@dataclass(frozen=True)
class Subject:
    """`target` is the upstream's word for the kind: "job", "task" or "project"."""

    target: str
    thing: Job | Task | Project

    @property
    def id(self) -> int:
        return self.thing.id

    @property
    def organization_id(self) -> int | None:
        return self.thing.organization_id

    @property
    def job_id(self) -> int | None:
        return self.thing.id if isinstance(self.thing, Job) else None

    @property
    def task_id(self) -> int | None:
        return self.thing.task_id if isinstance(self.thing, Job) else self._own_id(Task)

    @property
    def project_id(self) -> int | None:
        return self._own_id(Project) if isinstance(self.thing, Project) else self.thing.project_id

    def _own_id(self, kind: type) -> int | None:
        return self.thing.id if isinstance(self.thing, kind) else None

    @property
    def updated(self) -> datetime:
        return self.thing.updated

    @property
    def path(self) -> str:
        return f"/api/{self.target}s/{self.id}"

    @property
    def file_label(self) -> str:
        """How names of files tell it: a job by its id, the others by name."""
        return str(self.id) if isinstance(self.thing, Job) else self.thing.name.replace("/", "_")

    def holder(self, store: Store) -> Task | Project:
        """What the default places of files are set for: a job has those of its task."""
        return store.task_of(self.thing) if isinstance(self.thing, Job) else self.thing

    def jobs(self, store: Store) -> list[Job]:
        """The jobs with the annotations that belong in an export of it; ground truth only on its own."""
        if isinstance(self.thing, Job):
            return [self.thing]
        key = "task_id" if isinstance(self.thing, Task) else "project_id"
        return [job for job in store.jobs if getattr(job, key) == self.id and job.type == "annotation"]


def find(service: Service, request: Request, target: str, raw_id: str) -> Subject:
    """The thing of that kind and id, if there is one and the person may see it."""
    if target == "job":
        return Subject(target, service.job(request, raw_id))
    if target == "task":
        return Subject(target, directory.find_task(service, request, raw_id))
    return Subject(target, directory.find_project(service, request, raw_id))
