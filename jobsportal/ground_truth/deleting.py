"""Deleting a ground truth job: what is lost is said before, and has to be confirmed by typing."""

from functools import partial
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from jobsportal.accounts.person import PortalRequest
from jobsportal.activity.recording import record_event
from jobsportal.annotations.counting import counts_of
from jobsportal.annotations.counting import in_words as counts_in_words
from jobsportal.cvat import errors
from jobsportal.cvat.types import Job
from jobsportal.ground_truth.forms import DeleteForm
from jobsportal.ground_truth.subjects import GROUND_TRUTH, org_of
from jobsportal.jobs.views import job_context
from jobsportal.web import toasts
from jobsportal.web.errors import in_words, told
from jobsportal.web.parallel import side_by_side


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: PortalRequest, job_id: int) -> HttpResponseBase:
    """GET, POST /jobs/{id}/delete/. Upstream, side by side: jobs.retrieve, jobs.retrieve_annotation_outline; then the
    names where they are not cached. POST: jobs.destroy too."""
    client = request.person.client
    job, data = side_by_side(
        partial(client.jobs.retrieve, job_id), partial(client.jobs.retrieve_annotation_outline, job_id)
    )
    if isinstance(job, errors.NotFound) and request.method == "POST":
        return gone(request, f"Job {job_id} is gone already.", None)
    for answer in (job, data):
        if isinstance(answer, errors.SignedOut) or (answer is job and isinstance(answer, errors.CVATError)):
            raise answer
    context = job_context(request, job) | lost(job, data) | {"tab": "delete"}
    if job.type != GROUND_TRUTH:
        status = 422 if request.method == "POST" else 200
        return render(request, "ground_truth/delete.html", context, status=status)
    form = DeleteForm(
        request.POST if request.method == "POST" else None,
        job_id=job_id,
        task=context["row"].task,
        lost=context["lost"],
    )
    if request.method != "POST":
        return render(request, "ground_truth/delete.html", context | {"form": form})
    status = attempt(request, job, form, context.get("counts", "annotations that could not be counted"))
    if not status:
        return gone(request, f"Job {job_id} is deleted.", job)
    form.asked_again()
    return render(request, "ground_truth/delete.html", context | {"form": form}, status=status)


def lost(job: Job, data: Any) -> dict[str, Any]:
    """What goes with the job, in words and as the form carries it."""
    if isinstance(data, errors.CVATError):
        return {"uncounted": in_words(data), "lost": "uncounted"}
    counts = counts_in_words(counts_of(data))
    return {"counts": counts, "lost": f"{counts}; {job.issues.count}"}


def attempt(request: PortalRequest, job: Job, form: DeleteForm, counts: str) -> int:
    """Delete it; 0, or the status to answer with once the form says what is wrong."""
    if not form.is_valid():
        return 422
    what = f"ground truth with {counts or 'no annotations'}"
    try:
        request.person.client.jobs.destroy(job.id)
    except errors.NotFound:
        return 0
    except errors.CVATError as error:
        record_event(request.person, job, "job", before=what, after="deleted", error=error)
        if isinstance(error, errors.SignedOut):
            raise
        form.add_error(None, in_words(error))
        if isinstance(error, errors.Unreachable | errors.BrokenAnswer):
            form.add_error(None, "It may have been deleted all the same. Look at the list of jobs.")
        return told(error).status
    record_event(request.person, job, "job", before=what, after="deleted")
    return 0


def gone(request: PortalRequest, words: str, job: Job | None) -> HttpResponseBase:
    """On to what is left of its task, within its own organization, or to the list."""
    toasts.on_next_page(request, toasts.Toast(words))
    wanted = {"org": org_of(request.person, job.organization) if job else request.person.org}
    if job:
        wanted["task_id"] = str(job.task_id)
    return redirect(f"{reverse('jobs:list')}?{urlencode(wanted)}")
