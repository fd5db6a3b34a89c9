"""Storing what becomes of a bundle's parts: each write holds the lease, so that nobody writes over somebody else's."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeGuard

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Min
from django.utils import timezone

from jobsportal.bundles.calls import Answers, Standing
from jobsportal.bundles.lease import Lease
from jobsportal.bundles.models import ASKED, FAILED, LEFT_OUT, MADE, READY, WAITING, Bundle, Part
from jobsportal.cvat import errors
from jobsportal.cvat.types import Request, RequestId
from jobsportal.exports.reasons import in_plain_words
from jobsportal.runs.pace import is_hindrance
from jobsportal.web.errors import in_words

TRIES = 2
CONFLICTS = 20
FORGOTTEN = "The server has lost this export."
NO_FILE = "The server says that it is finished, and has no file."
NO = (errors.Forbidden, errors.NotFound, errors.Invalid, errors.Unsupported)
NOTHING = "None of the jobs could be prepared."


def settle(lease: Lease, bundle: Bundle, found: Standing) -> list[Part]:
    """Store how exports stand that were asked for; those that were made now. They get their places in the file in the
    order in which they were finished."""
    finished = [(answer, part) for part, answer in found.items() if is_finished(answer)]
    finished.sort(key=lambda pair: (moment(pair[0]), pair[1].job_id))
    with transaction.atomic():
        lease.hold()
        free = bundle.parts.aggregate(last=Max("position"))["last"]
        free = 0 if free is None else free + 1
        for request, part in finished:
            if part.position is None:
                part.position, free = free, free + 1
            keep_made(part, request)
        for part, answer in found.items():
            if not is_finished(answer):
                keep_other(bundle, part, answer)
    return [part for _, part in finished]


def is_finished(answer: Any) -> TypeGuard[Request]:
    return isinstance(answer, Request) and answer.status == "finished" and bool(answer.result_url)


def moment(request: Request) -> datetime:
    return request.finished_date or datetime.max.replace(tzinfo=UTC)


def keep_made(part: Part, request: Request) -> None:
    part.status, part.rq_id, part.words = MADE, request.id, ""
    part.finished, part.expires = request.finished_date or timezone.now(), request.expiry_date
    part.result_url = request.result_url or ""
    part.save(
        update_fields=["status", "rq_id", "words", "position", "finished", "expires", "result_url"],
    )


def keep_other(bundle: Bundle, part: Part, answer: Request | errors.CVATError | None) -> None:
    """An export that is still being made, has failed, or isn't there."""
    if isinstance(answer, Request):
        if not answer.is_over:
            keep(part, ASKED, rq_id=answer.id)
        elif answer.status == "failed":
            tried(part, in_plain_words(answer.message, bundle.format))
        else:
            tried(part, NO_FILE)
    elif isinstance(answer, errors.NotFound):
        tried(part, FORGOTTEN)
    elif answer is None:
        keep(part, WAITING)
    elif isinstance(answer, NO):
        keep(part, LEFT_OUT, words=in_words(answer))


def keep(part: Part, status: str, **fields: Any) -> None:
    part.status = status
    for name, value in fields.items():
        setattr(part, name, value)
    part.save(update_fields=["status", *fields])


def tried(part: Part, words: str, tries: int = TRIES) -> None:
    """Once more, or left out with the reason."""
    is_hopeless = part.tries + 1 >= tries
    keep(part, LEFT_OUT if is_hopeless else WAITING, words=words, tries=part.tries + 1, rq_id="")


def intend(lease: Lease, bundle: Bundle) -> list[Part]:
    """Choose what to ask for next, and store that it is being asked for. What has a place in the file already goes
    first: somebody may be waiting for it."""
    with transaction.atomic():
        lease.hold()
        free = settings.BUNDLE_PARALLEL - bundle.parts.filter(status=ASKED).count()
        waiting = bundle.parts.filter(status=WAITING)
        order = F("position").asc(nulls_last=True), "tries", "job_id"
        chosen = list(waiting.order_by(*order)[: max(0, free)])
        for part in chosen:
            keep(part, ASKED, asked=timezone.now(), rq_id="")
    return chosen


def asked(lease: Lease, bundle: Bundle, answers: Answers) -> None:
    """Store what the upstream answered to what was asked of it."""
    with transaction.atomic():
        lease.hold()
        for part, answer in answers.items():
            if isinstance(answer, RequestId):
                keep(part, ASKED, rq_id=answer.rq_id)
            elif isinstance(answer, NO):
                keep(part, LEFT_OUT, words=in_words(answer))
            elif isinstance(answer, errors.TimedOut):
                continue  # it may have been taken: the upstream's list tells
            elif isinstance(answer, errors.SignedOut) or is_hindrance(answer):
                keep(part, WAITING)
            else:
                tried(part, in_words(answer), CONFLICTS if isinstance(answer, errors.Conflict) else TRIES)


def sized(parts: Iterable[Part], found: dict[Part, tuple[str, int | None]]) -> None:
    """Store tag and size of files that were just made."""
    for part in parts:
        if part in found:
            tag, size = found[part]
            Part.objects.filter(pk=part.pk, version=part.version, tag="").update(tag=tag, size=size)


def end(lease: Lease, problem: str) -> None:
    """Nothing more can be prepared: what isn't there is left out, with the reason."""
    with transaction.atomic():
        lease.hold()
        rest = Part.objects.filter(bundle_id=lease.bundle_id, status__in=(WAITING, ASKED))
        rest.update(status=LEFT_OUT, words=problem, rq_id="")
        finish(lease, problem)


def finish(lease: Lease, problem: str = "") -> None:
    """All that can be had is there, or nothing could be had. What was needed of the person is forgotten."""
    with transaction.atomic():
        lease.hold()
        parts = Part.objects.filter(bundle_id=lease.bundle_id)
        made = parts.filter(status=MADE)
        is_ready = made.exists()
        if not is_ready and not problem:
            problem = parts.order_by("job_id").values_list("words", flat=True).first() or NOTHING
        now = timezone.now()
        lease.held.update(
            status=READY if is_ready else FAILED,
            problem=problem,
            sealed="",
            organizations=[],
            hindered=None,
            failures=0,
            rests_until=None,
            ready=now if is_ready else None,
            expires=made.aggregate(first=Min("expires"))["first"],
            mail_next=now,
            lease_owner="",
            lease_until=None,
        )
