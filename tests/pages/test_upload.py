"""What is annotated in a job, a copy of it, and replacing it by a file."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from jobsportal.annotations.contents import complaint
from jobsportal.annotations.formats import backup_format
from jobsportal.annotations.forms import look_into
from jobsportal.annotations.imports import from_token
from jobsportal.cvat.labeled import AnnotationOutline, Track
from jobsportal.cvat.types import Format, Formats, Job
from tests.checks import parsed, upstream_of

JOB, EMPTY = 46, 44
CVAT = "CVAT 1.1"
IMPORT = f"action=import&target=job&target_id={JOB}&subresource=annotations"


def htmx(target):
    return {"HX-Request": "true", "HX-Target": target}


def text(response):
    return unescape(response.content.decode())


def annotations(upstream, job=JOB):
    return upstream.store.annotations_of(upstream.store.jobs[job])


def total(upstream, job=JOB):
    return sum(len(annotations(upstream, job)[kind]) for kind in ("tags", "shapes", "tracks"))


def box(upstream, label="pallet"):
    """A CVAT XML with one box on the job's first frame."""
    job = upstream.store.jobs[JOB]
    name = upstream.store.task_of(job).frame_name(job.frames[0])
    shape = f'<box label="{label}" xtl="1" ytl="1" xbr="20" ybr="20" occluded="0" z_order="0"/>'
    image = f'<image id="{job.frames[0]}" name="{name}" width="640" height="480">{shape}</image>'
    return f'<?xml version="1.0"?><annotations><version>1.1</version>{image}</annotations>'.encode()


def strange(upstream):
    """The same for an image that the task doesn't have."""
    content = box(upstream).decode()
    return content.replace(content.split('name="')[1].split('"')[0], "stranger.jpg").encode()


def send(portal, content, *, name="boxes.xml", format=CVAT, seen=20, replace="on", job=JOB, **options):
    data = {"file": SimpleUploadedFile(name, content), "format": format, "seen": seen, "replace": replace}
    return portal.post(f"/jobs/{job}/upload/", {key: value for key, value in data.items() if value != ""}, **options)


def form(name, ext):
    return Format(name=name, ext=ext)


# Counts and copy


def test_the_annotations_are_counted_by_label_and_kind(portal):
    page = text(portal.get(f"/jobs/{JOB}/annotations/"))
    assert "20 annotations on 5 frames" in page
    assert all(word in page for word in ("rectangles", "polylines", "tags", "pallet", 'fill="#'))
    assert "Not used yet: forklift" in page


def test_the_overview_gets_the_counts_as_a_part_with_two_calls(portal, upstream):
    part = portal.get(f"/jobs/{JOB}/annotations/", headers=htmx("counts"))
    assert "20 annotations" in text(part) and b"<html" not in part.content
    assert sorted(call.path for call in upstream.calls) == [f"/api/jobs/{JOB}/annotations", "/api/labels"]


def test_a_job_without_annotations_offers_to_upload_some(portal):
    page = text(portal.get(f"/jobs/{EMPTY}/annotations/"))
    assert "Nothing is annotated in this job yet." in page and f"/jobs/{EMPTY}/upload/" in page


def test_annotations_without_their_labels_names_are_still_counted(portal, upstream):
    upstream.fail(path="/api/labels", status=500)
    page = text(portal.get(f"/jobs/{JOB}/annotations/"))
    assert "20 annotations" in page and "labels' names could not be read" in page and "label " in page


def test_a_count_that_fails_is_told_in_its_place(portal, upstream):
    upstream.fail(path="/annotations$", status=500)
    page = portal.get(f"/jobs/{JOB}/annotations/")
    assert page.status_code == 200 and "Test CVAT failed" in text(page) and "Depot yard" in text(page)


def test_too_many_annotations_to_count_are_offered_as_export(portal, settings):
    settings.CVAT_MAX_BODY_MIB = 0.001
    assert "This is too much at once" in text(portal.get(f"/jobs/{JOB}/annotations/", headers=htmx("counts")))


def test_a_job_that_is_gone_is_a_404(portal):
    assert portal.get("/jobs/999999/annotations/").status_code == 404
    assert portal.get("/jobs/999999/annotations.json").status_code == 404
    assert portal.get("/jobs/999999/upload/").status_code == 404


def test_a_colour_that_is_none_does_not_get_into_the_page(portal, upstream):
    job = upstream.store.jobs[JOB]
    for label in upstream.store.labels_of_task(upstream.store.task_of(job)):
        label.color = '"><script>'
    assert 'fill="#888888"' in text(portal.get(f"/jobs/{JOB}/annotations/"))


def test_the_copy_is_what_the_server_has(portal, upstream):
    answer = portal.get(f"/jobs/{JOB}/annotations.json")
    assert answer.streaming and answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"].startswith(f'attachment; filename="job{JOB}-annotations-20')
    copied = json.loads(answer.getvalue())
    assert len(copied["shapes"]) == len(annotations(upstream)["shapes"]) and "attributes" in copied["shapes"][0]


def test_closing_the_copy_closes_the_way_upstream(portal):
    answer = portal.get(f"/jobs/{JOB}/annotations.json")
    raw = upstream_of(answer)
    answer.close()
    assert raw.closed


def test_a_copy_that_may_not_be_had_is_an_ordinary_page(portal, upstream):
    upstream.fail(path="/annotations$", status=403, body=b'{"detail":"no"}', content_type="application/json")
    answer = portal.get(f"/jobs/{JOB}/annotations.json")
    assert answer.status_code == 403 and "You may not do this" in text(answer)


# The form


def test_the_form_says_what_is_lost_and_offers_a_copy_first(portal):
    page = text(portal.get(f"/jobs/{JOB}/upload/"))
    assert "Replace the 20 annotations that are there" in page
    assert "17 rectangles, 1 polyline, 2 tags" in page and "An upload replaces all of it." in page
    assert f"/jobs/{JOB}/annotations.json" in page
    assert 'data-endings=".xml .zip"' in page and "CVAT 1.1 (.xml, .zip)" in page


def test_the_backup_offered_first_is_one_that_can_be_uploaded_again(portal, upstream):
    page = text(portal.get(f"/jobs/{JOB}/upload/"))
    now = page.split("What is there now")[1].split("</aside>")[0]
    assert now.index("Prepare a backup first") < now.index("Download a copy (JSON)")
    assert 'name="format" value="CVAT for images 1.1"' in now and "Upload it here as “CVAT 1.1”" in now
    asked = {"format": "CVAT for images 1.1", "save_images": "false"}
    ready = portal.post(f"/jobs/{JOB}/export/", asked, follow=True)
    link = text(ready).split('id="get-')[1].split('href="')[1].split('"')[0]
    backup = portal.get(link).getvalue()
    send(portal, box(upstream))
    assert total(upstream) == 1
    send(portal, backup, name="backup.zip", seen=1)
    assert total(upstream) == 20


TRACKS = AnnotationOutline(tracks=[Track(label_id=1, frame=0)])


@pytest.mark.parametrize(
    ("written", "read", "data", "found"),
    [
        (["CVAT for images 1.1", "CVAT for video 1.1"], ["CVAT 1.1"], None, ("CVAT for images 1.1", "CVAT 1.1")),
        (["CVAT for images 1.1", "CVAT for video 1.1"], ["CVAT 1.1"], TRACKS, ("CVAT for video 1.1", "CVAT 1.1")),
        (["CVAT for images 1.1", "COCO 1.0"], ["COCO 1.0", "A 1.0"], TRACKS, ("COCO 1.0", "COCO 1.0")),
        (["YOLO 1.1"], ["MOT 1.1"], None, ("", "")),
    ],
)
def test_the_backup_is_in_what_the_server_writes_and_reads(written, read, data, found):
    formats = Formats(exporters=[form(name, "ZIP") for name in written], importers=[form(name, "ZIP") for name in read])
    assert backup_format(formats, Job(id=1, task_id=1), data) == found


def test_a_field_that_is_described_names_what_describes_it(portal, upstream):
    page = parsed(send(portal, b"", format="", replace="").content.decode())
    ids = {element.get("id") for element in page.iter()}
    named = [element.get("aria-describedby") for element in page.iter() if element.get("aria-describedby")]
    assert len(named) == 3 and all(set(names.split()) <= ids for names in named)
    assert "id_file_helptext id_file_error" in named
    assert all(
        found.get("novalidate") is not None for found in page.findall(".//form") if "upload" in found.get("action")
    )


def test_the_formats_are_asked_for_once(portal, upstream):
    portal.get(f"/jobs/{JOB}/upload/")
    portal.get(f"/jobs/{JOB}/upload/")
    assert [call.path for call in upstream.calls].count("/api/server/annotation/formats") == 1


def test_nothing_has_to_be_confirmed_where_nothing_is_lost(portal):
    page = text(portal.get(f"/jobs/{EMPTY}/upload/"))
    assert 'name="replace"' not in page and "an upload replaces nothing" in page


def test_the_format_of_a_failed_try_is_chosen_again(portal):
    page = text(portal.get(f"/jobs/{JOB}/upload/?format=CVAT+1.1"))
    assert 'value="CVAT 1.1" selected' in page.replace(' data-endings=".xml .zip"', "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"replace": ""}, "Tick this to go on"),
        ({"format": ""}, "Choose the format that the file was written in."),
        ({"format": "CVAT for images 1.1"}, "does not import this format into this job"),
        ({"content": b""}, "This file is empty."),
        ({"seen": 19}, "There were 19 when you looked, and there are 20 now."),
    ],
)
def test_a_form_that_is_not_right_says_so_at_the_field_and_sends_nothing(portal, upstream, change, words):
    answer = send(portal, **{"content": box(upstream), **change})
    assert answer.status_code == 422 and words in text(answer)
    assert not [call for call in upstream.calls if call.method == "POST"] and total(upstream) == 20


def test_without_a_file_nothing_is_sent_and_the_format_stays(portal, upstream):
    answer = portal.post(f"/jobs/{JOB}/upload/", {"format": CVAT, "seen": 20, "replace": "on"})
    assert answer.status_code == 422 and "Choose a file." in text(answer)
    assert 'value="CVAT 1.1"' in text(answer) and "selected" in text(answer)


def test_a_file_that_is_too_large_is_refused(portal, upstream, settings):
    settings.UPLOAD_MAX_MIB = 1
    answer = send(portal, b"x" * (1024 * 1024 + 1))
    assert answer.status_code == 422 and "Files of up to 1 MiB" in text(answer)


def test_formats_that_can_not_be_read_leave_the_rest_of_the_page(portal, upstream):
    upstream.fail(path="/annotation/formats", status=500)
    page = portal.get(f"/jobs/{JOB}/upload/")
    assert page.status_code == 200 and "formats could not be read" in text(page) and "17 rectangles" in text(page)


def test_the_servers_refusal_stands_at_the_field(portal, upstream):
    body = b"[\"Unknown input format 'CVAT 1.1'\"]"
    upstream.fail("POST", "/annotations$", status=400, body=body, content_type="application/json")
    answer = send(portal, box(upstream))
    assert answer.status_code == 422 and "Test CVAT does not import CVAT 1.1." in text(answer)
    assert "selected" in text(answer)


# The way up


def test_an_upload_replaces_what_is_there_and_shows_both(portal, upstream):
    answer = send(portal, box(upstream))
    assert answer.status_code == 302
    sent = next(call for call in upstream.calls if call.method == "POST")
    assert sent.query == {"format": [CVAT]} and sent.headers["content-type"].startswith("multipart/form-data")
    page = text(portal.get(answer["Location"]))
    assert "The annotations were replaced" in page and "boxes.xml as CVAT 1.1" in page
    assert "−16" in page and "hx-trigger" not in page
    assert total(upstream) == 1


def test_the_script_gets_the_way_on_as_a_header_and_errors_as_the_form_alone(portal, upstream):
    wrong = send(portal, b"", headers=htmx("upload"))
    assert wrong.status_code == 422 and b"<html" not in wrong.content and b'id="upload"' in wrong.content
    right = send(portal, box(upstream), headers=htmx("upload"))
    assert right.status_code == 200 and right["HX-Redirect"].startswith(f"/jobs/{JOB}/upload/progress?r=")


def test_a_second_upload_is_told_about_the_first_which_can_be_followed(portal, upstream, sign_in):
    upstream.request_seconds = 60
    send(portal, box(upstream))
    other = sign_in("admin")
    answer = send(other, box(upstream))
    assert answer.status_code == 409 and "Yours was not sent on." in text(answer)
    link = text(answer).split('<a href="')
    place = next(part.split('"')[0] for part in link if "upload/progress" in part)
    page = text(other.get(place))
    assert "This import was started by alice, not by you." in page and 'hx-trigger="every' in page


def test_progress_is_asked_for_only_while_something_runs_and_told_when_it_changes(portal, upstream):
    upstream.request_seconds = 60
    place = send(portal, box(upstream))["Location"]
    page = text(portal.get(place))
    assert "Waiting for Test CVAT to begin" in page and 'hx-trigger="every 1000ms"' in page
    again = page.split('hx-get="')[1].split('"')[0]
    assert portal.get(again, headers=htmx("import")).status_code == 204
    item = upstream.store.requests[IMPORT]
    item.status = "started"
    part = text(portal.get(again, headers=htmx("import")))
    assert "Test CVAT is importing" in part and "hx-trigger" in part and 'hx-swap-oob="innerHTML"' in part
    item.status = "finished"
    part = text(portal.get(again, headers=htmx("import")))
    assert "hx-trigger" not in part and "The import is done." in part


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"stranger", "names the image “stranger”, which is not in this job's task"),
        (b"zebra", "uses the label “zebra”, which this task does not have"),
    ],
)
def test_a_failed_import_says_why_in_plain_words_and_that_nothing_was_changed(portal, upstream, content, words):
    answer = send(portal, box(upstream, "zebra") if content == b"zebra" else strange(upstream))
    page = text(portal.get(answer["Location"]))
    assert "The import failed" in page and words in page and "Nothing was changed." in page
    assert "Error" in page.split('<details class="said"')[1] and f"/jobs/{JOB}/upload/?format=CVAT+1.1" in page
    assert total(upstream) == 20


def test_a_failed_import_that_left_something_else_behind_is_not_called_harmless(portal, upstream):
    place = send(portal, b"<broken")["Location"]
    annotations(upstream)["shapes"].pop()
    page = text(portal.get(place))
    assert "Nothing was changed" not in page and "−1" in page


NOTHING = b'<?xml version="1.0"?><annotations><version>1.1</version></annotations>'


def test_an_import_that_emptied_the_job_is_told_as_a_loss(portal, upstream):
    page = text(portal.get(send(portal, NOTHING)["Location"]))
    assert "Nothing in the file fitted: all 20 annotations are gone" in page and f"/jobs/{JOB}/upload/?format=" in page
    assert "The annotations were replaced" not in page and "mark good" not in page and "−20" in page


def test_an_import_that_brought_nothing_into_an_empty_job_is_no_success_either(portal, upstream):
    send(portal, NOTHING)
    page = text(portal.get(send(portal, NOTHING, seen=0, replace="")["Location"]))
    assert "Nothing in the file fitted: the job still has no annotations" in page
    assert "The annotations were replaced" not in page and "mark good" not in page


def test_a_loss_is_announced_as_one(portal, upstream):
    place = send(portal, NOTHING)["Location"]
    part = text(portal.get(f"{place}&seen=started", headers=htmx("import")))
    assert "The import is done. Nothing in the file fitted: all 20 annotations are gone." in part


# The way back to an import


def way_back(page):
    return next(part.split('"')[0] for part in page.split('<a href="') if "upload/progress" in part)


def test_the_upload_page_leads_back_to_an_import_that_runs(portal, upstream):
    upstream.request_seconds = 60
    send(portal, box(upstream))
    page = text(portal.get(f"/jobs/{JOB}/upload/"))
    assert "An import into this job is running" in page and 'id="id_file"' in page
    followed = text(portal.get(way_back(page)))
    assert "Waiting for Test CVAT to begin" in followed and 'hx-trigger="every' in followed
    item = upstream.store.requests[IMPORT]
    item.status, item.finished = "finished", item.created
    over = text(portal.get(way_back(page)))
    assert "The annotations were replaced" in over and ">before<" not in over


@pytest.mark.parametrize(
    ("content", "words", "outcome"),
    [(box, "finished", "The annotations were replaced"), (strange, "failed", "The import failed")],
)
def test_the_upload_page_says_how_the_last_import_ended(portal, upstream, content, words, outcome):
    send(portal, content(upstream))
    page = text(portal.get(f"/jobs/{JOB}/upload/"))
    assert f"Last import: {words} <time" in page and "just now</time> by alice" in page
    assert "An import into this job is running" not in page and outcome in text(portal.get(way_back(page)))


def test_an_emptied_job_is_no_success_when_it_is_looked_at_later(portal, upstream):
    send(portal, NOTHING)
    page = text(portal.get(way_back(text(portal.get(f"/jobs/{JOB}/upload/")))))
    assert "The job has no annotations now" in page and "mark good" not in page
    assert "or the annotations were removed since" in page


def test_an_import_of_another_job_or_one_that_is_forgotten_is_not_mentioned(portal, upstream):
    send(portal, box(upstream))
    assert "Last import" not in text(portal.get(f"/jobs/{EMPTY}/upload/"))
    item = upstream.store.requests[IMPORT]
    item.finished = datetime.now(UTC) - timedelta(hours=2)
    assert "Last import" not in text(portal.get(f"/jobs/{JOB}/upload/"))


def test_the_form_is_there_where_imports_can_not_be_listed(portal, upstream):
    upstream.fail(path="/api/requests", status=500)
    page = portal.get(f"/jobs/{JOB}/upload/")
    assert page.status_code == 200 and 'id="id_file"' in text(page)


def test_signing_out_elsewhere_is_noticed_by_the_form(portal, upstream):
    upstream.fail(path="/api/requests", status=401, body=b"{}", content_type="application/json")
    assert portal.get(f"/jobs/{JOB}/upload/").status_code in (302, 401)


# What is in a file


CVAT_XML, COCO = form("CVAT 1.1", "XML, ZIP"), form("COCO 1.0", "JSON, ZIP")
YOLO, UNKNOWN = form("YOLO 1.1", "ZIP"), form("Novel 1.0", "TXT, ZIP")


@pytest.mark.parametrize(
    ("head", "format", "words"),
    [
        (b"\x89PNG\r\n\x1a\n", CVAT_XML, "This is a picture"),
        (b"\xff\xd8\xff\xe0", YOLO, "This is a picture"),
        (b"RIFF\0\0\0\0WEBPVP8 ", COCO, "This is a picture"),
        (b"%PDF-1.7", COCO, "This is a PDF document"),
        (b"<html>hello</html>", CVAT_XML, "This is a web page"),
        (b"\n<!DOCTYPE html>\n<title>Sign in", COCO, "This is a web page"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD">\n<x>', CVAT_XML, "This is a web page"),
        (b"<!-- a --><HTML lang='en'>", YOLO, "This is a web page"),
        (b"<annotation><folder>VOC</folder>", CVAT_XML, "its first element is <annotation>"),
        (b'{"images": []}', CVAT_XML, "not a file of CVAT 1.1. CVAT 1.1 comes as an XML file or a ZIP archive."),
        (b"<annotations>", COCO, "not a file of COCO 1.0. COCO 1.0 comes as a JSON file or a ZIP archive."),
        (b'[{"image_id": 1}]', COCO, "a list"),
        (b"0 0.5 0.5 0.1 0.1\n", YOLO, "YOLO 1.1 comes as a ZIP archive."),
        (b"\x00\x01\x02", YOLO, "YOLO 1.1 comes as a ZIP archive."),
        (b"PK\x05\x06" + bytes(18), YOLO, "This archive is empty."),
        (b'{"version":0,"tags":[],"shapes":[', COCO, "This is a copy that was downloaded as JSON"),
        (b'\xef\xbb\xbf{ "version": 12, "tags" : [', UNKNOWN, "This is a copy that was downloaded as JSON"),
    ],
)
def test_a_file_that_is_certainly_wrong_is_known_by_its_beginning(head, format, words):
    assert words in complaint(head, format)


@pytest.mark.parametrize(
    ("head", "format"),
    [
        (b"<annotations>", CVAT_XML),
        (b"<annotations/>", CVAT_XML),
        (b'\xef\xbb\xbf \n<?xml version="1.0"?><!-- <html> --><annotations><image', CVAT_XML),
        ('<?xml version="1.0" encoding="utf-16"?><annotations>'.encode("utf-16"), CVAT_XML),
        (b"<!DOCTYPE annotations [<!ENTITY a 'b'>]><annotations>", CVAT_XML),
        (b"<!-- " + b"x" * 20_000, CVAT_XML),
        (b"<c:annotations xmlns:c='x'>", CVAT_XML),
        (b"<annotation>", form("Other 1.0", "XML")),
        (b'\xef\xbb\xbf\n {"images": []', COCO),
        (b'{"version": "1.0", "tags": []', COCO),
        ('{"images": []'.encode("utf-16-le"), COCO),
        (b" \n", COCO),
        (b"PK\x03\x04....", YOLO),
        (b"PK\x03\x04....", CVAT_XML),
        (b"\x1f\x8b\x08", YOLO),
        (b"x" * 257 + b"ustar", YOLO),
        (b"\x89PNG\r\n", UNKNOWN),
        (b"<html>", form("Bare", "")),
    ],
)
def test_a_file_that_may_be_right_passes(head, format):
    assert complaint(head, format) == ""


@given(st.binary(max_size=400), st.sampled_from([CVAT_XML, COCO, YOLO, UNKNOWN]))
def test_any_beginning_at_all_can_be_looked_at(head, format):
    assert isinstance(complaint(head, format), str)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html>hello</html>", "This is a web page"),
        (b"\x89PNG\r\n\x1a\n", "This is a picture"),
        (b"<annotations><ima", "can't be read as XML"),
        (b'{"version":0,"tags":[],"shapes":[],"tracks":[]}', "This is a copy that was downloaded as JSON"),
    ],
)
def test_a_wrong_file_is_refused_at_the_field_before_anything_is_sent(portal, upstream, content, words):
    answer = send(portal, content)
    assert answer.status_code == 422 and words in text(answer).split('id="id_file_error"')[1]
    assert not [call for call in upstream.calls if call.method == "POST"] and total(upstream) == 20


def test_an_archive_that_begins_with_something_else_is_one_by_its_end():
    content = io.BytesIO(b"#!/bin/sh\n")
    content.seek(0, io.SEEK_END)
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("obj.names", "car")
    file = SimpleUploadedFile("boxes.zip", content.getvalue())
    assert look_into(file, YOLO) == "" and file.read(2) == b"#!"


def test_an_upstream_that_is_down_while_waiting_is_said_and_asked_again(portal, upstream):
    upstream.request_seconds = 60
    place = send(portal, box(upstream))["Location"]
    upstream.fail(path="/api/requests/", reset=True)
    part = portal.get(place + "&seen=queued", headers=htmx("import"))
    assert part.status_code == 200 and "No connection to Test CVAT; trying again" in text(part)
    assert 'hx-trigger="every' in text(part)
    assert "Waiting for Test CVAT" in text(portal.get(place, headers=htmx("import")))


def test_the_whole_page_survives_an_upstream_that_is_down(portal, upstream):
    place = send(portal, box(upstream))["Location"]
    upstream.fail(reset=True, times=None)
    page = portal.get(place)
    assert page.status_code == 200 and "trying again" in text(page) and "Look again" in text(page)


def test_an_import_that_the_server_has_forgotten_is_judged_by_the_counts(portal, upstream):
    place = send(portal, box(upstream))["Location"]
    upstream.store.requests.clear()
    page = text(portal.get(place))
    assert "no longer knows this import" in page and "something was changed" in page and "hx-trigger" not in page


def test_signing_out_elsewhere_ends_the_waiting(portal, upstream):
    place = send(portal, box(upstream))["Location"]
    upstream.revoke("alice")
    answer = portal.get(place, headers=htmx("import"))
    assert answer.status_code == 401 and "/sign-in" in answer["HX-Redirect"]


def test_an_address_of_progress_is_worth_nothing_once_changed_or_in_other_hands(portal, upstream, sign_in):
    place = send(portal, box(upstream))["Location"]
    token = parse_qs(urlsplit(place).query)["r"][0]
    assert portal.get(f"/jobs/{JOB}/upload/progress?r={token[:-1]}").status_code == 404
    assert portal.get(f"/jobs/{JOB}/upload/progress").status_code == 404
    assert portal.get(f"/jobs/45/upload/progress?r={token}").status_code == 404
    assert sign_in("admin").get(place).status_code == 404
    assert from_token(token, JOB, upstream.store.user_named("alice").id).before == {
        "rectangle": 17,
        "polyline": 1,
        "tag": 2,
    }


def test_a_large_file_goes_up_as_it_is(portal, upstream):
    content = box(upstream) + b"<!--" + b"x" * 3_000_000 + b"-->"
    place = send(portal, content, name="Straße „1“.xml")["Location"]
    sent = next(call for call in upstream.calls if call.method == "POST")
    assert int(sent.headers["content-length"]) > len(content)
    page = text(portal.get(place))
    assert "The annotations were replaced" in page and "Straße" in page


def test_a_file_without_a_form_field_is_no_accident(portal):
    answer = portal.post(f"/jobs/{JOB}/upload/", {"other": io.BytesIO(b"x")})
    assert answer.status_code == 422
