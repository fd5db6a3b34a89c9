"""The file behind a link, as its owner gets it: whether it is there, having it prepared again, handing it over."""

import re
from dataclasses import dataclass
from datetime import datetime
from socket import SO_SNDBUF, SOL_SOCKET

from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from jobsportal.accounts.kept import person_of
from jobsportal.accounts.person import Person
from jobsportal.bundles import handing, orders
from jobsportal.bundles import models as bundles
from jobsportal.cvat import errors
from jobsportal.cvat.types import Request
from jobsportal.exports import file_views
from jobsportal.shares.models import Share

READY, PREPARING, FAILED, GONE = "ready", "preparing", "failed", "gone"

# However many want it, the file is asked for once in so many seconds.
AGAIN_SECONDS = 30

# Bytes that are handed to the system ahead of the line; enough for 80 Mbit/s around the world.
ON_ITS_WAY = 512 * 1024


@dataclass(frozen=True)
class Standing:
    """How the file stands. `percent` is how far it is prepared, where that is told, `since` when that began."""

    state: str
    percent: int | None = None
    since: datetime | None = None
    known: Request | None = None


def owner_of(share: Share) -> Person:
    """Whoever shared it. Raises SignedOut where their credential is gone."""
    person = person_of(share)
    if person is None:
        raise errors.SignedOut
    return person


def standing_of(share: Share, person: Person) -> Standing:
    """Upstream: requests.retrieve; nothing for a bundle."""
    if share.rq_id:
        return standing_of_export(share, person)
    return standing_of_bundle(share.bundle) if share.bundle else Standing(GONE)


def standing_of_export(share: Share, person: Person) -> Standing:
    try:
        known = person.client.requests.retrieve(share.rq_id)
    except (errors.NotFound, errors.Forbidden, errors.Invalid):
        return Standing(GONE)
    if known.owner and known.owner.id != person.id:
        return Standing(GONE)
    if not known.is_over:
        # Without a recipe, this is no longer the file that was shared: somebody asked for another in its place.
        state = PREPARING if share.recipe else GONE
        return Standing(state, known.percent, known.created_date)
    if known.status != "finished" or not known.result_url:
        return Standing(FAILED if share.recipe else GONE)
    if known.expiry_date and known.expiry_date <= timezone.now():
        return Standing(GONE)
    if known.finished_date != share.file_made:
        if not share.recipe:
            return Standing(GONE)
        note_new_file(share, known.finished_date)
    return Standing(READY, known=known)


def note_new_file(share: Share, made: datetime | None) -> None:
    share.file_made, share.size = made, None
    share.save(update_fields=["file_made", "size"])


def standing_of_bundle(bundle: bundles.Bundle) -> Standing:
    if bundle.status == bundles.PREPARING:
        made = bundle.parts.exclude(status__in=(bundles.WAITING, bundles.ASKED)).count()
        percent = max(1, min(99, 100 * made // bundle.total)) if bundle.total and made else None
        return Standing(PREPARING, percent, bundle.made)
    if bundle.status != bundles.READY:
        return Standing(FAILED)
    return Standing(GONE if bundle.expires and bundle.expires <= timezone.now() else READY)


def prepare_again(share: Share, person: Person) -> None:
    """Ask for the file once more, unless that was done just now. Upstream: the export of a job, task or project; for a
    bundle what `orders.again` asks. Raises what the upstream answers, and Unsupported for a link without a recipe."""
    if not share.recipe:
        raise errors.Unsupported
    lock = f"share-again:{share.key}"
    if not cache.add(lock, True, AGAIN_SECONDS):
        return
    try:
        ask_again(share, person)
    except errors.CVATError:
        cache.delete(lock)
        raise


def ask_again(share: Share, person: Person) -> None:
    here = Share.objects.filter(pk=share.pk)
    if share.recipe["target"] == "bundle":
        if share.bundle is None:
            raise errors.NotFound
        try:
            here.update(bundle=orders.again(share.bundle, person))
        except orders.PreparedAlready as same:
            here.update(bundle=same.bundle)
        except orders.NobodyPrepares:
            raise errors.Busy(detail="There is no worker.") from None
        except (orders.NothingToPrepare, orders.TooManyJobs):
            raise errors.NotFound from None
        return
    exports = {"job": person.client.jobs, "task": person.client.tasks, "project": person.client.projects}
    recipe = share.recipe
    made = exports[recipe["target"]].export(recipe["format"], recipe["id"], save_images=recipe["save_images"])
    here.update(rq_id=made.rq_id)


def is_handed_out_once(share: Share, person: Person, standing: Standing) -> bool:
    """Whether the first who fetches the file uses it up. Upstream: the server's version where it is not known."""
    if standing.known:
        return not standing.known.can_be_fetched_again
    return share.bundle is not None and share.bundle.kind == bundles.ZIP and person.client.version.consumes


def handed_over(request: HttpRequest, share: Share, person: Person, standing: Standing) -> HttpResponseBase:
    """The file, read as its owner. Raises what the upstream answers."""
    leave_one_range(request)
    keep_little_on_its_way(request)
    if standing.known:
        response = file_views.handed_over(request, person, standing.known)
    elif share.bundle:
        response = handing.handed_over(request, person, share.bundle)
    else:
        raise errors.NotFound
    response["X-Accel-Buffering"] = "no"  # for the same reason
    return response


def keep_little_on_its_way(request: HttpRequest) -> None:
    """What waits in the system's buffers, or a proxy's, counts as handed over though a visitor whose line breaks never
    gets it: so little of it waits there."""
    connection = request.META.get("gunicorn.socket")
    if connection is not None:
        connection.setsockopt(SOL_SOCKET, SO_SNDBUF, ON_ITS_WAY)


def leave_one_range(request: HttpRequest) -> None:
    """Several ranges at once come in a wrapping of their own, whose length says little: then the whole is sent, as
    servers may."""
    wanted = request.META.get("HTTP_RANGE", "")
    if wanted and not re.fullmatch(r"bytes=(\d{1,18}-\d{0,18}|-\d{1,18})", wanted):
        del request.META["HTTP_RANGE"]
        vars(request).pop("headers", None)
