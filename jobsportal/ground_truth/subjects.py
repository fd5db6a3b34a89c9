"""The task that a ground truth job is made for: what it has, and where its pictures are."""

import re
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.core.cache import cache

from jobsportal.accounts.person import EVERYTHING, Person
from jobsportal.cvat import Client, filters
from jobsportal.cvat.errors import CVATError, NotFound, SignedOut
from jobsportal.cvat.types import Job, Task
from jobsportal.web.addresses import whole_number
from jobsportal.web.parallel import side_by_side

GROUND_TRUTH, ANNOTATION = "ground_truth", "annotation"
TASKS_SHOWN = 20
OF_A_JOB = re.compile(r"job\s*#?\s*([0-9]{1,9})", re.IGNORECASE)
JOBS_A_CALL, MOST_CALLS = 1000, 20


@dataclass(frozen=True)
class Subject:
    """A task, its ground truth job if it has one, how many annotation jobs it has, and how many frames each."""

    task: Task
    ground_truth: Job | None
    jobs: int
    frames_per_job: int


@dataclass(frozen=True)
class Found:
    """A task that a search has found. `ground_truth` is the number of its ground truth job."""

    task: Task
    ground_truth: int | None


@dataclass(frozen=True)
class Segment:
    """The frames of a job, both ends included."""

    first: int
    last: int
    job_id: int


def subject_of(person: Person, task_id: int) -> Subject:
    """Upstream, side by side: tasks.retrieve, jobs.list for the ground truth job and for the first of the others."""
    client = person.client
    task, existing, others = side_by_side(
        partial(client.tasks.retrieve, task_id),
        partial(client.jobs.list, task_id=task_id, type=GROUND_TRUTH, page_size=1),
        partial(client.jobs.list, task_id=task_id, type=ANNOTATION, sort="id", page_size=1),
    )
    for answer in (task, existing, others):
        if isinstance(answer, CVATError):
            raise answer
    first = next(iter(others), None)
    return Subject(task, next(iter(existing), None), others.count, first.frame_count if first else task.size)


def org_of(person: Person, organization_id: int | None) -> str:
    """The organization with this id as addresses carry it; the current one where the person does not belong to it."""
    slug = person.client_within(organization_id).organization
    return EVERYTHING if slug is None else slug


def ground_truth_of(client: Client, task_id: int) -> Job | None:
    """Upstream: jobs.list. None too where it can't be found out."""
    try:
        return next(iter(client.jobs.list(task_id=task_id, type=GROUND_TRUTH, page_size=1)), None)
    except SignedOut:
        raise
    except CVATError:
        return None


def search(person: Person, typed: str) -> tuple[list[Found], int]:
    """The tasks that are meant, the one with this number or with the job of this number first, and how many there are.

    Upstream: tasks.list, for a number tasks.retrieve beside it ("job 17": jobs.retrieve before that); then jobs.list
    for their ground truth jobs."""
    client, number = person.client, number_in(typed)
    calls: list[Any] = [partial(client.tasks.list, search=typed.lstrip("#") or None, page_size=TASKS_SHOWN)]
    if number is not None:
        calls.append(partial(client.tasks.retrieve, number))
    elif of_a_job := OF_A_JOB.fullmatch(typed.strip()):
        calls.append(partial(task_of, client, int(of_a_job[1])))
    page, *exact = side_by_side(*calls)
    if isinstance(page, CVATError):
        raise page
    named = [task for task in exact if isinstance(task, Task)]
    tasks = named + [task for task in page if task not in named]
    existing = existing_for(client, [task.id for task in tasks])
    total = max(page.count, len(tasks))
    return [Found(task, existing.get(task.id)) for task in tasks], total


def task_of(client: Client, job_id: int) -> Task:
    return client.tasks.retrieve(client.jobs.retrieve(job_id).task_id)


def number_in(typed: str) -> int | None:
    return whole_number(typed.strip().removeprefix("#").strip(), digits=9)


def existing_for(client: Client, task_ids: list[int]) -> dict[int, int]:
    """Their ground truth jobs, by task; nothing is said where it can't be found out."""
    if not task_ids:
        return {}
    try:
        rule = filters.both(filters.equals("type", GROUND_TRUTH), filters.one_of_values("task_id", task_ids))
        return {job.task_id: job.id for job in client.jobs.list(filter=rule, page_size=len(task_ids))}
    except SignedOut:
        raise
    except CVATError:
        return {}


def segments_of(person: Person, task_id: int) -> list[Segment]:
    """Upstream: jobs.list, a call per 1,000 jobs, where it is not cached. Pictures come through a task's jobs alone."""
    key = f"segments:{person.cache_scope}:{task_id}"
    segments: list[Segment] | None = cache.get(key)
    if segments is None:
        segments = []
        for number in range(1, MOST_CALLS + 1):
            page = person.client.jobs.list(
                task_id=task_id, type=ANNOTATION, sort="id", page=number, page_size=JOBS_A_CALL
            )
            segments += [Segment(job.start_frame, job.stop_frame, job.id) for job in page]
            if not page.has_next:
                break
        cache.set(key, segments, settings.NAMES_CACHE_SECONDS)
    if not segments:
        raise NotFound(detail="The task has no jobs to show pictures of.")
    return segments


def job_with(segments: list[Segment], frame: int) -> int | None:
    return next((part.job_id for part in segments if part.first <= frame <= part.last), None)
