"""Points of a shape as SVG paths. All kinds come down to four things: areas, masks, lines and dots."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite

from jobsportal.frames.masks import mask_path

AREA, MASK, LINE, DOTS = "area", "mask", "line", "dots"
# The vertices of a cuboid come in pairs, upper and lower, around its four upright edges; the first two make its front.
FRONT = (0, 1, 3, 2)
OTHER_EDGES = ((0, 6), (2, 4), (4, 6), (1, 7), (3, 5), (5, 7), (4, 5), (6, 7))

Points = Sequence[float]


@dataclass(frozen=True)
class Part:
    """A path of one kind. Dots are lines without a length, which the style draws round."""

    kind: str
    d: str
    color: str = ""
    turn: str = ""
    is_dashed: bool = False

    def styled(self, color: str, is_dashed: bool) -> "Part":
        return replace(self, color=color, is_dashed=is_dashed)


def parts_of(type: str, points: Points, rotation: float = 0.0) -> list[Part] | None:
    """How a shape is drawn; None for points that make no shape of this type."""
    draw = DRAWN.get(type)
    if draw is None or not all(isfinite(value) and abs(value) < 1e9 for value in points):
        return None
    parts = draw(points)
    if parts and rotation and type in ("rectangle", "ellipse"):
        parts = [replace(part, turn=turn_of(type, points, rotation)) for part in parts]
    return parts


def number(value: float) -> str:
    """A coordinate to a hundredth of a pixel, as short as it can be."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def pairs(points: Points) -> list[tuple[float, float]]:
    return list(zip(points[::2], points[1::2], strict=False))


def through(corners: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in corners)


def turn_of(type: str, points: Points, rotation: float) -> str:
    """CVAT turns clockwise, in degrees, around the middle; so does SVG."""
    x, y = points[0], points[1]
    if type == "rectangle":
        x, y = (points[0] + points[2]) / 2, (points[1] + points[3]) / 2
    return f"rotate({number(rotation)} {number(x)} {number(y)})"


def rectangle(points: Points) -> list[Part] | None:
    if len(points) != 4:
        return None
    left, top, right, bottom = points
    return [Part(AREA, through([(left, top), (right, top), (right, bottom), (left, bottom)]) + "Z")]


def ellipse(points: Points) -> list[Part] | None:
    """The middle, then how far right and how far up it reaches."""
    if len(points) != 4:
        return None
    x, y, right, top = points
    rx, ry = abs(right - x), abs(y - top)
    arc = f"A{number(rx)} {number(ry)} 0 1 1"
    path = f"M{number(x - rx)} {number(y)}{arc} {number(x + rx)} {number(y)}{arc} {number(x - rx)} {number(y)}Z"
    return [Part(AREA, path)]


def polygon(points: Points) -> list[Part] | None:
    return [Part(AREA, through(pairs(points)) + "Z")] if len(points) >= 6 and len(points) % 2 == 0 else None


def polyline(points: Points) -> list[Part] | None:
    return [Part(LINE, through(pairs(points)))] if len(points) >= 4 and len(points) % 2 == 0 else None


def dots(points: Points) -> list[Part] | None:
    if len(points) < 2 or len(points) % 2:
        return None
    return [Part(DOTS, "".join(f"M{number(x)} {number(y)}h0" for x, y in pairs(points)))]


def cuboid(points: Points) -> list[Part] | None:
    if len(points) != 16:
        return None
    corners = pairs(points)
    edges = "".join(through([corners[one], corners[other]]) for one, other in OTHER_EDGES)
    return [Part(LINE, edges), Part(AREA, through([corners[place] for place in FRONT]) + "Z")]


def mask(points: Points) -> list[Part] | None:
    path = mask_path(points)
    return None if path is None else [Part(MASK, path)]


DRAWN: dict[str, Callable[[Points], list[Part] | None]] = {
    "rectangle": rectangle,
    "ellipse": ellipse,
    "polygon": polygon,
    "polyline": polyline,
    "points": dots,
    "cuboid": cuboid,
    "mask": mask,
}
