"""The resumable upload of the older generation: found by the name of the file."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable

import requests

from .conftest import Caller, until
from .old import IMPORT_ID, ask, one_box, running, shapes  # noqa: F401

People = Callable[[str | None], Caller]
CONTENT = one_box()
PIECE = {"Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0"}


def metadata(name: str) -> str:
    return f"filename {base64.b64encode(name.encode()).decode()}"


def create(caller: Caller, name: str = "anno file.xml", **headers: str) -> requests.Response:
    sent = {"Upload-Length": str(len(CONTENT)), "Origin": caller.sandbox.url, "Upload-Metadata": metadata(name)}
    return caller.post("jobs/1/annotations/", headers=sent | headers)


def send(caller: Caller, location: str, offset: int, content: bytes) -> requests.Response:
    return caller.patch(location, data=content, headers=PIECE | {"Upload-Offset": str(offset)})


def finish(caller: Caller, name: str = "anno file.xml", form: str = "CVAT 1.1") -> requests.Response:
    params = {"format": form, "filename": name}
    return caller.post("jobs/1/annotations", params=params, headers={"Upload-Finish": ""})


def upload(caller: Caller, name: str = "anno file.xml") -> None:
    assert send(caller, create(caller, name).headers["Location"], 0, CONTENT).status_code == 204


def test_a_file_in_two_pieces(admin: Caller) -> None:
    started = admin.post("jobs/1/annotations?format=CVAT 1.1&filename=a.xml", headers={"Upload-Start": ""})
    assert (started.status_code, started.content) == (202, b"")
    made = create(admin)
    assert (made.status_code, made.headers["Upload-Filename"]) == (201, "anno file.xml")
    location = made.headers["Location"]
    first = send(admin, location, 0, CONTENT[:30])
    assert (first.headers["Upload-Offset"], first.headers["Upload-Filename"]) == ("30", "anno file.xml")
    head = admin("HEAD", location)
    assert (head.status_code, head.headers["Upload-Offset"]) == (200, "30")
    assert send(admin, location, 5, b"x").status_code == 409
    assert finish(admin).json() == "No such file were uploaded"
    assert send(admin, location, 30, CONTENT[30:]).status_code == 204
    complete = admin("HEAD", location)
    assert (complete.status_code, complete.headers["Tus-Resumable"]) == (404, "1.0.0")
    done = finish(admin)
    assert (done.status_code, done.json()) == (202, {"rq_id": IMPORT_ID})
    assert ask(admin).status_code == 201 and len(shapes(admin)) == 1
    assert finish(admin).json() == "No such file were uploaded"


def test_a_colleague_may_finish_it(admin: Caller, people: People) -> None:
    upload(admin)
    assert finish(people("grace")).status_code == 403
    assert finish(people("alice")).status_code == 202


def test_the_format_is_looked_at_after_the_file(admin: Caller) -> None:
    assert finish(admin, form="Nope").json() == "No such file were uploaded"
    upload(admin)
    assert finish(admin, form="Nope").json() == ["Unknown input format 'Nope'"]
    assert finish(admin).status_code == 202


def test_what_was_uploaded_can_be_put_by_its_name(admin: Caller) -> None:
    upload(admin)
    started = admin.put("jobs/1/annotations", params={"format": "CVAT 1.1", "filename": "anno file.xml"})
    assert started.json() == {"rq_id": IMPORT_ID}
    assert ask(admin).status_code == 201 and len(shapes(admin)) == 1


def test_one_import_at_a_time(admin: Caller, held: dict[str, threading.Event]) -> None:
    upload(admin)
    assert finish(admin).status_code == 202
    upload(admin, "second.xml")
    busy = finish(admin, "second.xml")
    assert (busy.status_code, busy.json()) == (409, "Import job already exists")
    held["start"].set()
    held["end"].set()
    until(lambda: admin.request(IMPORT_ID)["status"] == "finished")
    assert finish(admin, "second.xml").status_code == 202


def test_uploads_that_are_refused(admin: Caller) -> None:
    outside = create(admin, "../../x.zip")
    assert (outside.status_code, outside.json()) == (400, "File name ../../x.zip is not allowed")
    assert outside.headers["Tus-Resumable"] == "1.0.0"
    for crash in ("filename !!!", "", "filename"):
        assert create(admin, **{"Upload-Metadata": crash}).status_code == 500
    large = create(admin, **{"Upload-Length": "99999999999"})
    assert (large.status_code, large.json()) == (413, "File size exceeds max limit of 26843545600 bytes")
    no_origin = {"Upload-Length": "10", "Upload-Metadata": metadata("a.xml")}
    assert admin.post("jobs/1/annotations/", headers=no_origin).status_code == 500
    assert send(admin, "jobs/1/annotations/00000000-0000-0000-0000-000000000000", 0, b"x").status_code == 500
    assert admin("OPTIONS", "jobs/1/annotations/").status_code == 500


def test_a_name_is_free_again_once_its_file_is_in(admin: Caller) -> None:
    upload(admin)
    taken = create(admin)
    assert (taken.status_code, taken.json()) == (409, "File with same name already exists")
    finish(admin)
    assert create(admin).status_code == create(admin).status_code == 201


def test_a_name_beyond_ascii_is_written_as_in_mail(admin: Caller) -> None:
    assert create(admin, "Überblick ☂.xml").headers["Upload-Filename"].startswith("=?utf-8?")
    upload(admin, "Überblick ☂.xml")
    assert finish(admin, "Überblick ☂.xml").status_code == 202
