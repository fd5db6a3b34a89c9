"""Sets `request.person`, asks strangers to sign in, and follows the organization that an address names."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from jobsportal.accounts.person import look_at, recall
from jobsportal.web.addresses import is_within_page, place_of
from jobsportal.web.errors import signed_out

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def public(view: View) -> View:
    """Mark a view that needs nobody to be signed in; all others do."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


class signed_in_person:
    """See the module."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.person = recall(request)  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        if getattr(view, "is_public", False):
            return None
        if request.person is None:
            return ask_to_sign_in(request)
        org = request.GET.get("org")
        if org is not None and org != request.person.org:
            if not request.person.may_look_at(org):
                raise Http404("You do not belong to the organization that this address names.")
            look_at(request, org)
            request.person = recall(request)
        return None


def ask_to_sign_in(request: Any) -> HttpResponseBase:
    if request.method == "POST":
        return signed_out(request)  # which says that nothing was sent, and leads back to the form as it was typed
    place = place_of(request)
    target = reverse("accounts:sign_in")
    if place != "/":
        target += "?" + urlencode({"next": place})
    if is_within_page(request):
        response = HttpResponseClientRedirect(target)
        response.status_code = 401
        return response
    return redirect(target)
