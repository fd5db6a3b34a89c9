"""Exports as the downloads list shows them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.urls import reverse

from jobsportal.accounts.person import Person
from jobsportal.cvat.types import Operation, Request
from jobsportal.exports.reasons import in_plain_words
from jobsportal.jobs.names import PROJECT, TASK, Names, find

DATASET, ANNOTATIONS = "export:dataset", "export:annotations"


@dataclass(frozen=True)
class Item:
    """One export: what it is, how it stands, and what can be done about it."""

    request: Request
    title: str
    is_new: bool = False
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def key(self) -> str:
        """Stands for the request's id where that would be too long or not fit."""
        return key_of(self.request.id)

    @property
    def operation(self) -> Operation:
        return self.request.operation

    @property
    def state(self) -> str:
        """preparing, ready, failed or expired."""
        if self.request.status == "failed":
            return "failed"
        if self.request.status != "finished":
            return "preparing"
        expiry = self.request.expiry_date
        return "expired" if expiry and expiry <= self.now else "ready"

    @property
    def is_queued(self) -> bool:
        return self.request.status == "queued"

    @property
    def is_data(self) -> bool:
        """Whether its file can be had here: backups of tasks and projects can't."""
        return self.operation.type in (DATASET, ANNOTATIONS)

    @property
    def is_of_job(self) -> bool:
        return self.operation.target == "job" and self.operation.job_id is not None

    @property
    def is_handed_out_once(self) -> bool:
        return self.state == "ready" and not self.request.can_be_fetched_again

    @property
    def with_images(self) -> bool:
        return self.operation.type == DATASET

    @property
    def contents(self) -> str:
        if not self.is_data:
            return self.operation.type.partition(":")[2] or self.operation.type
        return "with images" if self.with_images else "annotations only"

    @property
    def percent(self) -> int | None:
        return self.request.percent

    @property
    def reason(self) -> str:
        return in_plain_words(self.request.message, self.operation.format or "")

    @property
    def hints(self) -> dict[str, str]:
        """What is needed to ask for the same again, should the upstream have forgotten it."""
        if not (self.is_of_job and self.is_data and self.operation.format):
            return {}
        job = str(self.operation.job_id)
        return {"job": job, "format": self.operation.format, "save_images": str(self.with_images).lower()}

    @property
    def file_url(self) -> str:
        return f"{reverse('exports:file')}?{urlencode({'id': self.request.id, **self.hints})}"

    @property
    def job_url(self) -> str:
        return reverse("jobs:job", args=[self.operation.job_id]) if self.is_of_job else ""

    @property
    def form_url(self) -> str:
        """The form of the job, filled in as it was."""
        query = {name: value for name, value in self.hints.items() if name != "job"}
        return f"{reverse('exports:export', args=[self.operation.job_id])}?{urlencode(query)}"


def items_for(person: Person, requests: Iterable[Request], new: str = "") -> list[Item]:
    """Upstream: the names, where they are not cached."""
    requests = list(requests)
    names = names_of(person, [request.operation for request in requests])
    return [Item(request, title_of(request.operation, names), is_new=request.id == new) for request in requests]


def names_of(person: Person, operations: list[Operation]) -> Names:
    tasks = {operation.task_id for operation in operations if operation.task_id is not None}
    projects = {operation.project_id for operation in operations if operation.project_id is not None}
    return find(person, tasks, projects)


def title_of(operation: Operation, names: Names) -> str:
    """The name of what is exported, and its number."""
    task, project = names.of(TASK, operation.task_id), names.of(PROJECT, operation.project_id)
    if operation.target == "project":
        return " · ".join(part for part in (project, f"project {operation.project_id}") if part)
    if operation.target == "task":
        return " · ".join(part for part in (task, f"task {operation.task_id}") if part)
    return " · ".join(part for part in (task, f"job {operation.job_id}") if part)


def key_of(id: str) -> str:
    return hashlib.sha256(id.encode()).hexdigest()[:10]
