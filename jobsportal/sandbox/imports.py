"""`POST /api/jobs/{id}/annotations?format=`: a file of annotations takes the place of what is there, or is added to it
with `import_mode=append` where that is known."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from . import locations, tus
from .annotation_checks import normalise
from .annotations import add_all, replace_all, writable_job
from .background import BackgroundRequest, Conclude, ImportFailed
from .formats import readers
from .formats.snapshot import Target
from .jobtable import Job
from .messages import Request, Response, invalid, refuse
from .multipart import save_part
from .request_ids import import_id
from .requests_ import known, launch
from .service import Service
from .store import CloudStorage
from .subjects import Subject

FIELD = "annotation_file"
Fetch = Callable[[], Path]


def start(service: Service, request: Request, job_id: str) -> Response:
    """A multipart file, one of the steps of the resumable flow, or the name of a file in a cloud storage."""
    job = writable_job(service, request, job_id)
    if "upload-start" in request.headers:
        return Response(202)
    if "upload-length" in request.headers:
        return tus.create(service, request, job)
    name = checked_format(service, request)
    storage = locations.source(service, request, Subject("job", job))
    running = known(service, import_id(service, Subject("job", job)))
    if running is not None and running.running:
        return Response(409, data={"rq_id": running.id})
    item = prepare(service, request, job, name, _source(service, request, job, storage))
    started = launch(service, item)
    return Response(202 if started else 409, data={"rq_id": item.id})


def checked_format(service: Service, request: Request) -> str:
    name = request.param("format") or ""
    if name not in readers(service.is_old):
        raise invalid(f"Unknown input format '{name}'")
    return name


def prepare(service: Service, request: Request, job: Job, name: str, fetch: Fetch) -> BackgroundRequest:
    """The request that will do it, not yet begun."""
    subject = Subject("job", job)
    is_added = adds(service, request)
    return BackgroundRequest(
        service.store,
        import_id(service, subject),
        request.person(),
        subject,
        ("import", "annotations"),
        service.request_seconds,
        lambda _: _work(service, job, name, fetch, is_added),
    )


def adds(service: Service, request: Request) -> bool:
    """Whether what is there is to be kept."""
    mode = request.param("import_mode") if service.appends else None
    if mode not in (None, "append", "replace"):
        raise refuse(400, {"import_mode": [f'"{mode}" is not a valid choice.']})
    return mode == "append"


def _source(service: Service, request: Request, job: Job, storage: CloudStorage | None) -> Fetch:
    """Where the file is: in a cloud storage, uploaded before under the name given, or sent along."""
    name = request.param("filename")
    if storage is not None:
        if not name:
            raise invalid("The filename was not specified")
        return from_cloud(service, storage, name)
    path = tus.take(service, request, job, name) if name else received(service, request)
    return lambda: path


def from_cloud(service: Service, storage: CloudStorage, key: str) -> Fetch:
    """Fetches it when the import begins, so that a file that isn't there is a failure of the import."""

    def fetch() -> Path:
        content = storage.files.get(key)
        if content is None:
            raise ImportFailed(f"FileNotFoundError: There is no file '{key}' on the '{storage.resource}' cloud storage")
        path = service.folder / f"import-{uuid4()}"
        path.write_bytes(content)
        return path

    return fetch


def received(service: Service, request: Request) -> Path:
    """The file that was sent along."""
    path = service.folder / f"import-{uuid4()}"
    size = save_part(request, FIELD, path)
    if size is None:
        raise refuse(400, {FIELD: ["No file was submitted."]})
    if size == 0:
        path.unlink(missing_ok=True)
        raise refuse(400, {FIELD: ["The submitted file is empty."]})
    return path


def _work(service: Service, job: Job, name: str, fetch: Fetch, is_added: bool) -> Conclude:
    """Reads the file; only when all of it is fine does anything change."""
    path = fetch()
    try:
        found = readers(service.is_old)[name](path, Target(service.store, job))
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
    data = normalise(found)

    def conclude() -> None:
        (add_all if is_added else replace_all)(service.store, job, data)

    return conclude
