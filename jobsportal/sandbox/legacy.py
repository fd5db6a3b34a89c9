"""Endpoints that the older generation still has: there they work, in the newer one they are gone (410)."""

from __future__ import annotations

from . import annotations as job_annotations
from . import imports, old_exports, old_imports
from .messages import NOT_FOUND_PAGE, Refusal, Request, Response, page, text
from .service import Service
from .store import empty_annotations
from .subjects import Subject, find

EXPORT_GONE = (
    "This endpoint is no longer supported.\n"
    "To initiate the export process, use POST /api/{things}/id/dataset/export?save_images={images}.\n"
    "To check the process status, use GET /api/requests/rq_id,\n"
    "where rq_id is obtained from the response of the previous request.\n"
    "To download the prepared file, use the result_url obtained from the response of the previous request.\n"
)
IMPORT_STATUS_GONE = (
    "This endpoint no longer supports checking the status of the import process.\n"
    "The common requests API should be used instead: GET /api/requests/rq_id,\n"
    "where rq_id is obtained from the response of the initializing request.\n"
)


def dataset(service: Service, request: Request, things: str, raw_id: str) -> Response:
    """`GET /api/{jobs,tasks,projects}/{id}/dataset`: where it is gone, even for things that don't exist."""
    if service.is_old:
        return old_exports.retrieve(service, request, find(service, request, things[:-1], raw_id), images=True)
    return text(410, EXPORT_GONE.format(things=things, images="True"))


def retrieve_annotations(service: Service, request: Request, job_id: str) -> Response:
    """`GET /api/jobs/{id}/annotations`: with `format` (or, in the newer generation, `action`) an export."""
    if service.is_old and request.param("format"):
        subject = Subject("job", service.job(request, job_id))
        return old_exports.retrieve(service, request, subject, images=False)
    if service.is_old or (request.param("format") is None and request.param("action") is None):
        return job_annotations.retrieve(service, request, job_id)
    service.job(request, job_id)
    return text(410, EXPORT_GONE.format(things="jobs", images="False"))


def export_annotations(service: Service, request: Request, things: str, raw_id: str) -> Response:
    """`GET /api/{tasks,projects}/{id}/annotations?format=`: an export. Without a format nothing is served here."""
    if request.param("format") is None:
        raise Refusal(page(404, NOT_FOUND_PAGE))
    subject = find(service, request, things[:-1], raw_id)
    if service.is_old:
        return old_exports.retrieve(service, request, subject, images=False)
    return text(410, EXPORT_GONE.format(things=things, images="False"))


def replace_annotations(service: Service, request: Request, job_id: str) -> Response:
    """`PUT /api/jobs/{id}/annotations`: with `format` an import of the older generation, or asking how it goes.

    There a form without `format` holds no annotations, and so does a question for `rq_id` alone: both leave none.
    """
    if service.is_old:
        if request.param("format"):
            return old_imports.put(service, request, job_id)
        if request.content_type().startswith("multipart/form-data"):
            job = job_annotations.writable_job(service, request, job_id)
            return Response(data=job_annotations.replace_all(service.store, job, empty_annotations()))
        return job_annotations.replace(service, request, job_id)
    if request.param("format") is None and request.param("rq_id") is None:
        return job_annotations.replace(service, request, job_id)
    job_annotations.writable_job(service, request, job_id)
    return text(410, IMPORT_STATUS_GONE)


def import_annotations(service: Service, request: Request, job_id: str) -> Response:
    """`POST /api/jobs/{id}/annotations`: an import, each generation in its way."""
    handler = old_imports.post if service.is_old else imports.start
    return handler(service, request, job_id)
