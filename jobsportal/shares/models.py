"""A link to a file, and who fetched it when."""

from uuid import uuid4

from django.db import models
from django.utils import timezone

from jobsportal.accounts.kept import Kept
from jobsportal.bundles.models import Bundle

# What a link is at.
LIVE, USED_UP, EXPIRED, REVOKED = "live", "used up", "expired", "withdrawn"


class Share(Kept):
    """A link to one export of a person's: a request of the upstream's (`rq_id`), or a bundle, with which it ends.

    `digest` is the SHA-256 of the random part of the link, which is all that finds it; `token` is that part, sealed, so
    that its owner can copy the link again. `sealed` is the owner's credential; the file is fetched with it. Both are
    wiped when the link ends. `recipe` says how to have the file prepared again, where the owner wants that: target
    ("job", "task", "project", "bundle") and, unless it is a bundle, id, format, save_images; empty for a link that ends
    with its file. `file_made` is when the file was finished, which tells it apart from a later one of the same name;
    `size` is its length in bytes where that is known. `password` is hashed as Django does it; empty for none.
    `downloads_max` is how often it may be fetched, None for as often as wanted; `downloads` how often it was granted.
    """

    key = models.UUIDField(default=uuid4, unique=True, editable=False)
    digest = models.CharField(max_length=64, unique=True)
    token = models.TextField(blank=True)
    name = models.CharField(max_length=300)
    title = models.CharField(max_length=300)
    format = models.CharField(max_length=200, blank=True)
    save_images = models.BooleanField(default=False)
    rq_id = models.CharField(max_length=1000, blank=True)
    bundle = models.ForeignKey(Bundle, null=True, on_delete=models.SET_NULL, related_name="shares")
    recipe = models.JSONField(default=dict)
    file_made = models.DateTimeField(null=True)
    size = models.BigIntegerField(null=True)
    password = models.CharField(max_length=200, blank=True)
    downloads_max = models.PositiveIntegerField(null=True)
    downloads = models.PositiveIntegerField(default=0)
    made = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(db_index=True)
    revoked = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["upstream", "person_id", "id"], name="share_person")]

    def __str__(self) -> str:
        return f"{self.title} by {self.username}"

    @property
    def state(self) -> str:
        is_removed = not self.rq_id and self.bundle_id is None
        if self.revoked:
            return REVOKED
        if self.expires <= timezone.now() or is_removed:
            return EXPIRED
        return USED_UP if self.downloads_left == 0 else LIVE

    @property
    def is_open(self) -> bool:
        """Whether downloads that were granted may go on."""
        return self.state in (LIVE, USED_UP)

    @property
    def downloads_left(self) -> int | None:
        """None for as many as wanted."""
        return None if self.downloads_max is None else max(0, self.downloads_max - self.downloads)


class Fetch(models.Model):
    """One download through a link, counted when it is granted. Resuming it counts as the same.

    `key` is known to the visitor's browser alone. `given` counts the bytes handed over or on their way, `size` is the
    file's length where it is known: once that much was given, the grant is used up. `lost` counts those of them that
    were given back, since a transfer that broke off may not have brought them. `address` is the visitor's, `agent` what
    their browser calls itself. `ended` is when the last of the file was handed over.
    """

    share = models.ForeignKey(Share, on_delete=models.CASCADE, related_name="fetches")
    key = models.UUIDField(default=uuid4, unique=True, editable=False)
    granted = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField()
    address = models.CharField(max_length=64, blank=True)
    agent = models.CharField(max_length=200, blank=True)
    size = models.BigIntegerField(null=True)
    given = models.BigIntegerField(default=0)
    lost = models.BigIntegerField(default=0)
    ended = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.share} to {self.address}"
