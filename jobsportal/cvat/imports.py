"""Importing a file, whatever the server's generation."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO
from uuid import uuid4

from jobsportal.cvat.errors import BrokenAnswer, Conflict, Invalid, Unsupported
from jobsportal.cvat.multipart import length_of
from jobsportal.cvat.types import Accepted
from jobsportal.cvat.uploads import PIECE, Place

if TYPE_CHECKING:
    from jobsportal.cvat.client import Client
    from jobsportal.cvat.jobs import Jobs

LATEST_TRIES = 2


def unique_name(filename: str) -> str:
    """What to call a file upstream: older servers refuse a name twice, and some names at all. The ending stays."""
    ending = re.fullmatch(r"\.[A-Za-z0-9]{1,10}", PurePath(filename).suffix)
    return uuid4().hex + (ending[0] if ending else "")


class Imports:
    """The part of `client.jobs` that brings a file in by the way that the server has."""

    client: Client

    def import_file(
        self,
        id: int,
        file: BinaryIO,
        *,
        format: str,
        filename: str = "annotations",
        on_progress: Callable[[int, int], None] | None = None,
    ) -> str:
        """Replace a job's annotations by those of a file: the id of the background request that does it.

        One POST for a small file where the server takes it; a resumable upload otherwise, which every generation
        knows. On servers before 2.42 an import that is over, but was not asked for its outcome in the way of old,
        would swallow the next one: it is put out of the way first. Follow the request with `requests.retrieve`.

        The file is read from where it stands to its end, and is not closed. Raises Invalid for a format that can't be
        imported or an empty file, Conflict while another import of the job is running, Forbidden, NotFound.
        """
        if self.client.version.takes_files_at_once and length_of(file) <= PIECE:
            return self._jobs.create_annotations(id, file, format=format, filename=filename).rq_id
        path = f"/api/jobs/{int(id)}/annotations"
        if self.client.version.consumes:
            self._put_aside(id, format)
        start, safe_name = file.tell(), unique_name(filename)
        for _ in range(LATEST_TRIES):
            file.seek(start)
            place = self.client.uploads.send(path, file, safe_name, format=format, on_progress=on_progress)
            taken = self.use_upload(place, format=format)
            if taken.rq_id:
                return taken.rq_id
            if taken.is_running:
                break
        raise Conflict(detail="Another import of this job is in the way.")

    def use_upload(self, place: Place, *, format: str) -> Accepted:
        """POST /api/jobs/{id}/annotations with Upload-Finish: import an upload that is complete.

        The server's own name for the file counts, not the one it came with. Accepted without an `rq_id` means that it
        was not taken: an import from before was in the way.
        """
        params = {"format": format, "filename": place.name}
        raw = self.client.fetch("POST", place.path, params=params, headers={"Upload-Finish": ""})
        return Accepted.read(raw)

    def _put_aside(self, id: int, format: str) -> None:
        """Use up one's own imports that are over. The format goes along always: without, asking would wipe the job."""
        for request in self.client.requests.list(action="import", job_id=id, page_size=100):
            if request.is_over and request.operation.job_id == id:
                with suppress(BrokenAnswer, Invalid, Unsupported):  # a failure is told once more, as a 500
                    self._jobs.update_annotations(id, format=format, rq_id=request.id)

    @property
    def _jobs(self) -> Jobs:
        return self.client.jobs
