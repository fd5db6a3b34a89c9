"""What need not be exported once more: an order that is being prepared already, and files of jobs that are as they
were."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from jobsportal.accounts.person import Person
from jobsportal.bundles.calls import SKEW
from jobsportal.bundles.models import MADE, PREPARING, READY, ZIP, Bundle, Part
from jobsportal.bundles.reading import known
from jobsportal.cvat import errors
from jobsportal.cvat.types import Job
from jobsportal.jobs.names import PROJECT, TASK
from jobsportal.web.parallel import side_by_side

# What goes away sooner is exported once more.
STAYS = timedelta(hours=1)

# What a part of another bundle has of its file.
OF_THE_FILE = ("status", "rq_id", "asked", "finished", "expires", "size", "sha256", "result_url", "tag")

Files = dict[int, Part]
Place = tuple[str, int]


def own_of(person: Person, format: str, save_images: bool) -> QuerySet[Bundle]:
    asked = {"kind": ZIP, "format": format, "save_images": save_images}
    return Bundle.objects.filter(upstream=settings.CVAT_URL, person_id=person.id, **asked)


def same_under_way(person: Person, ids: set[int], *, format: str, save_images: bool, layout: str) -> Bundle | None:
    """The bundle of the same jobs, in the same form, that is being prepared for this person."""
    likely = own_of(person, format, save_images).filter(status=PREPARING, layout=layout, total=len(ids))
    return next((one for one in likely if set(one.parts.values_list("job_id", flat=True)) == ids), None)


def still_good(person: Person, jobs: dict[int, Job], format: str, save_images: bool) -> Files:
    """The parts of this person's bundles whose files hold what these jobs hold now, by job: neither the job nor its
    task or project has changed since they were asked for, they stay a while, and can be fetched by another bundle too.
    Upstream, where there are any: tasks.list and projects.list. Raises SignedOut."""
    there = Part.objects.filter(bundle__in=own_of(person, format, save_images).filter(status=READY))
    there = there.filter(status=MADE, is_used=False, expires__gt=timezone.now() + STAYS)
    newest = {part.job_id: part for part in there.order_by("asked").iterator(1000) if part.job_id in jobs}
    found = {id: part for id, part in newest.items() if is_as_it_was(part, jobs[id].updated_date)}
    changed = changes_of(person, [jobs[id] for id in found])
    return {
        id: part
        for id, part in found.items()
        if all(is_as_it_was(part, changed.get(place)) for place in places_of(jobs[id]))
    }


def is_as_it_was(part: Part, changed: datetime | None) -> bool:
    """Whether that change was before the part was asked for; where nothing is known of it, it may not have been."""
    is_before = changed is not None and part.asked is not None and changed < part.asked - SKEW
    return is_before and known(part).can_be_fetched_again


def changes_of(person: Person, jobs: Iterable[Job]) -> dict[Place, datetime | None]:
    """When the tasks and projects of these jobs changed last: labels and frames belong to them. What can't be found out
    now is left out."""
    ids = {kind: {id for job in jobs for of, id in places_of(job) if of == kind} for kind in (TASK, PROJECT)}
    sources = {TASK: person.client.tasks.by_ids, PROJECT: person.client.projects.by_ids}
    answers = side_by_side(*(partial(sources[kind], ids[kind]) for kind in ids))
    found: dict[Place, datetime | None] = {}
    for kind, answer in zip(ids, answers, strict=True):
        if isinstance(answer, errors.SignedOut):
            raise answer
        if not isinstance(answer, errors.CVATError):
            found |= {(kind, id): one.updated_date for id, one in answer.items()}
    return found


def places_of(job: Job) -> list[Place]:
    return [(TASK, job.task_id), *([(PROJECT, job.project_id)] if job.project_id is not None else [])]


def take_over(parts: Iterable[Part], files: Files) -> None:
    """Let these parts have the files that are there already. They come first, in the order in which they were made."""
    mine = [part for part in parts if part.job_id in files]
    mine.sort(key=lambda part: (files[part.job_id].finished, part.job_id))
    for position, part in enumerate(mine):
        part.position = position
        for name in OF_THE_FILE:
            setattr(part, name, getattr(files[part.job_id], name))
