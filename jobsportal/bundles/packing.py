"""A ZIP as it is written while it is sent, the same each time: nothing of it depends on when that is."""

import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from zipstream import ZIP_DEFLATED, ZIP_STORED, ZipStream

OLDEST = (1980, 1, 1, 0, 0, 0)
PIECE = 256 * 1024

# What is worth being packed; pictures and archives are packed as they are.
TEXTS = {"json", "xml", "txt", "csv", "yaml", "yml", "names", "data", "md", "html", "svg", "ini", "log"}


def compression_of(name: str) -> int:
    return ZIP_DEFLATED if name.rpartition(".")[2].lower() in TEXTS else ZIP_STORED


class Packed:
    """Text that is gathered while a file passes, and wanted at its end: kept packed, since there may be a line for each
    of a million files."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(1)
        self._pieces: list[bytes] = []
        self.size = 0

    def add(self, data: bytes) -> None:
        self.size += len(data)
        if packed := self._packer.compress(data):
            self._pieces.append(packed)

    def __iter__(self) -> Iterator[bytes]:
        """All of it, in pieces. More may be added afterwards."""
        unpacker = zlib.decompressobj()
        for piece in [*self._pieces, self._packer.copy().flush()]:
            yield from unpacked(unpacker, piece)


def unpacked(unpacker: Any, piece: bytes) -> Iterator[bytes]:
    while piece:
        if data := unpacker.decompress(piece, PIECE):
            yield data
        piece = unpacker.unconsumed_tail


class Directory:
    """Stands for zipstream's list of what was written, which would hold an object for each file: the lines of the ZIP's
    directory are all that it is used for, and they are packed. Each is dated with `stamp`."""

    def __init__(self) -> None:
        self.stamp: tuple[int, ...] = OLDEST
        self._lines = Packed()
        self._count = 0

    def append(self, info: Any) -> None:
        self._count += 1
        info.date_time = self.stamp
        self._lines.add(info._central_directory_header_data())

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator["Lines"]:
        return (Lines(piece) for piece in self._lines)


class Lines:
    """Some lines of the directory, where zipstream expects one."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def _central_directory_header_data(self) -> bytes:
        return self._data


class Zip(ZipStream):
    """zipstream's writer, one entry at a time, with given times: by itself it dates everything by the clock. The time
    stands in two places, which are both set here."""

    def __init__(self) -> None:
        super().__init__(compress_type=ZIP_STORED)
        self._filelist = Directory()

    def entry(
        self, name: str, pieces: Iterable[bytes], when: datetime | None, compression: int, size: int | None = None
    ) -> Iterator[bytes]:
        """Write a file. `size` is what its pieces come to, where that is known: it decides about the kind of header, so
        it has to be known each time or never. Times are in UTC."""
        stamp = date_time(when)
        self._filelist.stamp = stamp
        self.add(pieces, name, size=size, compress_type=compression)
        written = self.file()
        header = next(written)
        yield header[:10] + dos_time(stamp) + header[14:]
        yield from written


def date_time(when: datetime | None) -> tuple[int, ...]:
    return max(OLDEST, when.astimezone(UTC).timetuple()[:6]) if when else OLDEST


def dos_time(stamp: tuple[int, ...]) -> bytes:
    """The four bytes of a time and a date, as ZIP has them."""
    year, month, day, hour, minute, second = stamp
    time, date = hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day
    return time.to_bytes(2, "little") + date.to_bytes(2, "little")
