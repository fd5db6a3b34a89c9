"""A bundle, its parts, and who wants to be told that an export is ready."""

from uuid import uuid4

from django.db import models

from jobsportal.accounts.kept import Kept

# What a bundle is at: its parts are being made; all that can be had is there; taken back; nothing could be had.
PREPARING, READY, STOPPED, FAILED = "preparing", "ready", "stopped", "failed"

# What it is handed over as.
ZIP, CSV, EXCEL = "zip", "csv", "xlsx"

# What becomes of a part; empty while it waits. A part that is left out says why.
WAITING, ASKED, MADE, LEFT_OUT = "", "asked", "made", "left out"

# How the parts lie in a ZIP: unpacked, a folder for each job; or as the upstream wrote them, an archive for each job.
FOLDERS, ARCHIVES = "folders", "archives"


class Bundle(Kept):
    """Jobs that somebody wants as one file: a ZIP of exports, or a table of all objects (CSV, Excel).

    `organization` is the one that was looked at, as addresses carry it. `format` and `save_images` are the upstream's
    terms, empty and False for a table. `purpose` is what it was asked for (a key of `exports.purposes`), for words.
    `sealed` is the person's credential, kept only while parts are being made; `organizations` goes with it. `mail_to`
    is whom to tell by e-mail once it is ready, with a link to the portal at `address`; `mail_tries` and `mail_next`
    count and space the attempts. `lease_owner` prepares it until `lease_until`. `problem` says what it waits for, or
    why nothing came of it. It goes away at `expires`, when the first of its parts does.

    `hindered`: since when the upstream could not be asked, `failures` times in a row; nothing is asked before
    `rests_until`. `length` is how many bytes the file has whose ETag is `length_of`; `is_measured` says that somebody
    has tried to find out.
    """

    key = models.UUIDField(default=uuid4, unique=True, editable=False)
    title = models.CharField(max_length=300)
    kind = models.CharField(max_length=4, default=ZIP)
    format = models.CharField(max_length=200, blank=True)
    save_images = models.BooleanField(default=False)
    layout = models.CharField(max_length=10, default=FOLDERS)
    purpose = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=10, default=PREPARING)
    total = models.PositiveIntegerField(default=0)
    mail_to = models.EmailField(max_length=320, blank=True)
    problem = models.TextField(blank=True)
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    address = models.CharField(max_length=300, blank=True)
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mail_next = models.DateTimeField(null=True)
    hindered = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    rests_until = models.DateTimeField(null=True)
    length = models.BigIntegerField(null=True)
    length_of = models.CharField(max_length=80, blank=True)
    is_measured = models.BooleanField(default=False)
    made = models.DateTimeField(auto_now_add=True)
    ready = models.DateTimeField(null=True)
    expires = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["upstream", "person_id", "id"], name="bundle_person"),
            models.Index(fields=["status"], name="bundle_status"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.total} jobs for {self.username}"

    @property
    def is_table(self) -> bool:
        """Whether it is written from the annotations themselves, so that nothing has to be prepared."""
        return self.kind != ZIP


class Part(models.Model):
    """One job of a bundle.

    `about` holds what the manifest says of the job, as it was when it was asked for: task and project by name, stage,
    state, assignee, frames. `rq_id` is the upstream's request that makes it. `position` is its place in the file, given
    when it is made and never changed, so that the file is the same each time. `size` (bytes) and `sha256` are those of
    the upstream's archive, known once it has passed through whole (the size earlier, where the upstream tells it).

    `result_url` is where the upstream has its file, `tag` what the upstream knows that file by: another tag there means
    another file, and one more `version` here. `is_used`: the upstream has handed it out and has it no more.
    `is_whole`: its archive can't be unpacked on the way, and lies in the ZIP as it is.
    """

    bundle = models.ForeignKey(Bundle, on_delete=models.CASCADE, related_name="parts")
    job_id = models.BigIntegerField()
    organization_id = models.BigIntegerField(null=True)
    about = models.JSONField(default=dict)
    status = models.CharField(max_length=10, blank=True, default=WAITING)
    words = models.TextField(blank=True)
    rq_id = models.CharField(max_length=1000, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    position = models.PositiveIntegerField(null=True)
    asked = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    expires = models.DateTimeField(null=True)
    size = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    result_url = models.TextField(blank=True)
    tag = models.CharField(max_length=200, blank=True)
    version = models.PositiveSmallIntegerField(default=0)
    is_used = models.BooleanField(default=False)
    is_whole = models.BooleanField(default=False)

    class Meta:
        ordering = ["job_id"]
        constraints = [
            models.UniqueConstraint(fields=["bundle", "job_id"], name="part_once_a_bundle"),
            models.UniqueConstraint(fields=["bundle", "position"], name="part_position_once"),
        ]
        indexes = [models.Index(fields=["bundle", "status"], name="part_status")]

    def __str__(self) -> str:
        return f"job {self.job_id}: {self.status or 'waiting'}"


class Watch(Kept):
    """An export of the upstream's whose end somebody wants to hear of by e-mail. Gone once that is told.

    `sealed` is the person's credential, kept until then. The link leads to the portal at `address`. Nobody else looks
    after it before `lease_until`; `tries` counts e-mails that could not be sent."""

    rq_id = models.CharField(max_length=1000)
    title = models.CharField(max_length=300)
    mail_to = models.EmailField(max_length=320)
    address = models.CharField(max_length=300, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    made = models.DateTimeField(auto_now_add=True)
    lease_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.title} for {self.username}"
