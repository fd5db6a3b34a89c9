"""Links: making, finding, withdrawing and forgetting them.

A link is random (256 bits) and found by its digest alone; what leads to it is sealed, and wiped when it ends. How the
file is come by is in `files`, who fetched it in `grants`.
"""

import hashlib
import logging
import re
import secrets
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from jobsportal.accounts.kept import access, who
from jobsportal.accounts.person import Person
from jobsportal.accounts.sealing import seal, unseal
from jobsportal.shares.models import Fetch, Share
from jobsportal.shares.subjects import Subject

logger = logging.getLogger(__name__)

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
KEPT = timedelta(days=30)


def make(
    person: Person,
    subject: Subject,
    *,
    key: UUID,
    lasts: timedelta,
    downloads_max: int | None,
    password: str = "",
    is_prepared_again: bool = False,
    size: int | None = None,
) -> Share:
    """A link to this file. It ends after `lasts`, or with the file where that is not to be prepared again."""
    token, expires = secrets.token_urlsafe(32), timezone.now() + lasts
    if subject.until and not is_prepared_again:
        expires = min(expires, subject.until)
    share = Share.objects.create(
        key=key,
        digest=digest_of(token),
        token=seal(token),
        upstream=settings.CVAT_URL,
        **who(person),
        **access(person),
        name=(person.name.strip() or person.username)[:300],
        title=subject.title[:300],
        format=subject.format[:200],
        save_images=subject.save_images,
        rq_id=subject.rq_id,
        bundle=subject.bundle,
        recipe=subject.recipe if is_prepared_again else {},
        file_made=subject.made,
        size=size,
        password=make_password(password) if password else "",
        downloads_max=downloads_max,
        expires=expires,
    )
    logger.info("link %s made by %s, until %s", share.key, person.username, expires)
    return share


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def find(token: str) -> Share | None:
    """The link with this random part, ended ones too; None for any that isn't one of this portal and upstream."""
    if not settings.SHARE_LINKS or not TOKEN.fullmatch(token):
        return None
    return Share.objects.filter(digest=digest_of(token), upstream=settings.CVAT_URL).first()


def own(person: Person) -> QuerySet[Share]:
    """This person's links that are still recorded, newest first."""
    return Share.objects.filter(upstream=settings.CVAT_URL, person_id=person.id)


def address_of(request: HttpRequest, share: Share) -> str:
    """The link as it is handed on; "" where it has ended, or was sealed with another key."""
    token = unseal(share.token) if share.token and share.is_open else None
    if token is None:
        return ""
    path = reverse("shares:visit", args=[token])
    return settings.PORTAL_URL + path if settings.PORTAL_URL else request.build_absolute_uri(path)


def revoke(share: Share) -> None:
    """Withdraw it, for good: what leads to it and the credential are wiped."""
    Share.objects.filter(pk=share.pk, revoked=None).update(revoked=timezone.now(), token="", sealed="")
    logger.info("link %s withdrawn by %s", share.key, share.username)


def purge() -> int:
    """Wipe what leads to links that have ended, and forget those that ended long ago; how many were forgotten."""
    now = timezone.now()
    going_on = Fetch.objects.filter(share=OuterRef("pk"), until__gt=now)
    is_spent = Q(downloads__gte=F("downloads_max")) & ~Exists(going_on)
    is_removed = Q(rq_id="", bundle=None)
    has_ended = Q(revoked__isnull=False) | Q(expires__lte=now) | is_spent | is_removed
    Share.objects.filter(has_ended).exclude(token="", sealed="").update(token="", sealed="")
    since = now - KEPT
    old = Share.objects.filter(Q(revoked__lte=since) | Q(expires__lte=since))
    count = old.count()
    old.delete()
    return count
