"""Placing the order that the steps lead to, in the way that costs least: the upstream's own export of the whole where
that is what is wanted and allowed, one job's export for one job, and a bundle of jobs otherwise."""

from dataclasses import dataclass

from jobsportal.accounts.person import Person
from jobsportal.bundles import orders, watching
from jobsportal.cvat import errors
from jobsportal.cvat.types import Job
from jobsportal.exports import news
from jobsportal.exports.asking import ask
from jobsportal.exports.get_purposes import layout_for
from jobsportal.exports.get_subjects import ALL, Counts, counts_of, jobs_in
from jobsportal.exports.get_wishes import Wish

SINGLE, BUNDLE, TABLE = "single", "bundle", "table"
ALREADY = "This is being prepared already."


class OnlyDownload(Exception):
    """It can't be written to a cloud storage, since the upstream does not write it as one file."""


@dataclass(frozen=True)
class Place:
    """Where it is to go: a cloud storage and the name of the file there; `mail_to` is whom to tell, with a link to the
    portal at `address`."""

    storage: tuple[int, str] | None = None
    filename: str = ""
    mail_to: str = ""
    address: str = ""


@dataclass(frozen=True)
class Ordered:
    """`new` is how the list of downloads knows it; "" where it can't be named. `note` is what else to say."""

    new: str = ""
    note: str = ""


def way_of(wish: Wish, counts: Counts) -> str:
    """How it will be ordered, as far as the counts tell."""
    if wish.is_table:
        return TABLE
    is_all = wish.part == ALL or counts.is_all_finished
    return SINGLE if (wish.subject.is_whole_thing and is_all) or counts.of(wish.part) == 1 else BUNDLE


def placed(person: Person, wish: Wish, place: Place) -> Ordered:
    """Order it. Upstream: the counts; for the whole, one export; else the jobs (see `jobs_in`), then an export of one
    job, or what `orders.order` asks. Raises NothingSelected, TooMany, NobodyPrepares, OnlyDownload, and what the
    upstream answers."""
    way = way_of(wish, counts_of(person, wish.subject))
    note = ""
    if way == SINGLE and wish.subject.is_whole_thing:
        try:
            return exported(person, wish, wish.subject.kind, wish.subject.id, place)
        except errors.Forbidden:
            note = f"You may not export the whole {wish.subject.kind}, so its jobs are put together one by one."
    jobs = jobs_in(person, wish.subject, wish.part)
    if len(jobs) == 1 and not wish.is_table:
        return exported(person, wish, "job", jobs[0].id, place)
    if place.storage is not None:
        raise OnlyDownload(note)
    return bundled(person, wish, jobs, place, note)


def exported(person: Person, wish: Wish, target: str, id: int, place: Place) -> Ordered:
    made = ask(
        person,
        target,
        id,
        wish.format,
        save_images=bool(wish.with_images),
        title=wish.title,
        storage=place.storage,
        filename=place.filename,
    )
    if made is None:
        return Ordered(note=ALREADY)
    if place.mail_to:
        watching.watch(person, made.rq_id, wish.title, place.mail_to, place.address)
    return Ordered(made.rq_id, "" if made.is_new else ALREADY)


def bundled(person: Person, wish: Wish, jobs: list[Job], place: Place, note: str) -> Ordered:
    try:
        bundle = orders.order(
            person,
            jobs,
            title=wish.title,
            kind=wish.kind,
            format=wish.format,
            save_images=bool(wish.with_images),
            layout=layout_for(wish.purpose),
            purpose=wish.purpose,
            mail_to=place.mail_to,
            address=place.address,
        )
    except orders.PreparedAlready as same:
        if place.mail_to:
            orders.tell(same.bundle, place.mail_to)
        return Ordered(str(same.bundle.key), ALREADY)
    if not wish.is_table:
        news.remember(person, news.BUNDLE, str(bundle.key), wish.title)
    return Ordered(str(bundle.key), note)
