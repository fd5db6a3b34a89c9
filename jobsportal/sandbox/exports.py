"""`POST /api/{jobs,tasks,projects}/{id}/dataset/export`: what is there as a file, made in the background."""

from __future__ import annotations

import random
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode
from uuid import uuid4

from . import locations, merging
from .background import BackgroundRequest, Conclude
from .formats import writers
from .messages import Request, Response, crash, invalid
from .request_ids import export_id
from .requests_ import launch
from .service import Service
from .store import CloudStorage
from .subjects import Subject, find

BLOCK = 1 << 20
ALREADY = "Export request is being processed"


@dataclass(frozen=True)
class Wish:
    """What somebody asks to be exported, and how; `storage` is where to, or None for a download."""

    subject: Subject
    format: str
    images: bool
    storage: CloudStorage | None

    @property
    def subresource(self) -> str:
        return "dataset" if self.images else "annotations"


def start(service: Service, request: Request, things: str, raw_id: str) -> Response:
    """`POST …/dataset/export?format=&save_images=&filename=`: 202 with the request's id, 409 while it runs."""
    item = prepare(service, request, read_wish(service, request, find(service, request, things[:-1], raw_id)))
    if not launch(service, item):
        return Response(409, data=ALREADY if service.is_old else {"rq_id": item.id})
    return Response(202, data={"rq_id": item.id})


def read_wish(service: Service, request: Request, subject: Subject, images: bool | None = None) -> Wish:
    """Checks what is asked for. `images` is what the endpoint itself says of them; else `save_images` does."""
    name = request.param("format") or ""
    storage = locations.target(service, request, subject)
    if images is None:
        images = _truth(request.param("save_images"))
    if name not in writers(service.is_old):
        raise invalid("Unknown format specified for the request")
    return Wish(subject, name, images, storage)


def _truth(raw: str | None) -> bool:
    """What isn't a truth value is the upstream's 500."""
    value = (raw or "false").lower()
    if value not in ("true", "false", "1", "0", "yes", "no", "t", "f", "y", "n", "on", "off"):
        raise crash()
    return value in ("true", "1", "yes", "t", "y", "on")


def wish_id(service: Service, request: Request, wish: Wish) -> str:
    return export_id(service, wish.subject, wish.subresource, wish.format, request.person().id)


def prepare(service: Service, request: Request, wish: Wish) -> BackgroundRequest:
    """The request that will do it, not yet begun."""
    item = BackgroundRequest(
        service.store,
        wish_id(service, request, wish),
        request.person(),
        wish.subject,
        ("export", wish.subresource),
        service.request_seconds,
        lambda running: _work(service, running, wish),
    )
    item.format = wish.format
    item.file_name = own_file_name(request) or _file_name(wish)
    if wish.storage is None:
        item.result_url = _result_url(service, request, wish, item.id)
    return item


def _result_url(service: Service, request: Request, wish: Wish, rq_id: str) -> str:
    """Where the file will be: the older generation repeats the question, the newer one names the request."""
    start = request.base() + wish.subject.path
    if not service.is_old:
        return f"{start}/dataset/download?rq_id={quote(rq_id, safe='')}"
    asked = {name: values[-1] for name, values in request.query.items()} | {"action": "download"}
    return f"{start}/{wish.subresource}?{urlencode(asked)}"


def own_file_name(request: Request) -> str | None:
    own = request.param("filename")
    return own if not own or own.endswith(".zip") else f"{own}.zip"


def _file_name(wish: Wish) -> str:
    subject = wish.subject
    stamp = f"{subject.updated:%Y_%m_%d_%H_%M_%S}"
    return f"{subject.target}_{subject.file_label}_{wish.subresource}_{stamp}_{wish.format.lower()}.zip"


def _work(service: Service, running: BackgroundRequest, wish: Wish) -> Conclude:
    """Writes the archive to disk; it becomes visible when the request ends."""
    snapshot = merging.take(service.store, service.studio, wish.subject)
    target = service.folder / f"export-{uuid4()}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        writers(service.is_old)[wish.format](archive, snapshot, wish.images)
        if service.padding:
            _pad(archive, service.padding)

    def conclude() -> None:
        if wish.storage is None:
            running.file = target
        else:
            _put(wish.storage, running.file_name, target)

    return conclude


def _put(storage: CloudStorage, key: str, path: Path) -> None:
    storage.files[key] = path.read_bytes()
    path.unlink()


def _pad(archive: zipfile.ZipFile, size: int) -> None:
    """A stored file of that size which can't be packed, written block by block."""
    block = random.Random(size).randbytes(BLOCK)
    entry = zipfile.ZipInfo("padding.bin", (2020, 1, 1, 0, 0, 0))
    with archive.open(entry, "w", force_zip64=True) as out:
        while size > 0:
            size -= out.write(block[:size])
