"""What the framework says of fields that don't hold what they should, and what is taken from those that do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from .messages import crash, refuse

REQUIRED = "This field is required."
Check = Callable[[Any], Any]  # the value to take, or a `Bad` for what is wrong


class Bad(Exception):
    """`told` is what the answer says of the field: a list of words, or words by place."""

    def __init__(self, told: object) -> None:
        super().__init__(told)
        self.told = told if isinstance(told, dict) else [told]


def checked(data: Any, checks: dict[str, Check], required: Iterable[str] = ()) -> dict[str, Any]:
    """The fields that were sent and have a check, each as it is taken; refuses with all errors at once."""
    if not isinstance(data, dict):
        raise crash()
    errors: dict[str, object] = {name: [REQUIRED] for name in required if name not in data}
    made = {}
    for name, check in checks.items():
        if name in data:
            try:
                made[name] = check(data[name])
            except Bad as bad:
                errors[name] = bad.told
    if errors:
        raise refuse(400, {name: errors[name] for name in [*checks, *errors] if name in errors})
    return made


def choice(*known: str) -> Check:
    def check(value: Any) -> Any:
        if value is None:
            raise Bad("This field may not be null.")
        if not isinstance(value, str) or value not in known:
            raise Bad(f'"{value}" is not a valid choice.')
        return value

    return check


def integer(minimum: int | None = None) -> Check:
    def check(value: Any) -> int:
        if value is None:
            raise Bad("This field may not be null.")
        try:
            number = int(re.sub(r"\.0*$", "", str(value)))
        except ValueError as error:
            raise Bad("A valid integer is required.") from error
        if minimum is not None and number < minimum:
            raise Bad(f"Ensure this value is greater than or equal to {minimum}.")
        return number

    return check


def number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise Bad("A valid number is required.") from error


def share(value: Any) -> float:
    if not 0 <= number(value) <= 1:
        raise Bad("Value must be in the range [0; 1]")
    return number(value)


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Bad("Must be a valid boolean.")
    return value


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise Bad("Not a valid string.")
    if not value.strip():
        raise Bad("This field may not be blank.")
    return value.strip()


def listed(check: Check, *, empty: bool = True) -> Check:
    """A list, each element checked; errors are told by place."""

    def check_all(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Bad(f'Expected a list of items but got type "{type(value).__name__}".')
        if not value and not empty:
            raise Bad("This list may not be empty.")
        made, errors = [], {}
        for place, item in enumerate(value):
            try:
                made.append(check(item))
            except Bad as bad:
                errors[str(place)] = bad.told
        if errors:
            raise Bad(errors)
        return made

    return check_all
