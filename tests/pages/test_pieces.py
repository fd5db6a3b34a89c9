"""A file that is sent in pieces: the ways that the page's script goes."""

import io
import zipfile
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client

from jobsportal.annotations.models import Backup
from jobsportal.looking import turns
from jobsportal.sandbox import Sandbox
from tests.checks import CheckedClient
from tests.pages.test_upload import CVAT, EMPTY, JOB, annotations, box, text, total

OFFSET = "application/offset+octet-stream"


@pytest.fixture
def person(server, sign_in):
    return sign_in()


@pytest.fixture
def newest(settings):
    with Sandbox(version="2.66", anonymous_per_minute=100_000) as newest:
        settings.CVAT_URL = settings.CVAT_PUBLIC_URL = newest.url
        yield newest


OPTIONS = {"format": CVAT, "seen": 20, "replace": "on", "keep_backup": "on"}


def begun(portal, size, *, job=JOB, name="boxes.xml", **options):
    return portal.post(f"/jobs/{job}/upload/begin", {"name": name, "size": size, **OPTIONS, **options})


def at(portal, token, *, job=JOB):
    return portal.get(f"/jobs/{job}/upload/piece", {"t": token})


def piece(portal, token, offset, content, *, job=JOB):
    headers = {"Upload-Offset": str(offset)}
    return portal.patch(f"/jobs/{job}/upload/piece?t={token}", content, content_type=OFFSET, headers=headers)


def finish(portal, token, *, job=JOB, **options):
    data = {name: value for name, value in {**OPTIONS, **options}.items() if value != ""}
    return portal.post(f"/jobs/{job}/upload/finish?t={token}", data)


def sent(portal, content, **options):
    """A file that is complete upstream: its token."""
    token = begun(portal, len(content), **options).json()["token"]
    assert piece(portal, token, 0, content).json() == {"offset": len(content)}
    return token


def test_a_file_in_pieces_is_imported_after_a_backup_was_kept(person, server):
    content = box(server)
    token = begun(person, len(content)).json()["token"]
    assert piece(person, token, 0, content[:50]).json() == {"offset": 50}
    assert at(person, token).json() == {"offset": 50, "size": len(content)}
    assert piece(person, token, 50, content[50:]).json() == {"offset": len(content)}
    follow = finish(person, token).json()["follow"]
    page = text(person.get(follow))
    assert "The annotations were replaced" in page and "boxes.xml as CVAT 1.1" in page and "−16" in page
    assert total(server) == 1 and Backup.objects.get().before == {"rectangle": 17, "polyline": 1, "tag": 2}
    assert "Take it back…" in page


def test_nothing_of_a_piece_is_kept_on_the_way(person, server, monkeypatch):
    monkeypatch.setattr("django.http.request.HttpRequest.body", property(lambda request: pytest.fail("read whole")))
    monkeypatch.setattr("tempfile.NamedTemporaryFile", lambda *args, **kwargs: pytest.fail("spooled"))
    content = box(server)
    token = begun(person, len(content)).json()["token"]
    assert piece(person, token, 0, content).status_code == 200


def test_a_piece_that_does_not_go_on_where_the_file_is_is_told_where_that_is(person, server):
    token = begun(person, 100).json()["token"]
    piece(person, token, 0, b"x" * 40)
    answer = piece(person, token, 10, b"x" * 20)
    assert answer.status_code == 409 and answer.json()["offset"] == 40


def test_a_complete_or_vanished_upload_has_no_offset(person, server):
    token = sent(person, box(server))
    assert at(person, token).json()["offset"] is None
    server.service.clean()
    assert at(person, token).json()["offset"] is None
    answer = finish(person, token)
    assert answer.status_code == 404 and answer.json()["gone"] is True and total(server) == 20
    assert not Backup.objects.exists(), "nothing was changed, so there is nothing to go back to"


def test_a_line_that_breaks_upstream_is_told_as_something_that_passes(person, server):
    token = begun(person, 100).json()["token"]
    server.fail("PATCH", "/annotations/", reset=True)
    answer = piece(person, token, 0, b"x" * 40)
    assert answer.status_code == 502 and answer.json()["again"] is True
    assert at(person, token).json()["offset"] == 0


@pytest.mark.parametrize(("fault", "status"), [({"status": 503}, 503), ({"status": 500}, 502), ({"status": 403}, 403)])
def test_what_the_upstream_says_to_a_piece_is_passed_on_in_words(portal, upstream, fault, status):
    token = begun(portal, 100).json()["token"]
    upstream.fail("PATCH", "/annotations/", **fault)
    answer = piece(portal, token, 0, b"x" * 40)
    assert answer.status_code == status and answer.json()["again"] is (status != 403) and answer.json()["problem"]


def test_going_on_needs_no_more_than_the_same_person(person, server, sign_in):
    """Another sign-in, in another browser."""
    content = box(server)
    token = begun(person, len(content)).json()["token"]
    piece(person, token, 0, content[:50])
    again = sign_in()
    assert at(again, token).json()["offset"] == 50
    piece(again, token, 50, content[50:])
    assert finish(again, token).status_code == 200 and total(server) == 1


@pytest.mark.parametrize("step", ["piece", "finish"])
def test_a_token_is_worth_nothing_once_changed_in_other_hands_or_for_another_job(portal, sign_in, step):
    token = begun(portal, 100).json()["token"]

    def tried(client, token, job=JOB):
        return piece(client, token, 0, b"x", job=job) if step == "piece" else finish(client, token, job=job)

    for answer in (
        tried(portal, token[:-1]),
        tried(sign_in("admin"), token),
        tried(portal, token, 45),
        tried(portal, ""),
    ):
        assert answer.status_code == 404 and answer.json()["gone"] is True


def test_two_clicks_on_finish_begin_one_import(person, server):
    token = sent(person, box(server))
    first, second = finish(person, token), finish(person, token)
    assert first.json() == second.json() and Backup.objects.count() == 1
    finishes = [call for call in server.calls if "upload-finish" in call.headers]
    assert len(finishes) == 1


def test_a_finish_that_is_under_way_is_to_be_asked_for_again(portal, upstream, monkeypatch):
    monkeypatch.setattr("jobsportal.annotations.once.WAIT_SECONDS", 0)
    token = sent(portal, box(upstream))
    monkeypatch.setattr(cache, "add", lambda *args: False)
    monkeypatch.setattr(cache, "get", lambda *args: "")
    answer = finish(portal, token)
    assert answer.status_code == 503 and answer.json()["again"] is True and total(upstream) == 20


def test_a_finish_whose_answer_is_lost_says_that_it_may_have_begun(portal, upstream):
    token = sent(portal, box(upstream))
    upstream.fail("POST", "/annotations$", reset=True)
    answer = finish(portal, token)
    assert answer.status_code == 502 and "The import may have begun all the same" in answer.json()["problem"]
    assert "again" not in answer.json() and Backup.objects.count() == 1


def test_what_came_in_between_has_to_be_confirmed_and_the_file_is_not_sent_again(person, server):
    token = sent(person, box(server))
    annotations(server)["shapes"].pop()
    answer = finish(person, token)
    assert answer.status_code == 422 and answer.json()["now"] == 19
    assert "There were 20 when you looked, and there are 19 now." in answer.json()["errors"]["replace"]
    assert total(server) == 19
    assert finish(person, token, seen=19).status_code == 200 and total(server) == 1


def test_no_backup_no_import(portal, upstream, settings):
    settings.BACKUP_MAX_MIB = 0
    token = sent(portal, box(upstream))
    answer = finish(portal, token)
    assert answer.status_code == 503 and "The backup could not be taken" in answer.json()["errors"]["keep_backup"]
    assert total(upstream) == 20
    assert finish(portal, token, keep_backup="").status_code == 200 and total(upstream) == 1


def test_an_import_that_runs_is_in_the_way_and_can_be_followed(person, server):
    content = box(server)
    first, second = sent(person, content), sent(person, content)
    server.request_seconds = 60
    finish(person, first)
    answer = finish(person, second)
    assert answer.status_code == 409 and "Yours was not sent on." in answer.json()["problem"]
    if answer.json()["follow"]:
        assert "Waiting for Test CVAT" in text(person.get(answer.json()["follow"]))


def test_on_an_older_server_an_import_that_runs_is_told_before_anything_is_sent(older, sign_in):
    portal = sign_in()
    older.request_seconds = 60
    finish(portal, sent(portal, box(older)))
    answer = begun(portal, 100)
    assert answer.status_code == 409 and "/upload/progress?r=" in answer.json()["follow"]


def test_on_an_older_server_an_import_that_is_over_is_put_out_of_the_way(older, sign_in):
    portal = sign_in()
    for seen in (20, 1):
        token = begun(portal, len(box(older)), seen=seen).json()["token"]
        piece(portal, token, 0, box(older))
        assert finish(portal, token, seen=seen).status_code == 200
    assert total(older) == 1


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"size": 0}, "size", "This file is empty."),
        ({"size": 3 * 1024**3}, "size", "Files of up to 2,048 MiB can be uploaded here."),
        ({"format": "Nope"}, "format", "does not import this format"),
        ({"replace": ""}, "replace", "Tick this to go on"),
        ({"seen": 19}, "replace", "There were 19 when you looked"),
        ({"name": ""}, "name", "required"),
    ],
)
def test_what_is_not_right_is_told_before_anything_is_sent(portal, upstream, change, field, words):
    given = {"name": "a.xml", "size": 100, **OPTIONS, **change}
    answer = portal.post(f"/jobs/{JOB}/upload/begin", {name: value for name, value in given.items() if value != ""})
    assert answer.status_code == 422 and words in answer.json()["errors"][field]
    assert not [call for call in upstream.calls if call.method == "POST"]


@pytest.mark.parametrize(
    ("offset", "length", "status"), [("x", 10, 400), ("", 10, 400), ("-1", 10, 400), ("0", 101, 413), ("95", 10, 413)]
)
def test_a_piece_that_can_not_belong_to_the_file_is_not_sent_on(portal, upstream, offset, length, status):
    token = begun(portal, 100).json()["token"]
    answer = piece(portal, token, offset, b"x" * length)
    assert answer.status_code == status and not [call for call in upstream.calls if call.method == "PATCH"]


def test_a_piece_that_is_too_large_is_refused_unread(portal, upstream):
    token = begun(portal, 100_000_000).json()["token"]
    assert piece(portal, token, 0, b"x" * (8 * 1024 * 1024 + 1)).status_code == 413
    assert piece(portal, token, 0, b"x" * (11 * 1024 * 1024)).status_code == 413
    assert not [call for call in upstream.calls if call.method == "PATCH"]


def test_a_body_whose_length_is_not_told_is_refused(portal):
    token = begun(portal, 100).json()["token"]
    extra = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "", "HTTP_UPLOAD_OFFSET": "0"}
    answer = portal.patch(f"/jobs/{JOB}/upload/piece?t={token}", b"abc", content_type=OFFSET, **extra)
    assert answer.status_code == 411 and "has no length" in text(answer)


def test_more_transfers_than_there_is_room_for_are_asked_to_wait(portal, monkeypatch):
    token = begun(portal, 100).json()["token"]
    monkeypatch.setattr("jobsportal.web.streaming.transfers.acquire", lambda **options: False)
    answer = piece(portal, token, 0, b"x")
    assert answer.status_code == 503 and answer.json() == {
        "problem": "Test CVAT is busy. Too many files are on their way through the portal.",
        "brief": "Test CVAT is busy. Too many files are on their way through the portal.",
        "again": True,
        "after": 30,
    }


def test_signing_out_in_the_middle_is_told_as_everywhere(portal, upstream):
    token = begun(portal, 100).json()["token"]
    upstream.revoke("alice")
    url = f"/jobs/{JOB}/upload/piece?t={token}"
    headers = {"Upload-Offset": "0", "HX-Request": "true"}
    assert portal.patch(url, b"x", content_type=OFFSET, headers=headers).status_code == 401
    assert portal.patch(url, b"x", content_type=OFFSET, headers=headers).status_code == 401


def test_pieces_want_the_pages_token(portal):
    token = begun(portal, 100).json()["token"]
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = portal.cookies
    url = f"/jobs/{JOB}/upload/piece?t={token}"
    page = strict.get(f"/jobs/{JOB}/upload/").content.decode()
    given = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    headers = {"Upload-Offset": "0"}
    assert strict.patch(url, b"x", content_type=OFFSET, headers=headers).status_code == 403
    headers["X-CSRFToken"] = given
    assert strict.patch(url, b"x", content_type=OFFSET, headers=headers).status_code == 200


def test_a_file_for_an_empty_job_needs_no_confirmation(portal, upstream):
    answer = portal.post(f"/jobs/{EMPTY}/upload/begin", {"name": "a.xml", "size": 10, "format": CVAT})
    assert answer.status_code == 200 and answer.json()["offset"] == 0


# Adding to what is there


def test_a_server_that_can_adds_to_what_is_there(newest, sign_in):
    portal = sign_in()
    page = text(portal.get(f"/jobs/{JOB}/upload/"))
    assert "It stays, and what is in the file is added to it" in page and 'name="mode"' in page
    token = begun(portal, len(box(newest)), mode="append", replace="").json()["token"]
    piece(portal, token, 0, box(newest))
    follow = finish(portal, token, mode="append", replace="").json()["follow"]
    shown = text(portal.get(follow))
    assert "The annotations were added" in shown and total(newest) == 21 and "+1" in shown
    begin = next(call for call in newest.calls if "upload-finish" in call.headers)
    assert begin.query["import_mode"] == ["append"]


def test_replacing_is_the_default_and_not_spelt_out(newest, sign_in):
    portal = sign_in()
    finish(portal, sent(portal, box(newest)), mode="replace")
    begin = next(call for call in newest.calls if "upload-finish" in call.headers)
    assert "import_mode" not in begin.query and total(newest) == 1


@pytest.mark.parametrize("way", ["form", "pieces"])
def test_a_server_that_only_replaces_is_not_asked_to_add(portal, upstream, way):
    """It would replace all, and say nothing."""
    page = text(portal.get(f"/jobs/{JOB}/upload/"))
    assert 'name="mode"' not in page
    if way == "form":
        data = {"file": io.BytesIO(box(upstream)), "format": CVAT, "mode": "append"}
        assert portal.post(f"/jobs/{JOB}/upload/", data).status_code == 422
    else:
        token = sent(portal, box(upstream))
        assert finish(portal, token, mode="append", replace="").status_code == 422
    assert total(upstream) == 20


def test_nothing_that_fitted_is_said_of_adding_too(newest, sign_in):
    portal = sign_in()
    nothing = b'<?xml version="1.0"?><annotations><version>1.1</version></annotations>'
    token = begun(portal, len(nothing), mode="append", replace="").json()["token"]
    piece(portal, token, 0, nothing)
    page = text(portal.get(finish(portal, token, mode="append", replace="").json()["follow"]))
    assert "Nothing in the file fitted: nothing was added" in page and total(newest) == 20


def test_the_plain_form_adds_as_well(newest, sign_in):
    portal = sign_in()
    data = {"file": io.BytesIO(box(newest)), "format": CVAT, "mode": "append", "keep_backup": "on"}
    answer = portal.post(f"/jobs/{JOB}/upload/", data)
    assert answer.status_code == 302 and total(newest) == 21


# A look inside, where no script has had one


def test_a_file_that_must_not_be_opened_is_refused_by_the_plain_form(portal, upstream):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("/etc/annotations.xml", "<annotations/>")
    data = {"file": io.BytesIO(content.getvalue()), "format": CVAT, "seen": 20, "replace": "on"}
    data["file"].name = "boxes.zip"
    answer = portal.post(f"/jobs/{JOB}/upload/", data)
    assert answer.status_code == 422 and 'id="id_file_error"' in text(answer) and total(upstream) == 20


def test_the_plain_form_waits_for_its_turn_to_be_looked_into(portal, upstream, monkeypatch):
    monkeypatch.setattr(turns, "WAIT_SECONDS", 0.01)
    data = {"file": io.BytesIO(box(upstream)), "format": CVAT, "seen": 20, "replace": "on"}
    data["file"].name = "boxes.xml"
    with turns.turns, turns.turns:
        answer = portal.post(f"/jobs/{JOB}/upload/", data)
    assert answer.status_code == 422 and "was not sent. Send it again" in text(answer) and total(upstream) == 20


def test_a_piece_that_breaks_off_is_not_blamed_on_the_upstream(portal, upstream):
    token = begun(portal, 100).json()["token"]
    cut = {"wsgi.input": io.BytesIO(b"x" * 10), "CONTENT_LENGTH": "50", "HTTP_UPLOAD_OFFSET": "0"}
    answer = portal.patch(f"/jobs/{JOB}/upload/piece?t={token}", b"", content_type=OFFSET, **cut)
    assert answer.status_code == 400 and answer.json() == {"problem": "This piece broke off.", "again": True}


def test_what_passes_is_told_in_brief_as_well(person, server):
    token = begun(person, 100).json()["token"]
    server.fail("PATCH", reset=True)
    told = piece(person, token, 0, b"x" * 10).json()
    assert told["brief"] == "Test CVAT can't be reached." and told["problem"].endswith("Try again in a moment.")


@pytest.mark.parametrize(("headers", "status"), [({"HX-Request": "true"}, 401), ({}, 413)])
def test_a_stranger_who_sends_a_piece_is_told_to_sign_in_and_not_of_sizes(upstream, headers, status):
    address = f"/jobs/{JOB}/upload/piece?t=x"
    answer = CheckedClient().patch(address, b"x" * 4_194_304, content_type=OFFSET, headers=headers)
    told = answer.headers.get("HX-Trigger", "") + text(answer)
    assert answer.status_code == status and "You are signed out" in told and "MiB" not in told


# How an import goes, for a script that follows many


def stands(portal, follow):
    token = parse_qs(urlsplit(follow).query)["r"][0]
    return portal.get(f"/jobs/{JOB}/upload/stands", {"r": token}).json()


def test_an_import_is_followed_in_one_line(person, server):
    server.request_seconds = 60
    follow = finish(person, sent(person, box(server))).json()["follow"]
    line = stands(person, follow)
    assert line["state"] == "running" and line["words"] == "Waiting to be imported" and "restore" not in line
    item = next(iter(server.store.requests.values()))
    item.status, item.finished = "finished", item.created
    annotations(server)["shapes"].clear()
    line = stands(person, follow)
    assert line["state"] == "done" and line["words"] == "20 → 2 annotations"
    assert line["restore"].startswith(f"/jobs/{JOB}/annotations/backups/") and line["page"] == follow


@pytest.mark.parametrize(
    ("content", "state", "words"),
    [
        (b"<annotations><ima", "failed", "can't be read as XML"),
        (b"<annotations><version>1.1</version></annotations>", "empty", "all 20 annotations are gone"),
    ],
)
def test_how_an_import_failed_is_told_in_one_line(person, server, content, state, words):
    line = stands(person, finish(person, sent(person, content)).json()["follow"])
    assert line["state"] == state and words in line["words"]
    assert ("Nothing was changed." in line["words"]) is (state == "failed")
    assert ("restore" in line) is (state == "empty")


def test_a_line_of_somebody_elses_import_is_not_told(portal, upstream, sign_in):
    follow = finish(portal, sent(portal, box(upstream))).json()["follow"]
    token = parse_qs(urlsplit(follow).query)["r"][0]
    assert sign_in("admin").get(f"/jobs/{JOB}/upload/stands", {"r": token}).status_code == 404
    assert portal.get(f"/jobs/{JOB}/upload/stands", {"r": "x"}).status_code == 404


def test_what_is_there_now_is_told_with_the_formats(portal):
    told = portal.get(f"/jobs/{JOB}/upload/now").json()
    assert told["total"] == 20 and told["counts"] == "17 rectangles, 1 polyline, 2 tags" and CVAT in told["formats"]
    assert portal.get("/jobs/999999/upload/now").status_code == 404
