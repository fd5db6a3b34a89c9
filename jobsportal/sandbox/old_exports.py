"""The exports of old: the same GET asks for a file, tells how far it is, and fetches it. Only the older generation."""

from __future__ import annotations

from . import exports
from .background import BackgroundRequest
from .downloads import send
from .messages import Request, Response, invalid, refuse, text
from .requests_ import consume, known, launch
from .service import Service
from .subjects import Subject

UNKNOWN = (
    "Unknown export request id. Please request export first by sending a request without the action=download parameter."
)
UNFINISHED = "Dataset export has not been finished yet"
NOT_LOCAL = 'Action "download" is only supported for a local dataset location'


def retrieve(service: Service, request: Request, subject: Subject, images: bool) -> Response:
    """`GET …/dataset` (with images) or `…/annotations?format=`: 202, then 201, then `action=download` for the file."""
    if not request.param("format"):
        raise refuse(400, "Format is not specified")
    wish = exports.read_wish(service, request, subject, images)
    action = request.param("action")
    if action not in (None, "download"):
        raise invalid(f"Unexpected action '{action}' specified for the request")
    item = known(service, exports.wish_id(service, request, wish))
    if action == "download":
        return _download(service, request, item, wish)
    if item is None or (item.status == "finished" and item.created < subject.updated):
        item = exports.prepare(service, request, wish)
        launch(service, item)
        return Response(202, data={"rq_id": item.id})
    return _state(service, item, wish)


def _state(service: Service, item: BackgroundRequest, wish: exports.Wish) -> Response:
    """Telling of a failure, or that a cloud storage has the file, is the last that is heard of a request."""
    if item.running:
        return Response(202, data={"rq_id": item.id})
    if item.status == "failed":
        consume(service, item)
        return Response(500, data=item.traceback())
    if wish.storage is not None:
        consume(service, item)
        return Response(200)
    return Response(201)


def _download(service: Service, request: Request, item: BackgroundRequest | None, wish: exports.Wish) -> Response:
    """The file goes out once: whatever is asked of it, a part too, ends the request."""
    if item is None:
        return text(400, UNKNOWN)
    if wish.storage is not None:
        return text(400, NOT_LOCAL)
    if item.running:
        return text(400, UNFINISHED)
    if not consume(service, item):
        return text(400, UNKNOWN)
    if item.file is None:
        return Response(500, data=item.traceback())
    return send(request, item, exports.own_file_name(request) or item.file_name)
