"""As many more jobs as are asked for, in tasks and projects of their own. Each job is a pure function of its id."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta
from itertools import accumulate

from .jobtable import Job
from .store import Project, Store, Task

FIRST_JOB, FIRST_TASK = 1001, 101
ACME = 1

# id, name, owner, assignee, scenes, places
Kind = tuple[int, str, int, int | None, tuple[str, ...], tuple[str, ...]]
PROJECTS: list[Kind] = [
    (100, "Camera archive", 1, None, ("archive",), ("Gate 3", "Car park", "Lobby", "Loading bay")),
    (101, "Ring road", 1, 7, ("crossing", "roundabout", "night"), ("Exit 4", "Tunnel", "Toll plaza", "Bridge ramp")),
    (102, "Container terminal", 2, None, ("depot",), ("Quay", "Stacks", "Truck lane", "Rail yard")),
]
LIGHTS = ("morning", "rain", "dusk", "fog")

# How many jobs the tasks have, over and over
SIZES = (32, 25, 40, 28, 36, 30, 38, 27)
ENDS = list(accumulate(SIZES))

# Who works where the demo's cycle has one of its three annotators: some carry more than others
ANNOTATORS = (4, 5, 6, 9, 4, 10, 5, 11, 4, 12, 6, 9, 5, 10, 4)

HOURS, DAYS = 60, 24 * 60
# Assignee (0: one of the annotators, None: nobody), stage, state, minutes since the last change
CYCLE: list[tuple[int | None, str, str, int]] = [
    (0, "annotation", "in progress", 2),
    (0, "annotation", "completed", 3 * HOURS),
    (None, "annotation", "new", 5 * DAYS),
    (0, "validation", "new", 47),
    (0, "annotation", "in progress", 17 * DAYS),
    (7, "validation", "in progress", 26 * HOURS),
    (None, "annotation", "new", 9 * DAYS),
    (3, "acceptance", "completed", 6 * DAYS),
    (0, "annotation", "rejected", 2 * DAYS),
    (0, "annotation", "in progress", 19 * DAYS),
    (None, "annotation", "new", 12 * DAYS),
    (0, "acceptance", "completed", 20 * DAYS),
    (0, "annotation", "in progress", 11),
    (7, "acceptance", "new", 8 * HOURS),
    (0, "validation", "rejected", 4 * DAYS),
    (None, "validation", "new", 3 * DAYS),
    (0, "annotation", "new", 35 * HOURS),
    (None, "annotation", "new", 13 * DAYS),
    (None, "annotation", "new", 14 * DAYS),
]


def add_bulk(store: Store, now: datetime, count: int) -> None:
    """Puts `count` jobs into the store, with what they belong to."""
    created = now - timedelta(days=60, microseconds=1)
    for number, name, owner, assignee, *_ in PROJECTS:
        store.projects[number] = Project(number, name, owner, assignee, ACME, created, created)
    for number in range(place_of(count - 1)[0] + 1):
        store.tasks[FIRST_TASK + number] = _task(number, count, created)

    def make(job_id: int) -> Job:
        return _job(job_id, now, created)

    store.jobs.add_bulk(range(FIRST_JOB, FIRST_JOB + count), make)


def place_of(number: int) -> tuple[int, int]:
    """The number of the task that a job is in, and the job's number in it; all count from 0."""
    rounds, rest = divmod(number, ENDS[-1])
    position = bisect_right(ENDS, rest)
    return rounds * len(SIZES) + position, rest - (ENDS[position - 1] if position else 0)


def first_of(task: int) -> int:
    """The number of a task's first job."""
    rounds, position = divmod(task, len(SIZES))
    return rounds * ENDS[-1] + (ENDS[position - 1] if position else 0)


def frames_of(task: int, number: int) -> int:
    """How many frames a job has: 3 to 20."""
    return 3 + (number * 7 + task * 5) % 18


def start_of(task: int, number: int) -> int:
    return sum(frames_of(task, earlier) for earlier in range(number))


def _task(number: int, count: int, created: datetime) -> Task:
    project, _, owner, _, scenes, places = PROJECTS[number % len(PROJECTS)]
    turn, light = divmod(number // len(PROJECTS), len(LIGHTS))
    series, place = divmod(turn, len(places))
    name = f"{places[place]}, {LIGHTS[light]}" + (f", {series + 1}" if series else "")
    jobs = min(SIZES[number % len(SIZES)], count - first_of(number))
    return Task(
        FIRST_TASK + number, name, project, "annotation", owner, None, ACME, created, created, 0,
        start_of(number, jobs), places[place].lower().replace(" ", "_"), scenes[turn % len(scenes)],
    )  # fmt: skip


def _job(job_id: int, now: datetime, created: datetime) -> Job:
    number = job_id - FIRST_JOB
    task, position = place_of(number)
    assignee, stage, state, minutes = CYCLE[number % len(CYCLE)]
    if assignee == 0:
        assignee = ANNOTATORS[number % len(ANNOTATORS)]
    start = start_of(task, position)
    updated = now - timedelta(minutes=minutes + 600, microseconds=number * 7919 + 1)
    return Job(
        job_id, FIRST_TASK + task, PROJECTS[task % len(PROJECTS)][0], ACME, "annotation", assignee, stage, state,
        start, start + frames_of(task, position) - 1, created, updated, updated if assignee else None,
    )  # fmt: skip
