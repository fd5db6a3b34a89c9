"""The form that makes a link, and the one that asks for its password."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django import forms

from jobsportal.shares.passwords import LONGEST, SHORTEST, suggested

LASTING = {
    "1h": ("1 hour", timedelta(hours=1)),
    "1d": ("1 day", timedelta(days=1)),
    "3d": ("3 days", timedelta(days=3)),
    "7d": ("7 days", timedelta(days=7)),
    "30d": ("30 days", timedelta(days=30)),
}
DOWNLOADS = [("1", "1"), ("5", "5"), ("25", "25"), ("any", "As many as wanted")]
NONE, MADE, OWN = "none", "made", "own"


class ShareForm(forms.Form):
    """How long a link works, how often, and whether it asks for a password. `once` tells a second click from a second
    link; `made` is the password that the portal suggests."""

    once = forms.UUIDField(widget=forms.HiddenInput, required=False)
    lasts = forms.ChoiceField(
        label="It works for",
        choices=[(name, words) for name, (words, _) in LASTING.items()],
        initial="1d",
        error_messages={"required": "Choose how long.", "invalid_choice": "Choose one from the list."},
    )
    downloads = forms.ChoiceField(
        label="Downloads",
        choices=DOWNLOADS,
        initial="5",
        error_messages={"required": "Choose how many.", "invalid_choice": "Choose one from the list."},
    )
    again = forms.BooleanField(label="Prepare it again when the file is gone", required=False)
    lock = forms.ChoiceField(
        label="Password",
        choices=[(NONE, "None"), (MADE, "This one"), (OWN, "Another")],
        initial=NONE,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of these.", "invalid_choice": "Choose one of these."},
    )
    made = forms.CharField(widget=forms.HiddenInput, required=False, max_length=LONGEST)
    password = forms.CharField(
        label="Password of your own",
        required=False,
        strip=False,
        max_length=LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, can_be_prepared_again: bool, needs_again: bool, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"once": uuid4(), "made": suggested(), "again": needs_again})
        super().__init__(*args, **kwargs)
        self.needs_again = needs_again
        if not can_be_prepared_again:
            del self.fields["again"]

    def clean_again(self) -> bool:
        wanted: bool = self.cleaned_data["again"]
        if self.needs_again and not wanted:
            words = "This server hands each file out once. Without this, the first download would be the last."
            raise forms.ValidationError(words)
        return wanted

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = {MADE: "made", OWN: "password"}.get(cleaned.get("lock", ""))
        if chosen and len(cleaned.get(chosen, "")) < SHORTEST and not self.has_error(chosen):
            self.add_error("password", f"Type at least {SHORTEST} characters.")
        return cleaned

    @property
    def suggestion(self) -> str:
        """The password that the portal has thought of."""
        return str(self["made"].value() or "")

    @property
    def chosen_password(self) -> str:
        """Empty for none."""
        name = {MADE: "made", OWN: "password"}.get(self.cleaned_data["lock"])
        return str(self.cleaned_data[name]) if name else ""

    @property
    def wishes(self) -> dict[str, Any]:
        """What was chosen, as `links.make` takes it."""
        key: UUID = self.cleaned_data["once"] or uuid4()
        downloads = self.cleaned_data["downloads"]
        return {
            "key": key,
            "lasts": LASTING[self.cleaned_data["lasts"]][1],
            "downloads_max": None if downloads == "any" else int(downloads),
            "password": self.chosen_password,
            "is_prepared_again": self.cleaned_data.get("again", False),
        }


class PasswordForm(forms.Form):
    """The password of a link."""

    password = forms.CharField(
        max_length=LONGEST,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": "Type the password."},
    )
