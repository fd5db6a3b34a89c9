"""What the portal keeps of its own: backups of annotations, and changes that wait for their confirmation.

Neither is a copy of a job to show: jobs are read from the upstream each time. Both belong to one person of one
upstream, and nobody else gets to see them."""

import zlib
from collections.abc import Iterator
from uuid import uuid4

from django.db import models

PIECE = 256 * 1024


class Kept(models.Model):
    """Some JSON of a person's, about a job. `key` is its name in addresses."""

    key = models.UUIDField(default=uuid4, unique=True, editable=False)
    upstream = models.CharField(max_length=500)
    person_id = models.BigIntegerField()
    job_id = models.BigIntegerField()
    made = models.DateTimeField(auto_now_add=True, db_index=True)
    size = models.BigIntegerField()
    packed_size = models.BigIntegerField()
    content = models.BinaryField()

    class Meta:
        abstract = True

    @property
    def json(self) -> bytes:
        return zlib.decompress(bytes(self.content))

    def pieces(self) -> Iterator[bytes]:
        """The JSON, never held whole."""
        reader, rest = zlib.decompressobj(), bytes(self.content)
        while rest and not reader.eof:
            yield reader.decompress(rest, PIECE)
            rest = reader.unconsumed_tail


class Backup(Kept):
    """A job's annotations, as the upstream gave them out, from just before a change.

    `before` and `after` count them by kind; `left` is the digest of what the change left behind. Both `after` and
    `left` are empty where that is not known: the answer was lost, or somebody else was at it too.
    """

    organization_id = models.BigIntegerField(null=True)
    why = models.CharField(max_length=20)
    before = models.JSONField()
    after = models.JSONField(null=True)
    left = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["upstream", "person_id", "job_id"], name="backup_owner")]

    def __str__(self) -> str:
        return f"backup of job {self.job_id} before {self.why}"


class Draft(Kept):
    """Annotations that somebody has brought, to be looked at before the job is changed by them. `name` is the file's,
    empty for text that was typed. Once they were sent, `used` is the key of the backup that was taken before."""

    action = models.CharField(max_length=20)
    name = models.CharField(max_length=255, blank=True)
    used = models.UUIDField(null=True)

    class Meta:
        indexes = [models.Index(fields=["upstream", "person_id"], name="draft_owner")]

    def __str__(self) -> str:
        return f"{self.action} in job {self.job_id}"
