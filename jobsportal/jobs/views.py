"""What every page about a job needs."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from jobsportal.accounts.person import PortalRequest
from jobsportal.cvat.types import Job
from jobsportal.jobs.names import names_for
from jobsportal.jobs.rows import Row, row_for


def job_context(request: PortalRequest, job: Job) -> dict[str, Any]:
    """What the head of every page about a job needs. Upstream: the names, where they are not cached."""
    row: Row = row_for(job, names_for(request.person, [job]))
    tracker = job.bug_tracker or ""
    return {
        "row": row,
        "job": job,
        "cvat_url": f"{settings.CVAT_PUBLIC_URL}/tasks/{job.task_id}/jobs/{job.id}",
        "bug_tracker": tracker if tracker.lower().startswith(("http://", "https://")) else "",
    }


@require_safe
def preview(request: PortalRequest, job_id: int) -> HttpResponse:
    """GET /jobs/{id}/preview: a small picture, kept by this person's browser. Upstream: jobs.retrieve_preview."""
    raw = request.person.client.jobs.retrieve_preview(job_id)
    response = HttpResponse(raw.content, content_type=raw.content_type)
    response["Cache-Control"] = "private, max-age=3600"
    response["X-Content-Type-Options"] = "nosniff"
    return response
