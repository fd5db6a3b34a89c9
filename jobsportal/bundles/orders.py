"""Ordering a bundle, and what may be done about it. Other rooms use this and `handing`, nothing else of the room."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.http import Http404
from django.utils import timezone

from jobsportal.accounts.kept import access, who
from jobsportal.accounts.person import Person
from jobsportal.bundles import reusing
from jobsportal.bundles.models import (
    ASKED,
    FAILED,
    FOLDERS,
    LEFT_OUT,
    MADE,
    PREPARING,
    READY,
    STOPPED,
    WAITING,
    ZIP,
    Bundle,
    Part,
    Watch,
)
from jobsportal.bundles.remaking import prepare
from jobsportal.cvat import errors
from jobsportal.cvat.types import Job
from jobsportal.jobs.names import names_for
from jobsportal.jobs.selection import by_ids
from jobsportal.runs import workers
from jobsportal.web.parallel import side_by_side

BATCH = 500
SIDE_BY_SIDE = 8
TABLE_DAYS = 7  # it holds nothing that could go away upstream
KEPT_DAYS = 7  # after it has expired
STOPPED_WORDS = "The file was stopped before this job was prepared."


class NobodyPrepares(Exception):
    """No worker is there, so nothing was ordered."""


class NothingToPrepare(Exception):
    """There is no job to prepare: none was chosen, or all of them are gone."""


class TooManyJobs(Exception):
    """More jobs than one bundle takes; `count` of them."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count:,} jobs are more than the {settings.BUNDLE_MAX_JOBS:,} that one file takes.")
        self.count = count


class PreparedAlready(Exception):
    """The same is being prepared already, as `bundle`; nothing was ordered."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(str(bundle))
        self.bundle = bundle


@dataclass(frozen=True)
class Progress:
    """How far a bundle is, in jobs. `size` is what its parts come to upstream, in bytes; None while that isn't known of
    each. `is_used_up`: it was handed out once, and has to be prepared again before it can be had."""

    total: int
    made: int = 0
    left_out: int = 0
    size: int | None = None
    is_used_up: bool = False

    @property
    def waiting(self) -> int:
        return self.total - self.made - self.left_out

    @property
    def percent(self) -> int:
        return 100 * (self.made + self.left_out) // self.total if self.total else 100


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
    address: str = "",
    is_anew: bool = False,
) -> Bundle:
    """Have these jobs prepared as one file. A table (CSV, Excel) needs no preparation and is ready at once.
    `address` is where the person reaches the portal, for the link in the e-mail. Files of jobs that were exported for
    this person before, and have not changed since, are used again unless `is_anew`.

    Upstream: the names of tasks and projects that are not cached, and what `reusing.still_good` asks. Raises
    NothingToPrepare, TooManyJobs, PreparedAlready, and NobodyPrepares where a ZIP is wanted and no worker is there."""
    chosen = {job.id: job for job in jobs}
    if not chosen:
        raise NothingToPrepare
    if len(chosen) > settings.BUNDLE_MAX_JOBS:
        raise TooManyJobs(len(chosen))
    if kind == ZIP and not workers.is_anybody_there():
        raise NobodyPrepares
    names = names_for(person, chosen.values())
    fields: dict[str, Any] = {
        "title": " ".join(title.split())[:300],
        "kind": kind,
        "purpose": purpose,
        "total": len(chosen),
    }
    form: dict[str, Any] = {"format": format, "save_images": save_images, "layout": layout}
    files: reusing.Files = {}
    if kind == ZIP:
        fields |= {**form, "mail_to": mail_to, "address": address[:300], **access(person)}
        files = {} if is_anew else reusing.still_good(person, chosen, format, save_images)
    else:
        now = timezone.now()
        fields |= {"status": READY, "ready": now, "expires": now + timedelta(days=TABLE_DAYS)}
    with transaction.atomic():
        same = reusing.same_under_way(person, set(chosen), **form) if kind == ZIP else None
        if same:
            raise PreparedAlready(same)
        bundle = Bundle.objects.create(upstream=settings.CVAT_URL, **who(person), **fields)
        parts = [part_of(bundle, job, names.task(job), names.project(job)) for job in chosen.values()]
        reusing.take_over(parts, files)
        Part.objects.bulk_create(parts, batch_size=BATCH)
    return bundle


def part_of(bundle: Bundle, job: Job, task: str, project: str) -> Part:
    about = {
        "task": task,
        "project": project,
        "stage": job.stage,
        "state": job.state,
        "assignee": job.assignee.username if job.assignee else "",
        "frames": job.frame_count,
    }
    return Part(bundle=bundle, job_id=job.id, organization_id=job.organization, about=about)


def tell(bundle: Bundle, mail_to: str) -> None:
    """Tell its owner by e-mail too, once it is ready."""
    Bundle.objects.filter(pk=bundle.pk).update(mail_to=mail_to)


def own_bundles(person: Person) -> QuerySet[Bundle]:
    """This person's bundles that are still listed, newest first."""
    return Bundle.objects.filter(upstream=settings.CVAT_URL, person_id=person.id)


def own_bundle(person: Person, key: UUID) -> Bundle:
    """Raises Http404."""
    found = own_bundles(person).filter(key=key).first()
    if found is None:
        raise Http404("There is no such file of yours here. It is kept for a week after it has expired.")
    return found


def progress_of(bundles: Iterable[Bundle]) -> dict[int, Progress]:
    """How far each of these is, by its primary key."""
    bundles = list(bundles)
    rows = Part.objects.filter(bundle__in=bundles).order_by().values_list("bundle", "status", "is_used")
    told: dict[int, dict[str, Any]] = {bundle.pk: {} for bundle in bundles}
    for pk, status, is_used, count, size, sized in rows.annotate(Count("pk"), Sum("size"), Count("size")):
        facts = told[pk]
        if status == MADE:
            facts["made"] = facts.get("made", 0) + count
            facts["size"] = facts.get("size", 0) + (size or 0)
            facts["unsized"] = facts.get("unsized", 0) + count - sized
            facts["is_used_up"] = facts.get("is_used_up", False) or is_used
        elif status == LEFT_OUT:
            facts["left_out"] = facts.get("left_out", 0) + count
    return {bundle.pk: progress_from(bundle, told[bundle.pk]) for bundle in bundles}


def progress_from(bundle: Bundle, facts: dict[str, Any]) -> Progress:
    made, left_out = facts.get("made", 0), facts.get("left_out", 0)
    is_complete = made and not facts["unsized"] and made + left_out == bundle.total
    size = facts["size"] if is_complete else None
    return Progress(bundle.total, made, left_out, size, facts.get("is_used_up", False))


def stop(bundle: Bundle, person: Person) -> None:
    """Take it back: nothing more is asked for, and what is queued upstream is cancelled. Nothing, once it is over.
    Upstream: requests.cancel for each part that is being made, some side by side. Raises SignedOut, after it is
    stopped here."""
    over: dict[str, Any] = {"sealed": "", "organizations": [], "lease_owner": "", "lease_until": None, "mail_to": ""}
    with transaction.atomic():
        live = Bundle.objects.filter(pk=bundle.pk, status=PREPARING)
        if not live.update(status=STOPPED, problem="", **over):
            return
        asked = list(bundle.parts.filter(status=ASKED).exclude(rq_id=""))
        waiting = bundle.parts.filter(status__in=(WAITING, ASKED))
        waiting.update(status=LEFT_OUT, words=STOPPED_WORDS, rq_id="")
    for start in range(0, len(asked), SIDE_BY_SIDE):
        some = asked[start : start + SIDE_BY_SIDE]
        calls = (partial(person.client_within(part.organization_id).requests.cancel, part.rq_id) for part in some)
        for answer in side_by_side(*calls):
            if isinstance(answer, errors.SignedOut):
                raise answer


def complete(bundle: Bundle, person: Person) -> int:
    """Try again what was left out, within the same bundle; how many jobs that are. Raises NobodyPrepares."""
    if not workers.is_anybody_there():
        raise NobodyPrepares
    with transaction.atomic():
        over = Bundle.objects.select_for_update().filter(pk=bundle.pk, status__in=(READY, FAILED, STOPPED), kind=ZIP)
        count = bundle.parts.filter(status=LEFT_OUT).update(status=WAITING, words="", tries=0) if over.exists() else 0
        if count:
            prepare(bundle, person)
            Bundle.objects.filter(pk=bundle.pk).update(is_measured=False)
    return count


def again(bundle: Bundle, person: Person) -> Bundle:
    """Order the same jobs once more, as they are now; the parts of the old one are not used. Upstream: jobs.list per
    200 jobs, names. Raises NobodyPrepares, PreparedAlready, and NothingToPrepare where all the jobs are gone."""
    person = person.within(bundle.organization)
    jobs = by_ids(person, bundle.parts.values_list("job_id", flat=True))
    kept = ("title", "kind", "format", "save_images", "layout", "purpose", "address")
    return order(person, jobs, is_anew=True, **{name: getattr(bundle, name) for name in kept})


def remove(bundle: Bundle) -> None:
    """Take it off the list, and with it the links to it. What is being handed over breaks off."""
    bundle.delete()


def purge() -> int:
    """Delete what nobody can fetch any more, a week later, and forget whom nobody could tell; how many files."""
    too_old = timezone.now() - timedelta(days=KEPT_DAYS)
    gone = Bundle.objects.filter(expires__lt=too_old).exclude(status=PREPARING)
    empty = Bundle.objects.filter(status__in=(STOPPED, FAILED), expires=None, made__lt=too_old)
    Watch.objects.filter(made__lt=too_old).delete()
    return sum(old.delete()[1].get("bundles.Bundle", 0) for old in (gone, empty))
