"""Where things lie in a ZIP: names that are safe on every system, whatever the upstream calls them."""

import re
import unicodedata

from jobsportal.bundles.models import Part
from jobsportal.exports.filenames import RESERVED, fitted, part_of, slug_of

# Names that stand at the top of the ZIP.
MANIFEST_CSV, MANIFEST_JSON, NOT_INCLUDED, SUMS = "manifest.csv", "manifest.json", "NOT INCLUDED.txt", "SHA256SUMS"
TOP = {name.casefold() for name in (MANIFEST_CSV, MANIFEST_JSON, NOT_INCLUDED, SUMS)}

LONGEST, LONGEST_BYTES = 100, 160
DEEPEST, LONGEST_PATH = 12, 400
UNSAFE = re.compile(r'[<>:"|?*\\/]')


def folder_of(part: Part) -> str:
    """Such as `Depot-camera-4/job17`."""
    task = fitted(part_of(str(part.about.get("task") or "")), LONGEST, LONGEST_BYTES) or "jobs"
    return f"{'_' if is_reserved(task) or task.casefold() in TOP else ''}{task}/job{part.job_id}"


def archive_of(part: Part, format: str) -> str:
    """Such as `Depot-camera-4/job17-coco.zip`."""
    return "-".join(filter(None, (folder_of(part), slug_of(format)))) + ".zip"


def is_reserved(name: str) -> bool:
    """Whether Windows takes it for a device."""
    return name.split(".")[0].rstrip().upper() in RESERVED


def told_name(raw: bytes) -> str:
    """The name of an archive's entry as text. Old tools write those of a PC's code page."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp437")


def safe_name(text: str) -> str:
    """One step of a path; "" for one that leads nowhere or upwards. Only what could do harm goes: files within an
    archive mention each other by their names."""
    plain = unicodedata.normalize("NFC", text)
    kept = "".join(char for char in plain if unicodedata.category(char)[0] != "C")
    kept = UNSAFE.sub("_", kept).strip().rstrip(". ")
    if len(kept) > LONGEST or len(kept.encode()) > LONGEST_BYTES:
        stem, dot, ending = kept.rpartition(".")
        ending = dot + ending if dot and len(ending) <= 10 else ""
        stem = stem if ending else kept
        kept = fitted(stem, LONGEST - len(ending), LONGEST_BYTES - len(ending.encode())) + ending
    return f"_{kept}" if is_reserved(kept) else kept


class Names:
    """The paths of one archive's files within its folder, no two of them the same on any system."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def of(self, told: str) -> str:
        """Where a file comes to lie: within the folder, whatever it says of itself."""
        steps = [step for step in map(safe_name, re.split(r"[\\/]", told)) if step][-DEEPEST:] or ["file"]
        while len("/".join(steps)) > LONGEST_PATH and len(steps) > 1:
            del steps[0]
        return f"{self.folder}/{self._free('/'.join(steps))}"

    def _free(self, path: str) -> str:
        """The path, or one with a number where it is taken: by a file, or by a folder of other files."""
        while any(parent in self._files for parent in parents_of(path.casefold())):
            path = f"_{path}"
        folder, slash, name = path.rpartition("/")
        stem, dot, ending = name.rpartition(".") if "." in name[1:] else (name, "", "")
        number, found = 1, path
        while found.casefold() in self._files or found.casefold() in self._folders:
            number += 1
            found = f"{folder}{slash}{stem}-{number}{dot}{ending}"
        self._files.add(found.casefold())
        self._folders.update(parents_of(found.casefold()))
        return found


def parents_of(path: str) -> list[str]:
    steps = path.split("/")
    return ["/".join(steps[:count]) for count in range(1, len(steps))]
