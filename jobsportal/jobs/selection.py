"""Which jobs a bulk action is about: those that were ticked, or all that a list finds.

Forms carry it as `job` (an id, repeated), `jobs` (ids with commas, for what was ticked on other pages), or as `all`
with `query`, the list's query string. What the person may not see drops out when the jobs are read.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from django.conf import settings
from django.http import QueryDict

from jobsportal.accounts.person import Person
from jobsportal.cvat import errors, filters
from jobsportal.cvat.types import Job
from jobsportal.jobs.queries import FilterForm, JobQuery
from jobsportal.web.addresses import whole_number
from jobsportal.web.parallel import side_by_side

IDS_PER_CALL = 200
PAGE_SIZE = 500
SIDE_BY_SIDE = 4


class NothingSelected(Exception):
    """No job was chosen."""


class OtherOrganization(NothingSelected):
    """The list was chosen from while another organization was looked at: the same filter would find other jobs here."""


class TooMany(Exception):
    """More jobs than one run takes; `count` of them."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count:,} jobs are more than the {settings.RUN_MAX_JOBS:,} that one run takes.")
        self.count = count


@dataclass(frozen=True)
class Selection:
    """Ids, or a query: the list as its address describes it."""

    ids: tuple[int, ...] = ()
    query: JobQuery | None = None


@dataclass
class Selected:
    """The jobs of a selection, by id; `missing` are ids that are gone or not for this person."""

    jobs: list[Job] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)


def selection_from(data: QueryDict, person: Person) -> Selection:
    """What a form chose. Raises NothingSelected, OtherOrganization, TooMany, Invalid for what no list page sends."""
    if data.get("all"):
        given = QueryDict(data.get("query", "").lstrip("?"))
        if given.get("org", person.org) != person.org:
            raise OtherOrganization
        if unknown := sorted(set(given) - {"org", *FilterForm.base_fields}):
            # Passed over, it would make all jobs of a few.
            raise errors.Invalid(detail=f"The list can’t be filtered by “{unknown[0][:50]}”.")
        form = FilterForm(given)
        if not form.is_valid():
            raise errors.Invalid(detail="The list that was chosen from can't be read.")
        return Selection(query=JobQuery.of(form, person.org))
    texts = [*data.getlist("job"), *data.get("jobs", "").split(",")]
    numbers = [whole_number(text.strip(), digits=9) for text in texts if text.strip()]
    if None in numbers:
        raise errors.Invalid(detail="A job is chosen by its number.")
    ids = tuple(sorted({number for number in numbers if number is not None}))
    if not ids:
        raise NothingSelected
    if len(ids) > settings.RUN_MAX_JOBS:
        raise TooMany(len(ids))
    return Selection(ids=ids)


def jobs_of(person: Person, selection: Selection) -> Selected:
    """Read the jobs as they are now. Upstream: jobs.list per 200 ids, or per 500 jobs that a query finds, some side by
    side. Raises TooMany, NothingSelected for a query that finds nothing, and whatever the upstream answers."""
    if selection.query is None:
        found = by_ids(person, selection.ids)
        return Selected(found, sorted(set(selection.ids) - {job.id for job in found}))
    params = replace(selection.query, given={**selection.query.given, "sort": "id"}).params(person)
    return Selected(found_by(person, params))


def by_ids(person: Person, ids: Iterable[int]) -> list[Job]:
    """Those of these jobs that the person may see in the organization that is looked at, by id."""
    wanted = sorted(set(ids))
    parts = [wanted[start : start + IDS_PER_CALL] for start in range(0, len(wanted), IDS_PER_CALL)]
    rules = [filters.one_of_values("id", part) for part in parts]
    calls = [
        partial(person.client.jobs.list, filter=rule, sort="id", page_size=len(part))
        for rule, part in zip(rules, parts, strict=True)
    ]
    return [job for page in in_groups(calls) for job in page]


def found_by(person: Person, params: dict[str, Any]) -> list[Job]:
    read = partial(person.client.jobs.list, **{**params, "page_size": PAGE_SIZE})
    first = read(page=1)
    if not first.count:
        raise NothingSelected
    if first.count > settings.RUN_MAX_JOBS:
        raise TooMany(first.count)
    numbers = range(2, -(-first.count // PAGE_SIZE) + 1)
    rest = in_groups([partial(read, page=number) for number in numbers])
    # A page may have shifted while it was read: nobody is in twice.
    return sorted({job.id: job for page in [first, *rest] for job in page}.values(), key=lambda job: job.id)


def in_groups(calls: list[Any]) -> list[Any]:
    """What the calls return, a few of them side by side at a time. Raises the first failure."""
    answers: list[Any] = []
    for start in range(0, len(calls), SIDE_BY_SIDE):
        for answer in side_by_side(*calls[start : start + SIDE_BY_SIDE]):
            if isinstance(answer, errors.CVATError):
                raise answer
            answers.append(answer)
    return answers
