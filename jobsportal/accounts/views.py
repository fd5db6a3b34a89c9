"""Signing in, signing out, switching the organization."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from jobsportal.accounts import throttle
from jobsportal.accounts.forms import SignInForm
from jobsportal.accounts.middleware import public
from jobsportal.accounts.person import PortalRequest, address_of, client_for, look_at, remember
from jobsportal.cvat import TokenCredential, errors
from jobsportal.web import toasts
from jobsportal.web.addresses import own_place
from jobsportal.web.errors import in_words
from jobsportal.web.parallel import side_by_side


@public
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """GET, POST /sign-in. Upstream: login, then the person and their organizations side by side."""
    form = SignInForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            status = attempt(request, form)
            if status == 200:
                return redirect(safe_next(request))
    context = {"form": form, "next": safe_next(request), "reason": request.GET.get("reason", "")}
    return render(request, "accounts/sign_in.html", context, status=status)


def attempt(request: HttpRequest, form: SignInForm) -> int:
    """Try to sign in; 200, or the status to answer with once the form says what is wrong."""
    username, address = form.cleaned_data["username"], address_of(request)
    if locked := throttle.locked_for(username, address):
        form.add_error(None, f"Too many wrong passwords. Wait {wait_in_words(locked)}, then try again.")
        return 429
    try:
        enter(request, username, form.cleaned_data["password"], address)
    except errors.Invalid:
        throttle.count_failure(username, address)
        form.add_error(None, "This name and password don't fit together. Check both; capital letters matter.")
        return 422
    except errors.Busy as error:
        wait = f" Wait {error.retry_after:.0f} seconds, then try again." if error.retry_after else " Try again shortly."
        form.add_error(None, f"{settings.CVAT_NAME} gets too many sign-ins from your network.{wait}")
        return 429
    except errors.CVATError as error:
        form.add_error(None, in_words(error))
        return 502
    throttle.forget(username, address)
    return 200


def wait_in_words(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"


def enter(request: HttpRequest, username: str, password: str, address: str) -> None:
    token = client_for(address=address).auth.login(username, password)
    client = client_for(TokenCredential(token), address=address)
    user, organizations = side_by_side(client.users.self, lambda: client.organizations.list(page_size=200))
    if isinstance(user, errors.CVATError):
        raise user
    is_known = not isinstance(organizations, errors.CVATError)
    remember(request, user, token, organizations.results if is_known else [])
    if not is_known:
        words = "Your organizations could not be read, so only what is yours is shown. Sign in again to see them."
        toasts.on_next_page(request, toasts.Toast(words, kind="problem"))


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """POST /sign-out: forgets the credential here.

    The upstream's own sign-out would delete the token for everything that uses it, scripts and other browsers too, so
    it isn't called: the sealed token goes with the session.
    """
    request.session.flush()
    return redirect("accounts:sign_in")


@require_POST
def switch_organization(request: PortalRequest) -> HttpResponse:
    """POST /organization: look at another organization from now on."""
    org = request.POST.get("org", "")
    if not request.person.may_look_at(org):
        raise Http404("You do not belong to this organization.")
    look_at(request, org)
    return redirect(f"{reverse('jobs:list')}?{urlencode({'org': org})}")


def safe_next(request: HttpRequest) -> str:
    """Where to go after signing in: a place within the portal, whatever the address says."""
    return own_place(request.POST.get("next") or request.GET.get("next") or "", reverse("jobs:list"))
