"""The objects of one frame, ready to be shown: what is drawn of each, and what is said about it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from jobsportal.annotations.counting import GREY, safe_color
from jobsportal.cvat.labeled import AttributeVal, LabeledImage, Shape, Track
from jobsportal.cvat.spans import TAG, TRACK, FrameObjects, Pair
from jobsportal.cvat.types import Label, Sublabel
from jobsportal.frames.shapes import Part, parts_of
from jobsportal.frames.skeletons import Element, edges_of, skeleton_parts
from jobsportal.frames.tracks import position

MAX_DRAWN = 2000
MAX_PATHS = 4 * 1024 * 1024
MAX_POINTS = 500_000
MAX_VALUE = 200
UNDRAWABLE = "Its points make no shape of this kind, so it can't be drawn."
TOO_DETAILED = "There is too much on this frame to draw this one as well."
POINT_CLOUD = "It is an object in a point cloud, which is not drawn here."


@dataclass
class Drawn:
    """An object on a frame. `kind` is what it is counted as (a shape's type, "tag" or "track"), `type` its shape."""

    number: int
    label_id: int
    label: str
    color: str
    kind: str
    type: str
    id: int | None
    source: str
    z_order: int = 0
    parts: list[Part] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str]] = field(default_factory=list)
    note: str = ""
    is_off: bool = False

    @property
    def what(self) -> str:
        """Such as "rectangle", or "track, rectangle"."""
        return f"track, {self.type}" if self.kind == TRACK and self.type else self.kind

    @property
    def in_words(self) -> str:
        """All there is to know, in one line."""
        told = [f"{self.label}, {self.what}", f"id {self.id}" if self.id is not None else "", self.source, *self.facts]
        told += [f"{name}: {value}" for name, value in self.attributes]
        return " · ".join(part for part in [*told, self.note] if part)


@dataclass
class Names:
    """What the labels say about ids."""

    labels: Sequence[Label]

    def __post_init__(self) -> None:
        self.by_id = {label.id: label for label in self.labels}
        self.joined: dict[int, list[tuple[int, int]]] = {}
        everything: list[Label | Sublabel] = [*self.labels]
        everything += [part for label in self.labels for part in label.sublabels]
        self.names = {part.id: part.name for part in everything}
        self.colors = {part.id: safe_color(part.color) for part in everything}
        self.attributes = {spec.id: spec.name for part in everything for spec in part.attributes}

    def name(self, id: int) -> str:
        return self.names.get(id) or f"label {id}"

    def color(self, id: int) -> str:
        return self.colors.get(id, GREY)

    def edges(self, id: int) -> list[tuple[int, int]]:
        """Parts of a skeleton joined by a line: the label's drawing is read once, however many there are."""
        if id not in self.joined:
            self.joined[id] = edges_of(self.by_id[id]) if id in self.by_id else []
        return self.joined[id]

    def values(self, values: Iterable[AttributeVal]) -> list[tuple[str, str]]:
        """Names and values, without those that say nothing; of long ones the beginning."""
        return [
            (self.attributes.get(one.spec_id, f"attribute {one.spec_id}"), shortened(one.value))
            for one in values
            if one.value
        ]


@dataclass
class Painter:
    """Makes what is shown of a frame's objects. Bounded: what would be too much to draw is told instead.

    `room` is how many characters of paths may still come out, `points` how many numbers may still go in.
    """

    names: Names
    frame: int
    deleted: Collection[int] = ()
    is_flat: bool = True
    room: int = MAX_PATHS
    points: int = MAX_POINTS

    def everything(self, objects: FrameObjects) -> list[Drawn]:
        """In the order of drawing: what lies on top comes last."""
        made = [self.of_tag(tag) for tag in objects.tags]
        made += [self.of_shape(shape) for shape in objects.shapes if not shape.outside]
        made += [drawn for track in objects.tracks if (drawn := self.of_track(track))]
        made.sort(key=lambda drawn: drawn.z_order)
        for number, drawn in enumerate(made, 1):
            drawn.number = number
        return made

    def of_tag(self, tag: LabeledImage) -> Drawn:
        return self.begin(tag, TAG, "")

    def of_shape(self, shape: Shape) -> Drawn:
        made = self.begin(shape, shape.type, shape.type)
        made.z_order = shape.z_order
        elements = [Element(one.label_id, one.points, one.occluded, one.outside) for one in shape.elements]
        self.draw(made, shape.points, shape.rotation, shape.occluded, elements)
        return made

    def of_track(self, track: Track) -> Drawn | None:
        there = position(track, self.frame, self.deleted)
        elements = list(self.elements_of(track))
        if track.elements:
            if all(element.outside for element in elements):
                return None
        elif there is None:
            return None
        type = track.shapes[0].type if track.shapes else "skeleton"
        made = self.begin(track, TRACK, type)
        if there is None:
            self.draw(made, (), 0.0, False, elements)
            return made
        made.z_order, made.note = there.shape.z_order, there.note
        made.attributes = self.names.values(there.attributes)
        made.facts.append("key frame" if there.is_key else f"last key frame {there.shape.frame}")
        self.draw(made, there.points, there.rotation, there.shape.occluded, elements)
        return made

    def elements_of(self, track: Track) -> Iterable[Element]:
        for part in track.elements:
            there = position(part, self.frame, self.deleted)
            points = there.points if there else ()
            yield Element(part.label_id, points, bool(there and there.shape.occluded), there is None)

    def begin(self, item: LabeledImage | Shape | Track, kind: str, type: str) -> Drawn:
        names, values = self.names, self.names.values(item.attributes)
        id, color = item.label_id, self.names.color(item.label_id)
        return Drawn(0, id, names.name(id), color, kind, type[:40], item.id, item.source[:40], attributes=values)

    def draw(self, made: Drawn, points: Sequence[float], turn: float, occluded: bool, elements: list[Element]) -> None:
        if occluded:
            made.facts.append("occluded")
        if turn:
            made.facts.append(f"turned by {turn:.4g}°")
        if not self.is_flat:
            made.note = POINT_CLOUD
            return
        self.points -= len(points) + sum(len(element.points) for element in elements)
        if self.points < 0 or self.room <= 0:
            made.note = TOO_DETAILED
            return
        self.draw_parts(made, points, turn, occluded, elements)
        self.room -= sum(len(part.d) for part in made.parts)
        if self.room < 0:
            made.parts, made.note = [], TOO_DETAILED

    def draw_parts(
        self, made: Drawn, points: Sequence[float], turn: float, occluded: bool, elements: list[Element]
    ) -> None:
        if made.type == "skeleton":
            edges = self.names.edges(made.label_id)
            made.parts = skeleton_parts(elements, edges, made.color, self.names.colors)
            self.name_elements(made, elements)
            return
        parts = parts_of(made.type, points, turn)
        made.parts = [part.styled(made.color, occluded) for part in parts or ()]
        if parts is None:
            made.note = UNDRAWABLE

    def name_elements(self, made: Drawn, elements: list[Element]) -> None:
        for words, chosen in (
            ("parts", [one for one in elements if not one.outside]),
            ("occluded parts", [one for one in elements if one.occluded and not one.outside]),
            ("parts outside", [one for one in elements if one.outside]),
        ):
            if chosen:
                made.facts.append(f"{words}: {', '.join(self.names.name(one.label_id) for one in chosen)}")


def shortened(value: str) -> str:
    return value if len(value) <= MAX_VALUE else f"{value[: MAX_VALUE - 1]}…"


def pair_of(drawn: Drawn) -> Pair:
    return (drawn.label_id, drawn.kind)
