"""A plan as a draft run keeps it.

`run.wanted["choice"]` is what the form said last. A plan that was made adds `people`, `method`, `review` and `loads`;
what each job is to become stands in its item, whose `about` also knows who annotated it (`excluded`), for a review.
"""

from dataclasses import asdict
from typing import Any
from uuid import uuid4

from django.db import transaction

from jobsportal.accounts.person import Person
from jobsportal.cvat.types import Job
from jobsportal.distribute import filling, people, planning
from jobsportal.distribute.annotators import annotators_of
from jobsportal.distribute.filling import Chosen
from jobsportal.distribute.loads import open_loads
from jobsportal.distribute.people import Member
from jobsportal.runs import plans, workers
from jobsportal.runs.models import DISTRIBUTE, DRAFT, Item, Run
from jobsportal.runs.plans import BATCH, NotThis, NoWorker, Planned

Choice = dict[str, Any]

START: Choice = {
    "ticked": [],
    "limits": {},
    "method": planning.EQUAL_FRAMES,
    "keep_tasks": False,
    "review": False,
    "which": "all",
    "limit": None,
}


class Unplannable(Exception):
    """There is nothing to plan with, or this can't be planned; the words say why."""


def start(person: Person, jobs: list[Job]) -> Run:
    """A draft with nothing planned yet."""
    planned = [
        Planned(
            job.id,
            job.organization,
            expected={"assignee": job.assignee.id if job.assignee else None},
            about=plans.facts(job),
        )
        for job in jobs
    ]
    return plans.draft(person, DISTRIBUTE, {"choice": START}, planned)


def organizations_of(run: Run) -> list[int | None]:
    """The organizations that the jobs belong to; None for personal ones."""
    found = set(run.items.order_by().values_list("organization_id", flat=True).distinct())
    return sorted(found, key=lambda id: (id is None, id or 0))


def keep(run: Run, wanted: dict[str, Any]) -> None:
    """Store what is wanted of a draft, which within a transaction can't begin meanwhile. Raises NotThis if it has."""
    if not Run.objects.filter(pk=run.pk, status=DRAFT).update(wanted=wanted):
        raise NotThis
    run.wanted = wanted


def hold(run: Run) -> None:
    """Within a transaction: nobody else changes or begins the draft, and what is wanted of it is as it is now. Raises
    NotThis if it has begun."""
    now = Run.objects.select_for_update().get(pk=run.pk)
    if now.status != DRAFT:
        raise NotThis
    run.wanted = now.wanted


def keep_choice(run: Run, choice: Choice) -> None:
    keep(run, {**run.wanted, "choice": choice})


def make(person: Person, run: Run) -> None:
    """Make the plan that the choice describes, and store it.

    Upstream: users by id per organization, then jobs.list per person, some side by side. Where one of them fails, the
    plan stays as it was. Raises Unplannable, NotThis.
    """
    choice = run.wanted["choice"]
    members = chosen_members(person, run, choice)
    loads = open_loads(person.within(run.organization), {member.id: member.username for member in members})
    chosen = [chosen_one(member, choice) for member in members]
    items = list(run.items.all())
    annotators = annotators_of(items) if choice["review"] else {}
    for item in items:
        item.about["excluded"] = sorted(annotators.get(item.job_id, ()))
    filling.fill(items, chosen, loads, choice)
    told = {"people": chosen, "method": choice["method"], "review": choice["review"], "version": uuid4().hex}
    with transaction.atomic():
        keep(run, {"choice": choice, **told, "loads": {str(id): list(load) for id, load in loads.items()}})
        replace_items(run, items)


def chosen_members(person: Person, run: Run, choice: Choice) -> list[Member]:
    """The people of a choice. Raises Unplannable if there are none, or one is gone; the choice goes on without them."""
    if not choice["ticked"]:
        raise Unplannable("Choose at least one person.")
    members = people.by_ids(person, organizations_of(run), choice["ticked"])
    there = [member.id for member in members]
    gone = [id for id in choice["ticked"] if id not in there]
    if gone:
        known = {one["id"]: one["username"] for one in run.wanted.get("people", [])}
        keep_choice(run, {**choice, "ticked": there})
        names = ", ".join(known.get(id, f"person {id}") for id in gone)
        raise Unplannable(f"Not in the organization, or gone: {names}. The others are still chosen.")
    return members


def chosen_one(member: Member, choice: Choice) -> Chosen:
    return asdict(member) | {"limit": choice["limits"].get(str(member.id), choice["limit"])}


def replace_items(run: Run, items: list[Item]) -> None:
    """Write all items anew, which takes a fraction of the time that updating thousands of them takes."""
    run.items.all().delete()
    for item in items:
        item.pk = None
    Item.objects.bulk_create(items, batch_size=BATCH)


def move(run: Run, job_id: int, person_id: int | None) -> Item:
    """Plan one job for somebody else of the plan, or for nobody. Raises Unplannable, Item.DoesNotExist, NotThis."""
    with transaction.atomic():
        hold(run)
        item = run.items.get(job_id=job_id)
        if person_id is None:
            filling.leave(item, filling.LEFT_OUT)
        else:
            one = next((one for one in run.wanted.get("people", []) if one["id"] == person_id), None)
            if one is None:
                raise Unplannable("This person is not part of the plan.")
            if not filling.may_have(item, one):
                raise Unplannable(why_not(item, one))
            filling.give(item, person_id, is_review=run.wanted["review"])
        item.save()
        keep(run, {**run.wanted, "version": uuid4().hex})
    return item


def why_not(item: Item, one: Chosen) -> str:
    if item.organization_id not in one["organizations"]:
        return f"{one['username']} is not in the organization of job {item.job_id}."
    return f"{one['username']} annotated job {item.job_id}, and can’t review it."


def begin(person: Person, run: Run, version: str | None = None) -> None:
    """Hand out what is planned. Jobs that nobody gets leave the run first. `version` is the plan that was looked at.

    Raises NoWorker, NotThis, and Unplannable where nobody gets a job, or the plan is another one by now."""
    if not workers.is_anybody_there():
        raise NoWorker
    planned = run.items.exclude(wanted={})
    if not planned.exists():
        raise Unplannable("Nobody gets a job yet.")
    with transaction.atomic():
        hold(run)
        if version not in (None, run.wanted.get("version")):
            raise Unplannable("The plan has changed since you saw it, perhaps in another tab. Look at it again.")
        run.items.filter(wanted={}).delete()
        Run.objects.filter(pk=run.pk).update(total=run.items.count())
    plans.begin(person, run)
