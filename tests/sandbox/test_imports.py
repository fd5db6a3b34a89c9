"""Imports of the newer generation: POST with the file, then the request of that id."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import requests

from jobsportal.sandbox import Sandbox

from .conftest import Caller, until
from .old import COCO, one_box, shapes

People = Callable[[str | None], Caller]
Gates = dict[str, threading.Event]
RQ_ID = "action=import&target=job&target_id=1&subresource=annotations"
NO_FILE = {"annotation_file": ["No file was submitted."]}


def send(caller: Caller, content: bytes, name: str = "CVAT 1.1") -> requests.Response:
    files = {"annotation_file": ("a.xml", content)}
    return caller.post("jobs/1/annotations", params={"format": name}, files=files)


def test_a_file_takes_the_place_of_what_is_there(admin: Caller) -> None:
    started = send(admin, one_box())
    assert (started.status_code, started.json()) == (202, {"rq_id": RQ_ID})
    request = admin.request(RQ_ID)
    assert request["operation"] == {
        "type": "import:annotations", "target": "job", "project_id": 1, "task_id": 1, "job_id": 1, "format": None,
    }  # fmt: skip
    assert (request["status"], request["progress"], request["result_url"]) == ("finished", 0.0, None)
    assert len(shapes(admin)) == 1
    assert admin.request(RQ_ID)["status"] == "finished"
    assert send(admin, one_box("bus")).status_code == 202  # it starts again


def test_the_first_who_asks_is_told_a_failure_raw(admin: Caller) -> None:
    before = shapes(admin)
    send(admin, one_box("zebra"))
    first, second = admin.request(RQ_ID), admin.request(RQ_ID)
    words = "ValueError: Label 'zebra' is not registered for this task\n"
    assert (first["status"], second["status"], second["message"]) == ("failed", "failed", words)
    assert first["message"].startswith("Traceback (most recent call last):\n") and first["message"].endswith(words)
    assert shapes(admin) == before


def test_one_import_at_a_time_and_all_who_work_on_the_job_may_follow_it(
    admin: Caller, people: People, held: Gates
) -> None:
    send(admin, one_box())
    for caller in (admin, people("alice")):
        busy = send(caller, one_box("bus"))
        assert (busy.status_code, busy.json()) == (409, {"rq_id": RQ_ID})
    assert people("alice").request(RQ_ID)["status"] == "queued"
    assert people("grace").get("requests/" + RQ_ID.replace("&", "%26")).status_code == 403
    gone = admin.put("jobs/1/annotations", params={"format": "CVAT 1.1", "rq_id": RQ_ID})
    assert gone.status_code == 410 and "GET /api/requests/rq_id" in gone.text
    held["start"].set()
    held["end"].set()
    until(lambda: admin.request(RQ_ID)["status"] == "finished")
    assert len(shapes(admin)) == 1


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({"params": {"format": "Nope"}, "files": {"annotation_file": ("a", b"x")}}, ["Unknown input format 'Nope'"]),
        ({"files": {"annotation_file": ("a", b"x")}}, ["Unknown input format ''"]),
        ({"params": {"format": COCO}}, NO_FILE),
        ({"params": {"format": COCO}, "json": {}}, NO_FILE),
        ({"params": {"format": COCO}, "files": {"file": ("a", b"x")}}, NO_FILE),
        ({"params": {"format": COCO, "filename": "zzz.zip"}}, ["No such file were uploaded"]),
        (
            {"params": {"format": COCO}, "files": {"annotation_file": ("a", b"")}},
            {"annotation_file": ["The submitted file is empty."]},
        ),
    ],
)
def test_imports_that_are_refused(admin: Caller, sandbox: Sandbox, options: dict[str, object], body: object) -> None:
    answer = admin.post("jobs/1/annotations", **options)
    assert (answer.status_code, answer.json()) == (400, body)
    assert not sandbox.store.requests


@pytest.mark.parametrize(("mode", "more"), [("append", 1), ("replace", 0), (None, 0)])
def test_a_later_version_adds_to_what_is_there_where_it_is_told_to(mode: str | None, more: int) -> None:
    with Sandbox(version="2.66") as sandbox:
        admin = Caller(sandbox, "admin")
        before = len(shapes(admin))
        params = {"format": "CVAT 1.1", "import_mode": mode}
        answer = admin.post("jobs/1/annotations", params=params, files={"annotation_file": ("a.xml", one_box())})
        assert answer.status_code == 202
        assert len(shapes(admin)) == (before + 1 if more else 1)


def test_a_mode_that_is_none_is_refused_where_modes_are_known(admin: Caller) -> None:
    files = {"annotation_file": ("a.xml", one_box())}
    params = {"format": "CVAT 1.1", "import_mode": "merge"}
    with Sandbox(version="2.66") as sandbox:
        answer = Caller(sandbox, "admin").post("jobs/1/annotations", params=params, files=files)
        assert (answer.status_code, list(answer.json())) == (400, ["import_mode"])
    assert admin.post("jobs/1/annotations", params=params, files=files).status_code == 202


def test_an_earlier_version_does_not_know_modes_and_replaces_all(admin: Caller) -> None:
    params = {"format": "CVAT 1.1", "import_mode": "append"}
    admin.post("jobs/1/annotations", params=params, files={"annotation_file": ("a.xml", one_box())})
    assert len(shapes(admin)) == 1
