"""The recorded world: a store that holds what the recorded servers held, as far as their answers tell."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from jobsportal.sandbox.jobtable import STAGES, Job
from jobsportal.sandbox.store import (
    Attribute,
    Comment,
    Issue,
    Label,
    Membership,
    Organization,
    Project,
    Store,
    Task,
    User,
)

ACME = 1
PEOPLE = [  # name, first name, group, role in acme
    ("admin", "", "admin", "owner"),
    ("alice", "Alice", "user", "maintainer"),
    ("bob", "Bob", "user", "supervisor"),
    ("carol", "Carol", "user", "worker"),
    ("dave", "Dave", "worker", "worker"),
    ("erin", "Erin", "worker", "worker"),
    ("frank", "Frank", "worker", "worker"),
    ("grace", "Grace", "user", None),
]
SIGNED_IN = ("admin", "alice", "dave")  # before what was recorded of them
PROJECTS = [("Street scenes", 2), ("Lab samples", 3)]  # name, assignee

# name, project, organization, frames, frames of a job, prefix of the pictures' names, subset, width, height
TASKS: list[tuple[str, int | None, int | None, int, int, str, str, int, int]] = [
    ("street-day-1", 1, ACME, 60, 8, "day", "Train", 320, 240),
    ("street-night", 1, ACME, 40, 5, "night", "Validation", 320, 240),
    ("cells A", 2, ACME, 36, 6, "cellsa", "", 256, 256),
    ("cells B", 2, ACME, 24, 4, "cellsb", "", 256, 256),
    ("loose labels ☂ ünïcode", None, ACME, 30, 5, "loose", "", 320, 240),
    ("drive", 1, ACME, 60, 12, "drive", "", 320, 240),
    ("sandbox-task", None, None, 20, 10, "sandbox", "", 320, 240),
    ("with-context", None, None, 4, 4, "ctx", "", 160, 120),
    ("bulk-600", None, ACME, 600, 1, "bulk", "", 64, 64),
]
VIDEO, WITH_CONTEXT, BULK = 6, 8, 9
TRUTH_JOB, TRUTH_TASK, TRUTH_FRAMES = 643, 3, [1, 12, 15, 18, 24, 26, 27, 34]

ASSIGNEES: tuple[int | None, ...] = (None, 4, 5, 6, 7, 2, 3)
CYCLE = ("rejected", "new", "in progress", "completed")

SPECS: dict[str, list[tuple[str, str, list[str], str, bool]]] = {
    "car": [
        ("color", "select", ["white", "black", "red", "other"], "white", False),
        ("parked", "checkbox", ["false"], "false", True),
        ("speed", "number", ["0", "200", "1"], "0", True),
    ],
    "person": [
        ("note", "text", [""], "", True),
        ("pose", "radio", ["standing", "sitting", "walking"], "standing", False),
    ],
    "cell": [("alive", "checkbox", ["true"], "true", False)],
    "numbered": [("number", "number", ["0", "100", "1"], "0", False)],
}


def fill(store: Store, now: datetime, extra_jobs: int = 0) -> None:
    """Puts the recorded world into an empty store."""
    born = now - timedelta(hours=1)
    _people(store, born)
    _tasks(store, born)
    _labels(store)
    for job in _jobs(store, born):
        store.jobs.add(job)
    comment = Comment(1, 1, "Please check the car #0", born)
    for number in (1, 2, 3):
        first = store.jobs[number].start_frame
        store.issues.append(Issue(number, number, first, [10.0, 10.0, 60.0, 60.0], 1, 4, born, False, [comment]))
    store.annotations[1] = _day()
    store.annotations[35] = _video()


def _people(store: Store, born: datetime) -> None:
    for number, (name, first, group, role) in enumerate(PEOPLE, 1):
        last = "Tester" if first else ""
        seen = born if name in SIGNED_IN else None
        store.users[number] = User(number, name, first, last, [group], born, number == 1, last_login=seen)
        if role:
            store.memberships.append(Membership(number, number, ACME, role, born))
    key = str(uuid.uuid5(uuid.NAMESPACE_DNS, "acme.example.com"))
    store.organizations[ACME] = Organization(ACME, "acme", "Acme Labelling", "demo org", 1, born, key)


def _tasks(store: Store, born: datetime) -> None:
    for number, (name, assignee) in enumerate(PROJECTS, 1):
        store.projects[number] = Project(number, name, 1, assignee, ACME, born, born)
    for number, (name, project, org, size, segment, prefix, subset, width, height) in enumerate(TASKS, 1):
        mode = "interpolation" if number == VIDEO else "annotation"
        store.tasks[number] = Task(
            number, name, project, mode, 1, None, org, born, born, segment, size, prefix, "crossing", subset,
            width, height, first_number=0, related_files=int(number == WITH_CONTEXT),
        )  # fmt: skip


def _labels(store: Store) -> None:
    ids, specs = count(1), count(1)

    def add(name: str, kind: str = "any", *, project: int | None = None, task: int | None = None) -> None:
        label = Label(next(ids), name, "#fa3253", kind, project_id=project, task_id=task)
        label.attributes = [
            Attribute(next(specs), title, kind, values, default, mutable)
            for title, kind, values, default, mutable in SPECS.get(name, [])
        ]
        store.labels.append(label)
        if kind == "skeleton":
            label.sublabels = [Label(next(ids), part, "#ba9109", "points", parent_id=label.id) for part in PARTS]
            label.svg = "".join(f'<circle r="0.75" data-label-id="{part.id}"></circle>' for part in label.sublabels)

    for name, kind in STREET:
        add(name, kind, project=1)
    for name in ("cell", "debris", "edge", "blur", "dead"):
        add(name, project=2)
    for task in (5, 7, 8, 9):
        add("thing", task=task)
        add("numbered", task=task)


STREET = [
    ("car", "any"), ("person", "any"), ("tree", "polygon"), ("road", "mask"), ("lane", "polyline"),
    ("weather", "tag"), ("body", "skeleton"),
]  # fmt: skip
PARTS = ("head", "hand", "foot")


def _jobs(store: Store, born: datetime) -> Iterator[Job]:
    ids = count(1)
    for task in store.tasks.values():
        for start in range(0, task.size, task.segment_size):
            number = next(ids)
            stop = min(start + task.segment_size, task.size) - 1
            assignee, stage, state = _state(task.id, number)
            yield _job(task, number, "annotation", assignee, stage, state, start, stop, born)
    task = store.tasks[TRUTH_TASK]
    truth = _job(task, TRUTH_JOB, "ground_truth", None, "annotation", "new", 0, task.size - 1, born)
    truth.included_frames = TRUTH_FRAMES
    yield truth


def _job(
    task: Task, number: int, kind: str, assignee: int | None, stage: str, state: str, start: int, stop: int,
    born: datetime,
) -> Job:  # fmt: skip
    updated = born + timedelta(seconds=number, microseconds=1)
    return Job(
        number, task.id, task.project_id, task.organization_id, kind, assignee, stage, state, start, stop,
        born, updated, updated if assignee else None,
    )  # fmt: skip


def _state(task: int, number: int) -> tuple[int | None, str, str]:
    """Assignee, stage and state repeat, each in a cycle of its own."""
    if task == BULK:
        worker = {0: 4, 1: 5, 2: 6}[number % 3] if 100 <= number < 263 else None
        return worker, "annotation", "completed" if number in (233, 258) else "new"
    if task == WITH_CONTEXT:
        return None, "annotation", "new"
    assignee = {40: 8, 41: None}.get(number, ASSIGNEES[number % len(ASSIGNEES)])
    return assignee, STAGES[(number - 1) % len(STAGES)], CYCLE[number % len(CYCLE)]


def _day() -> dict[str, Any]:
    """Annotations of job 1: a tag, and a shape of every type."""
    ids = count(1)

    def shape(kind: str, label: int, points: list[float], **more: Any) -> dict[str, Any]:
        base = {"id": next(ids), "label_id": label, "type": kind, "frame": 0, "group": 0, "source": "manual"}
        flags = {"occluded": False, "outside": False, "z_order": 0, "rotation": 0.0, "points": points}
        return base | flags | {"attributes": [], "elements": []} | more

    car = [{"spec_id": 1, "value": "black"}, {"spec_id": 2, "value": "false"}, {"spec_id": 3, "value": "130"}]
    joints = [shape("points", label, [100.0 + label, 50.0]) for label in (8, 9, 10)]
    for joint in joints:
        del joint["elements"]
    shapes = [
        shape("rectangle", 1, [62.0, 76.0, 219.0, 159.0], attributes=car, rotation=15.0),
        shape("polygon", 3, [10.0, 10.0, 60.0, 10.0, 60.0, 60.0]),
        shape("mask", 4, [0.0, 4.0, 10.0, 10.0, 11.0, 11.0]),
        shape("polyline", 5, [5.0, 5.0, 200.0, 30.0]),
        shape("points", 2, [20.0, 20.0]),
        shape("ellipse", 1, [50.0, 50.0, 70.0, 40.0], attributes=car),
        shape("skeleton", 7, [], elements=joints),
    ]
    tags = [{"id": 1, "label_id": 6, "frame": 0, "group": 0, "source": "manual", "attributes": []}]
    return {"version": 0, "tags": tags, "shapes": shapes, "tracks": []}


def _video() -> dict[str, Any]:
    """Annotations of job 35: a track that ends."""
    boxes = [
        {
            "id": number, "type": "rectangle", "frame": frame, "occluded": False, "outside": outside, "z_order": 0,
            "rotation": 0.0, "points": [4.0 * frame, 100.0, 4.0 * frame + 60, 140.0],
            "attributes": [{"spec_id": 2, "value": "false"}, {"spec_id": 3, "value": "10"}],
        }
        for number, (frame, outside) in enumerate([(0, False), (5, False), (11, True)], 1)
    ]  # fmt: skip
    track = {"id": 1, "label_id": 1, "frame": 0, "group": 0, "source": "manual", "shapes": boxes}
    track |= {"attributes": [{"spec_id": 1, "value": "red"}], "elements": []}
    return {"version": 0, "tags": [], "shapes": [], "tracks": [track]}
