"""Jobs, and the table that holds them. The bulk part is computed from the id until somebody lists it.

One hundred thousand jobs cost nothing at the start: a single one is made when it is asked for, all of them
when the first list needs them; from then on the same objects are kept, with their changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

STAGES = ("annotation", "validation", "acceptance")
STATES = ("new", "in progress", "completed", "rejected")
TYPES = ("annotation", "ground_truth", "consensus_replica")
DIMENSIONS = ("2d", "3d")


@dataclass(slots=True, eq=False)
class Job:
    id: int
    task_id: int
    project_id: int | None
    organization_id: int | None
    type: str
    assignee_id: int | None
    stage: str
    state: str
    start_frame: int
    stop_frame: int
    created: datetime
    updated: datetime
    assignee_updated: datetime | None = None
    included_frames: list[int] | None = None  # ground truth jobs pick theirs

    @property
    def frames(self) -> list[int]:
        if self.included_frames is not None:
            return self.included_frames
        return list(range(self.start_frame, self.stop_frame + 1))

    @property
    def status(self) -> str:
        """The older, single field the API still carries: accepting is part of validating until it is done."""
        if self.stage != "acceptance":
            return self.stage
        return "completed" if self.state == "completed" else "validation"


class JobTable:
    """All jobs by id. `made` counts how many bulk jobs exist as objects so far."""

    def __init__(self) -> None:
        self._plain: dict[int, Job] = {}
        self._bulk: dict[int, Job] = {}
        self._make: Callable[[int], Job] | None = None
        self._bulk_ids = range(0)
        self._rows: list[Job] | None = None
        self._by_task: dict[int, list[Job]] = {}
        self._highest = 0

    def add(self, job: Job) -> None:
        self._plain[job.id] = job
        self._highest = max(self._highest, job.id)
        self._rows = None

    def new_id(self) -> int:
        """One that no job has or had."""
        self._highest = max(self._highest, self._bulk_ids[-1] if self._bulk_ids else 0) + 1
        return self._highest

    def remove(self, job_id: int) -> None:
        self._plain.pop(job_id, None)
        self._bulk.pop(job_id, None)
        self._rows = None

    def add_bulk(self, ids: range, make: Callable[[int], Job]) -> None:
        """`ids` must lie above all other ids; `make` must be a pure function of the id."""
        self._bulk_ids, self._make = ids, make

    @property
    def made(self) -> int:
        return len(self._bulk)

    def __len__(self) -> int:
        return len(self._plain) + len(self._bulk_ids)

    def __iter__(self) -> Iterator[Job]:
        return iter(self.rows())

    def get(self, job_id: int) -> Job | None:
        job = self._plain.get(job_id) or self._bulk.get(job_id)
        if job is None and self._make is not None and job_id in self._bulk_ids:
            job = self._bulk.setdefault(job_id, self._make(job_id))
        return job

    def __getitem__(self, job_id: int) -> Job:
        job = self.get(job_id)
        if job is None:
            raise KeyError(job_id)
        return job

    def added(self) -> list[Job]:
        """Those that were added one by one: all but the computed ones."""
        return list(self._plain.values())

    def rows(self) -> list[Job]:
        """Every job, by ascending id. Not to be changed by the caller."""
        if self._rows is None:
            if self._make is not None and len(self._bulk) < len(self._bulk_ids):
                kept = self._bulk
                self._bulk = {i: kept.get(i) or self._make(i) for i in self._bulk_ids}
            rows = sorted([*self._plain.values(), *self._bulk.values()], key=lambda job: job.id)
            by_task: dict[int, list[Job]] = {}
            for job in rows:
                by_task.setdefault(job.task_id, []).append(job)
            self._by_task, self._rows = by_task, rows
        return self._rows

    def of_task(self, task_id: int) -> list[Job]:
        """The jobs of a task, by ascending id; a job never moves to another. Not to be changed by the caller."""
        self.rows()
        return self._by_task.get(task_id, [])
