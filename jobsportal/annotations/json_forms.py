"""The forms for changing annotations as JSON: what is brought, and the confirmation of what it does."""

import codecs
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings

from jobsportal.annotations.models import Draft
from jobsportal.annotations.plans import Change, given_of
from jobsportal.cvat.errors import Invalid

MIB = 1024 * 1024
MAX_TYPED = 1_000_000  # characters; in bytes, DATA_UPLOAD_MAX_MEMORY_SIZE has to hold four times as many

ACTIONS = {
    "replace": (
        "Replace all",
        "What the job has goes; what you bring takes its place, each object under a new id.",
    ),
    "create": ("Add", "What the job has stays; what you bring is added."),
    "update": ("Change some", "Objects with the same ids are replaced by yours. Each needs its id."),
    "delete": ("Delete some", "Objects with these ids go. Nothing but the ids is read."),
}


def max_bytes() -> int:
    """What a job may weigh to be read here: larger annotations could not be looked at again."""
    return settings.CVAT_MAX_BODY_MIB * MIB


class JsonForm(forms.Form):
    """What to do, and the JSON to do it with: a file, or text. `draft` is what was brought before.

    `problems` holds the complaints about single objects. Valid, it gives `change` and `name`."""

    action = forms.ChoiceField(
        choices=[(name, words) for name, (words, _) in ACTIONS.items()],
        error_messages={"required": "Choose what to do.", "invalid_choice": "Choose what to do."},
    )
    file = forms.FileField(label="JSON file", required=False, allow_empty_file=True)
    text = forms.CharField(
        label="or JSON text",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "autocapitalize": "none", "dir": "ltr"}),
    )

    def __init__(self, *args: Any, draft: Draft | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.draft = draft
        self.problems: list[str] = []
        self.change: Change | None = None
        self.name = ""
        self.fields["file"].help_text = f"Up to {settings.CVAT_MAX_BODY_MIB:,} MiB."
        self.fields["text"].help_text = f"Up to {MAX_TYPED:,} characters; more comes as a file."

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > max_bytes():
            raise forms.ValidationError(f"Files of up to {settings.CVAT_MAX_BODY_MIB:,} MiB can be taken here.")
        return file

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if len(text) > MAX_TYPED:
            raise forms.ValidationError("This is too much text. Save it as a file, and choose that.")
        return text

    def clean(self) -> dict[str, Any]:
        """One of both, and JSON that holds annotations. Nothing upstream is asked."""
        action = self.cleaned_data.get("action")
        file, text = self.cleaned_data.get("file"), self.cleaned_data.get("text", "")
        if self.errors or action is None:
            return self.cleaned_data
        if file and text.strip():
            self.add_error("text", "There is a file, and text too. Take one of them away.")
            return self.cleaned_data
        field = "file" if file else "text"
        content = self.brought(file, text)
        if content is None:
            self.add_error("file", "Choose a file, or paste JSON below.")
            return self.cleaned_data
        try:
            change = Change(action, as_utf8(content))
            self.problems = given_of(change).problems
        except Invalid as error:
            self.add_error(field, error.detail)
            return self.cleaned_data
        if self.problems:
            self.add_error(field, "This can’t be sent. Nothing was changed.")
        else:
            self.change = change
        return self.cleaned_data

    def brought(self, file: Any, text: str) -> bytes | None:
        if file:
            self.name = file.name or "annotations.json"
            return file.read()
        if text.strip():
            return text.encode()
        if self.draft is not None and self.draft.name:
            self.name = self.draft.name
            return self.draft.json
        return None


class ConfirmForm(forms.Form):
    """Yes to a difference: `seen` names it, `total` is what was there then, `once` makes a second click harmless.

    With `number` (of the job) it has to be typed."""

    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    total = forms.IntegerField(required=False, widget=forms.HiddenInput)
    once = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    typed = forms.CharField(required=False, max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, number: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.number = number
        if number is None:
            del self.fields["typed"]
        else:
            self.fields["typed"].label = f"Type the number of the job, {number}, to confirm"

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed.strip().lstrip("#") != str(self.number):
            raise forms.ValidationError(f"This is not {self.number}, the number of the job. Nothing was changed.")
        return typed


def fresh_once() -> str:
    return uuid4().hex


def as_utf8(content: bytes) -> bytes:
    """JSON as editors on Windows save it, too: without its mark, and not in UTF-16. Raises Invalid."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace").encode("utf-8", "replace")
    content = content.removeprefix(codecs.BOM_UTF8)
    decoder, line = codecs.getincrementaldecoder("utf-8")(), 1
    for start in range(0, len(content), MIB):  # in pieces: as a whole, the text may be four times as large
        piece = content[start : start + MIB]
        try:
            decoder.decode(piece, final=start + MIB >= len(content))
        except UnicodeDecodeError as error:
            line += piece.count(b"\n", 0, error.start)
            raise Invalid(detail=f"This is not JSON: line {line} holds a character that is not UTF-8.") from None
        line += piece.count(b"\n")
    return content
