"""Go to: a job by its number, tasks and projects by name, saved views, and the portal's own pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from jobsportal.accounts.person import EVERYTHING, Person, PortalRequest
from jobsportal.cvat import errors
from jobsportal.cvat.types import Job
from jobsportal.jobs.queries import NUMBER, PRESETS
from jobsportal.saved_views.models import SavedView
from jobsportal.web.errors import in_words
from jobsportal.web.parallel import side_by_side

SHOWN = 6
PAGES = (
    ("Workload", "workload:people"),
    ("Distribute jobs", "distribute:create"),
    ("Activity", "activity:list"),
    ("Runs", "runs:list"),
    ("Saved views", "saved_views:views"),
    ("Downloads", "exports:downloads"),
    ("Get data", "exports:get"),
    ("New ground truth job", "ground_truth:create"),
    ("About this server", "server:about"),
)


@dataclass(frozen=True)
class Place:
    """Somewhere to go: what it is called, its address, and a word more."""

    name: str
    href: str
    more: str = ""


@dataclass(frozen=True)
class Places:
    """Places of one kind."""

    kind: str
    places: list[Place]


@require_safe
def go(request: PortalRequest) -> HttpResponse:
    """GET /jobs/go?q=: places that a word leads to, as a page or as the options of the dialog.

    Upstream, side by side and only with a word: tasks.list, projects.list and, for a number, jobs.retrieve.
    """
    typed = request.GET.get("q", "")[:200].replace("\0", "").strip()
    found, problems = found_upstream(request.person, typed)
    own = [Places("Saved views", saved_views(request.person, typed)), Places("Pages", pages(request.person, typed))]
    groups = [group for group in [*found, *own] if group.places]
    context = {"groups": groups, "q": typed, "problems": problems}
    return render(request, "jobs/_go_options.html" if request.htmx else "jobs/go.html", context)


def found_upstream(person: Person, typed: str) -> tuple[list[Places], list[str]]:
    """What the upstream knows under this word, and in words what could not be asked. Raises SignedOut."""
    if not typed:
        return [], []
    number = NUMBER.fullmatch(typed)
    calls: dict[str, Any] = {
        "Tasks": partial(person.client.tasks.list, search=typed, page_size=SHOWN),
        "Projects": partial(person.client.projects.list, search=typed, page_size=SHOWN),
    }
    if number:
        calls = {"Jobs": partial(person.client.jobs.retrieve, int(number[2])), **calls}
    groups, problems = [], []
    for kind, answer in zip(calls, side_by_side(*calls.values()), strict=True):
        if isinstance(answer, errors.SignedOut):
            raise answer
        if isinstance(answer, errors.CVATError):
            if not isinstance(answer, errors.NotFound | errors.Forbidden):
                problems.append(f"{kind} could not be searched. {in_words(answer)}")
            continue
        groups.append(Places(kind, [place_of_job(answer)] if kind == "Jobs" else lists(person, kind, answer)))
    return groups, problems


def place_of_job(job: Job) -> Place:
    who = job.assignee.username if job.assignee else "nobody"
    return Place(f"Job {job.id}", reverse("jobs:job", args=[job.id]), f"{job.stage}, {job.state}, {who}")


def lists(person: Person, kind: str, found: Iterable[Any]) -> list[Place]:
    """The jobs of each task or project."""
    field = "task_id" if kind == "Tasks" else "project_id"
    return [Place(one.name, list_of(person.org, **{field: one.id}), f"#{one.id}, its jobs") for one in found]


def saved_views(person: Person, typed: str) -> list[Place]:
    """One's own views in this organization, and those that its members share."""
    theirs = Q(person_id=person.id)
    if person.org not in ("", EVERYTHING):
        theirs |= Q(is_shared=True)
    found = SavedView.objects.filter(theirs, upstream=settings.CVAT_URL, organization=person.org)
    return [
        Place(view.name, reverse("saved_views:open", args=[view.key]), "" if view.person_id == person.id else "shared")
        for view in found.filter(name__icontains=typed)[:SHOWN]
    ]


def pages(person: Person, typed: str) -> list[Place]:
    """The portal's own pages, the views that every list has, and the other organizations."""
    presets = [Place(f"Jobs: {name.lower()}", list_of(person.org, view=view)) for view, name in PRESETS.items()]
    own = [Place(name, reverse(view)) for name, view in PAGES]
    others = [
        Place(f"Jobs in {choice.name}", list_of(choice.value))
        for choice in person.choices
        if choice.value != person.org
    ]
    return [place for place in [*presets, *own, *others] if typed.casefold() in place.name.casefold()]


def list_of(org: str, **given: Any) -> str:
    parts = {"org": org, **{name: value for name, value in given.items() if value}}
    return f"{reverse('jobs:list')}?{urlencode(parts)}"
