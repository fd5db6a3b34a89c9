"""What follows on a run: taking it back, and trying a part of it once more."""

from jobsportal.accounts.person import Person
from jobsportal.jobs.changes import FIELDS
from jobsportal.jobs.selection import Selected, by_ids
from jobsportal.runs import plans
from jobsportal.runs.models import CHANGED, DELETE, DRAFT, FAILED, LIVE, REFUSED, UNDO, WAITING, Run
from jobsportal.runs.plans import NotThis, Planned
from jobsportal.runs.wishes import deletion_of, planned_again

# By the names that the forms give to them.
AGAIN = {"failed": FAILED, "refused": REFUSED, "left": WAITING}


def again(person: Person, run: Run, outcome: str) -> Run:
    """A new plan for the items with this outcome, over the jobs as they are now.

    What was refused, and what deletes, is to be looked at first; so it is measured against what the jobs have now. The
    rest begins at once: there, what somebody else has changed since the first plan is left alone.
    Upstream: jobs.list per 200 items, then see `wishes.Planner.over`. Raises NotThis for a run that is not over, and
    where there is no such item.
    """
    person = person.within(run.organization)
    items = list(run.items.filter(outcome=AGAIN[outcome]))
    if not (items and has_ended(run)):
        raise NotThis
    ids = {item.job_id for item in items}
    jobs = by_ids(person, ids)
    selected = Selected(jobs, sorted(ids - {job.id for job in jobs}))
    is_delete = run.kind == DELETE
    planned = planned_again(person, items, selected, is_delete, as_seen=not is_looked_at(run, outcome))
    wanted = deletion_of(planned) if is_delete else run.wanted
    return plans.draft(person, run.kind, wanted, planned, retries=run, undoes=run.undoes)


def is_looked_at(run: Run, outcome: str) -> bool:
    """Whether trying again shows the plan before anything is done."""
    return outcome == REFUSED or run.kind == DELETE


def undo_run(person: Person, run: Run) -> Run:
    """A plan that gives each field back what it had before the run, where it still has what the run gave it. Raises
    NotThis for a run that is not over, and where there is nothing to give back."""
    planned: dict[int, Planned] = {}
    for record in run.changes.filter(outcome=CHANGED, field__in=FIELDS).order_by("id"):
        about = {"task_id": record.task_id, "project_id": record.project_id, "undoes": str(record.key)}
        plan = planned.setdefault(record.job_id, Planned(record.job_id, record.organization_id, about=about))
        is_person = record.field == "assignee"
        plan.wanted.setdefault(record.field, record.before_id if is_person else record.before)
        plan.expected[record.field] = record.after_id if is_person else record.after
    if not (planned and has_ended(run)):
        raise NotThis
    return plans.draft(person.within(run.organization), UNDO, {}, planned.values(), undoes=run)


def has_ended(run: Run) -> bool:
    return not run.is_live and run.status != DRAFT


def undone_already(person: Person, run: Run) -> Run | None:
    """The undo of this run that this person has begun or planned: a second click is no second undo."""
    return run.undone_by.filter(person_id=person.id, kind=UNDO, retries=None).first()


def under_way_again(person: Person, run: Run) -> Run | None:
    """The run that tries a part of this one right now."""
    return run.retried_by.filter(person_id=person.id, status__in=LIVE).first()


def may_be_undone(run: Run) -> bool:
    """Whether it has ended and changed anything that can be given back."""
    return has_ended(run) and run.kind != DELETE and run.items.filter(outcome=CHANGED).exists()
