"""Which generation of the API a server speaks, and what that means."""

import re
import threading
import time
from typing import NamedTuple

KEPT_SECONDS = 600.0


class Version(NamedTuple):
    """A server's version. Builds of forks and of development (`2.42.1-dev`) count as what they follow."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> "Version":
        """What can't be read counts as new: every version since 2024 says so, and new ways are told when they fail."""
        found = re.match(r"\s*v?(\d{1,4})\.(\d{1,4})", text)
        return cls(int(found[1]), int(found[2])) if found else NEWEST

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @property
    def takes_files_at_once(self) -> bool:
        """An import may be one multipart POST. Before, that is refused, and files come in pieces (TUS)."""
        return self >= FIRST_NEW

    @property
    def consumes(self) -> bool:
        """A finished export can be fetched once, and a finished import stands in the way of the next one."""
        return self < FIRST_NEW

    @property
    def has_validation_layout(self) -> bool:
        return self >= FIRST_NEW

    @property
    def selects_frames_per_job(self) -> bool:
        """Ground truth may be chosen by share and per job; the seed is called `random_seed`."""
        return self >= FIRST_NEW

    @property
    def has_access_tokens(self) -> bool:
        """Personal access tokens (Bearer)."""
        return self >= Version(2, 48)

    @property
    def appends(self) -> bool:
        """An import may add to what is there. Before, the word for that is passed over, and all is replaced."""
        return self >= Version(2, 66)

    @property
    def missing(self) -> list[str]:
        """What the portal offers and this version has not, in words for people."""
        words = {
            "ground truth chosen by share or per job": self.selects_frames_per_job,
            "validation layouts": self.has_validation_layout,
            "downloading a finished export twice": not self.consumes,
            "resuming a download": not self.consumes,
            "personal access tokens": self.has_access_tokens,
            "adding an upload to what is there": self.appends,
        }
        return [thing for thing, is_there in words.items() if not is_there]


# The first version that is known to be without the endpoints of old. Between 2.20 and it nothing was recorded: what
# lies between is spoken to in the ways that both understand.
FIRST_NEW = Version(2, 42)
NEWEST = Version(9999, 0)


class KnownVersions:
    """The versions of servers that were asked lately, by address: asking each time would double the calls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, float]] = {}

    def get(self, url: str) -> str | None:
        with self._lock:
            text, asked = self._known.get(url, ("", 0.0))
            return text if text and time.monotonic() - asked < KEPT_SECONDS else None

    def set(self, url: str, text: str) -> None:
        with self._lock:
            self._known[url] = (text, time.monotonic())

    def forget(self, url: str) -> None:
        with self._lock:
            self._known.pop(url, None)


known_versions = KnownVersions()
