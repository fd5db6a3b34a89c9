"""Asking the upstream for an export, and remembering that: so that its end is told, and where it was written to."""

import hashlib

from django.conf import settings
from django.core.cache import cache

from jobsportal.accounts.person import Person
from jobsportal.cvat import errors
from jobsportal.cvat.types import RequestId
from jobsportal.exports import news

PLACE_SECONDS = 3 * 24 * 60 * 60


def ask(
    person: Person,
    target: str,
    id: int,
    format: str,
    *,
    save_images: bool,
    title: str,
    storage: tuple[int, str] | None = None,
    filename: str = "",
) -> RequestId | None:
    """Start an export of a job, task or project; None where the same is under way and can't be named.

    `storage` is a cloud storage's id and name, to have the file written there as `filename`. Upstream: jobs.export,
    tasks.export or projects.export. Raises what that raises; Conflict only for what is to go to a storage."""
    source = {"job": person.client.jobs, "task": person.client.tasks, "project": person.client.projects}[target]
    try:
        if storage is None:
            made = source.export(format, id, save_images=save_images)
        else:
            made = source.export(
                format,
                id,
                save_images=save_images,
                filename=filename,
                location="cloud_storage",
                cloud_storage_id=storage[0],
            )
    except errors.Conflict:
        if storage is not None:
            raise
        return None
    if storage is not None:
        cache.set(place_key(person, made.rq_id), (storage[1], filename), PLACE_SECONDS)
    news.remember(person, news.EXPORT, made.rq_id, title)
    return made


def places(person: Person, ids: list[str]) -> dict[str, tuple[str, str]]:
    """Where exports were written to, by their ids: the name of the storage, and that of the file. Only what was asked
    for here is known."""
    keys = {place_key(person, id): id for id in ids}
    return {keys[key]: place for key, place in cache.get_many(keys).items()}


def place_key(person: Person, rq_id: str) -> str:
    text = f"{settings.CVAT_URL} {person.id} {rq_id}"
    return f"export:place:{hashlib.sha256(text.encode()).hexdigest()[:32]}"
