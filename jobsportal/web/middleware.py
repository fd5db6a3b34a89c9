"""Small middlewares: request ids and the log line, security headers, a limit on uploads."""

import logging
import time
from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_vary_headers

from jobsportal.accounts.person import SESSION_KEY as PERSON_KEY
from jobsportal.web.addresses import is_within_page
from jobsportal.web.errors import refused
from jobsportal.web.logs import current_request_id, without_links

GetResponse = Callable[[HttpRequest], HttpResponseBase]

logger = logging.getLogger("jobsportal.access")

# Everything the pages use comes from the portal itself, so no exception is needed.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
# Where files, or pieces of them, come in, and the setting that says how large they may be.
UPLOADS = {
    "/upload/": "UPLOAD_MAX_MIB",
    "/upload/piece": "UPLOAD_PIECE_MIB",
    "/annotations/edit/": "CVAT_MAX_BODY_MIB",
    "/look": "LOOK_MAX_MIB",
}
PEER_SECONDS = 60
FORM_ALLOWANCE = 2 * 1024 * 1024


def request_id(get_response: GetResponse) -> GetResponse:
    """Give each request an id of the portal's own, send it along upstream and back, and log one line."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        token = current_request_id.set(uuid4().hex)
        started = time.monotonic()
        try:
            response = get_response(request)
            response["X-Request-ID"] = current_request_id.get()
            took = 1000 * (time.monotonic() - started)
            path = without_links(request.path).encode("unicode_escape").decode()
            logger.info("%s %s %s %.0f ms", request.method, path, response.status_code, took)
            return response
        finally:
            current_request_id.reset(token)

    return middleware


def health(get_response: GetResponse) -> GetResponse:
    """Answer GET /healthz before the host name is looked at: probes come by address. The upstream isn't asked, since a
    portal whose upstream is down must not be restarted."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain")
        return get_response(request)

    return middleware


def limit_waiting(get_response: GetResponse) -> GetResponse:
    """Give up on a peer that neither sends nor takes a byte for a minute: it would hold a thread for ever."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        connection = request.META.get("gunicorn.socket")
        if connection is not None:
            connection.settimeout(PEER_SECONDS)
        return get_response(request)

    return middleware


def security_headers(get_response: GetResponse) -> GetResponse:
    """Content security policy, and no storing of pages that show other people's work."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        response.headers.setdefault("Cache-Control", "no-store")
        # The same address answers with a page or with its partial.
        patch_vary_headers(response, ["HX-Request"])
        return response

    return middleware


def refuse_oversized(get_response: GetResponse) -> GetResponse:
    """Refuse a body that is larger than it may be, or doesn't say how large it is, before any of it is read or spooled:
    only somebody who is signed in may send a large one, and only to an upload."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
            words = "The length of what is sent has to be told beforehand. Nothing was changed."
            return unread(request, "This has no length", words, 411)
        length = request.META.get("CONTENT_LENGTH") or "0"
        setting = next((setting for end, setting in UPLOADS.items() if request.path.endswith(end)), None)
        is_known = PERSON_KEY in request.session
        most = getattr(settings, setting or "UPLOAD_MAX_MIB")
        limit = most * 1024 * 1024 + FORM_ALLOWANCE if setting and is_known else FORM_ALLOWANCE
        if not length.isdecimal() or int(length) <= limit:
            return get_response(request)
        if setting and not is_known:
            # They may have been signed in when they began.
            status = 401 if is_within_page(request) else 413
            return unread(request, "You are signed out", "Nothing was sent. Sign in, then send it again.", status)
        words = f"Files of up to {most:,} MiB can be uploaded here. Nothing was changed."
        return unread(request, "This is too large", words, 413)

    return middleware


def unread(request: HttpRequest, title: str, words: str, status: int) -> HttpResponse:
    """A refusal that ends the connection, since what is still to come is not read."""
    response = refused(request, title, words, status)
    response["Connection"] = "close"
    return response


def compress(get_response: GetResponse) -> GetResponse:
    """Compress pages. Never streams: a compressed transfer could not be resumed, nor its length told."""
    gzip = GZipMiddleware(lambda request: HttpResponse())

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        return gzip.process_response(request, response) if is_page and not response.streaming else response

    return middleware
