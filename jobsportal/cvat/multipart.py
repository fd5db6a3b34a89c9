"""A file as a multipart body that is read while it is sent."""

from os import SEEK_END
from typing import BinaryIO

from requests_toolbelt import MultipartEncoder


class Rest:
    """What is left of a file. The encoder itself would hold some kinds whole, and never end on one that shrinks."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.len = length_of(file)

    def read(self, size: int = -1) -> bytes:
        piece = self.file.read(self.len if size < 0 else min(size, self.len))
        if self.len and not piece:
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
    return MultipartEncoder({"annotation_file": (name, Rest(file), "application/octet-stream")})
