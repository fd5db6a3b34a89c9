"""`/api/jobs/{id}/annotations`: the five operations of the Jobs API on what is labeled."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, overload

from msgspec import DecodeError

from jobsportal.cvat.datasets import prepared
from jobsportal.cvat.errors import BrokenAnswer, Invalid
from jobsportal.cvat.labeled import AnnotationOutline, LabeledData, ToldData, ToldOutline
from jobsportal.cvat.labeled_json import ready
from jobsportal.cvat.multipart import annotation_file as body_of
from jobsportal.cvat.spans import Spans, cut
from jobsportal.cvat.types import Accepted, Raw, RequestId

if TYPE_CHECKING:
    from jobsportal.cvat.client import Client, Download

JSON = {"Accept": "application/vnd.cvat+json"}


class JobAnnotations:
    """The part of `client.jobs` that reads, replaces and changes annotations, and takes files of them."""

    client: Client

    @overload
    def retrieve_annotations(self, id: int) -> LabeledData: ...

    @overload
    def retrieve_annotations(
        self,
        id: int,
        *,
        format: str,
        action: Literal["", "download"] = "",
        filename: str | None = None,
        location: str | None = None,
        cloud_storage_id: int | None = None,
        use_default_location: bool | None = None,
    ) -> Accepted | Download: ...

    def retrieve_annotations(
        self,
        id: int,
        *,
        format: str | None = None,
        action: Literal["", "download"] = "",
        filename: str | None = None,
        location: str | None = None,
        cloud_storage_id: int | None = None,
        use_default_location: bool | None = None,
    ) -> LabeledData | Accepted | Download:
        """GET /api/jobs/{id}/annotations: all of them, in memory.

        With `format` it is the export of old, as `retrieve_dataset` is, of annotations alone.
        Raises NotFound, Forbidden, TooLarge; with `format` also Unsupported where only the new way is left.
        """
        path = f"/api/jobs/{int(id)}/annotations"
        if format is None:
            if action or filename or location or cloud_storage_id:
                raise Invalid(detail="Without a format annotations are read, and nothing is exported.")
            return self.client.get(path, ToldData)
        return prepared(
            self.client,
            path,
            action,
            format=format,
            filename=filename,
            location=location,
            cloud_storage_id=cloud_storage_id,
            use_default_location=use_default_location,
        )

    def retrieve_annotation_outline(self, id: int) -> AnnotationOutline:
        """GET /api/jobs/{id}/annotations, for counting: a fifth of the memory of `retrieve_annotations`."""
        return self.client.get(f"/api/jobs/{int(id)}/annotations", ToldOutline)

    def retrieve_annotation_spans(self, id: int, first: int, last: int, deleted: Collection[int] = ()) -> Spans:
        """GET /api/jobs/{id}/annotations, for looking at single frames, from first to last: packed, and read when asked
        for. Key frames of tracks on `deleted` frames say nothing about others."""
        path = f"/api/jobs/{int(id)}/annotations"
        raw = self.client.fetch("GET", path)
        try:
            return cut(raw.content, first, last, deleted)
        except (DecodeError, UnicodeDecodeError, RecursionError) as error:
            words = f"not what the API promises: {error}"
            raise BrokenAnswer(words, method="GET", path=path, request_id=raw.request_id) from None

    def retrieve_annotations_json(self, id: int) -> Download:
        """GET /api/jobs/{id}/annotations as the very bytes the upstream sends, streamed: a faithful copy to keep."""
        return self.client.stream(f"/api/jobs/{int(id)}/annotations", headers=JSON)

    def retrieve_annotations_raw(self, id: int) -> Raw:
        """GET /api/jobs/{id}/annotations as the very bytes the upstream sends, in memory: bounded in size and in time,
        where a stream is not. Raises NotFound, Forbidden, TooLarge."""
        return self.client.fetch(
            "GET", f"/api/jobs/{int(id)}/annotations", headers={**JSON, "Accept-Encoding": "identity"}
        )

    @overload
    def update_annotations(
        self, id: int, job_annotations_update_request: LabeledData | Mapping[str, Any] | bytes, *, checked: bool = True
    ) -> LabeledData: ...

    @overload
    def update_annotations(
        self,
        id: int,
        *,
        format: str,
        annotation_file: BinaryIO | None = None,
        rq_id: str | None = None,
        filename: str | None = None,
        location: str | None = None,
        cloud_storage_id: int | None = None,
        use_default_location: bool | None = None,
    ) -> Accepted: ...

    def update_annotations(
        self,
        id: int,
        job_annotations_update_request: LabeledData | Mapping[str, Any] | bytes | None = None,
        *,
        format: str | None = None,
        annotation_file: BinaryIO | None = None,
        rq_id: str | None = None,
        filename: str | None = None,
        location: str | None = None,
        cloud_storage_id: int | None = None,
        use_default_location: bool | None = None,
        checked: bool = True,
    ) -> LabeledData | Accepted:
        """PUT /api/jobs/{id}/annotations: replace all annotations by those given; the answer is what is there now.

        Given as JSON bytes, they are taken object by object, so that large ones fit. Ids are left out (they would be
        refused), and malformed shapes are refused before anything is sent, unless `checked` is False: for what the
        server itself gave out. Frames outside the job are accepted upstream: see `labeled.problems`.

        With `format` it is the import of old: a file starts it (Accepted with 202 and the id of its request), `rq_id`
        asks how far it is (202 while it runs, 201 once). That 201, or a failure, uses the request up. A file that is
        answered 201, or 202 without an id, was NOT taken: an import from before was in the way. `import_file` sees to
        all of that. Without `format` such a question would replace all annotations by nothing: it isn't sent.

        Raises Invalid, Forbidden, NotFound; ServerFault for an import that failed; Unsupported (import of old) where
        only the new way is left.
        """
        path = f"/api/jobs/{int(id)}/annotations"
        if format is None:
            if job_annotations_update_request is None or rq_id is not None or annotation_file is not None:
                raise Invalid(detail="Without a format this would replace all annotations by nothing.")
            body = ready(job_annotations_update_request, checked=checked)
            return self.client.send("PUT", path, ToldData, json=body)
        if job_annotations_update_request is not None:
            raise Invalid(detail="Either annotations are given, or a file and its format.")
        params = {
            "format": format,
            "rq_id": rq_id,
            "filename": None if annotation_file else filename,
            "location": location,
            "cloud_storage_id": cloud_storage_id,
            "use_default_location": use_default_location,
        }
        options: dict[str, Any] = {}
        if annotation_file is not None:
            encoder = body_of(annotation_file, filename or "annotations")
            options = {"data": encoder, "headers": {"Content-Type": encoder.content_type}}
        return Accepted.read(self.client.fetch("PUT", path, params=params, once=True, **options))

    def partial_update_annotations(
        self,
        action: Literal["create", "update", "delete"],
        id: int,
        patched_labeled_data_request: LabeledData | Mapping[str, Any] | bytes,
    ) -> LabeledData:
        """PATCH /api/jobs/{id}/annotations?action=: add these objects, or change or remove those with these ids.

        The answer holds the objects that were given, new ones with their ids. An id that isn't there (any more) is
        passed over in silence upstream; an update gives the object a new id. Raises Invalid, Forbidden, NotFound.
        """
        if action not in ("create", "update", "delete"):
            raise Invalid(detail="Annotations can be created, updated or deleted.")
        body = ready(patched_labeled_data_request, with_ids=action != "create", checked=action != "delete")
        path = f"/api/jobs/{int(id)}/annotations"
        return self.client.send("PATCH", path, ToldData, json=body, params={"action": action})

    def destroy_annotations(self, id: int) -> None:
        """DELETE /api/jobs/{id}/annotations: all of them. Raises Forbidden, NotFound."""
        self.client.fetch("DELETE", f"/api/jobs/{int(id)}/annotations")

    def create_annotations(
        self,
        id: int,
        annotation_file: BinaryIO | None = None,
        *,
        format: str,
        filename: str | None = None,
        location: str | None = None,
        cloud_storage_id: int | None = None,
        use_default_location: bool | None = None,
        import_mode: Literal["append", "replace"] | None = None,
    ) -> RequestId:
        """POST /api/jobs/{id}/annotations: hand over a file that will replace the job's annotations, or from 2.66 on
        with `import_mode="append"` is added to them; older servers don't know that word, and replace all the same.

        The file is streamed, from where it stands to its end: rewind one that was read before. Without one, `filename`
        names a file in a cloud storage (`location="cloud_storage"`). The answer names the background request that does
        the work. Servers before 2.42 take no file this way: `import_file` knows theirs. Raises Invalid for a format
        that can't be imported or an empty file, Conflict while another import of the job is running, whoever started
        it.
        """
        params = {
            "format": format,
            "location": location,
            "cloud_storage_id": cloud_storage_id,
            "use_default_location": use_default_location,
            "import_mode": import_mode,
        }
        path = f"/api/jobs/{int(id)}/annotations"
        if annotation_file is None:
            return self.client.send("POST", path, RequestId, params={**params, "filename": filename})
        encoder = body_of(annotation_file, filename or "annotations")
        headers = {"Content-Type": encoder.content_type}
        return self.client.send("POST", path, RequestId, params=params, data=encoder, headers=headers)
