"""The rule builder as a form: names carry the path of each part, such as `r.0.1.field`."""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from jobsportal.cvat import filters
from jobsportal.cvat.errors import Invalid
from jobsportal.jobs import rules
from jobsportal.jobs.rules import LABELS, ROOT, Condition, Group, Part

NAME = re.compile(r"(r(?:\.[0-9]{1,3}){0,21})\.(field|was|op|value|to|join|not)", re.ASCII)
PATH = re.compile(r"r(?:\.[0-9]{1,3}){0,21}", re.ASCII)
MAX_OFFERED_DEPTH = 5


# What a form holds


def tree_from(data: QueryDict) -> Group:
    """The tree that a form holds. Raises Invalid for what no form sends."""
    names: dict[str, set[str]] = defaultdict(set)
    for name in data:
        if found := NAME.fullmatch(name):
            names[found[1]].add(found[2])
    root = part_from(data, names, ROOT)
    return root if isinstance(root, Group) else Group()


def part_from(data: QueryDict, names: dict[str, set[str]], path: str) -> Part:
    if "field" in names[path]:
        return condition_from(data, path)
    join = data.get(f"{path}.join", "and")
    if join not in ("and", "or"):
        raise Invalid(detail=f"A group holds “and” or “or”, not “{filters.shown(join)}”.")
    inner = {name[len(path) + 1 :].split(".")[0] for name in names if name.startswith(f"{path}.")}
    parts = [part_from(data, names, f"{path}.{place}") for place in sorted(inner, key=int)]
    return Group(join, tuple(parts), bool(data.get(f"{path}.not")))


def condition_from(data: QueryDict, path: str) -> Condition:
    """A condition as it was typed; where its field was changed for one of another kind, what was typed goes."""
    name = filters.field_of(filters.var(data.get(f"{path}.field", "")))
    was = data.get(f"{path}.was", name)
    stays = was == name or (was in LABELS and rules.kind_of(was) == rules.kind_of(name) != "choice")
    written = data.get(f"{path}.op", "")
    if was != name and written not in (rules.operators_of(name) if stays else ()):
        written = rules.operators_of(name)[0]
    if not rules.may_compare(name, written):
        raise Invalid(detail=f"{LABELS[name]} can’t be compared by “{filters.shown(written)}”.")
    typed = [*data.getlist(f"{path}.value"), *data.getlist(f"{path}.to")] if stays else []
    typed = [text[: filters.MAX_LENGTH] for text in typed]
    return Condition(name, written.removeprefix("!"), tuple(typed), written.startswith("!"))


# What is asked of it


def after(tree: Group, wish: str) -> tuple[Group, str]:
    """The tree after a button such as `add:r.0` was pressed, and the path of what to go on with."""
    action, _, path = wish.partition(":")
    if not PATH.fullmatch(path):
        return tree, ""
    places = [int(place) for place in path.split(".")[1:]]
    if action in ("add", "group"):
        new: Part = Condition() if action == "add" else Group("or", (Condition(),))
        size = len(group_at(tree, places).parts)
        return as_group(rules.changed(tree, places, lambda group: rules.with_part(group, new))), f"{path}.{size}"
    if action == "remove" and places:
        *outer, last = places
        return as_group(rules.changed(tree, outer, lambda group: rules.without_part(group, last))), path_of(outer)
    return tree, ""


def as_group(part: Part) -> Group:
    return part if isinstance(part, Group) else Group()


def path_of(places: list[int]) -> str:
    return ".".join([ROOT, *map(str, places)])


def group_at(tree: Group, places: list[int]) -> Group:
    group = tree
    for place in places:
        part = group.parts[place] if place < len(group.parts) else None
        if not isinstance(part, Group):
            return Group()
        group = part
    return group


# What templates show


@dataclass(frozen=True)
class ShownCondition:
    """A condition with its inputs. `widget`: select, boxes, date, lines, days, number, text, or none."""

    path: str
    number: str
    condition: Condition
    widget: str
    problem: str
    is_next: bool

    @property
    def id(self) -> str:
        return self.path.replace(".", "-")

    @property
    def written(self) -> str:
        return "!" * self.condition.negated + self.condition.operator

    @property
    def fields(self) -> list[tuple[str, str]]:
        return list(LABELS.items())

    @property
    def operators(self) -> list[tuple[str, str]]:
        name = self.condition.field
        offered = rules.operators_of(name)
        if self.written not in offered:
            offered.append(self.written)
        return [(operator, rules.operator_words(name, operator)) for operator in offered]

    @property
    def choices(self) -> list[tuple[str, str]]:
        return [(value, value.replace("_", " ")) for value in filters.CHOICES[self.condition.field]]

    @property
    def inputs(self) -> list[dict[str, str]]:
        """The inputs of one value each: name, value, how it is called, and its type."""
        names = ["value", "to"] if self.condition.operator == "between" else ["value"]
        typed = [*self.condition.typed, "", ""]
        is_between = len(names) == 2
        return [
            {
                "name": f"{self.path}.{name}",
                "id": f"{self.id}-{name}",
                "value": value,
                "called": ("from" if name == "value" else "to") if is_between else "value",
                "type": "date" if self.widget == "date" and (not value or rules.DAY.fullmatch(value)) else "text",
            }
            for name, value in zip(names, typed, strict=False)
        ]

    @property
    def help(self) -> str:
        if self.widget == "days":
            return "Counted from now: the rule keeps the date."
        if self.widget == "lines":
            return "One in a line."
        return "Apart by commas." if self.condition.operator == "in" and self.widget == "number" else ""


@dataclass(frozen=True)
class ShownGroup:
    """A group with what is in it."""

    path: str
    number: str
    group: Group
    parts: list["ShownCondition | ShownGroup"]
    problem: str
    is_next: bool

    @property
    def id(self) -> str:
        return self.path.replace(".", "-")

    @property
    def is_group(self) -> bool:
        return True

    @property
    def is_root(self) -> bool:
        return self.path == ROOT

    @property
    def may_nest(self) -> bool:
        return self.path.count(".") < MAX_OFFERED_DEPTH


def shown(part: Part, problems: dict[str, str], going_on: str = "", path: str = ROOT) -> Any:
    """A part as templates show it."""
    number = path.removeprefix(ROOT).removeprefix(".")
    number = ".".join(str(int(place) + 1) for place in number.split(".")) if number else ""
    common: dict[str, Any] = {
        "path": path,
        "number": number,
        "problem": problems.get(path, ""),
        "is_next": path == going_on,
    }
    if isinstance(part, Condition):
        return ShownCondition(condition=part, widget=widget_of(part), **common)
    parts = [shown(one, problems, going_on, f"{path}.{place}") for place, one in enumerate(part.parts)]
    return ShownGroup(group=part, parts=parts, **common)


def widget_of(condition: Condition) -> str:
    kind = rules.kind_of(condition.field)
    if condition.operator == "set":
        return "none"
    if condition.operator in ("last", "older"):
        return "days"
    if condition.operator == "in":
        return {"choice": "boxes", "number": "number"}.get(kind, "lines")
    return "select" if kind == "choice" else kind
