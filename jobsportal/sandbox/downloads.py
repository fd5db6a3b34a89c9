"""`GET /api/{jobs,tasks,projects}/{id}/dataset/download?rq_id=`, and how a finished file is sent, whole or in part."""

from __future__ import annotations

import re
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import quote

from . import request_ids
from .background import BackgroundRequest
from .messages import NOT_FOUND_PAGE, Refusal, Request, Response, forbidden, invalid, page, text
from .requests_ import known
from .service import Service
from .subjects import find

UNSATISFIABLE = (
    "<html>\r\n<head><title>416 Requested Range Not Satisfiable</title></head>\r\n<body>\r\n"
    "<center><h1>416 Requested Range Not Satisfiable</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


def download(service: Service, request: Request, things: str, raw_id: str) -> Response:
    """As often as wanted, also in parts, for whoever asked for the export. The older generation has other ways."""
    if service.is_old:
        raise Refusal(page(404, NOT_FOUND_PAGE))
    rq_id = request.param("rq_id")
    if not rq_id:
        raise invalid("Missing request id in the query parameters")
    parsed = request_ids.parse(rq_id)
    if parsed is None:
        raise invalid("Unexpected request id format")
    if (parsed.action, parsed.target, parsed.target_id) != ("export", things[:-1], raw_id):
        raise invalid("Invalid export request id")
    find(service, request, things[:-1], raw_id)
    if parsed.user_id != str(request.person().id):
        raise forbidden()
    item = known(service, rq_id)
    if item is None:
        raise Refusal(text(404, "Unknown export request id"))
    if item.status != "finished":
        return Response(204)
    if item.file is None:
        return Response(500, data="A result for exporting job was not found for finished RQ job")
    if not item.file.exists():
        return Response(404, data="The exported file has expired, please retry exporting")
    return send(request, item, item.file_name)


def send(request: Request, item: BackgroundRequest, file_name: str) -> Response:
    """The file, whole or the part asked for, as the web server in front of the upstream sends it."""
    assert item.file is not None
    stat = item.file.stat()
    tag = f'"{int(stat.st_mtime):x}-{stat.st_size:x}"'
    name = [("Content-Disposition", _disposition(file_name))]
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
