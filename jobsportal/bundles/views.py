"""The page of a bundle, its file, and what may be done about it."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRefresh

from jobsportal.accounts.person import PortalRequest
from jobsportal.bundles import handing, orders, pages
from jobsportal.bundles.models import PREPARING, Bundle
from jobsportal.cvat import errors
from jobsportal.runs import workers
from jobsportal.web import toasts
from jobsportal.web.addresses import is_partial
from jobsportal.web.errors import refused

NO_WORKER = "No worker is running, so nothing can be prepared. Whoever runs the portal starts one: manage.py worker."

BundleView = Callable[[PortalRequest, UUID], HttpResponseBase]


def posted(view: BundleView) -> BundleView:
    """A view that takes a form of a bundle's page. Asked for by its address, as after signing in again, it leads
    there."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def answer(request: PortalRequest, key: UUID) -> HttpResponseBase:
        return view(request, key) if request.method == "POST" else redirect("bundles:bundle", key)

    return answer


@require_safe
def bundle(request: PortalRequest, key: UUID) -> HttpResponseBase:
    """GET /downloads/bundles/{key}/: how it stands, and its parts. Upstream: nothing."""
    found = orders.own_bundle(request.person, key)
    context = pages.context_of(found)
    context["is_without_worker"] = found.status == PREPARING and not workers.is_anybody_there()
    if is_partial(request, "bundle"):
        if found.status != PREPARING:
            return HttpResponseClientRefresh()
        return render(request, "bundles/_progress.html", context)
    show, number = request.GET.get("show", ""), request.GET.get("page", "1")
    context |= pages.parts_of(found, context["statuses"], show, number)
    return render(request, "bundles/bundle.html", context)


@require_safe
def file(request: PortalRequest, key: UUID) -> HttpResponseBase:
    """GET, HEAD /downloads/bundles/{key}/file. Upstream: see `handing.handed_over`."""
    found = orders.own_bundle(request.person, key)
    try:
        return handing.handed_over(request, request.person.within(found.organization), found)
    except errors.Conflict:
        return not_there(request, found, 409)
    except errors.NotFound:
        return not_there(request, found, 410)


def not_there(request: PortalRequest, found: Bundle, status: int) -> HttpResponse:
    """Why there is no file now, and what can be done."""
    found.refresh_from_db()
    return render(request, "bundles/not_there.html", pages.context_of(found), status=status)


@posted
def stop(request: PortalRequest, key: UUID) -> HttpResponseBase:
    """POST /downloads/bundles/{key}/stop. Upstream: requests.cancel for what is being made."""
    orders.stop(orders.own_bundle(request.person, key), request.person)
    return redirect("bundles:bundle", key)


@posted
def again(request: PortalRequest, key: UUID) -> HttpResponseBase:
    """POST /downloads/bundles/{key}/again: the same jobs once more as a new file; with `only=out`, what was left out of
    this one. Upstream: for a new one, see `orders.again`."""
    found = orders.own_bundle(request.person, key)
    try:
        if request.POST.get("only") == "out":
            orders.complete(found, request.person)
            return redirect("bundles:bundle", key)
        return redirect("bundles:bundle", orders.again(found, request.person).key)
    except orders.PreparedAlready as same:
        toasts.on_next_page(request, toasts.Toast("This is being prepared already.", kind="note"))
        return redirect("bundles:bundle", same.bundle.key)
    except orders.NobodyPrepares:
        return refused(request, "Nothing was prepared", NO_WORKER, 503)
    except orders.NothingToPrepare:
        words = "None of these jobs is there any more, or visible to you."
        return refused(request, "Nothing was prepared", words, 422)
    except orders.TooManyJobs as error:
        return refused(request, "Nothing was prepared", str(error), 422)


@posted
def remove(request: PortalRequest, key: UUID) -> HttpResponseBase:
    """POST /downloads/bundles/{key}/remove: take it off the list; one that is being prepared is stopped. Upstream:
    requests.cancel for what is being made."""
    found = orders.own_bundle(request.person, key)
    orders.stop(found, request.person)
    orders.remove(found)
    toasts.on_next_page(request, toasts.Toast(f"{found.title} was removed."))
    return redirect("exports:downloads")
