"""A file that comes in pieces, and goes on upstream as it comes: nothing of it is kept, and a break costs one piece.

    POST  /jobs/{id}/upload/begin       name, size and how it is to be imported → a token
    PATCH /jobs/{id}/upload/piece?t=    a piece that begins at Upload-Offset → how far it is now
    GET   /jobs/{id}/upload/piece?t=    how far it is, after a break
    POST  /jobs/{id}/upload/finish?t=   import it → where to follow that

For scripts: all answers are JSON, of failures too: `problem` says what it is, `errors` at which field, and `again`
whether the same may well succeed a moment later; then `brief` says it without asking for that.
"""

import logging
from collections.abc import Callable
from functools import partial, wraps
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpResponseBase, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST

from jobsportal.accounts.person import PortalRequest
from jobsportal.annotations.bringing import (
    SENDING_SECONDS,
    NoBackup,
    Sending,
    bring_in,
    progress_url,
    refusals,
    running_url,
    sending_from,
    usable_subject,
)
from jobsportal.annotations.forms import MIB, BeginForm, OptionsForm
from jobsportal.annotations.once import UNDER_WAY, is_first, note_place, place_of_first
from jobsportal.annotations.upload_views import options_for
from jobsportal.cvat import errors
from jobsportal.cvat.multipart import Rest
from jobsportal.web.addresses import whole_number
from jobsportal.web.errors import in_brief, in_words, told
from jobsportal.web.streaming import transfer

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponseBase]

PASSING = (errors.Unreachable, errors.Busy, errors.ServerFault)
TAKEN = "An import into this job is already running. Yours was not sent on."
GONE = "{cvat} no longer has what was sent. Send the file from its beginning."
UNCERTAIN = "The import may have begun all the same: look at the annotations before you send the file again."
STRANGE = "This upload is somebody else's, too old, or its address was damaged. Send the file from its beginning."


def in_json(view: View) -> View:
    """Tell the script what the upstream did not do. Signing out is told as it is everywhere."""

    @wraps(view)
    def told_in_json(request: PortalRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except errors.SignedOut:
            raise
        except errors.CVATError as error:
            logger.warning("%s (upstream request %s)", error, error.request_id or "-")
            more = {"brief": in_brief(error), "again": isinstance(error, PASSING), "after": error.retry_after}
            return problem(in_words(error), told(error).status, **more)

    return told_in_json


def problem(words: str, status: int, **more: Any) -> JsonResponse:
    return JsonResponse({"problem": words, **more}, status=status)


def invalid(form: OptionsForm) -> JsonResponse:
    """What is wrong with what was sent, and how many annotations there are now: they may have to be confirmed again."""
    words = {name: " ".join(map(str, said)) for name, said in form.errors.items()}
    return problem(" ".join(words.values()), 422, errors=words, now=form.now)


@require_POST
@in_json
def begin(request: PortalRequest, job_id: int) -> HttpResponseBase:
    """POST /jobs/{id}/upload/begin. Upstream: see `usable_subject`, then jobs.begin_import."""
    subject = usable_subject(request.person, job_id)
    form = BeginForm(request.POST, **options_for(request.person, subject))
    if not form.is_valid():
        return invalid(form)
    given = form.cleaned_data
    try:
        place = request.person.client.jobs.begin_import(
            job_id, given["size"], format=given["format"], filename=given["name"]
        )
    except errors.Conflict as error:
        return problem(TAKEN, 409, follow=running_url(request.person, subject, error))
    except errors.Invalid as error:
        return problem(refusals(error, given["format"])[0][1], 422)
    sending = Sending(job_id, request.person.id, given["name"], place)
    return JsonResponse({"token": sending.token, "offset": 0})


@require_http_methods(["GET", "HEAD", "PATCH"])
@in_json
def piece(request: PortalRequest, job_id: int) -> HttpResponseBase:
    """GET, PATCH /jobs/{id}/upload/piece?t=. Upstream: uploads.offset, or uploads.append with the body as it comes."""
    sending = own_sending(request, job_id)
    if sending is None:
        return problem(STRANGE, 404, gone=True)
    if request.method == "PATCH":
        return passed_on(request, sending)
    return JsonResponse({"offset": offset_of(request, sending), "size": sending.place.length})


def own_sending(request: PortalRequest, job_id: int) -> Sending | None:
    return sending_from(request.GET.get("t", ""), job_id, request.person.id)


def offset_of(request: PortalRequest, sending: Sending) -> int | None:
    """How far the upload is; None for one that is complete or gone, which the upstream does not tell apart."""
    try:
        return request.person.client.uploads.offset(sending.place)
    except errors.NotFound:
        return None


class Incoming:
    """The body of a request as it comes in. `is_broken` tells whose line broke, where one did."""

    def __init__(self, request: PortalRequest) -> None:
        self.request = request
        self.is_broken = False

    def read(self, size: int) -> bytes:
        try:
            piece = self.request.read(size)
        except OSError:
            self.is_broken = True
            raise
        self.is_broken = bool(size) and not piece
        return piece


def passed_on(request: PortalRequest, sending: Sending) -> HttpResponseBase:
    """Send the body on while it comes in. The person's line may break in the middle: then so does that upstream."""
    offset = whole_number(request.headers.get("Upload-Offset", ""))
    length = whole_number(request.META.get("CONTENT_LENGTH") or "")
    if offset is None or not length:
        return problem("A piece says where it begins, and how long it is.", 400)
    if length > settings.UPLOAD_PIECE_MIB * MIB or offset + length > sending.place.length:
        return problem("This piece is longer than it may be.", 413)
    uploads, body = request.person.client.uploads, Incoming(request)
    try:
        with transfer():
            return JsonResponse({"offset": uploads.append(sending.place, offset, Rest(body, length))})
    except errors.Unreachable:
        if not body.is_broken:
            raise
        return problem("This piece broke off.", 400, again=True)
    except errors.Conflict:
        return problem("The file goes on elsewhere.", 409, offset=offset_of(request, sending))
    except errors.NotFound:
        return problem(GONE.format(cvat=settings.CVAT_NAME), 404, gone=True)


@require_POST
@in_json
def finish(request: PortalRequest, job_id: int) -> HttpResponseBase:
    """POST /jobs/{id}/upload/finish?t=, which counts once. Upstream: see `usable_subject` and `bring_in`, then
    jobs.finish_import."""
    sending = own_sending(request, job_id)
    if sending is None:
        return problem(STRANGE, 404, gone=True)
    once = f"once:{request.person.id}:{job_id}:{sha256(sending.place.address.encode()).hexdigest()}"
    if not is_first(once):
        return finished_already(once)
    place = None
    try:
        answer, place = finished(request, sending)
        return answer
    finally:
        note_place(once, place, SENDING_SECONDS)


def finished_already(once: str) -> HttpResponseBase:
    """It is being imported, or was; where nothing came of that, it may be asked for again."""
    try:
        place, _ = place_of_first(once)
    except DatabaseError:
        place = None
    if place:
        return JsonResponse({"follow": place})
    words = "The file is just being handed over." if place == UNDER_WAY else "It could not be handed over just now."
    return problem(words, 503, again=True)


def finished(request: PortalRequest, sending: Sending) -> tuple[HttpResponseBase, str | None]:
    """The answer, and where the import is followed; None where nothing was begun."""
    person, jobs = request.person, request.person.client.jobs
    subject = usable_subject(person, sending.job_id)
    form = OptionsForm(request.POST, **options_for(person, subject))
    if not form.is_valid():
        return invalid(form), None
    wish = form.wish(sending.name)
    try:
        start = partial(jobs.finish_import, sending.place, format=wish.format, append=wish.append)
        place = progress_url(bring_in(person, subject, wish, start))
    except NoBackup as error:
        return problem(str(error), 503, errors={"keep_backup": str(error)}), None
    except errors.Conflict as error:
        return problem(TAKEN, 409, follow=running_url(person, subject, error)), None
    except errors.Invalid as error:
        field, words = refusals(error, wish.format)[0]
        return problem(words, 422, errors={field: words} if field else {}), None
    except errors.NotFound:
        return problem(GONE.format(cvat=settings.CVAT_NAME), 404, gone=True), None
    except (errors.Unreachable, errors.BrokenAnswer) as error:
        logger.warning("%s (upstream request %s)", error, error.request_id or "-")
        return problem(f"{in_words(error)} {UNCERTAIN}", told(error).status), None
    return JsonResponse({"follow": place}), place
