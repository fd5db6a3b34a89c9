"""Pages that belong to no room: where one begins, and what is shown when a page can't be."""

from django.contrib.sessions.exceptions import SessionInterrupted
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import Context, Engine

from jobsportal.web.addresses import is_within_page
from jobsportal.web.errors import refused, toast_only
from jobsportal.web.logs import current_request_id


def home(request: HttpRequest) -> HttpResponse:
    return redirect("jobs:list")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    words = "Check the address, or go back to the jobs."
    if isinstance(exception, Http404) and exception.args and isinstance(exception.args[0], str):
        words = exception.args[0]
    return refused(request, "There is no such page", words, 404)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, SessionInterrupted):
        words = "You signed out meanwhile. What you sent just before may have been saved: look at it again."
        return refused(request, "You are signed out", words, 400)
    words = "The portal could not make sense of what was sent. Nothing was changed."
    return refused(request, "That can't be read", words, 400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    words = "The form was too old, or cookies are off. Nothing was changed. Go back, reload the page and send it again."
    return refused(request, "This form can't be accepted", words, 403)


def server_error(request: HttpRequest) -> HttpResponse:
    words = (
        "The portal itself made a mistake. It is logged; try again, or tell whoever runs the portal the number below."
    )
    context = {
        "title": "Something went wrong here",
        "words": words,
        "reference": current_request_id.get(),
        "is_passing": True,
        "request": request,
    }
    if is_within_page(request):
        return toast_only(f"{context['title']}. {words}", 500)
    # Without the context processors: what they read may be what is broken.
    return HttpResponse(Engine.get_default().get_template("web/error.html").render(Context(context)), status=500)
