"""A run, its items, and the workers that are there to carry runs out."""

from typing import Any
from uuid import uuid4

from django.db import models

from jobsportal.accounts.kept import Kept

# What a run is at: planned and not yet confirmed; waiting for a worker or under way; ended early; through.
DRAFT, QUEUED, RUNNING, STOPPED, FINISHED = "draft", "queued", "running", "stopped", "finished"
LIVE = (QUEUED, RUNNING)

# What runs are for.
CHANGE, DISTRIBUTE, UNDO, DELETE = "change", "distribute", "undo", "delete"

# What became of an item; empty while it waits.
WAITING, CHANGED, UNCHANGED, REFUSED, FAILED = "", "changed", "unchanged", "refused", "failed"

# What the plan expects of an item: it will change; it already is as wanted; the portal knows that it can't be done, and
# leaves it out; the upstream will probably refuse, and is asked all the same.
WILL_CHANGE, ALREADY, BARRED, DOUBTFUL = "will change", "already", "barred", "doubtful"


class Run(Kept):
    """Something that a person has done to many jobs.

    `organization` is the one that was looked at, as addresses carry it. `wanted` says what it was about, for words:
    assignee as {"id", "username"} or None, stage, state, advance. What happens to each job is in its item. `sealed`
    is the person's credential, kept only while the run lives; `organizations` goes with it. `lease_owner` is whoever
    carries it out, until `lease_until`. `problem` says why it ended early, or what it waits for.
    """

    key = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=20)
    wanted = models.JSONField(default=dict)
    undoes = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="undone_by")
    retries = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="retried_by")
    status = models.CharField(max_length=10, default=DRAFT)
    total = models.PositiveIntegerField(default=0)
    stop_asked = models.BooleanField(default=False)
    problem = models.TextField(blank=True)
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    made = models.DateTimeField(auto_now_add=True)
    queued = models.DateTimeField(null=True)
    started = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["upstream", "person_id", "id"], name="run_person"),
            models.Index(fields=["status"], name="run_status"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.total} jobs by {self.username}"

    @property
    def is_live(self) -> bool:
        return self.status in LIVE


class Item(models.Model):
    """One job of a run.

    `wanted`: the fields to set (assignee as an id, or None for nobody). `expected`: what the person saw; a field that
    has neither this value nor the wanted one by then was changed by somebody else, and is left alone. `about`: facts
    for the plan's page (task_id, project_id, type, frames, assignee as a name), gone once the item is through.
    `verdict` and `why` are the plan's.

    Before anything is sent, `sent` (the fields of the request) and `before` (the job's values, the assignee as
    {"id", "username"} or None) are stored: whoever takes up a run after a crash can tell from the job what was applied.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="items")
    job_id = models.BigIntegerField()
    organization_id = models.BigIntegerField(null=True)
    wanted = models.JSONField(default=dict)
    expected = models.JSONField(default=dict)
    about = models.JSONField(default=dict)
    verdict = models.CharField(max_length=12, default=WILL_CHANGE)
    why = models.TextField(blank=True)
    sent = models.JSONField(null=True)
    before = models.JSONField(null=True)
    outcome = models.CharField(max_length=10, blank=True, default=WAITING)
    words = models.TextField(blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    done = models.DateTimeField(null=True)

    class Meta:
        ordering = ["job_id"]
        constraints = [models.UniqueConstraint(fields=["run", "job_id"], name="item_once_a_run")]
        indexes = [
            models.Index(fields=["run", "outcome", "job_id"], name="item_outcome"),
            models.Index(fields=["job_id", "outcome"], name="item_job"),
        ]

    def __str__(self) -> str:
        return f"job {self.job_id}: {self.outcome or 'waiting'}"


class Worker(models.Model):
    """A process that carries out runs; it says every few seconds that it is there."""

    name = models.CharField(max_length=100, unique=True)
    seen = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


def counted(run: Run) -> dict[str, int]:
    """How many items have which outcome."""
    rows = run.items.order_by().values_list("outcome").annotate(models.Count("pk"))
    empty: dict[str, Any] = dict.fromkeys((WAITING, CHANGED, UNCHANGED, REFUSED, FAILED), 0)
    return empty | dict(rows)
