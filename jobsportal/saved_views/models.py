"""Saved views, and how a person likes the list."""

from uuid import uuid4

from django.db import models


class SavedView(models.Model):
    """A jobs list under a name.

    `query` is the list's query string without page and organization. `organization` is the one that it was made in, as
    addresses carry it. A shared one is seen and opened by every member of that organization; only its owner changes
    it. `position` orders a person's own.
    """

    key = models.UUIDField(default=uuid4, unique=True, editable=False)
    upstream = models.CharField(max_length=500)
    person_id = models.BigIntegerField()
    username = models.CharField(max_length=150)
    organization = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=80)
    query = models.TextField(blank=True)
    is_shared = models.BooleanField(default=False)
    made = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["upstream", "person_id", "organization", "name"], name="view_name_once_a_person"
            )
        ]
        indexes = [models.Index(fields=["upstream", "organization", "is_shared"], name="view_shared")]

    def __str__(self) -> str:
        return self.name


class Taste(models.Model):
    """How a person likes the list where its address doesn't say: columns, in order and with commas, and density."""

    upstream = models.CharField(max_length=500)
    person_id = models.BigIntegerField()
    columns = models.CharField(max_length=300, blank=True)
    density = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upstream", "person_id"], name="taste_once_a_person")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.columns or 'usual columns'}, {self.density or 'usual density'}"
