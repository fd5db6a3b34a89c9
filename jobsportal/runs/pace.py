"""How fast a run goes: as fast as the upstream takes it, and not at all for a while where it asks for that."""

import threading
import time

from django.conf import settings

from jobsportal.cvat import RetryPolicy, errors

LONGEST_PAUSE = 15.0


def is_hindrance(error: errors.CVATError) -> bool:
    """Whether a failure is about the upstream as a whole, and may pass: nothing more is sent for a while."""
    return isinstance(error, errors.Unreachable | errors.Busy) or error.status in (502, 504)


class Pace:
    """Shared by all calls of a run: what one of them meets, the others heed.

    `last` is what hindered it last; `is_lost` says that nothing has come of the run for RUN_PATIENCE_SECONDS.
    """

    def __init__(self) -> None:
        self.patience: float = settings.RUN_PATIENCE_SECONDS
        self.last: errors.CVATError | None = None
        self._policy = RetryPolicy(backoff=1.0, retry_after_max=self.patience)
        self._lock = threading.Lock()
        self._failures = 0
        self._goes_on = 0.0
        self._last_good = time.monotonic()
        self._is_hopeless = False

    @property
    def seconds_left(self) -> float:
        """How long nothing may be sent; 0 if it may."""
        return max(0.0, self._goes_on - time.monotonic())

    @property
    def is_lost(self) -> bool:
        is_without_end = self._failures > 0 and time.monotonic() - self._last_good > self.patience
        return self._is_hopeless or is_without_end

    def hinder(self, error: errors.CVATError) -> None:
        """The upstream could not be asked. Calls that fail at the same time count as one failure."""
        with self._lock:
            self.last = error
            if not self.seconds_left:
                self._failures += 1
            elif not error.retry_after:
                return
            pause = self.pause(error)
            self._is_hopeless = pause is None
            self._goes_on = max(self._goes_on, time.monotonic() + (pause or 0.0))

    def pause(self, error: errors.CVATError) -> float | None:
        """What the upstream asks for, or longer from one failure to the next; None if that is beyond all patience."""
        if error.retry_after:
            return self._policy.pause(self._failures, error)
        return min(LONGEST_PAUSE, self._policy.pause(min(self._failures, 10), errors.Busy()) or 0.0)

    def well(self) -> None:
        """Something came of it."""
        with self._lock:
            self._failures, self._last_good = 0, time.monotonic()
