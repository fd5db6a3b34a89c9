"""The pictures to choose frames by, a page at a time, and what was chosen on the pages before.

`seen` says what was chosen when the page was shown, `shown` which frames it showed: what was typed and what was picked
since are both kept, with a script or without.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from jobsportal.accounts.person import Person
from jobsportal.cvat.errors import CVATError, SignedOut
from jobsportal.ground_truth import ranges
from jobsportal.ground_truth.subjects import Segment, Subject, job_with, segments_of
from jobsportal.web.errors import in_words

A_PAGE = 24
MOST_TYPED = 200_000
MOST_WRITTEN = 2 * MOST_TYPED  # What the page writes of it has a space after each comma.
NUMBER = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True)
class Picture:
    """A frame to pick. Without a job there is no way to its picture."""

    frame: int
    job_id: int | None
    is_chosen: bool


@dataclass(frozen=True)
class Grid:
    """A page of pictures."""

    pictures: list[Picture]
    number: int
    pages: int
    chosen: set[int]

    @property
    def seen(self) -> str:
        return ranges.write(self.chosen)

    @property
    def shown(self) -> str:
        return ranges.write(picture.frame for picture in self.pictures)

    @property
    def first(self) -> int:
        return self.pictures[0].frame

    @property
    def last(self) -> int:
        return self.pictures[-1].frame

    @property
    def count(self) -> int:
        return len(self.chosen)


def chosen_in(data: QueryDict, size: int) -> set[int]:
    """What is chosen, by typing and by picking. Raises Unreadable for what was typed."""
    typed = ranges.read(data.get("frames", ""), size, MOST_TYPED)
    return ranges.merged(typed, *picked_in(data, size)) if "seen" in data else typed


def picked_in(data: QueryDict, size: int) -> tuple[set[int], set[int], set[int]]:
    """What is picked on the page that was shown, what was there to pick, and what was chosen before."""
    shown, seen = (lenient(data.get(name, ""), size) for name in ("shown", "seen"))
    picks = {int(text) for text in data.getlist("pick") if NUMBER.fullmatch(text)}
    return picks & shown, shown, seen


def picked_alone(data: QueryDict, size: int) -> set[int]:
    """What is chosen, as far as it was picked: for where what was typed can't be read."""
    picked, shown, seen = picked_in(data, size)
    return ranges.merged(seen, picked, shown, seen)


def lenient(text: str, size: int) -> set[int]:
    """Frames as the page itself wrote them; from elsewhere may come anything."""
    try:
        return ranges.read(text, size, MOST_WRITTEN)
    except ranges.Unreadable:
        return set()


def grid_for(person: Person, subject: Subject, number: int, chosen: set[int]) -> dict[str, Any]:
    """The page of pictures, or why there is none. Upstream: see `segments_of`."""
    if subject.task.dimension == "3d":
        return {"no_grid": "Point clouds have no pictures here: write the numbers of the frames."}
    try:
        segments = segments_of(person, subject.task.id)
    except SignedOut:
        raise
    except CVATError as error:
        return {"no_grid": f"The pictures can’t be shown now. {in_words(error)}"}
    return {"grid": page_of(segments, subject.task.size, number, chosen)}


def page_of(segments: list[Segment], size: int, number: int, chosen: set[int]) -> Grid:
    pages = max(1, -(-size // A_PAGE))
    number = min(max(1, number), pages)
    frames = range((number - 1) * A_PAGE, min(number * A_PAGE, size))
    pictures = [Picture(frame, job_with(segments, frame), frame in chosen) for frame in frames]
    return Grid(pictures, number, pages, chosen)
