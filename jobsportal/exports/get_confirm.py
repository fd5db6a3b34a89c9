"""The last step to one's data: all of it in one sentence, where it is to go, and the order."""

from functools import partial
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from jobsportal.accounts.person import Person, PortalRequest
from jobsportal.bundles import telling
from jobsportal.bundles.orders import NobodyPrepares
from jobsportal.cvat import errors
from jobsportal.exports.filenames import bundle_name, download_name
from jobsportal.exports.forms import PURPOSES as HOLDS
from jobsportal.exports.get_forms import PlaceForm
from jobsportal.exports.get_orders import SINGLE, OnlyDownload, Ordered, Place, placed, way_of
from jobsportal.exports.get_pages import about, asked_for, explained, format_problem, purposes_page
from jobsportal.exports.get_wishes import Wish
from jobsportal.web import toasts
from jobsportal.web.errors import in_words

ONCE_SECONDS = 600
STORAGES = 100


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: PortalRequest) -> HttpResponseBase:
    """GET, POST /downloads/get/confirm: all of it in one sentence, and where it is to go. Upstream, side by side: the
    counts, the formats that are not cached, cloud_storages.list, and users.self where e-mail is set up. POST: see
    `get_orders.placed`."""
    return explained(request, confirmed)


def confirmed(request: PortalRequest) -> HttpResponseBase:
    data = request.POST if request.method == "POST" else request.GET
    wish, counts, formats, storages, mail_to = asked_for(
        request,
        data,
        lambda: request.person.client.cloud_storages.list(page_size=STORAGES),
        partial(own_address, request.person),
    )
    person = request.person
    if problem := format_problem(wish, formats):
        return purposes_page(request, wish, counts, formats, None, problem)
    if wish.with_images is None and not wish.is_table:
        return redirect(wish.url(person, "exports:get_images"))
    way = way_of(wish, counts)
    given: dict[str, Any] = {
        "storages": [] if isinstance(storages, errors.CVATError) else list(storages),
        "filename": storage_name(wish),
        "may_store": way == SINGLE,
        "mail_to": "" if isinstance(mail_to, errors.CVATError) or wish.is_table else mail_to,
    }
    form = PlaceForm(request.POST if request.method == "POST" else None, **given)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (answer := ordered(request, wish, form, given["mail_to"])):
            return answer
    context = about(person, wish, counts, 3) | {
        "form": form,
        "way": way,
        "jobs": counts.of(wish.part),
        "holds": HOLDS.get(wish.format, ""),
        "filename": "" if way == SINGLE else bundle_file_name(wish, counts.of(wish.part)),
        "storage_problem": in_words(storages) if isinstance(storages, errors.CVATError) else "",
        "has_storages": bool(given["storages"]),
        "mail_to": given["mail_to"],
        "state": {"org": person.org, **wish.state(person)},
        "once": request.POST.get("once", "")[:40] or str(uuid4()),
    }
    return render(request, "exports/get_confirm.html", context, status=status)


def ordered(request: PortalRequest, wish: Wish, form: PlaceForm, mail_to: str) -> HttpResponseBase | None:
    """Order it, once however often the form is sent; None once the form says why that can't be."""
    person = request.person
    key = f"get:once:{person.cache_scope}:{request.POST.get('once', '')[:40]}"
    if not cache.add(key, "", ONCE_SECONDS):
        return to_downloads(cache.get(key) or "")
    try:
        mail = mail_to if form.cleaned_data.get("mail") else ""
        own = settings.PORTAL_URL or request.build_absolute_uri("/").rstrip("/")
        done = placed(person, wish, Place(form.chosen_storage, form.cleaned_data["filename"], mail, own))
    except NobodyPrepares:
        form.add_error(None, "Nothing was ordered: no worker is there to prepare it. Tell whoever runs the portal.")
    except OnlyDownload as problem:
        form.add_error("place", f"{problem} That can only be downloaded.".strip())
    except errors.Conflict:
        form.add_error(None, "The same export is being made already. Wait until it is done, then order this again.")
    except errors.Invalid as error:
        form.add_error(None, f"Nothing was ordered. {in_words(error)}")
    except BaseException:
        cache.delete(key)
        raise
    else:
        cache.set(key, done.new, ONCE_SECONDS)
        say(request, done)
        return to_downloads(done.new)
    cache.delete(key)
    return None


def say(request: PortalRequest, done: Ordered) -> None:
    if done.note:
        toasts.on_next_page(request, toasts.Toast(done.note, kind="note"))


def to_downloads(new: str) -> HttpResponse:
    place = reverse("exports:downloads")
    return redirect(f"{place}?{urlencode({'new': new})}" if new else place)


def own_address(person: Person) -> str:
    """Where the person gets e-mail; "" where none is sent. Upstream: users.self, where e-mail is set up."""
    return telling.address_of(person) if telling.can_tell() else ""


def storage_name(wish: Wish) -> str:
    """What the file is called in a cloud storage, unless the person names it."""
    images = bool(wish.with_images)
    return download_name(project=wish.title, format=wish.format, with_images=images, day=timezone.localdate())


def bundle_file_name(wish: Wish, jobs: int) -> str:
    """What the file of so many jobs will be called."""
    images = bool(wish.with_images)
    day = timezone.localdate()
    return bundle_name(title=wish.title, total=jobs, format=wish.format, with_images=images, day=day, kind=wish.kind)
