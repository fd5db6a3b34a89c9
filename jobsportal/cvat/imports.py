"""Importing a file, whatever the server's generation."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO, Literal
from uuid import uuid4

from jobsportal.cvat.errors import BrokenAnswer, Conflict, Forbidden, Invalid, NotFound, ServerFault, Unsupported
from jobsportal.cvat.multipart import length_of
from jobsportal.cvat.types import Accepted
from jobsportal.cvat.uploads import PIECE, Place

if TYPE_CHECKING:
    from jobsportal.cvat.client import Client
    from jobsportal.cvat.jobs import Jobs

IN_THE_WAY = "Another import of this job is in the way."


def unique_name(filename: str) -> str:
    """What to call a file upstream: older servers refuse a name twice, and some names at all. The ending stays."""
    ending = re.fullmatch(r"\.[A-Za-z0-9]{1,10}", PurePath(filename).suffix)
    return uuid4().hex + (ending[0] if ending else "")


class Imports:
    """The part of `client.jobs` that brings a file in by the way that the server has.

    place = client.jobs.begin_import(17, length, format="COCO 1.0", filename="boxes.zip")
    client.uploads.append(place, 0, piece)         # until all of it is there, from wherever it comes
    rq_id = client.jobs.finish_import(place, format="COCO 1.0")
    """

    client: Client

    def import_file(
        self,
        id: int,
        file: BinaryIO,
        *,
        format: str,
        filename: str = "annotations",
        append: bool = False,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> str:
        """Replace a job's annotations by those of a file, or with `append` add them to what is there: the id of the
        background request that does it. Follow that with `requests.retrieve`.

        One POST for a small file where the server takes it; a resumable upload otherwise, which every generation
        knows. The file is read from where it stands to its end, and is not closed. Raises as `begin_import` and
        `finish_import`.
        """
        length = length_of(file)
        if self.client.version.takes_files_at_once and length <= PIECE:
            mode = self._mode(append)
            sent = self._jobs.create_annotations(id, file, format=format, filename=filename, import_mode=mode)
            return sent.rq_id
        start = file.tell()
        for is_last in (False, True):
            place = self.begin_import(id, length, format=format, filename=filename)
            file.seek(start)
            self.client.uploads.fill(place, file, on_progress=on_progress)
            if rq_id := self._used(place, format, append, is_last=is_last):
                return rq_id
        raise Conflict(detail=IN_THE_WAY)

    def begin_import(self, id: int, length: int, *, format: str, filename: str = "annotations") -> Place:
        """Make a place for a file of `length` bytes that is to be imported once all of it is there.

        On servers before 2.42 an import that is over, but was not asked for its outcome in the way of old, would
        swallow this one: it is put out of the way first. Raises Conflict while another import of one's own is running,
        Invalid for an empty file or one that is too large, Forbidden, NotFound.
        """
        if self.client.version.consumes:
            self._put_aside(id, format)
        path = f"/api/jobs/{int(id)}/annotations"
        return self.client.uploads.create(path, length, unique_name(filename), format=format)

    def finish_import(self, place: Place, *, format: str, append: bool = False) -> str:
        """Import an upload that is complete: the id of the background request that does it.

        Raises Invalid for a format that can't be imported, NotFound for an upload that is incomplete or was used
        before, Conflict while another import of the job is running, Unsupported for `append` where the server can't.
        """
        try:
            if rq_id := self._used(place, format, append, is_last=False):
                return rq_id
        except Invalid as error:
            if "No such file" not in error.detail:
                raise
            raise NotFound(detail="There is no such upload, or it is incomplete.", status=error.status) from error
        # What was in the way is out of it with that answer, and the upload still lies where it was.
        try:
            rq_id = self._used(place, format, append, is_last=True)
        except Invalid as error:
            raise Conflict(detail=IN_THE_WAY) from error
        if not rq_id:
            raise Conflict(detail=IN_THE_WAY)
        return rq_id

    def use_upload(self, place: Place, *, format: str, import_mode: str | None = None) -> Accepted:
        """POST /api/jobs/{id}/annotations with Upload-Finish: import an upload that is complete.

        The server's own name for the file counts, not the one it came with. Accepted without an `rq_id` means that it
        was not taken: an import from before was in the way.
        """
        params = {"format": format, "filename": place.name, "import_mode": import_mode}
        raw = self.client.fetch("POST", place.path, params=params, headers={"Upload-Finish": ""})
        return Accepted.read(raw)

    def _used(self, place: Place, format: str, append: bool, *, is_last: bool) -> str:
        """The id of the request that imports the upload; "" where an import from before was in the way until now."""
        try:
            taken = self.use_upload(place, format=format, import_mode=self._mode(append))
        except ServerFault:
            if is_last or not self.client.version.consumes:
                raise
            return ""  # it may be another's import that failed, and is told of and gone with this
        if taken.is_running and not taken.rq_id:
            raise Conflict(detail=IN_THE_WAY)
        return taken.rq_id or ""

    def _mode(self, append: bool) -> Literal["append"] | None:
        """What is said of it to the server. One that doesn't know the word would replace all in silence."""
        if append and not self.client.version.appends:
            raise Unsupported(detail="This version of the server only replaces what is there.")
        return "append" if append else None

    def _put_aside(self, id: int, format: str) -> None:
        """Use up one's own imports that are over. The format goes along always: without, asking would wipe the job."""
        for request in self.client.requests.list(action="import", job_id=id, page_size=100):
            if request.operation.job_id != id:
                continue
            if not request.is_over:
                raise Conflict(detail=IN_THE_WAY, rq_id=request.id)
            # A failure is told once more, as a 500; and what is gone by now is in nobody's way.
            with suppress(BrokenAnswer, Invalid, Unsupported, NotFound, Forbidden):
                self._jobs.update_annotations(id, format=format, rq_id=request.id)

    @property
    def _jobs(self) -> Jobs:
        return self.client.jobs
