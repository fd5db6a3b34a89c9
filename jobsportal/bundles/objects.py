"""Annotations as rows of a table: one for each tag and shape, and one for each key frame of a track.

Frames between key frames are not rows: what they show is worked out from their neighbours. The parts of a skeleton are
rows of their own, which say whose part they are.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from msgspec import DecodeError
from msgspec.json import decode

from jobsportal.bundles.models import Part
from jobsportal.cvat import Client, errors
from jobsportal.cvat.labeled import AttributeVal, LabeledImage, Shape, Track, TrackedShape
from jobsportal.cvat.labeled_json import TYPES, each, pieces
from jobsportal.cvat.types import Label, Sublabel
from jobsportal.frames.reel import Reel
from jobsportal.web.parallel import side_by_side

COLUMNS = (
    "job",
    "task",
    "project",
    "frame",
    "file",
    "object",
    "part of",
    "label",
    "kind",
    "shape",
    "x",
    "y",
    "width",
    "height",
    "rotation",
    "points",
    "occluded",
    "outside",
    "keyframe",
    "group",
    "source",
    "attributes",
    "note",
)

Row = dict[str, Any]


@dataclass
class Names:
    """What ids of labels and attributes are called; ids that are not known stand for themselves."""

    labels: dict[int, str]
    attributes: dict[int, str]

    @classmethod
    def of(cls, labels: Iterable[Label]) -> "Names":
        everything: list[Label | Sublabel] = []
        for label in labels:
            everything += [label, *label.sublabels]
        attributes = {attribute.id: attribute.name for one in everything for attribute in one.attributes}
        return cls({one.id: one.name for one in everything}, attributes)

    def label(self, id: int) -> str:
        return self.labels.get(id, f"label {id}")

    def values(self, *given: Sequence[AttributeVal]) -> str:
        """Such as "color=red; parked=true"."""
        found = {value.spec_id: value.value for values in given for value in values}
        return "; ".join(f"{self.attributes.get(id, f'attribute {id}')}={value}" for id, value in found.items())


def rows_of(client: Client, part: Part) -> Iterator[Row]:
    """The rows of one job. Upstream: jobs.retrieve, jobs.retrieve_data_meta, labels.list and
    jobs.retrieve_annotations_raw, side by side. Raises what they raise; BrokenAnswer for what are no annotations."""
    id = part.job_id
    job, meta, labels, raw = answers(
        partial(client.jobs.retrieve, id),
        partial(client.jobs.retrieve_data_meta, id),
        partial(client.labels.list, job_id=id),
        partial(client.jobs.retrieve_annotations_raw, id),
    )
    reel, names = Reel(job, meta), Names.of(labels)
    about = {"job": id, "task": part.about.get("task", ""), "project": part.about.get("project", "")}
    try:
        for kind, _, piece in each(pieces(raw.content)):
            for row in ROWS[kind](decode(piece, type=TYPES[kind]), names):
                yield row | about | {"file": reel.frame(row["frame"]).name}
    except (DecodeError, UnicodeDecodeError, RecursionError, errors.Invalid) as error:
        raise errors.BrokenAnswer(f"not what the API promises: {error}", path=f"/api/jobs/{id}/annotations") from None


def answers(*calls: Any) -> list[Any]:
    """What the calls return. Raises the first failure."""
    found = side_by_side(*calls)
    for one in found:
        if isinstance(one, errors.CVATError):
            raise one
    return found


def of_tag(tag: LabeledImage, names: Names) -> Iterator[Row]:
    yield shared(tag, names) | {"frame": tag.frame, "kind": "tag", "attributes": names.values(tag.attributes)}


def of_shape(shape: Shape, names: Names, part_of: Any = "") -> Iterator[Row]:
    corners = [point for element in shape.elements for point in element.points] or shape.points
    yield (
        shared(shape, names)
        | geometry(shape, corners)
        | {
            "frame": shape.frame,
            "part of": part_of,
            "kind": shape.type,
            "attributes": names.values(shape.attributes),
        }
    )
    for element in shape.elements:
        yield from of_shape(element, names, shape.id if shape.id is not None else "skeleton")


def of_track(track: Track, names: Names, part_of: Any = "") -> Iterator[Row]:
    for shape in track.shapes:
        yield (
            shared(track, names)
            | geometry(shape, shape.points)
            | {
                "frame": shape.frame,
                "part of": part_of,
                "kind": "track",
                "keyframe": "yes",
                "attributes": names.values(track.attributes, shape.attributes),
            }
        )
    for element in track.elements:
        yield from of_track(element, names, track.id if track.id is not None else "skeleton")


ROWS: dict[str, Any] = {"tags": of_tag, "shapes": of_shape, "tracks": of_track}


def shared(item: LabeledImage | Shape | Track, names: Names) -> Row:
    """What all kinds have."""
    empty = dict.fromkeys(COLUMNS, "")
    label = names.label(item.label_id)
    return empty | {"object": item.id, "label": label, "group": item.group or "", "source": item.source}


def geometry(shape: Shape | TrackedShape, corners: Sequence[float]) -> Row:
    x, y, width, height = box_of(shape.type, corners) or ("", "", "", "")
    return {
        "shape": shape.type,
        "x": x,
        "y": y,
        "width": width,
        "height": height,
        "rotation": tidy(shape.rotation) if shape.rotation else "",
        "points": count_of(shape.type, corners),
        "occluded": "yes" if shape.occluded else "no",
        "outside": "yes" if shape.outside else "no",
    }


def count_of(type: str, points: Sequence[float]) -> Any:
    """How many points it has, of those kinds that may have any number."""
    return len(points) // 2 if type in ("polygon", "polyline", "points", "skeleton") else ""


def box_of(type: str, points: Sequence[float]) -> tuple[float, float, float, float] | None:
    """Left, top, width and height in pixels, before any rotation; None where there is no such thing, as with cuboids
    among points of space."""
    if type == "mask" and len(points) >= 4:
        left, top, right, bottom = points[-4:]
        return tidy(left), tidy(top), tidy(right - left + 1), tidy(bottom - top + 1)
    if type == "ellipse" and len(points) == 4:
        x, y, right, top = points
        reach, rise = abs(right - x), abs(y - top)
        points = (x - reach, y - rise, x + reach, y + rise)
    if type == "cuboid" and len(points) == 16 and not any(points[9:]):
        return None
    if len(points) < 2 or len(points) % 2:
        return None
    left, top, right, bottom = min(points[::2]), min(points[1::2]), max(points[::2]), max(points[1::2])
    return tidy(left), tidy(top), tidy(right - left), tidy(bottom - top)


def tidy(number: float) -> float:
    """To a hundredth, without the noise of binary fractions."""
    return round(number, 2)
