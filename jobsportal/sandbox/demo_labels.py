"""The labels of the demo: every type of shape, every type of attribute."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from .store import Attribute, Label, Store

COLOURS = ["#fa3253", "#33ddff", "#2a7d19", "#20e0e0", "#b8e2ef", "#6102c8", "#aa00ff", "#ff6a4d", "#3d3df5", "#8c78f0"]

PAINT = ("colour", "select", ["white", "black", "red", "blue", "yellow", "green", "other"], "white", False)
PARKED = ("parked", "checkbox", ["false"], "false", True)
SPEED = ("speed", "number", ["0", "200", "1"], "0", True)
NOTE = ("note", "text", [""], "", True)
POSE = ("pose", "radio", ["standing", "sitting", "walking"], "standing", False)

# per project (or task): name, type, attributes
Entry = tuple[str, str, Sequence[Any]]

PROJECT_LABELS: dict[int, list[Entry]] = {
    1: [
        ("car", "any", [PAINT, PARKED, SPEED]),
        ("person", "any", [NOTE, POSE]),
        ("bus", "rectangle", [SPEED]),
        ("boat", "polygon", []),
        ("road", "mask", []),
        ("lane", "polyline", []),
        ("manhole", "ellipse", []),
        ("landmark", "points", []),
        ("weather", "tag", []),
        ("body", "skeleton", ["head", "hand", "foot"]),
    ],
    2: [
        ("truck", "any", [PAINT, PARKED]),
        ("forklift", "rectangle", [("loaded", "checkbox", ["false"], "false", True)]),
        ("pallet", "any", [("boxes", "number", ["0", "60", "1"], "0", False)]),
        ("gate", "polyline", []),
        ("blurred", "tag", []),
    ],
    3: [
        ("fish", "any", [("species", "select", ["salmon", "trout", "unknown"], "unknown", False)]),
        ("bubble", "ellipse", []),
        ("murky", "tag", []),
    ],
    100: [("item", "any", []), ("unclear", "tag", [])],
}
TASK_LABELS: dict[int, list[Entry]] = {
    8: [("cat", "any", [("name", "text", [""], "", False)]), ("ball", "ellipse", [])]
}
# Of the projects of the bulk jobs; after the others, whose ids are known
BULK_LABELS = {101: PROJECT_LABELS[1], 102: PROJECT_LABELS[2]}


def add_labels(store: Store) -> None:
    ids, specs = count(1), count(1)
    for owner, entries in PROJECT_LABELS.items():
        store.labels += [_label(ids, specs, *entry, project_id=owner) for entry in entries]
    for owner, entries in TASK_LABELS.items():
        store.labels += [_label(ids, specs, *entry, task_id=owner) for entry in entries]
    for owner, entries in BULK_LABELS.items():
        store.labels += [_label(ids, specs, *entry, project_id=owner) for entry in entries]


def _label(
    ids: count[int], specs: count[int], name: str, kind: str, extras: Sequence[Any], *,
    project_id: int | None = None, task_id: int | None = None,
) -> Label:  # fmt: skip
    number = next(ids)
    label = Label(number, name, COLOURS[number % len(COLOURS)], kind, project_id=project_id, task_id=task_id)
    if kind == "skeleton":
        parts = [str(extra) for extra in extras]
        label.sublabels = [
            Label(next(ids), part, COLOURS[i], "points", parent_id=number) for i, part in enumerate(parts)
        ]
        label.svg = _svg(label.sublabels)
    else:
        label.attributes = [_attribute(next(specs), *extra) for extra in extras]
    return label


def _attribute(number: int, name: str, kind: str, values: list[str], default: str, mutable: bool) -> Attribute:
    return Attribute(number, name, kind, values, default, mutable)


def _svg(parts: list[Label]) -> str:
    """The drawing of a skeleton: edges from the first node to the others, then the nodes."""
    places = [(50, 10), (30, 50), (50, 90)]
    edges = "".join(
        f'<line x1="50" y1="10" x2="{x}" y2="{y}" data-type="edge" data-node-from="1" data-node-to="{i}"></line>'
        for i, (x, y) in enumerate(places[1:], 2)
    )
    nodes = "".join(
        f'<circle r="0.75" cx="{x}" cy="{y}" data-type="element node" data-element-id="{i}" '
        f'data-node-id="{i}" data-label-id="{part.id}"></circle>'
        for i, ((x, y), part) in enumerate(zip(places, parts, strict=False), 1)
    )
    return edges + nodes
