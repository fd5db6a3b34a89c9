"""Takes one file out of a multipart body without holding the body in memory."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from .messages import Request

PIECE = 1 << 18


def save_part(request: Request, field: str, target: Path) -> int | None:
    """Writes the file of that field to `target` and returns its size, None when there is no such file."""
    found = re.search(r'boundary="?([^";]+)"?', request.content_type())
    if not request.content_type().startswith("multipart/form-data") or found is None or not request.length:
        return None
    body = _searchable(request)
    try:
        for headers, start, end in _parts(body, found[1].encode()):
            if headers.get_param("name", header="content-disposition") == field and headers.get_filename() is not None:
                with target.open("wb") as out:
                    for at in range(start, end, PIECE):
                        out.write(body[at : min(at + PIECE, end)])
                return end - start
        return None
    finally:
        if isinstance(body, mmap.mmap):
            body.close()


def _searchable(request: Request) -> Any:
    """Bytes while the body is small; the file itself, mapped, once it has gone to disk."""
    spooled: Any = request.body
    if getattr(spooled, "_rolled", False):
        spooled.flush()
        return mmap.mmap(spooled.fileno(), 0, access=mmap.ACCESS_READ)
    spooled.seek(0)
    return spooled.read()


def _parts(body: Any, boundary: bytes) -> Iterator[tuple[Message, int, int]]:
    """Headers of each part, and where its content begins and ends."""
    mark = b"--" + boundary
    at = body.find(mark)
    while at >= 0:
        head = at + len(mark) + 2
        blank = body.find(b"\r\n\r\n", head)
        end = body.find(b"\r\n" + mark, blank + 2)
        if blank < 0 or end < 0:
            return
        yield BytesParser().parsebytes(body[head : blank + 4], headersonly=True), blank + 4, max(end, blank + 4)
        at = end + 2
