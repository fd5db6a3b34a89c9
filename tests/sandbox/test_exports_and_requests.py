"""Exports from start to download, and following, listing and cancelling requests."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from jobsportal.sandbox import Sandbox

from .conftest import Caller, until

People = Callable[[str | None], Caller]
CVAT, COCO = "CVAT for images 1.1", "COCO 1.0"


def start(caller: Caller, job: int = 1, **params: str) -> str:
    answer = caller.post(f"jobs/{job}/dataset/export", params={"format": COCO, "save_images": "false"} | params)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["rq_id"])


def download_path(rq_id: str, job: int = 1) -> str:
    return f"jobs/{job}/dataset/download?rq_id={quote(rq_id, safe='')}"


def test_an_export_from_start_to_file(admin: Caller, sandbox: Sandbox) -> None:
    rq_id = start(admin, format=CVAT, save_images="true")
    assert rq_id == "action=export&target=job&target_id=1&user_id=1&format=CVAT_for_images_1~1&subresource=dataset"
    request = admin.request(rq_id)
    assert request["operation"] == {
        "type": "export:dataset", "target": "job", "project_id": 1, "task_id": 1, "job_id": 1, "format": CVAT,
    }  # fmt: skip
    assert (request["status"], request["progress"], request["message"]) == ("finished", 0.0, "")
    assert request["owner"] == {"id": 1, "username": "admin"}
    assert request["result_url"] == f"{sandbox.url}/api/jobs/1/dataset/download?rq_id={quote(rq_id, safe='')}"
    answer = admin.get(request["result_url"])
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert names[0] == "annotations.xml" and "images/crossing_0001.jpg" in names


def test_the_name_of_the_file(admin: Caller) -> None:
    updated = admin.get("jobs/1").json()["updated_date"]
    answer = admin.export(1, COCO)
    stamp = updated[:19].replace("-", "_").replace(":", "_").replace("T", "_")
    wanted = f'attachment; filename="job_1_annotations_{stamp}_coco 1.0.zip"'
    assert answer.headers["Content-Disposition"] == wanted
    own = admin.get(download_path(start(admin, filename="mein Überblick")))
    words = "attachment; filename=\"mein berblick.zip\"; filename*=UTF-8''mein%20%C3%9Cberblick.zip"
    assert own.headers["Content-Disposition"] == words


def test_a_download_can_be_repeated_and_taken_in_parts(admin: Caller) -> None:
    path = download_path(start(admin))
    whole = admin.get(path)
    assert (whole.status_code, whole.headers["Accept-Ranges"]) == (200, "bytes")
    size, tag = len(whole.content), whole.headers["ETag"]
    assert admin.get(path).content == whole.content
    part = admin.get(path, headers={"Range": "bytes=10-49"})
    assert (part.status_code, part.content) == (206, whole.content[10:50])
    assert part.headers["Content-Range"] == f"bytes 10-49/{size}"
    rest = admin.get(path, headers={"Range": f"bytes={size - 5}-", "If-Range": tag})
    assert (rest.status_code, rest.content) == (206, whole.content[-5:])
    assert admin.get(path, headers={"Range": "bytes=-7"}).content == whole.content[-7:]
    stale = admin.get(path, headers={"Range": "bytes=0-9", "If-Range": '"bogus"'})
    assert (stale.status_code, len(stale.content)) == (200, size)
    beyond = admin.get(path, headers={"Range": "bytes=99999999-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    assert "416 Requested Range Not Satisfiable" in beyond.text
    same = admin.get(path, headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")


@pytest.mark.parametrize(
    ("params", "status", "body"),
    [
        ({"format": "Nope"}, 400, ["Unknown format specified for the request"]),
        ({"format": ""}, 400, ["Unknown format specified for the request"]),
        ({"format": COCO, "location": "mars"}, 400, ["The specified location 'mars' is not supported"]),
        (
            {"format": COCO, "location": "cloud_storage"},
            400,
            ["Trying to use undefined cloud storage (cloud_storage_id was not provided)"],
        ),
    ],
)
def test_exports_that_are_refused(admin: Caller, params: dict[str, str], status: int, body: object) -> None:
    answer = admin.post("jobs/1/dataset/export", params=params)
    assert (answer.status_code, answer.json()) == (status, body)


def test_save_images_must_be_a_truth_value(admin: Caller) -> None:
    assert admin.post("jobs/1/dataset/export", params={"format": COCO, "save_images": "maybe"}).status_code == 500


def test_downloads_that_are_refused(admin: Caller, people: People) -> None:
    rq_id = start(admin)
    assert admin.get("jobs/1/dataset/download").json() == ["Missing request id in the query parameters"]
    assert admin.get("jobs/1/dataset/download?rq_id=garbage").json() == ["Unexpected request id format"]
    other = admin.get(f"jobs/2/dataset/download?rq_id={quote(rq_id, safe='')}")
    assert (other.status_code, other.json()) == (400, ["Invalid export request id"])
    assert people("alice").get(download_path(rq_id)).status_code == 403
    assert people("grace").get(download_path(rq_id)).status_code == 403
    assert people(None).get(download_path(rq_id)).status_code == 401


def test_who_may_export(people: People) -> None:
    assert people("mara").post("jobs/1/dataset/export", params={"format": COCO}).status_code == 202
    assert people("grace").post("jobs/1/dataset/export", params={"format": COCO}).status_code == 403


def test_the_result_keeps_the_host_of_the_start(admin: Caller) -> None:
    front = {"X-Forwarded-Host": "front.example:9000", "X-Forwarded-Proto": "https"}
    started = admin.post("jobs/1/dataset/export", params={"format": COCO}, headers=front)
    assert admin.request(started.json()["rq_id"])["result_url"].startswith("https://front.example:9000/api/jobs/1/")


def test_an_export_holds_what_was_there_when_it_began(admin: Caller) -> None:
    path = download_path(start(admin))
    before = admin.get(path).content
    admin.delete("jobs/1/annotations")
    assert admin.get(path).content == before


def test_queued_then_started_then_finished(admin: Caller, held: dict) -> None:
    rq_id = start(admin)
    queued = admin.request(rq_id)
    assert (queued["status"], queued["progress"], queued["started_date"]) == ("queued", 0.0, None)
    assert queued["result_url"] is None
    again = admin.post("jobs/1/dataset/export", params={"format": COCO, "save_images": "false"})
    assert (again.status_code, again.json()) == (409, {"rq_id": rq_id})
    assert admin.get(download_path(rq_id)).status_code == 204
    held["start"].set()
    until(lambda: admin.request(rq_id)["status"] == "started")
    assert 0.0 <= admin.request(rq_id)["progress"] < 1.0
    late = admin.post(f"requests/{quote(rq_id, safe='')}/cancel")
    assert (late.status_code, late.text) == (400, "Only requests that have not yet been started can be cancelled")
    held["end"].set()
    until(lambda: admin.request(rq_id)["status"] == "finished")
    assert admin.get(download_path(rq_id)).status_code == 200
    assert start(admin) == rq_id  # it starts again


def test_cancelling_while_queued(admin: Caller, people: People, held: dict) -> None:
    rq_id = quote(start(admin), safe="")
    assert people("grace").post(f"requests/{rq_id}/cancel").status_code == 403
    answer = admin.post(f"requests/{rq_id}/cancel")
    assert (answer.status_code, answer.content) == (200, b"")
    for gone in (admin.get(f"requests/{rq_id}"), admin.post(f"requests/{rq_id}/cancel")):
        assert (gone.status_code, gone.text) == (404, "There is no request with specified id")
        assert gone.headers["Content-Type"] == "text/html; charset=utf-8"


def test_long_work_tells_how_far_it_is(sandbox: Sandbox, admin: Caller, held: dict) -> None:
    rq_id = start(admin)
    item = sandbox.store.requests[rq_id]
    assert admin.request(rq_id)["progress"] == 0.0
    held["start"].set()
    until(lambda: item.status == "started")
    item._begun -= 30  # half of the time is over
    first = admin.request(rq_id)["progress"]
    item._begun -= 15
    assert 0.3 < first < admin.request(rq_id)["progress"] < 1.0
    held["end"].set()
    until(lambda: item.status == "finished")
    assert admin.request(rq_id)["progress"] == 1.0


def test_short_work_takes_its_time_and_tells_nothing_of_how_far_it_is(sandbox: Sandbox, admin: Caller) -> None:
    sandbox.request_seconds = 0.1
    rq_id = start(admin)
    seen: list[float] = []

    def finished() -> bool:
        request = admin.request(rq_id)
        seen.append(request["progress"])
        return bool(request["status"] == "finished")

    until(finished)
    assert set(seen) == {0.0}


def test_listing_ones_own_requests(admin: Caller, people: People) -> None:
    first, second = start(admin), start(admin, job=55)
    start(people("alice"))
    listed = admin.get("requests").json()
    assert [row["id"] for row in listed["results"]] == [second, first]
    assert admin.get("requests").headers["Cache-Control"].startswith("max-age=0, no-cache")
    assert admin.get("requests?sort=created_date").json()["results"][0]["id"] == first
    assert admin.get("requests?job_id=1&action=export").json()["count"] == 1
    assert admin.get("requests?status=bogus").json()["count"] == 0
    assert admin.get("requests?org=acme").json()["count"] == 1
    assert admin.get("requests?org=").json()["count"] == 1
    assert admin.get("requests", headers={"X-Organization": "acme"}).json()["count"] == 2
    rules = json.dumps({"==": [{"var": "status"}, "finished"]})
    assert admin.get("requests", params={"filter": rules}).json()["count"] == 2
    assert admin.get("requests?filter={").status_code == 400
    owner = json.dumps({"==": [{"var": "owner"}, "admin"]})
    assert admin.get("requests", params={"filter": owner}).json() == ["filter: 'owner' term is not supported"]
    assert admin.get("requests?owner=nobody").json()["count"] == 2  # what can't be filtered by is ignored
    assert [row["id"] for row in admin.get("requests?sort=-action,created_date").json()["results"]] == [first, second]
    assert admin.get("requests?page_size=1").json()["next"].endswith("/api/requests?page=2&page_size=1")
    assert people("grace").get("requests").json()["count"] == 0


def test_following_anothers_export_is_403(admin: Caller, people: People) -> None:
    rq_id = quote(start(admin), safe="")
    assert people("alice").get(f"requests/{rq_id}").status_code == 403
    assert people(None).get(f"requests/{rq_id}").status_code == 401


def test_a_request_whose_time_has_run_out_is_gone(admin: Caller, sandbox: Sandbox) -> None:
    rq_id = start(admin)
    expiry = datetime.fromisoformat(admin.request(rq_id)["expiry_date"])
    finished = datetime.fromisoformat(admin.request(rq_id)["finished_date"])
    assert expiry - finished == timedelta(days=1)
    sandbox.store.requests[rq_id].expire()
    gone = admin.get(f"requests/{quote(rq_id, safe='')}")
    assert (gone.status_code, gone.text) == (404, "There is no request with specified id")
    assert admin.get("requests").json()["count"] == 0
    missing = admin.get(download_path(rq_id))
    assert (missing.status_code, missing.text) == (404, "Unknown export request id")


def test_what_has_expired_is_cleared_away_when_something_begins(admin: Caller, sandbox: Sandbox) -> None:
    item = sandbox.store.requests[start(admin)]
    item.finished = datetime.now(UTC) - timedelta(days=2)
    assert item.file.exists() and admin.get("requests").json()["count"] == 1
    start(admin, job=2)
    assert not item.file.exists() and admin.get("requests").json()["count"] == 1


def test_a_file_that_was_cleared_away_before_its_request(admin: Caller, sandbox: Sandbox) -> None:
    rq_id = start(admin)
    sandbox.store.requests[rq_id].file.unlink()
    answer = admin.get(download_path(rq_id))
    assert (answer.status_code, answer.json()) == (404, "The exported file has expired, please retry exporting")


def test_an_id_that_was_not_quoted(admin: Caller) -> None:
    assert admin.get(f"requests/{start(admin)}").json()["status"] == "finished"


def test_padding_makes_an_export_as_large_as_wanted(admin: Caller, sandbox: Sandbox) -> None:
    sandbox.padding = 3_000_000
    answer = admin.export(1, COCO)
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    entry = archive.getinfo("padding.bin")
    assert (entry.file_size, entry.compress_type) == (3_000_000, zipfile.ZIP_STORED)
    assert archive.testzip() is None


def test_stopping_removes_what_was_written() -> None:
    sandbox = Sandbox().start()
    Caller(sandbox, "admin").export(1, COCO)
    folder = sandbox.service.folder
    assert folder.exists()
    sandbox.stop()
    assert not folder.exists()
