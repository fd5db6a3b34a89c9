"""Endpoints of older generations: answered with 410 and a word about what to use instead."""

from __future__ import annotations

from . import annotations as job_annotations
from .messages import Request, Response, text
from .service import Service

EXPORT_GONE = (
    "This endpoint is no longer supported.\n"
    "To initiate the export process, use POST /api/jobs/id/dataset/export?save_images={images}.\n"
    "To check the process status, use GET /api/requests/rq_id,\n"
    "where rq_id is obtained from the response of the previous request.\n"
    "To download the prepared file, use the result_url obtained from the response of the previous request.\n"
)
IMPORT_STATUS_GONE = (
    "This endpoint no longer supports checking the status of the import process.\n"
    "The common requests API should be used instead: GET /api/requests/rq_id,\n"
    "where rq_id is obtained from the response of the initializing request.\n"
)


def dataset(service: Service, request: Request, job_id: str) -> Response:
    """`GET /api/jobs/{id}/dataset`: gone, even for jobs that don't exist."""
    return text(410, EXPORT_GONE.format(images="True"))


def retrieve_annotations(service: Service, request: Request, job_id: str) -> Response:
    """`GET /api/jobs/{id}/annotations`: with `format` or `action` it is the export of old, which is gone."""
    if request.param("format") is None and request.param("action") is None:
        return job_annotations.retrieve(service, request, job_id)
    service.job(request, job_id)
    return text(410, EXPORT_GONE.format(images="False"))


def replace_annotations(service: Service, request: Request, job_id: str) -> Response:
    """`PUT /api/jobs/{id}/annotations`: with `format` or `rq_id` it is the import of old, which is gone."""
    if request.param("format") is None and request.param("rq_id") is None:
        return job_annotations.replace(service, request, job_id)
    job_annotations.writable_job(service, request, job_id)
    return text(410, IMPORT_STATUS_GONE)
