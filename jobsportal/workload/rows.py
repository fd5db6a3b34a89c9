"""The workload as pages and files show it: a subject with its numbers, their links, and the bar."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.urls import reverse

from jobsportal.accounts.person import Person
from jobsportal.cvat.errors import CVATError, NotFound
from jobsportal.cvat.types import Task
from jobsportal.web.errors import in_words
from jobsportal.workload.numbers import Answer, Numbers
from jobsportal.workload.subjects import PARTS, PERSON, PROJECT, SEGMENTS, TASK, TITLES, Subject

GONE = "Is no longer here, or is not visible to you."


@dataclass(frozen=True)
class Cell:
    """A number of jobs, and the list of them."""

    part: str
    title: str
    count: int
    href: str


@dataclass(frozen=True)
class Segment:
    """A part of a bar: where it begins, and how long it is."""

    part: str
    title: str
    start: int
    count: int


@dataclass(frozen=True)
class Row:
    """A subject with its numbers; without any they are on their way, or `problem` says why they could not be had."""

    subject: Subject
    numbers: Numbers | None
    org: str
    problem: str = ""
    scale: int = 0

    @property
    def href(self) -> str:
        """Where this row alone is asked for."""
        return reverse("workload:row", args=[self.subject.kind, self.subject.key])

    @property
    def cells(self) -> list[Cell]:
        counts = self.numbers.counts if self.numbers else {}
        return [Cell(part, TITLES[part], count, self.link(part)) for part, count in counts.items()]

    def link(self, part: str) -> str:
        return reverse("jobs:list") + self.subject.list_of(part, self.org).query()

    @property
    def whole_href(self) -> str:
        """The list of what the other numbers are parts of."""
        return self.link(next(iter(PARTS[self.subject.kind])))

    @property
    def columns_filled(self) -> int:
        """How many columns stand beside the name."""
        return len(PARTS[self.subject.kind]) + {PERSON: 4, PROJECT: 3, TASK: 2}[self.subject.kind]

    @property
    def segments(self) -> list[Segment]:
        found: list[Segment] = []
        start = 0
        for part in SEGMENTS.get(self.subject.kind, ()):
            if count := (self.numbers.counts[part] if self.numbers else 0):
                found.append(Segment(part, TITLES[part], start, count))
                start += count
        return found

    @property
    def total(self) -> int:
        """How long the bar is, in jobs."""
        return sum(segment.count for segment in self.segments)

    @property
    def width(self) -> str:
        """How wide the bar is drawn: on the scale of the page's longest, or as wide as there is room."""
        return f"{self.total * 100 / self.scale:.4g}%" if self.scale else "100%"

    @property
    def frames(self) -> int:
        """The frames of the open jobs; an estimate with no more digits than it is worth."""
        number, is_estimate = (self.numbers.frames, self.numbers.is_estimate) if self.numbers else (0, False)
        return round(number, 3 - max(3, len(str(number)))) if is_estimate else number

    @property
    def percent_accepted(self) -> int:
        counts = self.numbers.counts if self.numbers else {}
        return counts.get("accepted", 0) * 100 // counts["all"] if counts.get("all") else 0


def row_of(person: Person, subject: Subject, answer: Answer | None) -> Row:
    if isinstance(answer, CVATError):
        return Row(subject, None, person.org, problem_of(answer))
    return Row(subject, answer, person.org)


def problem_of(error: CVATError) -> str:
    return GONE if isinstance(error, NotFound) else in_words(error)


def row_of_task(person: Person, task: Task) -> Row:
    """A task's numbers come with the task; where the server doesn't count its jobs there are none."""
    subject = Subject(TASK, str(task.id), task.name)
    count, accepted, validated = task.jobs.count, task.jobs.completed, task.jobs.validation
    if accepted is None or validated is None:
        return Row(subject, None, person.org, "The server does not say how far its jobs are.")
    todo = max(0, count - accepted - validated)
    counts = {"all": count, "todo": todo, "validation": validated, "accepted": accepted}
    return Row(subject, Numbers(counts, datetime.now(UTC)), person.org)


def on_one_scale(rows: Iterable[Row]) -> list[Row]:
    """With bars as long as the jobs are many."""
    rows = list(rows)
    longest = max((row.total for row in rows), default=0)
    return [replace(row, scale=longest) for row in rows]


def in_order(rows: list[Row], sort: str) -> list[Row]:
    """By what is open, most first, or by what was not touched for the longest time; without numbers last."""
    last = datetime.max.replace(tzinfo=UTC)
    if sort == "open":
        return sorted(rows, key=lambda row: -row.numbers.counts["open"] if row.numbers else 1)
    if sort == "oldest":
        return sorted(rows, key=lambda row: (row.numbers and row.numbers.since) or last)
    return rows


def columns(kind: str) -> list[str]:
    """The heading of a table as a file."""
    titles = [TITLES[part].lower() for part in PARTS[kind]]
    if kind == PERSON:
        return ["person", "name", *titles, "frames", "frames are", "longest untouched job", "untouched since", "taken"]
    return [kind, "name", *titles, "accepted %", "taken"]


def values(row: Row) -> Sequence[Any]:
    """A row of the file; one whose numbers could not be had says so in their place."""
    subject, numbers = row.subject, row.numbers
    first = [subject.name, subject.more] if subject.kind == PERSON else [int(subject.key), subject.name]
    if numbers is None:
        return [*first, row.problem]
    counts = list(numbers.counts.values())
    if subject.kind != PERSON:
        return [*first, *counts, row.percent_accepted, moment(numbers.taken)]
    exactness = "estimated" if numbers.is_estimate else "exact"
    return [
        *first,
        *counts,
        numbers.frames,
        exactness,
        numbers.oldest or "",
        moment(numbers.since),
        moment(numbers.taken),
    ]


def moment(when: datetime | None) -> str:
    return when.isoformat(timespec="seconds") if when else ""
