"""Imports of the older generation: PUT with the file, then the same PUT with `rq_id` until it is over."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from jobsportal.sandbox import Sandbox

from .conftest import Caller, until
from .old import COCO, IMPORT_ID, ask, one_box, put_file, running, shapes  # noqa: F401

People = Callable[[str | None], Caller]
Gates = dict[str, threading.Event]
NO_FILE = {"annotation_file": ["No file was submitted."]}
UNKNOWN_IMAGE = one_box(image="nope_0030.jpg")


def test_a_file_is_put_and_asked_after_until_it_is_in(admin: Caller) -> None:
    started = put_file(admin, one_box())
    assert (started.status_code, started.json()) == (202, {"rq_id": IMPORT_ID})
    request = admin.request(IMPORT_ID)
    assert request["operation"] == {
        "type": "import:annotations", "target": "job", "project_id": 1, "task_id": 1, "job_id": 1, "format": None,
        "function_id": None,
    }  # fmt: skip
    done = ask(admin)
    assert (done.status_code, done.content) == (201, b"")
    (shape,) = shapes(admin)
    assert (shape["type"], shape["source"]) == ("rectangle", "file")


def test_being_told_of_the_end_is_the_end(admin: Caller) -> None:
    put_file(admin, one_box())
    assert ask(admin).status_code == 201
    again = ask(admin)
    assert (again.status_code, again.json()) == (400, NO_FILE)
    gone = admin.get("requests/import%3Ajob-1-annotations")
    assert (gone.status_code, gone.text) == (404, "There is no request with specified id")


def test_queued_and_started_are_an_empty_202(admin: Caller, people: People, held: Gates) -> None:
    put_file(admin, one_box())
    assert (ask(admin).status_code, ask(admin).content) == (202, b"")
    assert put_file(admin, one_box("bus")).status_code == 202
    assert put_file(people("alice"), one_box("bus")).content == b""
    other = ask(people("alice"))
    assert (other.status_code, other.content) == (403, b"")
    assert people("alice").get("requests/import%3Ajob-1-annotations").status_code == 403
    held["start"].set()
    until(lambda: admin.request(IMPORT_ID)["status"] == "started")
    assert ask(admin).status_code == 202
    held["end"].set()
    until(lambda: ask(admin).status_code == 201)
    assert len(shapes(admin)) == 1


def test_an_import_that_waits_can_be_cancelled(admin: Caller, held: Gates) -> None:
    before = shapes(admin)
    put_file(admin, one_box())
    assert admin.post("requests/import%3Ajob-1-annotations/cancel").status_code == 200
    assert (ask(admin).status_code, ask(admin).json()) == (400, NO_FILE)
    assert shapes(admin) == before


def test_asking_without_the_format_leaves_no_annotations(admin: Caller) -> None:
    put_file(admin, one_box())
    assert len(shapes(admin)) == 1
    answer = admin.put("jobs/1/annotations", params={"rq_id": IMPORT_ID})
    assert (answer.status_code, answer.json()) == (200, {"version": 0, "tags": [], "shapes": [], "tracks": []})
    assert shapes(admin) == []


def test_a_file_without_a_format_leaves_no_annotations_either(admin: Caller) -> None:
    answer = admin.put("jobs/1/annotations", files={"annotation_file": ("a.xml", one_box())})
    assert (answer.status_code, answer.json()["shapes"], shapes(admin)) == (200, [], [])


def test_a_second_file_before_the_first_was_asked_after_is_ignored(admin: Caller) -> None:
    put_file(admin, one_box("car"))
    ignored = put_file(admin, one_box("bus"))
    assert (ignored.status_code, ignored.content) == (201, b"")
    car = shapes(admin)[0]["label_id"]
    assert put_file(admin, one_box("bus")).status_code == 202
    assert shapes(admin)[0]["label_id"] != car


def test_what_can_not_be_matched_is_400_and_what_can_not_be_read_500(admin: Caller) -> None:
    before = shapes(admin)
    put_file(admin, UNKNOWN_IMAGE)
    request = admin.request(IMPORT_ID)
    assert request["status"] == "failed" and "Traceback" not in request["message"]
    unmatched = ask(admin)
    assert (unmatched.status_code, unmatched.json()) == (
        400,
        "Could not match item id: 'nope_0030' with any task frame",
    )
    assert ask(admin).json() == NO_FILE
    put_file(admin, b'{"images":', COCO)
    unread = ask(admin, COCO)
    assert unread.status_code == 500 and unread.json().startswith("Traceback (most recent call last):\n")
    assert unread.headers["Content-Type"] == "application/vnd.cvat+json"
    assert shapes(admin) == before


def test_a_file_in_a_post_is_not_seen(admin: Caller) -> None:
    files = {"annotation_file": ("a.xml", one_box())}
    for params in ({"format": "CVAT 1.1"}, {"format": "Nope"}, {}):
        answer = admin.post("jobs/1/annotations", params=params, files=files)
        assert (answer.status_code, answer.json()) == (400, "No such file were uploaded")


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({"params": {"format": "Nope"}, "files": {"annotation_file": ("a", b"x")}}, ["Unknown input format 'Nope'"]),
        (
            {"params": {"format": "CVAT for images 1.1"}, "files": {"annotation_file": ("a", b"x")}},
            ["Unknown input format 'CVAT for images 1.1'"],
        ),
        ({"params": {"format": COCO}}, NO_FILE),
        ({"params": {"format": COCO, "rq_id": "bogus"}}, NO_FILE),
        ({"params": {"format": COCO}, "json": {}}, NO_FILE),
        ({"params": {"format": COCO}, "files": {"file": ("a", b"x")}}, NO_FILE),
        (
            {"params": {"format": COCO}, "files": {"annotation_file": ("a", b"")}},
            {"annotation_file": ["The submitted file is empty."]},
        ),
    ],
)
def test_imports_of_old_that_are_refused(admin: Caller, options: dict[str, object], body: object) -> None:
    answer = admin.put("jobs/1/annotations", **options)
    assert (answer.status_code, answer.json()) == (400, body)


def test_who_may_import(people: People) -> None:
    assert put_file(people(None), one_box()).status_code == 401
    assert put_file(people("grace"), one_box()).status_code == 403
    assert put_file(people("carol"), one_box()).status_code == 202


def test_the_list_of_requests_holds_it_until_it_is_asked_after(admin: Caller, sandbox: Sandbox) -> None:
    put_file(admin, one_box())
    (row,) = admin.get("requests?action=import").json()["results"]
    assert (row["id"], row["status"], row["result_url"]) == (IMPORT_ID, "finished", None)
    ask(admin)
    assert admin.get("requests?action=import").json()["count"] == 0 and not sandbox.store.requests
