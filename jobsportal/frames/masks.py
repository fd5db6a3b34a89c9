"""Masks as outlines: run lengths of pixels become the path around them, exact to the pixel."""

from collections.abc import Iterator, Sequence

MAX_ROWS = 20_000
MAX_RUNS = 100_000

Links = dict[tuple[int, int], tuple[int, int]]


def mask_path(points: Sequence[float]) -> str | None:
    """The outline of a mask as an SVG path, for the even-odd rule; None for what is no mask, or far too detailed.

    The points are run lengths, of background and object in turn, row by row through a box, and then that box: left,
    top, right, bottom, all included.
    """
    if len(points) < 6 or len(points) > MAX_RUNS:
        return None
    left, top, right, bottom = (int(value) for value in points[-4:])
    width, height = right - left + 1, bottom - top + 1
    if width < 1 or not 1 <= height <= MAX_ROWS:
        return None
    rows = rows_of(points[:-4], width, height)
    return None if rows is None else "".join(loops(rows, left, top))


def rows_of(runs: Sequence[float], width: int, height: int) -> list[list[int]] | None:
    """For each row the places where it changes from background to object or back; None if the runs don't fit in."""
    rows: list[list[int]] = [[] for _ in range(height)]
    at, total = 0, width * height
    for number, length in enumerate(runs):
        end = at + int(length)
        if not at <= end <= total:
            return None
        if number % 2 and end > at:
            fill(rows, at, end, width)
        at = end
    return rows


def fill(rows: list[list[int]], start: int, end: int, width: int) -> None:
    """Set the pixels from start up to, not including, end; counted row by row."""
    for number in range(start // width, (end - 1) // width + 1):
        row = rows[number]
        first, last = max(start - number * width, 0), min(end - number * width, width)
        if row and row[-1] == first:
            row[-1] = last
        else:
            row += [first, last]


def loops(rows: list[list[int]], left: int, top: int) -> Iterator[str]:
    """Closed paths around the object.

    Between two rows, the places where only one of them changes are, two by two, the ends of a horizontal edge; a place
    where both change continues a vertical one. So each corner has one edge of either direction, and walking along them
    in turn comes back to where it began.
    """
    across, down = edges(rows)
    while across:
        x, y = start = next(iter(across))
        path = [f"M{left + x} {top + y}"]
        while (x, y) in across:
            x, y = opposite = across.pop((x, y))
            del across[opposite]
            path.append(f"H{left + x}")
            x, y = down[x, y]
            if (x, y) != start:
                path.append(f"V{top + y}")
        yield "".join(path) + "Z"


def edges(rows: list[list[int]]) -> tuple[Links, Links]:
    """Horizontal and vertical edges: each corner with the one at the other end."""
    across: Links = {}
    down: Links = {}
    opened: dict[int, int] = {}
    above: set[int] = set()
    for y, row in enumerate([*rows, []]):
        here = set(row)
        corners = sorted(above ^ here)
        for one, other in zip(corners[::2], corners[1::2], strict=True):
            across[one, y], across[other, y] = (other, y), (one, y)
        for x in above - here:
            start = opened.pop(x)
            down[x, start], down[x, y] = (x, y), (x, start)
        for x in here - above:
            opened[x] = y
        above = here
    return across, down
