"""What the address of the record's page means: filters, and where a page begins."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet
from django.utils import timezone

from jobsportal.activity.models import CHANGED, FAILED, REFUSED, Change
from jobsportal.jobs.queries import Chip
from jobsportal.web.addresses import whole_number

MAX_ID = 2**63 - 1
FIELD_CHOICES = [
    ("", "any"),
    ("assignee", "assignee"),
    ("stage", "stage"),
    ("state", "state"),
    ("annotations", "annotations"),
    ("job", "job created or deleted"),
]
OUTCOME_CHOICES = [("", "any"), (CHANGED, "changed"), (REFUSED, "refused"), (FAILED, "failed")]
WITHIN_CALENDAR = [MinValueValidator(date(1970, 1, 2)), MaxValueValidator(date(9999, 12, 30))]


def number_field(label: str, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(required=False, min_value=1, max_value=MAX_ID, label=label, **more)


def date_field(label: str) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(required=False, label=label, widget=widget, validators=WITHIN_CALENDAR)


class FilterForm(forms.Form):
    """What records can be found by."""

    search = forms.CharField(
        required=False,
        max_length=200,
        label="Search",
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Search person, value or #job", "data-key": "/"}
        ),
    )
    person = forms.CharField(
        required=False,
        max_length=150,
        label="Person",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "placeholder": "user name"}
        ),
    )
    job = number_field("Job")
    field = forms.ChoiceField(required=False, choices=FIELD_CHOICES, label="What")
    outcome = forms.ChoiceField(required=False, choices=OUTCOME_CHOICES, label="Outcome")
    task = number_field("Task id")
    project = number_field("Project id")
    since = date_field("From")
    until = date_field("To")
    run = forms.UUIDField(required=False, label="Run", widget=forms.HiddenInput)
    before = number_field("Page", widget=forms.HiddenInput)

    @property
    def unseen_errors(self) -> list[str]:
        """What is wrong with parts of the address that stand in no field of the panel."""
        named = [
            f"{self.fields[name].label} can’t be “{self[name].value()}”."
            for name in ("run", "before")
            if name in self.errors
        ]
        return [*(f"Search: {error}" for error in self["search"].errors), *named]


CHIPS = ("search", "person", "job", "field", "outcome", "task", "project", "since", "until", "run")
COLUMNS = {"person": "username", "job": "job_id", "task": "task_id", "project": "project_id", "run": "run__key"}


@dataclass(frozen=True)
class RecordQuery:
    """A valid address of the record's page."""

    given: dict[str, Any]
    org: str

    @classmethod
    def of(cls, form: FilterForm, org: str) -> "RecordQuery":
        names = (*CHIPS, "before")
        return cls({name: form.cleaned_data[name] for name in names if form.cleaned_data.get(name)}, org)

    def query(self, **changes: Any) -> str:
        """The query string with changes; None drops a part. All but a new page begin with the newest."""
        merged = {**self.given, "before": None, **changes}
        return "?" + urlencode([("org", self.org), *((name, value) for name, value in merged.items() if value)])

    @property
    def cleared(self) -> str:
        return self.query(**dict.fromkeys(CHIPS))

    @property
    def here(self) -> str:
        return self.query(before=self.given.get("before"))

    def chips(self, form: FilterForm) -> list[Chip]:
        return [
            Chip(str(form.fields[name].label), self.in_words(name), self.query(**{name: None}))
            for name in CHIPS
            if name in self.given
        ]

    def in_words(self, name: str) -> str:
        return str(self.given[name])[:8] if name == "run" else str(self.given[name])

    def among(self, records: QuerySet[Change]) -> QuerySet[Change]:
        """Those of these records that are asked for, on all pages."""
        for name in ("field", "outcome", *COLUMNS):
            if name in self.given:
                records = records.filter(**{COLUMNS.get(name, name): self.given[name]})
        if "since" in self.given:
            records = records.filter(at__gte=moment(self.given["since"], time.min))
        if "until" in self.given:
            records = records.filter(at__lte=moment(self.given["until"], time.max))
        return records.filter(found_by(self.given["search"])) if "search" in self.given else records


def moment(day: date, clock: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, clock))


def found_by(text: str) -> Q:
    """What a search looks through; a number, alone or as #12, may also be a job's."""
    words = Q()
    for name in ("username", "before", "after", "words"):
        words |= Q(**{f"{name}__icontains": text})
    number = whole_number(text.removeprefix("#"))
    return words if number is None else words | Q(job_id=number)
