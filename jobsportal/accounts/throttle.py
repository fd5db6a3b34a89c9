"""A limit on wrong passwords, per name and address, kept in the shared cache."""

import hashlib

from django.conf import settings
from django.core.cache import cache


def key(username: str, address: str) -> str:
    return "sign-in:" + hashlib.sha256(f"{username.casefold()} {address}".encode()).hexdigest()


def is_locked(username: str, address: str) -> bool:
    return int(cache.get(key(username, address), 0)) >= settings.SIGN_IN_ATTEMPTS


def count_failure(username: str, address: str) -> None:
    name = key(username, address)
    cache.add(name, 0, settings.SIGN_IN_LOCK_SECONDS)
    try:
        cache.incr(name)
    except ValueError:
        cache.set(name, 1, settings.SIGN_IN_LOCK_SECONDS)


def forget(username: str, address: str) -> None:
    cache.delete(key(username, address))
