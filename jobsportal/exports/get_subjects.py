"""What somebody wants data of: a project, a task, jobs that were chosen, or all that a list finds; which part of it.

Addresses carry it: `project` or `task` with an id, `jobs` (ids with commas), or `all` with `query`; `part` is
"finished" or "all". What is too long for an address is kept for a day, and `kept` names it; `bundle` stands for the
jobs of an earlier bundle of one's own.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.http import QueryDict

from jobsportal.accounts.person import Person
from jobsportal.bundles import orders
from jobsportal.cvat import errors, filters
from jobsportal.cvat.types import Job, Page
from jobsportal.jobs.names import PROJECT, TASK, find
from jobsportal.jobs.queries import CHIPS, PRESETS, JobQuery
from jobsportal.jobs.selection import NothingSelected, Selection, TooMany, by_ids, jobs_of, selection_from
from jobsportal.web.addresses import whole_number
from jobsportal.workload.numbers import SAMPLE, frames_of, in_groups

JOBS, LIST = "jobs", "list"
FINISHED, ALL = "finished", "all"
LONGEST = 1500  # characters of it that an address carries
KEPT_SECONDS = 24 * 60 * 60
IS_FINISHED = filters.equals("state", "completed")


@dataclass(frozen=True)
class Subject:
    """`kind` is PROJECT, TASK, JOBS or LIST; `id` that of a project or task, `name` its name. `selection` is all of
    it: of a project or task without ground truth jobs and consensus replicas, as the upstream's own export has it."""

    kind: str
    selection: Selection
    id: int = 0
    name: str = ""

    @property
    def is_whole_thing(self) -> bool:
        return self.kind in (PROJECT, TASK)

    @property
    def title(self) -> str:
        if self.is_whole_thing:
            return self.name or f"{self.kind} {self.id}"
        if self.kind == JOBS:
            return f"job {self.selection.ids[0]}" if len(self.selection.ids) == 1 else "chosen jobs"
        return title_of_list(self.selection.query)

    def state(self, person: Person) -> dict[str, str]:
        """Itself as addresses carry it."""
        if self.is_whole_thing:
            return {self.kind: str(self.id)}
        if self.selection.query is not None:
            given = {"all": "1", "query": self.selection.query.query().lstrip("?")}
        else:
            given = {"jobs": ",".join(map(str, self.selection.ids))}
        text = urlencode(given)
        return given if len(text) <= LONGEST else {"kept": keep(person, text)}


def title_of_list(query: JobQuery | None) -> str:
    given = query.given if query else {}
    named = next((str(given[name]) for name in ("project_name", "task_name") if name in given), "")
    if named and not set(given) & ({*CHIPS, "view"} - {"project_name", "task_name"}):
        return named
    view = PRESETS.get(str(given.get("view", "")), "") if "view" in given else ""
    return f"jobs: {view.lower()}" if view else "jobs found by a filter"


@dataclass(frozen=True)
class Counts:
    """How many jobs and frames something has, and how many of the jobs are finished. `sample` are some of its jobs."""

    jobs: int
    finished: int
    frames: int
    is_estimate: bool = False
    sample: tuple[Job, ...] = field(default=(), repr=False)

    def of(self, part: str) -> int:
        return self.finished if part == FINISHED else self.jobs

    @property
    def is_all_finished(self) -> bool:
        return 0 < self.finished == self.jobs

    def frames_of(self, part: str) -> tuple[int, bool]:
        """The frames of a part, and whether that is estimated: from the sample, where not all jobs are in it."""
        if part != FINISHED or self.is_all_finished:
            return self.frames, self.is_estimate
        done = [job.frame_count for job in self.sample if job.state == "completed"]
        if len(done) == self.finished:
            return sum(done), False
        return (round(self.frames * self.finished / self.jobs) if self.jobs else 0), True


def subject_from(data: QueryDict, person: Person) -> Subject:
    """What an address names. Raises NothingSelected and the like, NotFound for what isn't there or isn't for the
    person. Upstream: the name of a project or task, where it is not cached."""
    for kind in (PROJECT, TASK):
        if kind in data:
            return whole_thing(person, kind, whole_number(data.get(kind, ""), digits=9))
    if "kept" in data:
        data = kept(person, data.get("kept", ""))
    elif "bundle" in data:
        data = jobs_of_bundle(person, data.get("bundle", ""))
    selection = selection_from(data, person)
    return Subject(JOBS if selection.query is None else LIST, selection)


def whole_thing(person: Person, kind: str, id: int | None) -> Subject:
    if not id:
        raise errors.NotFound(detail=f"There is no such {kind}.")
    names = find(person, {id} if kind == TASK else set(), {id} if kind == PROJECT else set())
    return named_thing(person, kind, id, names.of(kind, id))


def named_thing(person: Person, kind: str, id: int, name: str) -> Subject:
    query = JobQuery({f"{kind}_id": id, "type": "annotation"}, person.org)
    return Subject(kind, Selection(query=query), id, name)


def finished_of(query: JobQuery) -> JobQuery:
    """The same list, of its finished jobs only."""
    own = query.own_rule()
    rule = filters.both(own, IS_FINISHED) if own else IS_FINISHED
    return JobQuery({**query.given, "filter": filters.dumps(rule)}, query.org)


def jobs_in(person: Person, subject: Subject, part: str) -> list[Job]:
    """The jobs of a part, as they are now. Upstream: see `jobs_of`. Raises NothingSelected, TooMany."""
    selection = subject.selection
    if selection.query is not None and part == FINISHED:
        selection = Selection(query=finished_of(selection.query))
    jobs = jobs_of(person, selection).jobs
    if selection.query is None and part == FINISHED:
        jobs = [job for job in jobs if job.state == "completed"]
    if not jobs:
        raise NothingSelected
    if len(jobs) > settings.BUNDLE_MAX_JOBS:
        raise TooMany(len(jobs))
    return jobs


Answer = Counts | errors.CVATError


def counts_of(person: Person, subject: Subject) -> Counts:
    """Upstream: jobs.list twice, or per 200 chosen jobs, unless that was counted shortly ago. Raises what it
    answers."""
    answer = all_counts(person, [subject])[0]
    if isinstance(answer, errors.CVATError):
        raise answer
    return answer


def all_counts(person: Person, subjects: Sequence[Subject]) -> list[Answer]:
    """The counts of each, or why they could not be had. Upstream: see `counts_of`, some side by side. Raises
    SignedOut."""
    known = known_counts(person, subjects)
    asked = [(at, one) for at, one in enumerate(subjects) if known[at] is None]
    calls = [call for _, one in asked for call in calls_for(person, one)]
    answers = iter(in_groups(calls))
    for at, one in asked:
        known[at] = counted([next(answers) for _ in calls_for(person, one)])
    fresh = {key_of(person, one): known[at] for at, one in asked if isinstance(known[at], Counts)}
    if fresh:
        cache.set_many(fresh, settings.WORKLOAD_CACHE_SECONDS)
    return [answer for answer in known if answer is not None]


def known_counts(person: Person, subjects: Sequence[Subject]) -> list[Answer | None]:
    """What was counted shortly ago, without asking."""
    keys = [key_of(person, one) for one in subjects]
    found = cache.get_many(keys)
    return [found.get(key) for key in keys]


def calls_for(person: Person, subject: Subject) -> list[Any]:
    query = subject.selection.query
    if query is None:
        return [partial(by_ids, person, subject.selection.ids)]
    everything = {**query.params(person), "sort": "id", "page": 1, "page_size": SAMPLE}
    finished = {**finished_of(query).params(person), "page": 1, "page_size": 1}
    return [partial(person.client.jobs.list, **params) for params in (everything, finished)]


def counted(answers: list[Any]) -> Answer:
    failure = next((answer for answer in answers if isinstance(answer, errors.CVATError)), None)
    if failure:
        return failure
    if len(answers) == 1:
        jobs: list[Job] = answers[0]
        page = Page(count=len(jobs), results=jobs)
        finished = sum(job.state == "completed" for job in jobs)
    else:
        page, finished = answers[0], answers[1].count
    frames, is_estimate = frames_of(page)
    return Counts(page.count, min(finished, page.count), frames, is_estimate, tuple(page.results[:SAMPLE]))


def key_of(person: Person, subject: Subject) -> str:
    text = urlencode(subject.state(person))
    return f"get:counts:{person.cache_scope}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def keep(person: Person, text: str) -> str:
    """Keep what is too long for an address; what stands for it there."""
    name = hashlib.sha256(text.encode()).hexdigest()[:20]
    if cache.get(kept_key(person, name)) is None:
        cache.set(kept_key(person, name), text, KEPT_SECONDS)
    return name


def kept(person: Person, name: str) -> QueryDict:
    """The form that was kept. Raises NothingSelected where it is not known any more."""
    text = cache.get(kept_key(person, name[:40])) if name.isalnum() else None
    if text is None:
        raise NothingSelected
    return QueryDict(text)


def jobs_of_bundle(person: Person, key: str) -> QueryDict:
    """Raises Http404 for what is no bundle of one's own."""
    try:
        parts = orders.own_bundle(person, UUID(key)).parts
    except ValueError:
        raise NothingSelected from None
    return QueryDict(urlencode({"jobs": ",".join(map(str, parts.values_list("job_id", flat=True)))}))


def kept_key(person: Person, name: str) -> str:
    return f"get:kept:{person.cache_scope}:{name}"
