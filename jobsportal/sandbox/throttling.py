"""Anonymous calls are counted per address over a sliding minute."""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict, deque

from .messages import Request, refuse

WINDOW = 60.0


class Throttle:
    """Lets `limit` anonymous calls a minute through for each address, as the proxy names it."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._seen: dict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def check(self, request: Request) -> None:
        """Refuses with 429 and `Retry-After` when the address has used up its minute."""
        address = "".join(request.headers.get("x-forwarded-for", request.peer).split())
        now = time.monotonic()
        with self._lock:
            seen = self._seen[address]
            while seen and seen[0] <= now - WINDOW:
                seen.popleft()
            if len(seen) < self.limit:
                seen.append(now)
                return
            wait = math.ceil(seen[0] + WINDOW - now) if seen else int(WINDOW)
        words = f"Request was throttled. Expected available in {wait} second{'' if wait == 1 else 's'}."
        raise refuse(429, {"detail": words}, [("Retry-After", str(wait))])

    def clear(self) -> None:
        with self._lock:
            self._seen.clear()
