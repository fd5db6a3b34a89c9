"""Whether to try an exchange again, and how long to wait first: pure decisions, apart from any sleeping."""

import random
from dataclasses import dataclass

from jobsportal.cvat import errors

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
PASSING_STATUSES = frozenset({429, 502, 503, 504})


@dataclass(frozen=True)
class RetryPolicy:
    """How often, and how patiently, an idempotent exchange is repeated. Times are in seconds."""

    attempts: int = 3
    backoff: float = 0.2
    retry_after_max: float = 3.0

    def delay(self, method: str, attempt: int, error: errors.CVATError) -> float | None:
        """The wait before the next attempt, or None to give up. `attempt` counts from 1.

        A POST or PATCH that failed may have been carried out, so it is never sent twice. A server that asks for more
        patience than `retry_after_max` is taken at its word: the caller is told instead of being kept waiting.
        """
        if method not in IDEMPOTENT or attempt >= self.attempts or not is_passing(error):
            return None
        return self.pause(attempt, error)

    def pause(self, attempt: int, error: errors.CVATError) -> float | None:
        """How long to wait after this many failures in a row; None if the server asks for more patience than there
        is."""
        if error.retry_after is not None:
            return error.retry_after if error.retry_after <= self.retry_after_max else None
        return self.backoff * 2 ** (attempt - 1) * random.uniform(0.5, 1.0)


def is_passing(error: errors.CVATError) -> bool:
    """Whether the same request may well succeed a moment later. A time-out may not: it has used up the patience."""
    if isinstance(error, errors.TimedOut):
        return False
    return isinstance(error, errors.Unreachable) or error.status in PASSING_STATUSES
