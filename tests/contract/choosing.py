"""The suite brings no data along: it looks for the smallest things that nobody misses for a moment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from jobsportal.cvat import Client, filters
from jobsportal.cvat.types import Job, Label, Task, User
from tests.contract.upstream import now

IDLE = timedelta(hours=1)
LOOKED_AT = 40
COUNTED = 6
FRAMES_MAX, TASK_MAX, ANNOTATIONS_MAX = 2000, 500, 200


def nobodys(client: Client) -> Iterable[Job]:
    rule = filters.both(filters.nobody(), filters.equals("state", "new"), filters.equals("type", "annotation"))
    return client.jobs.list(filter=rule, sort="updated_date", page_size=LOOKED_AT)


def anybodys(client: Client) -> Iterable[Job]:
    return client.jobs.list(sort="updated_date", type="annotation", page_size=LOOKED_AT)


def small(jobs: Iterable[Job]) -> list[Job]:
    fitting = [job for job in jobs if job.dimension == "2d" and 0 < job.frame_count <= FRAMES_MAX]
    return sorted(fitting, key=lambda job: (bool(job.assignee), job.mode != "annotation", job.frame_count, job.id))


def is_spare(job: Job, me: User) -> bool:
    """Whether a job may be borrowed: nobody's or one's own, left alone for an hour, not done."""
    is_free = job.assignee is None or job.assignee.id == me.id
    return is_free and is_idle(job) and job.state != "completed" and job.stage != "acceptance"


def is_idle(job: Job) -> bool:
    return job.updated_date is None or now() - job.updated_date > IDLE


def spare_job(client: Client, me: User) -> Job | None:
    """The job that is changed for a moment: with few annotations, none if there is such a job."""
    found: list[tuple[int, Job]] = []
    candidates = small(job for job in (*nobodys(client), *anybodys(client)) if is_spare(job, me))
    for job in candidates[:COUNTED]:
        total = client.jobs.retrieve_annotation_outline(job.id).total
        if total <= ANNOTATIONS_MAX and can_be_labeled(client.labels.list(job_id=job.id)):
            if not total:
                return job
            found.append((total, job))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def task_without_ground_truth(client: Client) -> Task | None:
    """A small task of pictures that has no ground truth job, untouched for a while."""
    taken = {job.task_id for job in client.jobs.list(type="ground_truth", page_size=500)}
    tasks = [task for task in client.tasks.list(page_size=LOOKED_AT) if task.id not in taken]
    fitting = [task for task in tasks if 3 <= task.size <= TASK_MAX and task.dimension != "3d"]
    for task in sorted(fitting, key=lambda task: (task.mode != "annotation", task.size, task.id))[:COUNTED]:
        latest = client.jobs.list(task_id=task.id, sort="-updated_date", page_size=1).results
        if latest and is_idle(latest[0]) and not client.jobs.list(task_id=task.id, type="ground_truth").count:
            return task
    return None


def small_task(client: Client) -> Task | None:
    tasks = [task for task in client.tasks.list(page_size=LOOKED_AT) if 0 < task.size <= TASK_MAX]
    return min(tasks, key=lambda task: (task.size, task.id), default=None)


def somebody_else(client: Client, me: User, job: Job) -> User | None:
    """Somebody of the organization that the job belongs to."""
    slug = next((found.slug for found in client.organizations.list() if found.id == job.organization), None)
    if slug is None:
        return None
    inside = type(client)(client.url, client.credential, organization=slug, session=client.session)
    return next((user for user in inside.users.list(page_size=10) if user.id != me.id), None)


def can_be_labeled(labels: Iterable[Label]) -> bool:
    return any(label.type in ("any", "rectangle") for label in labels)


def first_label(labels: Iterable[Label]) -> Label:
    return next(label for label in labels if label.type in ("any", "rectangle"))


def usable(there: set[str], *wanted: str) -> str:
    """The first of the wanted formats that the server has."""
    for name in wanted:
        if name in there:
            return name
    pytest.skip(f"the server has no format {' or '.join(wanted)}")
