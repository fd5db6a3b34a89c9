"""Endpoints of older generations: answered with 410 and a word about what to use instead."""

from __future__ import annotations

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


def gone_annotations() -> Response:
    """`GET /api/jobs/{id}/annotations?format=`: the export of old."""
    return text(410, EXPORT_GONE.format(images="False"))


def gone_import_status() -> Response:
    """`PUT /api/jobs/{id}/annotations?format=|rq_id=`: the import of old."""
    return text(410, IMPORT_STATUS_GONE)
