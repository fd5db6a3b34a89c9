"""How often a page that waits for the upstream's background work looks again."""

from datetime import UTC, datetime

from django.conf import settings

SLOWEST = 5.0
PATIENCE = 10.0


def pace(since: datetime | None, now: datetime | None = None) -> int:
    """Milliseconds until the next look: `POLL_SECONDS` at first, twice as long after 10 s, again after 20 s and so on,
    up to 5 s. `since` is when the waiting began."""
    delay, patience = settings.POLL_SECONDS, PATIENCE
    while seconds_since(since, now) >= patience and delay < SLOWEST:
        delay, patience = delay * 2, patience * 2
    return round(1000 * min(delay, max(SLOWEST, settings.POLL_SECONDS)))


def stage_of_waiting(since: datetime | None) -> str:
    """Changes with the pace and with every minute: whatever shows how long it has been, is old when this is another."""
    return f"{pace(since)}.{seconds_since(since) // 60:.0f}"


def seconds_since(since: datetime | None, now: datetime | None = None) -> float:
    return max(0.0, ((now or datetime.now(UTC)) - since).total_seconds()) if since else 0.0
