"""Forms that change a job."""

from typing import Any

from django import forms

from jobsportal.cvat import Client
from jobsportal.cvat.types import STAGES, STATES, Job
from jobsportal.jobs.changes import Values, values_of, version_of
from jobsportal.web.addresses import whole_number


class SeenForm(forms.Form):
    """What the person saw when they decided: the values, and the job's version. Hidden in forms that change a job."""

    seen_assignee = forms.IntegerField(required=False, widget=forms.HiddenInput)
    seen_stage = forms.CharField(required=False, max_length=50, widget=forms.HiddenInput)
    seen_state = forms.CharField(required=False, max_length=50, widget=forms.HiddenInput)
    version = forms.CharField(required=False, max_length=50, widget=forms.HiddenInput)

    @property
    def seen(self) -> Values:
        if not self.cleaned_data.get("seen_stage"):
            return {}
        return {name: self.cleaned_data.get(f"seen_{name}") for name in ("assignee", "stage", "state")}


def seen_initial(job: Job) -> dict[str, Any]:
    values = {f"seen_{name}": "" if value is None else value for name, value in values_of(job).items()}
    return {**values, "version": version_of(job)}


def options(values: tuple[str, ...], current: str = "") -> list[tuple[str, str]]:
    """The known values; one that only a newer server knows stays choosable while it is current."""
    known = values if not current or current in values else (*values, current)
    return [(value, value) for value in known]


class EditForm(SeenForm):
    """Assignee, stage and state of one job, on its own page."""

    assignee = forms.CharField(
        required=False,
        max_length=150,
        label="Assignee",
        help_text="A user name; empty for nobody.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "list": "people"}
        ),
    )
    stage = forms.ChoiceField(label="Stage")
    state = forms.ChoiceField(
        label="State", help_text="A new stage begins with the state new, unless another is chosen."
    )

    def __init__(self, *args: Any, job: Job | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stage"].choices = options(STAGES, job.stage if job else "")  # type: ignore[attr-defined]
        self.fields["state"].choices = options(STATES, job.state if job else "")  # type: ignore[attr-defined]

    def kept_over(self, job: Job, wanted: Values) -> dict[str, Any]:
        """The data of this form for the job as somebody else has left it: one's own changes, and theirs elsewhere."""
        data = dict(self.data.items())
        now = {"assignee": job.assignee.username if job.assignee else "", "stage": job.stage, "state": job.state}
        own = {name for name, value in wanted.items() if value != self.seen.get(name)}
        data |= {name: value for name, value in now.items() if name not in own}
        return data | seen_initial(job)

    def wanted(self, client: Client, current: Job) -> Values | None:
        """The values asked for; None, with the error at its field, if the assignee can't be found.

        A stage that changes takes the state with it upstream. So the state is sent along only if the person chose one:
        left as it was seen, it follows the stage.
        """
        assignee = self.resolve(client, current)
        if self.errors:
            return None
        wanted: Values = {
            "assignee": assignee,
            "stage": self.cleaned_data["stage"],
            "state": self.cleaned_data["state"],
        }
        stage_moves = wanted["stage"] != self.cleaned_data.get("seen_stage")
        if stage_moves and wanted["state"] == self.cleaned_data.get("seen_state"):
            del wanted["state"]
        return wanted

    def resolve(self, client: Client, current: Job) -> int | None:
        name = self.cleaned_data.get("assignee", "").strip()
        if not name:
            return None
        if current.assignee and current.assignee.username == name:
            return current.assignee.id
        try:
            return person_named(client, name)
        except forms.ValidationError as error:
            self.add_error("assignee", error)
            return None


def person_named(client: Client, name: str) -> int:
    """The id of the person who is called this, by user name or in full. Upstream: users.list.

    Raises ValidationError, with names that are near, where there is none or more than one."""
    people = client.users.list(search=name, page_size=20)
    exact = [user for user in people if user.username == name] or [
        user for user in people if name.casefold() in (user.username.casefold(), user.name.casefold())
    ]
    if len(exact) == 1:
        return exact[0].id
    near = ", ".join(user.username for user in people.results[:5])
    raise forms.ValidationError(f"There is no person “{name}” here." + (f" Near: {near}." if near else ""))


class FieldForm(SeenForm):
    """One value of one job, changed where it is read."""

    value = forms.CharField(required=False, max_length=50)
    next = forms.CharField(required=False, max_length=4000, widget=forms.HiddenInput)

    def __init__(self, *args: Any, field: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.field = field

    def clean_value(self) -> int | str | None:
        value: str = self.cleaned_data["value"].strip()
        if self.field == "assignee":
            if value and whole_number(value, digits=9) is None:
                raise forms.ValidationError("Choose a person from the list.")
            return int(value) if value else None
        if value not in (STAGES if self.field == "stage" else STATES):
            raise forms.ValidationError(f"“{value}” is not a {self.field}.")
        return value
