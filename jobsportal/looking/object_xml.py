"""One XML document for each picture, with the objects in it: PASCAL VOC and LabelMe."""

from collections import Counter

from jobsportal.looking.findings import Tally
from jobsportal.looking.guesses import Guess
from jobsportal.looking.safe_xml import Elements
from jobsportal.looking.sources import Source, stem

VOC, LABELME = "PASCAL VOC 1.1", "LabelMe 3.0"
FOLDER = "Annotations/"
# What only objects of LabelMe have
OUTLINES = {"polygon": "polygon", "segm": "mask"}


def read(source: Source, tally: Tally) -> Guess:
    tally.is_counted = True
    marks: Counter[str] = Counter()
    with tally.as_far_as_it_goes():
        for name in source.ending(".xml") or source.names[:1]:
            Picture(tally, marks).read(source, name)
    in_folder = any(f"/{name}".find(f"/{FOLDER}") >= 0 for name in source.names)
    if marks[VOC] == marks[LABELME]:
        return Guess((VOC, LABELME) if in_folder else (LABELME, VOC), is_certain=False)
    return Guess((VOC,) if marks[VOC] > marks[LABELME] else (LABELME,), is_certain=not (marks[VOC] and marks[LABELME]))


class Picture:
    """One document as it is read. `marks` counts what speaks for which format."""

    def __init__(self, tally: Tally, marks: Counter[str]) -> None:
        self.tally, self.marks = tally, marks
        self.label, self.kind, self.is_deleted = "", "rectangle", False
        self.file, self.objects = "", 0
        self.elements = Elements(self.begin, self.end)

    def read(self, source: Source, name: str) -> None:
        try:
            self.elements.read(source.pieces(name), name)
        finally:
            within = f"/{name}".partition(f"/{FOLDER}")[2]
            self.tally.see(stem(within or self.file or name.rpartition("/")[2]), objects=self.objects)

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if self.elements.path[1:] == [] and name == "object":
            self.label, self.kind, self.is_deleted = "", "rectangle", False
        elif self.elements.path[1:] == ["object"] and name == "bndbox":
            self.marks[VOC] += 1
        elif self.elements.path[1:] == ["object"] and name in OUTLINES:
            self.marks[LABELME] += 1
            self.kind = OUTLINES[name]

    def end(self, name: str, text: str) -> None:
        within = self.elements.path[1:]
        if within == [] and name == "filename":
            self.file = text
        elif within == ["object"] and name == "name":
            self.label = text
        elif within == ["object"] and name == "deleted":
            self.is_deleted = text == "1"
        elif within == ["object"] and name == "type" and text == "bounding_box":
            self.kind = "rectangle"
        elif within == [] and name == "object" and not self.is_deleted:
            self.tally.count(self.label, self.kind)
            self.objects += 1
