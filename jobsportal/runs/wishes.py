"""From what somebody wishes for many jobs to what is planned for each of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django import forms

from jobsportal.accounts.person import Person
from jobsportal.cvat.types import STAGES, BasicUser, Job
from jobsportal.jobs.changes import values_of
from jobsportal.jobs.forms import person_named
from jobsportal.jobs.selection import Selected, in_groups
from jobsportal.runs.models import ALREADY, BARRED, DOUBTFUL, WILL_CHANGE, Item
from jobsportal.runs.permissions import Permissions, permissions_over
from jobsportal.runs.plans import Planned, facts

NOBODY, NEXT = "nobody", "next"
GONE = "This job is gone, or not for you to see."
NOT_GROUND_TRUTH = "Only ground truth jobs can be deleted."

Members = set[tuple[int | None, int]]
Expectation = Callable[[Job, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Wish:
    """What is to become of each chosen job. `fields` are set alike in all: assignee (a person, or None for nobody),
    stage, state; `advance` moves each to its next stage; `delete` is for ground truth jobs."""

    fields: dict[str, Any] = field(default_factory=dict)
    advance: bool = False
    delete: bool = False

    def stored(self) -> dict[str, Any]:
        """As a run keeps it, for words."""
        user = self.fields.get("assignee")
        told = {"assignee": {"id": user.id, "username": user.username}} if user else {}
        return {**self.fields, **told, **({"advance": True} if self.advance else {})}

    def for_job(self, job: Job) -> dict[str, Any]:
        """The fields to set, as the upstream takes them."""
        wanted = dict(self.fields)
        if wanted.get("assignee"):
            wanted["assignee"] = wanted["assignee"].id
        if self.advance:
            wanted["stage"] = stage_after(job.stage)
        return wanted


def stage_after(stage: str) -> str:
    """The next stage; the last one, and one that only a newer server knows, stay."""
    if stage not in STAGES[:-1]:
        return stage
    return STAGES[STAGES.index(stage) + 1]


def person_in(person: Person, jobs: Iterable[Job], name: str) -> BasicUser:
    """Who is called this in the organizations of these jobs, or of one of them.

    Upstream: users.list once or twice an organization. Raises ValidationError where nobody or more than one is.
    """
    clients = [person.client_within(id) for id in organizations_of(jobs)] or [person.client]
    found: dict[int, BasicUser] = {}
    problem = forms.ValidationError(f"There is no person “{name}” here.")
    for client in clients:
        try:
            user = client.users.find(person_named(client, name))
        except forms.ValidationError as error:
            problem = error
            continue
        if user:
            found[user.id] = user
    if len(found) > 1:
        raise forms.ValidationError(f"More than one person is called “{name}” here. Give a user name.")
    if not found:
        raise problem
    return next(iter(found.values()))


def organizations_of(jobs: Iterable[Job]) -> list[int | None]:
    return sorted({job.organization for job in jobs}, key=lambda id: (id is not None, id or 0))


def members_among(person: Person, pairs: Members) -> Members:
    """Those of these (organization, person) pairs that belong together. Upstream: users.find for each, side by side."""
    asked = sorted(pairs, key=lambda pair: (pair[0] or 0, pair[1]))
    answers = in_groups([partial(person.client_within(org).users.find, id) for org, id in asked])
    return {pair for pair, user in zip(asked, answers, strict=True) if user is not None}


def planned_for(person: Person, selected: Selected, wish: Wish) -> list[Planned]:
    """What is planned for each chosen job. Upstream: see `Planner.over`."""
    wanted = {job.id: wish.for_job(job) for job in selected.jobs}
    planner = Planner.over(person, selected.jobs, wanted, wish.delete)
    return [*(planner.plan(job, wanted[job.id], present) for job in selected.jobs), *map(gone, selected.missing)]


def planned_again(
    person: Person, items: Iterable[Item], selected: Selected, delete: bool, *, as_seen: bool
) -> list[Planned]:
    """What is planned for items of a run that are tried once more. With `as_seen` they change nothing that somebody
    else has changed since the first plan: nobody looks at these plans. Upstream: see `Planner.over`."""
    kept = {item.job_id: item for item in items}
    wanted = {job.id: kept[job.id].wanted for job in selected.jobs}
    planner = Planner.over(person, selected.jobs, wanted, delete)
    expect: Expectation = (lambda job, _: kept[job.id].expected) if as_seen else present
    return [*(planner.plan(job, wanted[job.id], expect) for job in selected.jobs), *map(gone, selected.missing)]


def deletion_of(planned: Iterable[Planned]) -> dict[str, Any]:
    """What a run that deletes keeps for words: how many jobs it is about."""
    return {"delete": True, "jobs": sum(plan.verdict != BARRED for plan in planned)}


def gone(job_id: int) -> Planned:
    return Planned(job_id, None, verdict=BARRED, why=GONE)


def present(job: Job, wanted: dict[str, Any]) -> dict[str, Any]:
    """What the job has now, in the fields that are to be set."""
    return {name: value for name, value in values_of(job).items() if name in wanted}


@dataclass
class Planner:
    """What has to be known to plan: who may do what, and who belongs where."""

    permissions: Permissions
    members: Members
    delete: bool

    @classmethod
    def over(cls, person: Person, jobs: list[Job], wanted: dict[int, dict[str, Any]], delete: bool) -> "Planner":
        """Upstream: see `permissions_over`; users.find for each new assignee in each organization."""
        pairs = {(job.organization, wanted[job.id]["assignee"]) for job in jobs if wanted[job.id].get("assignee")}
        return cls(permissions_over(person, jobs), members_among(person, pairs), delete)

    def plan(self, job: Job, wanted: dict[str, Any], expect: Expectation) -> Planned:
        verdict, why = self.verdict(job, wanted)
        return Planned(job.id, job.organization, wanted, expect(job, wanted), facts(job), verdict, why)

    def verdict(self, job: Job, wanted: dict[str, Any]) -> tuple[str, str]:
        if self.delete:
            if job.type != "ground_truth":
                return BARRED, NOT_GROUND_TRUTH
            doubt = self.permissions.doubt(job, ["job"])
            return (DOUBTFUL, doubt) if doubt else (WILL_CHANGE, "")
        assignee = wanted.get("assignee")
        if assignee and (job.organization, assignee) not in self.members:
            return BARRED, "The new assignee is not in this job’s organization, or is gone."
        now = values_of(job)
        differing = [name for name, value in wanted.items() if now[name] != value]
        if not differing:
            return ALREADY, ""
        doubt = self.permissions.doubt(job, differing)
        return (DOUBTFUL, doubt) if doubt else (WILL_CHANGE, "")
