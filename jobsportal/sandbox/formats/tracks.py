"""Where a track is in a frame between its keyframes."""

from __future__ import annotations

from typing import Any

Item = dict[str, Any]


def shape_at(track: Item, frame: int) -> Item | None:
    """The shape of a track in a frame, or None where it isn't to be seen."""
    shape = place_at(track, frame)
    return None if shape is None or shape["outside"] else shape


def place_at(track: Item, frame: int) -> Item | None:
    """Where a track is in a frame, to be seen or not; None before its first keyframe.

    Between two keyframes with as many points each, points move in a straight line; else the earlier one stays.
    After the last keyframe the shape stays where it is.
    """
    keys = sorted(track["shapes"], key=lambda shape: shape["frame"])
    before = [shape for shape in keys if shape["frame"] <= frame]
    if not before:
        return None
    last = before[-1]
    following = next((shape for shape in keys if shape["frame"] > frame), None)
    shape = dict(last) | {
        "frame": frame,
        "label_id": track["label_id"],
        "group": track["group"],
        "source": track["source"],
        "attributes": [*track["attributes"], *last["attributes"]],
        "elements": [part for inner in track.get("elements", []) if (part := place_at(inner, frame))],
        "keyframe": last["frame"] == frame,
    }
    if following is not None and _moves(last, following):
        shape |= _between(last, following, frame)
    return shape


def _moves(last: Item, following: Item) -> bool:
    same = len(following["points"]) == len(last["points"])
    return same and last["type"] != "mask"


def _between(last: Item, following: Item, frame: int) -> Item:
    share = (frame - last["frame"]) / (following["frame"] - last["frame"])
    pairs = zip(last["points"], following["points"], strict=True)
    turn = (following["rotation"] - last["rotation"] + 180) % 360 - 180  # the shorter way round
    return {
        "points": [start + (end - start) * share for start, end in pairs],
        "rotation": (last["rotation"] + turn * share) % 360,
    }


def as_track(shape: Item, last: int) -> Item:
    """A shape as a track that is seen in its own frame only; at the very end nothing is left to say that it is over."""
    keyframes = [shape | {"outside": shape["outside"]}]
    if shape["frame"] + 1 < last:
        keyframes.append(shape | {"frame": shape["frame"] + 1, "outside": True})
    parts = [as_track(part, last) for part in shape.get("elements", [])]
    return shape | {"attributes": [], "shapes": keyframes, "elements": parts}
