"""What a run has done to a server: for the summary at its end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Ledger:
    """`changes` counts by job and kind what was changed and put back; `left` is what remains upstream."""

    server: str
    version: str = "unknown"
    account: str = ""
    changes: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)
    not_put_back: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        told = [f"{self.server}: version {self.version}, as {self.account or 'nobody'}"]
        told += [f"  changed and put back: {what} ({count} times)" for what, count in sorted(self.changes.items())]
        if not self.changes:
            told.append("  nothing was changed")
        told += [f"  left upstream: {what}" for what in self.left]
        told += [f"  NOT PUT BACK: {what}" for what in self.not_put_back]
        return told


@dataclass(frozen=True)
class Result:
    """How one test went. `operation` is what the summary groups by."""

    operation: str
    server: str
    outcome: str
    reason: str = ""
