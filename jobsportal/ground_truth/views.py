"""Making a ground truth job: first the task, then its frames. Each view states what it asks of the upstream."""

from typing import Any

from django import forms
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from jobsportal.accounts.person import PortalRequest
from jobsportal.activity.recording import record_event
from jobsportal.cvat import errors
from jobsportal.cvat.types import Job
from jobsportal.cvat.versions import Version
from jobsportal.ground_truth import ranges
from jobsportal.ground_truth.forms import MANUAL, NewForm
from jobsportal.ground_truth.grid import A_PAGE, chosen_in, grid_for, picked_alone
from jobsportal.ground_truth.subjects import Subject, ground_truth_of, number_in, org_of, search, subject_of
from jobsportal.jobs.forms import person_named
from jobsportal.web import toasts
from jobsportal.web.addresses import is_partial, is_within_page
from jobsportal.web.errors import in_words, toast_only, told
from jobsportal.web.streaming import picture_passed_on

# What the upstream complains about, and the field that stands for it here.
FIELDS = {
    "frame_count": "amount",
    "frame_share": "amount",
    "frames_per_job_count": "amount",
    "frames_per_job_share": "amount",
    "frames": "frames",
    "random_seed": "seed",
    "seed": "seed",
    "assignee": "assignee",
    "frame_selection_method": "method",
}


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: PortalRequest) -> HttpResponseBase:
    """GET, POST /jobs/new/?task= (or task_id=, as the list of jobs says it). Upstream: to choose a task see `search`.
    With one: see `subject_of`, server.about where the version is not known; for the pictures see `segments_of`. POST:
    users.list for an assignee, jobs.create; jobs.list once more where that is refused."""
    given = request.POST if request.method == "POST" else request.GET
    task_id = number_in(given.get("task") or given.get("task_id", ""))
    if task_id is None:
        return choose(request)
    try:
        subject = subject_of(request.person, task_id)
    except (errors.NotFound, errors.Forbidden, errors.Invalid):
        words = f"There is no task #{task_id} here, or you may not see it."
        return choose(request, words, status=404)
    if request.method != "POST" and (place := place_within_its_organization(request, subject)):
        return redirect(place)
    if subject.ground_truth:
        return show_existing(request, subject, subject.ground_truth)
    if request.method != "POST":
        typed = {name: request.GET[name] for name in request.GET if name in NewForm.base_fields}
        return show_form(request, subject, form_for(request, subject, initial=typed), typed_frames(request, subject))
    if "at" in request.POST or request.POST.get("near"):  # Enter in a field presses the form's own button
        return show_pictures(request, subject)
    return make(request, subject)


def place_within_its_organization(request: PortalRequest, subject: Subject) -> str:
    """The same page within the task's own organization, if another is looked at: there its jobs can't be listed."""
    person = request.person
    own = org_of(person, subject.task.organization)
    if person.organization is None or own == person.org:
        return ""
    wanted = request.GET.copy()
    wanted["org"] = own
    return f"{request.path}?{wanted.urlencode()}"


def choose(request: PortalRequest, problem: str = "", status: int = 200) -> HttpResponse:
    """The tasks that a search finds."""
    if problem and is_within_page(request):
        return toast_only(problem, status)
    typed = request.GET.get("q", "")[:256].replace("\0", "").strip()
    found, total = search(request.person, typed)
    context = {"found": found, "hidden": max(0, total - len(found)), "q": typed, "problem": problem}
    template = "ground_truth/_tasks.html" if is_partial(request, "tasks") else "ground_truth/choose.html"
    return render(request, template, context, status=status)


def form_for(request: PortalRequest, subject: Subject, *args: Any, **kwargs: Any) -> NewForm:
    return NewForm(*args, subject=subject, version=version_of(request), **kwargs)


def version_of(request: PortalRequest) -> Version | None:
    """None where the server doesn't say: then it says itself what it can't do, when it is asked to."""
    try:
        return request.person.client.version
    except errors.SignedOut:
        raise
    except errors.CVATError:
        return None


def typed_frames(request: PortalRequest, subject: Subject) -> set[int]:
    try:
        return ranges.read(request.GET.get("frames", ""), subject.task.size)
    except ranges.Unreadable:
        return set()


def data_of(request: PortalRequest, subject: Subject) -> tuple[QueryDict, set[int]]:
    """What was sent, with all that was chosen in the one field that says it; and the same as a set."""
    data = request.POST.copy()
    try:
        chosen = chosen_in(data, subject.task.size)
    except ranges.Unreadable:
        return data, picked_alone(data, subject.task.size)
    data["frames"] = ranges.write(chosen)
    return data, chosen


def page_in(data: QueryDict) -> int:
    """Which page of pictures to show: the one asked for, the one with a frame, or that which was shown."""
    if data.get("near") and data.get("at", "near") == "near":
        return (number_in(str(data["near"])) or 0) // A_PAGE + 1
    return number_in(data.get("at", data.get("page", ""))) or 1


def show_pictures(request: PortalRequest, subject: Subject) -> HttpResponse:
    """Another page of pictures; everything else in the form stays as it is, and is not looked at yet."""
    data, chosen = data_of(request, subject)
    if is_partial(request, "frames"):
        context = {"subject": subject, **grid_for(request.person, subject, page_in(data), chosen)}
        return render(request, "ground_truth/_frames.html", context)
    data["method"] = MANUAL
    form = form_for(request, subject, data)
    for name in [name for name in form.errors if name != "frames" or not data.get("frames", "").strip()]:
        del form.errors[name]
    return show_form(request, subject, form, chosen)


def make(request: PortalRequest, subject: Subject) -> HttpResponseBase:
    data, chosen = data_of(request, subject)
    form = form_for(request, subject, data)
    assignee = assignee_in(request, subject, form)
    if not form.is_valid():
        return show_form(request, subject, form, chosen, status=422)
    client = request.person.client_within(subject.task.organization)
    try:
        job = client.jobs.create_ground_truth(subject.task.id, assignee=assignee, **form.order)
    except errors.SignedOut:
        raise
    except errors.CVATError as error:
        if existing := ground_truth_of(client, subject.task.id):
            return show_existing(request, subject, existing, status=409)
        complain(form, error)
        return show_form(request, subject, form, chosen, status=told(error).status)
    frames = f"{job.frame_count:,} frame{'' if job.frame_count == 1 else 's'}"
    record_event(request.person, job, "job", after=f"created: ground truth, {frames}")
    words = f"Ground truth job {job.id} is made, with {frames}."
    toasts.on_next_page(request, toasts.Toast(words))
    return redirect("jobs:job", job.id)


def assignee_in(request: PortalRequest, subject: Subject, form: NewForm) -> int | None:
    """Looked for whatever else is wrong, so that all of it is told at once."""
    form.full_clean()
    name = form.cleaned_data.get("assignee", "")
    if not name:
        return None
    try:
        return person_named(request.person.client_within(subject.task.organization), name)
    except forms.ValidationError as error:
        form.add_error("assignee", error)
        return None


def complain(form: NewForm, error: errors.CVATError) -> None:
    """What the upstream doesn't accept, at the field that it means."""
    if isinstance(error, errors.Invalid | errors.Unsupported):
        for name, words in error.fields.items():
            form.add_error(FIELDS.get(name), " ".join(words))
        if error.fields:
            return
    form.add_error(None, in_words(error))
    if isinstance(error, errors.Unreachable | errors.BrokenAnswer):
        form.add_error(None, "It may have been made all the same: look at the task's jobs before you send it again.")


def show_existing(request: PortalRequest, subject: Subject, existing: Job, status: int = 0) -> HttpResponse:
    """A task has one ground truth job: this is it."""
    if is_within_page(request):
        words = f"This task has a ground truth job already: job {existing.id}. A task has one at most."
        return toast_only(words, 409, href=reverse("jobs:job", args=[existing.id]), link="Open it")
    context = {"subject": subject, "existing": existing, "was_sent": request.method == "POST"}
    status = status or (409 if request.method == "POST" else 200)
    return render(request, "ground_truth/existing.html", context, status=status)


def show_form(
    request: PortalRequest, subject: Subject, form: NewForm, chosen: set[int], status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {"subject": subject, "form": form}
    if form.current == MANUAL:
        context |= grid_for(request.person, subject, page_in(request.POST), chosen)
    return render(request, "ground_truth/new.html", context, status=status)


@require_safe
def picture(request: PortalRequest, job_id: int, frame: int) -> HttpResponseBase:
    """GET /jobs/new/picture/{job}/{frame}: a frame, kept by this person's browser. Upstream: jobs.retrieve_data, passed
    on in pieces."""
    download = request.person.client.jobs.retrieve_data(job_id, type="frame", number=frame, quality="compressed")
    return picture_passed_on(request, download, f"job{job_id}-frame{frame}")
