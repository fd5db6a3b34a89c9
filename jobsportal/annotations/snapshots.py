"""All annotations of a job at one moment: the bytes as the upstream gave them out, and what they hold."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jobsportal.annotations.counting import Counts, in_order
from jobsportal.cvat import Client
from jobsportal.cvat.errors import BrokenAnswer, Invalid, TooLarge
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
    """The annotations as they are now. Upstream: jobs.retrieve_annotations_json.

    Raises TooLarge, BrokenAnswer for what can't be kept as a backup, and whatever the upstream answers."""
    download = client.jobs.retrieve_annotations_json(job_id)
    told: dict[str, Any] = {"path": f"/api/jobs/{job_id}/annotations", "request_id": download.request_id}
    parts, size = [], 0
    for part in download:
        size += len(part)
        if size > client.max_body:
            download.close()
            raise TooLarge(f"more than {client.max_body:,} bytes", **told)
        parts.append(part)
    if download.headers.get("Content-Encoding", "identity") != "identity":
        raise BrokenAnswer("packed, though it was asked for as it is", **told)
    try:
        return snapshot_of(b"".join(parts))
    except Invalid as error:
        raise BrokenAnswer(error.detail, **told) from None


def counts_by_kind(found: list[Thing]) -> Counts:
    numbers = Counter(one.type for one in found)
    return {kind: numbers[kind] for kind in in_order(numbers)}
