"""Which frames a job has, in order, and what is known of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from jobsportal.cvat.presence import mark
from jobsportal.cvat.types import DataMeta, FrameMeta, Job

MAX_FRAMES = 2_000_000


@dataclass(frozen=True)
class Frame:
    """One frame of a job; `number` counts through the task. Sizes are 0 where they are not known."""

    number: int
    name: str
    width: int
    height: int
    related_files: int
    is_deleted: bool


@dataclass(frozen=True)
class Reel:
    """The frames of a job: all of its segment, or of a ground truth job those that it includes.

    Without `meta` (it could not be read) names, sizes and marks are not known, nor which frames are included.
    """

    job: Job
    meta: DataMeta | None

    @property
    def first(self) -> int:
        return max(self.job.start_frame, 0)

    @property
    def last(self) -> int:
        """The last frame of the segment. A job of more frames than any server takes is cut off."""
        return min(self.job.stop_frame, self.first + MAX_FRAMES - 1)

    @cached_property
    def numbers(self) -> Sequence[int]:
        """The frames of the job, rising."""
        segment = range(self.first, self.last + 1)
        included = self.meta.included_frames if self.meta else None
        return segment if included is None else sorted({number for number in included if number in segment})

    @cached_property
    def deleted(self) -> frozenset[int]:
        return frozenset(self.meta.deleted_frames) if self.meta else frozenset()

    @property
    def is_chosen(self) -> bool:
        """Whether the job is about some frames of its segment only."""
        return self.meta is not None and self.meta.included_frames is not None

    @property
    def is_video(self) -> bool:
        """Whether one entry stands for all frames."""
        return self.job.mode == "interpolation"

    @cached_property
    def bits(self) -> int:
        """A number whose bit n says whether frame `first + n` is one of the job's."""
        if not self.is_chosen:
            return (1 << max(0, self.last - self.first + 1)) - 1
        bits = bytearray((self.last - self.first) // 8 + 1)
        for number in self.numbers:
            mark(bits, number - self.first, number - self.first)
        return int.from_bytes(bits, "little")

    def frame(self, number: int) -> Frame:
        meta = self._meta_of(number)
        is_deleted = number in self.deleted
        if meta is None:
            return Frame(number, "", 0, 0, 0, is_deleted)
        return Frame(number, meta.name, meta.width, meta.height, meta.related_files, is_deleted)

    def _meta_of(self, number: int) -> FrameMeta | None:
        frames = (self.meta.frames if self.meta else None) or []
        if len(frames) == 1:
            return frames[0]
        place = number - self.job.start_frame
        return frames[place] if 0 <= place < len(frames) else None

    def position(self, number: int) -> int | None:
        """Which of the job's frames it is, counted from 0; None for one that isn't."""
        if isinstance(self.numbers, range):
            return number - self.first if number in self.numbers else None
        return self.places.get(number)

    @cached_property
    def places(self) -> dict[int, int]:
        return {number: place for place, number in enumerate(self.numbers)}
