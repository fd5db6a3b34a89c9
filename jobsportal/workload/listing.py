"""What a page of the workload is about: people, projects or tasks, found by words and cut into pages."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms

from jobsportal.accounts.person import Person
from jobsportal.workload.numbers import kept_of, numbers_of
from jobsportal.workload.rows import Row, in_order, row_of, row_of_task
from jobsportal.workload.subjects import (
    EVERYTHING,
    PERSON,
    PROJECT,
    TASK,
    UNASSIGNED,
    Subject,
    of_user,
    remember,
    unlisted,
)

PAGE_SIZE = 25
SORTS = {"": "name", "open": "open", "oldest": "longest untouched"}


class LookForm(forms.Form):
    """The address of a page of the workload. With `all` the numbers come with the page, not after it."""

    search = forms.CharField(required=False, max_length=150)
    sort = forms.ChoiceField(required=False, choices=list(SORTS.items()))
    page = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    all = forms.BooleanField(required=False)


@dataclass(frozen=True)
class Look:
    """A valid address."""

    kind: str
    org: str
    search: str = ""
    sort: str = ""
    page: int = 1
    is_whole: bool = False

    @classmethod
    def of(cls, form: LookForm, kind: str, org: str) -> "Look":
        given = form.cleaned_data
        sort = given["sort"] if kind == PERSON else ""
        # What is sorted by its numbers needs them all.
        return cls(kind, org, given["search"], sort, given["page"] or 1, given["all"] or bool(sort))

    def query(self, **changes: Any) -> str:
        given = {"org": self.org, "search": self.search, "sort": self.sort, "page": self.page, **changes}
        kept = {name: value for name, value in given.items() if name == "org" or value not in ("", None, 1)}
        return "?" + urlencode({**kept, **({"all": 1} if given.get("all") else {})})


@dataclass
class Listed:
    """A page of subjects; `numbered` are rows that came with their numbers. `others`: nobody, and all jobs. `unlisted`
    where everybody is on the page: who else has jobs."""

    count: int
    subjects: list[Subject]
    others: list[Subject]
    numbered: list[Row]
    has_next: bool
    unlisted: Subject | None = None

    @property
    def shown(self) -> int:
        return len(self.subjects) + len(self.numbered)


def listed(person: Person, look: Look) -> Listed:
    """Upstream: users.list, projects.list or tasks.list, once."""
    search = look.search or None
    client = person.client
    if look.kind == PERSON:
        users = client.users.list(search=search, page=look.page, page_size=PAGE_SIZE, sort="username")
        subjects = [of_user(user) for user in users]
        remember(person, subjects)
        is_everybody = users.count == len(users) and not search
        rest = unlisted(users) if is_everybody else None
        return Listed(users.count, subjects, [UNASSIGNED, EVERYTHING], [], users.has_next, rest)
    if look.kind == PROJECT:
        projects = client.projects.list(search=search, page=look.page, page_size=PAGE_SIZE)
        subjects = [Subject(PROJECT, str(one.id), one.name) for one in projects]
        remember(person, subjects)
        return Listed(projects.count, subjects, [], [], projects.has_next)
    tasks = client.tasks.list(search=search, page=look.page, page_size=PAGE_SIZE)
    rows = [row_of_task(person, task) for task in tasks]
    return Listed(tasks.count, [], [], rows, tasks.has_next)


def rows_of(person: Person, look: Look, found: Listed, *, is_whole: bool) -> tuple[list[Row], list[Row]]:
    """The rows of the subjects, and of nobody and all jobs. Upstream, if whole: see `numbers_of`; else only what is
    kept has its numbers."""
    if look.kind == TASK:
        return found.numbered, []
    everyone = [*found.subjects, *found.others]
    answers: dict[Subject, Any] = {**(numbers_of if is_whole else kept_of)(person, everyone)}
    rows = [row_of(person, one, answers.get(one)) for one in found.subjects]
    return in_order(rows, look.sort), [row_of(person, one, answers.get(one)) for one in found.others]
