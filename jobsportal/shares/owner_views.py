"""Making links and looking after them: what their owner sees."""

import logging
import re
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from jobsportal.accounts.person import PortalRequest
from jobsportal.shares import links
from jobsportal.shares.forms import ShareForm
from jobsportal.shares.models import Fetch, Share
from jobsportal.shares.subjects import NotToShare, Subject, measured, subject_of
from jobsportal.web import toasts
from jobsportal.web.errors import refused

logger = logging.getLogger(__name__)

SHOWN = 100
FETCHES_SHOWN = 50

# What browsers call themselves, the one that tells most first.
BROWSERS = [
    (r"Edg", "Edge"),
    (r"OPR/", "Opera"),
    (r"Firefox/", "Firefox"),
    (r"Chrome/|Chromium/", "Chrome"),
    (r"Safari/", "Safari"),
    (r"curl/", "curl"),
    (r"Wget/", "Wget"),
    (r"python", "Python"),
]
SYSTEMS = [
    (r"Windows", "Windows"),
    (r"Android", "Android"),
    (r"iPhone|iPad", "iOS"),
    (r"Mac OS X", "macOS"),
    (r"Linux", "Linux"),
]


@sensitive_post_parameters("password", "made")
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: PortalRequest) -> HttpResponse:
    """GET, POST /downloads/share/?id= or ?bundle=: hand a finished file on by a link. Upstream: requests.retrieve and
    names that are not cached; POST: requests.download, of which only the headers are read."""
    if not settings.SHARE_LINKS:
        raise Http404("Links are switched off on this portal.")
    try:
        subject = subject_of(request.person, rq_id=request.GET.get("id", ""), bundle=request.GET.get("bundle", ""))
        form = form_for(request, subject)
        if request.method == "POST" and form.is_valid():
            return show_made(request, made(request, subject, form), form.chosen_password)
    except NotToShare as error:
        return refused(request, "This can’t be shared", error.words, 409)
    context = {"form": form, "subject": subject, "action": place_of(subject)}
    return render(request, "shares/share.html", context, status=422 if form.is_bound else 200)


def form_for(request: PortalRequest, subject: Subject) -> ShareForm:
    if subject.is_handed_out_once and not subject.can_be_prepared_again:
        raise NotToShare("This server hands each file out once, and this one can’t be prepared again.")
    # What has no end of its own never needs to be prepared again.
    can = subject.can_be_prepared_again and (subject.until is not None or subject.is_handed_out_once)
    posted = request.POST if request.method == "POST" else None
    return ShareForm(posted, can_be_prepared_again=can, needs_again=subject.is_handed_out_once)


def place_of(subject: Subject) -> str:
    """The address of the form that shares it."""
    query = {"bundle": str(subject.bundle.key)} if subject.bundle else {"id": subject.rq_id}
    return f"{reverse('shares:share')}?{urlencode(query)}"


def made(request: PortalRequest, subject: Subject, form: ShareForm) -> Share:
    """The link; a form that is sent twice makes one."""
    wishes = form.wishes
    same = links.own(request.person).filter(key=wishes["key"])
    if known := same.first():
        return known
    links.purge()
    size = measured(request.person, subject)
    try:
        with transaction.atomic():
            return links.make(request.person, subject, size=size, **wishes)
    except IntegrityError:
        if known := same.first():
            return known
        raise Http404("This form can’t be sent again.") from None


def show_made(request: PortalRequest, share: Share, password: str) -> HttpResponse:
    context = {"share": share, "address": links.address_of(request, share), "password": password}
    return render(request, "shares/made.html", context)


@require_safe
def own_links(request: PortalRequest) -> HttpResponse:
    """GET /downloads/links/: one's links, and who fetched what when. Upstream: nothing."""
    found = list(links.own(request.person).prefetch_related("fetches")[:SHOWN])
    shown = [line_of(request, share) for share in found]
    return render(request, "shares/links.html", {"links": shown, "is_on": settings.SHARE_LINKS})


def line_of(request: PortalRequest, share: Share) -> dict[str, Any]:
    """A link as the list shows it."""
    fetches = list(share.fetches.all())
    shown = [told(fetch) for fetch in fetches[:FETCHES_SHOWN]]
    address = links.address_of(request, share) if settings.SHARE_LINKS else ""
    names = {"field": f"copy-{share.key}", "label": f"Link to {share.title}"}
    return {"share": share, "address": address, "fetches": shown, "hidden": len(fetches) - len(shown), **names}


def told(fetch: Fetch) -> dict[str, Any]:
    """A download as the list shows it; in percent where it isn't whole."""
    given = fetch.given + fetch.lost
    is_whole = fetch.ended is not None
    percent = min(99, 100 * given // fetch.size) if fetch.size and not is_whole else None
    return {
        "fetch": fetch,
        "browser": browser_of(fetch.agent),
        "given": given,
        "is_whole": is_whole,
        "percent": percent,
    }


def browser_of(agent: str) -> str:
    """Such as "Firefox on Windows"; the beginning of what it says of itself where that is nothing known."""
    browser = next((name for pattern, name in BROWSERS if re.search(pattern, agent)), "")
    system = next((name for pattern, name in SYSTEMS if re.search(pattern, agent)), "")
    return " on ".join(part for part in (browser, system) if part) if browser else agent[:40]


@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: PortalRequest, key: UUID) -> HttpResponse:
    """GET, POST /downloads/links/{key}/withdraw: end a link for good. Upstream: nothing."""
    share = links.own(request.person).filter(key=key).first()
    if share is None:
        raise Http404("There is no such link of yours.")
    if request.method == "POST":
        links.revoke(share)
        toasts.on_next_page(request, toasts.Toast("The link was withdrawn."))
    if request.method == "POST" or not share.is_open:
        return redirect("shares:links")
    return render(request, "shares/revoke.html", {"share": share})
