"""Bodies that are read while they are sent: a file in a multipart form, and a piece of one as it comes in."""

from os import SEEK_END
from typing import BinaryIO, Protocol

from requests_toolbelt import MultipartEncoder


class Readable(Protocol):
    """What bytes come from, such as a file or the body of a request."""

    def read(self, size: int, /) -> bytes: ...


class Rest:
    """The next `length` bytes of a source. requests itself would hold some kinds whole, and never end on one that
    shrinks."""

    def __init__(self, source: Readable, length: int) -> None:
        self.source = source
        self.len = length

    def read(self, size: int = -1) -> bytes:
        piece = self.source.read(self.len if size < 0 else min(size, self.len))
        if self.len and size and not piece:
            raise OSError("the file ended early")
        self.len -= len(piece)
        return piece


def length_of(file: BinaryIO) -> int:
    """Bytes from where it stands to its end."""
    start = file.tell()
    file.seek(0, SEEK_END)
    length = file.tell() - start
    file.seek(start)
    return length


def annotation_file(file: BinaryIO, filename: str) -> MultipartEncoder:
    """The body of an import. Without a name it would not count as a file."""
    name = filename.encode("utf-8", "replace").decode() or "annotations"
    return MultipartEncoder({"annotation_file": (name, Rest(file, length_of(file)), "application/octet-stream")})
