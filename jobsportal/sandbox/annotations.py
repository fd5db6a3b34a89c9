"""`/api/jobs/{id}/annotations`: read, replace, create, update, delete, clear."""

from __future__ import annotations

import copy
from typing import Any

from .annotation_checks import check_labels, normalise, parts_by_id, validate
from .jobtable import Job
from .messages import Request, Response, crash, forbidden, invalid
from .permissions import may_work_on_job
from .service import Service
from .store import Annotations, Label, Store, empty_annotations

KINDS = ("tags", "shapes", "tracks")
# The order in which fields are told, of everything from a tag to a keyframe
FIELDS = (
    "id", "label_id", "type", "frame", "group", "source", "shapes", "occluded", "outside", "z_order", "rotation",
    "points", "attributes", "elements",
)  # fmt: skip
GEOMETRY = ("type", "occluded", "outside", "z_order", "rotation", "points")


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
    by_frame = {kind: sorted(data[kind], key=lambda item: item["frame"]) for kind in KINDS}
    return {"version": 0} | {kind: [_arranged(item) for item in items] for kind, items in by_frame.items()}


def _arranged(item: dict[str, Any]) -> dict[str, Any]:
    made = {name: copy.deepcopy(item[name]) for name in FIELDS if name in item}
    for name in ("shapes", "elements"):
        if name in made:
            made[name] = [_arranged(inner) for inner in item[name]]
    return made


def replace(service: Service, request: Request, job_id: str) -> Response:
    """`PUT`: what is sent takes the place of what is there. Only the generation of old lets ids be chosen."""
    job = writable_job(service, request, job_id)
    data = _checked(service, request, job, ids_allowed=False)
    return Response(data=replace_all(service.store, job, data))


def replace_all(store: Store, job: Job, data: Annotations) -> Annotations:
    """Puts annotations in the place of the present ones; also what an import ends with."""
    with store.lock:
        before = store.annotations_of(job)
        _refuse_taken(store, data, {job.id})
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
    data = _checked(service, request, job, ids_allowed=action != "create")
    with service.store.lock:
        if action == "create":
            return Response(data=add_all(service.store, job, data))
        if action == "update":
            return Response(data=_update(service.store, job, data))
        return Response(data=_delete(service.store, job, data))


def _refuse_taken(store: Store, data: Annotations, except_jobs: set[int]) -> None:
    """An id that something else has already is a conflict in the upstream's tables, which nothing catches."""
    for kind in KINDS:
        sent = {item["id"] for item in data[kind] if "id" in item}
        others = (kept[kind] for job_id, kept in store.annotations.items() if sent and job_id not in except_jobs)
        if any(item["id"] in sent for items in others for item in items):
            raise crash()


def add_all(store: Store, job: Job, data: Annotations) -> Annotations:
    """Puts annotations beside the present ones."""
    with store.lock:
        _refuse_taken(store, data, set())
        return _create(store, job, data)


def _create(store: Store, job: Job, data: Annotations) -> Annotations:
    made = _with_ids(store, data)
    stored, present = _stored(store, job, made), store.annotations_of(job)
    for kind in KINDS:
        present[kind].extend(stored[kind])
    if _size(made):
        store.touch_annotations(job)
    return made


def _update(store: Store, job: Job, data: Annotations) -> Annotations:
    """Takes away what has these ids and puts in what was sent, also where there was nothing to take away."""
    _remove(store, job, data)
    return _create(store, job, data)


def _delete(store: Store, job: Job, data: Annotations) -> Annotations:
    """Unknown ids are passed over in silence."""
    if _remove(store, job, data):
        store.touch_annotations(job)
    return data


def _remove(store: Store, job: Job, data: Annotations) -> bool:
    present = store.annotations_of(job)
    before = _size(present)
    for kind in KINDS:
        ids = {item.get("id") for item in data[kind]}
        present[kind] = [item for item in present[kind] if item["id"] not in ids]
    return _size(present) != before


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


def _checked(service: Service, request: Request, job: Job, ids_allowed: bool) -> Annotations:
    raw = request.json()
    if not isinstance(raw, dict):
        raise crash()
    validate(raw, service.is_old, ids_allowed)
    data = normalise(raw)
    check_labels(service.store, job, data)
    return data


def _with_ids(store: Store, data: Annotations) -> Annotations:
    """A copy in which everything down to elements and keyframes has an id, and elements are there if only empty."""
    made = copy.deepcopy(data)
    for kind in KINDS:
        for item in made[kind]:
            if kind != "tags":
                item.setdefault("elements", [])
            _number(store, item)
    return made


def _number(store: Store, item: dict[str, Any]) -> None:
    """Gives an id, in the place where the upstream writes it: after a shape's geometry, else in front."""
    number = item.pop("id", None) or store.new_id()
    geometry = {name: item.pop(name) for name in GEOMETRY if name in item}
    rest = dict(item)
    item.clear()
    item.update(geometry | {"id": number} | rest)
    for inner in (*item.get("shapes", []), *item.get("elements", [])):
        _number(store, inner)


def _stored(store: Store, job: Job, data: Annotations) -> Annotations:
    """What is kept: attributes that were not sent get their defaults."""
    labels = parts_by_id(store, job)
    made = copy.deepcopy(data)
    for kind in KINDS:
        for item in made[kind]:
            _complete(item, labels)
    return made


def _complete(item: dict[str, Any], labels: dict[int, Label]) -> None:
    """A keyframe of a track takes over what was not sent from the one before."""
    specs = labels[item["label_id"]].attributes
    is_track = "shapes" in item
    _fill(item, {spec.id: spec.default for spec in specs if not (is_track and spec.mutable)})
    latest = {spec.id: spec.default for spec in specs if spec.mutable}
    for keyframe in sorted(item.get("shapes", []), key=lambda shape: shape["frame"]):
        _fill(keyframe, latest)
        latest |= {entry["spec_id"]: entry["value"] for entry in keyframe["attributes"]}
    for part in item.get("elements", []):
        _complete(part, labels)


def _fill(item: dict[str, Any], defaults: dict[int, str]) -> None:
    sent = {entry["spec_id"] for entry in item["attributes"]}
    missing = [{"spec_id": number, "value": value} for number, value in defaults.items() if number not in sent]
    item["attributes"] += missing
