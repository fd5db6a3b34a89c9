"""`/api/requests`: what the upstream does in the background."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

from jobsportal.cvat.errors import BrokenAnswer, Conflict, Invalid, NotFound, TimedOut
from jobsportal.cvat.types import Page, Request

if TYPE_CHECKING:
    from jobsportal.cvat.client import Client, Download

NO_CONTENT = 204
DOWNLOAD_PATH = re.compile(r"/api/(?:jobs|tasks|projects)/[0-9]{1,18}/(?:dataset/download|dataset|annotations)")


class Requests:
    """`/api/requests`. Ids such as `action=export&target=job&…` are quoted here; callers pass them as they are."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def retrieve(self, id: str) -> Request:
        """GET /api/requests/{id}. Raises NotFound once it was cancelled or has expired, Forbidden for another's."""
        return self.client.get(path_of(id), Request)

    def list(
        self,
        *,
        action: str | None = None,
        target: str | None = None,
        job_id: int | None = None,
        task_id: int | None = None,
        project_id: int | None = None,
        status: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
        sort: str | None = None,
    ) -> Page[Request]:
        """GET /api/requests: the caller's own, newest first. `action` is "export" or "import", `target` "job", "task"
        or "project"."""
        return self.client.get(
            "/api/requests",
            Page[Request],
            action=action,
            target=target,
            job_id=job_id,
            task_id=task_id,
            project_id=project_id,
            status=status,
            page=page,
            page_size=page_size,
            sort=sort,
        )

    def wait(self, id: str, *, seconds: float = 600.0, every: float = 2.0) -> Request:
        """The request once it is over, finished or failed. It is looked at often at first, then `every` so many
        seconds. Raises TimedOut if that takes longer than `seconds`."""
        until, pause = time.monotonic() + seconds, min(0.1, every)
        while not (request := self.retrieve(id)).is_over:
            if time.monotonic() + pause > until:
                raise TimedOut(detail="It is not over yet.", rq_id=id)
            time.sleep(pause)
            pause = min(every, pause * 1.5)
        return request

    def cancel(self, id: str) -> None:
        """POST /api/requests/{id}/cancel: works while it is queued. Raises Invalid once begun, NotFound once over."""
        self.client.fetch("POST", path_of(id) + "/cancel")

    def download(self, id: str | Request, *, headers: Mapping[str, str] | None = None) -> Download:
        """The file that a finished export has made, streamed. `headers` may carry Range and the conditional ones.

        A request that was just retrieved can stand for its id: then it isn't asked for again.
        `result_url` holds whatever host name the export was asked under: only its path and query are used, and only if
        they are those of a download. Where a download uses the file up (see `Request.can_be_fetched_again`), it is
        fetched whole, whatever range is asked for. Raises Conflict while it isn't finished, NotFound when there is no
        file any more.
        """
        request = id if isinstance(id, Request) else self.retrieve(id)
        if not request.is_over:
            raise Conflict(detail="It is not ready yet.", rq_id=request.id)
        if request.status == "failed" or not request.result_url:
            raise NotFound(detail="This request has no file to download.")
        path, query = place_of(request.result_url, urlsplit(self.client.url).path)
        if not request.can_be_fetched_again:  # a part, or being told that nothing has changed, would use up the whole
            headers = None
        try:
            return self.client.stream(path, params=query, headers=headers)
        except Invalid as error:
            if request.can_be_fetched_again:
                raise
            raise NotFound(detail=error.detail, status=error.status, request_id=error.request_id) from error
        except BrokenAnswer as error:
            if error.status != NO_CONTENT:
                raise
            # It was finished, and somebody has asked for the same anew since.
            raise Conflict(detail="It is being made anew.", rq_id=request.id, request_id=error.request_id) from error


def place_of(result_url: str, prefix: str) -> tuple[str, dict[str, list[str]]]:
    """Path and query of a file, if they are those of a download. The host is not looked at: it is never called."""
    try:
        parts = urlsplit(result_url)
        query = parse_qs(parts.query, keep_blank_values=True)
    except ValueError:
        raise BrokenAnswer(detail="The server names no proper address for the file.") from None
    path = parts.path.removeprefix(prefix)
    is_download = path.endswith("/download") or query.get("action") == ["download"]
    if not DOWNLOAD_PATH.fullmatch(path) or not is_download:
        raise BrokenAnswer(detail="The server names a place for the file that is none of its own.")
    return path, query


def path_of(id: str) -> str:
    """The address of a request. Raises Invalid for what can't be an id."""
    if not id or len(id) > 1000 or not id.isprintable() or {".", ".."} & set(re.split(r"[\\/]", id)):
        raise Invalid(detail="That is not the id of a request.")
    return f"/api/requests/{quote(id, safe='')}"
