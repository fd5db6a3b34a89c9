"""What the upstream will probably refuse, told before it is asked. Only the upstream decides: this never forbids."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from jobsportal.accounts.person import Person
from jobsportal.accounts.roles import LEADERS, roles_of
from jobsportal.cvat import errors
from jobsportal.cvat.types import Job, Project, Task
from jobsportal.web.parallel import side_by_side


@dataclass
class Permissions:
    """What a person may do to some jobs: where they lead, and which tasks and projects are theirs."""

    person: Person
    led: set[int] = field(default_factory=set)
    tasks: set[int] = field(default_factory=set)
    projects: set[int] = field(default_factory=set)

    def manages(self, job: Job) -> bool:
        """Whether assignee, stage and state are this person's to change, and ground truth to delete."""
        if self.person.is_superuser or job.organization in self.led:
            return True
        return job.task_id in self.tasks or job.project_id in self.projects

    def doubt(self, job: Job, fields: Iterable[str]) -> str:
        """Why the upstream will probably refuse to change these fields; empty if it won't."""
        fields = set(fields)
        if self.manages(job):
            return ""
        is_own = job.assignee is not None and job.assignee.id == self.person.id
        beyond = sorted(fields - {"state"}) if is_own else sorted(fields)
        if not beyond:
            return ""
        who = "Whoever leads its organization, task or project may"
        return f"{who} change its {' and '.join(beyond)}." if "job" not in fields else f"{who} delete it."


def permissions_over(person: Person, jobs: Iterable[Job]) -> Permissions:
    """Upstream: the person's roles, if not known; then tasks and projects by id, side by side, of those jobs that the
    roles don't settle. Raises what the upstream answers."""
    led = {id for id, role in roles_of(person).items() if role in LEADERS}
    found = Permissions(person, led)
    unsettled = [job for job in jobs if not found.manages(job)]
    if not unsettled:
        return found
    tasks = {job.task_id for job in unsettled}
    projects = {job.project_id for job in unsettled if job.project_id is not None}
    answers = side_by_side(partial(person.client.tasks.by_ids, tasks), partial(person.client.projects.by_ids, projects))
    for answer in answers:
        if isinstance(answer, errors.CVATError):
            raise answer
    found.tasks, found.projects = (staffed_by(person, answer.values()) for answer in answers)
    return found


def staffed_by(person: Person, things: Iterable[Task | Project]) -> set[int]:
    """Those of these tasks or projects that the person owns or is assigned to."""
    return {one.id for one in things if person.id in [who.id for who in (one.owner, one.assignee) if who]}
