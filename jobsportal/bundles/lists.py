"""What lies beside the parts in a ZIP: what it holds, what could not be included, and a checksum of every file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from msgspec.json import encode

from jobsportal.bundles.models import LEFT_OUT, Bundle, Part
from jobsportal.bundles.packing import Packed
from jobsportal.bundles.paths import MANIFEST_CSV, MANIFEST_JSON, NOT_INCLUDED, SUMS
from jobsportal.web.tables import BYTE_ORDER_MARK, csv_line

COLUMNS = (
    "job",
    "task",
    "project",
    "stage",
    "state",
    "assignee",
    "frames",
    "format",
    "images",
    "finished",
    "included",
    "path",
    "files",
    "size",
    "sha256",
    "note",
)


@dataclass(frozen=True)
class Entry:
    """A file of the ZIP: where it lies, its size in bytes, its checksum."""

    name: str
    size: int
    sha256: str


@dataclass
class Written:
    """A part in the ZIP: its folder or file, the files that lie there, and size and checksum of the upstream's archive,
    whether that was unpacked or not."""

    part: Part
    path: str
    size: int
    sha256: str
    entries: list[Entry] = field(default_factory=list)


class Lists:
    """Gathered while the parts pass. What it comes to depends on the parts alone, never on when they pass."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.latest: datetime | None = None
        self._csv, self._json, self._sums = Packed(), Packed(), Packed()
        self._csv.add(BYTE_ORDER_MARK + csv_line(COLUMNS))
        about = {"title": bundle.title, "format": bundle.format, "images": bundle.save_images, "jobs": bundle.total}
        self._json.add(encode(about)[:-1] + b',"parts":[')
        self._is_first = True

    def add(self, written: Written) -> None:
        """A part that is in the ZIP."""
        part = written.part
        for entry in written.entries:
            self._sum(entry.name, entry.sha256)
        if part.finished:
            self.latest = max(part.finished, self.latest or part.finished)
        row = self._facts(part) | {
            "finished": part.finished.isoformat(timespec="seconds") if part.finished else "",
            "included": True,
            "path": written.path,
            "files": len(written.entries),
            "size": written.size,
            "sha256": written.sha256,
            "note": "",
        }
        entries = [{"name": entry.name, "size": entry.size, "sha256": entry.sha256} for entry in written.entries]
        self._row(row, {"entries": entries})

    def leave_out(self, part: Part, words: str) -> None:
        """A part that is not in it."""
        empty = {"finished": "", "included": False, "path": "", "files": 0, "size": None, "sha256": "", "note": words}
        self._row(self._facts(part) | empty, {})

    def _facts(self, part: Part) -> dict[str, Any]:
        about = part.about
        told = {name: about.get(name, "") for name in ("task", "project", "stage", "state", "assignee", "frames")}
        return {"job": part.job_id, **told, "format": self.bundle.format, "images": self.bundle.save_images}

    def _row(self, row: dict[str, Any], more: dict[str, Any]) -> None:
        self._csv.add(csv_line(in_words(row[name]) for name in COLUMNS))
        self._json.add(b"" if self._is_first else b",\n")
        self._json.add(encode(row | more))
        self._is_first = False

    def _sum(self, name: str, checksum: str) -> None:
        self._sums.add(f"{checksum}  {name}\n".encode())

    def files(self, left_out: list[tuple[Part, str]]) -> Iterator[tuple[str, Iterable[bytes], int]]:
        """The files that end the ZIP, in order: name, pieces, size. To be gone through once, when all parts are in."""
        for part, words in left_out:
            self.leave_out(part, words)
        self._json.add(b"]}\n")
        for name, packed in ((MANIFEST_CSV, self._csv), (MANIFEST_JSON, self._json)):
            self._sum(name, sum_of(packed))
            yield name, packed, packed.size
        if left_out:
            text = not_included(self.bundle, left_out)
            self._sum(NOT_INCLUDED, sum_of([text]))
            yield NOT_INCLUDED, [text], len(text)
        yield SUMS, self._sums, self._sums.size


def sum_of(pieces: Iterable[bytes]) -> str:
    made = sha256()
    for piece in pieces:
        made.update(piece)
    return made.hexdigest()


def in_words(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else value


def not_included(bundle: Bundle, left_out: list[tuple[Part, str]]) -> bytes:
    """What is missing, for people to read."""
    count = len(left_out)
    lines = [f"{count:,} of {bundle.total:,} jobs {'is' if count == 1 else 'are'} not in this file.", ""]
    for part, words in left_out:
        told = ", ".join(str(part.about[name]) for name in ("task", "project") if part.about.get(name))
        lines += [f"Job {part.job_id}{f' ({told})' if told else ''}", f"    {' '.join(words.split())}", ""]
    return "\n".join(lines).encode()


def left_out_of(bundle: Bundle) -> list[tuple[Part, str]]:
    """The parts that could not be had, by job, with the reason."""
    return [(part, part.words) for part in bundle.parts.filter(status=LEFT_OUT).order_by("job_id")]
