"""CVAT's own XML: images with shapes and tags, or the tracks of a video."""

from jobsportal.annotations.contents import root_of, text_of
from jobsportal.looking.findings import FrameKey, Tally
from jobsportal.looking.guesses import Guess
from jobsportal.looking.safe_xml import Elements
from jobsportal.looking.sources import Source, stem

SHAPES = {
    "box": "rectangle",
    "polygon": "polygon",
    "polyline": "polyline",
    "points": "points",
    "ellipse": "ellipse",
    "cuboid": "cuboid",
    "mask": "mask",
    "skeleton": "skeleton",
}
CVAT = Guess(("CVAT 1.1",))


def read(source: Source, tally: Tally) -> Guess:
    tally.is_counted = True
    with tally.as_far_as_it_goes():
        for name in source.ending(".xml") or source.names[:1]:
            if root_of(text_of(source.head(name))) == "annotations":
                Document(tally).read(source, name)
    return CVAT


class Document:
    """One document as it is read."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.frame: FrameKey = ("", None)
        self.parts: list[bool] = []  # of a skeleton in a track: whether each is to be seen
        self.elements = Elements(self.begin, self.end)

    def read(self, source: Source, name: str) -> None:
        self.elements.read(source.pieces(name), name)

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        path = self.elements.path
        if len(path) == 1 and name == "image":
            self.frame = (stem(attributes.get("name", "")), number(attributes.get("id")))
            self.tally.see(*self.frame)
        elif len(path) == 1 and name == "track":
            self.tally.count(attributes.get("label", ""), "track")
        elif len(path) == 2 and path[1] == "image" and (name in SHAPES or name == "tag"):
            self.tally.count(attributes.get("label", ""), SHAPES.get(name, "tag"))
            self.tally.see(*self.frame, objects=1)
        elif len(path) == 2 and path[1] == "track" and name in SHAPES:
            self.frame, self.parts = ("", number(attributes.get("frame"))), []
            if name != "skeleton":
                self.tally.see(*self.frame, objects=int(attributes.get("outside") != "1"))
        elif len(path) == 3 and path[1] == "track":
            self.parts.append(attributes.get("outside") != "1")

    def end(self, name: str, text: str) -> None:
        path = self.elements.path
        if name == "name" and path[-2:] == ["labels", "label"]:
            self.tally.declare(text)
        elif name == "skeleton" and len(path) == 2 and path[1] == "track":
            # It is where its parts are.
            self.tally.see(*self.frame, objects=int(any(self.parts) or not self.parts))


def number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 12 else None
