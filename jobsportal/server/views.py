"""About this server."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobsportal.accounts.person import PortalRequest
from jobsportal.annotations.formats import formats_of
from jobsportal.cvat import errors
from jobsportal.cvat.types import Formats
from jobsportal.exports.forms import PURPOSES
from jobsportal.web import upstream
from jobsportal.web.errors import in_words
from jobsportal.web.parallel import side_by_side

# What it means for a person that a version lacks something, by the service layer's words for it.
MEANINGS = {
    "ground truth chosen by share or per job": "The portal turns a share of the frames into a number itself. "
    "The same number of frames from each job can't be asked for; choose frames by hand instead.",
    "validation layouts": "The portal can't tell which frames of a job only serve to check the annotators.",
    "downloading a finished export twice": "A file can be fetched once. Then the export has to be prepared again.",
    "resuming a download": "A download that breaks off has used the file up, too: prepare the export again.",
    "personal access tokens": "Sign in with a password, or with the API token that POST /api/auth/login answers with.",
    "adding an upload to what is there": "An upload replaces all that is there. To add some, create them as JSON.",
}

# Names under which the server reads what it writes under another.
READ_AS = {"CVAT 1.1": "for uploads of what CVAT for images 1.1 and CVAT for video 1.1 have written"}

# Names that older servers have for what is described under another.
FORMER = {
    "YOLOv8 Detection 1.0": "Ultralytics YOLO Detection 1.0",
    "YOLOv8 Segmentation 1.0": "Ultralytics YOLO Segmentation 1.0",
}


@dataclass(frozen=True)
class Row:
    """A format under one name, and which ways the server knows it."""

    name: str
    ways: str
    files: str
    dimension: str
    purpose: str


@require_safe
def about(request: PortalRequest) -> HttpResponse:
    """GET /server/. Upstream, side by side: server.about; the formats where they are not cached."""
    person = request.person
    formats, told = side_by_side(partial(formats_of, person), person.client.server.about)
    context: dict[str, Any] = {}
    if isinstance(formats, errors.SignedOut):
        raise formats
    if isinstance(formats, errors.CVATError):
        context["formats_problem"] = in_words(formats)
    else:
        context["rows"] = rows_of(formats)
    if isinstance(told, errors.CVATError):
        context["problem"] = in_words(told)
    else:
        server = upstream.heard(told)
        context |= {"server": server, "missing": missing(server)}
    return render(request, "server/about.html", context)


def missing(server: upstream.Server) -> list[tuple[str, str]]:
    return [(thing, MEANINGS.get(thing, "")) for thing in server.version.missing]


def rows_of(formats: Formats) -> list[Row]:
    """One row a name, enabled ones alone; the well-known ones first."""
    read = {format.name: format for format in formats.importers if format.enabled}
    written = {format.name: format for format in formats.exporters if format.enabled}
    order = {name: place for place, name in enumerate(PURPOSES)}
    names = sorted({*read, *written}, key=lambda name: (order.get(name, len(order)), name.casefold()))
    return [row_of(name, read, written) for name in names]


def row_of(name: str, read: dict[str, Any], written: dict[str, Any]) -> Row:
    format = written.get(name) or read[name]
    files = {ending for found in (read.get(name), written.get(name)) if found for ending in found.extensions}
    ways = " and ".join(word for word, found in (("read", read), ("written", written)) if name in found)
    purpose = PURPOSES.get(FORMER.get(name, name)) or READ_AS.get(name, "")
    return Row(name, ways, ", ".join(sorted(files)), format.dimension, purpose)
