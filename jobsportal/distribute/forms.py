"""The form of the first two steps: who gets jobs, and how they are given out."""

from typing import Any

from django import forms
from django.http import QueryDict

from jobsportal.distribute.people import MAX_PEOPLE
from jobsportal.distribute.planning import EQUAL_FRAMES, METHODS
from jobsportal.web.addresses import whole_number

HELP = {
    "round_robin": "One job to each, in the order of tasks and jobs, again and again.",
    "equal_jobs": "Everybody gets as many of these jobs as the others.",
    "equal_frames": "Everybody gets about as many frames as the others.",
    "top_up_jobs": "Who has fewer open jobs gets more of these.",
    "top_up_frames": "Who has fewer open frames gets more of these.",
}
MAX_LIMIT = 100_000


class PlanForm(forms.Form):
    """`person` (ids, repeated) and `limit-<id>` come beside the fields. `choice` is what a draft keeps of it."""

    method = forms.ChoiceField(
        choices=list(METHODS.items()),
        initial=EQUAL_FRAMES,
        widget=forms.RadioSelect,
        label="Method",
        error_messages={"invalid_choice": "Choose one of these methods.", "required": "Choose a method."},
    )
    keep_tasks = forms.BooleanField(required=False, label="Keep the jobs of a task with one person")
    review = forms.BooleanField(required=False, label="Hand out for review")
    which = forms.ChoiceField(
        choices=[("free", "Only jobs that nobody has"), ("all", "All chosen jobs")],
        initial="all",
        widget=forms.RadioSelect,
        label="Jobs",
    )
    limit = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_LIMIT,
        label="At most, per person",
        help_text="Jobs of this plan. Empty for no limit.",
    )

    def __init__(self, data: QueryDict | None = None, *, choice: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=choice)
        self.ticked: list[int] = choice["ticked"] if choice else []
        self.limits: dict[str, str] = {key: str(value) for key, value in choice["limits"].items()} if choice else {}
        if data is not None:
            self.read_people(data)

    def read_people(self, data: QueryDict) -> None:
        """What was ticked and typed, as it was typed."""
        numbers = [whole_number(text, digits=9) for text in data.getlist("person")]
        self.ticked = sorted({number for number in numbers if number is not None})
        self.is_people_read = None not in numbers
        self.limits = {
            name.removeprefix("limit-"): text
            for name in data
            if name.startswith("limit-") and (text := data.get(name, "").strip())
        }

    @property
    def methods(self) -> list[tuple[Any, str]]:
        return [(radio, HELP[radio.data["value"]]) for radio in self["method"]]

    def clean(self) -> dict[str, Any]:
        if not self.is_people_read:
            self.add_error(None, "A person is chosen by their number.")
        if len(self.ticked) > MAX_PEOPLE:
            self.add_error(None, f"Choose {MAX_PEOPLE} people at most.")
        for key, text in self.limits.items():
            number = whole_number(text, digits=6)
            if key in map(str, self.ticked) and number is None:
                self.add_error(None, f"A limit is a whole number, not “{text[:50]}”.")
        return self.cleaned_data

    @property
    def choice(self) -> dict[str, Any]:
        """Plain values, for a valid form."""
        kept = {str(id) for id in self.ticked}
        limits = {key: int(text) for key, text in self.limits.items() if key in kept}
        return {**self.cleaned_data, "ticked": self.ticked, "limits": limits}
