"""`/api/jobs/{id}/preview`, `/data` and `/data/meta`: the pictures of a job, and what they are called."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any

from .jobtable import Job
from .messages import Request, Response, crash, forbidden, invalid, refuse
from .permissions import may_work_on_job
from .rendering import date
from .service import Service
from .store import Task

CHUNK = {"annotation": 72, "interpolation": 36}


def preview(service: Service, request: Request, job_id: str) -> Response:
    """`GET /api/jobs/{id}/preview`: the first frame, small."""
    job = service.job(request, job_id)
    task = service.store.task_of(job)
    return Response(body=service.studio.preview(task, job.frames[0]), content_type="image/jpeg", compress=False)


def data(service: Service, request: Request, job_id: str) -> Response:
    """`GET /api/jobs/{id}/data?type=preview|frame|chunk|context_image`."""
    job = service.job(request, job_id)
    kind = request.param("type")
    if kind == "preview":
        return preview(service, request, job_id)
    if kind == "frame":
        return _frame(service, request, job)
    if kind == "chunk":
        return _chunk(service, request, job)
    if kind == "context_image":
        return Response(404, body=b"", content_type="text/html; charset=utf-8")
    raise invalid("Data type not specified or has wrong value")


def _quality(request: Request) -> str:
    quality = request.param("quality") or "compressed"
    if quality not in ("compressed", "original"):
        raise invalid("Wrong quality value")
    return quality


def _whole(raw: str) -> int:
    try:
        return int(raw)
    except ValueError as error:
        raise crash() from error


def _frame(service: Service, request: Request, job: Job) -> Response:
    """Ranges are ignored; a frame outside the job is refused with a bare string."""
    quality = _quality(request)
    raw = request.param("number")
    if raw is None:
        raise invalid("Number is not specified")
    number = _whole(raw)
    if number not in job.frames:
        raise refuse(400, f"Incorrect requested frame number: {number}")
    body, kind = service.studio.frame(service.store.task_of(job), number, quality)
    return Response(body=body, content_type=kind, compress=False)


def _chunk(service: Service, request: Request, job: Job) -> Response:
    """A chunk is a ZIP of the job's frames. (Upstream sends MP4 for videos; here they are PNG in a ZIP.)"""
    quality = _quality(request)
    number, index = request.param("number"), request.param("index")
    if number is None and index is None:
        raise invalid("Number or Index is not specified")
    if number is not None and index is not None:
        raise invalid("Number and Index cannot be used together")
    task = service.store.task_of(job)
    last = (len(job.frames) - 1) // CHUNK[task.mode]
    wanted = _whole(index if index is not None else number or "")
    if not 0 <= wanted <= last:
        words = f"Invalid chunk number '{wanted}'. The chunk number should be in the [0, {last}] range"
        raise invalid(words)
    frames = job.frames[wanted * CHUNK[task.mode] : (wanted + 1) * CHUNK[task.mode]]
    body = _zip_of_frames(service, task, frames, quality)
    headers = [("X-Checksum", str(zlib.crc32(body))), ("X-Updated-Date", date(task.created) or "")]
    return Response(body=body, content_type="application/zip", headers=headers, compress=False)


def _zip_of_frames(service: Service, task: Task, frames: list[int], quality: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in frames:
            picture, kind = service.studio.frame(task, number, quality)
            stamp = zipfile.ZipInfo(f"{number:06}.{'png' if kind == 'image/png' else 'jpeg'}", (2020, 1, 1, 0, 0, 0))
            archive.writestr(stamp, picture)
    return out.getvalue()


def meta(service: Service, request: Request, job_id: str) -> Response:
    """`GET /api/jobs/{id}/data/meta`."""
    return Response(data=_meta(service, service.job(request, job_id)))


def _meta(service: Service, job: Job) -> dict[str, Any]:
    task = service.store.task_of(job)
    return {
        "chunks_updated_date": date(task.created),
        "chunk_size": CHUNK[task.mode],
        "size": len(job.frames),
        "image_quality": 75,
        "start_frame": job.start_frame,
        "stop_frame": job.stop_frame,
        "frame_filter": "",
        "frames": _frames(task, job),
        "deleted_frames": service.store.deleted_frames.get(job.id, []),
        "included_frames": job.included_frames,
    }


def _frames(task: Task, job: Job) -> list[dict[str, Any]]:
    """A video has one entry for all; a ground truth job hides the frames it doesn't contain."""

    def entry(name: str) -> dict[str, Any]:
        size = {"width": task.width, "height": task.height}
        return size | {"name": name, "related_files": 0, "has_related_context": False}

    if task.mode == "interpolation":
        return [entry(f"{task.prefix}.mp4")]
    kept = set(job.frames)
    numbers = range(job.start_frame, job.stop_frame + 1)
    return [entry(task.frame_name(number) if number in kept else "placeholder.jpg") for number in numbers]


def update_meta(service: Service, request: Request, job_id: str) -> Response:
    """`PATCH /api/jobs/{id}/data/meta`: marks frames as deleted, or takes that back."""
    job = service.job(request, job_id)
    if not may_work_on_job(service.store, request.person(), job):
        raise forbidden()
    frames = request.json().get("deleted_frames", [])
    bad = {str(i): ["A valid integer is required."] for i, number in enumerate(frames) if not isinstance(number, int)}
    if bad:
        raise refuse(400, {"deleted_frames": bad})
    foreign = [str(number) for number in frames if number not in job.frames]
    if foreign:
        raise invalid(f"Frames {', '.join(foreign)} do not belong to the job")
    with service.store.lock:
        service.store.deleted_frames[job.id] = sorted(set(frames))
    return Response(data=_meta(service, job))
