"""The record of actions. It only grows: what is written stays as it was written."""

from typing import Any
from uuid import uuid4

from django.db import models

CHANGED, REFUSED, FAILED = "changed", "refused", "failed"


class AppendOnly(Exception):
    """Somebody tried to rewrite the record."""


class Records(models.QuerySet["Change"]):
    """Records, which are only read and added to."""

    def update(self, **kwargs: Any) -> int:
        raise AppendOnly("records are not changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnly("records are not deleted")


class Change(models.Model):
    """One field of one job that was changed through the portal, or could not be.

    `key` is shared by the fields that changed at once, by one request upstream. `field` is assignee, stage, state, job
    (it was created or deleted) or annotations. `before` and `after` are words (a user name, "nobody", a stage, a
    state); for assignees the ids go along. `after` of a refused or failed one is what was wanted. `stage` is the
    job's when the change was made. `undoes` is the key of what it takes back.
    """

    key = models.UUIDField(default=uuid4, db_index=True)
    upstream = models.CharField(max_length=500)
    at = models.DateTimeField(auto_now_add=True)
    person_id = models.BigIntegerField()
    username = models.CharField(max_length=150)
    organization_id = models.BigIntegerField(null=True)
    project_id = models.BigIntegerField(null=True)
    task_id = models.BigIntegerField()
    job_id = models.BigIntegerField()
    stage = models.CharField(max_length=50, blank=True)
    field = models.CharField(max_length=20)
    before = models.CharField(max_length=200, blank=True)
    after = models.CharField(max_length=200, blank=True)
    before_id = models.BigIntegerField(null=True)
    after_id = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=10)
    words = models.TextField(blank=True)
    request_id = models.CharField(max_length=200, blank=True)
    run = models.ForeignKey("runs.Run", null=True, on_delete=models.PROTECT, related_name="changes")
    undoes = models.UUIDField(null=True, db_index=True)

    objects = models.Manager.from_queryset(Records)()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["upstream", "job_id", "id"], name="change_job"),
            models.Index(fields=["upstream", "person_id", "id"], name="change_person"),
            models.Index(fields=["upstream", "organization_id", "id"], name="change_organization"),
            models.Index(fields=["upstream", "project_id"], name="change_project"),
        ]

    def __str__(self) -> str:
        return f"{self.field} of job {self.job_id}: {self.before} to {self.after}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("records are not changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnly("records are not deleted")
