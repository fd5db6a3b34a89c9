"""What the upstream checks in annotations that are sent to it, and the words it complains in.

The generation of old looks at each field by itself; the later one also at what belongs together: the number of points
of a shape, the elements of a skeleton, and ids where there can't be any yet.
"""

from __future__ import annotations

from typing import Any

from .annotation_fields import KINDS, many
from .jobtable import Job
from .messages import invalid, refuse
from .store import Annotations, Label, Store

Item = dict[str, Any]

EXACT = {"rectangle": 4, "ellipse": 4, "cuboid": 16}
LEAST = {"polygon": 6, "polyline": 4, "points": 2, "mask": 6}


def validate(data: Item, old: bool, ids_allowed: bool) -> None:
    """Refuses with every error found, in the shape of the data."""
    errors = {kind: found for kind, fields in KINDS.items() if (found := many(fields)(data.get(kind, [])))}
    if not errors and not old:
        errors = _mismatches(data, ids_allowed)
    if errors:
        raise refuse(400, errors)


def _mismatches(data: Item, ids_allowed: bool) -> dict[str, Any]:
    errors: dict[str, Any] = {}
    for kind in KINDS:
        found = [_item_mismatch(kind, item, ids_allowed) for item in data.get(kind, [])]
        if any(found):
            errors[kind] = found
    return errors


def _item_mismatch(kind: str, item: Item, ids_allowed: bool) -> Item:
    found = {"shapes": _whole_mismatch, "tracks": _track_mismatch}.get(kind, _no_mismatch)(item)
    if not found and not ids_allowed and item.get("id") is not None:
        return {"id": ["must be absent"]}
    return found


def _no_mismatch(item: Item) -> Item:
    return {}


def _whole_mismatch(item: Item) -> Item:
    """Of a shape that is not part of a track."""
    elements = item.get("elements", [])
    if item["type"] == "skeleton" and not elements:
        return {"elements": ["at least one required for skeleton shape"]}
    return _shape_mismatch(item) | _within("elements", [_shape_mismatch(part) for part in elements])


def _track_mismatch(item: Item) -> Item:
    keyframes = [_shape_mismatch(keyframe) for keyframe in item["shapes"]]
    parts = [_track_mismatch(part) for part in item.get("elements", [])]
    return _within("shapes", keyframes) | _within("elements", parts)


def _within(name: str, found: list[Item]) -> Item:
    return {name: found} if any(found) else {}


def _shape_mismatch(item: Item) -> Item:
    count, kind = len(item.get("points", [])), item["type"]
    if kind == "skeleton":
        return {}
    fits = count == EXACT[kind] if kind in EXACT else count >= LEAST[kind] and (kind == "mask" or count % 2 == 0)
    return {} if fits else {"points": [f"invalid length for shape type '{kind}'"]}


def normalise(data: Item) -> Annotations:
    """Every field there, in the order the upstream answers them; elements only where some were sent."""
    return {
        "version": 0,
        "tags": [_ids(item) | _common(item) for item in data.get("tags", [])],
        "shapes": [_shape(item) for item in data.get("shapes", [])],
        "tracks": [_track(item) for item in data.get("tracks", [])],
    }


def _ids(item: Item) -> Item:
    return {"id": item["id"]} if item.get("id") is not None else {}


def _common(item: Item) -> Item:
    return {
        "frame": item["frame"],
        "label_id": item["label_id"],
        "group": item.get("group") or 0,
        "source": item.get("source", "manual"),
        "attributes": _values(item),
    }


def _values(item: Item) -> list[Item]:
    return [{"spec_id": entry["spec_id"], "value": str(entry["value"])} for entry in item.get("attributes", [])]


def _geometry(item: Item) -> Item:
    return {
        "type": item["type"],
        "occluded": item.get("occluded", False),
        "outside": item.get("outside", False),
        "z_order": item.get("z_order", 0),
        "rotation": float(item.get("rotation", 0)),
        "points": [float(value) for value in item.get("points", [])],
    }


def _shape(item: Item) -> Item:
    made = _geometry(item) | _ids(item) | _common(item)
    if "elements" in item:
        made["elements"] = [_geometry(part) | _ids(part) | _common(part) for part in item["elements"]]
    return made


def _track(item: Item) -> Item:
    keyframes = [
        _geometry(shape) | _ids(shape) | {"frame": shape["frame"], "attributes": _values(shape)}
        for shape in item["shapes"]
    ]
    made = _ids(item) | _common(item) | {"shapes": keyframes}
    if "elements" in item:
        made["elements"] = [_track(part) for part in item["elements"]]
    return made


def parts_by_id(store: Store, job: Job) -> dict[int, Label]:
    """The labels of the job's task, those within skeletons too."""
    labels = store.labels_of_task(store.task_of(job))
    return {part.id: part for label in labels for part in (label, *label.sublabels)}


def check_labels(store: Store, job: Job, data: Annotations) -> None:
    """Labels and attributes must be those of the job's task. Values and frames are not looked at."""
    labels = parts_by_id(store, job)
    for kind in KINDS:
        for item in data[kind]:
            _check_item(item, labels)


def _check_item(item: Item, labels: dict[int, Label]) -> None:
    """A track keeps attributes that may change in its keyframes, and only there."""
    if item["label_id"] not in labels:
        raise invalid(f"label_id `{item['label_id']}` is invalid")
    specs = labels[item["label_id"]].attributes
    mutable, all_specs = {spec.id for spec in specs if spec.mutable}, {spec.id for spec in specs}
    _check_specs(item, all_specs - mutable if "shapes" in item else all_specs)
    for keyframe in item.get("shapes", []):
        _check_specs(keyframe, mutable)
    for part in item.get("elements", []):
        _check_item(part, labels)


def _check_specs(item: Item, known: set[int]) -> None:
    for entry in item["attributes"]:
        if entry["spec_id"] not in known:
            raise invalid(f"spec_id `{entry['spec_id']}` is invalid")
