"""Skeletons: parts, and the lines between them as the label's own drawing has them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from jobsportal.cvat.types import Label
from jobsportal.frames.shapes import DOTS, LINE, Part, parts_of, through

MAX_EDGES = 500
MAX_SVG = 200_000


@dataclass(frozen=True)
class Element:
    """A part of a skeleton on a frame."""

    label_id: int
    points: Sequence[float]
    occluded: bool
    outside: bool


class SkeletonDrawing(HTMLParser):
    """What a label's SVG tells: which nodes stand for which part, and which are joined. It is read, never shown."""

    def __init__(self, svg: str) -> None:
        super().__init__()
        self.nodes: dict[str, str] = {}
        self.edges: list[tuple[str, str]] = []
        try:
            self.feed(svg)
        except (AssertionError, ValueError):
            # The parser gives up on marked sections that it doesn't know, and on numbers of thousands of digits.
            self.edges = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "circle" and told.get("data-node-id"):
            self.nodes[told["data-node-id"]] = told.get("data-label-id") or told.get("data-label-name", "")
        elif tag == "line" and told.get("data-node-from") and len(self.edges) < MAX_EDGES:
            self.edges.append((told["data-node-from"], told.get("data-node-to", "")))


def edges_of(label: Label) -> list[tuple[int, int]]:
    """The ids of the parts' labels that are joined by a line."""
    drawing = SkeletonDrawing(label.svg[:MAX_SVG])
    ids = {str(part.id): part.id for part in label.sublabels} | {part.name: part.id for part in label.sublabels}
    joined = (
        (ids.get(drawing.nodes.get(one, "")), ids.get(drawing.nodes.get(other, ""))) for one, other in drawing.edges
    )
    return [(one, other) for one, other in joined if one is not None and other is not None]


def skeleton_parts(
    elements: Iterable[Element], edges: Iterable[tuple[int, int]], color: str, colors: dict[int, str]
) -> list[Part]:
    """Lines between the parts that are to be seen, then a dot for each; what is outside is left away."""
    shown = {element.label_id: element for element in elements if not element.outside and len(element.points) == 2}
    parts = []
    for one, other in edges:
        if one in shown and other in shown:
            ends = [(shown[place].points[0], shown[place].points[1]) for place in (one, other)]
            parts.append(Part(LINE, through(ends), color))
    for element in shown.values():
        dot = parts_of("points", element.points)
        if dot:
            parts.append(Part(DOTS, dot[0].d, colors.get(element.label_id, color), is_dashed=element.occluded))
    return parts
