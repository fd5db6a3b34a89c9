"""Masks in two spellings: rows of a box (the API), and columns of the whole picture (COCO)."""

from __future__ import annotations

from collections.abc import Iterable


def to_columns(points: list[float], width: int, height: int) -> list[int]:
    """The API's mask (runs of the box's rows, then the box) as runs of the picture's columns."""
    left, top, right, bottom = (int(value) for value in points[-4:])
    box = _filled(int(run) for run in points[:-4])
    picture = bytearray(width * height)
    across = right - left + 1
    for i, value in enumerate(box[: across * (bottom - top + 1)]):
        x, y = left + i % across, top + i // across
        if value and 0 <= x < width and 0 <= y < height:
            picture[x * height + y] = 1
    return runs(picture)


def to_rows(counts: list[int], width: int, height: int) -> list[float]:
    """Runs of columns as the API's mask, cut to the box that holds it. An empty mask is an error."""
    if sum(counts) > width * height:
        raise ValueError("The mask is larger than its picture")
    picture = _filled(counts)
    places = [(i // height, i % height) for i, value in enumerate(picture) if value]
    if not places:
        raise ValueError("The mask is empty")
    left, right = min(x for x, _ in places), max(x for x, _ in places)
    top, bottom = min(y for _, y in places), max(y for _, y in places)
    across = right - left + 1
    box = bytearray(across * (bottom - top + 1))
    for x, y in places:
        box[(y - top) * across + x - left] = 1
    return [float(value) for value in (*runs(box), left, top, right, bottom)]


def _filled(counts: Iterable[int]) -> bytearray:
    made, value = bytearray(), 0
    for count in counts:
        made += bytes([value]) * count
        value = 1 - value
    return made


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
            if not more and bits & 0x10:
                value |= -1 << shift
        made.append(value + (made[-2] if len(made) > 2 else 0))
    return made
