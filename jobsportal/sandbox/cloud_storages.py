"""`/api/cloudstorages`: buckets that exports can go to and imports can come from, with what lies in them."""

from __future__ import annotations

from .filters import Field, json_logic, keep, ordering, search
from .messages import Request, Response, forbidden, missing, refuse
from .paging import paginate
from .permissions import in_context, may_see_cloud_storage, require_membership
from .service import Service, path_id
from .store import CloudStorage

LARGEST_PAGE = 500
KINDS = {"zip": "zip", "jpg": "image", "jpeg": "image", "png": "image", "mp4": "video", "pdf": "pdf"}
PROVIDERS = ("AWS_S3_BUCKET", "AZURE_CONTAINER", "GOOGLE_DRIVE", "GOOGLE_CLOUD_STORAGE")
CREDENTIALS = (
    "KEY_SECRET_KEY_PAIR",
    "ACCOUNT_NAME_TOKEN_PAIR",
    "KEY_FILE_PATH",
    "ANONYMOUS_ACCESS",
    "CONNECTION_STRING",
)


def list_all(service: Service, request: Request) -> Response:
    """`GET /api/cloudstorages`: what one may read, in the organization that is named, or everywhere."""
    store, me = service.store, request.person()
    require_membership(store, request)
    fields: dict[str, Field[CloudStorage]] = {
        "id": Field(lambda row: row.id, int),
        "name": Field(lambda row: row.name),
        "resource": Field(lambda row: row.resource),
        "provider_type": Field(lambda row: row.provider_type),
        "credentials_type": Field(lambda row: "ANONYMOUS_ACCESS"),
        "owner": Field(lambda row: store.users[row.owner_id].username),
        "description": Field(lambda row: row.description),
    }
    _known(request, "provider_type", PROVIDERS)
    _known(request, "credentials_type", CREDENTIALS)
    rows = [row for row in store.cloud_storages.values() if in_context(request, row.organization_id)]
    rows = [row for row in rows if may_see_cloud_storage(store, me, row)]
    for name in ("name", "resource", "provider_type", "credentials_type", "owner"):
        if wanted := request.param(name):
            rows = [row for row in rows if fields[name].read(row) == wanted]
    names = ("provider_type", "name", "resource", "credentials_type", "owner", "description")
    rows = keep(rows, search(request, [fields[name].read for name in names]), json_logic(request, fields))
    return paginate(request, ordering(request, rows, fields), service.renderer(request).cloud_storage)


def _known(request: Request, name: str, values: tuple[str, ...]) -> None:
    value = request.param(name)
    if value and value not in values:
        raise refuse(400, {name: [f"Select a valid choice. {value} is not one of the available choices."]})


def _find(service: Service, request: Request, storage_id: str) -> CloudStorage:
    storage = service.store.cloud_storages.get(path_id(storage_id))
    if storage is None:
        raise missing(request, "CloudStorage")
    if not may_see_cloud_storage(service.store, request.person(), storage):
        raise forbidden()
    return storage


def retrieve(service: Service, request: Request, storage_id: str) -> Response:
    """`GET /api/cloudstorages/{id}`."""
    storage = _find(service, request, storage_id)
    return Response(data=service.renderer(request).cloud_storage(storage))


def content(service: Service, request: Request, storage_id: str) -> Response:
    """`GET /api/cloudstorages/{id}/content-v2`: one level below `prefix`; `next` is the token for more."""
    storage = _find(service, request, storage_id)
    rows = _level(storage, request.param("prefix") or "")
    size, start = _number(request, "page_size", LARGEST_PAGE), _number(request, "next_token", 0)
    end = start + min(max(size, 1), LARGEST_PAGE)
    return Response(data={"next": str(end) if end < len(rows) else None, "content": rows[start:end]})


def _number(request: Request, name: str, default: int) -> int:
    raw = request.param(name)
    return int(raw) if raw else default  # text is a ValueError: the upstream's 500


def _level(storage: CloudStorage, prefix: str) -> list[dict[str, str]]:
    """Folders and files right below the prefix, as a bucket lists them; names without what they stand in."""
    folder = prefix[: prefix.rfind("/") + 1]
    below = sorted(key.removeprefix(folder) for key in storage.files if key.startswith(prefix))
    folders = sorted({name.split("/", 1)[0] for name in below if "/" in name})
    rows = [{"name": name, "type": "DIR", "mime_type": "DIR"} for name in folders]
    return rows + [{"name": name, "type": "REG", "mime_type": _kind(name)} for name in below if "/" not in name]


def _kind(name: str) -> str:
    return KINDS.get(name.rsplit(".", 1)[-1].lower(), "unknown")
