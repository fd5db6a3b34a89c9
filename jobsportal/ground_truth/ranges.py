"""Frames as people write them: "0-9, 15, 20-30"."""

import re
from collections.abc import Iterable

PART = re.compile(r"(\d{1,12})(?:\s*[-–—]\s*(\d{1,12}))?")
SEPARATORS = re.compile(r"[,;\n]+|(?<=\d)\s+(?=\d)")


class Unreadable(ValueError):
    """Its text says what can't be understood, for people."""


def read(text: str, size: int) -> set[int]:
    """The frames that are meant, of a task that has so many. Raises Unreadable."""
    frames: set[int] = set()
    for part in (piece.strip() for piece in SEPARATORS.split(text)):
        if part:
            frames.update(read_part(part, size))
    return frames


def read_part(part: str, size: int) -> range:
    found = PART.fullmatch(part)
    if not found:
        raise Unreadable(f"“{part[:60]}” is neither a frame nor a range of frames, such as 20-30.")
    first, last = int(found[1]), int(found[2] or found[1])
    if first > last:
        raise Unreadable(f"{part} runs backwards. Write {last}-{first}.")
    if last >= size:
        raise Unreadable(f"The task has no frame {last:,}. Its frames are 0 to {size - 1:,}.")
    return range(first, last + 1)


def write(frames: Iterable[int]) -> str:
    """As short as it can be said, in order."""
    said: list[list[int]] = []
    for frame in sorted(set(frames)):
        if said and frame == said[-1][1] + 1:
            said[-1][1] = frame
        else:
            said.append([frame, frame])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in said)


def merged(typed: set[int], picked: set[int], shown: set[int], seen: set[int]) -> set[int]:
    """What is chosen, where frames were both typed and picked since `seen` was shown; `shown` were there to pick."""
    added = (typed - seen) | (picked - seen)
    removed = (seen - typed) | ((seen & shown) - picked)
    return (seen | added) - removed
