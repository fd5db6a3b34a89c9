"""Frames as people write them: "0-9, 15, 20-30"."""

import re
from collections.abc import Iterable

PART = re.compile(r"(\d{1,12})(?:\s*[-–—]\s*(\d{1,12}))?")
SEPARATORS = re.compile(r"[,;\n]+|(?<=\d)\s+(?=\d)")

# What is read at most where nothing else is said, how many frames may be meant, and how many mistakes are told at once.
MOST_TEXT, MOST_FRAMES, MOST_TOLD = 20_000, 100_000, 5


class Unreadable(ValueError):
    """Its text says what can't be understood, for people."""


def read(text: str, size: int, most_text: int = MOST_TEXT) -> set[int]:
    """The frames that are meant, of a task that has so many. Raises Unreadable, which tells all that is wrong."""
    if len(text) > most_text:
        raise Unreadable(f"This has {len(text):,} characters; {most_text:,} at most are read.")
    parts: list[range] = []
    wrong: dict[str, None] = {}
    for part in (piece.strip() for piece in SEPARATORS.split(text)):
        try:
            if part:
                parts.append(read_part(part, size))
        except Unreadable as error:
            wrong[str(error)] = None
    if wrong:
        raise Unreadable(together(list(wrong)))
    return frames_of(parts)


def together(wrong: list[str]) -> str:
    rest = len(wrong) - MOST_TOLD
    return " ".join(wrong[:MOST_TOLD] + ([f"{rest:,} more can’t be read either."] if rest > 0 else []))


def frames_of(parts: list[range]) -> set[int]:
    """All their frames. Parts that overlap are joined and counted first: a short text can mean very many frames."""
    joined: list[range] = []
    for part in sorted(parts, key=lambda part: part.start):
        if joined and part.start <= joined[-1].stop:
            joined[-1] = range(joined[-1].start, max(joined[-1].stop, part.stop))
        else:
            joined.append(part)
    count = sum(len(part) for part in joined)
    if count > MOST_FRAMES:
        raise Unreadable(f"These are {count:,} frames; {MOST_FRAMES:,} at most can be chosen by hand.")
    return {frame for part in joined for frame in part}


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
