"""What there is to see in every demo frame: the same objects are drawn into the picture and annotated."""

from __future__ import annotations

import random
from dataclasses import dataclass

Colour = tuple[int, int, int]

PAINT: list[Colour] = [(214, 64, 58), (58, 110, 214), (240, 240, 235), (38, 40, 46), (233, 178, 52), (70, 150, 96)]
PAINT_NAMES = ["red", "blue", "white", "black", "yellow", "green"]


@dataclass(frozen=True)
class Thing:
    """One object in a frame: what it is, its box, its colour."""

    kind: str
    left: float
    top: float
    right: float
    bottom: float
    colour: Colour
    colour_name: str = ""


KINDS = {
    "crossing": (("car", 130, 70), ("person", 34, 88), ("car", 110, 60)),
    "roundabout": (("car", 110, 62), ("bus", 190, 96), ("car", 120, 66)),
    "night": (("bus", 220, 110), ("car", 120, 64), ("person", 30, 80)),
    "harbour": (("boat", 150, 60), ("boat", 100, 44), ("person", 28, 70)),
    "depot": (("truck", 200, 110), ("pallet", 70, 50), ("pallet", 64, 48)),
    "video": (("truck", 190, 100), ("forklift", 90, 70)),
    "sea": (("fish", 90, 40), ("fish", 70, 32), ("fish", 110, 46)),
    "home": (("cat", 120, 80), ("ball", 44, 44)),
}


def things(scene: str, task_id: int, frame: int, width: int = 640, height: int = 480) -> list[Thing]:
    """The objects of a frame, always the same for the same frame."""
    if scene == "video":
        return _moving(frame, width, height)
    chance = random.Random(task_id * 100_003 + frame)
    kinds = KINDS.get(scene, KINDS["depot"])
    return [_placed(chance, kinds[i % len(kinds)], width, height) for i in range(chance.randint(2, 4))]


def _placed(chance: random.Random, kind: tuple[str, int, int], width: int, height: int) -> Thing:
    name, wide, high = kind
    scale = chance.uniform(0.75, 1.35)
    w, h = wide * scale, high * scale
    left, top = chance.uniform(4, width - w - 4), chance.uniform(height * 0.42, height - h - 8)
    paint = chance.randrange(len(PAINT))
    return Thing(
        name, round(left, 1), round(top, 1), round(left + w, 1), round(top + h, 1), PAINT[paint], PAINT_NAMES[paint]
    )


def _moving(frame: int, width: int, height: int) -> list[Thing]:
    """The video: within each fifty frames a truck crosses to the right and a forklift comes the other way."""
    step = frame % 50
    truck, lift = 10 + step * 8.0, width - 110 - step * 9.0
    top = height * 0.55 + (frame // 50) * 6
    return [
        Thing("truck", truck, top, truck + 190, top + 100, PAINT[(frame // 50) % 6], PAINT_NAMES[(frame // 50) % 6]),
        Thing("forklift", lift, top + 70, lift + 90, top + 140, (236, 150, 40), "yellow"),
    ]
