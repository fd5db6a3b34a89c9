"""`POST /api/jobs/{id}/dataset/export` and `GET /api/jobs/{id}/dataset/download`."""

from __future__ import annotations

import copy
import random
import re
import zipfile
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import quote
from uuid import uuid4

from .background import BackgroundRequest, Conclude
from .formats import writers
from .formats.snapshot import Snapshot
from .jobtable import Job
from .messages import Refusal, Request, Response, crash, forbidden, invalid, text
from .permissions import may_see_job
from .requests_ import launch
from .service import Service

BLOCK = 1 << 20
UNSATISFIABLE = (
    "<html>\r\n<head><title>416 Requested Range Not Satisfiable</title></head>\r\n<body>\r\n"
    "<center><h1>416 Requested Range Not Satisfiable</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


def start(service: Service, request: Request, job_id: str) -> Response:
    """`POST …/dataset/export?format=&save_images=&filename=`: 202 with the request's id, 409 while it runs."""
    job = service.job(request, job_id)
    name = request.param("format") or ""
    _check_location(request)
    images = _truth(request.param("save_images"))
    if name not in writers(service.is_old):
        raise invalid("Unknown format specified for the request")
    me, subresource = request.person(), "dataset" if images else "annotations"
    slug = name.replace(" ", "_").replace(".", "~")
    item = BackgroundRequest(
        service.store,
        f"action=export&target=job&target_id={job.id}&user_id={me.id}&format={slug}&subresource={subresource}",
        me,
        job,
        subresource,
        service.request_seconds,
        lambda running: _work(service, running, job, name, images),
    )
    item.format, item.base = name, request.base()
    item.file_name = _file_name(request, job, subresource, name)
    return launch(service, item)


def _check_location(request: Request) -> None:
    location = request.param("location") or "local"
    if location == "cloud_storage":
        known = request.param("cloud_storage_id")
        if known is None:
            raise invalid("Trying to use undefined cloud storage (cloud_storage_id was not provided)")
        raise invalid("CloudStorage matching query does not exist.")
    if location != "local":
        raise invalid(f"The specified location '{location}' is not supported")


def _truth(raw: str | None) -> bool:
    """What isn't a truth value is the upstream's 500."""
    value = (raw or "false").lower()
    if value not in ("true", "false", "1", "0", "yes", "no", "t", "f", "y", "n", "on", "off"):
        raise crash()
    return value in ("true", "1", "yes", "t", "y", "on")


def _file_name(request: Request, job: Job, subresource: str, name: str) -> str:
    own = request.param("filename")
    if own:
        return own if own.endswith(".zip") else f"{own}.zip"
    return f"job_{job.id}_{subresource}_{job.updated:%Y_%m_%d_%H_%M_%S}_{name.lower()}.zip"


def _work(service: Service, running: BackgroundRequest, job: Job, name: str, images: bool) -> Conclude:
    """Writes the archive to disk; it becomes visible when the request ends."""
    store = service.store
    with store.lock:
        annotations = copy.deepcopy(store.annotations_of(job))
    snapshot = Snapshot(store, service.studio, job, annotations)
    target = service.folder / f"export-{uuid4()}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        writers(service.is_old)[name](archive, snapshot, images)
        if service.padding:
            _pad(archive, service.padding)

    def conclude() -> None:
        running.file = target

    return conclude


def _pad(archive: zipfile.ZipFile, size: int) -> None:
    """A stored file of that size which can't be packed, written block by block."""
    block = random.Random(size).randbytes(BLOCK)
    entry = zipfile.ZipInfo("padding.bin", (2020, 1, 1, 0, 0, 0))
    with archive.open(entry, "w", force_zip64=True) as out:
        while size > 0:
            size -= out.write(block[:size])


def download(service: Service, request: Request, job_id: str) -> Response:
    """`GET …/dataset/download?rq_id=`: as often as wanted, also in parts, for whoever asked for the export."""
    rq_id = request.param("rq_id")
    if not rq_id:
        raise invalid("Missing request id in the query parameters")
    found = re.fullmatch(r"action=(\w+)&target=(\w+)&target_id=(\d+)(?:&\w+=[^&]*)*", rq_id)
    if found is None:
        raise invalid("Unexpected request id format")
    if found[1] != "export" or found[3] != job_id:
        raise invalid("Invalid export request id")
    job = service.job(request, job_id)
    item = service.store.requests.get(rq_id)
    if f"&user_id={request.person().id}&" not in rq_id or not may_see_job(service.store, request.person(), job):
        raise forbidden()
    if item is None:
        raise Refusal(text(404, "Unknown export request id"))
    if item.status != "finished" or item.file is None:
        return Response(204)
    return _send(request, item)


def _send(request: Request, item: BackgroundRequest) -> Response:
    """The file, whole or the part asked for, as the web server in front of the upstream sends it."""
    assert item.file is not None
    stat = item.file.stat()
    tag = f'"{int(stat.st_mtime):x}-{stat.st_size:x}"'
    name = [("Content-Disposition", _disposition(item.file_name))]
    dated = [("Last-Modified", formatdate(int(stat.st_mtime), usegmt=True)), *name, ("ETag", tag)]
    if request.headers.get("if-none-match") in (tag, "*"):
        return Response(304, headers=dated, bare=True)
    wanted = _range(request, stat.st_size, tag, int(stat.st_mtime))
    kind = "application/zip"
    if wanted is None:
        headers = [*dated, ("Accept-Ranges", "bytes")]
        return Response(200, content_type=kind, headers=headers, file=item.file, file_length=stat.st_size, bare=True)
    start, end = wanted
    if start > end:
        headers = [*name, ("Content-Range", f"bytes */{stat.st_size}")]
        return Response(416, body=UNSATISFIABLE.encode(), content_type="text/html", headers=headers, bare=True)
    headers = [*dated, ("Content-Range", f"bytes {start}-{end}/{stat.st_size}")]
    return Response(
        206,
        content_type=kind,
        headers=headers,
        file=item.file,
        file_start=start,
        file_length=end - start + 1,
        bare=True,
    )


def _range(request: Request, size: int, tag: str, modified: int) -> tuple[int, int] | None:
    """First and last byte asked for; None for all of it, start beyond end when it can't be satisfied."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", "").strip())
    if found is None or not (found[1] or found[2]) or not _still_same(request.headers.get("if-range"), tag, modified):
        return None
    if not found[1]:
        return max(0, size - int(found[2])), size - 1
    start = int(found[1])
    end = min(int(found[2]), size - 1) if found[2] else size - 1
    return (1, 0) if start >= size else (start, end)


def _still_same(condition: str | None, tag: str, modified: int) -> bool:
    if condition is None or condition == tag:
        return True
    try:
        return int(parsedate_to_datetime(condition).timestamp()) == modified
    except (TypeError, ValueError):
        return False


def _disposition(name: str) -> str:
    """Quoted, with spaces; a name beyond ASCII is told a second time."""
    plain = name.encode("ascii", "ignore").decode().replace('"', "")
    if plain == name:
        return f'attachment; filename="{name}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
