"""Masks in two spellings: rows of a box (the API), and columns of the whole picture (COCO)."""

from __future__ import annotations

LARGEST = 1 << 24  # pixels


def to_columns(points: list[float], width: int, height: int) -> list[int]:
    """The API's mask (runs of the box's rows, then the box) as runs of the picture's columns."""
    left, top, right, bottom = (int(value) for value in points[-4:])
    across, down = right - left + 1, bottom - top + 1
    box = _filled([int(run) for run in points[:-4]], across * down)
    picture = bytearray(width * height)
    for x in range(max(left, 0), min(right + 1, width)):
        column = box[x - left :: across]
        for y in range(max(top, 0), min(bottom + 1, height)):
            picture[x * height + y] = column[y - top]
    return runs(picture)


def to_rows(counts: list[int], width: int, height: int) -> list[float]:
    """Runs of columns as the API's mask, cut to the box that holds it. An empty mask is an error."""
    if sum(counts) > width * height:
        raise ValueError("The mask is larger than its picture")
    picture = _filled(counts, width * height)
    columns = {x: picture[x * height : (x + 1) * height] for x in range(width)}
    columns = {x: column for x, column in columns.items() if 1 in column}
    if not columns:
        raise ValueError("The mask is empty")
    left, right = min(columns), max(columns)
    top, bottom = (
        min(column.find(1) for column in columns.values()),
        max(column.rfind(1) for column in columns.values()),
    )
    across = right - left + 1
    box = bytearray(across * (bottom - top + 1))
    for x, column in columns.items():
        box[x - left :: across] = column[top : bottom + 1]
    return [float(value) for value in (*runs(box), left, top, right, bottom)]


def _filled(counts: list[int], size: int) -> bytearray:
    """The runs written out, to exactly that size: whoever counts further is not followed."""
    if not 0 < size <= LARGEST or min(counts, default=0) < 0:
        raise ValueError("The mask is too large, or counts backwards")
    made, value = bytearray(), 0
    for count in counts:
        made += bytes([value]) * min(count, size - len(made))
        value = 1 - value
    return made + bytes(size - len(made))


def runs(values: bytes | bytearray) -> list[int]:
    """Lengths of runs, beginning with zeros."""
    made, value, at = [], 0, 0
    while at < len(values):
        end = values.find(1 - value, at)
        end = len(values) if end < 0 else end
        made.append(end - at)
        at, value = end, 1 - value
    return made


def unpack(text: str) -> list[int]:
    """COCO's packed runs: six bits a character, from the third on as the difference to the last but one."""
    made: list[int] = []
    at = 0
    while at < len(text):
        value, shift, more = 0, 0, True
        while more:
            bits = ord(text[at]) - 48
            value |= (bits & 0x1F) << shift
            more = bool(bits & 0x20)
            at, shift = at + 1, shift + 5
            if shift > 60:
                raise ValueError("The runs are not packed as they should be")
            if not more and bits & 0x10:
                value |= -1 << shift
        made.append(value + (made[-2] if len(made) > 2 else 0))
    return made
