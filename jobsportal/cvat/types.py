"""What the upstream's JSON means: typed, immutable, unknown fields ignored.

Vocabularies that newer servers may widen (stage, state, type, status) are plain strings. Times are aware datetimes.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from msgspec import DecodeError, Meta, Struct, field
from msgspec.json import decode

T = TypeVar("T")
Moment = Annotated[datetime, Meta(tz=True)]
Id = Annotated[int, Meta(ge=0, lt=10**18)]
Frame = Annotated[int, Meta(gt=-(10**18), lt=10**18)]  # of frames and pixels: whoever counts with it need not fear it

STAGES = ("annotation", "validation", "acceptance")
STATES = ("new", "in progress", "completed", "rejected")
JOB_TYPES = ("annotation", "ground_truth", "consensus_replica")
DIMENSIONS = ("2d", "3d")


class Record(Struct, frozen=True, kw_only=True):
    """The base of everything that is decoded from the upstream."""


class Page(Record, Generic[T], frozen=True):
    """One page of a list. `next` only says that there are more: as an address it is built from whatever host name the
    upstream was called by, and loses the organization. Ask for the next page by its number instead."""

    count: int
    results: list[T]
    next: str | None = None

    @property
    def has_next(self) -> bool:
        return self.next is not None

    def __iter__(self) -> Iterator[T]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)


class BasicUser(Record, frozen=True):
    """A person as other objects mention them."""

    id: Id
    username: str
    first_name: str = ""
    last_name: str = ""

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.username


class User(BasicUser, frozen=True):
    """A person: `users.self`, `users.list`."""

    email: str = ""
    groups: list[str] = []
    is_active: bool = True
    is_superuser: bool = False


class Organization(Record, frozen=True):
    """An organization that the caller belongs to."""

    id: Id
    slug: str
    name: str = ""


class Membership(Record, frozen=True):
    """A person's place in an organization. `role` is owner, maintainer, supervisor or worker."""

    id: Id
    user: BasicUser
    role: str = "worker"
    organization: Id | None = None
    is_active: bool = True
    joined_date: Moment | None = None


class CloudStorage(Record, frozen=True):
    """A place outside that the upstream reads files from and writes them to."""

    id: Id
    display_name: str
    provider_type: str = ""
    resource: str = ""
    description: str = ""
    organization: Id | None = None


class StoredFile(Record, frozen=True):
    """What lies in a cloud storage: `type` is REG for a file, DIR for a folder."""

    name: str
    type: str = "REG"
    mime_type: str = ""


class StoredFiles(Record, frozen=True):
    """A part of a cloud storage's content; `next` asks for the part after it."""

    content: list[StoredFile] = []
    next: str | None = None


class Issue(Record, frozen=True):
    """A remark on a frame of a job, with `position` as points in pixels; a conversation of comments hangs on it."""

    id: Id
    job: Id
    frame: Id
    position: list[float] = []
    resolved: bool = False
    owner: BasicUser | None = None


class FrameMeta(Record, frozen=True):
    """A frame: its file's name and its size in pixels. `related_files` counts its context images."""

    name: str
    width: Frame
    height: Frame
    related_files: Frame = 0


class DataMeta(Record, frozen=True, kw_only=True):
    """What is known of a job's media.

    `frames` has one entry per frame of the job, of a video one for all. `start_frame` and `stop_frame` count through
    the task's data, before `frame_filter` (such as "step=5"). `included_frames` lists those a ground truth job is
    about; the others are placeholders. `chunk_size` is in frames.
    """

    size: Frame = 0
    start_frame: Frame = 0
    stop_frame: Frame = 0
    frames: list[FrameMeta] | None
    deleted_frames: list[Frame] = []
    included_frames: list[Frame] | None = None
    chunk_size: Frame | None = None
    chunks_updated_date: Moment | None = None
    image_quality: int = 0
    frame_filter: str = ""

    @property
    def step(self) -> int:
        """How many frames of the source one frame of the task stands for."""
        told = re.search(r"step\s*=\s*(\d{1,6})", self.frame_filter or "")
        return max(1, int(told[1])) if told else 1


class ValidationLayout(Record, frozen=True):
    """How a task or a job is validated: `mode` is None, "gt" or "gt_pool"; honeypots exist in the latter."""

    mode: str | None = None
    validation_frames: list[int] = []
    disabled_frames: list[int] = []
    frames_per_job_count: int | None = None
    honeypot_count: int = 0
    honeypot_frames: list[int] = []


class Count(Record, frozen=True):
    """A linked collection, of which only the number is told."""

    count: int = 0


class Job(Record, frozen=True):
    """A job: a segment of a task's frames (`start_frame` to `stop_frame`, both included) with somebody to work on it.

    It carries the ids of its task and project, not their names. `updated_date` has microseconds, and is the upstream's
    only means of telling whether somebody else has changed the job.
    """

    id: Id
    task_id: Id
    project_id: Id | None = None
    assignee: BasicUser | None = None
    dimension: str = "2d"
    mode: str = ""
    stage: str = "annotation"
    state: str = "new"
    type: str = "annotation"
    frame_count: Frame = 0
    start_frame: Frame = 0
    stop_frame: Frame = 0
    created_date: Moment | None = None
    updated_date: Moment | None = None
    organization: Id | None = None
    issues: Count = Count()
    bug_tracker: str | None = None


class JobsSummary(Record, frozen=True):
    """How many jobs a task has: in all, those whose annotation is over, and those that are being validated."""

    count: int = 0
    completed: int | None = 0
    validation: int | None = 0


class Task(Record, frozen=True):
    """A task: named media, cut into jobs."""

    id: Id
    name: str
    organization: Id | None = None
    project_id: Id | None = None
    mode: str = ""
    size: Frame = 0
    dimension: str | None = None
    updated_date: Moment | None = None
    owner: BasicUser | None = None
    assignee: BasicUser | None = None
    jobs: JobsSummary = JobsSummary()


class Project(Record, frozen=True):
    """A project: tasks that share labels."""

    id: Id
    name: str
    organization: Id | None = None
    updated_date: Moment | None = None
    owner: BasicUser | None = None
    assignee: BasicUser | None = None


class Attribute(Record, frozen=True):
    """What objects with a label may say more of: select, radio, checkbox, number or text; `values` depend on that."""

    id: Id
    name: str
    input_type: str = "text"
    mutable: bool = False
    default_value: str = ""
    values: list[str] = []


class Sublabel(Record, frozen=True):
    """A part of a skeleton label."""

    id: Id
    name: str
    color: str = "#888888"
    type: str = "points"
    attributes: list[Attribute] = []


class Label(Record, frozen=True):
    """A label of a project or task. `color` is `#rrggbb`. `svg` draws a skeleton's parts and the lines between them, in
    percent of its box."""

    id: Id
    name: str
    color: str = "#888888"
    type: str = "any"
    attributes: list[Attribute] = []
    sublabels: list[Sublabel] = []
    svg: str = ""


class About(Record, frozen=True):
    """What kind of server this is."""

    name: str
    version: str


class Format(Record, frozen=True):
    """An annotation format. `ext` lists its file kinds, as in "JSON, ZIP"."""

    name: str
    ext: str = ""
    version: str = ""
    enabled: bool = True
    dimension: str = "2d"

    @property
    def extensions(self) -> list[str]:
        """The file name endings it comes in, lower case, with the dot."""
        return ["." + ext.strip().lower() for ext in self.ext.split(",") if ext.strip()]


class Formats(Record, frozen=True):
    """What the server can read and write."""

    importers: list[Format]
    exporters: list[Format]


class Operation(Record, frozen=True):
    """What a background request does, and to what."""

    type: str
    target: str = ""
    project_id: Id | None = None
    task_id: Id | None = None
    job_id: Id | None = None
    format: str | None = None

    @property
    def target_id(self) -> int | None:
        """The id of the job, task or project that it is done to."""
        return {"job": self.job_id, "task": self.task_id, "project": self.project_id}.get(self.target)


class Owner(Record, frozen=True):
    """Whose background request it is."""

    id: Id
    username: str


class Request(Record, frozen=True):
    """A background operation: queued, started, then finished or failed. `progress` runs from 0 to 1, and stays 0 on
    small work. `message` holds the reason of a failure, at first sometimes a whole traceback. `result_url` is built
    from the host name under which the request was made: only its path means anything (see `Requests.download`)."""

    id: str
    status: str
    operation: Operation
    message: str = ""
    progress: float | None = None
    created_date: Moment | None = None
    started_date: Moment | None = None
    finished_date: Moment | None = None
    expiry_date: Moment | None = None
    owner: Owner | None = None
    result_url: str | None = None
    result_id: int | None = None

    @property
    def percent(self) -> int | None:
        """The progress for showing, 1 to 99; None where the server tells none."""
        return max(1, min(99, round(100 * min(max(self.progress, 0.0), 1.0)))) if self.progress else None

    @property
    def is_over(self) -> bool:
        return self.status in ("finished", "failed")

    @property
    def reason(self) -> str:
        """The message without the traceback that a first look at a failure may bring."""
        lines = [line.strip() for line in self.message.splitlines() if line.strip()]
        return lines[-1] if lines and "Traceback (most recent call last)" in self.message else self.message.strip()

    @property
    def can_be_fetched_again(self) -> bool:
        """Whether the file stays after it was downloaded: before 2.42 the first download, even of a part, uses it
        up."""
        return self.result_url is not None and "/dataset/download" in self.result_url


class RequestId(Record, frozen=True):
    """The answer to starting a background operation. `is_new` is False for one that was under way before."""

    rq_id: str
    is_new: bool = True


class Token(Record, frozen=True):
    """The answer to signing in."""

    key: str = field()


class Accepted(Record, frozen=True):
    """The answer to a step of the background flows of old: 202 while it runs, 201 when it is done."""

    status: int
    rq_id: str | None = None

    @property
    def is_running(self) -> bool:
        return self.status == 202

    @classmethod
    def read(cls, raw: "Raw") -> "Accepted":
        try:
            return cls(status=raw.status, rq_id=decode(raw.content, type=RequestId).rq_id)
        except DecodeError:
            return cls(status=raw.status)


class Raw(Record, frozen=True):
    """Bytes that are small enough to be held, with their kind (previews)."""

    content: bytes
    content_type: str
    status: int = 200
    headers: dict[str, Any] = {}
    request_id: str = ""
