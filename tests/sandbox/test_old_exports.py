"""Exports of the older generation: by the endpoints of old, and by the new ones with a download that works once."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Callable
from urllib.parse import quote

import pytest
import requests

from jobsportal.sandbox import Sandbox
from jobsportal.sandbox.store import Project

from .conftest import Caller, until
from .old import COCO, CVAT, running  # noqa: F401

People = Callable[[str | None], Caller]
Gates = dict[str, threading.Event]
UNKNOWN = "Unknown export request id. Please request export first by sending a request without the action=download"


def old(caller: Caller, place: str = "jobs/1/dataset", name: str = CVAT, **params: str) -> requests.Response:
    return caller.get(place, params={"format": name} | params)


def download(caller: Caller, **options: str) -> requests.Response:
    return old(caller, action="download", **options)


def new(caller: Caller, place: str = "jobs/1", **params: str) -> requests.Response:
    return caller.post(f"{place}/dataset/export", params={"format": COCO, "save_images": "false"} | params)


def request_path(rq_id: str) -> str:
    return f"requests/{quote(rq_id, safe='')}"


def test_asking_waiting_and_fetching_at_one_address(admin: Caller) -> None:
    asked = old(admin)
    assert asked.status_code == 202
    assert asked.json() == {"rq_id": "export:job-1-dataset-in-CVAT_for_images_1@1-format-by-1"}
    for _ in range(2):
        ready = old(admin)
        assert (ready.status_code, ready.content) == (201, b"")
    file = download(admin)
    assert (file.status_code, file.headers["Content-Type"]) == (200, "application/zip")
    assert "images/crossing_0001.jpg" in zipfile.ZipFile(io.BytesIO(file.content)).namelist()
    assert 'filename="job_1_dataset_' in file.headers["Content-Disposition"]
    again = download(admin)
    assert (again.status_code, again.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert again.text.startswith(UNKNOWN)


def test_annotations_without_images_are_another_export(admin: Caller) -> None:
    asked = old(admin, "jobs/1/annotations", COCO)
    assert asked.json() == {"rq_id": "export:job-1-annotations-in-COCO_1@0-format-by-1"}
    assert old(admin, "jobs/1/annotations", COCO).status_code == 201
    assert download(admin).status_code == 400
    file = download(admin, place="jobs/1/annotations", name=COCO)
    assert "annotations/instances_default.json" in zipfile.ZipFile(io.BytesIO(file.content)).namelist()
    assert "shapes" in admin.get("jobs/1/annotations").json()  # without a format it is the annotations themselves


def test_a_part_of_the_file_uses_it_up_too(admin: Caller) -> None:
    old(admin)
    part = admin.get(f"jobs/1/dataset?format={CVAT}&action=download", headers={"Range": "bytes=0-9"})
    assert (part.status_code, len(part.content)) == (206, 10)
    assert download(admin).status_code == 400


def test_the_file_is_called_as_the_one_who_fetches_it_says(admin: Caller) -> None:
    old(admin)
    file = download(admin, filename="meine Datei.zip")
    assert file.headers["Content-Disposition"] == 'attachment; filename="meine Datei.zip"'


def test_while_it_waits_and_after(admin: Caller, people: People, held: Gates) -> None:
    rq_id = old(admin).json()["rq_id"]
    assert (old(admin).status_code, old(admin).json()) == (202, {"rq_id": rq_id})
    early = download(admin)
    assert (early.status_code, early.text) == (400, "Dataset export has not been finished yet")
    assert download(people("alice")).text.startswith(UNKNOWN)
    held["start"].set()
    held["end"].set()
    until(lambda: old(admin).status_code == 201)
    assert download(admin).status_code == 200


def test_a_change_of_the_job_makes_a_finished_export_stale(admin: Caller) -> None:
    old(admin)
    assert old(admin).status_code == 201
    admin.patch("jobs/1", json={"state": "in progress"})
    assert old(admin).status_code == 202
    assert old(admin).status_code == 201


def test_a_failed_export_is_told_once_with_its_traceback(admin: Caller, sandbox: Sandbox) -> None:
    now = sandbox.store.now()
    sandbox.store.projects[900] = Project(900, "Empty", 1, None, None, now, now)
    assert old(admin, "projects/900/dataset").status_code == 202
    failed = old(admin, "projects/900/dataset")
    assert failed.status_code == 500 and failed.json().startswith("Traceback")
    assert failed.json().endswith("ValueError: The project has no tasks\n")
    assert old(admin, "projects/900/dataset").status_code == 202  # it starts anew


@pytest.mark.parametrize(
    ("params", "body"),
    [
        ({}, "Format is not specified"),
        ({"format": "Nope"}, ["Unknown format specified for the request"]),
        ({"format": "CVAT 1.1"}, ["Unknown format specified for the request"]),
        ({"format": COCO, "action": "bogus"}, ["Unexpected action 'bogus' specified for the request"]),
        ({"format": COCO, "location": "mars"}, ["The specified location mars is not supported"]),
        (
            {"format": COCO, "location": "cloud_storage"},
            ["Cloud storage was selected as location but cloud_storage_id was not specified"],
        ),
        (
            {"format": COCO, "location": "cloud_storage", "cloud_storage_id": "999"},
            ["CloudStorage matching query does not exist."],
        ),
    ],
)
def test_exports_of_old_that_are_refused(admin: Caller, params: dict[str, str], body: object) -> None:
    answer = admin.get("jobs/1/dataset", params=params)
    assert (answer.status_code, answer.json()) == (400, body)


def test_who_may_use_the_endpoints_of_old(admin: Caller, people: People) -> None:
    assert old(people(None)).status_code == 401
    assert old(people("grace")).status_code == 403
    assert old(people("mara")).status_code == 202
    assert old(admin, "jobs/99999/dataset").status_code == 404
    assert admin("HEAD", f"jobs/1/dataset?format={CVAT}").status_code == 500


def test_the_new_way_ends_at_an_address_of_old(admin: Caller, people: People, sandbox: Sandbox) -> None:
    rq_id = new(admin, filename="mine").json()["rq_id"]
    assert rq_id == "export:job-1-annotations-in-COCO_1@0-format-by-1"
    request = admin.request(rq_id)
    assert (request["status"], request["progress"]) == ("finished", 0.0)
    assert request["operation"]["function_id"] is None
    query = "format=COCO+1.0&save_images=false&filename=mine&action=download"
    assert request["result_url"] == f"{sandbox.url}/api/jobs/1/annotations?{query}"
    assert people("alice").get(request["result_url"]).status_code == 400
    file = admin.get(request["result_url"])
    assert (file.status_code, file.headers["Content-Disposition"]) == (200, 'attachment; filename="mine.zip"')
    assert admin.get(request["result_url"]).text.startswith(UNKNOWN)
    gone = admin.get(request_path(rq_id))
    assert (gone.status_code, gone.text) == (404, "There is no request with specified id")
    assert gone.headers["Content-Type"] == "text/html; charset=utf-8"


def test_both_ways_lead_to_the_same_request(admin: Caller, held: Gates) -> None:
    rq_id = new(admin, format=CVAT, save_images="true").json()["rq_id"]
    again = new(admin, format=CVAT, save_images="true")
    assert (again.status_code, again.json()) == (409, "Export request is being processed")
    assert (old(admin).status_code, old(admin).json()) == (202, {"rq_id": rq_id})
    assert admin.post(f"{request_path(rq_id)}/cancel").status_code == 200
    assert download(admin).text.startswith(UNKNOWN)


def test_a_finished_export_starts_again(admin: Caller) -> None:
    assert new(admin).status_code == new(admin).status_code == 202


def test_requests_are_only_for_whoever_asked(admin: Caller, people: People) -> None:
    place = request_path(new(admin).json()["rq_id"])
    for answer in (people("alice").get(place), people("alice").post(f"{place}/cancel")):
        assert (answer.status_code, answer.json()) == (
            403,
            {"detail": "You don't have permission to perform this action"},
        )
    assert [row["id"] for row in admin.get("requests?action=export").json()["results"]] == [
        "export:job-1-annotations-in-COCO_1@0-format-by-1"
    ]


def test_there_is_no_download_by_the_id_of_a_request_yet(admin: Caller) -> None:
    rq_id = new(admin).json()["rq_id"]
    answer = admin.get(f"jobs/1/dataset/download?rq_id={quote(rq_id, safe='')}")
    assert answer.status_code == 404 and "<h1>Not Found</h1>" in answer.text


@pytest.mark.parametrize("place", ["tasks/1", "projects/1"])
def test_tasks_and_projects_by_both_ways(admin: Caller, place: str) -> None:
    target = place.replace("s/", "-")
    assert new(admin, place).json() == {"rq_id": f"export:{target}-annotations-in-COCO_1@0-format-by-1"}
    assert old(admin, f"{place}/annotations", COCO).status_code == 201
    assert download(admin, place=f"{place}/annotations", name=COCO).status_code == 200
    assert old(admin, f"{place}/dataset", COCO).status_code == 202
