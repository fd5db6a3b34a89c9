"""Whatever is changed is put back: also when a test fails, and when somebody presses Ctrl-C."""

from __future__ import annotations

import json
import logging
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jobsportal.cvat import Client, labeled
from jobsportal.cvat.errors import BrokenAnswer, CVATError, Invalid, NotFound, Unreachable, Unsupported
from jobsportal.cvat.types import Job
from tests.contract.ledger import Ledger
from tests.contract.upstream import followed

TRIES = 4
ANY_FORMAT = "CVAT 1.1"

# Set when a test was interrupted or has failed: what it had sent last may be done by the server only later, even after
# everything was put back. So it is looked at again, this many seconds afterwards.
shaken = threading.Event()
LATE = 3.0


class NotPutBack(Exception):
    """Something that the suite has changed is not as it was. The message says where the copy lies."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Putting things back isn't interrupted by a second Ctrl-C; nor told of in a log, which may be closed by then."""
    before = {kind: signal.signal(kind, signal.SIG_IGN) for kind in (signal.SIGINT, signal.SIGTERM)}
    level = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(level)
        for kind, handler in before.items():
            signal.signal(kind, handler)


def comparable(annotations: Mapping[str, Any]) -> dict[str, list[str]]:
    """Annotations without ids and order, neither of which survives being put back."""
    bare = labeled.without_ids(annotations)
    for track in bare.get("tracks") or ():
        without_key_frame_ids(track)
    return {kind: sorted(json.dumps(item, sort_keys=True) for item in bare.get(kind) or ()) for kind in KINDS}


KINDS = ("tags", "shapes", "tracks")


def without_key_frame_ids(track: dict[str, Any]) -> None:
    for shape in track.get("shapes") or ():
        shape.pop("id", None)
    for element in track.get("elements") or ():
        without_key_frame_ids(element)


def raw_annotations(client: Client, job_id: int) -> dict[str, Any]:
    return dict(json.loads(b"".join(client.jobs.retrieve_annotations_json(job_id))))


def fields_of(job: Job) -> dict[str, Any]:
    return {"assignee": job.assignee.id if job.assignee else None, "stage": job.stage, "state": job.state}


def at_last(action: Callable[[], Any]) -> None:
    """Tries again where the line or the server may only have stumbled."""
    for attempt in range(TRIES):
        try:
            action()
            return
        except CVATError:
            if attempt == TRIES - 1:
                raise
            time.sleep(0.5 * 2**attempt)


class Kept:
    """A job as it was before a test: its fields, and its annotations, which lie in a file as well."""

    def __init__(self, client: Client, job: Job, ledger: Ledger) -> None:
        self.client, self.ledger, self.id = client, ledger, job.id
        self.fields = fields_of(job)
        self.annotations = raw_annotations(client, job.id)
        folder = Path(tempfile.mkdtemp(prefix="jobsportal-contract-"))
        self.copy = folder / f"job-{job.id}-annotations.json"
        self.copy.write_text(json.dumps(self.annotations))

    def put_back(self) -> Job:
        """The job, once it is as it was. Raises NotPutBack if it can't be made so."""
        with undisturbed():
            try:
                self._restore()
                if shaken.is_set():
                    time.sleep(LATE)
                    self._restore()
                    shaken.clear()
                job = self.client.jobs.retrieve(self.id)
                after = comparable(raw_annotations(self.client, self.id))
                if fields_of(job) != self.fields or after != comparable(self.annotations):
                    raise NotPutBack("it is different afterwards")
            except Exception as error:
                words = f"job {self.id} ({error}): it had {self.fields}, its annotations are in {self.copy}"
                self.ledger.not_put_back.append(words)
                raise NotPutBack(words) from error
            self.copy.unlink()
            self.copy.parent.rmdir()
            return job

    def _restore(self) -> None:
        at_last(lambda: settle_imports(self.client, self.id))
        at_last(self._put_annotations_back)
        at_last(self._put_fields_back)

    def _put_annotations_back(self) -> None:
        if comparable(raw_annotations(self.client, self.id)) != comparable(self.annotations):
            self.client.jobs.update_annotations(self.id, self.annotations, checked=False)
            self.ledger.changes[f"annotations of job {self.id}"] += 1

    def _put_fields_back(self) -> None:
        """Twice, since some servers change the assignee with the stage."""
        for _ in range(2):
            have = fields_of(self.client.jobs.retrieve(self.id))
            different = {name: value for name, value in self.fields.items() if have[name] != value}
            if not different:
                return
            if "stage" in different:
                different["state"] = self.fields["state"]
            self.client.jobs.partial_update(self.id, **different)
            self.ledger.changes[f"{', '.join(different)} of job {self.id}"] += 1


def settle_imports(client: Client, job_id: int) -> None:
    """Waits for one's own imports into a job: one that is still under way would undo what is put back.

    On older servers an import that nobody has asked about any more stands in the way of the next one. The format says
    nothing there, but without one the question would empty the job.
    """
    for request in client.requests.list(action="import", job_id=job_id, page_size=50):
        if request.operation.job_id != job_id:
            continue
        with suppress(NotFound):
            followed(client, request.id)
        if client.version.consumes:
            with suppress(BrokenAnswer, Invalid, Unsupported, NotFound):
                client.jobs.update_annotations(job_id, format=ANY_FORMAT, rq_id=request.id)


@contextmanager
def ground_truth(client: Client, task_id: int, ledger: Ledger) -> Iterator[list[int]]:
    """Ground truth of a task that has none: whatever jobs the block puts into the list are removed again, and one that it
    may have made without hearing of it, when the line broke or Ctrl-C was pressed while it waited for the answer."""
    made: list[int] = []
    try:
        yield made
    except (Unreachable, BrokenAnswer, KeyboardInterrupt):
        with undisturbed():
            time.sleep(LATE)
            made += [job.id for job in client.jobs.list(task_id=task_id, type="ground_truth") if job.id not in made]
        raise
    finally:
        with undisturbed():
            for job_id in made:
                remove(client, job_id, ledger)


def remove(client: Client, job_id: int, ledger: Ledger) -> None:
    try:
        at_last(lambda: gone(client, job_id))
    except CVATError as error:
        ledger.not_put_back.append(f"ground truth job {job_id} was created and is still there ({error})")
        raise
    ledger.changes["a ground truth job, created and deleted"] += 1


def gone(client: Client, job_id: int) -> None:
    with suppress(NotFound):
        client.jobs.destroy(job_id)
