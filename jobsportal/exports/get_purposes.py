"""What people need data for, and the format that serves it best. Formats are named as the upstream does."""

from collections.abc import Iterable
from dataclasses import dataclass

from jobsportal.annotations.formats import usable
from jobsportal.bundles.models import ARCHIVES, CSV, EXCEL, FOLDERS
from jobsportal.cvat.types import Format, Formats, Job
from jobsportal.exports.forms import PURPOSES as HOLDS

DETECTOR, SEGMENTATION, TABLE, ARCHIVE, OTHER = "detector", "segmentation", "table", "archive", "other"
TABLES = {EXCEL: "Excel", CSV: "CSV"}


@dataclass(frozen=True)
class Purpose:
    """`title` and `words` are for the choice; `to` ends a sentence such as "as COCO 1.0, for training a detector".
    `formats` serve it, the best first; `video` goes before them where all of it is video."""

    key: str
    title: str
    words: str
    to: str
    formats: tuple[str, ...] = ()
    video: tuple[str, ...] = ()


PURPOSES = {
    one.key: one
    for one in (
        Purpose(
            DETECTOR,
            "Train a detector",
            "A model that finds things and draws a box around each.",
            "for training a detector",
            ("COCO 1.0", "Ultralytics YOLO Detection 1.0", "YOLOv8 Detection 1.0", "YOLO 1.1", "PASCAL VOC 1.1"),
        ),
        Purpose(
            SEGMENTATION,
            "Train segmentation",
            "A model that finds the exact outline of things.",
            "for training segmentation",
            (
                "COCO 1.0",
                "Ultralytics YOLO Segmentation 1.0",
                "YOLOv8 Segmentation 1.0",
                "Segmentation mask 1.1",
            ),
        ),
        Purpose(
            TABLE,
            "Look at it in a spreadsheet",
            "A table with one row for each object: job, frame, file, label, kind, box and attributes.",
            "to look at in a spreadsheet",
        ),
        Purpose(
            ARCHIVE,
            "Keep it, or bring it back later",
            "Everything that was drawn, in a form that can be uploaded again.",
            "to keep, or to bring back",
            ("CVAT for images 1.1", "CVAT for video 1.1", "Datumaro 1.0", "Datumaro 3D 1.0"),
            ("CVAT for video 1.1",),
        ),
        Purpose(OTHER, "Something else", "You know the format that your tool reads.", ""),
    )
}


@dataclass(frozen=True)
class Offer:
    """A purpose as it is offered: with the format that this server has for it ("" if it has none), and what that
    holds."""

    purpose: Purpose
    format: str = ""

    @property
    def holds(self) -> str:
        return HOLDS.get(self.format, "")


def offers(names: Iterable[str], is_video: bool = False) -> list[Offer]:
    """All purposes, for a server that exports these formats."""
    known = set(names)
    return [Offer(one, best(one, known, is_video)) for one in PURPOSES.values()]


def best(purpose: Purpose, names: set[str], is_video: bool) -> str:
    wanted = (*(purpose.video if is_video else ()), *purpose.formats)
    return next((name for name in wanted if name in names), "")


def exportable(formats: Formats, jobs: Iterable[Job]) -> list[Format]:
    """The formats that the server writes for such jobs, by name; for all of them where none is known."""
    dimensions = {job.dimension for job in jobs} or {"2d"}
    fitting = [format for dimension in sorted(dimensions) for format in usable(formats.exporters, dimension)]
    return sorted({format.name: format for format in fitting}.values(), key=lambda format: format.name.casefold())


def is_video(jobs: Iterable[Job]) -> bool:
    modes = {job.mode for job in jobs}
    return modes == {"interpolation"}


def layout_for(purpose: str) -> str:
    """What is to be brought back keeps the archives as the upstream wrote them."""
    return ARCHIVES if purpose == ARCHIVE else FOLDERS
