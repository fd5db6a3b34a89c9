"""The form for uploading annotations."""

from typing import Any
from zipfile import is_zipfile

from django import forms
from django.conf import settings

from jobsportal.annotations.bringing import Wish
from jobsportal.annotations.contents import HEAD_BYTES, complaint
from jobsportal.annotations.counting import Counts
from jobsportal.cvat.types import Format
from jobsportal.looking import Findings, look
from jobsportal.looking.turns import turn
from jobsportal.web.templatetags.portal import size

MIB = 1024 * 1024
NOT_LOOKED_INTO = "Other files are being looked into just now, so this one was not sent. Send it again in a moment."
EMPTY_ZIP_BYTES = 22


def max_bytes() -> int:
    return settings.UPLOAD_MAX_MIB * MIB


class FormatSelect(forms.Select):
    """A choice of formats, each with the file name endings it takes, for the script that guesses from the file."""

    endings: dict[str, list[str]] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if endings := self.endings.get(str(value)):
            option["attrs"]["data-endings"] = " ".join(endings)
        return option


REPLACE, APPEND = "replace", "append"


class OptionsForm(forms.Form):
    """How a file is to be imported: its format, and what becomes of what is there, as it was confirmed.

    `before` counts what is there now; None if that could not be found out, then everything has to be confirmed. With
    `appends` the server can keep what is there, too.
    """

    format = forms.ChoiceField(
        label="Format",
        widget=FormatSelect,
        error_messages={
            "required": "Choose the format that the file was written in.",
            "invalid_choice": "The server does not import this format into this job. Choose one from the list.",
        },
    )
    mode = forms.ChoiceField(
        label="What is there already",
        widget=forms.RadioSelect,
        initial=REPLACE,
        required=False,
        error_messages={"invalid_choice": "What is there is replaced, or the file is added to it."},
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    keep_backup = forms.BooleanField(label="Keep a backup first", initial=True, required=False)
    replace = forms.BooleanField(required=False)

    def __init__(
        self, *args: Any, formats: list[Format], before: Counts | None, appends: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.now = None if before is None else sum(before.values())
        self.formats = {format.name: format for format in formats}
        field = self.fields["format"]
        field.choices = [("", "Choose a format"), *((format.name, choice(format)) for format in formats)]  # type: ignore[attr-defined]
        field.widget.endings = {format.name: format.extensions for format in formats}
        self.fields["mode"].choices = [  # type: ignore[attr-defined]
            (REPLACE, "The file takes its place"),
            (APPEND, "It stays, and what is in the file is added to it"),
        ]
        self.fields["seen"].initial = self.now
        self.fields["replace"].label = replacing(self.now)
        if self.now == 0:
            del self.fields["replace"]
            del self.fields["keep_backup"]
        if self.now == 0 or not appends:
            del self.fields["mode"]

    @property
    def appends(self) -> bool:
        return bool(self.cleaned_data.get("mode") == APPEND)

    def clean(self) -> dict[str, Any]:
        """What was confirmed has to be what is there now."""
        has_mode = "mode" not in self.errors and "mode" in self.fields
        if "replace" not in self.fields or (has_mode and self.appends):
            return self.cleaned_data
        seen = self.cleaned_data.get("seen")
        if not self.cleaned_data.get("replace"):
            self.add_error("replace", "Tick this to go on: the upload replaces all that is there.")
        elif self.now is not None and seen is not None and seen != self.now:
            words = f"There were {seen:,} when you looked, and there are {self.now:,} now. Tick again to replace them."
            self.add_error("replace", words)
        return self.cleaned_data

    def asked_again(self) -> None:
        """Let the form that is shown again count what is there now, unconfirmed if that has changed."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        if data.get("seen") != str(self.now):
            data.pop("replace", None)
        data["seen"] = "" if self.now is None else str(self.now)
        self.data = data

    def wish(self, name: str) -> Wish:
        """What is wanted of the file with this name. Only of a form that is valid."""
        given = self.cleaned_data
        return Wish(name, given["format"], self.appends, bool(given.get("keep_backup")))


class BeginForm(OptionsForm):
    """The same, before a file of a name and a size is sent in pieces."""

    name = forms.CharField(max_length=1000)
    size = forms.IntegerField(min_value=1, error_messages={"min_value": "This file is empty. Choose another."})

    def clean_size(self) -> int:
        return checked_size(self.cleaned_data["size"])


class UploadForm(OptionsForm):
    """The same, with the file itself. `findings` are what is in it, where it was looked into before."""

    file = forms.FileField(
        label="File",
        error_messages={"required": "Choose a file.", "empty": "This file is empty. Choose another."},
    )

    def __init__(self, *args: Any, findings: Findings | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.findings = findings
        self.fields["file"].help_text = f"Up to {size(max_bytes())}."

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        checked_size(file.size)
        findings = self.findings or looked_into(file)
        if findings.problems:
            raise forms.ValidationError(list(findings.problems))
        return file

    def clean(self) -> dict[str, Any]:
        """The file has to be one that the format may be in."""
        file, format = self.cleaned_data.get("file"), self.cleaned_data.get("format")
        if file and format and (words := look_into(file, self.formats[format])):
            self.add_error("file", words)
        return super().clean()


def checked_size(size: int) -> int:
    if size > max_bytes():
        raise forms.ValidationError(f"Files of up to {settings.UPLOAD_MAX_MIB:,} MiB can be uploaded here.")
    return size


def looked_into(file: Any) -> Findings:
    """What is in a file; it is left at its beginning. What could not be looked into is not to be sent."""
    with turn() as has_come:
        findings = look(file, file.name) if has_come else Findings(file.name, problems=(NOT_LOOKED_INTO,))
    file.seek(0)
    return findings


def guessed_format(findings: Findings, formats: list[Format]) -> str:
    """The likeliest of the job's formats, by what is in the file, or by its ending where only one takes it; "" where
    neither tells."""
    names = {format.name for format in formats}
    fitting = [format.name for format in formats if findings.name.lower().endswith(tuple(format.extensions or "\0"))]
    by_ending = fitting[0] if len(fitting) == 1 else ""
    return next((name for name in findings.formats if name in names), by_ending)


def look_into(file: Any, format: Format) -> str:
    """Why this can't be a file of the format, by its beginning; it is left at its beginning."""
    file.seek(0)
    words = complaint(file.read(HEAD_BYTES), format)
    # An archive may begin with something else: what makes it one stands at its end.
    if words and ".zip" in format.extensions and is_zipfile(file) and file.size > EMPTY_ZIP_BYTES:
        words = ""
    file.seek(0)
    return words


def choice(format: Format) -> str:
    return f"{format.name} ({', '.join(format.extensions)})" if format.extensions else format.name


def replacing(now: int | None) -> str:
    if now is None:
        return "Replace whatever annotations are there"
    return f"Replace the {now:,} annotations that are there" if now != 1 else "Replace the annotation that is there"
