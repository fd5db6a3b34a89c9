"""What every handler is given besides the request: the state and the settings of the running sandbox."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from .drawing import Studio
from .jobtable import Job
from .messages import Request, detail, forbidden, missing
from .permissions import may_see_job
from .rendering import Renderer
from .store import Store
from .throttling import Throttle


@dataclass
class Upload:
    """A resumable upload in progress: who sends it, how long it will be, where it lies."""

    name: str
    user_id: int
    job_id: int
    length: int
    offset: int = 0
    file_name: str = ""  # as the sender calls it; the older generation finds the upload by it


def path_id(raw: str) -> int:
    """A number in an address; text there is not found."""
    try:
        return int(raw)
    except ValueError as error:
        raise detail(404, "Not found.") from error


# What it can stand for: the generation before the old endpoints were removed, and that after; the last one is the
# same as the one before, and can add an import to what is there.
VERSIONS = ("2.20", "2.42", "2.66")


@dataclass
class Service:
    store: Store
    throttle: Throttle
    request_seconds: float = 0.0
    version: str = "2.42"
    padding: int = 0
    studio: Studio = field(default_factory=Studio)
    uploads: dict[str, Upload] = field(default_factory=dict)
    _folder: Path | None = None

    @property
    def is_old(self) -> bool:
        """Whether it stands for the generation that still has the old endpoints."""
        return self.version == "2.20"

    @property
    def appends(self) -> bool:
        """Whether `import_mode` is known; it is passed over otherwise."""
        return self.version == "2.66"

    @property
    def folder(self) -> Path:
        """Where exports and uploads lie; made when first needed."""
        with self.store.lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="sandbox-"))
            return self._folder

    def clean(self) -> None:
        """Forgets everything on disk."""
        with self.store.lock:
            self.uploads.clear()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None

    def renderer(self, request: Request) -> Renderer:
        """Writes things as this generation does, with addresses as the caller knows them."""
        return Renderer(self.store, request.base(), self.is_old)

    def job(self, request: Request, raw_id: str) -> Job:
        """The job of that id, if there is one and the person may see it."""
        job = self.store.jobs.get(path_id(raw_id))
        if job is None:
            raise missing(request, "Job")
        if not may_see_job(self.store, request.person(), job):
            raise forbidden()
        return job
