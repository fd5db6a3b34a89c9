"""What was read of a job, kept for the next step through its frames.

Kept in this process's memory, not in the shared cache: annotations may weigh megabytes, which would be packed, copied
and written to the database at each reading, and lie there long after anybody looks. What is kept here is bounded in
bytes, belongs to one credential and organization, and is dropped when it is old or the room is needed. Another web
process reads for itself; since the job's `updated_date` is compared at each step, none shows what is no longer true.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from typing import Any

import msgspec
from django.conf import settings

from jobsportal.accounts.person import Person
from jobsportal.cvat import errors
from jobsportal.cvat.spans import TRACK, Spans
from jobsportal.cvat.types import Job, Label
from jobsportal.frames.reel import Reel
from jobsportal.web.errors import in_words
from jobsportal.web.parallel import attempt, side_by_side

FRAME_BYTES = 250
NUMBER_BYTES = 200  # of a frame that is listed: in the answer, in order, and by its place
LABEL_SHARE = 5  # as objects, labels take so many times their JSON
WAIT_SECONDS = 15
BEING_READ = "This job is just being read for another look at it, and that takes long. Try again in a moment."


@dataclass
class Reading:
    """A job's annotations, labels and frames as they were read; what could not be is None, and `problems` says why.

    `kept_since` counts for labels and frames, whose changes don't move the job's `updated_date`.
    """

    updated: datetime | None
    reel: Reel
    labels: list[Label] | None
    spans: Spans | None
    problems: dict[str, str] = field(default_factory=dict)
    kept_since: float = field(default_factory=time.monotonic)

    @cached_property
    def weight(self) -> int:
        """About how many bytes it takes to keep it: annotations, labels, and what the reel holds and works out."""
        labels = LABEL_SHARE * len(msgspec.json.encode(self.labels or []))
        return (self.spans.weight if self.spans else 0) + labels + self._reel_weight() + 10_000

    def _reel_weight(self) -> int:
        meta = self.reel.meta
        if meta is None:
            return 0
        frames = sum(FRAME_BYTES + len(frame.name) for frame in meta.frames or ())
        listed = len(meta.included_frames or ()) + len(meta.deleted_frames)
        return frames + NUMBER_BYTES * listed + max(0, self.reel.last - self.reel.first) // 8


@dataclass
class Turn:
    """Those who want to read the same job now, and what the last of them read: also what failed, or is too heavy to be
    kept, is shared by who waited for it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    people: int = 0
    reading: Reading | None = None

    def shared(self, job: Job, asked: float) -> Reading | None:
        """What was read since this was asked, if it holds for the job. Who asks later tries anew."""
        reading = self.reading
        if reading is None or reading.kept_since < asked:
            return None
        return reading if reading.spans is None or is_same(reading, job) else None


class Shelf:
    """Readings by credential, organization and job: those used last, up to so many bytes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], Reading] = OrderedDict()
        self._turns: dict[tuple[str, int], Turn] = {}

    def get(self, key: tuple[str, int]) -> Reading | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: tuple[str, int], reading: Reading) -> None:
        """Keep it, unless it is too heavy by itself: then each step reads again."""
        limit = settings.FRAMES_CACHE_MIB * 1024 * 1024
        now = time.monotonic()
        with self._lock:
            self._kept.pop(key, None)
            if reading.weight <= limit:
                self._kept[key] = reading
            old = [key for key, kept in self._kept.items() if now - kept.kept_since > settings.FRAMES_CACHE_SECONDS]
            for other in old:
                del self._kept[other]
            while sum(kept.weight for kept in self._kept.values()) > limit:
                self._kept.popitem(last=False)

    @contextmanager
    def busy(self, key: tuple[str, int]) -> Iterator["Turn"]:
        """One at a time reads a job: whoever comes meanwhile finds what the first has read. Raises Busy for who would
        have to wait too long."""
        with self._lock:
            turn = self._turns.setdefault(key, Turn())
            turn.people += 1
        try:
            if not turn.lock.acquire(timeout=WAIT_SECONDS):
                raise errors.Busy(detail=BEING_READ, status=503, retry_after=WAIT_SECONDS)
            try:
                yield turn
            finally:
                turn.lock.release()
        finally:
            with self._lock:
                turn.people -= 1
                if not turn.people:
                    del self._turns[key]

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


shelf = Shelf()


def reading_of(person: Person, job: Job) -> Reading:
    """What is known of a job. Upstream: nothing where it is kept and still true; else, side by side,
    jobs.retrieve_data_meta, labels.list and, where the annotations may have changed, jobs.retrieve_annotation_spans;
    that once more for a job with tracks and deleted frames.

    Raises SignedOut, and Busy for a job that others are reading all the while; every other failure leaves its part out,
    and is tried again at the next step.
    """
    key, asked = (person.cache_scope, job.id), time.monotonic()
    with shelf.busy(key) as turn:
        if shared := turn.shared(job, asked):
            return shared
        kept = shelf.get(key)
        if kept and is_same(kept, job) and is_fresh(kept):
            return kept
        turn.reading = reading = read(person, job, kept)
        if reading.spans:
            shelf.put(key, reading)
        return reading


def is_same(kept: Reading, job: Job) -> bool:
    """Whether the annotations are still those that were read: saving them moves the job's date."""
    return kept.updated is not None and kept.updated == job.updated_date


def is_fresh(kept: Reading) -> bool:
    return not kept.problems and time.monotonic() - kept.kept_since < settings.FRAMES_FRESH_SECONDS


def read(person: Person, job: Job, kept: Reading | None) -> Reading:
    jobs, problems = person.client.jobs, dict[str, str]()
    empty = Reel(job, None)
    spans_of = partial(jobs.retrieve_annotation_spans, job.id, empty.first, empty.last)
    spans = kept.spans if kept and is_same(kept, job) else None
    meta, labels, *fresh = side_by_side(
        partial(jobs.retrieve_data_meta, job.id),
        partial(person.client.labels.list, job_id=job.id),
        *([] if spans else [spans_of]),
    )
    meta, labels = told(meta, "frames", problems), told(labels, "labels", problems)
    spans = told(fresh[0], "annotations", problems) if fresh else spans
    reel = Reel(job, meta)
    if spans and spans.deleted != reel.deleted:
        spans = told(attempt(partial(with_deleted, spans, reel, spans_of)), "annotations", problems)
    return Reading(job.updated_date, reel, labels, spans, problems)


def with_deleted(spans: Spans, reel: Reel, spans_of: Callable[..., Spans]) -> Spans:
    """Annotations read by other deleted frames: read again only if there are tracks, which alone depend on them."""
    has_tracks = any(kind == TRACK for _, kind in spans.totals)
    return spans_of(deleted=reel.deleted) if has_tracks else replace(spans, deleted=reel.deleted)


def told(answer: Any, name: str, problems: dict[str, str]) -> Any:
    """The answer; in place of a failure None, with the reason among the problems."""
    if isinstance(answer, errors.SignedOut):
        raise answer
    if isinstance(answer, errors.CVATError):
        problems[name] = in_words(answer)
        return None
    return answer
