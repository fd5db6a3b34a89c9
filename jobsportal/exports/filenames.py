"""The name under which a download is kept: readable, and safe on every system."""

import re
import unicodedata
from datetime import date

LONGEST = 120
LONGEST_BYTES = 240
# Windows takes these for devices, whatever stands behind a dot.
RESERVED = {"CON", "PRN", "AUX", "NUL"} | {f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789¹²³"}
UNSAFE = re.compile(r"[,<>:\"'`/\\|?*%$&;#!{}~^\s]+")


def download_name(
    *,
    project: str = "",
    task: str = "",
    target: str = "",
    format: str = "",
    with_images: bool = False,
    day: date,
    extension: str = "zip",
) -> str:
    """Such as `Street-scenes-Depot-job17-coco-2026-11-23.zip`. Long names of projects and tasks are cut; what tells the
    file apart from others stays. `target` is what was exported, such as "job17"."""
    images = "images" if with_images else ""
    tail = "-".join(part for part in (part_of(target), slug_of(format), images, f"{day:%Y-%m-%d}") if part)
    tail = f"{tail}.{extension if re.fullmatch(r'[a-z0-9]{1,5}', extension) else 'zip'}"
    head = "-".join(part for part in (part_of(project), part_of(task)) if part)
    head = fitted(head, LONGEST - len(tail) - 2, LONGEST_BYTES - len(tail.encode()) - 2)
    name = f"{head}-{tail}" if head else tail
    return f"_{name}" if name.split(".")[0].rstrip().upper() in RESERVED else name


def bundle_name(*, title: str, total: int, format: str, with_images: bool, day: date, kind: str) -> str:
    """Such as `Street-scenes-finished-work-86-jobs-coco-2026-11-23.zip`."""
    return download_name(
        project=title,
        target=f"{total}-job{'' if total == 1 else 's'}",
        format=format,
        with_images=with_images,
        day=day,
        extension=kind,
    )


def part_of(text: str) -> str:
    """What may stand in a file name: letters of any script, digits, marks that mean nothing to any system."""
    plain = unicodedata.normalize("NFC", text)
    # Control and format characters (those that turn the direction of writing among them), halves of pairs, the unknown.
    kept = "".join(
        " " if char.isspace() else char for char in plain if unicodedata.category(char)[0] != "C" or char.isspace()
    )
    return re.sub(r"-{2,}", "-", UNSAFE.sub("-", kept)).strip("-. ")


def slug_of(format: str) -> str:
    """ "COCO 1.0" as "coco"."""
    return part_of(re.sub(r"\s+\d+(\.\d+)*$", "", format.strip())).lower()


def fitted(text: str, longest: int, longest_bytes: int) -> str:
    """The beginning of a text that is short enough in characters and in bytes."""
    if len(text) > longest:
        text = text[:longest]
    while len(text.encode()) > longest_bytes:
        text = text[:-1]
    return text.rstrip("-. ")
