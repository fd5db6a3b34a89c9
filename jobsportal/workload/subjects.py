"""What jobs are counted by: a person, nobody, a project, all of them; and the lists that the numbers stand for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache

from jobsportal.accounts.person import Person
from jobsportal.cvat import errors, filters
from jobsportal.cvat.types import BasicUser, User
from jobsportal.jobs.queries import JobQuery
from jobsportal.web.addresses import whole_number

PERSON, PROJECT, TASK, UNLISTED = "person", "project", "task", "unlisted"
NOBODY, ALL = "nobody", "all"

IS_VALIDATED = filters.equals("stage", "validation")
IS_ACCEPTED = filters.both(filters.equals("stage", "acceptance"), filters.equals("state", "completed"))

# Per kind: the name of a number, and what the jobs list is asked for it. The parts of "open", and "done", are disjoint
# and together everything; so are those of "all".
PARTS: dict[str, dict[str, dict[str, Any]]] = {
    PERSON: {
        "open": {"filter": {"!": filters.equals("state", "completed")}},
        "new": {"state": "new", "filter": {"!": IS_VALIDATED}},
        "progress": {"state": "in progress", "filter": {"!": IS_VALIDATED}},
        "review": {"view": "review"},
        "rejected": {"state": "rejected"},
        "done": {"state": "completed"},
    },
    PROJECT: {
        "all": {},
        "todo": {"filter": filters.both({"!": IS_VALIDATED}, {"!": IS_ACCEPTED})},
        "validation": {"stage": "validation"},
        "accepted": {"stage": "acceptance", "state": "completed"},
    },
}
PARTS[TASK] = PARTS[PROJECT]
PARTS[UNLISTED] = {"all": {}}

MAX_NAMES = 2000  # characters of user names that a rule may hold

TITLES = {
    "open": "Open",
    "new": "Not begun",
    "progress": "In progress",
    "review": "To review",
    "rejected": "Rejected",
    "done": "Done",
    "all": "All",
    "todo": "To do",
    "validation": "In validation",
    "accepted": "Accepted",
}

# What a bar shows, from left to right
SEGMENTS = {
    PERSON: ("new", "progress", "review", "rejected"),
    PROJECT: ("accepted", "validation", "todo"),
    TASK: ("accepted", "validation", "todo"),
}


@dataclass(frozen=True)
class Subject:
    """`key` is an id, NOBODY or ALL; `name` a user's, a task's or a project's name; `more` a person's whole name.

    UNLISTED jobs are of people with none of these `names`: they left, or are not visible here.
    """

    kind: str
    key: str
    name: str = ""
    more: str = ""
    names: tuple[str, ...] = ()

    @property
    def is_somebody(self) -> bool:
        return self.kind == PERSON and self.key not in (NOBODY, ALL)

    @property
    def user(self) -> BasicUser | None:
        return BasicUser(id=int(self.key), username=self.name, first_name=self.more) if self.is_somebody else None

    def list_of(self, part: str, org: str) -> JobQuery:
        """The jobs list that a number of this subject counts."""
        given = dict(PARTS[self.kind][part])
        if self.key == NOBODY:
            rule = given.get("filter")
            given["filter"] = filters.both(filters.nobody(), rule) if rule else filters.nobody()
        elif self.is_somebody:
            given["assignee"] = self.name
        elif self.kind == UNLISTED:
            is_listed = filters.one_of_values("assignee", self.names)
            given["filter"] = filters.both(filters.var("assignee"), {"!": is_listed})
        elif self.key != ALL:
            given[f"{self.kind}_id"] = int(self.key)
        if "filter" in given:
            given["filter"] = filters.dumps(given["filter"])
        return JobQuery(given, org)


EVERYTHING = Subject(PERSON, ALL, "All jobs")
UNASSIGNED = Subject(PERSON, NOBODY, "nobody")


def of_user(user: User) -> Subject:
    return Subject(PERSON, str(user.id), user.username, user.name)


def unlisted(users: Iterable[User]) -> Subject | None:
    """The jobs of people who are not among these; None where there are too many names to say it in a rule."""
    names = tuple(user.username for user in users)
    is_sayable = 0 < sum(map(len, names)) <= MAX_NAMES
    return Subject(UNLISTED, ALL, "people who are not listed", names=names) if is_sayable else None


def remember(person: Person, subjects: Iterable[Subject]) -> None:
    """Keep what was listed, so that its numbers can be asked for without looking it up again."""
    cache.set_many({key_of(person, one.kind, one.key): one for one in subjects}, settings.NAMES_CACHE_SECONDS)


def key_of(person: Person, kind: str, key: str) -> str:
    return f"workload:subject:{person.cache_scope}:{kind}:{key}"


def find(person: Person, kind: str, key: str) -> Subject:
    """The subject that an address names. Upstream: users.list or projects.list by id, unless it was listed lately.
    Raises NotFound for one that is not there or not for this person."""
    if kind == PERSON and key in (NOBODY, ALL):
        return UNASSIGNED if key == NOBODY else EVERYTHING
    number = whole_number(key, digits=9)
    if number is None or kind not in (PERSON, PROJECT):
        raise errors.NotFound
    known: Subject | None = cache.get(key_of(person, kind, str(number)))
    found = known or ask_for(person, kind, number)
    if found is None:
        raise errors.NotFound
    return found


def ask_for(person: Person, kind: str, number: int) -> Subject | None:
    if kind == PERSON:
        user = person.client.users.find(number)
        return of_user(user) if user else None
    project = person.client.projects.by_ids([number]).get(number)
    return Subject(PROJECT, str(number), project.name) if project else None
