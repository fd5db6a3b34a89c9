"""What the upstream's JSON means: typed, immutable, unknown fields ignored.

Vocabularies that newer servers may widen (stage, state, type, status) are plain strings. Times are aware datetimes.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from msgspec import Meta, Struct, field

T = TypeVar("T")
Moment = Annotated[datetime, Meta(tz=True)]
Id = Annotated[int, Meta(ge=0)]

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
    frame_count: int = 0
    start_frame: int = 0
    stop_frame: int = 0
    created_date: Moment | None = None
    updated_date: Moment | None = None
    organization: Id | None = None
    issues: Count = Count()
    bug_tracker: str | None = None


class Task(Record, frozen=True):
    """A task: named media, cut into jobs."""

    id: Id
    name: str
    project_id: Id | None = None
    mode: str = ""
    size: int = 0
    dimension: str | None = None


class Project(Record, frozen=True):
    """A project: tasks that share labels."""

    id: Id
    name: str


class Sublabel(Record, frozen=True):
    """A part of a skeleton label."""

    id: Id
    name: str


class Label(Record, frozen=True):
    """A label of a project or task. `color` is `#rrggbb`."""

    id: Id
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

    label_id: Id
    frame: Id


class ShapeOutline(Record, frozen=True, gc=False):
    """A shape without its points: enough to count."""

    label_id: Id
    frame: Id
    type: str


class Shape(ShapeOutline, frozen=True):
    """A shape on one frame. The points stay as the server sent them, in pixels."""

    points: list[float] = []
    rotation: float = 0.0
    occluded: bool = False
    z_order: int = 0


class TrackedShapeOutline(Record, frozen=True, gc=False):
    """One key frame of a track, without its points."""

    frame: Id
    type: str
    outside: bool = False


class TrackedShape(TrackedShapeOutline, frozen=True):
    """One key frame of a track."""

    points: list[float] = []


class TrackOutline(Record, frozen=True):
    """A track without the points of its key frames."""

    label_id: Id
    frame: Id
    shapes: Sequence[TrackedShapeOutline] = ()


class Track(TrackOutline, frozen=True):
    """An object followed through frames; `shapes` are its key frames."""

    shapes: Sequence[TrackedShape] = ()


class AnnotationOutline(Record, frozen=True):
    """All annotations of a job but for their points, which are most of their weight."""

    tags: Sequence[LabeledImage] = ()
    shapes: Sequence[ShapeOutline] = ()
    tracks: Sequence[TrackOutline] = ()

    @property
    def total(self) -> int:
        return len(self.tags) + len(self.shapes) + len(self.tracks)


class LabeledData(AnnotationOutline, frozen=True):
    """All annotations of a job."""

    version: int = 0
    shapes: Sequence[Shape] = ()
    tracks: Sequence[Track] = ()


class Operation(Record, frozen=True):
    """What a background request does, and to what."""

    type: str
    target: str = ""
    project_id: Id | None = None
    task_id: Id | None = None
    job_id: Id | None = None
    format: str | None = None


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
