"""A rule as a tree that a form can hold: groups of conditions, from JSON Logic and back.

A condition keeps what was typed, so that a form that can't be understood yet comes back as it was. Each rule that
`filters.check` accepts has a tree, and the tree's rule finds the same jobs.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from jobsportal.cvat import filters
from jobsportal.cvat.errors import Invalid
from jobsportal.cvat.filters import CHOICES, END_OF_DAY, NULLABLE, TEXT_FIELDS, Rule

ROOT = "r"
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MAX_DAYS = 3650

LABELS = {
    "assignee": "Assignee",
    "stage": "Stage",
    "state": "State",
    "type": "Type",
    "dimension": "Dimension",
    "task_name": "Task name",
    "task_id": "Task id",
    "project_name": "Project name",
    "project_id": "Project id",
    "id": "Job id",
    "updated_date": "Updated",
}
# Each operator and its opposite, which is written with a "!" before it.
WORDS = {
    **filters.COMPARISONS,
    "between": ("is between", "is not between"),
    "in": ("is one of", "is none of"),
    "contains": ("contains", "does not contain"),
    "set": ("is not empty", "is empty"),
}
DATE_WORDS = {
    "==": ("is exactly", "is not exactly"),
    "<": ("before", "not before"),
    ">": ("after", "not after"),
    "<=": ("up to", "not up to"),
    ">=": ("on or after", "not on or after"),
    "between": ("between", "not between"),
    "last": ("in the last … days", ""),
    "older": ("more than … days ago", ""),
}
PERSON_WORDS = {"set": ("is somebody", "is nobody")}
# What a field is usually asked for. Other operators are offered where a rule has them already.
USUAL = {
    "choice": ("==", "!==", "in", "!in"),
    "text": ("contains", "!contains", "==", "!==", "in", "!in"),
    "number": ("==", "!==", "<", ">", "<=", ">=", "between", "in", "!in"),
    "date": (">=", "<", "between", "last", "older"),
}


@dataclass(frozen=True)
class Condition:
    """What one field has to be. `typed` holds one text per input of the form."""

    field: str = "stage"
    operator: str = "=="
    typed: tuple[str, ...] = ()
    negated: bool = False


@dataclass(frozen=True)
class Group:
    """Conditions and groups of which all ("and") or one ("or") must hold, or the opposite."""

    join: str = "and"
    parts: tuple["Part", ...] = ()
    negated: bool = False


Part = Condition | Group


class Unfinished(Exception):
    """A tree that is no rule yet; `problems` are words by the path of the part that they are about."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{path}: {words}" for path, words in problems.items()))
        self.problems = problems


class Unreadable(ValueError):
    """A text that is no value of its field; the words say why."""


def kind_of(name: str) -> str:
    if name in CHOICES:
        return "choice"
    return "text" if name in TEXT_FIELDS else "date" if name == "updated_date" else "number"


def operators_of(name: str) -> list[str]:
    return [*USUAL[kind_of(name)], *(("!set", "set") if name in NULLABLE else ())]


def operator_words(name: str, operator: str) -> str:
    return words_of(name)[operator.removeprefix("!")][operator.startswith("!")]


def words_of(name: str) -> dict[str, tuple[str, str]]:
    own = DATE_WORDS if kind_of(name) == "date" else PERSON_WORDS if name == "assignee" else {}
    return {**WORDS, **own}


def may_compare(name: str, operator: str) -> bool:
    """Whether an operator is one that this field knows."""
    words = words_of(name).get(operator.removeprefix("!"), ("", ""))
    return bool(words[operator.startswith("!")]) and (operator.lstrip("!") != "contains" or name in TEXT_FIELDS)


# From JSON Logic


def tree_of(rule: Rule, zone: tzinfo) -> Group:
    """The tree of a checked rule, with a group at its root; dates as they are in that zone."""
    part = part_of(filters.normalized(rule), zone)
    return part if isinstance(part, Group) else Group(parts=(part,))


def part_of(rule: Rule, zone: tzinfo, *, negated: bool = False) -> Part:
    ((operation, arguments),) = rule.items()
    if operation == "!":
        return part_of(arguments, zone, negated=True)
    if operation in ("and", "or"):
        return Group(operation, tuple(part_of(part, zone) for part in arguments), negated)
    if operation == "var":
        return Condition(arguments, "set", (), negated)
    first, second, *rest = arguments
    if operation == "in" and isinstance(second, list):
        return Condition(first["var"], "in", listed(first["var"], second, zone), negated)
    if operation == "in":
        return Condition(second["var"], "contains", (quoted(first),), negated)
    name, ends = (second["var"], [first, *rest]) if rest else (first["var"], [second])
    key = "between" if rest else operation
    typed = tuple(written(name, value, zone, at_end=is_end(key, place)) for place, value in enumerate(ends))
    return Condition(name, key, typed, negated)


def is_end(operator: str, place: int) -> bool:
    """Whether a day in this place of a comparison means its end, and not its beginning."""
    return operator in (">", "<=") or (operator == "between" and place == 1)


def listed(name: str, values: list[Any], zone: tzinfo) -> tuple[str, ...]:
    """The values of a list as its inputs hold them: one box each, or one text for all."""
    texts = [written(name, value, zone) for value in values]
    kind = kind_of(name)
    return tuple(texts) if kind == "choice" else ((", " if kind == "number" else "\n").join(texts),)


def written(name: str, value: Any, zone: tzinfo, *, at_end: bool = False) -> str:
    kind = kind_of(name)
    if kind == "date":
        return day_or_moment(value, zone, at_end)
    return quoted(value) if kind == "text" else str(value)


def quoted(text: str) -> str:
    """A text as it is typed; in quotes where typing it would lose something."""
    is_plain = text and text == text.strip() and text.isprintable() and not text.startswith('"')
    return text if is_plain else json.dumps(text)


def day_or_moment(value: str, zone: tzinfo, at_end: bool) -> str:
    moment = filters.moment_of(value)
    day = moment.astimezone(zone).date().isoformat()
    if filters.is_date(back := day_bound(day, zone, at_end)) and filters.moment_of(back) == moment:
        return day
    return f"{value}T00:00Z" if DAY.fullmatch(value) else value


# To JSON Logic


@dataclass
class Making:
    """How a tree is made a rule: the moment from which days are counted, the zone, and what went wrong where."""

    now: datetime
    zone: tzinfo
    problems: dict[str, str] = field(default_factory=dict)

    def rule(self, part: Part, path: str) -> Rule:
        made = self.group(part, path) if isinstance(part, Group) else self.condition(part, path)
        return {"!": made} if part.negated else made

    def group(self, group: Group, path: str) -> Rule:
        rules = [self.rule(part, f"{path}.{place}") for place, part in enumerate(group.parts)]
        if not rules:
            self.problems[path] = "Add a condition." if path == ROOT else "Add a condition here, or remove the group."
        return rules[0] if len(rules) == 1 else {group.join: rules}

    def condition(self, condition: Condition, path: str) -> Rule:
        try:
            return rule_of_condition(condition, self.now, self.zone)
        except Unreadable as error:
            self.problems[path] = str(error)
            return {}


def rule_of(tree: Group, now: datetime, zone: tzinfo) -> Rule:
    """The tree as a checked rule. Raises Unfinished with what is missing or wrong, and where."""
    making = Making(now, zone)
    rule = making.rule(tree, ROOT)
    if making.problems:
        raise Unfinished(making.problems)
    try:
        checked = filters.normalized(filters.check(rule))
    except Invalid as error:
        raise Unfinished({ROOT: error.detail}) from None
    if len(filters.dumps(checked)) > filters.MAX_LENGTH:
        raise Unfinished({ROOT: f"The rule is longer than {filters.MAX_LENGTH:,} characters."})
    return checked


def rule_of_condition(condition: Condition, now: datetime, zone: tzinfo) -> Rule:
    name, operator, var = condition.field, condition.operator, filters.var(condition.field)
    if operator == "set":
        return var
    if operator in ("last", "older"):
        since = (now - timedelta(days=days_in(first_of(condition)))).astimezone(UTC).replace(microsecond=0)
        return {">=" if operator == "last" else "<": [var, since.isoformat()]}
    if operator == "in":
        return filters.one_of_values(name, [value_of(name, text, zone) for text in texts_of(condition)])
    if operator == "contains":
        return {"in": [value_of(name, first_of(condition), zone), var]}
    ends = ((*condition.typed, "", "")[:2]) if operator == "between" else (first_of(condition),)
    values = [value_of(name, text, zone, at_end=is_end(operator, place)) for place, text in enumerate(ends)]
    return {"<=": [values[0], var, values[1]]} if operator == "between" else {operator: [var, values[0]]}


def first_of(condition: Condition) -> str:
    return condition.typed[0] if condition.typed else ""


def texts_of(condition: Condition) -> list[str]:
    """The single values of a list. Raises Unreadable for an empty one."""
    if kind_of(condition.field) == "choice":
        texts = list(condition.typed)
    else:
        parted = r"[\s,]+" if kind_of(condition.field) == "number" else r"[\r\n]+"
        texts = [text for text in re.split(parted, first_of(condition)) if text.strip()]
    if not texts:
        raise Unreadable("Choose at least one." if condition.field in CHOICES else "Give at least one value.")
    return texts


def days_in(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and 0 < int(text) <= MAX_DAYS):
        raise Unreadable(f"Give a number of days from 1 to {MAX_DAYS:,}.")
    return int(text)


def value_of(name: str, typed: str, zone: tzinfo, *, at_end: bool = False) -> Any:
    """The value that a text stands for. Raises Unreadable."""
    kind, text = kind_of(name), typed.strip()
    if not text:
        raise Unreadable({"choice": "Choose one.", "date": "Give a date."}.get(kind, "Give a value."))
    readers: dict[str, Callable[[str], Any]] = {
        "number": lambda text: int(text) if re.fullmatch(r"[+-]?[0-9]{1,10}", text, re.ASCII) else None,
        "text": unquoted,
        "date": lambda text: day_bound(text, zone, at_end) if DAY.fullmatch(text) else text,
    }
    value = readers[kind](text) if kind in readers else text
    if not filters.FIELDS[name](value):
        like = {"number": "a whole number", "date": "a date, such as 2026-11-24 or 2026-11-24T09:30Z"}
        raise Unreadable(f"“{filters.shown(text)}” is not {like.get(kind, f'a {name}')}.")
    return value


def unquoted(text: str) -> str:
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        try:
            inner: str = json.loads(text)
        except ValueError:
            return text
        return inner
    return text


def day_bound(day: str, zone: tzinfo, at_end: bool) -> str:
    """The first or last moment of a day in a zone, for the upstream: in UTC. "" for a day that is none."""
    try:
        local = datetime.combine(date.fromisoformat(day), END_OF_DAY if at_end else time.min, zone)
        moment = local.astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return moment.date().isoformat() if moment.time() == time.min else moment.isoformat()


# Changing a tree


def changed(part: Part, path: list[int], change: Callable[[Group], Group]) -> Part:
    """The tree with the group at this path changed; as it is where there is none."""
    if not isinstance(part, Group):
        return part
    if not path:
        return change(part)
    place, *rest = path
    parts = [changed(one, rest, change) if at == place else one for at, one in enumerate(part.parts)]
    return replace(part, parts=tuple(parts))


def with_part(group: Group, part: Part) -> Group:
    return replace(group, parts=(*group.parts, part))


def without_part(group: Group, place: int) -> Group:
    return replace(group, parts=tuple(part for at, part in enumerate(group.parts) if at != place))
