"""Annotations as the API speaks of them: tags, shapes and tracks of a job, read, checked and made ready to be sent.

Points are in pixels of the frame, x and y in turn. A mask's are run lengths, of background and object in turn, row by
row through a box, and then that box: left, top, right, bottom, all included. Frames are counted through the whole task,
not from the beginning of the job.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from jobsportal.cvat.types import Id, Record

MAX_PROBLEMS = 20

# How many numbers the points of a shape may be: (the fewest, the most, a multiple of).
POINTS: dict[str, tuple[int, int | None, int]] = {
    "rectangle": (4, 4, 1),
    "ellipse": (4, 4, 1),
    "cuboid": (16, 16, 1),
    "polygon": (6, None, 2),
    "polyline": (4, None, 2),
    "points": (2, None, 2),
    "mask": (6, None, 1),
    "skeleton": (0, None, 1),
}

# Label ids; as a mapping also the ids of each label's attributes, and whether they may change along a track.
KnownLabels = Collection[int] | Mapping[int, Mapping[int, bool]]


class AttributeVal(Record, frozen=True):
    """The value that an object has of one of its label's attributes."""

    spec_id: Id
    value: str


class LabeledImage(Record, frozen=True):
    """A tag: a label on a whole frame."""

    label_id: Id
    frame: Id
    id: Id | None = None
    group: int | None = 0
    source: str = "manual"
    attributes: Sequence[AttributeVal] = ()


class ShapeOutline(Record, frozen=True, gc=False):
    """A shape without its points: enough to count."""

    label_id: Id
    frame: Id
    type: str


class Shape(ShapeOutline, frozen=True):
    """A shape on one frame. `elements` are the parts of a skeleton, whose own points stay empty."""

    points: list[float] = []
    rotation: float = 0.0
    occluded: bool = False
    outside: bool = False
    z_order: int = 0
    id: Id | None = None
    group: int | None = 0
    source: str = "manual"
    attributes: Sequence[AttributeVal] = ()
    elements: Sequence["Shape"] = ()


class TrackedShapeOutline(Record, frozen=True, gc=False):
    """One key frame of a track, without its points."""

    frame: Id
    type: str
    outside: bool = False


class TrackedShape(TrackedShapeOutline, frozen=True):
    """One key frame of a track. `outside` means that from here on the object isn't to be seen."""

    points: list[float] = []
    rotation: float = 0.0
    occluded: bool = False
    z_order: int = 0
    id: Id | None = None
    attributes: Sequence[AttributeVal] = ()


class TrackOutline(Record, frozen=True):
    """A track without the points of its key frames."""

    label_id: Id
    frame: Id
    shapes: Sequence[TrackedShapeOutline] = ()


class Track(TrackOutline, frozen=True):
    """An object followed through frames; `shapes` are its key frames, `elements` the tracks of a skeleton's parts."""

    shapes: Sequence[TrackedShape] = ()
    id: Id | None = None
    group: int | None = 0
    source: str = "manual"
    attributes: Sequence[AttributeVal] = ()
    elements: Sequence["Track"] = ()


class AnnotationOutline(Record, frozen=True):
    """All annotations of a job but for their points, which are most of their weight."""

    tags: Sequence[LabeledImage] = ()
    shapes: Sequence[ShapeOutline] = ()
    tracks: Sequence[TrackOutline] = ()

    @property
    def total(self) -> int:
        return len(self.tags) + len(self.shapes) + len(self.tracks)


class LabeledData(AnnotationOutline, frozen=True):
    """All annotations of a job. `version` is always 0 upstream: it tells no change."""

    version: int = 0
    shapes: Sequence[Shape] = ()
    tracks: Sequence[Track] = ()


class ToldOutline(AnnotationOutline, frozen=True, kw_only=True):
    """As a server tells it: what lacks the version is some other answer, and must not pass for no annotations."""

    version: int


class ToldData(LabeledData, frozen=True, kw_only=True):
    """As a server tells it."""

    version: int


def without_ids(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same annotations as new objects."""
    kinds = ("tags", "shapes", "tracks", "elements")
    return {
        name: [without_ids(item) for item in value] if name in kinds else value
        for name, value in data.items()
        if name != "id"
    }


def problems(
    data: LabeledData, *, frames: Collection[int] | None = None, labels: KnownLabels | None = None
) -> list[str]:
    """What an upstream would refuse, or worse, store: at most 20 complaints, each with the place it is about.

    With `frames` and `labels`, also objects outside the job's frames, which every server accepts in silence, and
    labels and, with a mapping, attributes that the job doesn't have; the frames of key frames and the parts of
    skeletons are left to the server.
    """
    found = []
    for complaint in complaints(data, frames, labels):
        found.append(complaint)
        if len(found) >= MAX_PROBLEMS:
            break
    return found


def complaints(data: LabeledData, frames: Collection[int] | None, labels: KnownLabels | None) -> Iterator[str]:
    objects: dict[str, Sequence[LabeledImage | Shape | Track]]
    objects = {"tags": data.tags, "shapes": data.shapes, "tracks": data.tracks}
    for kind, items in objects.items():
        for number, item in enumerate(items):
            yield from of_object(f"{kind}[{number}]", item, frames, labels)


def of_object(
    place: str,
    item: "LabeledImage | Shape | Track",
    frames: Collection[int] | None = None,
    labels: KnownLabels | None = None,
) -> Iterator[str]:
    """The complaints about one tag, shape or track."""
    if frames is not None and item.frame not in frames:
        yield f"{place}: frame {item.frame} is not one of the job's{ends_of(frames)}"
    if labels is not None and item.label_id not in labels:
        yield f"{place}: the job has no label {item.label_id}"
    elif isinstance(labels, Mapping):
        yield from of_attributes(place, item, labels[item.label_id])
    if isinstance(item, Shape):
        yield from of_shape(place, item)
    elif isinstance(item, Track):
        yield from of_track(place, item)


def of_attributes(place: str, item: "LabeledImage | Shape | Track", known: Mapping[int, bool]) -> Iterator[str]:
    """A track has what stays the same, its key frames what may change."""
    label = item.label_id
    for value in item.attributes:
        if value.spec_id not in known:
            yield f"{place}: label {label} has no attribute {value.spec_id}"
        elif isinstance(item, Track) and known[value.spec_id]:
            yield f"{place}: attribute {value.spec_id} of label {label} may change: it belongs to the track's shapes"
    for number, shape in enumerate(item.shapes if isinstance(item, Track) else ()):
        for value in shape.attributes:
            if value.spec_id not in known:
                yield f"{place}.shapes[{number}]: label {label} has no attribute {value.spec_id}"
            elif not known[value.spec_id]:
                yield f"{place}.shapes[{number}]: attribute {value.spec_id} of label {label} belongs to the track"


def ends_of(frames: Collection[int]) -> str:
    """Such as " (0–9)", where the frames follow one another."""
    return f" ({frames[0]}–{frames[-1]})" if isinstance(frames, range) and frames else ""


def of_shape(place: str, shape: Shape) -> Iterator[str]:
    yield from of_points(place, shape.type, shape.points)
    if shape.type == "skeleton" and not shape.elements:
        yield f"{place}: a skeleton needs elements"
    for number, element in enumerate(shape.elements):
        yield from of_points(f"{place}.elements[{number}]", element.type, element.points)


def of_track(place: str, track: Track) -> Iterator[str]:
    for number, shape in enumerate(track.shapes):
        yield from of_points(f"{place}.shapes[{number}]", shape.type, shape.points)
    for number, element in enumerate(track.elements):
        yield from of_track(f"{place}.elements[{number}]", element)


def of_points(place: str, type: str, points: Sequence[float]) -> Iterator[str]:
    if type not in POINTS:
        yield f"{place}: there is no kind of shape “{type[:50]}”"
        return
    fewest, most, multiple = POINTS[type]
    if not fewest <= len(points) <= (most or len(points)) or len(points) % multiple:
        yield f"{place}: {len(points)} numbers are no points of a {type}"
    elif type == "mask" and not fits_its_box(points):
        yield f"{place}: the mask's run lengths don't fit its box"


def fits_its_box(points: Sequence[float]) -> bool:
    left, top, right, bottom = points[-4:]
    return 0 <= sum(points[:-4]) <= (right - left + 1) * (bottom - top + 1)
