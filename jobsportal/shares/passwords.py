"""The password of a link: suggesting one, asking for it, and remembering for a while that it was given."""

import ipaddress
import secrets

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from jobsportal.accounts import throttle
from jobsportal.accounts.person import address_of
from jobsportal.shares.models import Share

COOKIE = "portal_proof"
PROOF_SECONDS = 60 * 60
SHORTEST, LONGEST = 8, 128

# Without those that look alike.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def suggested() -> str:
    """Such as "k7mp-w3xd-9fqa-t2hn": about 79 bits, and easy to read out."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def is_right(request: HttpRequest, share: Share, typed: str) -> bool | None:
    """Whether this is the password; None where this address has tried too often. A place is taken before the password
    is looked at, so that attempts side by side can't be more than the limit allows."""
    name, address = who(request, share)
    if not throttle.count_failure(name, address):
        return None
    if len(typed) > LONGEST or not check_password(typed, share.password):
        return False
    throttle.forget(name, address)
    return True


def locked_for(request: HttpRequest, share: Share) -> float:
    """Seconds until the next attempt is allowed; 0 if it is now."""
    return throttle.locked_for(*who(request, share))


def who(request: HttpRequest, share: Share) -> tuple[str, str]:
    """Link and address, as the throttle counts them. No user name holds a NUL."""
    return f"\0 link {share.key}", network_of(address_of(request))


def network_of(address: str) -> str:
    """Whoever has one address of the newer kind has all of its network."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def remember(response: HttpResponseBase, share: Share, path: str) -> None:
    """Let this browser prove for an hour that the password was given."""
    proof = signer().sign(share.key.hex)
    response.set_cookie(
        COOKIE, proof, max_age=PROOF_SECONDS, path=path, secure=settings.HTTPS, httponly=True, samesite="Lax"
    )


def is_proven(request: HttpRequest, share: Share) -> bool:
    """Whether the link has no password, or this browser gave it."""
    if not share.password:
        return True
    try:
        return signer().unsign(request.COOKIES.get(COOKIE, ""), max_age=PROOF_SECONDS) == share.key.hex
    except signing.BadSignature:
        return False


def signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt="jobsportal.shares.proof")
