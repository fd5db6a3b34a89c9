"""List filters: searching words, sorting, and JSON Logic as far as the upstream supports it.

A `Field` says how a column is read and what type it holds; a value of the wrong type is the 500 it is upstream.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from .messages import Request, crash, invalid

T = TypeVar("T")
Test = Callable[[T], bool]


@dataclass(frozen=True)
class Field(Generic[T]):
    """A column: how to read it from a row, and its type (`int`, `str`, `bool` or `datetime`)."""

    read: Callable[[T], Any]
    kind: type = str

    def cast(self, value: object) -> Any:
        """A JSON value as the column's type; crashes like the upstream when it can't be."""
        if value is None:
            return None
        try:
            return _cast(self.kind, value)
        except (TypeError, ValueError) as error:
            raise crash() from error


def _cast(kind: type, value: object) -> Any:
    if isinstance(value, (list, dict)):
        raise TypeError(value)
    if kind is datetime:
        return parse_date(value)
    if kind is int:
        return int(value)  # type: ignore[call-overload]
    if kind is bool:
        return _cast_bool(value)
    return str(value)


def _cast_bool(value: object) -> bool:
    known = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
    return known[str(value).lower()] if str(value).lower() in known else bool(int(str(value)))


def parse_date(value: object) -> datetime:
    """A date, or a date with a time; without a zone it is UTC."""
    if not isinstance(value, str):
        raise TypeError(value)
    stamp = datetime.fromisoformat(value.replace("Z", "+00:00"))
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)


def json_logic(request: Request, fields: dict[str, Field[T]]) -> Test[T] | None:
    """The test that `?filter=` describes, or None without one."""
    raw = request.param("filter")
    if not raw:
        return None
    try:
        rules = json.loads(raw)
    except ValueError as error:
        words = "Json syntax should be used" if request.is_old else f"can't parse filter expression: {error}"
        raise invalid(f"filter: {words}") from error
    if rules in ({}, [], None, "", 0, False):
        raise invalid("filter shouldn't be empty")
    return _build(rules, fields)


def _build(rules: Any, fields: dict[str, Field[T]]) -> Test[T]:
    if not isinstance(rules, dict) or not rules:
        raise crash()
    operator, args = next(iter(rules.items()))
    if operator in ("and", "or"):
        return _combine(operator, args, fields)
    if operator == "!":
        inner = _build(args, fields)
        return lambda row: not inner(row)
    if operator == "!!":
        return _build(args, fields)
    if operator == "var":
        read = _field(args, fields).read
        return lambda row: read(row) is not None
    return _compare(operator, args, fields)


@dataclass(frozen=True)
class Every(Generic[T]):
    """All of the tests; `keep` takes a long list through them one after the other, which is much faster."""

    tests: list[Test[T]]

    def __call__(self, row: T) -> bool:
        return all(test(row) for test in self.tests)


def _combine(operator: str, args: Any, fields: dict[str, Field[T]]) -> Test[T]:
    if not isinstance(args, list) or not args:
        raise crash()
    tests = [_build(arg, fields) for arg in args]
    if operator == "and":
        return Every(tests)
    return lambda row: any(test(row) for test in tests)


def _compare(operator: str, args: Any, fields: dict[str, Field[T]]) -> Test[T]:
    count = len(args) if isinstance(args, (list, str, dict)) else 0
    if operator in ("==", "<", ">", "<=", ">=") and count == 2:
        return _relation(operator, _column(args[0], fields), args[1])
    if operator == "in" and count == 2:
        return _member(args, fields)
    if operator == "<=" and count == 3:
        field = _column(args[1], fields)
        low, high, read = field.cast(args[0]), field.cast(args[2]), field.read
        if low is None or high is None:
            raise crash()
        return lambda row: (value := read(row)) is not None and low <= value <= high
    raise invalid(f"filter: {operator} operation with {args} arguments is not implemented")


def _relation(operator: str, field: Field[T], raw: object) -> Test[T]:
    wanted, read = field.cast(raw), field.read
    if operator == "==":
        return lambda row: read(row) == wanted
    if wanted is None:
        raise crash()
    relations: dict[str, Callable[[Any], bool]] = {
        "<": lambda value: value < wanted,
        ">": lambda value: value > wanted,
        "<=": lambda value: value <= wanted,
        ">=": lambda value: value >= wanted,
    }
    holds = relations[operator]
    return lambda row: (value := read(row)) is not None and holds(value)


def _member(args: Any, fields: dict[str, Field[T]]) -> Test[T]:
    if isinstance(args[0], dict):
        field = _column(args[0], fields)
        if not isinstance(args[1], (list, str)):
            raise crash()
        wanted, read = {field.cast(item) for item in args[1]}, field.read
        return lambda row: read(row) in wanted
    text, read_text = str(args[0]), _column(args[1], fields).read
    return lambda row: text in str(read_text(row) or "")


def _column(arg: Any, fields: dict[str, Field[T]]) -> Field[T]:
    if not isinstance(arg, dict) or "var" not in arg:
        raise crash()
    return _field(arg["var"], fields)


def _field(name: Any, fields: dict[str, Field[T]]) -> Field[T]:
    if not isinstance(name, str):
        raise crash()
    if name not in fields:
        raise invalid(f"filter: '{name}' term is not supported")
    return fields[name]


def keep(rows: list[T], *tests: Test[T] | None) -> list[T]:
    """The rows that pass every test."""
    for test in tests:
        if isinstance(test, Every):
            rows = keep(rows, *test.tests)
        elif test is not None:
            rows = [row for row in rows if test(row)]
    return rows


def search(request: Request, reads: Sequence[Callable[[T], str | None]]) -> Test[T] | None:
    """Every word must occur in one of the columns; words are parted by spaces and commas."""
    raw = request.param("search") or ""
    if "\0" in raw and not request.is_old:
        raise invalid("Null characters are not allowed.")
    words = [word.casefold() for word in re.split(r"[\s,\0]+", raw) if word]
    if not words:
        return None
    return lambda row: all(any(word in (read(row) or "").casefold() for read in reads) for word in words)


def ordering(request: Request, rows: list[T], fields: dict[str, Field[T]], default: str = "-id") -> list[T]:
    """Sorts as `?sort=` asks; unknown fields are ignored in silence, nobody sorts after everybody."""
    asked = [part.strip() for part in (request.param("sort") or "").split(",")]
    known = [part for part in asked if part.lstrip("-") in fields] or [default]
    if known == ["-id"]:
        return rows[::-1]
    for part in reversed(known):
        read = fields[part.lstrip("-")].read
        rows = sorted(rows, key=lambda row: _nulls_last(read(row)), reverse=part.startswith("-"))
    return rows


def _nulls_last(value: Any) -> tuple[bool, Any]:
    return (value is None, 0 if value is None else value)
