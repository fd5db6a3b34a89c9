"""`POST /api/jobs/{id}/annotations?format=`: a file of annotations takes the place of what is there."""

from __future__ import annotations

import contextlib
from pathlib import Path
from uuid import uuid4

from . import tus
from .annotation_checks import normalise
from .annotations import replace_all, writable_job
from .background import BackgroundRequest, Conclude
from .formats import readers
from .formats.snapshot import Target
from .jobtable import Job
from .messages import Request, Response, invalid, refuse
from .multipart import save_part
from .requests_ import launch
from .service import Service

FIELD = "annotation_file"


def start(service: Service, request: Request, job_id: str) -> Response:
    """`POST`: a multipart file, or one of the steps of the resumable flow."""
    job = writable_job(service, request, job_id)
    if "upload-start" in request.headers:
        return Response(202)
    if "upload-length" in request.headers:
        return tus.create(service, request, job)
    name = request.param("format") or ""
    if name not in readers(service.is_old):
        raise invalid(f"Unknown input format '{name}'")
    _check_location(request)
    rq_id = f"action=import&target=job&target_id={job.id}&subresource=annotations"
    running = service.store.requests.get(rq_id)
    if running is not None and running.running:
        return Response(409, data={"rq_id": rq_id})
    path = _received(service, request, job)
    item = BackgroundRequest(
        service.store,
        rq_id,
        request.person(),
        job,
        "annotations",
        service.request_seconds,
        lambda _: _work(service, job, name, path),
    )
    return launch(service, item)


def _check_location(request: Request) -> None:
    if request.param("location") != "cloud_storage":
        return
    if request.param("cloud_storage_id") is None:
        raise invalid("Trying to use undefined cloud storage (cloud_storage_id was not provided)")
    raise invalid("CloudStorage matching query does not exist.")


def _received(service: Service, request: Request, job: Job) -> Path:
    """Where the file lies: sent along, or uploaded before under the name given."""
    name = request.param("filename")
    if name:
        return tus.take(service, request, job, name)
    path = service.folder / f"import-{uuid4()}"
    size = save_part(request, FIELD, path)
    if size is None:
        raise refuse(400, {FIELD: ["No file was submitted."]})
    if size == 0:
        path.unlink(missing_ok=True)
        raise refuse(400, {FIELD: ["The submitted file is empty."]})
    return path


def _work(service: Service, job: Job, name: str, path: Path) -> Conclude:
    """Reads the file; only when all of it is fine does anything change."""
    try:
        found = readers(service.is_old)[name](path, Target(service.store, job))
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
    data = normalise(found)

    def conclude() -> None:
        replace_all(service.store, job, data)

    return conclude
