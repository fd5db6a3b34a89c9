"""What an archive says it holds, judged before anything of it is opened."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from stat import S_IFMT, S_ISDIR, S_ISLNK, S_ISREG
from zipfile import ZipInfo

from jobsportal.looking.findings import few

MOST_ENTRIES = 100_000
LONGEST_PATH = 1_000
# A bomb is what unpacks to more than any real dataset, or to much more than it weighs; small files may be of nothing
# but zeros.
MOST_UNPACKED = 64 << 30
FREE_TO_SWELL = 512 << 20
MOST_SWELLING = 200
NESTED = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive: sizes in bytes; `mode` as Unix has it, 0 where it isn't told."""

    name: str
    size: int
    packed: int
    mode: int = 0
    is_encrypted: bool = False

    @property
    def path(self) -> str:
        """Its name with slashes, however it was packed."""
        return self.name.replace("\\", "/")

    @property
    def is_folder(self) -> bool:
        return self.path.endswith("/")


def entry_of(info: ZipInfo) -> Entry:
    return Entry(
        # `filename` is cut at a zero byte.
        getattr(info, "orig_filename", info.filename),
        info.file_size,
        info.compress_size,
        info.external_attr >> 16 & 0xFFFF,
        bool(info.flag_bits & 1),
    )


def problems_of(entries: list[Entry]) -> list[str]:
    """Why an archive of these is not to be opened by anybody, in words; nothing where it may be."""
    if len(entries) > MOST_ENTRIES:
        return [f"This archive holds more than {MOST_ENTRIES:,} files."]
    found = [words.format(few(names)) for test, words in TESTS if (names := [e.name for e in entries if test(e)])]
    twice = [name for name, times in Counter(e.path for e in entries if not e.is_folder).items() if times > 1]
    if twice:
        found.append(f"This archive holds two files of the same name: {few(twice)}.")
    if swells(entries):
        found.append("This archive unpacks to far more than it weighs, as archives do that are made to do harm.")
    return found


def leads_out(entry: Entry) -> bool:
    path = entry.path
    return path.startswith("/") or bool(re.match(r"[A-Za-z]:", path)) or ".." in path.split("/")


def is_special(entry: Entry) -> bool:
    """Neither a file nor a folder: a device, a pipe."""
    kind = S_IFMT(entry.mode)
    return bool(kind) and not (S_ISREG(kind) or S_ISDIR(kind) or S_ISLNK(kind))


def has_odd_name(entry: Entry) -> bool:
    return not entry.name or len(entry.name) > LONGEST_PATH or any(ord(c) < 32 or ord(c) == 127 for c in entry.name)


def swells(entries: Iterable[Entry]) -> bool:
    sizes = [(entry.size, entry.packed) for entry in entries]
    sizes.append((sum(size for size, _ in sizes), sum(packed for _, packed in sizes)))
    return any(
        size > MOST_UNPACKED or (size > FREE_TO_SWELL and size > packed * MOST_SWELLING) for size, packed in sizes
    )


def is_nested(entry: Entry) -> bool:
    return PurePosixPath(entry.path.lower()).suffix in NESTED


TESTS: list[tuple[Callable[[Entry], bool], str]] = [
    (leads_out, "This archive holds files with paths that lead out of it: {}."),
    (lambda entry: S_ISLNK(entry.mode), "This archive holds links in place of files: {}."),
    (is_special, "This archive holds something that is neither a file nor a folder: {}."),
    (has_odd_name, "This archive holds files whose names can't be used: {}."),
    (lambda entry: entry.is_encrypted, "This archive is protected by a password: {}. Pack it again without one."),
]
