"""The fields of annotations: which there must be, what each may hold, and the words it is refused with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Errors = list[Any] | dict[str, Any]
Check = Callable[[Any], Errors]
Fields = dict[str, Check]  # a name with a star is required

TYPES = ("rectangle", "polygon", "polyline", "points", "ellipse", "cuboid", "mask", "skeleton")
NO_NUMBER = "[ErrorDetail(string='Value must be a float or an integer', code='invalid')]"


def natural(value: Any) -> Errors:
    """A whole number from 0 on."""
    if isinstance(value, bool) or not isinstance(value, int):
        return ["A valid integer is required."]
    return ["Ensure this value is greater than or equal to 0."] if value < 0 else []


def _integer(value: Any) -> Errors:
    return ["A valid integer is required."] if isinstance(value, bool) or not isinstance(value, int) else []


def _optional(check: Check) -> Check:
    return lambda value: [] if value is None else check(value)


def _boolean(value: Any) -> Errors:
    return [] if isinstance(value, bool) else ["Must be a valid boolean."]


def _text(value: Any) -> Errors:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ["Not a valid string."]
    return []


def _type(value: Any) -> Errors:
    return [] if value in TYPES else [f'"{value}" is not a valid choice.']


def _angle(value: Any) -> Errors:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ["A valid number is required."]
    if value > 360:
        return ["Ensure this value is less than or equal to 360."]
    return ["Ensure this value is greater than or equal to 0."] if value < 0 else []


def _points(value: Any) -> Errors:
    if not isinstance(value, list):
        return _no_list(value)
    wrong = (i for i, number in enumerate(value) if isinstance(number, bool) or not isinstance(number, (int, float)))
    return {str(i): NO_NUMBER for i in wrong}


def _no_list(value: Any) -> Errors:
    return [f'Expected a list of items but got type "{type(value).__name__}".']


def many(fields: Fields) -> Check:
    """A list of objects: nothing, or one entry of errors for each of them."""

    def check(value: Any) -> Errors:
        if not isinstance(value, list):
            return {"non_field_errors": _no_list(value)}
        found = [errors_of(fields, item) for item in value]
        return found if any(found) else []

    return check


def errors_of(fields: Fields, item: Any) -> Errors:
    """What is wrong with one object, by field; the first look, before fields are compared with each other."""
    if not isinstance(item, dict):
        return {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {type(item).__name__}."]}
    errors: dict[str, Any] = {}
    for starred, check in fields.items():
        name = starred.removesuffix("*")
        if name not in item:
            if starred != name:
                errors[name] = ["This field is required."]
        elif item[name] is None and name not in NULLABLE:
            errors[name] = ["This field may not be null."]
        elif found := check(item[name]):
            errors[name] = found
    return errors


NULLABLE = ("id", "group")
ATTRIBUTE: Fields = {"spec_id*": _integer, "value*": _text}
PLACE: Fields = {"id": _optional(_integer), "frame*": natural, "attributes": many(ATTRIBUTE)}
GEOMETRY: Fields = {
    "type*": _type,
    "occluded": _boolean,
    "outside": _boolean,
    "z_order": _integer,
    "rotation": _angle,
    "points": _points,
}
TAG: Fields = PLACE | {"label_id*": natural, "group": _optional(natural), "source": _text}
ELEMENT: Fields = GEOMETRY | TAG
SHAPE: Fields = ELEMENT | {"elements": many(ELEMENT)}
KEYFRAME: Fields = GEOMETRY | PLACE
PART: Fields = TAG | {"shapes*": many(KEYFRAME)}
TRACK: Fields = PART | {"elements": many(PART)}
KINDS: dict[str, Fields] = {"tags": TAG, "shapes": SHAPE, "tracks": TRACK}
