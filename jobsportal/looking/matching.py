"""Which frame of a job a file means: by the path of its picture, as servers match it, or by its number."""

import re
from collections.abc import Iterator, Sequence

from jobsportal.looking.findings import FrameKey
from jobsportal.looking.sources import stem

MOST_PARTS = 12
NUMBERED = re.compile(r"(?:.*/)?(?:frame_)?(\d{1,9})", re.S | re.A)


class JobFrames:
    """The frames of a job. `names` holds the paths of their pictures from frame `first` on, "" for one that is none of
    the job's; it is empty for a video, whose frames have numbers only."""

    def __init__(self, names: Sequence[str], first: int, last: int) -> None:
        self.first, self.last = first, last
        self.is_video = not names
        self._names = names
        self._paths: dict[str, int] = {}
        # By each end of a path; None where more than one has it.
        self._ends: dict[str, int | None] = {}
        for number, name in enumerate(names, first):
            if name:
                path = stem(slashed(name))
                self._paths[path] = number
                for end in ends(path):
                    self._ends[end] = None if end in self._ends else number

    def __len__(self) -> int:
        return self.last - self.first + 1 if self.is_video else sum(map(bool, self._names))

    def find(self, key: FrameKey, *, is_numbered_within: bool = False) -> int | None:
        """The number of the frame in the task, None where it is none of the job's.

        A picture's number counts only where it has no name, or the job is a video: names tell more.
        """
        name, number = key
        found = self._by_name(slashed(name)) if name else None
        if found is not None:
            return found
        if name and not self.is_video:
            return None
        if number is None:
            told = NUMBERED.fullmatch(name)
            number = int(told[1]) if told else -1
        return self._known(self.first + number - 1 if is_numbered_within else number)

    def _by_name(self, path: str) -> int | None:
        """The whole path, then what a path of the job ends in, then a path of the job that it ends in itself, then the
        file's name alone, where only one has it."""
        if path in self._paths:
            return self._paths[path]
        if self._ends.get(path) is not None:
            return self._ends[path]
        for end in ends(path):
            if end in self._paths:
                return self._paths[end]
        return self._ends.get(path.rpartition("/")[2])

    def _known(self, number: int) -> int | None:
        if not self.first <= number <= self.last:
            return None
        return number if self.is_video or self._names[number - self.first : number - self.first + 1] != [""] else None


def slashed(name: str) -> str:
    return name.replace("\\", "/").removeprefix("./")


def ends(path: str) -> Iterator[str]:
    """What a path ends in, from its second folder on, and its file's name."""
    parts = path.split("/")
    return ("/".join(parts[place:]) for place in range(max(1, len(parts) - MOST_PARTS), len(parts)))
