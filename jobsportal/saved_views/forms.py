"""Forms that make and change a view."""

import re
from typing import Any

from django import forms

from jobsportal.accounts.person import Person
from jobsportal.saved_views import lists
from jobsportal.saved_views.models import SavedView


class NameInput(forms.TextInput):
    """Shows control characters that were typed as U+FFFD: HTML can't hold them."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return re.sub(r"[\x00-\x1f\x7f-\x9f]", lists.UNREADABLE, super().value_from_datadict(data, files, name) or "")


class ViewForm(forms.Form):
    """A view's name, and whether the organization sees it. `list` is the list that it is made from."""

    name = forms.CharField(max_length=80, label="Name", widget=NameInput(attrs={"autocomplete": "off"}))
    shared = forms.BooleanField(required=False, label="Shared")
    list = forms.CharField(required=False, max_length=lists.MAX_QUERY, widget=forms.HiddenInput)

    def __init__(self, *args: Any, person: Person, view: SavedView | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person, self.view = person, view

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not lists.is_safe_name(name):
            raise forms.ValidationError("A name takes one line of letters, without control characters.")
        return name

    def clean(self) -> None:
        if self.view is None and not lists.is_readable(self.cleaned_data.get("list", "")):
            raise forms.ValidationError("This list can’t be read. Change its filters first, then save it.")
        if self.cleaned_data.get("shared") and not lists.may_share(self.organization):
            self.add_error("shared", "Choose an organization first: there is nobody to share this with.")
        is_new = self.view is None and "replace" not in self.data
        if is_new and lists.own(self.person).count() >= lists.MOST_VIEWS:
            raise forms.ValidationError(f"You have {lists.MOST_VIEWS} views, which is the most. Delete one first.")

    @property
    def organization(self) -> str:
        """Raises Http404 for an organization that is not the person's."""
        if self.view is not None:
            return self.view.organization
        return lists.organization_in(self.cleaned_data.get("list", ""), self.person)

    def values(self) -> dict[str, Any]:
        """The fields of the view that the form describes."""
        named = {"name": self.cleaned_data["name"], "is_shared": self.cleaned_data["shared"]}
        if self.view is not None:
            return named
        return named | {"query": lists.canonical(self.cleaned_data["list"]), "organization": self.organization}

    def say_taken(self) -> None:
        """Tell that another view of this person has the name."""
        self.add_error("name", f"You have a view “{self.cleaned_data['name']}” already.")
