"""The state of the sandbox: people, organizations, tasks, jobs, annotations and requests, all in memory.

Tests may look into it. Everything that changes does so under `Store.lock`.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from .jobtable import Job, JobTable

if TYPE_CHECKING:
    from .background import BackgroundRequest

PASSWORD = "annotate"


@dataclass
class User:
    id: int
    username: str
    first_name: str
    last_name: str
    groups: list[str]
    date_joined: datetime
    is_superuser: bool = False
    is_active: bool = True
    last_login: datetime | None = None
    password: str = PASSWORD

    @property
    def email(self) -> str:
        return f"{self.username}@example.com"


@dataclass
class Organization:
    id: int
    slug: str
    name: str
    description: str
    owner_id: int
    created: datetime
    uuid: str


@dataclass
class Membership:
    id: int
    user_id: int
    organization_id: int
    role: str
    joined: datetime


@dataclass
class Attribute:
    id: int
    name: str
    input_type: str
    values: list[str]
    default: str
    mutable: bool


@dataclass
class Label:
    id: int
    name: str
    color: str
    type: str
    attributes: list[Attribute] = field(default_factory=list)
    sublabels: list[Label] = field(default_factory=list)
    project_id: int | None = None
    task_id: int | None = None
    parent_id: int | None = None
    svg: str = ""


@dataclass
class Project:
    id: int
    name: str
    owner_id: int | None
    assignee_id: int | None
    organization_id: int | None
    created: datetime
    updated: datetime
    # Cloud storages that exports go to and imports come from unless told otherwise
    target_storage_id: int | None = None
    source_storage_id: int | None = None


@dataclass
class Task:
    id: int
    name: str
    project_id: int | None
    mode: str
    owner_id: int | None
    assignee_id: int | None
    organization_id: int | None
    created: datetime
    updated: datetime
    segment_size: int
    size: int
    prefix: str
    scene: str
    subset: str = ""
    width: int = 640
    height: int = 480
    target_storage_id: int | None = None
    source_storage_id: int | None = None
    first_number: int = 1  # in the name of the first picture
    related_files: int = 0  # context images of each frame

    def frame_name(self, frame: int) -> str:
        if self.mode == "interpolation":
            return f"frame_{frame:06}"
        return f"{self.prefix}_{frame + self.first_number:04}.jpg"


@dataclass
class Comment:
    id: int
    owner_id: int
    message: str
    created: datetime
    updated: datetime | None = None


@dataclass
class Issue:
    id: int
    job_id: int
    frame: int
    position: list[float]
    owner_id: int
    assignee_id: int | None
    created: datetime
    resolved: bool
    comments: list[Comment]
    updated: datetime | None = None


@dataclass
class AccessToken:
    """A personal access token."""

    user_id: int
    read_only: bool = False


@dataclass
class CloudStorage:
    """A bucket that an export can go to and an import can come from. `files` is what it holds, by key."""

    id: int
    name: str
    owner_id: int
    organization_id: int | None
    created: datetime
    resource: str
    provider_type: str = "AWS_S3_BUCKET"
    description: str = ""
    files: dict[str, bytes] = field(default_factory=dict)


Annotations = dict[str, Any]


def empty_annotations() -> Annotations:
    return {"version": 0, "tags": [], "shapes": [], "tracks": []}


class Store:
    """All state. `annotations_of` draws up a demo job's annotations the first time somebody asks."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.users: dict[int, User] = {}
        self.organizations: dict[int, Organization] = {}
        self.memberships: list[Membership] = []
        self.projects: dict[int, Project] = {}
        self.tasks: dict[int, Task] = {}
        self.labels: list[Label] = []
        self.issues: list[Issue] = []
        self.cloud_storages: dict[int, CloudStorage] = {}
        self.jobs = JobTable()
        self.annotations: dict[int, Annotations] = {}
        self.requests: dict[str, BackgroundRequest] = {}
        self.tokens: dict[str, int] = {}
        self.sessions: dict[str, int] = {}
        self.access_tokens: dict[str, AccessToken] = {}
        self.secret = secrets.token_bytes(32)  # of signatures
        self.deleted_frames: dict[int, list[int]] = {}
        self.disabled_frames: dict[int, list[int]] = {}  # of a task's ground truth
        self.make_annotations: Callable[[Job], Annotations] = lambda job: empty_annotations()
        self._last = datetime.now(UTC)
        self._next_id = 1_000_000

    def now(self) -> datetime:
        """The present, with microseconds, and never the same twice: `updated_date` must tell two changes apart."""
        with self.lock:
            stamp = datetime.now(UTC)
            if stamp <= self._last:
                stamp = self._last + timedelta(microseconds=1)
            if not stamp.microsecond:  # a whole second would lose its fraction when written out
                stamp += timedelta(microseconds=1)
            self._last = stamp
            return stamp

    def new_id(self) -> int:
        with self.lock:
            self._next_id += 1
            return self._next_id

    def user_named(self, username: str) -> User | None:
        return next((user for user in self.users.values() if user.username == username), None)

    def organization_named(self, slug: str) -> Organization | None:
        return next((org for org in self.organizations.values() if org.slug == slug), None)

    def role(self, user: User, organization_id: int | None) -> str | None:
        for item in self.memberships:
            if item.user_id == user.id and item.organization_id == organization_id:
                return item.role
        return None

    def token(self, user: User) -> str:
        """The one token a person has; signing in again gives the same one."""
        with self.lock:
            for key, user_id in self.tokens.items():
                if user_id == user.id:
                    return key
            key = secrets.token_hex(20)
            self.tokens[key] = user.id
            return key

    def sign_out_everywhere(self, user: User) -> None:
        with self.lock:
            self.tokens = {key: owner for key, owner in self.tokens.items() if owner != user.id}
            self.sessions = {key: owner for key, owner in self.sessions.items() if owner != user.id}
            kept = {key: token for key, token in self.access_tokens.items() if token.user_id != user.id}
            self.access_tokens = kept

    def labels_of_task(self, task: Task) -> list[Label]:
        if task.project_id is not None:
            return [label for label in self.labels if label.project_id == task.project_id]
        return [label for label in self.labels if label.task_id == task.id]

    def task_of(self, job: Job) -> Task:
        return self.tasks[job.task_id]

    def ground_truth_of(self, task_id: int) -> Job | None:
        """The one job of a task that says what is right."""
        return next((job for job in self.jobs.added() if job.task_id == task_id and job.type == "ground_truth"), None)

    def remove_job(self, job: Job) -> None:
        """With what was drawn and said in it."""
        with self.lock:
            self.jobs.remove(job.id)
            self.annotations.pop(job.id, None)
            self.deleted_frames.pop(job.id, None)
            self.disabled_frames.pop(job.task_id, None)
            self.issues = [issue for issue in self.issues if issue.job_id != job.id]

    def annotations_of(self, job: Job) -> Annotations:
        with self.lock:
            if job.id not in self.annotations:
                self.annotations[job.id] = self.make_annotations(job)
            return self.annotations[job.id]

    def touch(self, job: Job) -> None:
        """A job has changed: its date moves."""
        with self.lock:
            job.updated = self.now()

    def touch_annotations(self, job: Job) -> None:
        """Annotations changed: the job's date moves, and the task's."""
        with self.lock:
            self.touch(job)
            self.task_of(job).updated = job.updated
