"""The resumable upload: start, create, pieces, finish."""

from __future__ import annotations

import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from jobsportal.sandbox import Sandbox

from .conftest import Caller, until

People = Callable[[str | None], Caller]
CONTENT = (
    b'<annotations><image id="0" name="crossing_0001.jpg">'
    b'<box label="car" xtl="10" ytl="20" xbr="60" ybr="70"/></image></annotations>'
)
PIECE = {"Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0"}


def create(caller: Caller, **headers: str) -> str:
    sent = {"Upload-Length": str(len(CONTENT)), "Origin": caller.sandbox.url} | headers
    answer = caller.post("jobs/1/annotations/", headers=sent)
    assert answer.status_code == 201, answer.text
    name = answer.headers["Upload-Filename"]
    assert answer.headers["Location"] == f"{sent['Origin']}/api/jobs/1/annotations/{name}"
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    return name


def send(caller: Caller, name: str, offset: int, content: bytes) -> int:
    headers = PIECE | {"Upload-Offset": str(offset)}
    return caller.patch(f"jobs/1/annotations/{name}", data=content, headers=headers).status_code


def test_a_file_in_two_pieces(admin: Caller) -> None:
    started = admin.post("jobs/1/annotations?format=CVAT 1.1&filename=a.xml", headers={"Upload-Start": ""})
    assert (started.status_code, started.content) == (202, b"")
    name = create(admin)
    assert name.startswith("1_")
    assert send(admin, name, 0, CONTENT[:30]) == 204
    head = admin("HEAD", f"jobs/1/annotations/{name}")
    assert (head.status_code, head.headers["Upload-Offset"], head.headers["Upload-Length"]) == (
        200,
        "30",
        str(len(CONTENT)),
    )
    assert send(admin, name, 5, b"x") == 409
    early = admin.post(f"jobs/1/annotations?format=CVAT 1.1&filename={name}", headers={"Upload-Finish": ""})
    assert early.json() == ["No such file were uploaded"]
    assert send(admin, name, 30, CONTENT[30:]) == 204
    assert admin("HEAD", f"jobs/1/annotations/{name}").status_code == 500
    finished = admin.post(f"jobs/1/annotations?format=CVAT 1.1&filename={name}", headers={"Upload-Finish": ""})
    assert (finished.status_code, set(finished.json())) == (202, {"rq_id"})
    assert len(admin.get("jobs/1/annotations").json()["shapes"]) == 1


def test_the_name_is_the_one_the_server_gave_and_for_its_owner(admin: Caller, people: People) -> None:
    name = create(admin)
    send(admin, name, 0, CONTENT)
    for caller, asked in ((admin, "a.xml"), (people("alice"), name)):
        answer = caller.post(f"jobs/1/annotations?format=CVAT 1.1&filename={asked}", headers={"Upload-Finish": ""})
        assert (answer.status_code, answer.json()) == (400, ["No such file were uploaded"])


def test_uploads_that_are_refused(admin: Caller, people: People) -> None:
    assert admin.post("jobs/1/annotations/", headers={"Upload-Length": "10"}).status_code == 500  # no origin
    large = admin.post("jobs/1/annotations/", headers={"Upload-Length": "99999999999"})
    assert (large.status_code, large.json()) == (413, "File size exceeds max limit of 26843545600 bytes")
    assert people("grace").post("jobs/1/annotations/", headers={"Upload-Length": "10"}).status_code == 403
    assert send(admin, "00000000-0000-0000-0000-000000000000", 0, b"x") == 404
    name = create(admin)
    wrong = admin.patch(f"jobs/1/annotations/{name}", data=b"x", headers={"Content-Type": "text/plain"})
    assert wrong.json() == {"detail": 'Unsupported media type "text/plain" in request.'}


def test_what_was_uploaded_waits_while_another_import_runs(admin: Caller, held: dict[str, threading.Event]) -> None:
    names = [create(admin), create(admin)]
    for name in names:
        send(admin, name, 0, CONTENT)
    asked = [f"jobs/1/annotations?format=CVAT 1.1&filename={name}" for name in names]
    rq_id = admin.post(asked[0], headers={"Upload-Finish": ""}).json()["rq_id"]
    assert admin.post(asked[1], headers={"Upload-Finish": ""}).status_code == 409
    held["start"].set()
    held["end"].set()
    until(lambda: admin.request(rq_id)["status"] == "finished")
    assert admin.post(asked[1], headers={"Upload-Finish": ""}).status_code == 202


def test_behind_a_proxy_no_origin_is_needed(admin: Caller) -> None:
    front = {"Upload-Length": "10", "X-Forwarded-Host": "front.example:9000", "X-Forwarded-Proto": "https"}
    location = admin.post("jobs/1/annotations/", headers=front).headers["Location"]
    assert urlsplit(location)[:2] == ("https", "front.example:9000")


def test_what_the_server_can_do(admin: Caller) -> None:
    answer = admin("OPTIONS", "jobs/1/annotations/")
    assert (answer.status_code, answer.headers["Tus-Max-Size"]) == (204, "26843545600")


def test_a_reset_forgets_uploads(admin: Caller, sandbox: Sandbox) -> None:
    name = create(admin)
    sandbox.reset()
    assert send(admin, name, 0, b"x") == 404
