"""The viewer: one frame of a job with its annotations drawn over it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from jobsportal.accounts.person import PortalRequest
from jobsportal.cvat.errors import Invalid
from jobsportal.cvat.types import Job
from jobsportal.frames.page import FramePage
from jobsportal.frames.query import View
from jobsportal.frames.readings import reading_of
from jobsportal.frames.reel import Reel
from jobsportal.jobs.views import job_context
from jobsportal.web.addresses import is_partial, is_within_page, whole_number
from jobsportal.web.streaming import picture_passed_on

QUALITIES = ("compressed", "original")


@require_safe
def viewer(request: PortalRequest, job_id: int, number: int | None = None) -> HttpResponseBase:
    """GET /jobs/{id}/frames/ and /jobs/{id}/frames/{number}/: a frame, or with `?frame=` the way to one.

    Upstream: jobs.retrieve; then what `reading_of` asks for if it isn't kept; for the whole page, the names where they
    are not cached. A step through the frames of a job that was read lately costs jobs.retrieve alone."""
    view = View.of(request.GET)
    if number is None and "frame" in request.GET:
        return redirect(reverse("frames:frame", args=[job_id, asked_for(request)]) + view.query())
    job = request.person.client.jobs.retrieve(job_id)
    reading = reading_of(request.person, job)
    if not reading.reel.numbers:
        return render(request, "frames/viewer.html", job_context(request, job) | {"tab": "frames"})
    page = FramePage(reading, view, number if number is not None else placed(request, reading.reel))
    if page.place is None:
        return not_here(request, job, page)
    return show(request, job, page)


def asked_for(request: HttpRequest) -> int:
    number = whole_number(request.GET["frame"].strip())
    if number is None:
        raise Http404("A frame is asked for by its number.")
    return number


def placed(request: HttpRequest, reel: Reel) -> int | None:
    """The frame that the strip asks for, by its place among the job's frames (`?place=`)."""
    place = whole_number(request.GET.get("place", ""), digits=9)
    return None if place is None else reel.numbers[min(place, len(reel.numbers) - 1)]


def not_of_job(job: Job, reel: Reel, number: int) -> str:
    has = f"{len(reel.numbers):,} frames between {reel.numbers[0]} and {reel.numbers[-1]}"
    return f"Frame {number} is not one of job {job.id}, which has {has}."


def not_here(request: PortalRequest, job: Job, page: FramePage) -> HttpResponse:
    """A frame that is not the job's: the way back to those that are; to HTMX only the words."""
    words = not_of_job(job, page.reel, page.number)
    if is_within_page(request):
        raise Http404(words)
    context = job_context(request, job) | {"tab": "frames", "number": page.number, "not_here": words}
    return render(request, "frames/viewer.html", context, status=404)


def show(request: PortalRequest, job: Job, page: FramePage) -> HttpResponse:
    context: dict[str, Any] = {"job": job, "page": page, "tab": "frames"}
    if is_partial(request, "frame-nav"):
        response = render(request, "frames/_nav.html", context)
    elif is_partial(request, "viewer"):
        response = render(request, "frames/_viewer.html", context)
    else:
        return render(request, "frames/viewer.html", context | job_context(request, job))
    # The address as a link to a colleague should have it, without what a form adds to it.
    response["HX-Replace-Url" if is_partial(request, "frame-nav") else "HX-Push-Url"] = page.address
    return response


@require_safe
def picture(request: PortalRequest, job_id: int, number: int) -> HttpResponseBase:
    """GET /jobs/{id}/frames/{number}/picture: kept by this person's browser. Upstream: jobs.retrieve_data, passed on in
    pieces."""
    quality = request.GET.get("quality", "compressed")
    if quality not in QUALITIES:
        raise Invalid(detail="There is no such quality.")
    original = quality == "original"
    jobs = request.person.client.jobs
    download = jobs.retrieve_data(job_id, type="frame", number=number, quality="original" if original else "compressed")
    return picture_passed_on(request, download, f"job{job_id}-frame{number}")
