"""`/api/jobs/{id}/annotations`: read, replace, create, update, delete, clear."""

from __future__ import annotations

import copy
from typing import Any

from .annotation_checks import check_labels, normalise, validate
from .jobtable import Job
from .messages import Request, Response, crash, forbidden, invalid
from .permissions import may_work_on_job
from .service import Service
from .store import Annotations, Store, empty_annotations

KINDS = ("tags", "shapes", "tracks")
TAG_FIELDS = ("id", "label_id", "frame", "group", "source", "attributes")
SHAPE_FIELDS = (
    "id", "label_id", "type", "frame", "group", "source", "occluded", "outside", "z_order", "rotation", "points",
    "attributes", "elements",
)  # fmt: skip
GEOMETRY = ("type", "occluded", "outside", "z_order", "rotation", "points")
TRACK_FIELDS = ("id", "label_id", "frame", "group", "source", "shapes", "attributes", "elements")


def writable_job(service: Service, request: Request, job_id: str) -> Job:
    """The job, if the person may change its annotations."""
    job = service.job(request, job_id)
    if not may_work_on_job(service.store, request.person(), job):
        raise forbidden()
    return job


def retrieve(service: Service, request: Request, job_id: str) -> Response:
    """`GET`: everything, by frame."""
    job = service.job(request, job_id)
    with service.store.lock:
        return Response(data=_ordered(service.store.annotations_of(job)))


def _ordered(data: Annotations) -> Annotations:
    fields = {"tags": TAG_FIELDS, "shapes": SHAPE_FIELDS, "tracks": TRACK_FIELDS}
    made: Annotations = {"version": 0}
    for kind in KINDS:
        items = sorted(data[kind], key=lambda item: item["frame"])
        made[kind] = [{name: item[name] for name in fields[kind]} for item in items]
    return copy.deepcopy(made)


def replace(service: Service, request: Request, job_id: str) -> Response:
    """`PUT`: what is sent takes the place of what is there. Ids must be absent."""
    job = writable_job(service, request, job_id)
    data = _checked(service.store, request, job, ids_allowed=False)
    return Response(data=replace_all(service.store, job, data))


def replace_all(store: Store, job: Job, data: Annotations) -> Annotations:
    """Puts annotations without ids in the place of the present ones; also what an import ends with."""
    with store.lock:
        before = store.annotations_of(job)
        made = _with_ids(store, data)
        store.annotations[job.id] = _stored(store, job, made)
        if _size(before) or _size(made):
            store.touch_annotations(job)
    return made


def patch(service: Service, request: Request, job_id: str) -> Response:
    """`PATCH ?action=create|update|delete`."""
    job = writable_job(service, request, job_id)
    action = request.param("action")
    if action not in ("create", "update", "delete"):
        raise invalid("Please specify a correct 'action' for the request")
    data = _checked(service.store, request, job, ids_allowed=action != "create")
    with service.store.lock:
        if action == "create":
            return Response(data=_create(service.store, job, data))
        if action == "update":
            return Response(data=_update(service.store, job, data))
        return Response(data=_delete(service.store, job, data))


def _create(store: Store, job: Job, data: Annotations) -> Annotations:
    made = _with_ids(store, data)
    stored, present = _stored(store, job, made), store.annotations_of(job)
    for kind in KINDS:
        present[kind].extend(stored[kind])
    if _size(made):
        store.touch_annotations(job)
    return made


def _update(store: Store, job: Job, data: Annotations) -> Annotations:
    """Unknown ids are passed over in silence."""
    stored, present, changed = _stored(store, job, data), store.annotations_of(job), False
    for kind in KINDS:
        new = {item.get("id"): item for item in stored[kind]}
        changed = changed or any(item["id"] in new for item in present[kind])
        present[kind] = [new.get(item["id"], item) for item in present[kind]]
    if changed:
        store.touch_annotations(job)
    return data


def _delete(store: Store, job: Job, data: Annotations) -> Annotations:
    present, before = store.annotations_of(job), _size(store.annotations_of(job))
    for kind in KINDS:
        ids = {item.get("id") for item in data[kind]}
        present[kind] = [item for item in present[kind] if item["id"] not in ids]
    if _size(present) != before:
        store.touch_annotations(job)
    return data


def clear(service: Service, request: Request, job_id: str) -> Response:
    """`DELETE`: all of them; the job's date moves only when there were any."""
    job = writable_job(service, request, job_id)
    with service.store.lock:
        if _size(service.store.annotations_of(job)):
            service.store.annotations[job.id] = empty_annotations()
            service.store.touch_annotations(job)
    return Response(204)


def _size(data: Annotations) -> int:
    return sum(len(data[kind]) for kind in KINDS)


def _checked(store: Store, request: Request, job: Job, ids_allowed: bool) -> Annotations:
    raw = request.json()
    if not isinstance(raw, dict):
        raise crash()
    validate(raw, ids_allowed)
    data = normalise(raw)
    check_labels(store, job, data)
    return data


def _with_ids(store: Store, data: Annotations) -> Annotations:
    """A copy in which everything down to elements and keyframes has an id."""
    made = copy.deepcopy(data)
    for kind in KINDS:
        for item in made[kind]:
            _number(store, item)
    return made


def _number(store: Store, item: dict[str, Any]) -> None:
    """Gives an id, in the place where the upstream writes it: after a shape's geometry, else in front."""
    rest = {name: value for name, value in item.items() if name != "id"}
    geometry = {name: rest.pop(name) for name in GEOMETRY if name in rest}
    item.clear()
    item.update(geometry | {"id": store.new_id()} | rest)
    for inner in (*item.get("shapes", []), *item.get("elements", [])):
        _number(store, inner)


def _stored(store: Store, job: Job, data: Annotations) -> Annotations:
    """What is kept: attributes that were not sent get their defaults."""
    specs = {}
    for label in store.labels_of_task(store.task_of(job)):
        for part in (label, *label.sublabels):
            specs[part.id] = part.attributes
    made = copy.deepcopy(data)
    for item in (*made["tags"], *made["shapes"]):
        sent = {entry["spec_id"] for entry in item["attributes"]}
        missing = [spec for spec in specs.get(item["label_id"], []) if spec.id not in sent]
        item["attributes"] += [{"spec_id": spec.id, "value": spec.default} for spec in missing]
    return made
