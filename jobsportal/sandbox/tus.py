"""The resumable upload (tus 1.0) of annotation files, as the upstream's own client uses it.

Start with `Upload-Start`, create, PATCH piece by piece, then finish by POSTing with the name from `Upload-Filename`.
The newer generation makes up that name and keeps it for the sender; in the older one it is the name of the file.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
from email.header import Header
from pathlib import Path
from uuid import uuid4

from .annotations import writable_job
from .jobtable import Job
from .messages import NOT_FOUND_PAGE, Refusal, Request, Response, crash, detail, invalid, page
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
    """`OPTIONS /api/jobs/{id}/annotations/`: what the server can do; the older generation crashes."""
    if service.is_old:
        raise crash()
    return Response(204, headers=_headers())


def create(service: Service, request: Request, job: Job) -> Response:
    """`POST /api/jobs/{id}/annotations/` with `Upload-Length`. Without an origin the upstream crashes."""
    length = int(request.headers["upload-length"])
    if length > LARGEST:
        return Response(413, data=f"File size exceeds max limit of {LARGEST} bytes", headers=_headers())
    file_name = _file_name(request) if service.is_old else ""
    if posixpath.normpath(file_name).startswith(("..", "/")):
        return Response(400, data=f"File name {file_name} is not allowed", headers=_headers())
    if file_name and finished_upload(service, request, job, file_name) is not None:
        return Response(409, data="File with same name already exists", headers=_headers())
    origin = request.base() if "x-forwarded-host" in request.headers else request.headers.get("origin")
    if origin is None:
        raise crash()
    me = request.person()
    name = str(uuid4()) if service.is_old else f"{me.id}_{uuid4()}"
    service.uploads[name] = Upload(name, me.id, job.id, length, file_name=file_name)
    _path(service, name).touch()
    location = f"{origin}/api/jobs/{job.id}/annotations/{name}"
    return Response(201, headers=[*_headers(), ("Location", location), _named(file_name or name)])


def _file_name(request: Request) -> str:
    """The name in `Upload-Metadata`: pairs of a word and a value in base64. Without one the upstream crashes."""
    pairs = [part.split() for part in request.headers.get("upload-metadata", "").split(",")]
    encoded = next((pair[1] for pair in pairs if len(pair) == 2 and pair[0] == "filename"), "")
    try:
        name = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise crash() from error
    if not name:
        raise crash()
    return name


def _named(name: str) -> tuple[str, str]:
    """A header can't hold every character: other names are written as in mail."""
    return ("Upload-Filename", name if name.isascii() else Header(name, "utf-8").encode())


def _path(service: Service, name: str) -> Path:
    return service.folder / f"upload-{name}"


def _find(service: Service, request: Request, job_id: str, name: str) -> Upload | None:
    """Uploads are for those who began them, in the older generation for all who may work on the job."""
    job = writable_job(service, request, job_id)
    upload = service.uploads.get(name)
    if upload is None or upload.job_id != job.id:
        return None
    return upload if service.is_old or upload.user_id == request.person().id else None


def _unknown() -> Refusal:
    """A page that doesn't come from the API framework."""
    response = page(404, NOT_FOUND_PAGE)
    response.headers.append(("Vary", "Origin, Cookie"))
    response.bare = True
    return Refusal(response)


def offset(service: Service, request: Request, job_id: str, name: str) -> Response:
    """`HEAD …/annotations/{upload}`: how much has arrived; no upload any more once all of it has, or a crash."""
    upload = _find(service, request, job_id, name)
    complete = upload is not None and upload.offset >= upload.length
    if service.is_old and (upload is None or complete):
        return Response(404, headers=_headers())
    if upload is None:
        raise _unknown()
    if complete:
        raise crash()
    told = [("Upload-Offset", str(upload.offset)), ("Upload-Length", str(upload.length))]
    return Response(200, headers=_headers() + told)


def append(service: Service, request: Request, job_id: str, name: str) -> Response:
    """`PATCH …/annotations/{upload}`: the next piece, which must begin where the last ended."""
    if request.content_type() != OFFSET_TYPE:
        raise detail(415, f'Unsupported media type "{request.content_type()}" in request.')
    with service.store.lock:
        upload = _find(service, request, job_id, name)
        if upload is None:
            raise crash() if service.is_old else _unknown()
        if int(request.headers.get("upload-offset", "-1")) != upload.offset:
            return Response(409, headers=_headers())
        if upload.offset + request.length > upload.length:
            return Response(413, headers=_headers())
        with _path(service, name).open("ab") as out:
            while piece := request.body.read(PIECE):
                out.write(piece)
        upload.offset += request.length
    told = [("Upload-Offset", str(upload.offset))]
    if service.is_old:
        told.append(_named(upload.file_name))
    return Response(204, headers=_headers() + told)


def finished_upload(service: Service, request: Request, job: Job, name: str) -> Upload | None:
    """What was uploaded for that job under that name, if all of it has arrived."""
    for upload in list(service.uploads.values()):
        if upload.job_id != job.id or upload.offset < upload.length:
            continue
        if service.is_old and upload.file_name == name:
            return upload
        if upload.name == name and upload.user_id == request.person().id:
            return upload
    return None


def take(service: Service, request: Request, job: Job, name: str) -> Path:
    """The file of a finished upload, which is then no upload any more."""
    with service.store.lock:
        upload = finished_upload(service, request, job, name)
        if upload is None:
            raise invalid("No such file were uploaded")
        del service.uploads[upload.name]
        return _path(service, upload.name)
