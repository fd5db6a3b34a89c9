"""The form for uploading annotations."""

from typing import Any
from zipfile import is_zipfile

from django import forms
from django.conf import settings

from jobsportal.annotations.contents import HEAD_BYTES, complaint
from jobsportal.annotations.counting import Counts
from jobsportal.cvat.types import Format
from jobsportal.web.templatetags.portal import size

MIB = 1024 * 1024
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


class UploadForm(forms.Form):
    """A file, its format, and the confirmation of what it replaces.

    `before` counts what is there now; None if that could not be found out, then everything has to be confirmed.
    """

    file = forms.FileField(
        label="File",
        error_messages={"required": "Choose a file.", "empty": "This file is empty. Choose another."},
    )
    format = forms.ChoiceField(
        label="Format",
        widget=FormatSelect,
        error_messages={
            "required": "Choose the format that the file was written in.",
            "invalid_choice": "The server does not import this format into this job. Choose one from the list.",
        },
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    keep_backup = forms.BooleanField(label="Keep a backup first", initial=True, required=False)
    replace = forms.BooleanField(
        error_messages={"required": "Tick this to go on: the upload replaces all that is there."}
    )

    def __init__(self, *args: Any, formats: list[Format], before: Counts | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = None if before is None else sum(before.values())
        self.formats = {format.name: format for format in formats}
        self.fields["file"].help_text = f"Up to {size(max_bytes())}."
        field = self.fields["format"]
        field.choices = [("", "Choose a format"), *((format.name, choice(format)) for format in formats)]  # type: ignore[attr-defined]
        field.widget.endings = {format.name: format.extensions for format in formats}
        self.fields["seen"].initial = self.now
        self.fields["replace"].label = replacing(self.now)
        if self.now == 0:
            del self.fields["replace"]
            del self.fields["keep_backup"]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > max_bytes():
            raise forms.ValidationError(f"Files of up to {settings.UPLOAD_MAX_MIB:,} MiB can be uploaded here.")
        return file

    def clean(self) -> dict[str, Any]:
        """The file has to be one that the format may be in, and what was confirmed has to be what is there now."""
        file, format = self.cleaned_data.get("file"), self.cleaned_data.get("format")
        if file and format and (words := look_into(file, self.formats[format])):
            self.add_error("file", words)
        seen = self.cleaned_data.get("seen")
        if self.cleaned_data.get("replace") and self.now is not None and seen is not None and seen != self.now:
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
