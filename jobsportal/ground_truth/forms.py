"""The form for a new ground truth job, and the one that confirms that one is deleted."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import forms

from jobsportal.cvat.versions import Version
from jobsportal.ground_truth import ranges
from jobsportal.ground_truth.grid import MOST_TYPED
from jobsportal.ground_truth.subjects import Subject

RANDOM, PER_JOB, MANUAL = "random_uniform", "random_per_job", "manual"
METHODS = {
    RANDOM: ("Random, over the whole task", "Each frame is as likely as any other."),
    PER_JOB: ("Random, from each job", "Every job gives some frames, so the work of every annotator can be measured."),
    MANUAL: ("By hand", "You name the frames, or pick them by their pictures."),
}
FRAMES, PERCENT = "frames", "percent"
MOST_SEED = 2**32 - 1
TYPED = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class MethodSelect(forms.RadioSelect):
    """The methods; those that this server doesn't have can't be chosen."""

    refused: frozenset[str] = frozenset()

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if str(value) in self.refused:
            option["attrs"]["disabled"] = True
        return option


class NewForm(forms.Form):
    """Which frames, and for whom. What belongs to another method than the chosen one is not looked at."""

    method = forms.ChoiceField(
        label="How the frames are chosen",
        choices=[(value, label) for value, (label, _) in METHODS.items()],
        widget=MethodSelect,
        initial=RANDOM,
        error_messages={"required": "Choose one of these.", "invalid_choice": "Choose one of these."},
    )
    amount = forms.DecimalField(
        required=False,
        label="How many",
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        initial=10,
        widget=forms.TextInput(attrs=TYPED | {"inputmode": "decimal"}),
        error_messages={
            "invalid": "Write a number.",
            "min_value": "At least one frame is needed.",
            "max_decimal_places": "Write a number with two decimal places at most.",
        },
    )
    unit = forms.ChoiceField(
        required=False,
        label="Counted in",
        choices=[(PERCENT, "percent"), (FRAMES, "frames")],
        initial=PERCENT,
        error_messages={"invalid_choice": "Choose percent or frames."},
    )
    seed = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_SEED,
        label="Seed",
        help_text="Optional. The same number draws the same frames again; without one they are drawn anew.",
        widget=forms.TextInput(attrs=TYPED | {"inputmode": "numeric"}),
        error_messages={"invalid": "A seed is a whole number."},
    )
    frames = forms.CharField(
        required=False,
        max_length=MOST_TYPED,
        label="Frames",
        widget=forms.Textarea(attrs=TYPED | {"rows": 2, "placeholder": "0-9, 15, 20-30"}),
    )
    assignee = forms.CharField(
        required=False,
        max_length=150,
        label="Assignee",
        help_text="A user name; empty for nobody.",
        widget=forms.TextInput(attrs=TYPED | {"list": "people"}),
    )

    def __init__(self, *args: Any, subject: Subject, version: Version | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subject = subject
        self.chosen: set[int] = set()
        self.release = version
        self.refuses_per_job = version is not None and not version.selects_frames_per_job
        if self.refuses_per_job:
            self.fields["method"].widget.refused = frozenset({PER_JOB})
        last = f"{max(0, subject.task.size - 1):,}"
        self.fields[
            "frames"
        ].help_text = f"Numbers and ranges with commas between them; 0 is the first, {last} the last."

    @property
    def methods(self) -> list[tuple[Any, str, str]]:
        """Each with its explanation, and why it can't be chosen."""
        why = f"Version {self.release} of the server can't do this." if self.refuses_per_job else ""
        return [
            (radio, METHODS[radio.data["value"]][1], why if radio.data["value"] == PER_JOB else "")
            for radio in self["method"]
        ]

    @property
    def current(self) -> str:
        return str(self["method"].value() or "")

    def clean_method(self) -> str:
        method: str = self.cleaned_data["method"]
        if method == PER_JOB and self.refuses_per_job:
            raise forms.ValidationError("This server can't choose frames per job. Choose another way.")
        return method

    def clean(self) -> dict[str, Any]:
        method = self.cleaned_data.get("method")
        if method == MANUAL:
            self.forgive("amount", "unit", "seed")
            self.clean_chosen()
        elif method:
            self.forgive("frames")
            self.clean_amount_of(method)
        return self.cleaned_data

    def forgive(self, *names: str) -> None:
        for name in names:
            self.errors.pop(name, None)

    def clean_chosen(self) -> None:
        try:
            self.chosen = ranges.read(self.cleaned_data.get("frames", ""), self.subject.task.size, MOST_TYPED)
        except ranges.Unreadable as error:
            self.add_error("frames", str(error))
            return
        if not self.chosen and "frames" not in self.errors:
            self.add_error("frames", "Choose at least one frame.")

    def clean_amount_of(self, method: str) -> None:
        amount, unit = self.cleaned_data.get("amount"), self.cleaned_data.get("unit")
        if "amount" in self.errors or "unit" in self.errors:
            return
        most = self.subject.frames_per_job if method == PER_JOB else self.subject.task.size
        whose = "A job of this task" if method == PER_JOB else "The task"
        if amount is None:
            self.add_error("amount", "Write how many.")
        elif unit == PERCENT and amount > 100:
            self.add_error("amount", "A share is 100 percent at most.")
        elif unit != PERCENT and amount != int(amount):
            self.add_error("amount", "Write a whole number of frames.")
        elif unit != PERCENT and amount > most:
            self.add_error("amount", f"{whose} has {most:,} frames.")

    @property
    def order(self) -> dict[str, Any]:
        """What the form asks for, in the words of `jobs.create_ground_truth`.

        Of the whole task, a share is turned into a number: what was shown is what is made."""
        data = self.cleaned_data
        if data["method"] == MANUAL:
            return {"method": MANUAL, "frames": sorted(self.chosen)}
        order: dict[str, Any] = {"method": data["method"], "seed": data["seed"]}
        if data["unit"] != PERCENT:
            return order | {"count": int(data["amount"])}
        if data["method"] == PER_JOB:
            return order | {"share": float(data["amount"] / 100)}
        return order | {"count": share_of(self.subject.task.size, data["amount"])}


def share_of(size: int, percent: Decimal) -> int:
    """So many percent of the frames, at least one; the script says the same."""
    return max(1, int((size * percent / 100).quantize(Decimal(1), ROUND_HALF_UP)))


class DeleteForm(forms.Form):
    """The confirmation, by typing the number of the job or the name of its task. `seen` is what was said to be lost."""

    confirm = forms.CharField(
        max_length=300,
        widget=forms.TextInput(attrs=TYPED),
        error_messages={"required": "Type it to go on."},
    )
    seen = forms.CharField(required=False, max_length=1000, widget=forms.HiddenInput)

    def __init__(self, *args: Any, job_id: int, task: str, lost: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.job_id, self.task, self.lost = job_id, task, lost
        self.fields["confirm"].label = f"Type {job_id}, the number of the job, or the name of its task to delete it"
        self.fields["seen"].initial = lost

    def clean_confirm(self) -> str:
        typed: str = self.cleaned_data["confirm"]
        plain = typed.casefold().removeprefix("job").strip().removeprefix("#").strip()
        if plain != str(self.job_id) and typed.casefold() != self.task.casefold():
            raise forms.ValidationError(f"This is neither {self.job_id} nor “{self.task}”. Nothing was deleted.")
        return typed

    def clean(self) -> dict[str, Any]:
        if "confirm" in self.cleaned_data and self.cleaned_data.get("seen", "") != self.lost:
            self.add_error("confirm", "What is lost has changed since you looked: read it above, then type it again.")
        return self.cleaned_data

    def asked_again(self) -> None:
        """Let the form that is shown again stand for what is there now, unconfirmed if that has changed."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        if data.get("seen", "") != self.lost:
            data["confirm"] = ""
        data["seen"] = self.lost
        self.data = data
