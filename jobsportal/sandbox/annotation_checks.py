"""What the upstream checks in annotations that are sent to it, and the words it complains in."""

from __future__ import annotations

from typing import Any

from .jobtable import Job
from .messages import invalid, refuse
from .store import Annotations, Store

Item = dict[str, Any]
Errors = dict[str, Any]

TYPES = ("rectangle", "polygon", "polyline", "points", "ellipse", "cuboid", "mask", "skeleton")
EXACT = {"rectangle": 4, "ellipse": 4, "cuboid": 16}
LEAST = {"polygon": 6, "polyline": 4, "points": 2, "mask": 6}
REQUIRED = ["This field is required."]


def validate(data: Item, ids_allowed: bool) -> None:
    """Refuses with every error found, in the shape of the data."""
    errors: Errors = {}
    for kind in ("tags", "shapes", "tracks"):
        items = data.get(kind, [])
        if not isinstance(items, list):
            words = f'Expected a list of items but got type "{type(items).__name__}".'
            errors[kind] = {"non_field_errors": [words]}
            continue
        found = [_item_errors(kind, item, ids_allowed) for item in items]
        if any(found):
            errors[kind] = found
    if errors:
        raise refuse(400, errors)


def _item_errors(kind: str, item: Any, ids_allowed: bool) -> Errors:
    if not isinstance(item, dict):
        return {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {type(item).__name__}."]}
    errors = _common_errors(item)
    if kind == "shapes":
        errors |= _shape_errors(item)
    if kind == "tracks":
        inner = [_keyframe_errors(shape) for shape in item.get("shapes", [])]
        errors |= {"shapes": inner} if any(inner) else {}
    if not errors and not ids_allowed and item.get("id") is not None:
        errors["id"] = ["must be absent"]
    return errors


def _common_errors(item: Item) -> Errors:
    errors: Errors = {}
    for name in ("frame", "label_id"):
        if item.get(name) is None:
            errors[name] = REQUIRED if name not in item else ["This field may not be null."]
        elif isinstance(item[name], bool) or not isinstance(item[name], int):
            errors[name] = ["A valid integer is required."]
        elif item[name] < 0:
            errors[name] = ["Ensure this value is greater than or equal to 0."]
    return errors


def _keyframe_errors(item: Item) -> Errors:
    errors = _shape_errors(item)
    if not isinstance(item.get("frame"), int):
        errors["frame"] = REQUIRED
    return errors


def _shape_errors(item: Item) -> Errors:
    if "type" not in item:
        return {"type": REQUIRED}
    if item["type"] not in TYPES:
        return {"type": [f'"{item["type"]}" is not a valid choice.']}
    return _rotation_errors(item) or _points_errors(item)


def _rotation_errors(item: Item) -> Errors:
    rotation = item.get("rotation", 0)
    if not isinstance(rotation, (int, float)):
        return {"rotation": ["A valid number is required."]}
    if rotation > 360:
        return {"rotation": ["Ensure this value is less than or equal to 360."]}
    if rotation < 0:
        return {"rotation": ["Ensure this value is greater than or equal to 0."]}
    return {}


def _points_errors(item: Item) -> Errors:
    points, kind = item.get("points", []), item["type"]
    if not isinstance(points, list):
        return {"points": [f'Expected a list of items but got type "{type(points).__name__}".']}
    words = "[ErrorDetail(string='Value must be a float or an integer', code='invalid')]"
    bad = {str(i): words for i, value in enumerate(points) if isinstance(value, bool) or not _is_number(value)}
    if bad:
        return {"points": bad}
    if kind == "skeleton":
        return {} if item.get("elements") else {"elements": ["at least one required for skeleton shape"]}
    count = len(points)
    fits = count == EXACT[kind] if kind in EXACT else count >= LEAST[kind] and (kind == "mask" or count % 2 == 0)
    return {} if fits else {"points": [f"invalid length for shape type '{kind}'"]}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float))


def normalise(data: Item) -> Annotations:
    """Every field there, in the order the upstream answers them."""
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
        "attributes": item.get("attributes", []),
    }


def _geometry(item: Item) -> Item:
    return {
        "type": item["type"],
        "occluded": bool(item.get("occluded", False)),
        "outside": bool(item.get("outside", False)),
        "z_order": item.get("z_order", 0),
        "rotation": float(item.get("rotation", 0)),
        "points": [float(value) for value in item.get("points", [])],
    }


def _shape(item: Item) -> Item:
    elements = [_element(part, item) for part in item.get("elements", [])]
    return _geometry(item) | _ids(item) | _common(item) | {"elements": elements}


def _element(part: Item, whole: Item) -> Item:
    shared = {"frame": whole["frame"]}
    return _geometry(part) | _ids(part) | _common(shared | part)


def _track(item: Item) -> Item:
    frames = [
        _geometry(shape) | _ids(shape) | {"frame": shape["frame"], "attributes": shape.get("attributes", [])}
        for shape in item.get("shapes", [])
    ]
    elements = [_track({"frame": item["frame"]} | part) for part in item.get("elements", [])]
    return _ids(item) | _common(item) | {"shapes": frames, "elements": elements}


def check_labels(store: Store, job: Job, data: Annotations) -> None:
    """Labels and attributes must be those of the job's task. Values and frames are not looked at."""
    specs: dict[int, set[int]] = {}
    for label in store.labels_of_task(store.task_of(job)):
        for part in (label, *label.sublabels):
            specs[part.id] = {attribute.id for attribute in part.attributes}
    for kind in ("tags", "shapes", "tracks"):
        for item in data[kind]:
            _check_item(item, specs)


def _check_item(item: Item, specs: dict[int, set[int]]) -> None:
    if item["label_id"] not in specs:
        raise invalid(f"label_id `{item['label_id']}` is invalid")
    entries = [*item["attributes"], *(entry for shape in item.get("shapes", []) for entry in shape["attributes"])]
    for entry in entries:
        if entry.get("spec_id") not in specs[item["label_id"]]:
            raise invalid(f"spec_id `{entry.get('spec_id')}` is invalid")
    for part in item.get("elements", []):
        _check_item(part, specs)
