"""Exports of jobs, tasks and projects: starting them in the background, and the ways of old."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from jobsportal.cvat.errors import Conflict
from jobsportal.cvat.types import Accepted, Request, RequestId

if TYPE_CHECKING:
    from jobsportal.cvat.client import Client, Download

TARGETS = {"jobs": "job", "tasks": "task", "projects": "project"}


def prepared(client: Client, path: str, action: str, **params: Any) -> Accepted | Download:
    """One step of an export of old: asking for it, asking again whether it is ready, fetching it."""
    if action == "download":
        return client.stream(path, params={**params, "action": action})
    return Accepted.read(client.fetch("GET", path, params=params, once=True))


class Datasets:
    """The part of `client.jobs`, `.tasks` and `.projects` that writes archives. `kind` is its part of the address."""

    client: Client
    kind: Literal["jobs", "tasks", "projects"]

    def create_dataset_export(
        self,
        format: str,
        id: int,
        *,
        save_images: bool = False,
        filename: str | None = None,
        location: str | None = None,
        cloud_storage_id: int | None = None,
    ) -> RequestId:
        """POST /api/{jobs,tasks,projects}/{id}/dataset/export: start writing an archive, with images or without.

        The answer names the background request; follow it with `requests.retrieve`, fetch it with
        `requests.download`. `location="cloud_storage"` writes it there, under `filename`. Asked again once it is
        finished, it starts anew. Raises Conflict while the same export is being made (with `rq_id` from 2.42 on),
        Invalid for an unknown format or storage.
        """
        params = {
            "format": format,
            "save_images": bool(save_images),
            "filename": filename,
            "location": location,
            "cloud_storage_id": cloud_storage_id,
        }
        return self.client.send("POST", f"/api/{self.kind}/{int(id)}/dataset/export", RequestId, params=params)

    def export(
        self,
        format: str,
        id: int,
        *,
        save_images: bool = False,
        filename: str | None = None,
        location: str | None = None,
        cloud_storage_id: int | None = None,
    ) -> RequestId:
        """The background request that writes this archive: a new one, or one's own that is at it already.

        The same on every server: where it only says that the export is running, but not under which id (before 2.42),
        that is looked up among one's own. Raises what `create_dataset_export` raises; Conflict only where the running
        one isn't one's own.
        """
        try:
            return self.create_dataset_export(
                format,
                id,
                save_images=save_images,
                filename=filename,
                location=location,
                cloud_storage_id=cloud_storage_id,
            )
        except Conflict as conflict:
            if conflict.rq_id:
                return RequestId(rq_id=conflict.rq_id, is_new=False)
            known = self._known_export(format, id, "dataset" if save_images else "annotations")
            if known is None:
                raise
            return RequestId(rq_id=known.id, is_new=False)

    def _known_export(self, format: str, id: int, subresource: str) -> Request | None:
        """The one in the way: there is one at most of each kind, and it may have finished in the meantime."""
        target = TARGETS[self.kind]
        for request in self.client.requests.list(action="export", target=target, page_size=100):
            operation = request.operation
            about = {"job": operation.job_id, "task": operation.task_id, "project": operation.project_id}[target]
            if (about, operation.format, operation.type) == (id, format, f"export:{subresource}"):
                return request
        return None

    def retrieve_dataset(
        self,
        format: str,
        id: int,
        *,
        action: Literal["", "download"] = "",
        filename: str | None = None,
        location: str | None = None,
        cloud_storage_id: int | None = None,
        use_default_location: bool | None = None,
    ) -> Accepted | Download:
        """GET /api/{jobs,tasks,projects}/{id}/dataset: the export of old, with images.

        Accepted with 202 while it is being written, with 201 once it is ready; then `action="download"` fetches it,
        once: any such request uses the file up, one for a part of it too. Unlike the reference, nothing is the default
        of `action`, as on real servers. Raises Unsupported where only `create_dataset_export` is left.
        """
        return prepared(
            self.client,
            f"/api/{self.kind}/{int(id)}/dataset",
            action,
            format=format,
            filename=filename,
            location=location,
            cloud_storage_id=cloud_storage_id,
            use_default_location=use_default_location,
        )
