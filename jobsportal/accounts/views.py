"""Signing in, signing out, switching the organization."""

from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

from django.conf import settings
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from jobsportal.accounts import throttle
from jobsportal.accounts.forms import SignInForm, TokenForm
from jobsportal.accounts.middleware import public
from jobsportal.accounts.person import PortalRequest, address_of, client_for, look_at, remember
from jobsportal.accounts.sealing import Signed
from jobsportal.cvat import AccessTokenCredential, TokenCredential, errors
from jobsportal.web import toasts, upstream
from jobsportal.web.addresses import own_place
from jobsportal.web.errors import in_words
from jobsportal.web.parallel import side_by_side

# No user name: it holds what none may hold.
BY_TOKEN = "\0 token"


@public
@sensitive_post_parameters("password", "token")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """GET, POST /sign-in. Upstream: server.about where it was not asked lately. POST: login, or with a token the
    server's version where it is not known; then the person and their organizations side by side."""
    by_token = "token" in request.POST
    form = SignInForm(None if by_token else request.POST or None)
    token_form = TokenForm(request.POST if by_token else None)
    context = {"form": form, "token_form": token_form, "by_token": by_token, "next": safe_next(request)}
    if request.method != "POST":
        context |= {"reason": request.GET.get("reason", ""), "problem": upstream.unreachable(address_of(request))}
        return render(request, "accounts/sign_in.html", context)
    status = 422
    if by_token and token_form.is_valid():
        status = attempt_by_token(request, token_form)
    elif not by_token and form.is_valid():
        status = attempt(request, form)
    if status == 200:
        return redirect(safe_next(request))
    return render(request, "accounts/sign_in.html", context, status=status)


def attempt(request: HttpRequest, form: SignInForm) -> int:
    """Try to sign in; 200, or the status to answer with once the form says what is wrong."""
    username, address = form.cleaned_data["username"], address_of(request)

    def prove() -> TokenCredential:
        return TokenCredential(client_for(address=address).auth.login(username, form.cleaned_data["password"]))

    words = "This name and password don't fit together. Check both; capital letters matter."
    return let_in(request, form, username, prove, errors.Invalid, wrong=words, many="Too many wrong passwords.")


def attempt_by_token(request: HttpRequest, form: TokenForm) -> int:
    """As `attempt`; wrong tokens are counted by address alone, since they name nobody."""
    token, address = form.cleaned_data["token"], address_of(request)
    words = f"{settings.CVAT_NAME} does not accept this token. It may be mistyped, expired or revoked."
    prove = partial(proven, token, address)
    return let_in(request, form, BY_TOKEN, prove, errors.SignedOut, wrong=words, many="Too many wrong tokens.")


def proven(token: str, address: str) -> Signed:
    """The token as the kind that the server takes it for. Raises SignedOut if it takes it for neither.

    Upstream: server.about where the version is not known, users.self once or twice."""
    kinds: list[type[Signed]] = [AccessTokenCredential, TokenCredential]
    if not client_for(address=address).version.has_access_tokens:
        kinds.reverse()
    for kind in kinds:
        try:
            client_for(kind(token), address=address).users.self()
            return kind(token)
        except (errors.SignedOut, errors.Forbidden):
            continue
    raise errors.SignedOut


def let_in(
    request: HttpRequest,
    form: Form,
    name: str,
    prove: Callable[[], Signed],
    refusal: type[errors.CVATError],
    *,
    wrong: str,
    many: str,
) -> int:
    """Sign in with what `prove` finds out. `refusal` means that it is wrong, which is counted under the name."""
    address = address_of(request)
    if locked := throttle.locked_for(name, address):
        form.add_error(None, f"{many} Wait {wait_in_words(locked)}, then try again.")
        return 429
    try:
        enter(request, prove(), address)
    except refusal:
        throttle.count_failure(name, address)
        form.add_error(None, wrong)
        return 422
    except errors.Busy as error:
        wait = f" Wait {error.retry_after:.0f} seconds, then try again." if error.retry_after else " Try again shortly."
        form.add_error(None, f"{settings.CVAT_NAME} gets too many sign-ins from your network.{wait}")
        return 429
    except errors.CVATError as error:
        form.add_error(None, in_words(error))
        return 502
    throttle.forget(name, address)
    return 200


def wait_in_words(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"


def enter(request: HttpRequest, credential: Signed, address: str) -> None:
    client = client_for(credential, address=address)
    user, organizations = side_by_side(client.users.self, lambda: client.organizations.list(page_size=200))
    if isinstance(user, errors.CVATError):
        raise user
    is_known = not isinstance(organizations, errors.CVATError)
    remember(request, user, credential, organizations.results if is_known else [])
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
