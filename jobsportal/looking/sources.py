"""The documents of a file, read with bounds: of a ZIP those that it holds, of anything else the file itself.

Nothing is unpacked to disk, and archives within archives are not opened. Whatever an archive claims, no more is read
than the bounds allow.
"""

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from gzip import GzipFile
from pathlib import PurePosixPath
from struct import error as StructError
from typing import IO

from jobsportal.looking.findings import TooLarge, Unreadable, few
from jobsportal.looking.listing import MOST_ENTRIES, Entry, entry_of, is_nested

HEAD = 16 << 10
PIECE = 1 << 20
LONGEST_LINE = 64 << 10
# Bounds of one look: bytes of one document and of all, documents opened, lines read.
MOST_OF_ONE = 64 << 20
MOST_OF_ALL = 128 << 20
MOST_DOCUMENTS = 25_000
MOST_LINES = 1_000_000

# Any file that is open for reading, or one that is unpacked while it is read
File = IO[bytes] | GzipFile
CENTRAL = b"PK\x01\x02"
TOO_MANY = f"This archive holds more than {MOST_ENTRIES:,} files."
DAMAGED = "This archive is damaged or cut short: it can't be opened. Pack it again."
BROKEN = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    OverflowError,
    StructError,
    zlib.error,
)


class Source:
    """What there is to read. `entries` is what a ZIP holds, None where it is none; `names` are the paths of its files,
    or the one name of the file itself."""

    def __init__(self, file: File, name: str) -> None:
        self.file = file
        self.entries: list[Entry] | None = None
        self.names = [name]
        self._archive: zipfile.ZipFile | None = None
        self._infos: dict[str, zipfile.ZipInfo] = {}
        self._bytes, self._documents, self._lines = MOST_OF_ALL, MOST_DOCUMENTS, MOST_LINES

    def open_archive(self) -> None:
        """Read what a ZIP holds. Raises Unreadable."""
        if count_of(self.file) > MOST_ENTRIES:
            raise Unreadable(TOO_MANY)
        with readable(DAMAGED):
            self._archive = zipfile.ZipFile(self.file)
        infos = self._archive.infolist()
        self.entries = [entry_of(info) for info in infos]
        pairs = zip(self.entries, infos, strict=True)
        self._infos = {entry.path: info for entry, info in pairs if not entry.is_folder and not is_litter(entry.path)}
        self.names = list(self._infos)

    @property
    def is_archive(self) -> bool:
        return self._archive is not None

    @property
    def nested(self) -> list[str]:
        return [entry.name for entry in self.entries or () if is_nested(entry)]

    def ending(self, *suffixes: str) -> list[str]:
        """The files with one of these endings, those nearest to the root first."""
        found = [name for name in self.names if name.lower().endswith(suffixes)]
        return sorted(found, key=lambda name: (name.count("/"), name))

    def head(self, name: str) -> bytes:
        """How a document begins."""
        with self._opened(name) as document:
            return document.read(HEAD)

    def pieces(self, name: str) -> Iterator[bytes]:
        """A document in pieces of some MiB. Raises TooLarge where there is more than is read, Unreadable."""
        left = MOST_OF_ONE
        with self._opened(name) as document:
            while piece := document.read(min(PIECE, max(1, min(left, self._bytes)))):
                left, self._bytes = left - len(piece), self._bytes - len(piece)
                if left < 0 or self._bytes < 0:
                    raise TooLarge
                yield piece

    def document(self, name: str) -> bytes:
        """A document as a whole, without a byte order mark."""
        return b"".join(self.pieces(name)).removeprefix(b"\xef\xbb\xbf")

    def lines(self, name: str) -> Iterator[str]:
        """The lines of a text that aren't empty; what is too long for a line is cut."""
        for line in split(self.pieces(name)):
            text = line[:LONGEST_LINE].decode("utf-8", "replace").strip("\ufeff \t\r\n")
            if not text:
                continue
            if not self._lines:
                raise TooLarge
            self._lines -= 1
            yield text

    @contextmanager
    def _opened(self, name: str) -> Iterator[File]:
        if not self._documents:
            raise TooLarge
        self._documents -= 1
        with readable(f"{few([name])} can't be read: the file is damaged or cut short."):
            if self._archive is None:
                self.file.seek(0)
                yield self.file
                return
            info = self._infos[name]
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise TooLarge("This archive is packed in a way that is not looked into.")
            with self._archive.open(info) as document:
                yield document


@contextmanager
def readable(words: str) -> Iterator[None]:
    try:
        yield
    except BROKEN as error:
        raise Unreadable(words) from error


def is_litter(path: str) -> bool:
    """What systems leave behind in archives."""
    parts = PurePosixPath(path).parts
    return "__MACOSX" in parts or parts[-1:] in ((".DS_Store",), ("Thumbs.db",)) or path.split("/")[-1][:2] == "._"


def count_of(file: File) -> int:
    """How many entries a ZIP may have at most: what it says of their number may be wrong, and each takes memory."""
    file.seek(0)
    count, before = 0, b""
    while piece := file.read(PIECE):
        count += (before + piece).count(CENTRAL)
        before = piece[-len(CENTRAL) + 1 :]
    return count


def split(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces as lines. What goes on for longer than a line may be is dropped."""
    rest = b""
    for piece in pieces:
        *lines, last = piece.split(b"\n")
        if lines:
            lines[0] = rest + lines[0]
            yield from lines
            rest = b""
        rest = (rest + last)[:LONGEST_LINE]
    yield rest


def stem(path: str) -> str:
    """A picture's path without its ending, by which it is known."""
    return path[: -len(suffix)] if (suffix := PurePosixPath(path).suffix) else path
