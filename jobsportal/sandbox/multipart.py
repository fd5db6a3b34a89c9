"""Takes one file out of a multipart body, reading piece by piece: the body is never in memory whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import IO

from .messages import Request

PIECE = 1 << 18
LONGEST_HEAD = 1 << 14


def save_part(request: Request, field: str, target: Path) -> int | None:
    """Writes the file of that field to `target` and returns its size, None when there is no such file."""
    found = re.search(r'boundary="?([^";]+)"?', request.content_type())
    if not request.content_type().startswith("multipart/form-data") or found is None or not request.length:
        return None
    for headers, start, end in _parts(request.body, found[1].encode()):
        if headers.get_param("name", header="content-disposition") == field and headers.get_filename() is not None:
            _copy(request.body, start, end, target)
            return end - start
    return None


def _parts(body: IO[bytes], boundary: bytes) -> Iterator[tuple[Message, int, int]]:
    """Headers of each part, and where its content begins and ends."""
    mark = b"--" + boundary
    at = _find(body, mark, 0)
    while at >= 0:
        head = at + len(mark) + 2
        body.seek(head)
        words = body.read(LONGEST_HEAD)
        blank = words.find(b"\r\n\r\n")
        start = head + blank + 4
        end = _find(body, b"\r\n" + mark, start - 2)
        if blank < 0 or end < 0:
            return
        yield BytesParser().parsebytes(words[: blank + 4], headersonly=True), start, max(start, end)
        at = end + 2


def _find(body: IO[bytes], wanted: bytes, start: int) -> int:
    """Where the bytes first occur from `start` on, or -1."""
    body.seek(start)
    window = b""
    while piece := body.read(PIECE):
        window += piece
        found = window.find(wanted)
        if found >= 0:
            return start + found
        kept = window[-len(wanted) + 1 :]  # the bytes may lie across two pieces
        start += len(window) - len(kept)
        window = kept
    return -1


def _copy(body: IO[bytes], start: int, end: int, target: Path) -> None:
    body.seek(start)
    with target.open("wb") as out:
        while start < end and (piece := body.read(min(PIECE, end - start))):
            start += out.write(piece)
