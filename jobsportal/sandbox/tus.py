"""The resumable upload (tus 1.0) of annotation files, as the upstream's own client uses it.

Start with `Upload-Start`, create, PATCH piece by piece, then finish by POSTing with the name from `Upload-Filename`.
"""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from .annotations import writable_job
from .jobtable import Job
from .messages import NOT_FOUND_PAGE, Refusal, Request, Response, crash, detail, invalid, page, refuse
from .service import Service, Upload

LARGEST = 26_843_545_600
EXPOSED = "Tus-Resumable,upload-length,upload-metadata,Location,Upload-Offset"
OFFSET_TYPE = "application/offset+octet-stream"
PIECE = 1 << 18


def _headers() -> list[tuple[str, str]]:
    return [
        ("Tus-Resumable", "1.0.0"),
        ("Tus-Version", "1.0.0"),
        ("Tus-Extension", ""),
        ("Tus-Max-Size", str(LARGEST)),
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", "PATCH,HEAD,GET,POST,OPTIONS"),
        ("Access-Control-Expose-Headers", EXPOSED),
        ("Access-Control-Allow-Headers", f"{EXPOSED},content-type"),
        ("Cache-Control", "no-store"),
    ]


def options(service: Service, request: Request, *parts: str) -> Response:
    """`OPTIONS /api/jobs/{id}/annotations/`: what the server can do."""
    return Response(204, headers=_headers())


def create(service: Service, request: Request, job: Job) -> Response:
    """`POST /api/jobs/{id}/annotations/` with `Upload-Length`. Without an origin the upstream crashes."""
    length = int(request.headers["upload-length"])
    if length > LARGEST:
        raise refuse(413, f"File size exceeds max limit of {LARGEST} bytes")
    origin = request.base() if "x-forwarded-host" in request.headers else request.headers.get("origin")
    if origin is None:
        raise crash()
    me = request.person()
    upload = Upload(f"{me.id}_{uuid4()}", me.id, job.id, length)
    _path(service, upload.name).touch()
    service.uploads[upload.name] = upload
    location = f"{origin}/api/jobs/{job.id}/annotations/{upload.name}"
    return Response(201, headers=[*_headers(), ("Location", location), ("Upload-Filename", upload.name)])


def _path(service: Service, name: str) -> Path:
    return service.folder / f"upload-{name}"


def _find(service: Service, request: Request, job_id: str, name: str) -> Upload:
    job = writable_job(service, request, job_id)
    upload = service.uploads.get(name)
    if upload is None or upload.job_id != job.id:
        raise Refusal(page(404, NOT_FOUND_PAGE))
    if upload.user_id != request.person().id:
        raise Refusal(page(404, NOT_FOUND_PAGE))
    return upload


def offset(service: Service, request: Request, job_id: str, name: str) -> Response:
    """`HEAD …/annotations/{upload}`: how much has arrived. A crash upstream once all of it has."""
    upload = _find(service, request, job_id, name)
    if upload.offset >= upload.length:
        raise crash()
    told = [("Upload-Offset", str(upload.offset)), ("Upload-Length", str(upload.length))]
    return Response(200, headers=_headers() + told)


def append(service: Service, request: Request, job_id: str, name: str) -> Response:
    """`PATCH …/annotations/{upload}`: the next piece, which must begin where the last ended."""
    if request.content_type() != OFFSET_TYPE:
        raise detail(415, f'Unsupported media type "{request.content_type()}" in request.')
    with service.store.lock:
        upload = _find(service, request, job_id, name)
        if int(request.headers.get("upload-offset", "-1")) != upload.offset:
            return Response(409, headers=_headers())
        if upload.offset + request.length > upload.length:
            return Response(413, headers=_headers())
        with _path(service, name).open("ab") as out:
            while piece := request.body.read(PIECE):
                out.write(piece)
        upload.offset += request.length
    return Response(204, headers=[*_headers(), ("Upload-Offset", str(upload.offset))])


def take(service: Service, request: Request, job: Job, name: str) -> Path:
    """The finished upload of that name, which is then no upload any more."""
    with service.store.lock:
        upload = service.uploads.get(name)
        mine = upload is not None and upload.user_id == request.person().id and upload.job_id == job.id
        if upload is None or not mine or upload.offset < upload.length:
            raise invalid("No such file were uploaded")
        del service.uploads[name]
        return _path(service, name)
