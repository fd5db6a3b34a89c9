"""Handing a bundle over: written while it is sent, in an order that never changes, so that it can be gone on with.

A file that broke off is gone on with by writing it anew and passing over what was sent already: the same parts make
the same bytes, and what the upstream has made otherwise in the meantime has another ETag.
"""

import re
from collections.abc import Generator, Iterator
from contextlib import closing

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from jobsportal.accounts.person import Person
from jobsportal.bundles import checking, lengths, tables
from jobsportal.bundles.models import FAILED, LEFT_OUT, MADE, PREPARING, READY, STOPPED, ZIP, Bundle
from jobsportal.bundles.reading import Broken
from jobsportal.bundles.remaking import remake
from jobsportal.bundles.writing import Writing, gathered
from jobsportal.cvat import errors
from jobsportal.exports.filenames import bundle_name
from jobsportal.web.streaming import Transfer, without_body

RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")


def handed_over(request: HttpRequest, person: Person, bundle: Bundle) -> HttpResponseBase:
    """The answer to GET or HEAD of a bundle's file, read from the upstream as `person` (its owner, or whoever shared
    it). Heeds Range and If-Range where the file's length is known. Parts that are still being made are waited for while
    the others are sent; what the upstream has handed out for good is prepared again first.

    Upstream: requests.list, for what was exported anew since it was ready; then requests.download for each part, or
    what a table needs. Raises Conflict while no part is made, or where one is being exported anew; NotFound where there
    is no file (any more); and what hinders the first part."""
    bundle.refresh_from_db()
    if bundle.kind != ZIP:
        return tables.handed_over(request, person, bundle, filename_of(bundle))
    refuse_gone(bundle)
    if bundle.status == READY:
        checking.check(bundle, person)
        bundle.refresh_from_db()
    if request.method == "GET" and remake(bundle, person, bundle.parts.filter(is_used=True)):
        bundle.refresh_from_db()
    return answer(request, person, bundle)


def refuse_gone(bundle: Bundle) -> None:
    """Raises NotFound."""
    if bundle.status in (STOPPED, FAILED):
        raise errors.NotFound(detail="Nothing was prepared.")
    if bundle.expires and bundle.expires <= timezone.now() and bundle.status != PREPARING:
        raise errors.NotFound(detail="It was kept for a while, and is gone.")


def answer(request: HttpRequest, person: Person, bundle: Bundle) -> HttpResponseBase:
    """The file of a bundle that is there, whole or from where it broke off."""
    etag, parts = lengths.told_of(bundle)
    length = lengths.length_of(bundle, etag) if etag else None
    wanted = wanted_part(request, etag, length)
    if wanted and wanted[0] > wanted[1]:
        return no_such_part(length)
    if request.method == "HEAD":
        response: HttpResponseBase = without_body("application/zip")
    else:
        start, end = wanted or (0, None)
        passage = Passage(begun(person, bundle, parts if length is not None else None), length, start, end)
        response = StreamingHttpResponse(Transfer(passage), content_type="application/zip")
    if length is not None:
        first, last = wanted or (0, length - 1)
        response["Content-Length"] = str(last - first + 1)
        if wanted:
            response.status_code = 206
            response["Content-Range"] = f"bytes {first}-{last}/{length}"
    # Over HTTP/1.0 a file without a length just ends; but one that broke off doesn't open: its directory ends it.
    response["Accept-Ranges"] = "none" if length is None else "bytes"
    if etag:
        response["ETag"] = etag
    else:
        response["X-Accel-Buffering"] = "no"  # what is ready goes out, however long the rest takes
    response["Content-Disposition"] = content_disposition_header(True, filename_of(bundle)) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def begun(person: Person, bundle: Bundle, promised: lengths.Promised | None) -> Writing:
    """A passage whose first part is open. Raises Conflict where none is made."""
    first = bundle.parts.filter(status=MADE).order_by("position").first()
    if first is None or bundle.parts.filter(position__lt=first.position).exclude(status__in=(MADE, LEFT_OUT)).exists():
        raise errors.Conflict(detail="It is not ready yet.")
    writing = Writing(person, bundle, promised)
    writing.begin(first)
    return writing


class Passage:
    """What is sent of the file, from `start` to `end` (both included; None: to its end, wherever that is). Closing it
    closes what is open upstream, whether anybody has begun to read or not.

    One that reaches the end of the file tells how long that is. Raises Broken where it isn't what was promised."""

    def __init__(self, writing: Writing, length: int | None, start: int, end: int | None) -> None:
        self.writing, self.length, self.start, self.end = writing, length, start, end
        self._pieces = self._cut()

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self._pieces.close()
        self.writing.close()

    def _cut(self) -> Generator[bytes, None, None]:
        at = 0
        with closing(iter(self.writing)) as written:
            for piece in gathered(written):
                begins, at = max(0, self.start - at), at + len(piece)
                if self.length is not None and at > self.length:
                    raise Broken("it is longer than it was said to be")
                if self.end is not None and at > self.end + 1:
                    yield piece[begins : len(piece) - (at - self.end - 1)]
                    return
                if begins < len(piece):
                    yield piece[begins:]
        if self.length is not None and at != self.length:
            raise Broken("it is shorter than it was said to be")
        lengths.passed_whole(self.writing.bundle, self.writing.identity.etag, at)


def wanted_part(request: HttpRequest, etag: str, length: int | None) -> tuple[int, int] | None:
    """First and last byte that are asked for; None for all of it, the first beyond the last where there is no such
    part. Ranges of any other kind, and those of another file, are passed over."""
    found = RANGE.fullmatch(request.headers.get("Range", "").strip())
    if found is None or length is None or request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        return None
    start, end = int(found[1]), int(found[2] or length - 1)
    if found[2] and end < start:
        return None
    return start, min(end, length - 1)


def no_such_part(length: int | None) -> HttpResponse:
    response = HttpResponse("There is no such part of the file.\n", status=416, content_type="text/plain")
    response["Content-Range"] = f"bytes */{length}"
    return response


def length_of(bundle: Bundle) -> int | None:
    """How many bytes its file has, where that is known before it is written."""
    etag, _ = lengths.told_of(bundle)
    return lengths.length_of(bundle, etag) if etag else None


def filename_of(bundle: Bundle) -> str:
    return bundle_name(
        title=bundle.title,
        total=bundle.total,
        format=bundle.format,
        with_images=bundle.save_images,
        day=timezone.localdate(bundle.made),
        kind=bundle.kind,
    )
