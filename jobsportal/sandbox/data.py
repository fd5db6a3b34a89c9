"""`/api/jobs/{id}/preview`, `/data` and `/data/meta`: the pictures of a job, and what they are called."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any

from .annotation_fields import natural
from .jobtable import Job
from .messages import Request, Response, crash, forbidden, invalid, refuse
from .mp4 import movie
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
        return _context_images(service, request, job)
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


def _number(request: Request, job: Job) -> int:
    """The frame that is asked for; one outside the job is refused with a bare string."""
    raw = request.param("number")
    if raw is None:
        raise invalid("Number is not specified")
    number = _whole(raw)
    if number not in job.frames:
        raise refuse(400, f"Incorrect requested frame number: {number}")
    return number


def _frame(service: Service, request: Request, job: Job) -> Response:
    """Ranges are ignored."""
    quality, number = _quality(request), _number(request, job)
    body, kind = service.studio.frame(service.store.task_of(job), number, quality)
    return Response(body=body, content_type=kind, compress=False)


def _context_images(service: Service, request: Request, job: Job) -> Response:
    """Pictures that go with a frame, as a ZIP; without any it is a page that isn't there."""
    number, task = _number(request, job), service.store.task_of(job)
    if not task.related_files:
        return Response(404, body=b"", content_type="text/html; charset=utf-8")
    body = _zipped([service.studio.context(task, number, i) for i in range(task.related_files)], "jpg")
    return Response(body=body, content_type="application/zip", compress=False)


def _chunk(service: Service, request: Request, job: Job) -> Response:
    """A chunk of the job's frames: a ZIP of pictures, or a piece of the video."""
    quality, task = _quality(request), service.store.task_of(job)
    frames = _frames_of_chunk(request, job, CHUNK[task.mode])
    pictures = [service.studio.jpeg(task, number, quality) for number in frames]
    if task.mode == "interpolation":
        body, kind = movie(pictures, task.width, task.height), "video/mp4"
    else:
        body, kind = _zipped(pictures, "jpg" if quality == "original" else "jpeg"), "application/zip"
    headers = [("X-Checksum", str(zlib.crc32(body))), ("X-Updated-Date", date(task.created) or "")]
    return Response(body=body, content_type=kind, headers=[] if service.is_old else headers, compress=False)


def _frames_of_chunk(request: Request, job: Job, size: int) -> list[int]:
    """Both ways to name a chunk count from the beginning of the job."""
    number, index = request.param("number"), request.param("index")
    if number is None and index is None:
        raise invalid("Number or Index is not specified")
    if number is not None and index is not None:
        raise invalid("Number and Index cannot be used together")
    last = (len(job.frames) - 1) // size
    wanted = _whole(index if index is not None else number or "")
    if not 0 <= wanted <= last:
        words = f"Invalid chunk number '{wanted}'. The chunk number should be in the [0, {last}] range"
        raise invalid(words)
    return job.frames[wanted * size : (wanted + 1) * size]


def _zipped(pictures: list[bytes], ending: str) -> bytes:
    """Named by their place, beginning with 0, whatever frame a job begins with."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, picture in enumerate(pictures):
            archive.writestr(zipfile.ZipInfo(f"{number:06}.{ending}", (2020, 1, 1, 0, 0, 0)), picture)
    return out.getvalue()


def meta(service: Service, request: Request, job_id: str) -> Response:
    """`GET /api/jobs/{id}/data/meta`."""
    return Response(data=_meta(service, service.job(request, job_id)))


def _meta(service: Service, job: Job) -> dict[str, Any]:
    task = service.store.task_of(job)
    chunks = {} if service.is_old else {"chunks_updated_date": date(task.created)}
    return chunks | {
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
        context = {"related_files": task.related_files, "has_related_context": task.related_files > 0}
        return size | {"name": name} | context

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
    frames = _deleted_frames(request.json())
    if frames is None:
        return Response(data=_meta(service, job))
    foreign = [str(number) for number in frames if number not in job.frames]
    if foreign and not service.is_old:  # which leaves them out in silence
        raise invalid(f"Frames {', '.join(foreign)} do not belong to the job")
    with service.store.lock:
        service.store.deleted_frames[job.id] = sorted(set(frames) & set(job.frames))
        service.store.task_of(job).updated = service.store.now()
    return Response(data=_meta(service, job))


def _deleted_frames(body: Any) -> list[int] | None:
    """What is sent, or None where nothing is said of it."""
    if not isinstance(body, dict):
        words = f"Invalid data. Expected a dictionary, but got {type(body).__name__}."
        raise refuse(400, {"non_field_errors": [words]})
    frames = body.get("deleted_frames")
    if "deleted_frames" not in body:
        return None
    if not isinstance(frames, list):
        words = f'Expected a list of items but got type "{type(frames).__name__}".'
        raise refuse(400, {"deleted_frames": [words]})
    wrong = {str(place): errors for place, number in enumerate(frames) if (errors := natural(number))}
    if wrong:
        raise refuse(400, {"deleted_frames": wrong})
    return frames
