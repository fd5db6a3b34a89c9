"""Where a track's object is on a frame: between two key frames it moves as it does in CVAT."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from jobsportal.cvat.labeled import AttributeVal, Track, TrackedShape

MOVING = ("rectangle", "ellipse", "cuboid", "polygon", "polyline")
UNEQUAL = "Its outline has another number of points on the next key frame, so it is drawn as on the last one."


@dataclass(frozen=True)
class Position:
    """The shape of a track on a frame: the last key frame's, moved. `attributes` are all values that hold here."""

    shape: TrackedShape
    points: Sequence[float]
    rotation: float
    attributes: Sequence[AttributeVal]
    is_key: bool
    note: str = ""


def position(track: Track, frame: int, deleted: Collection[int] = ()) -> Position | None:
    """Where the object is; None before its first key frame and where it is outside.

    A key frame on a deleted frame says nothing about other frames.
    """
    keys = [key for key in track.shapes if key.frame == frame or key.frame not in deleted]
    left = max((key for key in keys if key.frame <= frame), key=lambda key: key.frame, default=None)
    if left is None or left.outside:
        return None
    right = min((key for key in keys if key.frame > frame), key=lambda key: key.frame, default=None)
    values = values_at(track, frame)
    if left.frame == frame or right is None:
        return Position(left, left.points, left.rotation, values, left.frame == frame)
    share = (frame - left.frame) / (right.frame - left.frame)
    rotation = (left.rotation + shortest_turn(left.rotation, right.rotation) * share) % 360
    if not may_move(left, right):
        note = UNEQUAL if left.type in ("polygon", "polyline") else ""
        return Position(left, left.points, left.rotation, values, False, note)
    points = [start + (end - start) * share for start, end in zip(left.points, right.points, strict=True)]
    return Position(left, points, rotation, values, False)


def may_move(left: TrackedShape, right: TrackedShape) -> bool:
    """Whether the way from one key frame to the next is known. CVAT moves a single point, and lets several stand."""
    if left.type != right.type or len(left.points) != len(right.points):
        return False
    return left.type in MOVING or (left.type == "points" and len(left.points) == 2)


def shortest_turn(start: float, end: float) -> float:
    """Degrees from one rotation to another, the short way round."""
    return (end - start + 180) % 360 - 180


def values_at(track: Track, frame: int) -> list[AttributeVal]:
    """The track's own values, and over them those of each key frame up to this one."""
    values = {value.spec_id: value for value in track.attributes}
    for key in sorted(track.shapes, key=lambda key: key.frame):
        if key.frame <= frame:
            values |= {value.spec_id: value for value in key.attributes}
    return list(values.values())
