"""What a look inside a file finds, and how it is put together."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

# A frame as a file names it: by its picture's path without the ending, by a number, or by both; else "" and None.
FrameKey = tuple[str, int | None]

MOST_FRAMES = 200_000
MOST_LABELS = 5_000
LONGEST_NAME = 500
LARGEST_NUMBER = 10**9
PARTLY = "It is too large to be looked into as a whole, so all numbers are lower bounds."


class Unreadable(Exception):
    """The file, or a part of it that matters, can't be read; says why in words for people."""


class TooLarge(Exception):
    """There is more than is looked into."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What is in a file.

    `problems` are reasons not to send it, `warnings` are not. `formats` lists what it may be, the likeliest first,
    under the names that servers of both generations import it by; only where `is_certain` does its content leave no
    doubt.
    `labels` counts objects by the name of their label, 0 for labels that are only declared; `kinds` by what they are
    (rectangle, polygon, track, tag …). `frames` counts the objects on each frame, 0 for frames that are only named; a
    track counts once as an object, and on each frame that it is seen on. Numbers of frames count through the task from
    0, or, where `is_numbered_within`, through the job from 1. Where not `is_counted`, the format is one whose objects
    are not read; where not `is_whole`, there is more than was looked at, and all numbers are lower bounds.
    """

    name: str
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    is_certain: bool = False
    labels: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[str, int] = field(default_factory=dict)
    frames: Mapping[FrameKey, int] = field(default_factory=dict)
    objects: int = 0
    is_numbered_within: bool = False
    is_counted: bool = False
    is_whole: bool = True


class Tally:
    """Counts as they grow while a file is read. It keeps only so many names, and knows when it has left some out."""

    def __init__(self) -> None:
        self.labels: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.frames: Counter[FrameKey] = Counter()
        self.objects = 0
        self.is_numbered_within = False
        self.is_counted = False
        self.is_whole = True
        self.warnings: list[str] = []

    def declare(self, label: str) -> None:
        """A label that the file knows, used or not."""
        self._add(self.labels, label[:LONGEST_NAME], 0, MOST_LABELS)

    def see(self, name: str, number: int | None = None, objects: int = 0) -> None:
        """A frame that the file names, with so many objects more."""
        key = (name[:LONGEST_NAME], number if number is not None and 0 <= number <= LARGEST_NUMBER else None)
        if key != ("", None):
            self._add(self.frames, key, objects, MOST_FRAMES)

    def count(self, label: str, kind: str) -> None:
        """One object more."""
        self.objects += 1
        self.kinds[kind] += 1
        self._add(self.labels, label[:LONGEST_NAME], 1, MOST_LABELS)

    def warn(self, words: str) -> None:
        if words not in self.warnings:
            self.warnings.append(words)

    @contextmanager
    def as_far_as_it_goes(self) -> Iterator[None]:
        """Where there is more than is looked into, what was read so far stays."""
        try:
            yield
        except TooLarge as error:
            self.is_whole = False
            self.warn(str(error) or PARTLY)

    def _add(self, counts: Counter, key: object, number: int, most: int) -> None:
        if key not in counts and len(counts) >= most:
            self.is_whole = False
        else:
            counts[key] += number


def shortened(words: str, longest: int = 80) -> str:
    """On one line, cut where it is too long."""
    words = " ".join("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in words[:2000]).split())
    return words if len(words) <= longest else words[: longest - 1] + "…"


def few(names: list[str], most: int = 3) -> str:
    """The first few of many, such as "“a”, “b” and 12 more"."""
    told = ", ".join(f"“{shortened(name)}”" for name in names[:most])
    return f"{told} and {len(names) - most:,} more" if len(names) > most else told
