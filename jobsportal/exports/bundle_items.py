"""Bundles and tables as the downloads list shows them, beside single exports."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse

from jobsportal.accounts.person import Person
from jobsportal.bundles import orders
from jobsportal.bundles.models import (
    ASKED,
    FAILED,
    LEFT_OUT,
    MADE,
    PREPARING,
    READY,
    STOPPED,
    WAITING,
    ZIP,
    Bundle,
    Part,
)
from jobsportal.exports.get_purposes import PURPOSES
from jobsportal.exports.items import key_of, time_left

SHOWN = 50


@dataclass(frozen=True)
class BundleItem:
    """A bundle: what it is, how it stands, and what can be done about it. `parts` counts its parts by status."""

    bundle: Bundle
    parts: Counter[str] = field(default_factory=Counter)
    is_new: bool = False
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    is_bundle = True
    is_data = True
    is_handed_out_once = False

    @property
    def key(self) -> str:
        return key_of(str(self.bundle.key))

    @property
    def title(self) -> str:
        return self.bundle.title

    @property
    def file_kind(self) -> str:
        return self.bundle.kind.upper()

    @property
    def is_table(self) -> bool:
        return self.bundle.kind != ZIP

    @property
    def state(self) -> str:
        """preparing, ready, failed, stopped or expired."""
        expires = self.bundle.expires
        if self.bundle.status == READY and expires and expires <= self.now:
            return "expired"
        return {PREPARING: "preparing", READY: "ready", FAILED: "failed", STOPPED: "stopped"}[self.bundle.status]

    @property
    def about(self) -> str:
        bundle = self.bundle
        jobs = f"{bundle.total:,} job{'' if bundle.total == 1 else 's'}"
        if self.is_table:
            return f"{jobs} · one row for each object"
        goal = PURPOSES[bundle.purpose].to if bundle.purpose in PURPOSES else ""
        format = f"{goal} ({bundle.format})" if goal else bundle.format
        return f"{jobs} · {format} · {'with images' if bundle.save_images else 'annotations only'}"

    @property
    def done(self) -> int:
        return self.parts[MADE] + self.parts[LEFT_OUT]

    @property
    def percent(self) -> int | None:
        return max(1, min(99, round(100 * self.done / self.bundle.total))) if self.done and self.bundle.total else None

    @property
    def progress_words(self) -> str:
        """Such as "43 of 86 jobs, 25 still wait, about 2 minutes left"."""
        if not self.done and not self.parts[ASKED]:
            return "waiting to begin"
        waits = self.parts[WAITING]
        words = [f"{self.done:,} of {self.bundle.total:,} jobs"]
        words += [f"{waits:,} still wait{'s' if waits == 1 else ''}"] if waits else []
        left = time_left(self.bundle.made, self.done, self.bundle.total, self.now) if self.done else ""
        return ", ".join([*words, *([left] if left else [])])

    @property
    def left_out(self) -> int:
        return self.parts[LEFT_OUT]

    @property
    def asked(self) -> datetime:
        return self.bundle.made

    @property
    def made(self) -> datetime | None:
        return self.bundle.ready or self.bundle.made

    @property
    def expires(self) -> datetime | None:
        return self.bundle.expires

    @property
    def size(self) -> int:
        return getattr(self.bundle, "length", None) or 0

    @property
    def can_be_cancelled(self) -> bool:
        return True

    @property
    def reason(self) -> str:
        return self.bundle.problem or "None of its jobs could be exported."

    @property
    def hints(self) -> dict[str, str]:
        """What is needed to order the same again."""
        return {"bundle": str(self.bundle.key)}

    @property
    def file_url(self) -> str:
        return reverse("exports:bundle_file", args=[self.bundle.key])

    @property
    def form_url(self) -> str:
        """Where another format is chosen for the same jobs."""
        query = urlencode({"org": self.bundle.organization, "bundle": str(self.bundle.key)})
        return "" if self.is_table else f"{reverse('exports:get')}?{query}"

    @property
    def standing(self) -> str:
        """Changes with all that the list shows of it."""
        return f"{self.key} {self.state} {self.done} {self.parts[WAITING]} {self.bundle.problem}"


def bundle_items(person: Person, new: str = "") -> list[BundleItem]:
    """One's own bundles, newest first. No upstream call."""
    bundles = list(orders.own_bundles(person)[:SHOWN])
    counts: dict[int, Counter[str]] = {bundle.pk: Counter() for bundle in bundles}
    rows = Part.objects.filter(bundle__in=bundles).order_by().values_list("bundle", "status").annotate(Count("pk"))
    for bundle, status, count in rows:
        counts[bundle][status] = count
    return [BundleItem(one, counts[one.pk], is_new=str(one.key) == new) for one in bundles]


def parts_among(items: Iterable[BundleItem], ids: Sequence[str]) -> set[str]:
    """Which of these requests make parts of bundles that can still be had: they are no exports of their own."""
    live = [item.bundle.pk for item in items if item.state in ("preparing", "ready")]
    return set(Part.objects.filter(bundle__in=live, rq_id__in=ids).values_list("rq_id", flat=True)) if ids else set()
