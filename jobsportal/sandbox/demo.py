"""The demo: people, organizations, projects, tasks and jobs. Always the same, only the dates follow the clock."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from .demo_annotations import annotations_for
from .demo_bulk import add_bulk
from .demo_labels import add_labels
from .jobtable import Job
from .store import CloudStorage, Comment, Issue, Membership, Organization, Project, Store, Task, User

ACME, HARBOR = 1, 2

PEOPLE = [
    (1, "admin", "Olga", "Novak", ["admin"]),
    (2, "alice", "Alice", "Kim", ["user"]),
    (3, "bob", "Bob", "Marsh", ["user"]),
    (4, "carol", "Carol", "Okafor", ["worker"]),
    (5, "dave", "Dave", "Lindqvist", ["worker"]),
    (6, "erin", "Erin", "Castellanos", ["worker"]),
    (7, "mara", "Mara", "Rossi", ["user"]),
    (8, "grace", "Grace", "Whitfield", ["user"]),
    (9, "frank", "Frank", "Mbeki", ["worker"]),
    (10, "heidi", "Heidi", "Brandt", ["worker"]),
    (11, "ivan", "Ivan", "Petrov", ["worker"]),
    (12, "judy", "Judy", "Tanaka", ["worker"]),
]

MEMBERS = [
    (1, ACME, "owner"),
    (2, ACME, "maintainer"),
    (3, ACME, "supervisor"),
    (4, ACME, "worker"),
    (5, ACME, "worker"),
    (6, ACME, "worker"),
    (7, ACME, "supervisor"),
    (8, HARBOR, "owner"),
    (3, HARBOR, "worker"),
    (9, ACME, "worker"),
    (10, ACME, "worker"),
    (11, ACME, "worker"),
    (12, ACME, "worker"),
]

# id, name, owner, assignee, organization
PROJECTS: list[tuple[int, str, int, int | None, int | None]] = [
    (1, "Street scenes", 1, 7, ACME),
    (2, "Depot", 2, None, ACME),
    (3, "Fish counter", 8, None, HARBOR),
]

# id, name, project, mode, owner, assignee, organization, frames, frames a job, prefix, scene, subset
TASKS = [
    (1, "Crossing, rain, 2026-11", 1, "annotation", 1, None, ACME, 80, 10, "crossing", "crossing", "Train"),
    (2, "Roundabout north", 1, "annotation", 1, None, ACME, 110, 10, "roundabout", "roundabout", "Train"),
    (3, "Night bus lane", 1, "annotation", 7, None, ACME, 60, 10, "night", "night", "Validation"),
    (4, "Hafen ☂ Überblick", 1, "annotation", 1, None, ACME, 48, 8, "hafen", "harbour", "Train"),
    (5, "Depot, camera 4 (video)", 2, "interpolation", 2, None, ACME, 300, 50, "camera_4", "video", ""),
    (6, "Depot yard, morning", 2, "annotation", 3, None, ACME, 100, 10, "yard", "depot", "Train"),
    (7, "Salmon ladder, March", 3, "annotation", 8, None, HARBOR, 70, 10, "salmon", "sea", ""),
    (8, "Cats of the office", None, "annotation", 2, None, None, 15, 5, "cat", "home", ""),
]

# Ground truth: task, frames
GROUND_TRUTH = [(1, [3, 11, 24, 38, 52, 67, 79]), (6, [5, 18, 33, 47, 61, 88])]

# id, name, owner, organization, bucket, what lies in it
CLOUD_STORAGES: list[tuple[int, str, int, int | None, str, list[str]]] = [
    (1, "Street archive", 1, ACME, "acme-streets", ["exports/2026-10/crossing.zip", "images/crossing_0001.jpg"]),
    (2, "Deliveries", 2, ACME, "acme-deliveries", ["incoming/roundabout.xml", "incoming/yard.json", "README.txt"]),
    (3, "Grace's bucket", 8, None, "grace-fish", ["salmon.xml"]),
]

ANNOTATION, VALIDATION, ACCEPTANCE = "annotation", "validation", "acceptance"

# What the jobs of acme cycle through: assignee, stage, state, minutes since the last change
HOURS, DAYS = 60, 24 * 60
CYCLE: list[tuple[int | None, str, str, int]] = [
    (4, ANNOTATION, "in progress", 2),
    (5, ANNOTATION, "completed", 3 * HOURS),
    (None, ANNOTATION, "new", 5 * DAYS),
    (6, VALIDATION, "new", 47),
    (4, ANNOTATION, "in progress", 17 * DAYS),
    (7, VALIDATION, "in progress", 26 * HOURS),
    (None, ANNOTATION, "new", 9 * DAYS),
    (3, ACCEPTANCE, "completed", 6 * DAYS),
    (5, ANNOTATION, "rejected", 2 * DAYS),
    (6, ANNOTATION, "in progress", 19 * DAYS),
    (None, ANNOTATION, "new", 12 * DAYS),
    (4, ACCEPTANCE, "completed", 20 * DAYS),
    (5, ANNOTATION, "in progress", 11),
    (7, ACCEPTANCE, "new", 8 * HOURS),
    (6, VALIDATION, "rejected", 4 * DAYS),
    (None, VALIDATION, "new", 3 * DAYS),
    (4, ANNOTATION, "new", 35 * HOURS),
]


def fill(store: Store, started_at: datetime, extra_jobs: int) -> None:
    """Puts the demo into an empty store."""
    _people(store, started_at)
    _projects_and_tasks(store, started_at)
    add_labels(store)
    _jobs(store, started_at)
    _issues(store, started_at)
    _cloud_storages(store, started_at)
    if extra_jobs:
        add_bulk(store, started_at, extra_jobs)
    store.make_annotations = lambda job: annotations_for(store, job)


def _ago(started_at: datetime, minutes: float, salt: int = 0) -> datetime:
    """Some time back, on a fraction of a second of its own."""
    return started_at - timedelta(
        minutes=minutes, seconds=salt * 7 % 53, microseconds=104_729 * (salt + 1) % 999_983 + 1
    )


def _people(store: Store, now: datetime) -> None:
    for number, name, first, last, groups in PEOPLE:
        joined = _ago(now, 400 * DAYS - number * DAYS, number)
        store.users[number] = User(number, name, first, last, groups, joined, is_superuser=number == 1)
    for number, slug, name, words, owner in (
        (ACME, "acme", "Acme Labelling", "Streets, yards and everything that moves in them", 1),
        (HARBOR, "harbor", "Harbor Lab", "Fish, counted", 8),
    ):
        key = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{slug}.example.com"))
        store.organizations[number] = Organization(number, slug, name, words, owner, _ago(now, 390 * DAYS, number), key)
    for number, (user_id, org_id, role) in enumerate(MEMBERS, 1):
        store.memberships.append(
            Membership(number, user_id, org_id, role, _ago(now, 380 * DAYS - number * DAYS, number))
        )


def _projects_and_tasks(store: Store, now: datetime) -> None:
    for number, name, owner, assignee, org in PROJECTS:
        created = _ago(now, 90 * DAYS - number * DAYS, number)
        store.projects[number] = Project(number, name, owner, assignee, org, created, _ago(now, number * DAYS, number))
    for i, name, project, mode, owner, assignee, org, size, segment, prefix, scene, subset in TASKS:
        store.tasks[i] = Task(
            i, name, project, mode, owner, assignee, org, _ago(now, (40 - i) * DAYS, i), _ago(now, i * HOURS, i),
            segment, size, prefix, scene, subset,
        )  # fmt: skip


def _jobs(store: Store, now: datetime) -> None:
    number = 0
    for task in store.tasks.values():
        for start in range(0, task.size, task.segment_size):
            number += 1
            stop = min(start + task.segment_size, task.size) - 1
            store.jobs.add(_job(task, number, start, stop, now))
    for task_id, frames in GROUND_TRUTH:
        number += 1
        task = store.tasks[task_id]
        created = _ago(now, 25 * DAYS, number)
        updated = _ago(now, 24 * DAYS, number)
        store.jobs.add(
            Job(number, task.id, task.project_id, task.organization_id, "ground_truth", None, ANNOTATION, "new",
                0, task.size - 1, created, updated, None, frames)
        )  # fmt: skip


def _job(task: Task, number: int, start: int, stop: int, now: datetime) -> Job:
    assignee, stage, state, minutes = CYCLE[(number * 5 + task.id - 6) % len(CYCLE)]
    if task.organization_id == HARBOR:
        assignee = (8, 3, None)[number % 3]
    if task.organization_id is None:
        assignee = 2 if number % 2 else None
    if assignee is None and state != "new":
        state = "new"
    updated = _ago(now, minutes + number % 9, number)
    given = updated - timedelta(hours=3, microseconds=17) if assignee else None
    return Job(
        number, task.id, task.project_id, task.organization_id, "annotation", assignee, stage, state, start, stop,
        task.created + timedelta(seconds=number), updated, given,
    )  # fmt: skip


def _issues(store: Store, now: datetime) -> None:
    remarks = [
        (1, 2, [120.0, 230.0, 260.0, 320.0], 1, 4, "The umbrella belongs to the person, not to the car."),
        (1, 5, [40.0, 210.0, 90.0, 300.0], 7, 4, "Box is too tight on the left."),
        (9, 83, [300.0, 260.0, 420.0, 340.0], 7, 5, "Two cars here, only one is annotated."),
        (33, 14, [210.0, 300.0, 400.0, 400.0], 2, 6, "The track ends before the truck leaves."),
    ]
    for number, (job_id, frame, position, owner, assignee, words) in enumerate(remarks, 1):
        created = _ago(now, number * 5 * HOURS, number)
        job = store.jobs[job_id]
        inside = min(max(frame, job.start_frame), job.stop_frame)
        comment = Comment(number, owner, words, created)
        store.issues.append(Issue(number, job_id, inside, position, owner, assignee, created, number == 3, [comment]))


def _cloud_storages(store: Store, now: datetime) -> None:
    for number, name, owner, org, bucket, keys in CLOUD_STORAGES:
        created = _ago(now, 200 * DAYS, number)
        files = {key: f"{key}, kept for the demonstration\n".encode() for key in keys}
        store.cloud_storages[number] = CloudStorage(number, name, owner, org, created, bucket, files=files)
