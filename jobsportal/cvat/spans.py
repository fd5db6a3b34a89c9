"""Annotations cut into spans of frames, so that looking at one frame doesn't mean holding, or reading, all of them.

A job's annotations may be 50 MiB of JSON, and five times that as objects. Here each object stays the JSON it came as;
only what tells where it belongs is read. What comes out is small: per label and kind, on which frames it shows,
and the objects of each span of frames, packed. Tracks are cut to the key frames that a span's frames depend on.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from msgspec.json import decode, encode

from jobsportal.cvat.labeled import AttributeVal, LabeledImage, Shape, ShapeOutline, Track, TrackedShapeOutline
from jobsportal.cvat.presence import Presence
from jobsportal.cvat.types import Id, Record

SPAN_BYTES = 256 * 1024
FRAME_BYTES = 8 * 1024 * 1024
MAX_PAIRS = 10_000
TAG, TRACK = "tag", "track"
Pair = tuple[int, str]  # a label's id, and a kind: that of a shape, "tag" or "track"


class TagOutline(Record, frozen=True, gc=False):
    """A tag: only where it belongs."""

    label_id: Id
    frame: Id


class KeyOutline(TrackedShapeOutline, frozen=True):
    """A key frame without its points."""

    attributes: Sequence[AttributeVal] = ()


class TrackPiece(Record, frozen=True):
    """A track whose key frames are still JSON."""

    label_id: Id
    frame: Id
    shapes: list[msgspec.Raw] = []
    id: Id | None = None
    group: int | None = 0
    source: str = "manual"
    attributes: Sequence[AttributeVal] = ()
    elements: Sequence[TrackPiece] = ()


class Pieces(Record, frozen=True):
    """All annotations, or those of a span: each object is still JSON."""

    tags: list[msgspec.Raw] = []
    shapes: list[msgspec.Raw] = []
    tracks: list[msgspec.Raw] = []


@dataclass(frozen=True)
class FrameObjects:
    """What there is on one frame. `counts` is of everything; the objects are those that were wanted, up to a limit of
    their number, and to FRAME_BYTES of JSON: objects take many times that. `broken` counts those that are not what the
    API promises."""

    counts: dict[Pair, int]
    tags: list[LabeledImage] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    tracks: list[Track] = field(default_factory=list)
    left_out: int = 0
    broken: int = 0


@dataclass
class Spans:
    """The annotations of a job from frame `first` to `last`.

    `totals` counts objects by label and kind; `presence` has, for each, on which frames it shows, counted from
    `first`. `strays` counts objects that are on no frame of the job: upstreams accept them in silence.
    """

    first: int
    last: int
    totals: dict[Pair, int] = field(default_factory=dict)
    presence: dict[Pair, Presence] = field(default_factory=dict)
    strays: int = 0
    deleted: frozenset[int] = frozenset()
    starts: list[int] = field(default_factory=list)
    packed: list[bytes] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""
        packed = sum(map(len, self.packed)) + 100 * len(self.packed)
        counted = 200 * len(self.totals) + sum(one.weight for one in self.presence.values())
        return packed + counted + 80 * len(self.deleted)

    def annotated(self, wanted: Callable[[Pair], bool]) -> int:
        """A number whose bit n says whether frame `first + n` shows something of what is wanted."""
        chosen = [presence for pair, presence in self.presence.items() if wanted(pair)]
        together, bits = bytearray((self.last - self.first) // 8 + 1), 0
        for presence in chosen:
            if presence.bits is None:
                presence.marked(together)
            else:
                bits |= int.from_bytes(presence.bits, "little")
        return bits | int.from_bytes(together, "little")

    def on(
        self, frame: int, wanted: Callable[[Pair], bool] = lambda pair: True, limit: int = 1_000_000
    ) -> FrameObjects:
        """The objects on a frame. Tracks come with the key frames around it, whether they show there or not."""
        place = bisect_right(self.starts, frame) - 1
        if place < 0:
            return FrameObjects({})
        pieces = decode(zlib.decompress(self.packed[place]), type=Pieces)
        return chosen(objects_of(pieces, frame, self.deleted - {frame}), wanted, limit)


Found = tuple[Pair, msgspec.Raw, type[LabeledImage] | type[Shape] | type[Track]]


def chosen(objects: Iterable[Found], wanted: Callable[[Pair], bool], limit: int) -> FrameObjects:
    counts: dict[Pair, int] = defaultdict(int)
    found = FrameObjects(counts)
    left_out = broken = 0
    room = FRAME_BYTES
    places: dict[type, list[Any]] = {LabeledImage: found.tags, Shape: found.shapes, Track: found.tracks}
    for pair, raw, kind in objects:
        counts[pair] += 1
        if not wanted(pair):
            continue
        size = len(memoryview(raw))
        if size > room or sum(map(len, places.values())) >= limit:
            left_out += 1
            continue
        room -= size
        try:
            places[kind].append(decode(raw, type=kind))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            broken += 1
    return replace(found, counts=dict(counts), left_out=left_out, broken=broken)


def objects_of(pieces: Pieces, frame: int, deleted: Collection[int]) -> Iterator[Found]:
    """Each object on a frame: its label and kind, and what it is to be read as."""
    for raw in pieces.tags:
        tag = decode(raw, type=TagOutline)
        if tag.frame == frame:
            yield (tag.label_id, TAG), raw, LabeledImage
    for raw in pieces.shapes:
        shape = decode(raw, type=ShapeOutline)
        if shape.frame == frame:
            yield (shape.label_id, shape.type), raw, Shape
    for raw in pieces.tracks:
        track = decode(raw, type=TrackPiece)
        if any(first <= frame <= last for first, last in Cutting.of(track).seen(frame, frame, deleted)):
            yield (track.label_id, TRACK), raw, Track


@dataclass
class Cutting:
    """A track, ready to be cut: its key frames in order, with what was read of them."""

    track: TrackPiece
    keys: list[KeyOutline]
    shapes: list[msgspec.Raw]
    elements: list[Cutting]

    @classmethod
    def of(cls, track: TrackPiece) -> Cutting:
        pairs = [(decode(raw, type=KeyOutline), raw) for raw in track.shapes]
        pairs.sort(key=lambda pair: pair[0].frame)
        elements = [cls.of(element) for element in track.elements]
        return cls(track, [key for key, _ in pairs], [raw for _, raw in pairs], elements)

    def seen(self, first: int, last: int, deleted: Collection[int]) -> Iterator[tuple[int, int]]:
        """The stretches of frames, within first to last, on which it shows; those of its parts, if it has any."""
        if self.elements:
            for element in self.elements:
                yield from element.seen(first, last, deleted)
            return
        keys = [key for key in self.keys if key.frame not in deleted]
        for number, key in enumerate(keys):
            end = keys[number + 1].frame - 1 if number + 1 < len(keys) else last
            if not key.outside and max(key.frame, first) <= min(end, last):
                yield max(key.frame, first), min(end, last)

    def cut(self, first: int, last: int, deleted: Collection[int]) -> TrackPiece:
        """The same track with the key frames that the frames from first to last depend on.

        That is those within, and the nearest before and after; values of attributes that were given before are kept.
        As in CVAT, a key frame on a deleted frame says nothing about others.
        """
        lasting = [place for place, key in enumerate(self.keys) if key.frame not in deleted]
        before = [place for place in lasting if self.keys[place].frame <= first][-1:]
        after = [place for place in lasting if self.keys[place].frame > last][:1]
        within = [place for place, key in enumerate(self.keys) if first <= key.frame <= last]
        kept = sorted({*before, *within, *after})
        values = {value.spec_id: value for value in self.track.attributes}
        for key in self.keys[: kept[0] if kept else 0]:
            values |= {value.spec_id: value for value in key.attributes}
        return msgspec.structs.replace(
            self.track,
            shapes=[self.shapes[place] for place in kept],
            attributes=list(values.values()),
            elements=[element.cut(first, last, deleted) for element in self.elements],
        )

    def weights(self) -> Iterator[tuple[int, int]]:
        """Frame and bytes of each key frame."""
        yield from ((key.frame, len(memoryview(raw))) for key, raw in zip(self.keys, self.shapes, strict=True))
        for element in self.elements:
            yield from element.weights()


def cut(body: bytes, first: int, last: int, deleted: Collection[int] = ()) -> Spans:
    """The annotations in this JSON, by spans of the job's frames. Raises msgspec.DecodeError for anything else."""
    pieces = decode(body, type=Pieces)
    sorter = Sorter(Spans(first, last, deleted=frozenset(deleted)), frozenset(deleted))
    for raw in pieces.tags:
        tag = decode(raw, type=TagOutline)
        sorter.add((tag.label_id, TAG), tag.frame, raw, sorter.tags)
    for raw in pieces.shapes:
        shape = decode(raw, type=ShapeOutline)
        sorter.add((shape.label_id, shape.type), shape.frame, raw, sorter.shapes)
    for raw in pieces.tracks:
        sorter.add_track(Cutting.of(decode(raw, type=TrackPiece)))
    sorter.pack()
    return sorter.made


ByFrame = dict[int, list[msgspec.Raw]]


@dataclass
class Sorter:
    """Objects by frame, on their way into spans."""

    made: Spans
    deleted: frozenset[int]
    tags: ByFrame = field(default_factory=lambda: defaultdict(list))
    shapes: ByFrame = field(default_factory=lambda: defaultdict(list))
    tracks: list[tuple[Cutting, int, int]] = field(default_factory=list)
    weights: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    frames: list[int] = field(default_factory=list)

    def add(self, pair: Pair, frame: int, raw: msgspec.Raw, place: ByFrame) -> None:
        is_inside = self.made.first <= frame <= self.made.last
        self._count(pair, [(frame, frame)] if is_inside else [], is_stray=not is_inside)
        if is_inside:
            place[frame].append(raw)
            self.weights[frame] += len(memoryview(raw))

    def add_track(self, track: Cutting) -> None:
        seen = list(track.seen(self.made.first, self.made.last, self.deleted))
        weights = list(track.weights())
        is_inside = any(self.made.first <= frame <= self.made.last for frame, _ in weights)
        self._count((track.track.label_id, TRACK), seen, is_stray=not seen and not is_inside)
        if not seen:
            return
        self.tracks.append((track, min(start for start, _ in seen), max(end for _, end in seen)))
        for frame, weight in weights:
            self.weights[min(max(frame, self.made.first), self.made.last)] += weight

    def _count(self, pair: Pair, seen: list[tuple[int, int]], is_stray: bool) -> None:
        made = self.made
        if pair not in made.totals and len(made.totals) >= MAX_PAIRS:
            raise msgspec.ValidationError(f"more than {MAX_PAIRS:,} labels and kinds")
        made.totals[pair] = made.totals.get(pair, 0) + 1
        made.strays += is_stray
        if seen and pair not in made.presence:
            made.presence[pair] = Presence(made.last - made.first + 1)
        for start, end in seen:
            made.presence[pair].add(start - made.first, end - made.first)

    def pack(self) -> None:
        made = self.made
        self.frames = sorted(self.weights.keys() | {made.first})
        made.starts = list(self.starts())
        for start, following in zip(made.starts, [*made.starts[1:], made.last + 1], strict=True):
            made.packed.append(zlib.compress(encode(self.span(start, following - 1)), 1))

    def starts(self) -> Iterator[int]:
        """The first frame of each span: a span ends where it grows too heavy, but never within a frame."""
        weight = 0
        for frame in self.frames:
            if frame == self.made.first or (weight and weight + self.weights[frame] > SPAN_BYTES):
                yield frame
                weight = 0
            weight += self.weights[frame]

    def span(self, first: int, last: int) -> Pieces:
        frames = self.frames[bisect_left(self.frames, first) : bisect_right(self.frames, last)]
        tracks = [
            track.cut(first, last, self.deleted) for track, start, end in self.tracks if start <= last and end >= first
        ]
        return Pieces(
            tags=[raw for frame in frames for raw in self.tags.get(frame, ())],
            shapes=[raw for frame in frames for raw in self.shapes.get(frame, ())],
            tracks=[msgspec.Raw(encode(track)) for track in tracks],
        )
