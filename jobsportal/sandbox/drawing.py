"""Draws the demo's frames with Pillow, and keeps a bounded number of finished pictures."""

from __future__ import annotations

import io
import random
import threading
from collections import OrderedDict
from collections.abc import Callable

from PIL import Image, ImageDraw

from .scenes import Colour, Thing, things
from .store import Task

KEPT = 512
MakeBytes = Callable[[], bytes]

# sky (or the upper part), ground, accent
BACKDROPS: dict[str, tuple[Colour, Colour, Colour]] = {
    "crossing": ((150, 163, 178), (86, 90, 98), (228, 228, 222)),
    "roundabout": ((163, 203, 232), (104, 108, 112), (92, 150, 82)),
    "night": ((20, 24, 48), (44, 46, 58), (246, 206, 96)),
    "harbour": ((186, 214, 230), (52, 104, 138), (150, 132, 112)),
    "depot": ((206, 198, 182), (142, 136, 126), (196, 92, 46)),
    "video": ((178, 184, 190), (120, 122, 124), (222, 186, 60)),
    "sea": ((30, 112, 146), (14, 62, 96), (88, 168, 170)),
    "home": ((236, 222, 200), (158, 118, 84), (120, 160, 190)),
    "archive": ((208, 212, 204), (126, 134, 120), (88, 100, 140)),
}


class Studio:
    """Hands out encoded frames and previews; what was drawn lately is not drawn again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def frame(self, task: Task, number: int, quality: str = "original") -> tuple[bytes, str]:
        """One frame and its media type: pictures are JPEG, frames of a video PNG."""
        if task.mode == "interpolation":
            return self._made(("frame", task.id, number), lambda: _encode(draw(task, number), "PNG", 0)), "image/png"
        return self.jpeg(task, number, quality), "image/jpeg"

    def jpeg(self, task: Task, number: int, quality: str) -> bytes:
        """One frame as JPEG, whatever the task is made of."""
        level = 92 if quality == "original" else 75
        return self._made(("jpeg", task.id, number, level), lambda: _encode(draw(task, number), "JPEG", level))

    def context(self, task: Task, number: int, index: int) -> bytes:
        """A picture that goes with a frame: the frame that many further on, in grey."""

        def make() -> bytes:
            return _encode(draw(task, number + index + 1).convert("L"), "JPEG", 75)

        return self._made(("context", task.id, number, index), make)

    def preview(self, task: Task, number: int) -> bytes:
        """A small JPEG, at most 256 wide."""

        def make() -> bytes:
            picture = draw(task, number)
            picture.thumbnail((256, 256))
            return _encode(picture, "JPEG", 80)

        return self._made(("preview", task.id, number), make)

    def _made(self, key: tuple[object, ...], make: MakeBytes) -> bytes:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made


def _encode(picture: Image.Image, kind: str, quality: int) -> bytes:
    out = io.BytesIO()
    if kind == "JPEG":
        picture.save(out, kind, quality=quality)
    else:
        picture.save(out, kind, compress_level=3)
    return out.getvalue()


def draw(task: Task, number: int) -> Image.Image:
    """The picture of one frame, always the same."""
    upper, lower, accent = BACKDROPS.get(task.scene, BACKDROPS["archive"])
    picture = Image.new("RGB", (task.width, task.height), upper)
    pen = ImageDraw.Draw(picture)
    horizon = int(task.height * 0.4)
    pen.rectangle((0, horizon, task.width, task.height), fill=lower)
    chance = random.Random(f"{task.id}/{number if task.mode == 'annotation' else number // 50}")
    _backdrop(pen, task, chance, horizon, accent)
    for thing in sorted(things(task.scene, task.id, number, task.width, task.height), key=lambda item: item.bottom):
        _thing(pen, thing)
    if task.scene == "crossing":
        _rain(pen, task, chance)
    return picture


def _backdrop(pen: ImageDraw.ImageDraw, task: Task, chance: random.Random, horizon: int, accent: Colour) -> None:
    width, height = task.width, task.height
    if task.scene == "sea":
        for _ in range(26):
            x, y, r = chance.randrange(width), chance.randrange(height), chance.randrange(3, 14)
            pen.ellipse((x, y, x + r, y + r), outline=accent, width=2)
        return
    left = -20
    while left < width:  # a row of buildings, sheds or hills along the horizon
        wide, high = chance.randrange(50, 130), chance.randrange(30, horizon - 10)
        shade = chance.randrange(-26, 18)
        colour = (max(0, accent[0] + shade - 30), max(0, accent[1] + shade - 30), max(0, accent[2] + shade - 30))
        pen.rectangle((left, horizon - high, left + wide, horizon), fill=_clip(colour))
        _windows(pen, chance, (left, horizon - high, left + wide, horizon), task.scene == "night")
        left += wide + chance.randrange(4, 30)
    for i in range(6):  # road markings, or lines on the floor
        x = i * width // 5 - chance.randrange(30)
        pen.polygon(((x, height), (x + 46, height), (x + 30, horizon + 96), (x + 12, horizon + 96)), fill=accent)


def _clip(colour: Colour) -> Colour:
    return (min(255, colour[0]), min(255, colour[1]), min(255, colour[2]))


def _windows(pen: ImageDraw.ImageDraw, chance: random.Random, box: tuple[int, int, int, int], night: bool) -> None:
    lit: Colour = (250, 220, 120) if night else (214, 228, 238)
    for x in range(box[0] + 8, box[2] - 10, 20):
        for y in range(box[1] + 8, box[3] - 10, 24):
            if chance.random() < 0.6:
                pen.rectangle((x, y, x + 8, y + 11), fill=lit)


def _rain(pen: ImageDraw.ImageDraw, task: Task, chance: random.Random) -> None:
    for _ in range(90):
        x, y = chance.randrange(task.width), chance.randrange(task.height)
        pen.line((x, y, x - 4, y + 14), fill=(196, 206, 216), width=1)


def _thing(pen: ImageDraw.ImageDraw, thing: Thing) -> None:
    box = (thing.left, thing.top, thing.right, thing.bottom)
    w, h = thing.right - thing.left, thing.bottom - thing.top
    edge: Colour = (24, 24, 28)
    if thing.kind == "person":
        pen.ellipse(
            (thing.left + w * 0.25, thing.top, thing.right - w * 0.25, thing.top + h * 0.25), fill=(224, 180, 150)
        )
        pen.rounded_rectangle(
            (thing.left, thing.top + h * 0.25, thing.right, thing.bottom), 8, fill=thing.colour, outline=edge
        )
    elif thing.kind in ("fish", "ball", "cat"):
        pen.ellipse(
            (thing.left, thing.top, thing.right - w * 0.15, thing.bottom), fill=thing.colour, outline=edge, width=2
        )
        middle = thing.top + h / 2
        pen.polygon(
            ((thing.right - w * 0.25, middle), (thing.right, thing.top), (thing.right, thing.bottom)), fill=thing.colour
        )
        pen.ellipse((thing.left + w * 0.12, middle - 6, thing.left + w * 0.12 + 6, middle), fill=edge)
    elif thing.kind == "boat":
        pen.polygon(
            (
                (thing.left, thing.top + h * 0.5),
                (thing.right, thing.top + h * 0.5),
                (thing.right - w * 0.2, thing.bottom),
                (thing.left + w * 0.2, thing.bottom),
            ),
            fill=thing.colour,
            outline=edge,
        )
        pen.polygon(
            (
                (thing.left + w / 2, thing.top),
                (thing.left + w / 2, thing.top + h * 0.45),
                (thing.left + w * 0.85, thing.top + h * 0.45),
            ),
            fill=(245, 245, 240),
        )
    elif thing.kind == "pallet":
        pen.rectangle(box, fill=(176, 130, 78), outline=edge, width=2)
        pen.rectangle((thing.left + 5, thing.top + 5, thing.right - 5, thing.bottom - h * 0.3), fill=thing.colour)
    else:
        _vehicle(pen, thing, w, h, edge)


def _vehicle(pen: ImageDraw.ImageDraw, thing: Thing, w: float, h: float, edge: Colour) -> None:
    roof = thing.top if thing.kind in ("bus", "truck") else thing.top + h * 0.32
    pen.rounded_rectangle(
        (thing.left, roof, thing.right, thing.bottom - h * 0.1), 8, fill=thing.colour, outline=edge, width=2
    )
    if roof != thing.top:
        pen.rounded_rectangle(
            (thing.left + w * 0.2, thing.top, thing.right - w * 0.2, roof + 8), 8, fill=thing.colour, outline=edge
        )
    glass: Colour = (186, 214, 230)
    pen.rectangle(
        (thing.left + w * 0.26, thing.top + h * 0.1, thing.right - w * 0.26, thing.top + h * 0.34), fill=glass
    )
    for at in (0.14, 0.66):
        x = thing.left + w * at
        pen.ellipse((x, thing.bottom - h * 0.32, x + h * 0.32, thing.bottom), fill=edge)
