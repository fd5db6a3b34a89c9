"""A limit on wrong passwords, per name and address, kept in the shared cache.

Each failure takes a place that is given back after SIGN_IN_LOCK_SECONDS; when all are taken, nobody gets in. Taking a
place is `cache.add`, which is atomic in every backend: attempts side by side can't share one.
"""

import hashlib
import time

from django.conf import settings
from django.core.cache import cache


def places(username: str, address: str) -> list[str]:
    name = hashlib.sha256(f"{username.casefold()} {address}".encode()).hexdigest()
    return [f"sign-in:{name}:{number}" for number in range(settings.SIGN_IN_ATTEMPTS)]


def locked_for(username: str, address: str) -> float:
    """Seconds until the next attempt is allowed; 0 if it is now."""
    names = places(username, address)
    taken = cache.get_many(names)
    return max(1.0, min(taken.values()) - time.time()) if len(taken) == len(names) else 0.0


def count_failure(username: str, address: str) -> bool:
    """Take a place; whether there was one left."""
    until = time.time() + settings.SIGN_IN_LOCK_SECONDS
    return any(cache.add(name, until, settings.SIGN_IN_LOCK_SECONDS) for name in places(username, address))


def forget(username: str, address: str) -> None:
    cache.delete_many(places(username, address))
