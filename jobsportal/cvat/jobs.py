"""`/api/jobs`: the operations of the Jobs API, under its own names and parameters."""

from __future__ import annotations

from os import SEEK_END
from typing import TYPE_CHECKING, Any, BinaryIO

from requests_toolbelt import MultipartEncoder

from jobsportal.cvat import filters
from jobsportal.cvat.errors import BrokenAnswer
from jobsportal.cvat.types import AnnotationOutline, Job, LabeledData, Page, Raw, RequestId

if TYPE_CHECKING:
    from jobsportal.cvat.client import Client, Download

MAX_PREVIEW = 8 * 1024 * 1024


class Unset:
    """The type of `UNSET`: an argument that was not given, where None means something."""

    def __bool__(self) -> bool:
        return False


UNSET = Unset()


class Rest:
    """What is left of a file. The encoder itself would hold some kinds whole, and never end on one that shrinks."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        start = file.tell()
        file.seek(0, SEEK_END)
        self.len = file.tell() - start
        file.seek(start)

    def read(self, size: int = -1) -> bytes:
        piece = self.file.read(self.len if size < 0 else min(size, self.len))
        if self.len and not piece:
            raise OSError("the file ended early")
        self.len -= len(piece)
        return piece


def checked(rule: filters.Rule | str | None) -> filters.Rule | None:
    """The filter as it may be sent."""
    if rule is None or (isinstance(rule, str) and not rule.strip()):
        return None
    return filters.parse(rule) if isinstance(rule, str) else filters.check(rule)


class Jobs:
    """`/api/jobs`."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def list(
        self,
        *,
        x_organization: str | None = None,
        assignee: str | None = None,
        dimension: str | None = None,
        filter: filters.Rule | str | None = None,
        org: str | None = None,
        org_id: int | None = None,
        page: int | str | None = None,
        page_size: int | str | None = None,
        project_id: int | None = None,
        project_name: str | None = None,
        search: str | None = None,
        sort: str | None = None,
        stage: str | None = None,
        state: str | None = None,
        task_id: int | None = None,
        task_name: str | None = None,
        type: str | None = None,
    ) -> Page[Job]:
        """GET /api/jobs: one page of the jobs that match everything given.

        `assignee` is an exact user name; `task_name` and `project_name` match whole; `search` looks for words in task,
        project, assignee, state and stage; `sort` is a field, or several with commas, `-` for falling; `page` counts
        from 1, `page="last"` works; `count` is exact whatever the page size. `filter` is JSON Logic.
        An empty text is no filter; an empty rule is a mistake, and never a list of everything.
        Raises Invalid for a filter or value the upstream can't use, NotFound for a page outside the range.
        """
        rule = checked(filter)
        params: dict[str, Any] = {
            "assignee": assignee,
            "dimension": dimension,
            "filter": filters.dumps(rule) if rule is not None else None,
            "org": org,
            "org_id": org_id,
            "page": page,
            "page_size": page_size,
            "project_id": project_id,
            "project_name": project_name,
            "search": search,
            "sort": sort,
            "stage": stage,
            "state": state,
            "task_id": task_id,
            "task_name": task_name,
            "type": type,
        }
        headers = {"X-Organization": x_organization} if x_organization is not None else None
        return self.client.send("GET", "/api/jobs", Page[Job], params=params, headers=headers or {})

    def retrieve(self, id: int) -> Job:
        """GET /api/jobs/{id}. Raises NotFound, Forbidden."""
        return self.client.get(f"/api/jobs/{int(id)}", Job)

    def partial_update(
        self,
        id: int,
        *,
        assignee: int | Unset | None = UNSET,
        stage: str | Unset = UNSET,
        state: str | Unset = UNSET,
    ) -> Job:
        """PATCH /api/jobs/{id}: the job as it is afterwards.

        `assignee` is a user's id, None for nobody. An unknown id is a 500 upstream, and somebody from outside the
        organization is accepted: check with `users.find` first. A new stage without a state sets the state to `new`.
        Every call moves `updated_date`, even one that changes nothing: send only what changes. There is no conditional
        update upstream. Raises Invalid, Forbidden, NotFound.
        """
        given = {"assignee": assignee, "stage": stage, "state": state}
        changes = {name: value for name, value in given.items() if not isinstance(value, Unset)}
        return self.client.send("PATCH", f"/api/jobs/{int(id)}", Job, json=changes)

    def retrieve_preview(self, id: int) -> Raw:
        """GET /api/jobs/{id}/preview: a small JPEG or PNG of the first frame. Raises NotFound, Forbidden."""
        path = f"/api/jobs/{int(id)}/preview"
        raw = self.client.fetch("GET", path, max_body=MAX_PREVIEW)
        if not raw.content_type.startswith(("image/jpeg", "image/png", "image/webp", "image/gif")):
            raise BrokenAnswer(f"a preview of kind {raw.content_type or 'unknown'}", method="GET", path=path)
        return raw

    def retrieve_annotations(self, id: int) -> LabeledData:
        """GET /api/jobs/{id}/annotations: all of them, in memory. Raises NotFound, Forbidden, TooLarge."""
        return self.client.get(f"/api/jobs/{int(id)}/annotations", LabeledData)

    def retrieve_annotation_outline(self, id: int) -> AnnotationOutline:
        """GET /api/jobs/{id}/annotations, for counting: a fifth of the memory of `retrieve_annotations`."""
        return self.client.get(f"/api/jobs/{int(id)}/annotations", AnnotationOutline)

    def retrieve_annotations_json(self, id: int) -> Download:
        """GET /api/jobs/{id}/annotations as the very bytes the upstream sends, streamed: a faithful copy to keep."""
        headers = {"Accept": "application/vnd.cvat+json"}
        return self.client.stream(f"/api/jobs/{int(id)}/annotations", headers=headers)

    def create_annotations(
        self,
        id: int,
        annotation_file: BinaryIO,
        *,
        format: str,
        filename: str = "annotations",
    ) -> RequestId:
        """POST /api/jobs/{id}/annotations: hand over a file that will replace the job's annotations.

        The file is streamed, from where it stands to its end: rewind one that was read before. The answer names the
        background request that does the work. Raises Invalid for a format that can't be imported or an empty file,
        Conflict while another import of the job is running, whoever started it.
        """
        # Without a name it would not count as a file.
        name = filename.encode("utf-8", "replace").decode() or "annotations"
        encoder = MultipartEncoder({"annotation_file": (name, Rest(annotation_file), "application/octet-stream")})
        return self.client.send(
            "POST",
            f"/api/jobs/{int(id)}/annotations",
            RequestId,
            params={"format": format},
            data=encoder,
            headers={"Content-Type": encoder.content_type},
        )

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
        """POST /api/jobs/{id}/dataset/export: start writing an archive, with images (a dataset) or without.

        The answer names the background request; follow it with `requests.retrieve`. Raises Conflict with `rq_id` while
        the same export is being made, Invalid for an unknown format.
        """
        params = {
            "format": format,
            "save_images": save_images,
            "filename": filename,
            "location": location,
            "cloud_storage_id": cloud_storage_id,
        }
        return self.client.send("POST", f"/api/jobs/{int(id)}/dataset/export", RequestId, params=params)
