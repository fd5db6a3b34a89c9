"""What the address of the jobs list means: presets, filters, sorting, paging."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.utils import timezone

from jobsportal.accounts.person import Person
from jobsportal.cvat import errors, filters
from jobsportal.cvat.types import DIMENSIONS, JOB_TYPES, STAGES, STATES
from jobsportal.jobs import columns as columns_of_list

SORTS = (
    "id",
    "task_name",
    "project_name",
    "assignee",
    "stage",
    "state",
    "type",
    "updated_date",
    "task_id",
    "project_id",
    "dimension",
)
DEFAULT_SORT = "-updated_date"
PAGE_SIZES = sorted({25, 50, 100, 200, settings.PAGE_SIZE})
PRESETS = {"": "All", "mine": "Mine", "unassigned": "Unassigned", "review": "To review", "stuck": "Stuck"}


def choices(values: tuple[str, ...]) -> list[tuple[str, str]]:
    return [("", "any"), *((value, value.replace("_", " ")) for value in values)]


SORT_CHOICES = [
    ("", "newest change"),
    ("updated_date", "oldest change"),
    ("-id", "newest job"),
    ("id", "oldest job"),
    ("task_name", "task"),
    ("project_name", "project"),
    ("assignee", "assignee"),
    ("stage", "stage"),
    ("state", "state"),
    ("type", "type"),
]
SUGGESTED_NAME = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "placeholder": "user name"}

RULE_HELP = (
    'JSON Logic, for example {"and": [{"==": [{"var": "stage"}, "validation"]}, {"!": {"var": "assignee"}}]}. '
    f"Fields: {', '.join(filters.FIELDS)}."
)
NUMBER = re.compile(r"(#|job\s*#?\s*)?([0-9]{1,9})", re.IGNORECASE)
WHOLE_NAME = {"autocomplete": "off", "placeholder": "whole name"}


class Repeated(forms.HiddenInput):
    """A list with commas, which boxes that were ticked may send one by one."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        return ",".join(data.getlist(name) if hasattr(data, "getlist") else filter(None, [data.get(name)]))


class FilterForm(forms.Form):
    """Every field the upstream's list can filter on, and how the list is shown."""

    search = forms.CharField(
        required=False,
        max_length=200,
        label="Search",
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Search task, project, person or #job", "data-key": "/"}
        ),
    )
    assignee = forms.CharField(
        required=False,
        max_length=150,
        label="Assignee",
        widget=forms.TextInput(attrs=SUGGESTED_NAME | {"list": "filter-people"}),
    )
    stage = forms.ChoiceField(required=False, choices=choices(STAGES), label="Stage")
    state = forms.ChoiceField(required=False, choices=choices(STATES), label="State")
    type = forms.ChoiceField(required=False, choices=choices(JOB_TYPES), label="Type")
    dimension = forms.ChoiceField(required=False, choices=choices(DIMENSIONS), label="Dimension")
    project_name = forms.CharField(
        required=False,
        max_length=256,
        label="Project",
        widget=forms.TextInput(attrs=WHOLE_NAME | {"list": "filter-projects"}),
    )
    project_id = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, label="Project id")
    task_name = forms.CharField(
        required=False,
        max_length=256,
        label="Task",
        widget=forms.TextInput(attrs=WHOLE_NAME | {"list": "filter-tasks"}),
    )
    task_id = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, label="Task id")
    filter = forms.CharField(
        required=False,
        max_length=filters.MAX_LENGTH,
        label="Rule",
        help_text=RULE_HELP,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    view = forms.ChoiceField(required=False, choices=list(PRESETS.items()), widget=forms.HiddenInput, label="View")
    days = forms.IntegerField(required=False, min_value=1, max_value=3650, widget=forms.HiddenInput, label="Days")
    sort = forms.CharField(required=False, max_length=200, label="Sorted by", widget=forms.Select)
    page = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput, label="Page")
    page_size = forms.TypedChoiceField(
        required=False, coerce=int, choices=[(size, str(size)) for size in PAGE_SIZES], empty_value=None, label="Rows"
    )
    columns = forms.CharField(required=False, max_length=300, widget=Repeated, label="Columns")
    density = forms.ChoiceField(
        required=False,
        choices=[("", "usual"), *((name, name) for name in columns_of_list.DENSITIES)],
        widget=forms.HiddenInput,
        label="Density",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = str(self["sort"].value() or "")
        known = dict(SORT_CHOICES)
        other = [] if current in known else [(current, current)]
        self.fields["sort"].widget.choices = [*SORT_CHOICES, *other]

    @property
    def unseen_errors(self) -> list[str]:
        """What is wrong with parts of the address that stand in no field."""
        hidden = ("view", "days", "page", "page_size", "columns", "density")
        wrong = {name: filters.shown(self[name].value()).replace("\0", "�") for name in hidden if name in self.errors}
        named = [f"{self.fields[name].label} can’t be “{value}”." for name, value in wrong.items()]
        return [*(f"Search: {error}" for error in self["search"].errors), *named]

    def clean_filter(self) -> str:
        text: str = self.cleaned_data["filter"].strip()
        if text:
            try:
                filters.parse(text)
            except errors.Invalid as error:
                raise forms.ValidationError(error.detail) from None
        return text

    def clean_columns(self) -> str:
        try:
            return ",".join(columns_of_list.names_in(self.cleaned_data["columns"]))
        except columns_of_list.UnknownColumn as error:
            raise forms.ValidationError(f"There is no column “{error}”.") from None

    def clean_sort(self) -> str:
        sort: str = self.cleaned_data["sort"]
        unknown = [name for name in sort.split(",") if sort and name.removeprefix("-") not in SORTS]
        if unknown:
            raise forms.ValidationError(f"The list can't be sorted by “{unknown[0]}”.")
        return sort


CHIPS = (
    "search",
    "assignee",
    "stage",
    "state",
    "type",
    "dimension",
    "project_name",
    "project_id",
    "task_name",
    "task_id",
    "filter",
)
MANNER = ("sort", "page_size", "columns", "density")  # how a list is shown, whatever it finds
ADDRESS_ORDER = ("view", "days", *CHIPS, *MANNER, "page")


@dataclass(frozen=True)
class Chip:
    """One active filter: what it is called, its value in words, and the address without it."""

    label: str
    value: str
    without: str


@dataclass(frozen=True)
class Wider:
    """A wider search: the words looked for, and its address."""

    words: str
    query: str


@dataclass(frozen=True)
class JobQuery:
    """A valid address of the jobs list."""

    given: dict[str, Any]
    org: str

    @classmethod
    def of(cls, form: FilterForm, org: str) -> "JobQuery":
        return cls({name: form.cleaned_data[name] for name in ADDRESS_ORDER if form.cleaned_data.get(name)}, org)

    @property
    def view(self) -> str:
        return str(self.given.get("view", ""))

    @property
    def page(self) -> int:
        return int(self.given.get("page", 1))

    @property
    def page_size(self) -> int:
        return int(self.given.get("page_size", settings.PAGE_SIZE))

    @property
    def sort(self) -> str:
        return str(self.given.get("sort", DEFAULT_SORT))

    @property
    def days(self) -> int:
        return int(self.given.get("days", settings.STUCK_DAYS))

    def query(self, **changes: Any) -> str:
        """The query string of this list with changes; None drops a part. All but a new page begin at page 1."""
        if "page" not in changes:
            changes["page"] = None
        merged = {**self.given, **changes}
        parts = [("org", self.org), *((name, merged[name]) for name in ADDRESS_ORDER if merged.get(name))]
        return "?" + urlencode(parts)

    def params(self, person: Person, now: datetime | None = None) -> dict[str, Any]:
        """The parameters of `jobs.list`."""
        params: dict[str, Any] = {name: self.given[name] for name in CHIPS if name in self.given and name != "filter"}
        rules = [rule for rule in (self.preset_rule(person, now or datetime.now(UTC)), self.own_rule()) if rule]
        if number := self.number_rule():
            rules.append(number)
            del params["search"]
        if rules:
            params["filter"] = filters.both(*rules)
        return {**params, "sort": self.sort, "page": self.page, "page_size": self.page_size}

    def preset_rule(self, person: Person, now: datetime) -> filters.Rule | None:
        if self.view == "mine":
            return filters.equals("assignee", person.username)
        if self.view == "unassigned":
            return filters.nobody()
        if self.view == "review":
            return filters.both(
                filters.equals("stage", "validation"), filters.one_of_values("state", ["new", "in progress"])
            )
        if self.view == "stuck":
            since = (now - timedelta(days=self.days)).replace(microsecond=0)
            return filters.both(filters.equals("state", "in progress"), filters.until("updated_date", since))
        return None

    def number_rule(self) -> filters.Rule | None:
        """What a search for a number means, which the upstream's search does not know: the job with that number. A
        plain number may be a part of a name as well."""
        found = NUMBER.fullmatch(str(self.given.get("search", "")).strip())
        if found is None:
            return None
        job = filters.equals("id", int(found[2]))
        if found[1]:
            return job
        return {"or": [job, *({"in": [found[2], filters.var(name)]} for name in ("task_name", "project_name"))]}

    def own_rule(self) -> filters.Rule | None:
        return filters.parse(self.given["filter"]) if "filter" in self.given else None

    def chips(self, form: FilterForm) -> list[Chip]:
        return [
            Chip(str(form.fields[name].label), self.in_words(name), self.query(**{name: None}))
            for name in CHIPS
            if name in self.given
        ]

    def in_words(self, name: str) -> str:
        if name == "filter":
            return filters.explain(filters.parse(self.given[name]), timezone.get_default_timezone())
        return str(self.given[name]).replace("_", " ") if name == "type" else str(self.given[name])

    @property
    def cleared(self) -> str:
        """The same view without its filters; how it is shown stays."""
        return self.query(**dict.fromkeys(CHIPS))

    @property
    def found_by(self) -> str:
        """What the list is found by, and nothing of how it is shown: two pages of one list have the same."""
        return self.query(**dict.fromkeys(MANNER))

    @property
    def unmannered(self) -> str:
        """This page of the list, shown as the person likes lists."""
        return self.query(columns=None, density=None, page=self.given.get("page"))

    @property
    def without_columns(self) -> str:
        """This page of the list, for other columns to be added."""
        return self.query(columns=None, page=self.given.get("page"))

    @property
    def manner(self) -> dict[str, Any]:
        return {name: self.given[name] for name in MANNER if name in self.given}

    @property
    def wider(self) -> "Wider | None":
        """A search for the part of a name, where a whole name was asked for and may have been too little."""
        name = next((name for name in ("task_name", "project_name", "assignee") if name in self.given), None)
        if name is None:
            return None
        words = f"{self.given.get('search', '')} {self.given[name]}".strip()
        return Wider(str(self.given[name]), self.query(**{name: None}, search=words))

    def sort_link(self, name: str) -> str:
        """The address sorted by a field; asked again, the other way round. Dates begin with the newest."""
        first = f"-{name}" if name in ("updated_date", "id") else name
        second = name if first.startswith("-") else f"-{name}"
        return self.query(sort=second if self.sort == first else first)

    def sort_mark(self, name: str) -> str:
        """How the list is sorted by a field, as `aria-sort` says it; empty if it isn't."""
        return {name: "ascending", f"-{name}": "descending"}.get(self.sort.split(",")[0], "")
