"""The projects or tasks that somebody can get data of, with how much there is of each."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.urls import reverse

from jobsportal.accounts.person import Person
from jobsportal.cvat import errors
from jobsportal.exports.get_subjects import (
    ALL,
    FINISHED,
    Answer,
    Counts,
    Subject,
    all_counts,
    known_counts,
    named_thing,
)
from jobsportal.jobs.names import PROJECT, TASK

PAGE_SIZE = 12


class ListForm(forms.Form):
    """The address of the list. With `counted` the numbers come with it, not after it."""

    of = forms.ChoiceField(required=False, choices=[(PROJECT, ""), (TASK, "")])
    search = forms.CharField(required=False, max_length=150)
    page = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    counted = forms.BooleanField(required=False)


@dataclass(frozen=True)
class Look:
    """A valid address."""

    of: str
    org: str
    search: str = ""
    page: int = 1
    is_counted: bool = False

    @classmethod
    def at(cls, data: Any, org: str) -> "Look":
        """What an address asks for; what can't be read of it is passed over."""
        form = ListForm(data)
        form.is_valid()
        given = form.cleaned_data
        return cls(
            given.get("of") or PROJECT,
            org,
            given.get("search", "").replace("\0", ""),
            given.get("page") or 1,
            bool(given.get("counted")),
        )

    def url(self, **changes: Any) -> str:
        given = {"org": self.org, "of": self.of, "search": self.search, "page": self.page, **changes}
        usual = {"of": PROJECT, "search": "", "page": 1, "counted": ""}
        kept = {name: value for name, value in given.items() if value != usual.get(name)}
        return f"{reverse('exports:get')}?{urlencode(kept)}"


@dataclass(frozen=True)
class Row:
    """A project or task to choose; `counts` is None until it is counted, `problem` says why it can't be."""

    subject: Subject
    org: str
    counts: Counts | None = None
    problem: str = ""

    @property
    def finished_url(self) -> str:
        return self.url(FINISHED)

    @property
    def all_url(self) -> str:
        return self.url(ALL)

    def url(self, part: str) -> str:
        state = {"org": self.org, self.subject.kind: self.subject.id, "part": part}
        return f"{reverse('exports:get_for')}?{urlencode(state)}"


@dataclass(frozen=True)
class Listed:
    """A page of them. `is_counted` is False where numbers are still to come."""

    rows: list[Row]
    count: int
    has_next: bool
    is_counted: bool


def listed(person: Person, look: Look) -> Listed:
    """Upstream: projects.list or tasks.list; if counted, jobs.list twice for each that was not counted shortly ago."""
    source = person.client.tasks if look.of == TASK else person.client.projects
    page = source.list(search=look.search or None, page=look.page, page_size=PAGE_SIZE)
    subjects = [named_thing(person, look.of, one.id, one.name) for one in page]
    answers: list[Answer | None] = list((all_counts if look.is_counted else known_counts)(person, subjects))
    rows = [row_of(person, one, answer) for one, answer in zip(subjects, answers, strict=True)]
    return Listed(rows, page.count, page.has_next, all(answer is not None for answer in answers))


def row_of(person: Person, subject: Subject, answer: Answer | None) -> Row:
    if isinstance(answer, errors.CVATError):
        return Row(subject, person.org, problem="Its jobs could not be counted. It can be chosen all the same.")
    return Row(subject, person.org, answer)
