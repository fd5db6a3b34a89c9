"""Exports as the downloads list shows them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.urls import reverse

from jobsportal.accounts.person import Person
from jobsportal.cvat.types import Operation, Request
from jobsportal.exports.asking import places as places_of
from jobsportal.exports.reasons import in_plain_words
from jobsportal.exports.sizes import sizes_of
from jobsportal.jobs.names import PROJECT, TASK, Names, find

DATASET, ANNOTATIONS = "export:dataset", "export:annotations"
# What can be exported here, and how the upstream's operations name its id
TARGETS = ("job", "task", "project")
# Before that much has passed, nothing is said of how long it takes.
SURE_SECONDS = 3


@dataclass(frozen=True)
class Item:
    """One export: what it is, how it stands, and what can be done about it.

    `size` is in bytes, 0 where it is not known; `place` the cloud storage that it was written to, and its name there.
    """

    request: Request
    title: str
    is_new: bool = False
    size: int = 0
    place: tuple[str, str] = ("", "")
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    is_bundle = False
    file_kind = "ZIP"

    @property
    def id(self) -> str:
        return self.request.id

    @property
    def key(self) -> str:
        """Stands for the request's id where that would be too long or not fit."""
        return key_of(self.request.id)

    @property
    def operation(self) -> Operation:
        return self.request.operation

    @property
    def state(self) -> str:
        """preparing, ready, written (to a cloud storage), failed or expired."""
        if self.request.status == "failed":
            return "failed"
        if self.request.status != "finished":
            return "preparing"
        if self.is_data and not self.request.result_url:
            return "written"
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
    def about(self) -> str:
        return " · ".join(part for part in (self.operation.format, self.contents) if part)

    @property
    def percent(self) -> int | None:
        return self.request.percent

    @property
    def progress_words(self) -> str:
        if self.is_queued:
            return "waiting to begin"
        if not self.percent:
            return "being prepared"
        left = time_left(self.request.started_date, self.percent, 100, self.now)
        return ", ".join(part for part in (f"{self.percent} %", left) if part)

    @property
    def asked(self) -> datetime | None:
        return self.request.created_date

    @property
    def made(self) -> datetime | None:
        return self.request.finished_date

    @property
    def expires(self) -> datetime | None:
        return self.request.expiry_date

    @property
    def can_be_cancelled(self) -> bool:
        return self.is_queued

    @property
    def standing(self) -> str:
        """Changes with all that the list shows of it."""
        return f"{self.key} {self.request.status} {self.percent} {self.size}"

    @property
    def reason(self) -> str:
        return in_plain_words(self.request.message, self.operation.format or "")

    @property
    def hints(self) -> dict[str, str]:
        """What is needed to ask for the same again, should the upstream have forgotten it."""
        if self.operation.target_id is None or not (self.is_data and self.operation.format):
            return {}
        images = str(self.with_images).lower()
        return {
            self.operation.target: str(self.operation.target_id),
            "format": self.operation.format,
            "save_images": images,
        }

    @property
    def file_url(self) -> str:
        return f"{reverse('exports:file')}?{urlencode({'id': self.request.id, **self.hints})}"

    @property
    def page_url(self) -> str:
        """The job's page, where it is of one."""
        return reverse("jobs:job", args=[self.operation.job_id]) if self.is_of_job else ""

    @property
    def form_url(self) -> str:
        """Where another format is chosen: the form of the job, filled in as it was, or the purposes."""
        if not self.is_of_job:
            query = {self.operation.target: self.operation.target_id, "part": "all"}
            return f"{reverse('exports:get_for')}?{urlencode(query)}"
        given = {name: value for name, value in self.hints.items() if name != "job"}
        return f"{reverse('exports:export', args=[self.operation.job_id])}?{urlencode(given)}"


def time_left(since: datetime | None, done: int, whole: int, now: datetime) -> str:
    """About how long it still takes, going on as it did; "" while that can't be told."""
    seconds = (now - since).total_seconds() if since else 0.0
    if seconds < SURE_SECONDS or done * 20 < whole:
        return ""
    left = seconds * (whole - done) / done
    if left < 60:
        return "less than a minute left"
    minutes = round(left / 60)
    if minutes < 90:
        return f"about {minutes} minute{'' if minutes == 1 else 's'} left"
    return f"about {round(minutes / 60)} hours left"


def items_for(person: Person, requests: Iterable[Request], new: str = "") -> list[Item]:
    """Upstream: the names, where they are not cached, and a few sizes (see `sizes_of`)."""
    requests = list(requests)
    names = names_of(person, [request.operation for request in requests])
    sizes = sizes_of(person, requests)
    places = places_of(person, [request.id for request in requests])
    return [
        Item(
            request,
            title_of(request.operation, names),
            is_new=request.id == new,
            size=sizes.get(request.id, 0),
            place=places.get(request.id, ("", "")),
        )
        for request in requests
    ]


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
