"""`/api/jobs/{id}/data`, `data/meta` and `preview`."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from jobsportal.cvat import Client
from jobsportal.cvat.errors import Invalid, NotFound
from jobsportal.cvat.types import Job
from tests.contract.upstream import NO_SUCH_ID


def test_retrieve_preview_is_a_picture(client: Client, job: Job) -> None:
    preview = client.jobs.retrieve_preview(job.id)
    assert preview.content_type.startswith("image/")
    with Image.open(io.BytesIO(preview.content)) as picture:
        assert max(picture.size) > 1


def test_retrieve_preview_of_a_job_that_is_not_there(client: Client) -> None:
    with pytest.raises(NotFound):
        client.jobs.retrieve_preview(NO_SUCH_ID)


def test_retrieve_data_meta_tells_of_each_frame(client: Client, job: Job) -> None:
    meta = client.jobs.retrieve_data_meta(job.id)
    assert meta.size > 0 and meta.frames
    assert len(meta.frames) in (1, meta.size)
    assert all(frame.width > 0 and frame.height > 0 and frame.name for frame in meta.frames)
    assert all(job.start_frame <= frame <= job.stop_frame for frame in meta.deleted_frames)


def test_retrieve_data_meta_of_a_job_that_is_not_there(client: Client) -> None:
    with pytest.raises(NotFound):
        client.jobs.retrieve_data_meta(NO_SUCH_ID)


@pytest.mark.parametrize("quality", ["compressed", "original"])
def test_retrieve_data_frame_is_a_picture_of_the_told_size(client: Client, job: Job, quality: str) -> None:
    meta = client.jobs.retrieve_data_meta(job.id)
    held = client.jobs.retrieve_frame(job.id, job.start_frame, quality=quality).content
    streamed = b"".join(client.jobs.retrieve_data(job.id, type="frame", number=job.start_frame, quality=quality))
    with Image.open(io.BytesIO(held)) as one, Image.open(io.BytesIO(streamed)) as other:
        assert one.size == other.size
        if quality == "original":
            assert sorted(one.size) == sorted((meta.frames[0].width, meta.frames[0].height))


@pytest.mark.parametrize("quality", ["compressed", "original"])
def test_retrieve_data_chunk_holds_frames(client: Client, job: Job, quality: str) -> None:
    """Only the beginning is fetched: it may be large."""
    download = client.jobs.retrieve_data(job.id, type="chunk", index=0, quality=quality)
    beginning = next(iter(download))
    download.close()
    assert beginning.startswith(b"PK") or beginning[4:8] == b"ftyp"  # an archive, or an MP4


def test_retrieve_data_chunk_that_the_job_has_not(client: Client, job: Job) -> None:
    with pytest.raises(Invalid):
        client.jobs.retrieve_data(job.id, type="chunk", index=100_000)


def test_retrieve_data_preview(client: Client, job: Job) -> None:
    download = client.jobs.retrieve_data(job.id, type="preview")
    assert download.headers["Content-Type"].startswith("image/")
    assert len(b"".join(download)) > 100


def test_retrieve_data_context_images(client: Client, job: Job) -> None:
    """There are none for most jobs."""
    meta = client.jobs.retrieve_data_meta(job.id)
    if meta.frames and meta.frames[0].related_files:
        archive = b"".join(client.jobs.retrieve_data(job.id, type="context_image", number=job.start_frame))
        assert archive.startswith(b"PK")
    else:
        with pytest.raises(NotFound):
            client.jobs.retrieve_data(job.id, type="context_image", number=job.start_frame)


@pytest.mark.parametrize("number", [NO_SUCH_ID, -1])
def test_retrieve_data_frame_that_the_job_has_not(client: Client, job: Job, number: int) -> None:
    with pytest.raises(Invalid):
        client.jobs.retrieve_frame(job.id, number)


def test_retrieve_data_frame_needs_a_number(client: Client, job: Job) -> None:
    with pytest.raises(Invalid) as caught:
        client.jobs.retrieve_data(job.id, type="frame")
    assert "number" in caught.value.fields


def test_retrieve_data_of_a_job_that_is_not_there(client: Client) -> None:
    with pytest.raises(NotFound):
        client.jobs.retrieve_data(NO_SUCH_ID, type="frame", number=0)
