"""YOLO: a text for each picture, a line for each object, and a list of the classes' names beside them."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

from jobsportal.looking.findings import Tally, shortened
from jobsportal.looking.guesses import Guess
from jobsportal.looking.sources import Source, stem
from jobsportal.looking.yolo_names import names_in_yaml

LISTS = ("train.txt", "valid.txt", "val.txt", "test.txt")  # of pictures, not of objects
YOLO = "YOLO 1.1"
BOX, CORNERS, LEAST_OUTLINE = 5, 9, 7  # how many words a line has


def variants(kind: str, *, older: bool = True) -> tuple[str, ...]:
    """The names that a kind of the newer YOLO has in both generations."""
    return (f"Ultralytics YOLO {kind} 1.0", f"YOLOv8 {kind} 1.0") if older else (f"Ultralytics YOLO {kind} 1.0",)


DETECTION, SEGMENTATION, POSE = variants("Detection"), variants("Segmentation"), variants("Pose")
TURNED = variants("Oriented Bounding Boxes")
CLASSIFICATION = variants("Classification", older=False)


def read_darknet(source: Source, tally: Tally) -> Guess:
    """`obj.data`, `obj.names`, and texts in `obj_train_data/`."""
    lists = [name for name in source.ending(".names") if base(name) == "obj.names"]
    names = dict(enumerate(source.lines(lists[0]))) if lists else {}
    if not any(base(name) == "obj.data" for name in source.names):
        tally.warn("The archive has no obj.data, which servers look for in YOLO 1.1.")
    read_objects(source, tally, names)
    return Guess((YOLO,))


def read_ultralytics(source: Source, tally: Tally) -> Guess:
    """`data.yaml`, and texts in `labels/<subset>/`."""
    document = "\n".join(source.lines(source.ending(".yaml", ".yml")[0]))
    is_pose = bool(re.search(r"^kpt_shape\s*:", document, re.M))
    words = read_objects(source, tally, names_in_yaml(document), is_pose=is_pose)
    if words["pose"]:
        return Guess(POSE)
    if words["outline"]:
        return Guess(SEGMENTATION, is_certain=not words["box"])
    if words["corners"]:
        # Four corners are a turned box, or a polygon that happens to have four points.
        return Guess((*TURNED, *SEGMENTATION), is_certain=False)
    return Guess(DETECTION, is_certain=bool(words["box"]))


def read_bare(source: Source, tally: Tally) -> Guess:
    """Texts that look like YOLO, without the names of the classes."""
    tally.warn("The names of the classes are missing: pack data.yaml, or obj.data and obj.names, with the texts.")
    read_objects(source, tally, {})
    return Guess((*DETECTION, YOLO), is_certain=False)


def read_objects(source: Source, tally: Tally, names: dict[int, str], *, is_pose: bool = False) -> Counter[str]:
    """Count what the texts hold; how many lines there are of each shape."""
    tally.is_counted = True
    for name in names.values():
        tally.declare(name)
    seen: Counter[str] = Counter()
    with tally.as_far_as_it_goes():
        for path in source.ending(".txt"):
            if base(path) in LISTS:
                see_pictures(tally, source.lines(path))
            else:
                read_picture(source, tally, path, names, seen, is_pose)
    return seen


def see_pictures(tally: Tally, lines: Iterable[str]) -> None:
    for line in lines:
        tally.see(picture_of(line))


def read_picture(
    source: Source, tally: Tally, path: str, names: dict[int, str], seen: Counter[str], is_pose: bool
) -> None:
    objects = 0
    for line in source.lines(path):
        words = line.split()
        shape = "pose" if is_pose else shape_of(len(words))
        number = int(words[0]) if re.fullmatch(r"\d{1,6}", words[0], re.A) else None
        if shape is None or number is None:
            tally.warn(f"Lines that are no objects were found, such as “{shortened(line, 40)}” in {shortened(path)}.")
            continue
        if names and number not in names:
            tally.warn(f"Class {number} has no name in the file.")
        seen[shape] += 1
        objects += 1
        tally.count(names.get(number, f"class {number}"), KINDS[shape])
    tally.see(picture_of(path), objects=objects)


KINDS = {"box": "rectangle", "corners": "polygon", "outline": "polygon", "pose": "skeleton"}


def shape_of(words: int) -> str | None:
    if words in (BOX, BOX + 1):
        return "box"
    if words == CORNERS:
        return "corners"
    return "outline" if words >= LEAST_OUTLINE and words % 2 else None


def picture_of(path: str) -> str:
    """The picture that a text is about, or a line names, beneath the folders that the format has."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    for place, part in enumerate(parts[:-1]):
        if re.fullmatch(r"obj_\w+_data", part):
            return stem("/".join(parts[place + 1 :]))
        if part in ("labels", "images"):
            # A folder for each subset comes first.
            return stem("/".join(parts[min(place + 2, len(parts) - 1) :]))
    return stem("/".join(parts))


def base(path: str) -> str:
    return path.rpartition("/")[2]
