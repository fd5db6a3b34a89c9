"""Files that were uploaded: opened with care, whatever they claim to be. Nothing is ever unpacked to disk."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from ..background import ImportFailed
from .snapshot import IMPORT_ERROR

LARGEST = 32 << 20  # bytes of all that is read out of one file
MOST_FILES = 20_000


def read_document(path: Path, suffix: str, failure: str) -> bytes:
    """The document itself, or the first one with that ending out of a ZIP."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as source:
            return _bounded(source, LARGEST)
    with _opened(path, failure) as archive:
        names = sorted(name for name in archive.namelist() if name.lower().endswith(suffix))
        if not names:
            raise ImportFailed(failure)
        with archive.open(names[0]) as source:
            return _bounded(source, LARGEST)


def read_texts(path: Path, wanted: Callable[[PurePosixPath], bool], failure: str) -> dict[PurePosixPath, str]:
    """The wanted files of a ZIP, by their path."""
    if not zipfile.is_zipfile(path):
        words = f"patool error: error extracting {path.name}: unknown archive format for file `{path.name}'"
        raise ImportFailed(f"pyunpack.PatoolError: patool can not unpack\n{words}")
    texts, left = {}, LARGEST
    with _opened(path, failure) as archive:
        for name in archive.namelist():
            place = PurePosixPath(name)
            if not wanted(place):
                continue
            with archive.open(name) as source:
                raw = _bounded(source, left)
            left -= len(raw)
            texts[place] = raw.decode("utf-8", "replace")
    return texts


@contextmanager
def _opened(path: Path, failure: str) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            _check_names(archive.namelist())
            yield archive
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error) as error:
        raise ImportFailed(failure) from error


def _check_names(names: list[str]) -> None:
    if len(names) > MOST_FILES:
        raise ImportFailed(f"{IMPORT_ERROR}: The archive holds more than {MOST_FILES} files")
    for name in names:
        place = PurePosixPath(name.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts:
            raise ImportFailed(f"{IMPORT_ERROR}: The archive holds a file outside itself: {name[:200]}")


def _bounded(source: IO[bytes], limit: int) -> bytes:
    """Whatever a ZIP claims, no more than the limit is unpacked."""
    raw = source.read(limit + 1)
    if len(raw) > limit:
        raise ImportFailed(f"{IMPORT_ERROR}: The file unpacks to more than {LARGEST >> 20} MiB")
    return raw
