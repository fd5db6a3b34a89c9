"""Downloads through a link: granted one by one, and each gives its file once.

A grant belongs to the browser that holds its key. The bytes that an answer will bring are counted before the first of
them leaves, and those that did not leave are given back when it ends: whatever ranges are asked for, side by side or
one after another, together they never bring the file twice.
"""

import re
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from jobsportal.accounts.person import address_of
from jobsportal.shares.models import Fetch, Share
from jobsportal.web.cutting import Cut

COOKIE = "portal_grant"
LASTS = timedelta(hours=6)

# What was sent last, when a transfer breaks off, may never have arrived. So much of it may be asked for again, in all:
# a quarter of the file at most, so that no way of breaking off brings it twice.
LOST_MOST = 16 * 1024 * 1024
LOST_SHARE = 4

# A link that is withdrawn ends the transfers that are under way, within so many seconds.
LOOK_SECONDS = 5.0


class Withdrawn(Cut):
    """The link was withdrawn in the middle of a transfer: it breaks off, so that it doesn't look whole."""


def of(request: HttpRequest, share: Share) -> Fetch | None:
    """The grant that this browser holds for this link."""
    key = held_key(request)
    return share.fetches.filter(key=key, until__gt=timezone.now()).first() if key else None


def held_key(request: HttpRequest) -> UUID | None:
    return key_in(request.COOKIES.get(COOKIE, ""))


def unused(share: Share, keys: Iterable[UUID | None]) -> Fetch | None:
    """One of these grants, if nothing was handed over for it."""
    wanted = [key for key in keys if key]
    return share.fetches.filter(key__in=wanted, given=0, until__gt=timezone.now()).first()


def key_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def take(request: HttpRequest, share: Share, once: UUID | None) -> Fetch | None:
    """One more download, or the one that this browser was granted and has not used: a second click on the same button
    (`once`) is no second download. None where all are taken, or the link has ended."""
    now = timezone.now()
    with transaction.atomic():
        Share.objects.select_for_update().get(pk=share.pk)
        if held := unused(share, [once, held_key(request)]):
            return held
        is_left = Q(downloads_max=None) | Q(downloads__lt=F("downloads_max"))
        counted = Share.objects.filter(is_left, pk=share.pk, revoked=None, expires__gt=now)
        if not counted.update(downloads=F("downloads") + 1):
            return None
        key = uuid4() if once is None or Fetch.objects.filter(key=once).exists() else once
        return share.fetches.create(
            key=key,
            until=min(now + LASTS, share.expires),
            address=address_of(request),
            agent=printable(request.headers.get("User-Agent", ""))[:200],
        )


def printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())


def hold(response: HttpResponseBase, fetch: Fetch, path: str) -> None:
    """Let this browser keep the grant, for this link alone."""
    age = max(0, int((fetch.until - timezone.now()).total_seconds()))
    response.set_cookie(
        COOKIE, fetch.key.hex, max_age=age, path=path, secure=settings.HTTPS, httponly=True, samesite="Lax"
    )


def measured(response: HttpResponseBase, fetch: Fetch) -> HttpResponseBase | None:
    """The answer, counted against the grant while it is sent; None where the grant doesn't give that much any more."""
    if not isinstance(response, StreamingHttpResponse):
        return response
    length, total = lengths(response)
    reserved = reserve(fetch, length, total)
    if reserved is None:
        return None
    pieces: Any = response.streaming_content
    response.streaming_content = Measured(pieces, fetch, reserved, length)
    return response


def lengths(response: HttpResponseBase) -> tuple[int | None, int | None]:
    """How many bytes an answer brings, and how many the whole file has; None where it isn't told."""
    told = re.fullmatch(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", response.get("Content-Range", ""))
    if response.status_code == 206 and told:
        first, last, total = map(int, told.groups())
        return last - first + 1, total
    length = response.get("Content-Length", "")
    known = int(length) if length.isdecimal() else None
    return known, known if response.status_code == 200 else None


def reserve(fetch: Fetch, length: int | None, total: int | None) -> int | None:
    """Count what is about to be sent; how much that is, None where it is too much. An answer of unknown length can only
    be the first."""
    with transaction.atomic():
        row = Fetch.objects.select_for_update().get(pk=fetch.pk)
        if total is not None and (row.given == 0 or row.size is None):
            row.size = total
        wanted = 1 if length is None else length
        is_whole_anew = length is None or row.size is None
        if row.given and (is_whole_anew or row.given + wanted > (row.size or 0)):
            return None
        row.given += wanted
        row.save(update_fields=["given", "size"])
    return wanted


def settle(fetch: Fetch, reserved: int, sent: int, *, is_done: bool) -> None:
    """Put what was sent in place of what was reserved."""
    with transaction.atomic():
        row = Fetch.objects.select_for_update().filter(pk=fetch.pk).first()
        if row is None:
            return
        if is_done and row.size is None:
            row.size = sent
        most = 0 if is_done else min((row.size or 0) // LOST_SHARE, LOST_MOST) - row.lost
        lost = max(0, min(sent, most))
        row.given += sent - lost - reserved
        row.lost += lost
        if is_done and row.size is not None and row.given + row.lost >= row.size:
            row.ended = timezone.now()
        row.save(update_fields=["given", "lost", "size", "ended"])


class Measured:
    """An answer's pieces, which are counted. Closing it settles the count."""

    def __init__(self, pieces: Iterable[bytes], fetch: Fetch, reserved: int, length: int | None) -> None:
        self.pieces, self.fetch, self.reserved, self.length = pieces, fetch, reserved, length
        self.sent = 0
        self.is_at_end = self.is_settled = False
        self.looked = time.monotonic()

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            self.sent += len(piece)
            self.refuse_if_withdrawn()
            yield piece
        self.is_at_end = True

    def refuse_if_withdrawn(self) -> None:
        if time.monotonic() - self.looked < LOOK_SECONDS:
            return
        self.looked = time.monotonic()
        if not Share.objects.filter(pk=self.fetch.share_id, revoked=None).exists():
            raise Withdrawn

    def close(self) -> None:
        if self.is_settled:
            return
        self.is_settled = True
        is_done = self.is_at_end or (self.length is not None and self.sent >= self.length)
        settle(self.fetch, self.reserved, self.sent, is_done=is_done)
