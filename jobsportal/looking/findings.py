"""What a look inside a file finds, and how it is put together."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

# A frame as a file names it: by the name of its picture, by its number, or by both; "" and None where it doesn't.
FrameKey = tuple[str, int | None]

MOST_FRAMES = 200_000
MOST_LABELS = 5_000
LONGEST_NAME = 500


class Unreadable(Exception):
    """The file, or a part of it that matters, can't be read; says why in words for people."""


class TooLarge(Exception):
    """More than is looked into."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What is in a file.

    `problems` are reasons not to send it, `warnings` are not. `formats` lists what it may be, the likeliest first, under
    the names that servers of both generations import it by; only where `is_certain` does its content leave no doubt.
    `labels` counts objects by the name of their label, 0 for labels that are only declared; `kinds` by what they are
    (rectangle, polygon, track, tag …). `frames` counts the objects on each frame, 0 for those that are only named; a
    track counts once as an object, and on each frame that it is seen on. Where not `is_counted`, the format is one whose
    objects are not read; where not `is_whole`, there is more than was looked at, and all numbers are lower bounds.
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
    is_counted: bool = False
    is_whole: bool = True


class Tally:
    """Counts as they grow while a file is read; keeps no more names than it may, and knows when it has left some out."""

    def __init__(self) -> None:
        self.labels: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.frames: Counter[FrameKey] = Counter()
        self.objects = 0
        self.is_counted = False
        self.is_whole = True
        self.warnings: list[str] = []

    def declare(self, label: str) -> None:
        self._add(self.labels, label[:LONGEST_NAME], 0, MOST_LABELS)

    def see(self, name: str, number: int | None = None, objects: int = 0) -> None:
        """A frame is named; `objects` of it are new."""
        self._add(self.frames, (name[:LONGEST_NAME], number), objects, MOST_FRAMES)

    def count(self, label: str, kind: str, objects: int = 1) -> None:
        self.objects += objects
        self.kinds[kind] += objects
        self._add(self.labels, label[:LONGEST_NAME], objects, MOST_LABELS)

    def warn(self, words: str) -> None:
        if words not in self.warnings:
            self.warnings.append(words)

    def _add(self, counts: Counter, key: object, number: int, most: int) -> None:
        if key not in counts and len(counts) >= most:
            self.is_whole = False
            return
        counts[key] += number
