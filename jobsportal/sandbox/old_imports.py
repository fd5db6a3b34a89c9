"""The imports of old: PUT with the file, then the same PUT with `rq_id` until it is told how it went.

POST is for what was uploaded before, piece by piece, and for files in cloud storages. Only the older generation.
"""

from __future__ import annotations

import re

from . import locations, tus
from .annotations import writable_job
from .background import BackgroundRequest
from .imports import Fetch, checked_format, from_cloud, prepare, received
from .jobtable import Job
from .messages import Request, Response, crash, refuse
from .request_ids import import_id
from .requests_ import consume, known, launch
from .service import Service
from .store import CloudStorage
from .subjects import Subject

NO_FILE = "No such file were uploaded"
ALREADY = "Import job already exists"


def put(service: Service, request: Request, job_id: str) -> Response:
    """`PUT ?format=[&rq_id=]`: any import of the job that has not been told of is told of instead of a new one."""
    job = writable_job(service, request, job_id)
    name = checked_format(service, request)
    asked = request.param("rq_id")
    item = known(service, asked or import_id(service, Subject("job", job)))
    if item is not None and asked and item.owner.id != request.person().id:
        return Response(403)
    if item is not None:
        return _state(service, item)
    storage = locations.source(service, request, Subject("job", job))
    return _start(service, request, job, name, _put_source(service, request, job, storage))


def _state(service: Service, item: BackgroundRequest) -> Response:
    """Once it is over, telling so is the last that is heard of a request."""
    if item.running:
        return Response(202)
    consume(service, item)
    if item.status == "finished":
        return Response(201)
    # What is wrong with a file's contents is the sender's fault; whatever can't be read is a crash
    mismatch = re.search(r"CvatImportError: (Could not match .*)", item.message)
    return Response(400, data=mismatch[1]) if mismatch else Response(500, data=item.traceback())


def _start(service: Service, request: Request, job: Job, name: str, fetch: Fetch) -> Response:
    item = prepare(service, request, job, name, fetch)
    if not launch(service, item):
        return Response(409, data=ALREADY)
    return Response(202, data={"rq_id": item.id})


def _put_source(service: Service, request: Request, job: Job, storage: CloudStorage | None) -> Fetch:
    name = request.param("filename")
    if storage is not None:
        return _from_cloud(service, request, storage)
    path = tus.take(service, request, job, name) if name else received(service, request)
    return lambda: path


def _from_cloud(service: Service, request: Request, storage: CloudStorage) -> Fetch:
    name = request.param("filename")
    if not name:
        raise crash()
    return from_cloud(service, storage, name)


def post(service: Service, request: Request, job_id: str) -> Response:
    """The steps of the resumable flow, or a file in a cloud storage; a file in the body is not seen."""
    job = writable_job(service, request, job_id)
    if "upload-length" in request.headers:
        return tus.create(service, request, job)
    storage = locations.source(service, request, Subject("job", job))
    if storage is None and "upload-start" in request.headers and "upload-finish" not in request.headers:
        return Response(202)
    file_name = request.param("filename") or ""
    if storage is None and tus.finished_upload(service, request, job, file_name) is None:
        raise refuse(400, NO_FILE)
    name = checked_format(service, request)
    present = known(service, import_id(service, Subject("job", job)))
    if present is not None and present.running:
        return Response(409, data=ALREADY)
    if storage is not None:
        return _start(service, request, job, name, _from_cloud(service, request, storage))
    path = tus.take(service, request, job, file_name)
    return _start(service, request, job, name, lambda: path)
