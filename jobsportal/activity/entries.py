"""Records as pages show them: what was changed at once stands together."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db.models import QuerySet

from jobsportal.accounts.person import Person
from jobsportal.activity.models import CHANGED, Change
from jobsportal.activity.recording import FIELDS
from jobsportal.activity.undoing import undone_fields
from jobsportal.cvat.types import BasicUser
from jobsportal.jobs.names import TASK, find

PAGE_SIZE = 50


@dataclass(frozen=True)
class Line:
    """One field: from what to what. People are drawn as such."""

    change: Change

    @property
    def before_person(self) -> BasicUser | None:
        return person_of(self.change.before_id, self.change.before)

    @property
    def after_person(self) -> BasicUser | None:
        return person_of(self.change.after_id, self.change.after)


@dataclass(frozen=True)
class Entry:
    """What one request changed, or would have; `undone` are those of its fields that were taken back."""

    changes: list[Change]
    task: str
    undone: set[str] = field(default_factory=set)

    @property
    def first(self) -> Change:
        return self.changes[0]

    @property
    def person(self) -> BasicUser:
        return BasicUser(id=self.first.person_id, username=self.first.username)

    @property
    def lines(self) -> list[Line]:
        return [Line(change) for change in self.changes]

    @property
    def can_be_undone(self) -> bool:
        """Whether something of it is still to be taken back; whether that is allowed, the upstream says."""
        return any(
            change.outcome == CHANGED and change.field in FIELDS and change.field not in self.undone
            for change in self.changes
        )


def person_of(id: int | None, username: str) -> BasicUser | None:
    return None if id is None else BasicUser(id=id, username=username)


def page_of(person: Person, records: QuerySet[Change], before: int | None) -> dict[str, Any]:
    """The newest records older than `before`, for a template, and where the next page begins.

    Upstream: the names of their tasks, where they are not cached."""
    if before is not None:
        records = records.filter(id__lt=before)
    found = list(records.select_related("run__undoes")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    older = shown[-1].id if len(found) > PAGE_SIZE else None
    return {"entries": entries_for(person, shown), "older": older}


def entries_for(person: Person, records: Iterable[Change]) -> list[Entry]:
    records = list(records)
    undone = undone_fields(list({record.key for record in records}))
    names = find(person, {record.task_id for record in records}, set())
    entries = []
    for key, group in groupby(records, key=lambda record: record.key):
        made = sorted(group, key=lambda record: record.id)
        task = names.of(TASK, made[0].task_id) or f"task {made[0].task_id}"
        entries.append(Entry(made, task, undone.get(key, set())))
    return entries
