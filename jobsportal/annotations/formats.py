"""The formats that the upstream reads and writes, as choices. Kept for a while per credential and organization."""

from typing import Any

from django.conf import settings
from django.core.cache import cache

from jobsportal.accounts.person import Person
from jobsportal.cvat.labeled import AnnotationOutline
from jobsportal.cvat.types import Format, Formats, Job

# What the server writes, beside the name under which it reads the same. Video keeps tracks, images keep tags.
IMAGES, VIDEO = ("CVAT for images 1.1", "CVAT 1.1"), ("CVAT for video 1.1", "CVAT 1.1")
BOTH_WAYS = ("Datumaro 1.0", "Datumaro 3D 1.0", "COCO 1.0")


def formats_of(person: Person) -> Formats:
    """Upstream: server.annotation_formats, where it is not cached.

    The cache may be a database, so among calls side by side this has to be the first: that one stays in its thread."""
    key = f"formats:{person.cache_scope}"
    formats: Formats | None = cache.get(key)
    if formats is None:
        formats = person.client.server.annotation_formats()
        cache.set(key, formats, settings.NAMES_CACHE_SECONDS)
    return formats


def usable(formats: list[Format], dimension: str) -> list[Format]:
    """Those that are enabled and fit the job's dimension, by name."""
    fitting = [format for format in formats if format.enabled and format.dimension == dimension]
    return sorted(fitting, key=lambda format: format.name.casefold())


def backup_format(formats: Formats, job: Job, data: Any) -> tuple[str, str]:
    """The name of the format whose files can be uploaded again, and its name then; two empty ones if there is none.

    `data` is what is there, where that is known."""
    written = {format.name for format in usable(formats.exporters, job.dimension)}
    read = {format.name for format in usable(formats.importers, job.dimension)}
    has_tracks = isinstance(data, AnnotationOutline) and bool(data.tracks) and not data.tags
    pairs = [VIDEO, IMAGES] if has_tracks else [IMAGES, VIDEO]
    pairs += [(name, name) for name in (*BOTH_WAYS, *sorted(written & read))]
    return next((pair for pair in pairs if pair[0] in written and pair[1] in read), ("", ""))
