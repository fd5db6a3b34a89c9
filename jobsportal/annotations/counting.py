"""Counting annotations: by label and kind for reading, by kind alone for comparing before and after."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jobsportal.cvat.labeled import AnnotationOutline
from jobsportal.cvat.types import Label

SHAPES = ("rectangle", "polygon", "polyline", "points", "ellipse", "mask", "skeleton", "cuboid")
LAST = ("tag", "track")
GREY = "#888888"

Counts = dict[str, int]


@dataclass(frozen=True)
class Row:
    """One label: how many annotations of each kind, in the order of the table's kinds."""

    name: str
    color: str
    numbers: list[int]

    @property
    def total(self) -> int:
        return sum(self.numbers)


@dataclass(frozen=True)
class Table:
    """The annotations of a job, by label and kind. `frames` is how many frames hold a shape, a tag or a key frame."""

    kinds: list[str]
    rows: list[Row]
    unused: list[Row]
    frames: int

    @property
    def sums(self) -> list[int]:
        return [sum(column) for column in zip(*(row.numbers for row in self.rows), strict=True)]

    @property
    def total(self) -> int:
        return sum(row.total for row in self.rows)


@dataclass(frozen=True)
class Difference:
    """How many annotations of a kind there were, and are."""

    kind: str
    before: int
    after: int

    @property
    def change(self) -> int:
        return self.after - self.before

    @property
    def change_in_words(self) -> str:
        return f"{self.change:+,}".replace("-", "−") if self.change else "0"


def table_of(data: AnnotationOutline, labels: Iterable[Label]) -> Table:
    """The whole count. A label that the job's task does not know (any more) is called by its id."""
    numbers = Counter(pairs_of(data))
    kinds = in_order({kind for _, kind in numbers})
    known = list(labels)
    ids = {label.id for label in known}
    strangers = sorted({id for id, _ in numbers} - ids)
    every = known + [Label(id=id, name=f"label {id}", color=GREY) for id in strangers]
    rows = [
        Row(label.name, safe_color(label.color), [numbers[label.id, kind] for kind in kinds])
        for label in sorted(every, key=lambda label: label.name.casefold())
    ]
    return Table(
        [plural(kind) for kind in kinds],
        [row for row in rows if row.total],
        [row for row in rows if not row.total],
        frames_of(data),
    )


def counts_of(data: AnnotationOutline) -> Counts:
    """How many there are of each kind."""
    numbers = Counter(kind for _, kind in pairs_of(data))
    return {kind: numbers[kind] for kind in in_order(numbers)}


def differences(before: Counts, after: Counts) -> list[Difference]:
    kinds = in_order({*before, *after})
    return [Difference(plural(kind), before.get(kind, 0), after.get(kind, 0)) for kind in kinds]


def in_words(counts: Counts) -> str:
    """Such as "12 rectangles, 3 tags"."""
    return ", ".join(counted(number, kind) for kind, number in counts.items() if number)


def counted(number: int, kind: str) -> str:
    """Points are one annotation, however many they are."""
    if kind == "points":
        kind = "set of points" if number == 1 else "sets of points"
    return f"{number:,} {kind if number == 1 else plural(kind)}"


def pairs_of(data: AnnotationOutline) -> Iterator[tuple[int, str]]:
    """Label and kind of each annotation. A track is one annotation, whatever its shapes."""
    yield from ((shape.label_id, shape.type) for shape in data.shapes)
    yield from ((tag.label_id, "tag") for tag in data.tags)
    yield from ((track.label_id, "track") for track in data.tracks)


def frames_of(data: AnnotationOutline) -> int:
    frames = {shape.frame for shape in data.shapes} | {tag.frame for tag in data.tags}
    return len(frames | {shape.frame for track in data.tracks for shape in track.shapes if not shape.outside})


def in_order(kinds: Iterable[str]) -> list[str]:
    """Shapes as CVAT lists them, kinds that are new to the portal, then tags and tracks."""
    order = {kind: place for place, kind in enumerate([*SHAPES, "", *LAST])}
    return sorted(kinds, key=lambda kind: (order.get(kind, len(SHAPES)), kind))


def plural(kind: str) -> str:
    return kind if kind.endswith("s") else f"{kind}s"


def safe_color(color: str) -> str:
    return color if re.fullmatch(r"#[0-9a-fA-F]{6}", color) else GREY
