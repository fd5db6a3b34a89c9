"""The formats that the upstream reads and writes, as choices. Kept for a while per credential and organization."""

from django.conf import settings
from django.core.cache import cache

from jobsportal.accounts.person import Person
from jobsportal.cvat.types import Format, Formats


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
