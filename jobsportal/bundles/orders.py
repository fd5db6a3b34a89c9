"""Ordering a bundle, and what may be done about it. Other rooms use this and `handing`, nothing else of the room."""

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from jobsportal.accounts.person import Person
from jobsportal.bundles.models import FOLDERS, ZIP, Bundle
from jobsportal.cvat.types import Job


class NobodyPrepares(Exception):
    """No worker is there, so nothing was ordered."""


def order(
    person: Person,
    jobs: Iterable[Job],
    *,
    title: str,
    kind: str = ZIP,
    format: str = "",
    save_images: bool = False,
    layout: str = FOLDERS,
    purpose: str = "",
    mail_to: str = "",
) -> Bundle:
    """Have these jobs prepared as one file. A table (CSV, Excel) needs no preparation and is ready at once.

    Upstream: the names of tasks and projects that are not cached. Raises NobodyPrepares where a ZIP is wanted and no
    worker is there."""
    raise NotImplementedError


def own_bundles(person: Person) -> QuerySet[Bundle]:
    """This person's bundles that are still listed, newest first."""
    return Bundle.objects.filter(upstream=settings.CVAT_URL, person_id=person.id)


def own_bundle(person: Person, key: UUID) -> Bundle:
    """Raises Http404."""
    return get_object_or_404(own_bundles(person), key=key)


def stop(bundle: Bundle, person: Person) -> None:
    """Take it back: nothing more is asked for, and what is queued upstream is cancelled. Upstream: requests.cancel."""
    raise NotImplementedError


def again(bundle: Bundle, person: Person) -> Bundle:
    """Order the same jobs once more, as they are now; the parts of the old one are not used. Upstream: jobs.list per
    200 jobs, names. Raises NobodyPrepares."""
    raise NotImplementedError


def remove(bundle: Bundle) -> None:
    """Take it off the list."""
    raise NotImplementedError
