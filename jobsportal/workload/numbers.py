"""The numbers of the workload, from the upstream's own counts: a constant number of calls per subject, however many
jobs there are. Kept for a short time per credential and organization."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.core.cache import cache

from jobsportal.accounts.person import Person
from jobsportal.cvat.errors import CVATError, SignedOut, Unreachable
from jobsportal.cvat.types import Job, Page
from jobsportal.web.parallel import side_by_side
from jobsportal.workload.subjects import PARTS, PERSON, Subject

SAMPLE = 100  # open jobs whose frames are read; what lies beyond is estimated from them
SIDE_BY_SIDE = 6
DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Numbers:
    """How many jobs each part has; of the open ones the frames (`is_estimate`: from a sample) and the one that was not
    touched for the longest time: its id, and since when."""

    counts: dict[str, int]
    taken: datetime
    frames: int = 0
    is_estimate: bool = False
    oldest: int | None = None
    since: datetime | None = None


Answer = Numbers | CVATError
Call = Callable[[], Page[Job]]


def numbers_of(person: Person, subjects: Sequence[Subject]) -> dict[Subject, Answer]:
    """The numbers of each, or why they could not be had. Upstream: jobs.list once per part of each that is not kept,
    some side by side. Raises SignedOut."""
    kept = kept_of(person, subjects)
    asked = [one for one in subjects if one not in kept]
    answers = iter(in_groups([call for one in asked for call in calls_for(person, one)]))
    fresh = {one: put_together(one, [next(answers) for _ in PARTS[one.kind]]) for one in asked}
    keep(person, fresh)
    return {**kept, **fresh}


def calls_for(person: Person, subject: Subject) -> list[Call]:
    """One call per part: of each its count, of the open jobs those that were not touched for the longest time too."""
    calls: list[Call] = []
    for part in PARTS[subject.kind]:
        params = subject.list_of(part, person.org).params(person)
        more: dict[str, Any] = {"sort": "updated_date", "page_size": SAMPLE if part == "open" else 1}
        calls.append(partial(person.client.jobs.list, **{**params, **more}))
    return calls


def in_groups(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What the calls return, or the CVATError that they raise; so many at a time. Raises SignedOut at once.

    Where none of a group reaches the upstream, the calls after it are spared and share its failure.
    """
    answers: list[Any] = []
    for start in range(0, len(calls), SIDE_BY_SIDE):
        group = side_by_side(*calls[start : start + SIDE_BY_SIDE])
        refusal = next((answer for answer in group if isinstance(answer, SignedOut)), None)
        if refusal:
            raise refusal
        answers += group
        if all(isinstance(answer, Unreachable) for answer in group):
            return answers + group[-1:] * (len(calls) - len(answers))
    return answers


def put_together(subject: Subject, answers: list[Any]) -> Answer:
    failure = next((answer for answer in answers if isinstance(answer, CVATError)), None)
    if failure:
        return failure
    counts = {part: page.count for part, page in zip(PARTS[subject.kind], answers, strict=True)}
    numbers = Numbers(counts, datetime.now(UTC))
    return with_open(numbers, answers[0]) if subject.kind == PERSON else numbers


def with_open(numbers: Numbers, page: Page[Job]) -> Numbers:
    """With what the open jobs tell, of which `page` has the longest untouched ones."""
    if not page.results:
        return numbers
    frames, is_estimate = frames_of(page)
    oldest = page.results[0]
    return replace(numbers, frames=frames, is_estimate=is_estimate, oldest=oldest.id, since=oldest.updated_date)


def frames_of(page: Page[Job]) -> tuple[int, bool]:
    """The frames of all jobs that a page is of; estimated by its mean where the page does not hold all of them."""
    frames = sum(job.frame_count for job in page)
    if page.count <= len(page):
        return frames, False
    return (round(frames * page.count / len(page)) if len(page) else 0), True


def kept_of(person: Person, subjects: Sequence[Subject]) -> dict[Subject, Numbers]:
    """What is kept of these, without asking."""
    keys = keys_of(person, subjects)
    found = cache.get_many(keys.values())
    return {one: found[key] for one, key in keys.items() if key in found}


def keep(person: Person, answers: dict[Subject, Answer]) -> None:
    keys = keys_of(person, list(answers))
    fresh = {keys[one]: answer for one, answer in answers.items() if isinstance(answer, Numbers)}
    if fresh:
        cache.set_many(fresh, settings.WORKLOAD_CACHE_SECONDS)


def forget(person: Person) -> None:
    """Ask anew from now on, in the organization that is looked at: what is kept is passed over."""
    cache.set(round_key(person), time.time_ns(), DAY)


def round_key(person: Person) -> str:
    return f"workload:round:{person.cache_scope}"


def keys_of(person: Person, subjects: Sequence[Subject]) -> dict[Subject, str]:
    current = cache.get(round_key(person), 0)
    return {one: f"workload:numbers:{person.cache_scope}:{current}:{one.kind}:{one.key}" for one in subjects}
