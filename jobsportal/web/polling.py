"""How often a page that waits for the upstream's background work looks again."""

from datetime import UTC, datetime

from django.conf import settings

SLOWEST = 5.0
PATIENCE = 10.0


def pace(since: datetime | None, now: datetime | None = None) -> int:
    """Milliseconds until the next look: `POLL_SECONDS` at first, twice as long after 10 s, again after 20 s and so on,
    up to 5 s. `since` is when the waiting began."""
    waited = ((now or datetime.now(UTC)) - since).total_seconds() if since else 0.0
    delay, patience = settings.POLL_SECONDS, PATIENCE
    while waited >= patience and delay < SLOWEST:
        delay, patience = delay * 2, patience * 2
    return round(1000 * min(delay, max(SLOWEST, settings.POLL_SECONDS)))
