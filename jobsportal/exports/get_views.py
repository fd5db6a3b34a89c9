"""Getting data in three steps. All that was said stands in the address; `get_confirm` is the last step, which sends."""

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from jobsportal.accounts.person import PortalRequest
from jobsportal.exports.get_forms import FormatForm
from jobsportal.exports.get_lists import Look, listed
from jobsportal.exports.get_pages import about, asked_for, explained, format_problem, purposes_page, steps
from jobsportal.exports.get_purposes import OTHER
from jobsportal.exports.get_sizes import images_size
from jobsportal.exports.get_subjects import counts_of, subject_from
from jobsportal.exports.get_wishes import Wish
from jobsportal.jobs.names import PROJECT, TASK
from jobsportal.jobs.selection import NothingSelected
from jobsportal.web.addresses import is_partial

CHOSEN = ("jobs", "all", "kept", "bundle")
TABS = ((PROJECT, "Projects"), (TASK, "Tasks"))


@require_http_methods(["GET", "HEAD", "POST"])
def what(request: PortalRequest) -> HttpResponseBase:
    """GET /downloads/get/: the projects or tasks to choose from (upstream: see `get_lists.listed`), or how much was
    chosen in the jobs list (upstream: see `counts_of`). POST: take up what was chosen there."""
    data = request.POST if request.method == "POST" else request.GET
    if request.method == "POST" or set(CHOSEN) & set(data):
        if request.method != "POST" and "job" in data:
            return redirect("jobs:list")  # a selection that came back by signing in again, which may not be whole
        return explained(request, chosen)
    look = Look.at(request.GET, request.person.org)
    found = listed(request.person, look)
    context = {
        "look": look,
        "found": found,
        "steps": steps(request.person, None, 0),
        "tabs": [(title, look.url(of=kind, page=1), look.of == kind) for kind, title in TABS],
        "counted_url": look.url(counted=1),
        "cleared_url": look.url(search="", page=1),
        "previous_url": look.url(page=look.page - 1) if look.page > 1 else "",
        "next_url": look.url(page=look.page + 1) if found.has_next else "",
    }
    template = "exports/_get_list.html" if is_partial(request, "choices") else "exports/get_what.html"
    return render(request, template, context)


def chosen(request: PortalRequest) -> HttpResponseBase:
    """What the jobs list sends becomes an address; what stands in one is counted."""
    person = request.person
    if request.method == "POST":
        subject = subject_from(request.POST, person)
        return redirect(f"{reverse('exports:get')}?{urlencode({'org': person.org, **subject.state(person)})}")
    wish = Wish.read(request.GET, person)
    counts = counts_of(person, wish.subject)
    if not counts.jobs:
        raise NothingSelected
    context = about(person, wish, counts, 0) | {"state": wish.subject.state(person)}
    return render(request, "exports/get_chosen.html", context)


@require_safe
def what_for(request: PortalRequest) -> HttpResponseBase:
    """GET /downloads/get/for: purposes and the formats that serve them. Upstream, side by side: the counts and the
    formats that are not cached."""
    return explained(request, show_purposes)


def show_purposes(request: PortalRequest) -> HttpResponseBase:
    wish, counts, formats = asked_for(request, request.GET)
    form = None
    if "own" in request.GET:
        form = FormatForm(request.GET, formats=formats)
        if form.is_valid():
            chosen = {"purpose": OTHER, "format": form.cleaned_data["format"]}
            return redirect(wish.url(request.person, "exports:get_images", **chosen))
    return purposes_page(request, wish, counts, formats, form)


@require_safe
def images(request: PortalRequest) -> HttpResponseBase:
    """GET /downloads/get/images: with images or without, and what that means. Upstream, side by side: the counts and
    the formats that are not cached; for the size alone, or with `sized`: a few frames (see `images_size`)."""
    return explained(request, show_images)


def show_images(request: PortalRequest) -> HttpResponseBase:
    wish, counts, formats = asked_for(request, request.GET)
    if wish.is_table:
        return redirect(wish.url(request.person, "exports:get_confirm"))
    if problem := format_problem(wish, formats):
        return purposes_page(request, wish, counts, formats, None, problem)
    person = request.person
    frames, is_estimate = counts.frames_of(wish.part)
    context = about(person, wish, counts, 2) | {
        "without_url": wish.url(person, "exports:get_confirm", with_images=False),
        "with_url": wish.url(person, "exports:get_confirm", with_images=True),
        "frames": frames,
        "is_estimate": is_estimate,
        "size_url": wish.url(person, "exports:get_images") + "&sized=1",
    }
    is_part = is_partial(request, "images-size")
    if is_part or "sized" in request.GET:
        context |= {"is_sized": True, "size": images_size(person, counts.sample, frames)}
    return render(request, "exports/_get_size.html" if is_part else "exports/get_images.html", context)
