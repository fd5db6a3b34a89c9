"""All annotations of a job at one moment: the bytes as the upstream gave them out, and what they hold."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from jobsportal.annotations.counting import Counts, in_order
from jobsportal.cvat import Client
from jobsportal.cvat.errors import BrokenAnswer, Invalid
from jobsportal.cvat.labeled_json import Pieces, Thing, digest, pieces, things


@dataclass(frozen=True)
class Snapshot:
    """`digest` is the same for the same annotations, whatever their ids."""

    content: bytes
    pieces: Pieces
    things: list[Thing]

    @cached_property
    def digest(self) -> str:
        return digest(self.things)

    @property
    def counts(self) -> Counts:
        return counts_by_kind(self.things)


def snapshot_of(content: bytes) -> Snapshot:
    """What these bytes hold. Raises Invalid for what are no annotations."""
    given = pieces(content)
    return Snapshot(content, given, list(things(given)))


def look(client: Client, job_id: int) -> Snapshot:
    """The annotations as they are now. Upstream: jobs.retrieve_annotations_raw, which is bounded in size and in time: a
    person waits for them, and a server that drips must not hold a thread.

    Raises TooLarge, BrokenAnswer for what can't be kept as a backup, and whatever the upstream answers."""
    raw = client.jobs.retrieve_annotations_raw(job_id)
    try:
        return snapshot_of(raw.content)
    except Invalid as error:
        raise BrokenAnswer(error.detail, request_id=raw.request_id) from None


def counts_by_kind(found: list[Thing]) -> Counts:
    numbers = Counter(one.type for one in found)
    return {kind: numbers[kind] for kind in in_order(numbers)}
