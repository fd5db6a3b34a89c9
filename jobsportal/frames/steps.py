"""Where one can go from a frame, and the strip that shows where annotations are."""

from dataclasses import dataclass

from jobsportal.cvat.spans import Spans
from jobsportal.frames.query import View
from jobsportal.frames.reel import Reel

MAX_BARS = 600
STRIP_HEIGHT = 20


@dataclass(frozen=True)
class Steps:
    """Frame numbers to go to; None where there is none."""

    first: int | None
    previous: int | None
    next: int | None
    last: int | None
    previous_annotated: int | None
    next_annotated: int | None
    annotated: int


def annotated_bits(spans: Spans | None, view: View, reel: Reel) -> int:
    """A bit for each frame of the job that shows something of what the view shows."""
    return spans.annotated(view.shows) & reel.bits if spans else 0


def steps_from(number: int, reel: Reel, bits: int, only_annotated: bool) -> Steps:
    """With `only_annotated`, all steps lead to frames in `bits`; if there are any."""
    here = number - reel.first
    among = bits if only_annotated and bits else reel.bits
    ends = (
        lowest(among),
        highest(among),
        before(among, here),
        after(among, here),
        before(bits, here),
        after(bits, here),
    )
    first, last, previous, following, previous_annotated, next_annotated = (
        None if place is None else reel.first + place for place in ends
    )
    return Steps(first, previous, following, last, previous_annotated, next_annotated, bits.bit_count())


def lowest(bits: int) -> int | None:
    return (bits & -bits).bit_length() - 1 if bits else None


def highest(bits: int) -> int | None:
    return bits.bit_length() - 1 if bits else None


def before(bits: int, place: int) -> int | None:
    return highest(bits & ((1 << place) - 1)) if place > 0 else None


def after(bits: int, place: int) -> int | None:
    found = lowest(bits >> (place + 1))
    return None if found is None else found + place + 1


@dataclass(frozen=True)
class Strip:
    """A drawing of the job's frames from left to right: a bar where something is annotated, as high as the share of
    annotated frames where a bar stands for several. One unit is one bar."""

    width: int
    height: int
    bars: str
    deleted: str
    position: float


def strip_of(reel: Reel, bits: int, place: int) -> Strip:
    total = len(reel.numbers)
    flags = flags_of(reel, bits)
    deleted = {where for number in reel.deleted if (where := reel.position(number)) is not None}
    width = max(1, min(total, MAX_BARS))
    bars = []
    for bar in range(width):
        start, end = bar * total // width, max((bar + 1) * total // width, bar * total // width + 1)
        share = flags.count("1", start, end) / (end - start)
        if share:
            high = max(3, round(STRIP_HEIGHT * share))
            bars.append(f"M{bar} {STRIP_HEIGHT}v-{high}h1v{high}z")
    marks = "".join(f"M{where * width // max(total, 1)} 0h1v3h-1z" for where in sorted(deleted)[:MAX_BARS])
    return Strip(width, STRIP_HEIGHT, "".join(bars), marks, (place + 0.5) * width / max(total, 1))


def flags_of(reel: Reel, bits: int) -> str:
    """A "1" or "0" for each of the job's frames, in order."""
    segment = f"{bits:b}".zfill(reel.last - reel.first + 1)[::-1]
    return "".join(segment[number - reel.first] for number in reel.numbers) if reel.is_chosen else segment
