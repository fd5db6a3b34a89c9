"""A look inside a file before it is uploaded, held against the job and the server."""

import gzip
import json
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jobsportal.cvat.types import Format, Formats
from jobsportal.looking import turns, views
from tests.checks import parsed
from tests.looking.files import COCO, XML, zip_of
from tests.sandbox.conftest import Caller

JOB, VIDEO = 46, 33
HTMX = {"HX-Request": "true"}
CALLS = sorted(["/api/server/annotation/formats", f"/api/jobs/{JOB}", "/api/labels", f"/api/jobs/{JOB}/data/meta"])


def ask(portal, content, *, name="file.zip", job=JOB, headers=HTMX, **more):
    file = SimpleUploadedFile("file", content if isinstance(content, bytes) else content.encode())
    data = {"file": file, "name": name, **{key: value for key, value in more.items() if value is not None}}
    return portal.post(f"/jobs/{job}/look", data, headers=headers)


def listed(entries):
    content = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return SimpleUploadedFile("entries", content)


def root(answer):
    (found,) = parsed(f"<!doctype html><title>a</title>{answer.content.decode()}").findall(".//div[@data-ok]")
    return found


def text(answer):
    return unescape(answer.content.decode())


def exported(upstream, name, job=JOB):
    return Caller(upstream, "admin").export(job, name).content


def pictures(upstream, job=JOB):
    found = upstream.store.jobs[job]
    return [upstream.store.task_of(found).frame_name(number) for number in found.frames]


def about(upstream, label="pallet", job=JOB):
    """A file of one box on the job's first picture."""
    return XML.replace("car", label).replace("crossing_0001.jpg", pictures(upstream, job)[0])


def test_an_export_of_the_job_fits_it(portal, upstream):
    file = exported(upstream, "CVAT for images 1.1")
    upstream.calls.clear()
    answer = ask(portal, file)
    assert answer.status_code == 200 and b"<html" not in answer.content
    found = root(answer)
    assert found.get("data-ok") == "true" and found.get("data-format") == "CVAT 1.1"
    assert found.get("data-certain") == "true" and found.get("data-doubt") == "false"
    assert "20 objects with" in text(answer) and "on 5 of the job's" in text(answer)
    assert "17 rectangles, 1 polyline, 2 tags: " in text(answer) and "pallet" in text(answer)
    assert sorted(call.path for call in upstream.calls) == CALLS


def test_nothing_is_changed_upstream(portal, upstream):
    ask(portal, about(upstream))
    assert {call.method for call in upstream.calls} == {"GET"}


@pytest.mark.parametrize("name", ["COCO 1.0", "CVAT for video 1.1", "YOLO 1.1", "Ultralytics YOLO Detection 1.0"])
def test_a_video_is_matched_by_its_frames_names_and_numbers(portal, upstream, name):
    answer = ask(portal, exported(upstream, name, VIDEO), job=VIDEO)
    assert "on 50 of the job's 50 frames" in text(answer) and root(answer).get("data-doubt") == "false"


def test_the_older_generation_is_asked_by_its_own_names(sign_in, older):
    older.request_seconds = 0.0
    answer = ask(sign_in(), exported(older, "YOLOv8 Detection 1.0"))
    assert root(answer).get("data-format") == "YOLOv8 Detection 1.0" and "This is" in text(answer)


def test_labels_that_the_job_does_not_have_are_named_with_what_may_be_meant(portal, upstream):
    answer = ask(portal, about(upstream, "Palet"), name="a.xml")
    assert "“Palet” (1 object; is “pallet” meant?)" in text(answer)
    assert root(answer).get("data-ok") == "true" and root(answer).get("data-doubt") == "true"


def test_pictures_of_another_job_are_named(portal, upstream):
    answer = ask(portal, XML.replace("car", "pallet"), name="a.xml")
    assert "Nothing in it matches a frame of this job. It is about “crossing_0001”" in text(answer)


def test_a_file_without_objects_says_what_it_would_do(portal, upstream):
    assert "would leave nothing" in text(ask(portal, "<annotations/>", name="a.xml"))


def test_what_must_not_be_sent_is_told_without_asking_the_server(portal, upstream):
    answer = ask(portal, zip_of({"../a.xml": XML}))
    assert answer.status_code == 200 and root(answer).get("data-ok") == "false"
    assert root(answer).get("data-format") == "" and "paths that lead out of it: “../a.xml”" in text(answer)
    assert not upstream.calls


def test_the_original_archive_is_judged_by_what_the_browser_lists(portal):
    entries = listed([["a.xml", len(XML), 90], ["../../etc/passwd", 9, 9], ["a.png", 9, 9]])
    assert "lead out" in text(ask(portal, zip_of({"a.xml": XML, "a.png": ""}), entries=entries))
    bomb = listed([["a.xml", 1 << 50, 1 << 20]])
    assert "far more than it weighs" in text(ask(portal, zip_of({"a.xml": XML}), entries=bomb))


def test_a_document_may_come_compressed(portal, upstream):
    answer = ask(portal, gzip.compress(about(upstream).encode()), name="a.xml", packed="gzip")
    assert root(answer).get("data-format") == "CVAT 1.1" and "1 object with 1 label on 1 of" in text(answer)
    assert "damaged" in text(ask(portal, b"no gzip", packed="gzip"))


VOC = "<annotation><filename>a.jpg</filename><object><name>pallet</name><bndbox/></object></annotation>"


def test_a_format_that_the_server_does_not_import_is_named(portal):
    answer = ask(portal, VOC, name="a.xml")
    assert "CVAT does not import PASCAL VOC 1.1 into this job" in text(answer)
    assert root(answer).get("data-format") == "" and root(answer).get("data-doubt") == "true"


def test_a_file_in_another_form_than_its_format_asks_for_is_warned_of(portal, monkeypatch):
    zipped = [Format(name="PASCAL VOC 1.1", ext="ZIP")]
    monkeypatch.setattr(views, "formats_of", lambda person: Formats(importers=zipped, exporters=[]))
    assert "PASCAL VOC 1.1 comes as a ZIP archive." in text(ask(portal, VOC, name="a.xml"))
    assert "comes as" not in text(ask(portal, zip_of({"Annotations/a.xml": VOC})))


def test_a_guess_is_not_given_out_as_certain(portal):
    answer = ask(portal, zip_of({"a.txt": "0 .1 .1 .1 .1\n"}))
    assert "This may be" in text(answer) and root(answer).get("data-certain") == "false"
    assert root(answer).get("data-format") == "Ultralytics YOLO Detection 1.0"


def test_names_out_of_the_file_can_not_become_markup(portal, upstream):
    evil = "&lt;img src=x onerror=alert(1)&gt;"
    answer = ask(portal, about(upstream, evil), name="<script>.xml")
    assert b"<img" not in answer.content and b"<script" not in answer.content and evil.encode() in answer.content
    named = zip_of({"../<b>'\"&.xml": XML})
    assert b"<b>" not in ask(portal, named).content


# The server fails


def test_an_upstream_that_is_down_hinders_nothing(portal, upstream, settings):
    file = about(upstream)
    upstream.fail(path="/api/", status=503)
    answer = ask(portal, file, name="a.xml")
    assert answer.status_code == 200 and root(answer).get("data-ok") == "true"
    assert "could not be compared with the job" in text(answer)
    assert "This is CVAT 1.1." in text(answer).replace("<strong>", "").replace("</strong>", "")
    assert "1 object" in text(answer) and root(answer).get("data-format") == ""


@pytest.mark.parametrize("path", ["/api/server/annotation/formats", "/api/labels", "/data/meta$", f"/api/jobs/{JOB}$"])
@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 200, "body": b"<html>", "content_type": "text/html"}])
def test_one_answer_that_fails_is_told(portal, upstream, path, fault):
    file = about(upstream)
    upstream.fail(path=path, **fault)
    answer = ask(portal, file, name="a.xml")
    assert answer.status_code == 200 and "could not be compared" in text(answer)


def test_a_job_that_is_gone_is_a_404(portal, upstream):
    assert ask(portal, about(upstream), job=999_999).status_code == 404


def test_whoever_is_signed_out_meanwhile_is_told_so(portal, upstream):
    file = about(upstream)
    upstream.fail(path="/api/labels", status=401, body=b'{"detail":"no"}', content_type="application/json")
    assert ask(portal, file).status_code == 401


def test_strangers_and_forged_forms_are_refused(portal, upstream):
    assert ask(Client(), XML).status_code == 401
    portal.handler.enforce_csrf_checks = True
    assert ask(portal, XML).status_code == 403
    assert portal.get(f"/jobs/{JOB}/look").status_code == 405


# Hostile requests


@pytest.mark.parametrize(
    "entries",
    [
        b"",
        b"no json",
        b"{}",
        b"[1]",
        b'[["a", 1]]',
        b'[["a", 1, 2, 3]]',
        b'[["a", "1", 2]]',
        b'[["a", -1, 2]]',
        b'[["a", 1e400, 2]]',
        b'[["a", 1.5, 2]]',
        b"[[null, 1, 2]]",
        b'[["\xff", 1, 2]]',
        b"[" * 100_000,
        b'[["a",1,1],' + b'["a",1,1],' * 100_001 + b'["a",1,1]]',
    ],
)
def test_a_list_that_is_none_is_refused_in_words(portal, upstream, entries):
    answer = ask(portal, zip_of({"a.xml": XML}), entries=listed(entries))
    assert answer.status_code == 422 and root(answer).get("data-ok") == "false"
    assert "list of the archive's files" in text(answer) or "submitted file is empty" in text(answer)
    assert not upstream.calls


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"name": "a.xml"},
        {"name": "a.xml", "file": "text"},
        {"file": SimpleUploadedFile("file", XML.encode())},
        {"file": SimpleUploadedFile("file", XML.encode()), "name": "a" * 2000},
        {"file": SimpleUploadedFile("file", XML.encode()), "name": "a\0b"},
        {"file": SimpleUploadedFile("file", XML.encode()), "name": "a", "packed": "bzip2"},
    ],
)
def test_a_form_that_is_none_is_refused_in_words(portal, data):
    answer = portal.post(f"/jobs/{JOB}/look", data, headers=HTMX)
    assert answer.status_code == 422 and root(answer).get("data-ok") == "false" and "notice bad" in text(answer)


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x"])
def test_other_bodies_are_refused(portal, kind):
    assert portal.post(f"/jobs/{JOB}/look", COCO, content_type=kind, headers=HTMX).status_code in (400, 422)


def test_an_empty_file_is_told(portal):
    assert "This file is empty" in text(ask(portal, b""))


def test_more_than_is_looked_into_is_refused_before_it_is_read(portal, settings):
    settings.LOOK_MAX_MIB = 1
    assert ask(portal, b"0" * (4 << 20)).status_code == 413
    assert ask(portal, b"0" * (1 << 20)).status_code == 200


def test_when_too_many_are_read_at_once_one_goes_without(portal, upstream, monkeypatch):
    monkeypatch.setattr(turns, "WAIT_SECONDS", 0.01)
    with turns.turns, turns.turns:
        answer = ask(portal, about(upstream), name="a.xml")
    assert root(answer).get("data-ok") == "true" and "was not" in text(answer)
    for _ in range(3):
        assert "CVAT 1.1" in text(ask(portal, about(upstream), name="a.xml"))
        ask(portal, b"PK\x03\x04")
