"""`/api/jobs/{id}/data` and `preview`: the pictures of a job, and what is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from jobsportal.cvat.errors import BrokenAnswer, Invalid
from jobsportal.cvat.types import DataMeta, Raw

if TYPE_CHECKING:
    from jobsportal.cvat.client import Client, Download

MAX_PREVIEW = 8 * 1024 * 1024
MAX_FRAME = 64 * 1024 * 1024
PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp", "image/tiff")


def picture_kind(content_type: str) -> str:
    """The kind of picture that a Content-Type tells of, without what is said beside it; "" for anything else."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind if kind in PICTURES else ""


class JobData:
    """The part of `client.jobs` that fetches media."""

    client: Client

    def retrieve_data(
        self,
        id: int,
        *,
        type: Literal["frame", "chunk", "preview", "context_image"],
        number: int | None = None,
        index: int | None = None,
        quality: Literal["compressed", "original"] | None = None,
    ) -> Download:
        """GET /api/jobs/{id}/data: one frame, one chunk (an archive or a video of many), or context images; streamed.

        A frame's `number` counts through the whole task; a chunk's through the task too, its `index` through the job.
        Raises Invalid for a number outside the job, NotFound where there are no context images.
        """
        if type == "frame" and number is None:
            raise Invalid(detail="Which frame?", fields={"number": ["This field is required."]})
        params = {
            "type": type,
            "number": None if number is None else int(number),
            "index": None if index is None else int(index),
            "quality": quality,
        }
        return self.client.stream(f"/api/jobs/{int(id)}/data", params=params)

    def retrieve_frame(self, id: int, number: int, *, quality: Literal["compressed", "original"] = "compressed") -> Raw:
        """GET /api/jobs/{id}/data?type=frame: the picture of one frame, in memory. Raises as `retrieve_data` does."""
        params = {"type": "frame", "number": int(number), "quality": quality}
        return self._picture(f"/api/jobs/{int(id)}/data", MAX_FRAME, params)

    def retrieve_preview(self, id: int) -> Raw:
        """GET /api/jobs/{id}/preview: a small JPEG or PNG of the first frame. Raises NotFound, Forbidden."""
        return self._picture(f"/api/jobs/{int(id)}/preview", MAX_PREVIEW)

    def _picture(self, path: str, limit: int, params: dict[str, object] | None = None) -> Raw:
        raw = self.client.fetch("GET", path, params=params, max_body=limit)
        if not picture_kind(raw.content_type):
            raise BrokenAnswer(f"a picture of kind {raw.content_type or 'unknown'}", method="GET", path=path)
        return raw

    def retrieve_data_meta(self, id: int) -> DataMeta:
        """GET /api/jobs/{id}/data/meta: names and sizes of the frames, deleted ones, chunk facts. Raises NotFound,
        Forbidden."""
        return self.client.get(f"/api/jobs/{int(id)}/data/meta", DataMeta)
