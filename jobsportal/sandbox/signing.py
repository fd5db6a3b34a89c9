"""Signatures in addresses (`?sign=`): each opens one address for a while, for whoever holds it."""

from __future__ import annotations

import hashlib
import hmac
import time
from urllib.parse import parse_qsl, urlencode, urlsplit

from .messages import Request
from .store import Store, User

VALID_SECONDS = 30


def make(store: Store, user: User, address: str) -> str:
    """A signature for that path, and query if there is one, as that person."""
    stamp = str(int(time.time()))
    return f"{user.id}:{stamp}:{_digest(store, user.id, stamp, _canonical(address))}"


def read(store: Store, request: Request) -> User | None:
    """Who signed what is asked for; nobody when it was signed for something else, by nobody, or too long ago."""
    user_id, _, rest = (request.param("sign") or "").partition(":")
    stamp, _, digest = rest.partition(":")
    if not (user_id.isdecimal() and stamp.isdecimal()) or time.time() - int(stamp) > VALID_SECONDS:
        return None
    pairs = [(name, value) for name, values in request.query.items() if name != "sign" for value in values]
    address = request.path + (f"?{urlencode(sorted(pairs))}" if pairs else "")
    if not hmac.compare_digest(digest, _digest(store, int(user_id), stamp, address)):
        return None
    user = store.users.get(int(user_id))
    return user if user is not None and user.is_active else None


def _canonical(address: str) -> str:
    parts = urlsplit(address)
    pairs = sorted(parse_qsl(parts.query, keep_blank_values=True))
    return parts.path + (f"?{urlencode(pairs)}" if pairs else "")


def _digest(store: Store, user_id: int, stamp: str, address: str) -> str:
    told = "\n".join((str(user_id), stamp, address))
    return hmac.new(store.secret, told.encode(), hashlib.sha256).hexdigest()
