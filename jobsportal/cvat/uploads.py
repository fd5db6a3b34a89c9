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
from email.errors import MessageError
from email.header import decode_header, make_header
from typing import TYPE_CHECKING, BinaryIO

from jobsportal.cvat.errors import BrokenAnswer, Busy, Conflict, CVATError, Invalid, NotFound, ServerFault, Unreachable
from jobsportal.cvat.multipart import Rest, length_of
from jobsportal.cvat.retries import RetryPolicy
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


@dataclass
class Patience:
    """How many breaks in a row an upload bears, and how long it waits after each."""

    policy: RetryPolicy
    breaks: int = 0

    def renew(self) -> None:
        self.breaks = 0

    def wait(self, error: CVATError) -> None:
        """Raises the error if it is no break, if it was one too many, or asks for more patience than there is."""
        self.breaks += 1
        is_break = isinstance(error, Unreachable | Busy | Conflict) or error.status in (502, 504)
        pause = self.policy.pause(self.breaks, error) if is_break and self.breaks <= BREAKS_MAX else None
        if pause is None:
            raise error
        time.sleep(pause)


class Uploads:
    """`client.uploads`. `path` is what is uploaded to, such as `/api/jobs/17/annotations`."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def create(self, path: str, length: int, filename: str, *, format: str | None = None) -> Place:
        """Make a place for a file of `length` bytes. Raises Invalid for one that is empty or too large, Forbidden,
        NotFound."""
        if not length:
            raise Invalid(fields={"annotation_file": ["The submitted file is empty."]})
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

    def append(self, place: Place, offset: int, piece: bytes | Rest) -> int:
        """Send a piece; the answer is how far the upload is now, in bytes. Raises Conflict if that isn't `offset`.

        A `Rest` is read while it is sent, and never held: if it ends early, that is Unreachable as well."""
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
            if fault.status != 500:  # a gateway's
                raise
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
        """Upload a file, from where it stands to its end; the place it has come to lie. See `create` and `fill`."""
        place = self.create(path, length_of(file), filename, format=format)
        self.fill(place, file, on_progress=on_progress)
        return place

    def fill(self, place: Place, file: BinaryIO, *, on_progress: Callable[[int, int], None] | None = None) -> None:
        """Send a file, from where it stands to its end, in pieces of 8 MiB.

        A line that breaks is taken up where it was, five times in a row at most. `on_progress(sent, length)` is told
        after each piece."""
        start, length = file.tell(), place.length
        offset, patience = 0, Patience(self.client.retry)
        while offset < length:
            file.seek(start + offset)
            piece = file.read(min(PIECE, length - offset))
            if not piece:
                raise Invalid(detail="The file became shorter while it was sent.")
            try:
                offset = self._advanced(place, offset, piece)
                patience.renew()
            except CVATError as error:
                patience.wait(error)
                offset = self._resumed(error, place, offset + len(piece), patience)
            if on_progress:
                on_progress(offset, length)

    def _advanced(self, place: Place, offset: int, piece: bytes) -> int:
        """How far the upload is after a piece: a server that takes nothing would be sent the same for ever."""
        told = self.append(place, offset, piece)
        if not offset < told <= offset + len(piece):
            raise BrokenAnswer(detail="The server counts other bytes than it was sent.", path=place.address)
        return told

    def _resumed(self, error: CVATError, place: Place, sent: int, patience: Patience) -> int:
        """Where to go on after a break. The answer to the last piece may be all that was lost: a complete upload can't
        be asked for its offset, and whether it is one is told when it is used."""
        while True:
            try:
                told = self.offset(place)
            except NotFound:
                if sent < place.length:
                    raise error from None
                return sent
            except CVATError as again:
                patience.wait(again)
                continue
            if told > sent:
                raise BrokenAnswer(detail="The server counts other bytes than it was sent.", path=place.address)
            return told


def plain(name: str) -> str:
    """A name as it is: beyond ASCII it travels in a header as it would in mail."""
    try:
        return str(make_header(decode_header(name)))
    except (ValueError, LookupError, MessageError):
        return name


def header(raw: Raw, name: str) -> str:
    return next((str(value) for key, value in raw.headers.items() if key.lower() == name.lower()), "")
