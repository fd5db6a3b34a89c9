"""Forms of runs: the wish, and the words that a deletion is confirmed with."""

from typing import Any

from django import forms
from django.http import QueryDict

from jobsportal.accounts.person import Person
from jobsportal.cvat.types import STAGES, STATES, Job
from jobsportal.runs.wishes import NEXT, NOBODY, Wish, person_in

LEAVE = ("", "leave as it is")
FIELDS = ("assignee", "stage", "state")
# What a form with a wish may carry beside it.
BESIDE = {"csrfmiddlewaretoken", "job", "jobs", "all", "query", "plan", "delete"}


class WishForm(forms.Form):
    """Assignee, stage and state for many jobs; what is left empty stays as it is."""

    assignee = forms.CharField(
        required=False,
        max_length=150,
        label="Assignee",
        help_text="A user name, or “nobody”. Empty leaves it as it is.",
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "list": "people",
                "placeholder": "leave as it is",
            }
        ),
    )
    stage = forms.ChoiceField(
        required=False,
        label="Stage",
        choices=[LEAVE, (NEXT, "next stage of each job"), *((value, value) for value in STAGES)],
    )
    state = forms.ChoiceField(
        required=False,
        label="State",
        help_text="A new stage begins with the state new, unless another is chosen.",
        choices=[LEAVE, *((value, value) for value in STATES)],
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if foreign := sorted(set(self.data) - set(self.fields) - BESIDE):
            raise forms.ValidationError(f"“{foreign[0][:50]}” is nothing that can be changed.")
        if not self.errors and not any(data.get(name) for name in FIELDS):
            raise forms.ValidationError("Choose what to change.")
        return data

    def wish(self, person: Person, jobs: list[Job]) -> Wish | None:
        """What is wished for these jobs; None, with the error at its field, if the assignee can't be found.

        Upstream: see `person_in`."""
        name, stage, state = (self.cleaned_data[field].strip() for field in FIELDS)
        fields: dict[str, Any] = {"stage": stage} if stage and stage != NEXT else {}
        if state:
            fields["state"] = state
        try:
            if name:
                fields["assignee"] = None if name == NOBODY else person_in(person, jobs, name)
        except forms.ValidationError as error:
            self.add_error("assignee", error)
            return None
        return Wish(fields, advance=stage == NEXT)


def prefilled(data: QueryDict) -> WishForm:
    """The form, not yet judged, with what came along."""
    return WishForm(initial={name: data[name] for name in FIELDS if name in data})


class ConfirmForm(forms.Form):
    """The words that have to be typed before something is lost."""

    confirm = forms.CharField(
        required=False, max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )

    def __init__(self, *args: Any, words: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words = words
        self.fields["confirm"].label = f"Type “{words}” to confirm"

    def clean_confirm(self) -> str:
        typed: str = self.cleaned_data["confirm"]
        if typed.strip() != self.words:
            raise forms.ValidationError(f"Nothing was deleted. Type exactly: {self.words}")
        return typed
