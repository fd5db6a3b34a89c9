"""The last step: where the file goes, and who is told."""

import re
from typing import Any

from django import forms

from jobsportal.cvat.types import CloudStorage, Format
from jobsportal.exports.forms import choices

DOWNLOAD, STORAGE = "download", "storage"
# What folders and files may be called in a storage, whatever it is
UNSAFE = re.compile(r"[\x00-\x1f\x7f\\]|//|(^|/)\.\.?(/|$)|^/|/$")


class FormatForm(forms.Form):
    """Any format of the server."""

    format = forms.ChoiceField(
        label="Format",
        error_messages={
            "required": "Choose a format.",
            "invalid_choice": "The server does not export this in this format. Choose one from the list.",
        },
    )

    def __init__(self, *args: Any, formats: list[Format], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["format"].choices = choices([format.name for format in formats])  # type: ignore[attr-defined]


class PlaceForm(forms.Form):
    """To the browser, or into a cloud storage of the caller's; and whether to send an e-mail."""

    place = forms.ChoiceField(
        choices=[(DOWNLOAD, "Download"), (STORAGE, "Cloud storage")],
        required=False,
        widget=forms.RadioSelect,
        initial=DOWNLOAD,
        label="Where to",
        error_messages={"invalid_choice": "Choose one of the two."},
    )
    storage = forms.TypedChoiceField(
        label="Storage",
        required=False,
        coerce=int,
        empty_value=None,
        error_messages={"invalid_choice": "This storage is not among yours any more. Choose one from the list."},
    )
    filename = forms.CharField(label="Name there", required=False, max_length=200, strip=True)
    mail = forms.BooleanField(label="Send me an e-mail when it is ready", required=False)

    def __init__(
        self, *args: Any, storages: list[CloudStorage], filename: str, may_store: bool, mail_to: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.storages = {storage.id: storage.display_name or storage.resource for storage in storages}
        self.may_store = may_store
        field = self.fields["storage"]
        field.choices = [(id, name) for id, name in self.storages.items()]  # type: ignore[attr-defined]
        self.fields["filename"].initial = filename
        if not mail_to:
            del self.fields["mail"]

    def clean_filename(self) -> str:
        name: str = self.cleaned_data["filename"]
        if name and (UNSAFE.search(name) or not name.isprintable()):
            raise forms.ValidationError("Use a plain name, such as exports/street-scenes.zip.")
        return name if not name or name.lower().endswith(".zip") else f"{name}.zip"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("place") != STORAGE:
            return given
        if not self.may_store:
            self.add_error("place", "This can only be downloaded.")
        if given.get("storage") is None and "storage" not in self.errors:
            self.add_error("storage", "Choose a storage.")
        if not given.get("filename") and "filename" not in self.errors:
            self.add_error("filename", "Give the file a name.")
        return given

    @property
    def chosen_storage(self) -> tuple[int, str] | None:
        if self.cleaned_data.get("place") != STORAGE:
            return None
        id: int = self.cleaned_data["storage"]
        return id, self.storages[id]
