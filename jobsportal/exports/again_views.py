"""What can be done about an export: have it prepared again, take it back."""

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from jobsportal.accounts.person import PortalRequest
from jobsportal.cvat import errors
from jobsportal.cvat.types import Operation
from jobsportal.exports.items import ANNOTATIONS, DATASET, TARGETS
from jobsportal.exports.views import downloads_url, started
from jobsportal.web import toasts
from jobsportal.web.addresses import whole_number


@require_POST
def again(request: PortalRequest) -> HttpResponseBase:
    """POST /downloads/again: ask for the same once more. Upstream: requests.retrieve; where it is gone, what the form
    brought along; then an export of that job, task or project."""
    wanted, id = wanted_again(request)
    try:
        new = started(request, wanted, id)
    except errors.Invalid:
        # The server does not take this any more: the form tells what it does take.
        target = wanted.target
        words = f"{target.capitalize()} {id} can't be exported as {wanted.format} any more. Choose another format."
        toasts.on_next_page(request, toasts.Toast(words, kind="problem"))
        if target == "job":
            return redirect("exports:export", id)
        return redirect(f"{reverse('exports:get_for')}?{urlencode({target: str(id), 'part': 'all'})}")
    return redirect(downloads_url(new))


def wanted_again(request: PortalRequest) -> tuple[Operation, int]:
    """The export that was asked for, and the id of its job, task or project."""
    try:
        made = request.person.client.requests.retrieve(request.POST.get("id", "")).operation
        if (id := made.target_id) is not None and made.format:
            return made, id
    except (errors.NotFound, errors.Forbidden, errors.Invalid):
        pass
    target = next((name for name in TARGETS if name in request.POST), "")
    number, format = whole_number(request.POST.get(target, "")), request.POST.get("format", "")
    if number is None or not format:
        raise errors.NotFound(detail="Nothing is known of this export any more.")
    kind = DATASET if request.POST.get("save_images") == "true" else ANNOTATIONS
    told = {"type": kind, "target": target, "format": format, f"{target}_id": number}
    return Operation(**told), number  # type: ignore[arg-type]


@require_POST
def cancel(request: PortalRequest) -> HttpResponseBase:
    """POST /downloads/cancel: take back an export that has not begun. Upstream: requests.cancel."""
    try:
        request.person.client.requests.cancel(request.POST.get("id", ""))
        toast = toasts.Toast("The export was cancelled.")
    except errors.Invalid:
        toast = toasts.Toast("It has begun, it can't be cancelled any more.", kind="problem")
    except errors.NotFound:
        toast = toasts.Toast("This export is not there any more.", kind="note")
    toasts.on_next_page(request, toast)
    return redirect("exports:downloads")
