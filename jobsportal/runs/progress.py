"""How far a run is: numbers, pace and remaining time."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils import timezone

from jobsportal.runs import workers
from jobsportal.runs.models import CHANGED, FAILED, QUEUED, REFUSED, UNCHANGED, WAITING, Item, Run, counted

RECENT_SECONDS = 30.0


@dataclass(frozen=True)
class Progress:
    """`per_second` is that of the last half minute; 0 while nothing is done. `is_waiting`: no worker is running."""

    total: int
    changed: int
    unchanged: int
    refused: int
    failed: int
    left: int
    per_second: float = 0.0
    is_waiting: bool = False

    @property
    def done(self) -> int:
        return self.total - self.left

    @property
    def percent(self) -> int:
        """Whole percents, and never 100 while anything is left."""
        return 100 * self.done // self.total if self.total else 100

    @property
    def counts(self) -> dict[str, int]:
        """By the names that addresses give to outcomes."""
        return {name: getattr(self, name) for name in ("changed", "unchanged", "refused", "failed", "left")}

    @property
    def pace_in_words(self) -> str:
        """How fast it goes and how long it still takes; empty where that can't be told."""
        if not self.per_second or not self.left:
            return ""
        rate = f"{self.per_second:,.0f} a second" if self.per_second >= 1 else f"{self.per_second * 60:,.0f} a minute"
        return f"{rate}, {duration(self.left / self.per_second)} left"


def progress_of(run: Run, now: datetime | None = None) -> Progress:
    """Upstream: nothing."""
    known = numbers(counted(run))
    if not run.is_live:
        return known
    return replace(known, per_second=pace_of(run, now or timezone.now()), is_waiting=not workers.is_anybody_there())


def progress_by_run(runs: Iterable[Run]) -> dict[int, Progress]:
    """The numbers of many runs, without their pace, by primary key."""
    by_run: dict[int, dict[str, int]] = {run.pk: {} for run in runs}
    rows = Item.objects.filter(run__in=by_run).order_by().values_list("run", "outcome").annotate(Count("pk"))
    for pk, outcome, count in rows:
        by_run[pk][outcome] = count
    return {pk: numbers(counts) for pk, counts in by_run.items()}


def numbers(counts: dict[str, int]) -> Progress:
    return Progress(
        total=sum(counts.values()),
        changed=counts.get(CHANGED, 0),
        unchanged=counts.get(UNCHANGED, 0),
        refused=counts.get(REFUSED, 0),
        failed=counts.get(FAILED, 0),
        left=counts.get(WAITING, 0),
    )


def pace_of(run: Run, now: datetime) -> float:
    """Items a second lately. A run that was taken up just now is measured from there."""
    if run.status == QUEUED or run.started is None:
        return 0.0
    since = max(run.started, now - timedelta(seconds=RECENT_SECONDS))
    seconds = (now - since).total_seconds()
    return run.items.filter(done__gte=since).count() / seconds if seconds >= 1 else 0.0


def duration(seconds: float) -> str:
    """A length of time, roughly."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.1f} h"


def took(run: Run) -> str:
    """How long a run took, from the first thing done to its end."""
    if run.started is None or run.ended is None:
        return ""
    return duration((run.ended - run.started).total_seconds()).removeprefix("about ")
