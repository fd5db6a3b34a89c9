"""Which columns the jobs list shows, in which order, and how dense: from its address, or as the person likes it."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from django.conf import settings

from jobsportal.accounts.person import Person, PortalRequest
from jobsportal.saved_views.models import Taste


@dataclass(frozen=True)
class Column:
    """A column: its head, its classes, and the field that the upstream can sort it by, if any."""

    name: str
    title: str
    css: str
    sort: str = ""


COLUMNS = {
    column.name: column
    for column in (
        Column("preview", "Preview", "c-thumb"),
        Column("id", "Job", "num c-id", "id"),
        Column("task", "Task", "c-task", "task_name"),
        Column("project", "Project", "c-project", "project_name"),
        Column("assignee", "Assignee", "c-assignee", "assignee"),
        Column("stage", "Stage", "c-stage", "stage"),
        Column("state", "State", "c-state", "state"),
        Column("type", "Type", "c-type", "type"),
        Column("frames", "Frames", "num c-frames"),
        Column("dimension", "Dimension", "c-dimension", "dimension"),
        Column("issues", "Issues", "num c-issues"),
        Column("created", "Created", "c-created"),
        Column("updated", "Updated", "c-updated", "updated_date"),
    )
}
ALWAYS = "id"
USUAL = ("preview", "id", "task", "project", "assignee", "stage", "state", "type", "frames", "updated")
DENSITIES = ("comfortable", "compact")


class UnknownColumn(ValueError):
    """A name that no column has."""


@dataclass(frozen=True)
class Shown:
    """How the list is shown. `is_chosen`: somebody decided on these columns, so a narrow window drops none of them."""

    names: tuple[str, ...] = USUAL
    density: str = DENSITIES[0]
    is_chosen: bool = False

    @property
    def columns(self) -> list[Column]:
        return [COLUMNS[name] for name in self.names]

    @property
    def menu(self) -> list[tuple[Column, bool, str, str]]:
        """Each column for the menu: the chosen ones in their order, then the others; whether it is chosen; and the
        columns, with commas, if it stood one further up or down ("" where it can't)."""
        others = [name for name in COLUMNS if name not in self.names]
        chosen = [(COLUMNS[name], True, self.moved(at, -1), self.moved(at, 1)) for at, name in enumerate(self.names)]
        return [*chosen, *((COLUMNS[name], False, "", "") for name in others)]

    def moved(self, at: int, by: int) -> str:
        names = list(self.names)
        if not 0 <= at + by < len(names):
            return ""
        names[at], names[at + by] = names[at + by], names[at]
        return ",".join(names)


def names_in(text: str) -> tuple[str, ...]:
    """The columns that a text names with commas, each once; the job's number is always among them. Raises
    UnknownColumn."""
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in COLUMNS:
            raise UnknownColumn(name)
    if names and ALWAYS not in names:
        names.insert(1 if names[0] == "preview" else 0, ALWAYS)
    return tuple(names)


def shown_to(person: Person, columns: str = "", density: str = "") -> Shown:
    """How this person's list is shown; what the address leaves open is as they like it. No upstream call."""
    if not columns or not density:
        taste = taste_of(person)
        columns, density = columns or taste.columns, density or taste.density
    names = readable_names(columns)
    return Shown(names or USUAL, density if density in DENSITIES else DENSITIES[0], bool(names))


def shown_behind(request: PortalRequest) -> Shown:
    """How the list is shown that a request for a single row comes from."""
    url = request.htmx.current_url if request.htmx else ""
    try:
        given = parse_qs(urlsplit(url or "").query)
    except ValueError:
        given = {}
    return shown_to(request.person, ",".join(given.get("columns", [])), "".join(given.get("density", [])[-1:]))


def readable_names(text: str) -> tuple[str, ...]:
    """As `names_in`; a column that is gone since it was kept is passed over."""
    return names_in(",".join(name for name in text.split(",") if name.strip() in COLUMNS))


def taste_of(person: Person) -> Taste:
    """How the person likes the list; an unsaved, empty one where they never said."""
    known = {"upstream": settings.CVAT_URL, "person_id": person.id}
    return Taste.objects.filter(**known).first() or Taste(**known)


def keep(person: Person, columns: str, density: str) -> None:
    """From now on this person's list is like this. Both empty: as the portal has it."""
    Taste.objects.update_or_create(
        upstream=settings.CVAT_URL,
        person_id=person.id,
        defaults={"columns": ",".join(names_in(columns)), "density": density},
    )
