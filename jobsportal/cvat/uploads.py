"""Resumable uploads (TUS) as the upstream speaks it: a place is made, pieces are appended, the rest follows.

    POST …  Upload-Start                     it is going to be an upload
    POST …/ Upload-Length, Upload-Metadata   a place, named by the last part of `Location`
    PATCH …/{place} Upload-Offset            a piece; the answer says how far it is
    HEAD …/{place}                           how far it is, after a break
    POST …  Upload-Finish                    what the file is for

The place's address is the server's idea of its own name, and is never called: only its last part is used.
"""

from __future__ import annotations

import re
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from email.header import decode_header, make_header
from typing import TYPE_CHECKING, BinaryIO

from jobsportal.cvat.errors import BrokenAnswer, Busy, Conflict, CVATError, Invalid, NotFound, ServerFault, Unreachable
from jobsportal.cvat.multipart import length_of
from jobsportal.cvat.types import Raw

if TYPE_CHECKING:
    from jobsportal.cvat.client import Client

PIECE = 8 * 1024 * 1024
BREAKS_MAX = 5


@dataclass(frozen=True)
class Place:
    """Where an upload goes: enough to go on with it later, also from another process.

    `name` is what the server calls the file: not necessarily the name it was given, and the only one under which the
    file can be used.
    """

    path: str
    id: str
    name: str
    length: int

    @property
    def address(self) -> str:
        return f"{self.path}/{self.id}"


class Uploads:
    """`client.uploads`. `path` is what is uploaded to, such as `/api/jobs/17/annotations`."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def create(self, path: str, length: int, filename: str, *, format: str | None = None) -> Place:
        """Make a place for a file of `length` bytes. Raises Invalid for one that is too large, Forbidden, NotFound."""
        params = {"format": format, "filename": filename}
        self.client.fetch("POST", path, params=params, headers={"Upload-Start": ""})
        told = b64encode(filename.encode("utf-8", "replace")).decode()
        headers = {"Upload-Length": str(int(length)), "Upload-Metadata": f"filename {told}", "Tus-Resumable": "1.0.0"}
        # Without an Origin the server can't say where the place is, and fails.
        raw = self.client.fetch("POST", path + "/", headers={**headers, "Origin": self.client.origin})
        id = re.search(r"/([A-Za-z0-9_-]{1,100})/?$", header(raw, "Location"))
        if not id:
            raise BrokenAnswer(detail="The server names no place for the file.", method="POST", path=path)
        return Place(path, id[1], plain(header(raw, "Upload-Filename")) or filename, int(length))

    def append(self, place: Place, offset: int, piece: bytes) -> int:
        """Send a piece; the answer is how far the upload is now, in bytes. Raises Conflict if that isn't `offset`."""
        headers = {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Tus-Resumable": "1.0.0",
        }
        return self._offset(self.client.fetch("PATCH", place.address, headers=headers, data=piece), place)

    def offset(self, place: Place) -> int:
        """How far the upload is, in bytes. Raises NotFound for one that is complete or was never begun: newer servers
        answer that with a 500."""
        try:
            raw = self.client.fetch("HEAD", place.address, headers={"Tus-Resumable": "1.0.0"})
        except ServerFault as fault:
            raise NotFound(detail="There is no such upload, or it is complete.", status=fault.status) from fault
        return self._offset(raw, place)

    def _offset(self, raw: Raw, place: Place) -> int:
        told = header(raw, "Upload-Offset")
        if not re.fullmatch(r"[0-9]{1,18}", told) or int(told) > place.length:
            raise BrokenAnswer(detail="The server does not say how far the upload is.", path=place.address)
        return int(told)

    def send(
        self,
        path: str,
        file: BinaryIO,
        filename: str,
        *,
        format: str | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Place:
        """Upload a file, from where it stands to its end, in pieces of 8 MiB; the place it has come to lie.

        A line that breaks is taken up where it was, five times in a row at most. `on_progress(sent, length)` is told
        after each piece. Raises Invalid for an empty file.
        """
        start, length = file.tell(), length_of(file)
        if not length:
            raise Invalid(fields={"annotation_file": ["The submitted file is empty."]})
        place = self.create(path, length, filename, format=format)
        offset, breaks = 0, 0
        while offset < length:
            file.seek(start + offset)
            piece = file.read(min(PIECE, length - offset))
            if not piece:
                raise OSError("the file ended early")
            try:
                offset = self.append(place, offset, piece)
                breaks = 0
            except (Unreachable, Busy, Conflict) as error:
                breaks += 1
                pause = self.client.retry.pause(breaks, error)
                if breaks > BREAKS_MAX or pause is None:
                    raise
                time.sleep(pause)
                offset = self._after(error, place, offset + len(piece))
            if on_progress:
                on_progress(offset, length)
        return place

    def _after(self, error: CVATError, place: Place, sent: int) -> int:
        """Where to go on after a break. The answer to the last piece may be all that was lost: a complete upload can't
        be asked for its offset, and whether it is one is told when it is used."""
        try:
            return self.offset(place)
        except NotFound:
            if sent < place.length:
                raise error from None
            return sent


def plain(name: str) -> str:
    """A name as it is: beyond ASCII it travels in a header as it would in mail."""
    try:
        return str(make_header(decode_header(name)))
    except (ValueError, LookupError):
        return name


def header(raw: Raw, name: str) -> str:
    return next((str(value) for key, value in raw.headers.items() if key.lower() == name.lower()), "")
