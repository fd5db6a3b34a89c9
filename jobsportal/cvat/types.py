"""What the upstream's JSON means: typed, immutable, unknown fields ignored.

Vocabularies that newer servers may widen (stage, state, type, status) are plain strings. Times are aware datetimes.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct, field

T = TypeVar("T")

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

    id: int
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

    id: int
    slug: str
    name: str = ""


class Count(Record, frozen=True):
    """A linked collection, of which only the number is told."""

    count: int = 0


class Job(Record, frozen=True):
    """A job: a segment of a task's frames (`start_frame` to `stop_frame`, both included) with somebody to work on it.

    It carries the ids of its task and project, not their names. `updated_date` has microseconds, and is the upstream's
    only means of telling whether somebody else has changed the job.
    """

    id: int
    task_id: int
    project_id: int | None = None
    assignee: BasicUser | None = None
    dimension: str = "2d"
    mode: str = ""
    stage: str = "annotation"
    state: str = "new"
    type: str = "annotation"
    frame_count: int = 0
    start_frame: int = 0
    stop_frame: int = 0
    created_date: datetime | None = None
    updated_date: datetime | None = None
    organization: int | None = None
    issues: Count = Count()
    bug_tracker: str | None = None


class Task(Record, frozen=True):
    """A task: named media, cut into jobs."""

    id: int
    name: str
    project_id: int | None = None
    mode: str = ""
    size: int = 0
    dimension: str | None = None


class Project(Record, frozen=True):
    """A project: tasks that share labels."""

    id: int
    name: str


class Sublabel(Record, frozen=True):
    """A part of a skeleton label."""

    id: int
    name: str


class Label(Record, frozen=True):
    """A label of a project or task. `color` is `#rrggbb`."""

    id: int
    name: str
    color: str = "#888888"
    type: str = "any"
    sublabels: list[Sublabel] = []


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

    importers: list[Format] = []
    exporters: list[Format] = []


class LabeledImage(Record, frozen=True):
    """A tag: a label on a whole frame."""

    label_id: int
    frame: int


class Shape(Record, frozen=True):
    """A shape on one frame. The points stay as the server sent them, in pixels."""

    label_id: int
    frame: int
    type: str
    points: list[float] = []
    rotation: float = 0.0
    occluded: bool = False
    z_order: int = 0


class TrackedShape(Record, frozen=True):
    """One key frame of a track."""

    frame: int
    type: str
    outside: bool = False
    points: list[float] = []


class Track(Record, frozen=True):
    """An object followed through frames; `shapes` are its key frames."""

    label_id: int
    frame: int
    shapes: list[TrackedShape] = []


class LabeledData(Record, frozen=True):
    """All annotations of a job."""

    version: int = 0
    tags: list[LabeledImage] = []
    shapes: list[Shape] = []
    tracks: list[Track] = []

    @property
    def total(self) -> int:
        return len(self.tags) + len(self.shapes) + len(self.tracks)


class Operation(Record, frozen=True):
    """What a background request does, and to what."""

    type: str
    target: str = ""
    project_id: int | None = None
    task_id: int | None = None
    job_id: int | None = None
    format: str | None = None


class Owner(Record, frozen=True):
    """Whose background request it is."""

    id: int
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
    created_date: datetime | None = None
    started_date: datetime | None = None
    finished_date: datetime | None = None
    expiry_date: datetime | None = None
    owner: Owner | None = None
    result_url: str | None = None
    result_id: int | None = None

    @property
    def is_over(self) -> bool:
        return self.status in ("finished", "failed")


class RequestId(Record, frozen=True):
    """The answer to starting a background operation."""

    rq_id: str


class Token(Record, frozen=True):
    """The answer to signing in."""

    key: str = field()


class Raw(Record, frozen=True):
    """Bytes that are small enough to be held, with their kind (previews)."""

    content: bytes
    content_type: str
    headers: dict[str, Any] = {}
    request_id: str = ""
