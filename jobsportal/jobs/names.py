"""Names of the tasks and projects that jobs mention: one call per kind, cached per credential and organization."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from django.conf import settings
from django.core.cache import cache

from jobsportal.accounts.person import Person
from jobsportal.cvat.errors import CVATError
from jobsportal.cvat.types import Job
from jobsportal.web.parallel import side_by_side

TASK, PROJECT = "task", "project"


@dataclass
class Names:
    """`of(kind, id)` gives a name, or "" where the person may not know it or it could not be found out."""

    known: dict[tuple[str, int], str] = field(default_factory=dict)

    def task(self, job: Job) -> str:
        return self.known.get((TASK, job.task_id), "") or f"task {job.task_id}"

    def project(self, job: Job) -> str:
        if job.project_id is None:
            return ""
        return self.known.get((PROJECT, job.project_id), "") or f"project {job.project_id}"

    def of(self, kind: str, id: int | None) -> str:
        return self.known.get((kind, id), "") if id is not None else ""


def names_for(person: Person, jobs: Iterable[Job]) -> Names:
    """The names that these jobs need. Upstream: at most one call for tasks and one for projects, side by side."""
    jobs = list(jobs)
    return find(person, {job.task_id for job in jobs}, {job.project_id for job in jobs if job.project_id is not None})


def find(person: Person, tasks: set[int], projects: set[int]) -> Names:
    """The names of these tasks and projects; what can't be found out now is left out and not remembered."""
    wanted = {
        (kind, id): f"name:{person.cache_scope}:{kind}:{id}"
        for kind, ids in ((TASK, tasks), (PROJECT, projects))
        for id in ids
    }
    cached = cache.get_many(wanted.values())
    names = Names({key: cached[name] for key, name in wanted.items() if name in cached})
    sources = {TASK: person.client.tasks.by_ids, PROJECT: person.client.projects.by_ids}
    missing = {
        kind: {id for found, id in wanted if found == kind and (kind, id) not in names.known} for kind in sources
    }
    asked = [kind for kind in sources if missing[kind]]
    answers = side_by_side(*(partial(sources[kind], missing[kind]) for kind in asked))
    fresh: dict[str, str] = {}
    for kind, answer in zip(asked, answers, strict=True):
        if isinstance(answer, CVATError):
            continue
        for id in missing[kind]:
            names.known[kind, id] = answer[id].name if id in answer else ""
            fresh[wanted[kind, id]] = names.known[kind, id]
    if fresh:
        cache.set_many(fresh, settings.NAMES_CACHE_SECONDS)
    return names
