"""What of the recordings is not compared, and where the sandbox is known to differ; each with its reason."""

from __future__ import annotations

import re

from .records import Exchange

# Addresses that the sandbox does not serve: the portal never asks for them.
OUT_OF_SCOPE = [
    (r"/api/lambda/.*", "automatic annotation needs a service of its own"),
    (r"/api/quality/.*", "quality reports are no part of jobs"),
    (r"/api/consensus/.*", "consensus is no part of jobs"),
    (r"/api/(webhooks|events|invitations)", "administration, not jobs"),
    (r"/api/(guides/\d+|jobs/\d+/guide)", "annotation guides are not stored"),
    (r"/api/(schema|swagger|docs)/", "the server's own documentation"),
    (r"/api/auth/(register|rules|access_tokens.*)", "people are made by the demo, not by registering"),
    (r"/api/server/share", "there is no file share"),
    (r"/(admin|django-rq)/", "the server's back office"),
]


def reason_out(exchange: Exchange) -> str | None:
    """Why an exchange is not compared, or None when it is."""
    for pattern, reason in OUT_OF_SCOPE:
        if re.fullmatch(pattern, exchange.path):
            return reason
    return None


def in_scope(exchange: Exchange) -> bool:
    return reason_out(exchange) is None


# Exchange (by the beginning of its name) → why the sandbox's answer differs. None of these counts as agreeing.
KNOWN: dict[str, dict[str, str]] = {"2.20": {}, "2.42": {}}
