"""What somebody wants to hand on: a finished file of their own, looked at as themselves."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone

from jobsportal.accounts.person import Person
from jobsportal.bundles.handing import length_of
from jobsportal.bundles.models import CSV, EXCEL, READY, Bundle
from jobsportal.bundles.orders import own_bundle
from jobsportal.cvat import errors
from jobsportal.cvat.types import Operation, Request
from jobsportal.exports.items import ANNOTATIONS, DATASET, Item, names_of, title_of

TABLES = {CSV: "CSV table", EXCEL: "Excel table"}


class NotToShare(Exception):
    """There is no file that a link could lead to; `words` say why."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True)
class Subject:
    """A file that can be handed on. `until` is when it goes away by itself, None where nobody says. `recipe` prepares
    it again (see `Share`), empty where that can't be done."""

    title: str
    format: str
    save_images: bool
    made: datetime | None
    until: datetime | None
    recipe: dict[str, Any]
    is_handed_out_once: bool
    rq_id: str = ""
    bundle: Bundle | None = None
    known: Request | None = field(default=None, repr=False)

    @property
    def can_be_prepared_again(self) -> bool:
        return bool(self.recipe)


def subject_of(person: Person, *, rq_id: str = "", bundle: str = "") -> Subject:
    """Upstream: requests.retrieve and names that are not cached; nothing for a bundle. Raises Http404, NotToShare and
    what the upstream answers."""
    return bundle_of(person, bundle) if bundle else export_of(person, rq_id)


def export_of(person: Person, rq_id: str) -> Subject:
    known = person.client.requests.retrieve(rq_id)
    is_own = known.owner is None or known.owner.id == person.id
    if not is_own or known.operation.type not in (DATASET, ANNOTATIONS):
        raise Http404("Only exports of your own can be shared.")
    if known.status != "finished":
        raise NotToShare("It is not ready. It can be shared once it is.")
    if not known.result_url:
        raise NotToShare("Its file went to a cloud storage. Share it from there.")
    made = known.operation
    item = Item(known, title_of(made, names_of(person, [made])))
    if item.state == "expired":
        raise NotToShare("Its file is gone. Prepare it again, then share it.")
    return Subject(
        title=item.title,
        format=made.format or "",
        save_images=item.with_images,
        made=known.finished_date,
        until=known.expiry_date,
        recipe=recipe_of(made),
        is_handed_out_once=item.is_handed_out_once,
        rq_id=known.id,
        known=known,
    )


def recipe_of(made: Operation) -> dict[str, Any]:
    """How to ask for the same once more."""
    number = {"job": made.job_id, "task": made.task_id, "project": made.project_id}.get(made.target)
    if number is None or not made.format:
        return {}
    return {"target": made.target, "id": number, "format": made.format, "save_images": made.type == DATASET}


def bundle_of(person: Person, key: str) -> Subject:
    try:
        bundle = own_bundle(person, UUID(key))
    except ValueError:
        raise Http404("There is no such download.") from None
    if bundle.status != READY:
        raise NotToShare("It is not ready. It can be shared once it is.")
    if bundle.expires and bundle.expires <= timezone.now():
        raise NotToShare("Its file is gone. Prepare it again, then share it.")
    return Subject(
        title=bundle.title,
        format=bundle.format or TABLES.get(bundle.kind, ""),
        save_images=bundle.save_images,
        made=bundle.ready or bundle.made,
        until=bundle.expires,
        recipe={"target": "bundle"},
        is_handed_out_once=False,  # the worker sees to that
        bundle=bundle,
    )


def measured(person: Person, subject: Subject) -> int | None:
    """The file's length, where telling it doesn't use the file up. Upstream, but for a bundle: requests.download, of
    which only the headers are read. Raises NotToShare where there is no file any more, and what else the upstream
    answers."""
    if subject.bundle is not None:
        return length_of(subject.bundle)
    if subject.known is None or subject.is_handed_out_once:
        return None
    try:
        with person.client.requests.download(subject.known) as download:
            return download.whole_length
    except (errors.NotFound, errors.Conflict, errors.Unsupported):
        raise NotToShare("Its file is gone. Prepare it again, then share it.") from None
