"""`/api/requests`: one's own exports and imports, and taking back what has not begun."""

from __future__ import annotations

from datetime import datetime
from email.utils import formatdate

from .background import BackgroundRequest
from .filters import Field, json_logic, ordering
from .jobtable import Job
from .messages import Refusal, Request, Response, detail, forbidden, text
from .paging import paginate
from .permissions import in_context, may_work_on_job
from .service import Service

UNKNOWN = "There is no request with specified id"
TOO_LATE = "Only requests that have not yet been started can be cancelled"
SPENT = 3600.0  # seconds for which the file of a spent request is left for whoever is fetching it
OLD_FORBIDDEN = "You don't have permission to perform this action"

FILTERS: dict[str, Field[BackgroundRequest]] = {
    "status": Field(lambda item: item.status),
    "project_id": Field(lambda item: item.subject.project_id, int),
    "task_id": Field(lambda item: item.subject.task_id, int),
    "job_id": Field(lambda item: item.subject.job_id, int),
    "action": Field(lambda item: item.action),
    "target": Field(lambda item: item.subject.target),
    "subresource": Field(lambda item: item.subresource),
    "format": Field(lambda item: item.format),
}
ORDERS: dict[str, Field[BackgroundRequest]] = {
    "created_date": Field(lambda item: item.created, datetime),
    "status": FILTERS["status"],
    "action": FILTERS["action"],
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
        mine = [item for item in store.requests.values() if item.owner.id == me.id and not item.is_gone()]
    rows = sorted(mine, key=lambda item: item.created)
    for name, field in FILTERS.items():
        if wanted := request.param(name):
            rows = [item for item in rows if str(field.read(item)) == wanted]
    if request.param("org") is not None:
        rows = [item for item in rows if in_context(request, item.subject.organization_id)]
    test = json_logic(request, FILTERS)
    rows = [item for item in rows if test is None or test(item)]
    rows = ordering(request, rows, ORDERS, "-created_date")
    return _fresh(paginate(request, rows, lambda item: item.render(service.is_old)))


def _find(service: Service, request: Request, request_id: str) -> BackgroundRequest:
    """For whoever asked; the newer generation lets all who may work on a job follow an import into it."""
    found = known(service, request_id)
    if found is None:
        raise Refusal(_fresh(text(404, UNKNOWN)))
    if found.owner.id != request.person().id and not _is_shared(service, request, found):
        raise detail(403, OLD_FORBIDDEN) if service.is_old else forbidden()
    return found


def _is_shared(service: Service, request: Request, item: BackgroundRequest) -> bool:
    job = item.subject.thing
    if service.is_old or item.action != "import" or not isinstance(job, Job):
        return False
    return may_work_on_job(service.store, request.person(), job)


def known(service: Service, request_id: str) -> BackgroundRequest | None:
    """The request of that id, unless its time has run out."""
    found = service.store.requests.get(request_id)
    return None if found is None or found.is_gone() else found


def consume(service: Service, item: BackgroundRequest) -> bool:
    """Lets a request be gone once its outcome is told; False when somebody else was told it at the same time.

    Its file may still be on its way, and goes with a later clearing.
    """
    with service.store.lock:
        if service.store.requests.get(item.id) is not item:
            return False
        del service.store.requests[item.id]
        return True


def retrieve(service: Service, request: Request, request_id: str) -> Response:
    """`GET /api/requests/{id}`."""
    return _fresh(Response(data=_find(service, request, request_id).render(service.is_old)))


def cancel(service: Service, request: Request, request_id: str) -> Response:
    """`POST /api/requests/{id}/cancel`: only while it is queued; then it is gone."""
    with service.store.lock:
        found = _find(service, request, request_id)
        if found.status != "queued":
            return _fresh(text(400, TOO_LATE))
        found.abandon()
        del service.store.requests[request_id]
    return _fresh(Response(200))


def launch(service: Service, item: BackgroundRequest) -> bool:
    """Starts a request; False when one with the same id is still running."""
    with service.store.lock:
        present = service.store.requests.get(item.id)
        if present is not None and present.running:
            return False
        if present is not None:
            present.forget()
        service.store.requests[item.id] = item
        _clear_up(service)
    item.run()
    return True


def _clear_up(service: Service) -> None:
    """Forgets what has expired, and files that nobody can ask for any more; from time to time, not to the second."""
    now = service.store.now()
    for key, item in list(service.store.requests.items()):
        if item.is_gone(now):
            item.forget()
            del service.store.requests[key]
    kept = {item.file for item in service.store.requests.values()}
    for path in service.folder.glob("export-*.zip"):
        if path not in kept and path.stat().st_mtime < now.timestamp() - SPENT:
            path.unlink(missing_ok=True)
