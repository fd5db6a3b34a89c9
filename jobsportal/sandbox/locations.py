"""Where the file of an export goes, and where that of an import comes from: here, or a cloud storage."""

from __future__ import annotations

from .messages import Request, crash, detail, invalid
from .permissions import may_see_cloud_storage
from .service import Service
from .store import CloudStorage
from .subjects import Subject

NO_ACCESS = "You don't have access to this cloud storage"


def target(service: Service, request: Request, subject: Subject) -> CloudStorage | None:
    """Where an export goes; None is the server itself, from which it is downloaded."""
    return _storage(service, request, subject.holder(service.store).target_storage_id)


def source(service: Service, request: Request, subject: Subject) -> CloudStorage | None:
    """Where the file of an import lies; None when it is sent along. The older generation crashes without an id."""
    asked = request.param("location") == "cloud_storage"
    if service.is_old and asked and request.param("cloud_storage_id") is None:
        raise crash()
    return _storage(service, request, subject.holder(service.store).source_storage_id)


def _storage(service: Service, request: Request, default: int | None) -> CloudStorage | None:
    location = request.param("location")
    if location is None:
        return _readable(service, request, default, is_default=True) if default is not None else None
    if location == "cloud_storage":
        return _readable(service, request, _asked_id(service, request), is_default=False)
    if location != "local":
        told = location if service.is_old else repr(location)
        raise invalid(f"The specified location {told} is not supported")
    return None


def _asked_id(service: Service, request: Request) -> int:
    raw = request.param("cloud_storage_id")
    if raw is None and service.is_old:
        raise invalid("Cloud storage was selected as location but cloud_storage_id was not specified")
    if raw is None:
        raise invalid("Trying to use undefined cloud storage (cloud_storage_id was not provided)")
    return int(raw)  # text is a ValueError: the upstream's 500


def _readable(service: Service, request: Request, number: int, is_default: bool) -> CloudStorage:
    storage = service.store.cloud_storages.get(number)
    if storage is None:
        raise invalid("CloudStorage matching query does not exist.")
    if not may_see_cloud_storage(service.store, request.person(), storage):
        prefix = "A cloud storage is selected as the default location. " if is_default else ""
        raise detail(403, prefix + NO_ACCESS)
    return storage
