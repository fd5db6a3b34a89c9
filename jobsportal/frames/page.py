"""What the viewer shows of a frame, in the words and numbers its templates need."""

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property

from django.conf import settings
from django.urls import reverse

from jobsportal.annotations.counting import in_order, plural
from jobsportal.cvat.spans import FrameObjects
from jobsportal.frames.drawing import MAX_DRAWN, Drawn, Names, Painter, pair_of
from jobsportal.frames.query import FIT, View
from jobsportal.frames.readings import Reading
from jobsportal.frames.reel import Frame
from jobsportal.frames.steps import Steps, Strip, annotated_bits, lowest, steps_from, strip_of

MAX_SIDE = 1_000_000
# For a frame whose size is not told: then only its picture is shown, and fits itself in.
UNKNOWN_SIZE = (640, 480)


@dataclass(frozen=True)
class Choice:
    """A line of the legend: how many there are here, and in the whole job."""

    value: str
    name: str
    color: str
    here: int
    total: int
    is_shown: bool


class FramePage:
    """One frame, seen through a view. `place` is None if it isn't one of the job's frames."""

    def __init__(self, reading: Reading, view: View, number: int | None) -> None:
        self.reading, self.reel, self.spans = reading, reading.reel, reading.spans
        self.names = Names(reading.labels or [])
        totals = self.spans.totals if self.spans else {}
        self.view = view.plain({label_id for label_id, _ in totals}, {kind for _, kind in totals})
        self.bits = annotated_bits(self.spans, self.view, self.reel)
        self.number = self.begin() if number is None else number
        self.place = self.reel.position(self.number)

    def begin(self) -> int:
        """Where one starts who names no frame."""
        annotated = lowest(self.bits) if self.view.annotated else None
        return self.reel.numbers[0] if annotated is None else self.reel.first + annotated

    @cached_property
    def frame(self) -> Frame:
        return self.reel.frame(self.number)

    @property
    def is_flat(self) -> bool:
        """Whether there is a picture to draw on: frames of 3D jobs are point clouds."""
        return self.reel.job.dimension != "3d"

    @cached_property
    def everything(self) -> FrameObjects:
        return self.spans.on(self.number, limit=MAX_DRAWN) if self.spans else FrameObjects({})

    @property
    def is_complete(self) -> bool:
        return not self.everything.left_out

    @cached_property
    def objects(self) -> FrameObjects:
        """Everything on the frame, so that the legend can show and hide it at once; where that is more than can be
        drawn, what the view shows, up to that."""
        if self.spans is None or self.is_complete:
            return self.everything
        return self.spans.on(self.number, self.view.shows, MAX_DRAWN)

    @cached_property
    def drawn(self) -> list[Drawn]:
        painter = Painter(self.names, self.number, self.reel.deleted, self.is_flat)
        made = painter.everything(self.objects)
        for drawn in made:
            drawn.is_off = not self.view.shows(pair_of(drawn))
        return made

    @property
    def shown(self) -> int:
        """How many objects are shown."""
        return sum(not drawn.is_off for drawn in self.drawn)

    @cached_property
    def steps(self) -> Steps:
        return steps_from(self.number, self.reel, self.bits, self.view.annotated)

    @cached_property
    def strip(self) -> Strip:
        return strip_of(self.reel, self.bits, self.place or 0)

    @property
    def has_size(self) -> bool:
        return 0 < self.frame.width <= MAX_SIDE and 0 < self.frame.height <= MAX_SIDE

    @property
    def size(self) -> tuple[int, int]:
        return (self.frame.width, self.frame.height) if self.has_size else UNKNOWN_SIZE

    @property
    def shown_size(self) -> tuple[int, int]:
        """At the chosen zoom; when it is fitted into the page, the style decides."""
        share = 1 if self.view.zoom == FIT else int(self.view.zoom) / 100
        return round(self.size[0] * share), round(self.size[1] * share)

    @property
    def labels(self) -> list[Choice]:
        here, total = self._counted(0)
        shown = self.view.labels
        known = [(self.names.name(id), id) for id in total]
        return [
            Choice(str(id), name, self.names.color(id), here[id], total[id], shown is None or id in shown)
            for name, id in sorted(known, key=lambda pair: pair[0].casefold())
        ]

    @property
    def kinds(self) -> list[Choice]:
        here, total = self._counted(1)
        shown = self.view.kinds
        return [
            Choice(kind, plural(kind), "", here[kind], total[kind], shown is None or kind in shown)
            for kind in in_order(total)
        ]

    def _counted(self, side: int) -> tuple[Counter, Counter]:
        here: Counter = Counter()
        total: Counter = Counter()
        for pair, count in (self.spans.totals if self.spans else {}).items():
            total[pair[side]] += count
        for pair, count in self.objects.counts.items():
            here[pair[side]] += count
        return here, total

    def to(self, number: int | None) -> str:
        """The address of another frame, seen the same way; "" for none."""
        if number is None:
            return ""
        return reverse("frames:frame", args=[self.reel.job.id, number]) + self.view.query()

    @property
    def links(self) -> dict[str, str]:
        steps = self.steps
        return {
            "first": self.to(steps.first if steps.first != self.number else None),
            "previous": self.to(steps.previous),
            "next": self.to(steps.next),
            "last": self.to(steps.last if steps.last != self.number else None),
            "previous_annotated": self.to(steps.previous_annotated),
            "next_annotated": self.to(steps.next_annotated),
        }

    @property
    def address(self) -> str:
        return self.to(self.number)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a form carries along so that the next frame is seen the same way."""
        return self.view.items()

    @property
    def query_start(self) -> str:
        """The view as the beginning of a query that goes on."""
        query = self.view.query()
        return f"{query}&" if query else "?"

    @property
    def ordinal(self) -> int:
        return (self.place or 0) + 1

    @property
    def last_place(self) -> int:
        return len(self.reel.numbers) - 1

    @property
    def last_number(self) -> int:
        return self.reel.numbers[-1]

    @property
    def upstream_url(self) -> str:
        """The same frame in the upstream's own pages."""
        job = self.reel.job
        return f"{settings.CVAT_PUBLIC_URL}/tasks/{job.task_id}/jobs/{job.id}?frame={self.number}"

    @property
    def unfiltered(self) -> str:
        return (
            reverse("frames:frame", args=[self.reel.job.id, self.number])
            + replace(self.view, labels=None, kinds=None).query()
        )

    @property
    def zooms(self) -> list[tuple[str, str, str, bool]]:
        """Value, name, address, and whether it is the present one."""
        base = reverse("frames:frame", args=[self.reel.job.id, self.number])
        names = {FIT: "Fit", "100": "100%", "200": "200%"}
        return [(zoom, name, base + self.view.query(zoom=zoom), zoom == self.view.zoom) for zoom, name in names.items()]

    @property
    def preload(self) -> str:
        """The picture that will most likely be wanted next."""
        following = self.steps.next
        return reverse("frames:picture", args=[self.reel.job.id, following]) if following is not None else ""
