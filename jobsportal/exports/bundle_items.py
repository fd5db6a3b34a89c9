"""Bundles and tables as the downloads list shows them, beside single exports."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.urls import reverse

from jobsportal.accounts.person import Person
from jobsportal.bundles import orders
from jobsportal.bundles.models import FAILED, PREPARING, READY, STOPPED, Bundle, Part
from jobsportal.exports.get_purposes import PURPOSES
from jobsportal.exports.items import key_of, time_left

SHOWN = 50


@dataclass(frozen=True)
class BundleItem:
    """A bundle: what it is, how it stands, how far it is, and what can be done about it."""

    bundle: Bundle
    progress: orders.Progress
    is_new: bool = False
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    is_bundle = True
    is_data = True
    is_handed_out_once = False

    @property
    def id(self) -> str:
        return str(self.bundle.key)

    @property
    def key(self) -> str:
        return key_of(self.id)

    @property
    def title(self) -> str:
        return self.bundle.title

    @property
    def file_kind(self) -> str:
        return self.bundle.kind.upper()

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
        if self.bundle.is_table:
            return f"{jobs} · one row for each object"
        goal = PURPOSES[bundle.purpose].to if bundle.purpose in PURPOSES else ""
        format = f"{goal} ({bundle.format})" if goal else bundle.format
        return f"{jobs} · {format} · {'with images' if bundle.save_images else 'annotations only'}"

    @property
    def percent(self) -> int | None:
        return max(1, min(99, self.progress.percent)) if self.progress.percent else None

    @property
    def progress_words(self) -> str:
        """Such as "43 of 86 jobs, 43 still wait, about 2 minutes left"."""
        told = self.progress
        done = told.made + told.left_out
        if not done:
            return "waiting to begin"
        left = time_left(self.bundle.made, done, told.total, self.now)
        waits = f"{told.waiting:,} still wait{'s' if told.waiting == 1 else ''}"
        return ", ".join(part for part in (f"{done:,} of {told.total:,} jobs", waits, left) if part)

    @property
    def left_out(self) -> int:
        return self.progress.left_out

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
        """In bytes; before it was handed over once, about what its parts come to. 0 where that is not known."""
        return self.bundle.length or self.progress.size or 0

    @property
    def can_be_cancelled(self) -> bool:
        return True

    @property
    def reason(self) -> str:
        return self.bundle.problem or "None of its jobs could be exported."

    @property
    def page_url(self) -> str:
        return reverse("bundles:bundle", args=[self.bundle.key])

    @property
    def file_url(self) -> str:
        return reverse("bundles:file", args=[self.bundle.key])

    @property
    def form_url(self) -> str:
        """Where another format is chosen for the same jobs."""
        query = urlencode({"org": self.bundle.organization, "bundle": str(self.bundle.key)})
        return "" if self.bundle.is_table else f"{reverse('exports:get')}?{query}"

    @property
    def standing(self) -> str:
        """Changes with all that the list shows of it."""
        return f"{self.key} {self.state} {self.progress} {self.bundle.problem}"


def bundle_items(person: Person, new: str = "") -> list[BundleItem]:
    """One's own bundles, newest first. No upstream call."""
    bundles = list(orders.own_bundles(person)[:SHOWN])
    progress = orders.progress_of(bundles)
    return [BundleItem(one, progress[one.pk], is_new=str(one.key) == new) for one in bundles]


def parts_among(items: Iterable[BundleItem], ids: Sequence[str]) -> set[str]:
    """Which of these requests make parts of bundles that can still be had: they are no exports of their own."""
    live = [item.bundle.pk for item in items if item.state in ("preparing", "ready")]
    return set(Part.objects.filter(bundle__in=live, rq_id__in=ids).values_list("rq_id", flat=True)) if ids else set()
