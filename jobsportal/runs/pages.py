"""What the pages of runs show: which runs, in which words, which of their items."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet
from django.http import Http404
from django.utils import timezone

from jobsportal.accounts.person import Person
from jobsportal.accounts.roles import led_by
from jobsportal.jobs import names
from jobsportal.runs.models import (
    ALREADY,
    BARRED,
    CHANGED,
    DELETE,
    DISTRIBUTE,
    DOUBTFUL,
    DRAFT,
    FAILED,
    REFUSED,
    UNCHANGED,
    UNDO,
    WAITING,
    WILL_CHANGE,
    Item,
    Run,
)
from jobsportal.runs.plans import DRAFT_HOURS, own_runs
from jobsportal.web.tables import BYTE_ORDER_MARK, csv_line

NOT_THERE = "There is no such run here. A plan that nobody confirms is kept for a day."
ITEMS_SHOWN, RUNS_SHOWN = 50, 25
FIELDS = ("assignee", "stage", "state")
LEFT = "left"
NEW = "new"

# How the addresses of lists within a page call the plan's verdicts and the items' outcomes, and their headings.
VERDICTS = {
    "change": (WILL_CHANGE, "Will change"),
    "already": (ALREADY, "Already are like that"),
    "doubtful": (DOUBTFUL, "Probably refused"),
    "barred": (BARRED, "Can’t be changed"),
}
OUTCOMES = {
    CHANGED: (CHANGED, "Changed"),
    UNCHANGED: (UNCHANGED, "Unchanged"),
    REFUSED: (REFUSED, "Refused"),
    FAILED: (FAILED, "Failed"),
    LEFT: (WAITING, "Left"),
}
COLUMNS = ("job", "outcome", "words", *(f"{name} {when}" for name in FIELDS for when in ("before", "set")), "done")


def seen_by(person: Person, key: UUID) -> Run:
    """A run that this person may look at: their own, or one that was begun in an organization that they lead. Raises
    Http404 for others, and for a plan that is older than a day. Upstream: at most the person's roles."""
    found = Run.objects.select_related("undoes", "retries").filter(upstream=settings.CVAT_URL, key=key).first()
    if found is None or not (found.person_id == person.id or is_led(person, found)):
        raise Http404(NOT_THERE)
    if found.status == DRAFT and found.made < oldest_plan():
        raise Http404(NOT_THERE)
    return found


def oldest_plan() -> datetime:
    """Plans that were made before are over, whether they have been deleted yet or not."""
    return timezone.now() - timedelta(hours=DRAFT_HOURS)


def listed_for(person: Person) -> QuerySet[Run]:
    """One's own runs and plans, newest first."""
    return own_runs(person).exclude(status=DRAFT, made__lt=oldest_plan()).select_related("undoes", "retries")


def is_led(person: Person, run: Run) -> bool:
    led = led_by(person)
    return run.status != DRAFT and run.organization in [slug for id, slug, _ in person.organizations if id in led]


def own(person: Person, key: UUID) -> Run:
    """A run of this person's. Raises Http404 for everybody else's."""
    found = seen_by(person, key)
    if found.person_id != person.id:
        raise Http404(NOT_THERE)
    return found


def title_of(run: Run) -> str:
    """What a run is about, in a few words."""
    wanted, jobs = run.wanted, "job" if run.total == 1 else "jobs"
    if run.kind == DELETE:
        count = wanted.get("jobs", run.total)  # without those that were left out
        return f"Delete {count:,} ground truth {'job' if count == 1 else 'jobs'}"
    if run.kind == UNDO:
        return f"Undo of “{title_of(run.undoes)}”" if run.undoes else f"Undo of changes to {run.total:,} {jobs}"
    if run.kind == DISTRIBUTE:
        people = len(wanted.get("people", []))
        return f"Hand out {run.total:,} {jobs} to {people} {'person' if people == 1 else 'people'}"
    parts = []
    if "assignee" in wanted:
        parts.append(f"assign to {wanted['assignee']['username'] if wanted['assignee'] else 'nobody'}")
    if wanted.get("advance"):
        parts.append("advance to the next stage")
    parts += [f"{name} {wanted[name]}" for name in ("stage", "state") if name in wanted]
    words = ", ".join(parts) or f"change {run.total:,} {jobs}"
    return words[0].upper() + words[1:]


def verdicts_of(run: Run) -> dict[str, int]:
    """How many items the plan expects what of, by the names of VERDICTS."""
    rows = dict(run.items.order_by().values_list("verdict").annotate(Count("pk")))
    return {name: rows.get(verdict, 0) for name, (verdict, _) in VERDICTS.items()}


@dataclass(frozen=True)
class Tab:
    """One of the lists within a page."""

    name: str
    title: str
    count: int
    is_current: bool


def tabs(kinds: dict[str, tuple[str, str]], counts: dict[str, int], chosen: str) -> list[Tab]:
    """The lists that have something in them. What was chosen is current, or else the first."""
    present = [name for name in kinds if counts[name]]
    current = chosen if chosen in kinds else next(iter(present), "")
    return [Tab(name, kinds[name][1], counts[name], name == current) for name in kinds if name in (*present, current)]


def verdict_names(run: Run) -> dict[str, tuple[str, str]]:
    """The lists of a plan, as a run of this kind calls them."""
    deletes = {"change": (WILL_CHANGE, "Will be deleted"), "barred": (BARRED, "Can’t be deleted")}
    return VERDICTS | (deletes if run.kind == DELETE else {})


def outcome_names(run: Run) -> dict[str, tuple[str, str]]:
    """The lists of outcomes, as a run of this kind calls them."""
    return OUTCOMES | ({CHANGED: (CHANGED, "Deleted")} if run.kind == DELETE else {})


@dataclass(frozen=True)
class Line:
    """An item as a table shows it: `changes` are (field, before, after), in words."""

    item: Item
    task: str
    changes: list[tuple[str, str, str]]


@dataclass(frozen=True)
class Extent:
    """How much a plan is about: of the jobs that will be tried."""

    jobs: int
    tasks: int
    frames: int


def extent_of(run: Run) -> Extent:
    about = list(run.items.filter(verdict__in=(WILL_CHANGE, DOUBTFUL)).values_list("about", flat=True))
    tasks = {one["task_id"] for one in about if one.get("task_id")}
    return Extent(len(about), len(tasks), sum(one.get("frames") or 0 for one in about))


def page_of(items: QuerySet[Item], number: str) -> Page[Item]:
    """The page with this number, or the nearest there is."""
    return Paginator(items, ITEMS_SHOWN).get_page(number)


def lines_of(person: Person, run: Run, items: list[Item]) -> list[Line]:
    """Upstream: the names of tasks that are not cached, in one call."""
    tasks = {item.about["task_id"] for item in items if item.about.get("task_id")}
    known = names.find(person, tasks, set()) if tasks else names.Names()
    people = people_of(run)
    return [Line(item, task_name(known, item), changes_of(run, item, people)) for item in items]


def task_name(known: names.Names, item: Item) -> str:
    task_id = item.about.get("task_id")
    return known.of(names.TASK, task_id) or (f"task {task_id}" if task_id else "")


def people_of(run: Run) -> dict[int, str]:
    """The user names of those whom a run assigns jobs to. An undo finds them in the record of what it takes back."""
    people = [*run.wanted.get("people", []), run.wanted.get("assignee")]
    known = {user["id"]: user["username"] for user in people if user}
    if run.kind == UNDO and run.undoes:
        rows = run.undoes.changes.order_by().filter(field="assignee").values_list("before_id", "before")
        known |= people_of(run.undoes) | {id: name for id, name in rows.distinct() if id is not None}
    return known


def changes_of(run: Run, item: Item, people: dict[int, str]) -> list[tuple[str, str, str]]:
    """What was sent, or is planned, and what was there before. A value that stays is left out."""
    known = people | ({item.about["assignee_id"]: item.about["assignee"]} if item.about.get("assignee_id") else {})
    before = before_of(item, known)
    after = item.sent if item.sent is not None else item.wanted
    told = [(name, before.get(name, ""), in_words(name, after[name], known)) for name in FIELDS if name in after]
    changes = [change for change in told if change[1] != change[2]]
    state = (item.before or item.about).get("state", NEW)
    if run.kind != UNDO and state != NEW and "state" not in after and "stage" in [name for name, _, _ in changes]:
        changes.append(("state", state, NEW))  # as the upstream does by itself
    return changes


def before_of(item: Item, people: dict[int, str]) -> dict[str, str]:
    """The job's values before, in words: those that were stored when the change was sent, or else those planned for."""
    if item.before is None:
        return {name: in_words(name, item.expected[name], people) for name in FIELDS if name in item.expected}
    user = item.before.get("assignee")
    told = {name: item.before[name] for name in ("stage", "state") if name in item.before}
    return told | ({"assignee": user["username"] if user else "nobody"} if "assignee" in item.before else {})


def in_words(name: str, value: Any, people: dict[int, str]) -> str:
    if name != "assignee":
        return str(value)
    return people.get(value, f"person {value}") if value is not None else "nobody"


def outcome_lines(run: Run) -> Iterator[bytes]:
    """Every item and its outcome as CSV, beginning with a byte order mark for spreadsheet programs."""
    people = people_of(run)
    yield BYTE_ORDER_MARK + csv_line(COLUMNS)
    for item in run.items.iterator(chunk_size=500):
        yield csv_line(cells(run, item, people))


def cells(run: Run, item: Item, people: dict[int, str]) -> tuple[Any, ...]:
    changes = changes_of(run, item, people) if item.outcome == CHANGED else []
    by_field = {name: (before, after) for name, before, after in changes}
    told = [by_field.get(name, ("", "")) for name in FIELDS]
    done = item.done.isoformat(timespec="seconds") if item.done else ""
    return (item.job_id, item.outcome or LEFT, item.words, *(value for pair in told for value in pair), done)
