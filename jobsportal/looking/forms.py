"""What a browser sends to have a file looked into."""

import re
from gzip import GzipFile
from typing import Annotated, Any

import msgspec
from django import forms
from msgspec import Meta

from jobsportal.looking.listing import MOST_ENTRIES
from jobsportal.looking.sources import File

MOST_LISTED = 16 << 20  # bytes of the list of an archive's files
ODD_LIST = "The list of the archive's files can't be read. Choose the file again."
TOO_LONG = "The list of the archive's files is too long to be looked into."

Size = Annotated[int, Meta(ge=0)]
Entries = list[tuple[str, Size, Size]]


class LookForm(forms.Form):
    """A file, or an archive without its pictures; then `entries` lists what it holds as [[name, size, packed], …] in
    JSON. `packed` says whether the browser has compressed the file on the way."""

    file = forms.FileField(allow_empty_file=True, error_messages={"required": "Choose a file."})
    name = forms.CharField(max_length=1000)
    packed = forms.ChoiceField(choices=[("", "no"), ("gzip", "gzip")], required=False)
    entries = forms.FileField(required=False, allow_empty_file=True)

    def clean_entries(self) -> Entries | None:
        given = self.cleaned_data["entries"]
        if given is None:
            return None
        if given.size > MOST_LISTED:
            raise forms.ValidationError(TOO_LONG)
        return entries_in(given.read())

    @property
    def content(self) -> File:
        """The file as it was before it was sent, at its beginning."""
        file: Any = self.cleaned_data["file"]
        file.seek(0)
        return GzipFile(fileobj=file, mode="rb") if self.cleaned_data["packed"] else file

    @property
    def complaints(self) -> list[str]:
        """What is wrong with what was sent."""
        return [str(words) for errors in self.errors.values() for words in errors]


def entries_in(raw: bytes) -> Entries:
    """Raises ValidationError. As objects, entries are many times what they weigh, so they are counted first."""
    if sum(1 for _ in re.finditer(rb'\[\s*"', raw)) > MOST_ENTRIES + 1:
        raise forms.ValidationError(TOO_LONG)
    try:
        return msgspec.json.decode(raw, type=Entries)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise forms.ValidationError(ODD_LIST) from error
