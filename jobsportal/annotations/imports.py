"""An import that was started here: what its page has to know, carried in the address, and what became of it."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from django.core import signing

from jobsportal.annotations.counting import Counts, Difference, counts_of, differences
from jobsportal.annotations.reasons import in_plain_words
from jobsportal.cvat import Client, errors
from jobsportal.cvat.types import Request
from jobsportal.web.errors import in_words

SALT = "jobsportal.import"
KEPT_SECONDS = 7 * 24 * 60 * 60


@dataclass(frozen=True)
class Import:
    """`before` counts what was there; None where that is not known. `name` is empty for an import that was only found
    running. `started` is in seconds since 1970. `backup` is the key of what was kept before; empty for none. With
    `adds`, what was there stays."""

    job_id: int
    person_id: int
    rq_id: str
    before: Counts | None
    name: str
    format: str
    started: float
    backup: str = ""
    adds: bool = False

    @property
    def since(self) -> datetime:
        return datetime.fromtimestamp(self.started, UTC)

    @property
    def token(self) -> str:
        return signing.dumps(asdict(self), salt=SALT, compress=True)


def from_token(token: str, job_id: int, person_id: int) -> Import | None:
    """The import that an address carries; None if it was changed on the way, is too old, or is somebody else's."""
    try:
        known = Import(**signing.loads(token, salt=SALT, max_age=KEPT_SECONDS))
    except (signing.BadSignature, TypeError):
        return None
    return known if known.job_id == job_id and known.person_id == person_id else None


def standing(client: Client, known: Import) -> dict[str, Any]:
    """How the import stands, for its template. `state` is queued, started, finished, failed, gone or lost.

    Upstream: requests.retrieve; once it is over, jobs.retrieve_annotation_outline to see what it did."""
    try:
        request = client.requests.retrieve(known.rq_id)
    except (errors.Unreachable, errors.Busy, errors.BrokenAnswer) as error:
        return {"state": "lost", "problem": in_words(error)}
    except (errors.NotFound, errors.Forbidden):
        return {"state": "gone", **effect(client, known)}
    shown = {"state": request.status, "percent": request.percent, "owner": other_owner(request, known)}
    if not request.is_over:
        return shown
    if request.status == "failed":
        shown |= {"reason": in_plain_words(request.message, known.format), "said": request.reason}
        return shown | effect(client, known)
    after = effect(client, known)
    nothing = "Nothing in the file fitted: nothing was added" if known.adds and after.get("unchanged") else ""
    return shown | after | {"emptied": nothing or in_words_if_empty(known.before, after.get("total"))}


def effect(client: Client, known: Import) -> dict[str, Any]:
    """What is there now, beside what was there before."""
    try:
        after = counts_of(client.jobs.retrieve_annotation_outline(known.job_id))
    except errors.SignedOut:
        raise
    except errors.CVATError as error:
        return {"uncounted": in_words(error)}
    total = sum(after.values())
    if known.before is None:
        return {"rows": differences({}, after), "total": total, "before_unknown": True}
    same = {kind: number for kind, number in known.before.items() if number} == after
    was = sum(known.before.values())
    sums = Difference("All", was, total)
    return {"rows": differences(known.before, after), "sums": sums, "total": total, "unchanged": same}


def in_words_if_empty(before: Counts | None, total: int | None) -> str:
    """What an import did that left nothing behind; "" where something is there, or that is not known."""
    if total != 0:
        return ""
    if before is None:
        return "The job has no annotations now"
    gone = sum(before.values())
    if not gone:
        return "Nothing in the file fitted: the job still has no annotations"
    lost = f"all {gone:,} annotations are gone" if gone != 1 else "the one annotation is gone"
    return f"Nothing in the file fitted: {lost}"


def latest(client: Client, job_id: int, person_id: int) -> dict[str, Any]:
    """The person's own import into the job that runs, or that ended and is still known upstream, for the form.

    Upstream: requests.list."""
    now = datetime.now(UTC)
    for found in client.requests.list(action="import", job_id=job_id, page_size=10):
        if found.operation.target not in ("", "job") or (found.expiry_date and found.expiry_date <= now):
            continue
        begun = found.started_date or found.created_date or now
        known = Import(job_id, person_id, found.id, None, "", found.operation.format or "", begun.timestamp())
        return {"request": found, "known": known}
    return {}


def other_owner(request: Request, known: Import) -> str:
    return request.owner.username if request.owner and request.owner.id != known.person_id else ""
