"""Sealing the upstream credential, so that a copy of the session store is of no use without SECRET_KEY."""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from jobsportal.cvat import AccessTokenCredential, TokenCredential

Signed = TokenCredential | AccessTokenCredential
KINDS: dict[str, type[Signed]] = {"Token": TokenCredential, "Bearer": AccessTokenCredential}


@lru_cache(maxsize=4)
def fernet(secret: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"jobsportal credential").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def seal(secret: str) -> str:
    return fernet(settings.SECRET_KEY).encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str | None:
    """The secret, or None if it was not sealed with this installation's key."""
    try:
        return fernet(settings.SECRET_KEY).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def seal_credential(credential: Signed) -> str:
    """Sealed along with its kind, as the header that it travels in says it."""
    return seal(credential.headers["Authorization"])


def unseal_credential(sealed: str) -> Signed | None:
    """What was sealed; without a kind, as it once was kept, it is the token that a password is answered with."""
    secret = unseal(sealed)
    if secret is None:
        return None
    kind, _, token = secret.partition(" ")
    return KINDS[kind](token) if kind in KINDS and token else TokenCredential(secret)
