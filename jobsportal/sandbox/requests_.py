"""`/api/requests`: one's own exports and imports, and taking back what has not begun."""

from __future__ import annotations

from datetime import datetime
from email.utils import formatdate

from .background import BackgroundRequest
from .filters import Field, json_logic, ordering
from .messages import Refusal, Request, Response, forbidden, text
from .paging import paginate
from .permissions import may_work_on_job
from .service import Service

UNKNOWN = "There is no request with specified id"
TOO_LATE = "Only requests that have not yet been started can be cancelled"

FIELDS: dict[str, Field[BackgroundRequest]] = {
    "status": Field(lambda item: item.status),
    "project_id": Field(lambda item: item.job.project_id, int),
    "task_id": Field(lambda item: item.job.task_id, int),
    "job_id": Field(lambda item: item.job.id, int),
    "action": Field(lambda item: item.action),
    "target": Field(lambda item: "job"),
    "subresource": Field(lambda item: item.subresource),
    "format": Field(lambda item: item.format),
    "owner": Field(lambda item: item.owner.username),
    "created_date": Field(lambda item: item.created, datetime),
}


def _fresh(response: Response) -> Response:
    """These answers are never to be kept."""
    response.headers += [
        ("Expires", formatdate(usegmt=True)),
        ("Cache-Control", "max-age=0, no-cache, no-store, must-revalidate, private"),
    ]
    return response


def list_requests(service: Service, request: Request) -> Response:
    """`GET /api/requests`: newest first. The organization is a filter here, its header is ignored."""
    store, me = service.store, request.person()
    with store.lock:
        rows = sorted((item for item in store.requests.values() if item.owner.id == me.id), key=lambda i: i.created)
    for name, field in FIELDS.items():
        wanted = request.param(name)
        if wanted and name != "created_date":
            rows = [item for item in rows if str(field.read(item)) == wanted]
    if request.param("org") is not None and request.organization:
        rows = [item for item in rows if item.job.organization_id == request.organization.id]
    test = json_logic(request, FIELDS)
    rows = [item for item in rows if test is None or test(item)]
    return _fresh(paginate(request, ordering(request, rows, FIELDS, "-created_date"), lambda item: item.render()))


def _find(service: Service, request: Request, request_id: str) -> BackgroundRequest:
    """Exports are for whoever asked; an import can be followed by all who may work on the job."""
    found = service.store.requests.get(request_id)
    if found is None:
        raise Refusal(_fresh(text(404, UNKNOWN)))
    me = request.person()
    shared = found.action == "import" and may_work_on_job(service.store, me, found.job)
    if found.owner.id != me.id and not shared:
        raise forbidden()
    return found


def retrieve(service: Service, request: Request, request_id: str) -> Response:
    """`GET /api/requests/{id}`."""
    return _fresh(Response(data=_find(service, request, request_id).render()))


def cancel(service: Service, request: Request, request_id: str) -> Response:
    """`POST /api/requests/{id}/cancel`: only while it is queued; then it is gone."""
    with service.store.lock:
        found = _find(service, request, request_id)
        if found.status != "queued":
            return _fresh(text(400, TOO_LATE))
        found.abandon()
        del service.store.requests[request_id]
    return _fresh(Response(200))


def launch(service: Service, item: BackgroundRequest) -> Response:
    """Starts a request, unless one with the same id is still running (409)."""
    with service.store.lock:
        present = service.store.requests.get(item.id)
        if present is not None and present.running:
            return Response(409, data={"rq_id": item.id})
        if present is not None:
            present.forget()
        service.store.requests[item.id] = item
    item.run()
    return Response(202, data={"rq_id": item.id})
