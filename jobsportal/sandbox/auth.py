"""Signing in and out, and finding out who sent a request.

`POST /api/auth/login`, `POST /api/auth/logout`; tokens, personal access tokens (newer generations only), signed
addresses, session cookies with CSRF, and basic authentication: the first of them that is there counts, in this order,
and what is not known is passed over.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from email.utils import formatdate
from http.cookies import CookieError, SimpleCookie
from time import time
from typing import Any

from . import signing
from .messages import Request, Response, crash, detail, forbidden, invalid, refuse
from .service import Service
from .store import Store, User

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
CHALLENGE = [("WWW-Authenticate", "Token")]
DAY = 24 * 3600


def unauthorized(words: str = "Authentication credentials were not provided.") -> Exception:
    return refuse(401, {"detail": words}, CHALLENGE)


def identify(store: Store, request: Request) -> None:
    """Sets the request's person, or leaves it anonymous; refuses credentials that are wrong."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    user: User | None = None
    if scheme.lower() == "token":
        user, request.signed_by = _by_token(store, rest), "token"
    elif scheme.lower() == "bearer" and not request.is_old and rest in store.access_tokens:
        user, request.signed_by = _by_access_token(store, request, rest), "access token"
    elif request.param("sign"):
        user, request.signed_by = signing.read(store, request), "signature"
        if user is None:
            raise unauthorized("Invalid signature.")
    else:
        user = _by_session(store, request)
        if user is None and scheme.lower() == "basic":
            user, request.signed_by = _by_password(store, request, rest), "basic"
    request.user = user


def _by_token(store: Store, rest: str) -> User:
    parts = rest.split()
    if not parts:
        raise unauthorized("Invalid token header. No credentials provided.")
    if len(parts) > 1:
        raise unauthorized("Invalid token header. Token string should not contain spaces.")
    with store.lock:
        user = store.users.get(store.tokens.get(parts[0], 0))
    if user is None:
        raise unauthorized("Invalid token.")
    if not user.is_active:
        raise unauthorized("User inactive or deleted.")
    return user


def _by_access_token(store: Store, request: Request, key: str) -> User | None:
    """A personal access token; one that may only read changes nothing."""
    token = store.access_tokens[key]
    if token.read_only and request.method not in SAFE_METHODS:
        raise forbidden()
    user = store.users.get(token.user_id)
    return user if user is not None and user.is_active else None


def _by_password(store: Store, request: Request, rest: str) -> User:
    parts = rest.split()
    if not parts:
        raise unauthorized("Invalid basic header. No credentials provided.")
    if len(parts) > 1:
        raise unauthorized("Invalid basic header. Credentials string should not contain spaces.")
    malformed = "Invalid username/password."
    if not request.is_old:
        malformed = "Invalid basic header. Credentials not correctly base64 encoded."
    try:
        username, colon, password = base64.b64decode(parts[0], validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError) as error:
        raise unauthorized(malformed) from error
    if not colon:
        raise unauthorized(malformed)
    user = store.user_named(username)
    if user is None or user.password != password or not user.is_active:
        raise unauthorized("Invalid username/password.")
    return user


def cookies(request: Request) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(request.headers.get("cookie", "")).items()}
    except CookieError:
        return {}


def _by_session(store: Store, request: Request) -> User | None:
    jar = cookies(request)
    with store.lock:
        user = store.users.get(store.sessions.get(jar.get("sessionid", ""), 0))
    if user is None or not user.is_active:
        return None
    if request.method not in SAFE_METHODS:
        _check_csrf(request, jar.get("csrftoken"))
    request.signed_by = "session"
    return user


def _check_csrf(request: Request, cookie: str | None) -> None:
    origin = request.headers.get("origin")
    if origin is not None and origin != request.base():
        raise detail(403, f"CSRF Failed: Origin checking failed - {origin} does not match any trusted origins.")
    sent = request.headers.get("x-csrftoken")
    if not cookie:
        raise detail(403, "CSRF Failed: CSRF cookie not set.")
    if not sent:
        raise detail(403, "CSRF Failed: CSRF token missing.")
    if sent != cookie:
        raise detail(403, "CSRF Failed: CSRF token from the 'X-Csrftoken' HTTP header incorrect.")


def login(service: Service, request: Request) -> Response:
    """`POST /api/auth/login`: a token, and the cookies of a session."""
    user = _credentials(service.store, request.json())
    with service.store.lock:
        user.last_login = service.store.now()
        key, session = service.store.token(user), secrets.token_hex(16)
        service.store.sessions[session] = user.id
    return Response(
        data={"key": key},
        headers=[
            _csrf_cookie(secrets.token_hex(16)),
            ("Set-Cookie", _cookie("sessionfresh", "1", DAY)),
            ("Set-Cookie", _cookie("sessionid", session, 14 * DAY)),
        ],
    )


def _credentials(store: Store, data: Any) -> User:
    if not isinstance(data, dict):
        words = f"Invalid data. Expected a dictionary, but got {type(data).__name__}."
        raise refuse(400, {"non_field_errors": [words]})
    name, email, password = (data.get(field) for field in ("username", "email", "password"))
    if not (name or email) or not password:
        raise invalid('Must include either "username" or "email" and "password".')
    people = store.users.values()
    found = [user for user in people if (user.username == name if name else user.email == email)]
    if not found or found[0].password != password or not found[0].is_active:
        raise refuse(400, {"non_field_errors": ["Unable to log in with provided credentials."]})
    return found[0]


def sign(service: Service, request: Request) -> Response:
    """`POST /api/auth/signing`: upstream it crashes, whatever the address; only people who are signed in see that."""
    raise crash()


def csrf_cookie(request: Request) -> tuple[str, str]:
    """What comes with every page that holds a form: the token the browser has, or a new one."""
    return _csrf_cookie(cookies(request).get("csrftoken") or secrets.token_hex(16))


def _csrf_cookie(token: str) -> tuple[str, str]:
    return "Set-Cookie", _cookie("csrftoken", token, 364 * DAY, http_only=False)


def _cookie(name: str, value: str, age: int, *, http_only: bool = True) -> str:
    expires = formatdate(time() + age if age else 0, usegmt=True)
    flag = " HttpOnly;" if http_only and age else ""
    return f"{name}={value}; expires={expires};{flag} Max-Age={age}; Path=/; SameSite=Lax"


def logout(service: Service, request: Request) -> Response:
    """`POST /api/auth/logout`: ends the session; a token used to sign out is gone for everyone who uses it."""
    store, headers = service.store, []
    with store.lock:
        if request.user and request.signed_by == "token":
            store.tokens = {key: owner for key, owner in store.tokens.items() if owner != request.user.id}
        if request.signed_by == "session":
            store.sessions.pop(cookies(request).get("sessionid", ""), None)
            headers = [("Set-Cookie", _cookie(name, '""', 0)) for name in ("sessionfresh", "sessionid")]
    return Response(data={"detail": "Successfully logged out."}, headers=headers)
