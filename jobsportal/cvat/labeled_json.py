"""Annotations as JSON bytes, taken one object at a time: what is held beside the bytes stays small, however many there
are, and fields that this version doesn't know stay as they are."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from sys import intern
from typing import Annotated, Any

from msgspec import DecodeError, Meta, Raw, ValidationError, convert
from msgspec.json import decode, encode

from jobsportal.cvat import labeled
from jobsportal.cvat.errors import Invalid
from jobsportal.cvat.labeled import LabeledData, LabeledImage, Shape, Track
from jobsportal.cvat.types import Record

TYPES: dict[str, Any] = {"tags": LabeledImage, "shapes": Shape, "tracks": Track}
KINDS = tuple(TYPES)
MARK_BYTES = 16

COMMON = {"group": 0, "source": "manual", "attributes": []}
GEOMETRY = {"rotation": 0.0, "occluded": False, "outside": False, "z_order": 0, "points": []}
# What a server fills in where it isn't said.
DEFAULTS: dict[str, dict[str, Any]] = {
    "tags": COMMON,
    "shapes": {**COMMON, **GEOMETRY, "elements": []},
    "tracks": {**COMMON, "shapes": [], "elements": []},
    "keyframes": {**GEOMETRY, "attributes": []},
}

Pieces = dict[str, list[Raw]]


@dataclass(frozen=True, slots=True)
class Thing:
    """A tag, a shape or a track, as far as it matters for counting and comparing. `mark` is the same for objects that
    say the same, whatever their ids and the order of what they hold."""

    kind: str
    number: int
    label_id: int
    type: str
    frames: tuple[int, ...]
    id: int | None
    mark: bytes


def pieces(content: bytes, *, strict: bool = False) -> Pieces:
    """The objects by kind, unread. Raises Invalid: not JSON (with line and column), or not annotations.

    `strict` is for what people bring: something of another name is then taken for the mistake that it is.
    """
    try:
        found = decode(content, type=dict[str, Raw])
        given = {kind: decode(found[kind], type=list[Raw]) for kind in KINDS if kind in found}
    except ValidationError as error:
        raise Invalid(detail=f"These are not annotations: {plain(error)}.") from None
    except DecodeError as error:
        raise Invalid(detail=f"This is not JSON: {complaint(content, error)}.") from None
    except (RecursionError, UnicodeDecodeError):
        raise Invalid(detail="This is not JSON that can be read: it is nested too deep, or not UTF-8.") from None
    strangers = sorted(set(found) - {"version", *KINDS})
    if not given or (strict and strangers):
        told = f"“{strangers[0][:50]}” is none of them" if strangers else "there is none of them"
        raise Invalid(detail=f"These are not annotations: they hold tags, shapes and tracks, and {told}.")
    return {kind: given.get(kind, []) for kind in KINDS}


def complaint(content: bytes, error: DecodeError) -> str:
    """What is wrong with the JSON, and where: line and column count from 1."""
    found = re.fullmatch(r"(?:JSON is malformed: )?(.*?)(?: \(byte (\d+)\))?", str(error), re.S)
    words, byte = (found[1], found[2]) if found else (str(error), None)
    if byte is None:
        words, byte = "it ends too early", str(len(content))
    before = content[: int(byte)]
    line_start = before.rfind(b"\n") + 1
    column = len(before[line_start:].decode("utf-8", "replace")) + 1
    return f"line {before.count(10) + 1}, column {column}: {words}"


def plain(error: ValidationError) -> str:
    """The complaint about a value in words without marks, its place in front where there is one."""
    words, _, place = str(error).replace("`", "").partition(" - at $")
    missing = re.fullmatch(r"Object missing required field (\w+)", words)
    words = f"{missing[1]} is missing" if missing else words[:1].lower() + words[1:]
    return f"{place.lstrip('.')}: {words}" if place else words


def things(given: Pieces) -> Iterator[Thing]:
    """Every object in order. Raises Invalid at the first that is none."""
    for kind, number, raw in each(given):
        try:
            yield thing(kind, number, raw)[0]
        except Invalid as error:
            raise Invalid(detail=f"{kind}[{number}]: {error.detail}") from None


def checked_things(
    given: Pieces, *, frames: Collection[int] | None = None, labels: labeled.KnownLabels | None = None
) -> tuple[list[Thing], list[str]]:
    """Every object, and at most 20 complaints as `labeled.problems` makes them."""
    found: list[Thing] = []
    problems: list[str] = []
    for kind, number, raw in each(given):
        place = f"{kind}[{number}]"
        try:
            one, item = thing(kind, number, raw)
        except Invalid as error:
            problems.append(f"{place}: {error.detail}")
        else:
            found.append(one)
            problems += labeled.of_object(place, item, frames, labels)
        if len(problems) >= labeled.MAX_PROBLEMS:
            break
    return found, problems[: labeled.MAX_PROBLEMS]


def each(given: Pieces) -> Iterator[tuple[str, int, Raw]]:
    for kind, items in given.items():
        for number, raw in enumerate(items):
            yield kind, number, raw


def thing(kind: str, number: int, raw: Raw) -> tuple[Thing, Any]:
    """What an object is, and its typed meaning. Raises Invalid."""
    try:
        item = decode(raw)
        meaning = convert(item, TYPES[kind])
        mark = sha256(encode(canonical(item, kind), order="deterministic")).digest()[:MARK_BYTES]
    except ValidationError as error:
        raise Invalid(detail=plain(error)) from None
    except (DecodeError, UnicodeError, RecursionError, TypeError, ValueError) as error:
        raise Invalid(detail=f"it can't be read ({type(error).__name__})") from None
    frames = {shape.frame for shape in meaning.shapes if not shape.outside} if kind == "tracks" else ()
    name = intern(meaning.type[:50]) if kind == "shapes" else kind[:-1]
    made = Thing(kind, number, meaning.label_id, name, tuple(frames) or (meaning.frame,), meaning.id, mark)
    return made, meaning


def canonical(item: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The object with all that a server fills in, without ids, and in an order of its own."""
    made = {**DEFAULTS[kind], **item}
    made.pop("id", None)
    if "group" in made:
        made["group"] = made["group"] or 0
    if "points" in made:
        made["points"] = [float(number) for number in made["points"]]
        made["rotation"] = float(made["rotation"])
    made["attributes"] = in_order(made["attributes"])
    if made.get("elements"):
        shared = {"frame": made["frame"]}
        made["elements"] = in_order(canonical({**shared, **element}, kind) for element in made["elements"])
    if kind == "tracks":
        made["shapes"] = in_order(canonical(shape, "keyframes") for shape in made["shapes"])
    return made


def in_order(items: Iterable[Any]) -> list[Any]:
    return sorted(items, key=lambda item: encode(item, order="deterministic"))


def digest(found: Iterable[Thing]) -> str:
    """The same for the same annotations, whatever their ids and their order."""
    return sha256(b"".join(sorted(one.mark for one in found))).hexdigest()


def part_of(given: Pieces, wanted: Iterable[Thing]) -> bytes:
    """These objects alone, as JSON."""
    made: Pieces = {kind: [] for kind in KINDS}
    for one in wanted:
        made[one.kind].append(given[one.kind][one.number])
    return encode(made)


def ready(
    data: "LabeledData | Mapping[str, Any] | bytes", *, with_ids: bool = False, checked: bool = True
) -> Mapping[str, Any]:
    """Annotations as they may be sent.

    Malformed points are refused here, since older servers store them; `checked=False` lets pass what a server gave
    out itself, such as a backup. Ids are left out unless they mean existing objects: newer servers refuse them in new
    ones. Fields of objects that this version doesn't know stay as they are, but what names none of the three kinds, or
    something else beside them, is refused: a mistake in a name would leave a job empty.
    """
    given = pieces(data if isinstance(data, bytes) else as_json(data), strict=checked or with_ids)
    found = checked_things(given)[1] if checked else []
    if found:
        raise Invalid(detail="; ".join(found))
    if with_ids:
        for kind, number, raw in each(given):
            refuse_nameless(f"{kind}[{number}]", raw)
        return {"version": 0, **given}
    return {"version": 0, **{kind: [stripped(raw) for raw in items] for kind, items in given.items()}}


def as_json(data: "LabeledData | Mapping[str, Any]") -> bytes:
    try:
        return encode(data)
    except (TypeError, ValueError, RecursionError) as error:  # half characters and numbers too large, among others
        raise Invalid(detail=f"These are not annotations: {error}.") from None


class Named(Record, frozen=True):
    """An object that exists."""

    id: Annotated[int, Meta(gt=0)]


def refuse_nameless(place: str, raw: Raw) -> None:
    try:
        decode(raw, type=Named)
    except DecodeError:
        raise Invalid(detail=f"{place}: it needs the id of an existing object.") from None


def stripped(raw: Raw) -> Raw:
    """The object without ids, down to its parts."""
    try:
        return Raw(encode(labeled.without_ids(decode(raw, type=dict[str, Any]))))
    except (DecodeError, RecursionError, TypeError, AttributeError):
        raise Invalid(detail="These are not annotations: what they hold are no objects.") from None
