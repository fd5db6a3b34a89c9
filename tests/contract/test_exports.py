"""Exports, of old and new; and background requests, which do them."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from contextlib import suppress
from zipfile import ZipFile

import pytest

from jobsportal.cvat import Client, Download
from jobsportal.cvat.errors import Conflict, Invalid, NotFound, Unsupported
from jobsportal.cvat.types import Accepted, Job
from tests.contract import choosing
from tests.contract.upstream import NO_SUCH_ID, PATIENCE, followed, has_old_ways

# Exports change nothing, but they make files upstream: READ_ONLY does without them.
pytestmark = pytest.mark.usefixtures("changing")

PICTURES_MAX = 50


def names_in(archive: bytes) -> list[str]:
    with ZipFile(io.BytesIO(archive)) as file:
        assert file.testzip() is None
        return file.namelist()


def prepared(step: Callable[[str], Accepted | Download]) -> bytes:
    """The file of an export of old: asked for until it is ready, then fetched."""
    give_up = time.monotonic() + PATIENCE
    while (told := step("")) and isinstance(told, Accepted) and told.is_running:
        assert time.monotonic() < give_up
        time.sleep(0.2)
    assert isinstance(told, Accepted) and told.status == 201
    download = step("download")
    assert isinstance(download, Download)
    return b"".join(download)


def test_create_dataset_export_without_images(client: Client, job: Job, export_format: str) -> None:
    request = followed(client, client.jobs.export(export_format, job.id).rq_id)
    assert (request.status, request.operation.target, request.operation.job_id) == ("finished", "job", job.id)
    assert request.operation.format == export_format and request.operation.type == "export:annotations"
    download = client.requests.download(request.id)
    body = b"".join(download)
    assert download.status == 200 and download.filename.endswith(".zip")
    assert len(body) == int(download.headers["Content-Length"])
    assert names_in(body)


def test_create_dataset_export_with_images(client: Client, job: Job, export_format: str) -> None:
    if job.frame_count > PICTURES_MAX:
        pytest.skip(f"no job suitable: this one has more than {PICTURES_MAX} pictures")
    request = followed(client, client.jobs.export(export_format, job.id, save_images=True).rq_id)
    assert (request.status, request.operation.type) == ("finished", "export:dataset")
    names = names_in(b"".join(client.requests.download(request)))
    assert len(names) > 1, names


def test_create_dataset_export_under_a_name_of_ones_own(client: Client, job: Job, export_format: str) -> None:
    name = "äpfel und birnen.zip"
    asked = client.jobs.export(export_format, job.id, filename=name)
    download = client.requests.download(followed(client, asked.rq_id))
    download.close()
    assert download.filename == name


def test_create_dataset_export_is_fetched_again_only_from_newer_servers(
    client: Client, job: Job, export_format: str
) -> None:
    request = followed(client, client.jobs.export(export_format, job.id).rq_id)
    first = b"".join(client.requests.download(request))
    if has_old_ways(client) is not None:
        assert request.can_be_fetched_again is not client.version.consumes
    if not request.can_be_fetched_again:
        with pytest.raises(NotFound):
            client.requests.download(request)
        with pytest.raises(NotFound):
            client.requests.retrieve(request.id)
        return
    assert b"".join(client.requests.download(request)) == first
    part = client.requests.download(request, headers={"Range": "bytes=2-11"})
    assert (part.status, b"".join(part)) == (206, first[2:12])


def test_create_dataset_export_refuses_what_it_can_not_write(client: Client, job: Job) -> None:
    with pytest.raises(Invalid) as caught:
        client.jobs.create_dataset_export("No such format 1.0", job.id)
    assert "format" in caught.value.detail.lower()
    with pytest.raises(Invalid):
        client.jobs.create_dataset_export("CVAT 1.1", job.id)  # for imports alone


def test_create_dataset_export_refuses_a_storage_that_is_not_there(
    client: Client, job: Job, export_format: str
) -> None:
    with pytest.raises((Invalid, NotFound)):
        client.jobs.create_dataset_export(
            export_format, job.id, location="cloud_storage", cloud_storage_id=NO_SUCH_ID, filename="a.zip"
        )


def test_create_dataset_export_of_a_job_that_is_not_there(client: Client, export_format: str) -> None:
    with pytest.raises(NotFound):
        client.jobs.create_dataset_export(export_format, NO_SUCH_ID)


def test_create_dataset_export_twice_is_a_conflict(client: Client, job: Job, export_format: str) -> None:
    first = client.jobs.export(export_format, job.id, save_images=False)
    try:
        client.jobs.create_dataset_export(export_format, job.id)
    except Conflict as conflict:
        assert conflict.rq_id in (None, first.rq_id)
        assert conflict.rq_id or has_old_ways(client) is not False
    else:
        pytest.skip("the server was quicker than the second question")
    finally:
        followed(client, first.rq_id)


def test_export_asked_for_twice_is_one(client: Client, job: Job, export_format: str) -> None:
    first = client.jobs.export(export_format, job.id)
    second = client.jobs.export(export_format, job.id)
    assert first.rq_id == second.rq_id
    assert followed(client, first.rq_id).status == "finished"


def test_tasks_are_exported_as_a_whole(client: Client, formats: tuple[set[str], set[str]]) -> None:
    task = choosing.small_task(client)
    if task is None:
        pytest.skip("no task suitable: none that is small and that this account may see")
    name = "CVAT for video 1.1" if task.mode == "interpolation" else "CVAT for images 1.1"
    if name not in formats[0]:
        pytest.skip(f"the server has no format {name}")
    request = followed(client, client.tasks.export(name, task.id).rq_id)
    assert (request.status, request.operation.target, request.operation.task_id) == ("finished", "task", task.id)
    assert names_in(b"".join(client.requests.download(request))) == ["annotations.xml"]


def test_retrieve_dataset_prepares_and_fetches_once(
    client: Client, job: Job, export_format: str, old_ways: None
) -> None:
    if job.frame_count > PICTURES_MAX:
        pytest.skip(f"no job suitable: this one has more than {PICTURES_MAX} pictures")
    assert (
        len(names_in(prepared(lambda action: client.jobs.retrieve_dataset(export_format, job.id, action=action)))) > 1
    )
    with pytest.raises(Invalid):
        client.jobs.retrieve_dataset(export_format, job.id, action="download")


def test_retrieve_dataset_refuses_what_it_can_not_write(client: Client, job: Job, old_ways: None) -> None:
    with pytest.raises(Invalid):
        client.jobs.retrieve_dataset("No such format 1.0", job.id)


def test_retrieve_dataset_of_a_job_that_is_not_there(client: Client, export_format: str, old_ways: None) -> None:
    with pytest.raises(NotFound):
        client.jobs.retrieve_dataset(export_format, NO_SUCH_ID)


def test_retrieve_dataset_is_gone_from_newer_servers(
    client: Client, job: Job, export_format: str, new_ways: None
) -> None:
    with pytest.raises(Unsupported) as caught:
        client.jobs.retrieve_dataset(export_format, job.id)
    assert caught.value.status == 410 and "dataset/export" in caught.value.detail


def test_requests_are_listed_newest_first_and_by_what_they_do(client: Client, job: Job, export_format: str) -> None:
    request = followed(client, client.jobs.export(export_format, job.id).rq_id)
    page = client.requests.list(action="export", target="job", job_id=job.id, page_size=20)
    assert page.results[0].id == request.id
    assert {item.operation.job_id for item in page} == {job.id}
    assert request.id in {item.id for item in client.requests.list(status="finished", page_size=20)}
    assert not {item.status for item in client.requests.list(status="failed", page_size=20)} - {"failed"}
    dates = [item.created_date for item in client.requests.list(page_size=20) if item.created_date]
    assert dates == sorted(dates, reverse=True)


def test_requests_tell_whose_and_when(client: Client, job: Job, export_format: str) -> None:
    request = followed(client, client.jobs.export(export_format, job.id).rq_id)
    assert request.owner.username == client.users.self().username
    moments = [request.created_date, request.started_date, request.finished_date, request.expiry_date]
    told = [moment for moment in moments if moment is not None]
    assert len(told) == 4 and told == sorted(told)
    assert request.operation.task_id == job.task_id and request.percent != 0


def test_requests_that_are_not_there(client: Client) -> None:
    for id in ("garbage", "action=export&target=job&target_id=0&user_id=0&format=X&subresource=dataset"):
        with pytest.raises(NotFound):
            client.requests.retrieve(id)
        with pytest.raises(NotFound):
            client.requests.cancel(id)


def test_requests_are_cancelled_while_they_wait(client: Client, job: Job, formats: tuple[set[str], set[str]]) -> None:
    """Several at once, since one alone may begin too soon."""
    wanted = [name for name in ("COCO 1.0", "Datumaro 1.0", "PASCAL VOC 1.1", "YOLO 1.1") if name in formats[0]]
    asked = [client.jobs.export(name, job.id).rq_id for name in wanted]
    cancelled = 0
    for rq_id in reversed(asked):
        try:
            client.requests.cancel(rq_id)
        except (Invalid, NotFound):
            followed_or_gone(client, rq_id)
            continue
        cancelled += 1
        with pytest.raises(NotFound):
            client.requests.retrieve(rq_id)
    if not cancelled:
        pytest.skip("the server was quicker than being asked to stop")


def followed_or_gone(client: Client, rq_id: str) -> None:
    with suppress(NotFound):
        followed(client, rq_id)


def test_requests_that_are_over_can_not_be_cancelled(client: Client, job: Job, export_format: str) -> None:
    request = followed(client, client.jobs.export(export_format, job.id).rq_id)
    with pytest.raises(Invalid) as caught:
        client.requests.cancel(request.id)
    assert "not yet been started" in caught.value.detail
