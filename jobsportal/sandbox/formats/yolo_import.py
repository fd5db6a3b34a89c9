"""Reads "YOLO 1.1" and its successor, in whichever folders their files lie."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

from ..background import ImportFailed
from ..store import Annotations, Label, empty_annotations
from .archives import read_texts
from .snapshot import IMPORT_ERROR, Target, number

Item = dict[str, Any]
LISTS = ("train.txt", "valid.txt", "val.txt", "test.txt")  # of pictures, not of boxes


def read(path: Path, target: Target) -> Annotations:
    """The boxes of a ZIP with `obj.names`, without ids; fails without having changed anything."""
    texts = _texts(path, "obj.names")
    names = [name.strip() for name in _document(texts, "obj.names").splitlines()]
    return _annotations(texts, target, dict(enumerate(name for name in names if name)))


def read_ultralytics(path: Path, target: Target) -> Annotations:
    """The boxes of a ZIP with `data.yaml`."""
    texts = _texts(path, "data.yaml")
    return _annotations(texts, target, _yaml_names(_document(texts, "data.yaml")))


def _texts(path: Path, document: str) -> dict[PurePosixPath, str]:
    failure = f"{IMPORT_ERROR}: Failed to find dataset 'yolo' at '{path.name}'"
    return read_texts(path, lambda place: place.name == document or _holds_boxes(place), failure)


def _holds_boxes(place: PurePosixPath) -> bool:
    return place.suffix == ".txt" and place.name not in LISTS and "__MACOSX" not in place.parts


def _document(texts: dict[PurePosixPath, str], name: str) -> str:
    """The one nearest to the root."""
    places = sorted((place for place in texts if place.name == name), key=lambda place: (len(place.parts), place))
    if not places:
        raise ImportFailed(f"{IMPORT_ERROR}: The archive must contain a file: {name}")
    return texts[places[0]]


def _annotations(texts: dict[PurePosixPath, str], target: Target, names: dict[int, str]) -> Annotations:
    found = empty_annotations()
    labels = {index: target.label(name) for index, name in names.items()}
    for place in sorted(filter(_holds_boxes, texts)):
        frame = target.frame(place.name)
        for row, line in enumerate(texts[place].splitlines(), 1):
            if line.strip():
                found["shapes"].append(_shape(line, f"{place.name}, line {row}", frame, target, labels))
    return found


def _shape(line: str, where: str, frame: int, target: Target, labels: dict[int, Label]) -> Item:
    parts = line.split()
    try:
        if len(parts) != 5:
            raise ValueError("a class and four numbers are needed")
        x, y, wide, high = (number(part) for part in parts[1:])
        label = labels[int(parts[0])]
    except ValueError as error:
        raise ImportFailed(f"{IMPORT_ERROR}: {where}: {error}") from error
    except KeyError as error:
        raise ImportFailed(f"{IMPORT_ERROR}: {where}: there is no class {parts[0]}") from error
    width, height = target.task.width, target.task.height
    box = ((x - wide / 2) * width, (y - high / 2) * height, (x + wide / 2) * width, (y + high / 2) * height)
    return {
        "frame": frame,
        "label_id": label.id,
        "source": "file",
        "type": "rectangle",
        "points": [round(value, 2) for value in box],
    }


def _yaml_names(document: str) -> dict[int, str]:
    """The names of classes out of the little of YAML that is used for them: `0: name`, `- name` or `[name, name]`."""
    found = re.search(r"^names:[ \t]*(.*)\n((?:[ \t]*(?:-|\d+:).*\n?|[ \t]*\n)*)", document + "\n", re.MULTILINE)
    if found is None:
        raise ImportFailed(f"{IMPORT_ERROR}: data.yaml does not name its classes")
    if found[1].startswith("["):
        return dict(enumerate(_unquoted(name) for name in found[1].strip(" []").split(",")))
    names: dict[int, str] = {}
    for line in filter(None, map(str.strip, found[2].splitlines())):
        head, _, name = ("", "", line[1:]) if line.startswith("-") else line.partition(":")
        names[int(head) if head else len(names)] = _unquoted(name)
    return names


def _unquoted(raw: str) -> str:
    name = raw.strip()
    if name.startswith('"'):
        try:
            return str(json.loads(name))
        except ValueError as error:
            raise ImportFailed(f"{IMPORT_ERROR}: data.yaml holds a name that is not closed: {name[:50]}") from error
    return name.strip("'")
