"""Annotations as JSON: COCO and Datumaro, and the copies that hold a job just as a server has it.

Only the fields that matter are taken out, and documents of too many objects are not read at all: as objects in memory
they are many times what they weigh.
"""

import re
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from jobsportal.looking.findings import Tally, TooLarge, Unreadable, few, shortened
from jobsportal.looking.guesses import UNKNOWN, Guess
from jobsportal.looking.sources import Source, stem

MOST_OBJECTS = 600_000
MOST_DOCUMENTS = 200
COCO, KEYPOINTS = "COCO 1.0", "COCO Keypoints 1.0"
DATUMARO, DATUMARO_3D = "Datumaro 1.0", "Datumaro 3D 1.0"
COPY = (
    "This is a copy that was downloaded as JSON, just as the server has it. No format reads it, so it can't be "
    "uploaded. Bring it back under Annotations, “Annotations as JSON”."
)
NONE = Raw()
Id = int | str | float | None
T = TypeVar("T")


class Document(Struct, gc=False):
    """What tells the families apart."""

    images: Raw = NONE
    annotations: Raw = NONE
    categories: Raw = NONE
    items: Raw = NONE
    shapes: Raw = NONE
    tracks: Raw = NONE
    tags: Raw = NONE


class Category(Struct, gc=False):
    id: Id = None
    name: str = ""
    keypoints: Raw = NONE


class Image(Struct, gc=False):
    id: Id = None
    file_name: str = ""


class Annotation(Struct, gc=False):
    image_id: Id = None
    category_id: Id = None
    segmentation: Raw = NONE
    keypoints: Raw = NONE


class Label(Struct, gc=False):
    name: str = ""


class Labels(Struct, gc=False):
    labels: list[Label] = []


class Categories(Struct, gc=False):
    label: Labels | None = None


class Attributes(Struct, gc=False):
    frame: Id = None


class Object(Struct, gc=False):
    type: str = ""
    label_id: int | None = None


class Item(Struct, gc=False):
    id: str = ""
    annotations: list[Object] = []
    attr: Attributes | None = None
    point_cloud: Raw = NONE


KINDS = {"bbox": "rectangle", "label": "tag", "polygon": "polygon", "cuboid_3d": "cuboid"}


def read(source: Source, tally: Tally) -> Guess:
    guesses: list[Guess] = []
    for name in source.ending(".json")[:MOST_DOCUMENTS] or source.names[:1]:
        guesses.append(by_beginning(source, name))
        with tally.as_far_as_it_goes():
            guesses[-1] = read_document(source, name, tally)
    known = [guess for guess in guesses if guess.formats]
    if not known:
        return UNKNOWN
    # A subset may hold no key points where another does.
    best = next((guess for guess in known if guess.formats[0] == KEYPOINTS), known[0])
    return Guess(best.formats, best.is_certain and all(guess.formats[-1] == best.formats[-1] for guess in known))


def by_beginning(source: Source, name: str) -> Guess:
    """What it seems to be; all that is told of a document that is too large."""
    head = source.head(name)
    if re.search(rb'"(?:images|licenses|annotations)"\s*:\s*\[', head):
        return Guess((COCO,), is_certain=False)
    return Guess((DATUMARO,), is_certain=False) if re.search(rb'"(?:dm_format_version|items)"\s*:', head) else UNKNOWN


def read_document(source: Source, name: str, tally: Tally) -> Guess:
    content = source.document(name)
    if content.count(b"{") > MOST_OBJECTS:
        raise TooLarge
    document = decoded(content, Document, name, UNKNOWN)
    if not isinstance(document, Document):
        return UNKNOWN
    if document.images != NONE and document.annotations != NONE:
        return read_coco(document, name, tally)
    if document.items != NONE and document.categories != NONE:
        return read_datumaro(document, name, tally)
    if not source.is_archive and NONE not in (document.shapes, document.tracks, document.tags):
        raise Unreadable(COPY)
    return UNKNOWN


def decoded(content: bytes | Raw, kind: type[T], name: str, otherwise: Any = None) -> T | Any:
    """A part of a document. Raises Unreadable for what is no JSON, or no such part where no other value is given."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        if otherwise is not None:
            return otherwise
        words = shortened(str(error).replace("`", ""), 120)
        raise Unreadable(f"{few([name])} is not what its format asks for: {words}.") from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Unreadable(f"{few([name])} can't be read as JSON. It is damaged or cut short.") from error


def read_coco(document: Document, name: str, tally: Tally) -> Guess:
    tally.is_counted = True
    categories = decoded(document.categories, list[Category], name) if document.categories != NONE else []
    names = {category.id: category.name for category in categories}
    files = {image.id: stem(image.file_name) for image in decoded(document.images, list[Image], name)}
    for label in names.values():
        tally.declare(label)
    for file in files.values():
        tally.see(file)
    has_keypoints = any(is_filled(category.keypoints) for category in categories)
    for one in decoded(document.annotations, list[Annotation], name):
        kind = "skeleton" if is_filled(one.keypoints) else kind_of(one.segmentation)
        has_keypoints |= kind == "skeleton"
        tally.count(names.get(one.category_id, ""), kind)
        tally.see(files.get(one.image_id, ""), objects=1)
        if one.image_id not in files or one.category_id not in names:
            tally.warn("Some annotations name an image or a category that the file does not list.")
    return Guess((KEYPOINTS, COCO) if has_keypoints else (COCO,))


def is_filled(raw: Raw) -> bool:
    """Whether it is a list with something in it."""
    head = bytes(memoryview(raw)[:100])
    return head[:1] == b"[" and head[1:].lstrip()[:1] not in (b"]", b"")


def kind_of(segmentation: Raw) -> str:
    """Runs are a mask, points a polygon, nothing leaves the box."""
    if bytes(memoryview(segmentation)[:1]) == b"{":
        return "mask"
    return "polygon" if is_filled(segmentation) else "rectangle"


def read_datumaro(document: Document, name: str, tally: Tally) -> Guess:
    tally.is_counted = True
    label = decoded(document.categories, Categories, name).label
    names = [one.name for one in label.labels] if label else []
    for known in names:
        tally.declare(known)
    items = decoded(document.items, list[Item], name)
    for item in items:
        frame = item.attr.frame if item.attr else None
        tally.see(item.id, frame if isinstance(frame, int) else None, len(item.annotations))
        for one in item.annotations:
            is_named = one.label_id is not None and 0 <= one.label_id < len(names)
            tally.count(names[one.label_id or 0] if is_named else "", KINDS.get(one.type, shortened(one.type, 30)))
    return Guess((DATUMARO_3D,) if any(item.point_cloud != NONE for item in items) else (DATUMARO,))
