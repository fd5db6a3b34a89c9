"""Asking for an export, following it, and getting the file."""

import io
import re
import unicodedata
import zipfile
from datetime import UTC, date, datetime, timedelta
from html import unescape
from urllib.parse import quote, urlencode

import pytest
import requests
from django.core.cache import cache
from hypothesis import given
from hypothesis import strategies as st

from jobsportal.cvat import errors
from jobsportal.cvat.client import Download
from jobsportal.exports.filenames import LONGEST, LONGEST_BYTES, RESERVED, download_name
from jobsportal.exports.forms import choices, usual
from tests.checks import parsed, upstream_of
from tests.server import running_portal

JOB = 46
COCO = {"format": "COCO 1.0", "save_images": "false"}


def htmx(target="downloads"):
    return {"HX-Request": "true", "HX-Target": target}


def text(response):
    return unescape(response.content.decode())


def plain(page):
    """What stands there, without the marks around it."""
    return re.sub(r"<[^>]+>", "", page)


def ask(portal, **changes):
    return portal.post(f"/jobs/{JOB}/export/", COCO | changes)


def only(upstream):
    (item,) = upstream.store.requests.values()
    return item


def file_url(upstream, **more):
    return "/downloads/file?" + urlencode({"id": only(upstream).id, **more})


@pytest.fixture
def ready(portal, upstream):
    """A finished export."""
    assert ask(portal).status_code == 302
    upstream.calls.clear()
    return only(upstream)


def age(item, **ago):
    item.created = item.started = item.finished = datetime.now(UTC) - timedelta(**ago)


# Asking


def test_the_form_offers_the_servers_formats_and_says_what_images_mean(portal):
    page = text(portal.get(f"/jobs/{JOB}/export/"))
    assert "COCO 1.0" in page and "<optgroup" not in page and "Choose a format" not in page
    assert '<option value="CVAT for images 1.1" selected>' in page
    assert "<strong>COCO 1.0:</strong> for training detectors and segmentation" in page and "Datumaro" not in page
    assert "All 10 frames are put in, which makes it larger" in page and "None yet." in page


def test_well_known_formats_come_first_and_groups_only_where_there_are_two():
    assert choices(["Aaa 1.0", "COCO 1.0"]) == [
        ("Well known", [("COCO 1.0", "COCO 1.0")]),
        ("Others", [("Aaa 1.0", "Aaa 1.0")]),
    ]
    assert choices(["Aaa 1.0"]) == [("Aaa 1.0", "Aaa 1.0")] and choices([]) == []


@pytest.mark.parametrize(
    ("names", "is_video", "found"),
    [
        (["COCO 1.0", "CVAT for images 1.1", "CVAT for video 1.1"], False, "CVAT for images 1.1"),
        (["COCO 1.0", "CVAT for images 1.1", "CVAT for video 1.1"], True, "CVAT for video 1.1"),
        (["Aaa 1.0", "COCO 1.0"], True, "COCO 1.0"),
        (["Aaa 1.0"], False, "Aaa 1.0"),
        ([], False, ""),
    ],
)
def test_who_chooses_nothing_gets_what_loses_nothing(names, is_video, found):
    assert usual(names, is_video) == found


def test_the_form_leaves_checking_to_the_portal_and_names_what_describes_its_fields(portal):
    answer = ask(portal, format="", save_images="maybe")
    page = parsed(answer.content.decode())
    (found,) = [found for found in page.findall(".//main//form") if found.get("action", "").endswith("/export/")]
    assert found.get("novalidate") is not None
    named = [element.get("aria-describedby") for element in found.iter() if element.get("aria-describedby")]
    assert named == ["id_format_error", "id_save_images_error"]
    assert set(named) <= {element.get("id") for element in page.iter()}


def test_the_form_can_be_filled_in_by_its_address(portal):
    page = text(portal.get(f"/jobs/{JOB}/export/?format=COCO+1.0&save_images=true"))
    assert '<option value="COCO 1.0" selected>' in page
    assert re.search(r'<input type="radio"[^>]* value="true"[^>]* checked', page)


def test_asking_starts_the_export_and_leads_to_the_downloads(portal, upstream):
    answer = ask(portal, save_images="true")
    assert answer.status_code == 302 and answer["Location"].startswith("/downloads/?new=action%3Dexport")
    sent = next(call for call in upstream.calls if call.method == "POST")
    assert sent.path == f"/api/jobs/{JOB}/dataset/export"
    assert sent.query == {"format": ["COCO 1.0"], "save_images": ["true"]}
    page = text(portal.get(answer["Location"]))
    assert "Depot yard, morning · job 46" in page and "with images" in page and "is-new" in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": ""}, "Choose a format."),
        ({"format": "Nope"}, "does not export this job in this format"),
        ({"save_images": "maybe"}, "Choose one of the two."),
    ],
)
def test_what_can_not_be_exported_is_said_at_the_form(portal, upstream, changes, words):
    answer = ask(portal, **changes)
    assert answer.status_code == 422 and words in text(answer)
    assert not [call for call in upstream.calls if call.method == "POST"]


def test_the_servers_refusal_stands_in_the_form_which_keeps_what_was_chosen(portal, upstream):
    body = b'["Unknown format specified for the request"]'
    upstream.fail("POST", "/dataset/export", status=400, body=body, content_type="application/json")
    answer = ask(portal, save_images="true")
    assert answer.status_code == 422 and "Unknown format specified" in text(answer)
    assert '<option value="COCO 1.0" selected>' in text(answer)


def test_asking_twice_follows_the_export_that_runs(portal, upstream):
    upstream.request_seconds = 60
    assert ask(portal)["Location"] == ask(portal)["Location"]
    assert "being prepared already" in text(portal.get("/downloads/"))


def test_an_older_server_that_does_not_say_which_export_runs_is_asked_for_the_list(portal, upstream):
    upstream.request_seconds = 60
    place = ask(portal)["Location"]
    ask(portal, save_images="true")
    body = b'"Export request is being processed"'
    upstream.fail("POST", "/dataset/export", status=409, body=body, content_type="application/json")
    assert ask(portal)["Location"] == place


def test_formats_that_can_not_be_read_leave_the_list_of_exports(portal, upstream, ready):
    cache.clear()
    upstream.fail(path="/annotation/formats", status=500)
    page = text(portal.get(f"/jobs/{JOB}/export/"))
    assert "The formats could not be read" in page and "Depot yard, morning · job 46" in page


def test_a_job_shows_its_own_exports_only(portal, upstream):
    ask(portal)
    portal.post("/jobs/45/export/", COCO)
    page = text(portal.get(f"/jobs/{JOB}/export/"))
    assert "· job 46" in page and "· job 45" not in page
    assert "· job 45" in text(portal.get("/downloads/"))


def test_the_list_of_a_job_asks_for_itself_alone(portal, upstream):
    upstream.request_seconds = 60
    ask(portal)
    poll = text(portal.get(f"/jobs/{JOB}/export/")).split('hx-get="')[1].split('"')[0]
    only(upstream).status = "started"
    upstream.calls.clear()
    part = text(portal.get(poll, headers=htmx()))
    assert "being prepared" in part and "<h3" in part and "<form" not in part
    assert [(call.path, call.query["job_id"]) for call in upstream.calls] == [("/api/requests", [str(JOB)])]


# The list


def test_nothing_there_says_what_turns_up_here(portal):
    page = text(portal.get("/downloads/"))
    assert "No downloads yet" in page and "Files that you ask for turn up here" in page and "hx-trigger" not in page


def test_the_list_costs_one_call_and_names_once(portal, upstream, ready):
    portal.get("/downloads/")
    upstream.calls.clear()
    portal.get("/downloads/")
    assert [(call.path, call.query["action"]) for call in upstream.calls] == [("/api/requests", ["export"])]


def test_a_ready_file_has_one_button_and_says_how_long_it_is_kept(portal, ready):
    page = text(portal.get("/downloads/"))
    assert ">Ready<" in page and "goes away tomorrow at" in plain(page) and page.count('id="get-') == 1
    assert "/downloads/file?id=action%3Dexport" in page


def test_preparing_is_watched_until_it_is_ready_which_is_announced(portal, upstream):
    upstream.request_seconds = 60
    ask(portal)
    page = text(portal.get("/downloads/"))
    assert "waiting to begin" in page and ">Cancel" in page and 'hx-trigger="every 1000ms"' in page
    poll = page.split('hx-get="')[1].split('"')[0]
    assert portal.get(poll, headers=htmx()).status_code == 204
    item = only(upstream)
    item.status, item._begun = "started", item._begun - 30
    part = text(portal.get(poll, headers=htmx()))
    assert (
        "<html" not in part and "Cancel" not in part and 'max="100" value="' in part and "ready to download" not in part
    )
    item.status, item.finished = "finished", item.created
    part = text(portal.get(poll, headers=htmx()))
    assert "hx-trigger" not in part and "job 46: ready to download." in part and 'hx-swap-oob="innerHTML"' in part


def test_an_upstream_that_is_down_while_waiting_is_said_and_asked_again(portal, upstream):
    upstream.request_seconds = 60
    ask(portal)
    poll = text(portal.get("/downloads/")).split('hx-get="')[1].split('"')[0]
    upstream.fail(path="/api/requests", reset=True)
    part = text(portal.get(poll, headers=htmx()))
    assert "can't be reached" in part and 'hx-trigger="every' in part
    back = part.split('hx-get="')[1].split('"')[0]
    assert "waiting to begin" in text(portal.get(back, headers=htmx()))


def test_what_waits_can_be_cancelled_and_what_has_begun_can_not(portal, upstream):
    upstream.request_seconds = 60
    ask(portal)
    item = only(upstream)
    item.status = "started"
    answer = portal.post("/downloads/cancel", {"id": item.id}, follow=True)
    assert "It has begun, it can't be cancelled any more." in text(answer)
    item.status = "queued"
    answer = portal.post("/downloads/cancel", {"id": item.id}, follow=True)
    assert "The export was cancelled." in text(answer) and not upstream.store.requests
    answer = portal.post("/downloads/cancel", {"id": item.id}, follow=True)
    assert "not there any more" in text(answer)


def test_a_failed_export_says_why_and_offers_two_ways_on(portal, upstream, ready):
    ready.status, ready.message = "failed", "KeyError: 'yolo_ultralytics_pose'\n"
    page = text(portal.get("/downloads/"))
    assert ">Failed<" in page and "This server can't write COCO 1.0." in page and "Try again" in page
    assert f"/jobs/{JOB}/export/?format=COCO+1.0&save_images=false" in page and 'id="get-' not in page


def test_an_expired_file_can_be_prepared_again(portal, upstream, ready):
    age(ready, days=2)
    page = text(portal.get("/downloads/"))
    assert "It was kept until" in page and "Prepare again" in page and "/downloads/file" not in page
    answer = portal.post("/downloads/again", {"id": ready.id})
    assert answer.status_code == 302 and "new=" in answer["Location"]
    assert only(upstream) is not ready and only(upstream).status == "finished"


def test_what_the_server_has_forgotten_is_asked_for_by_what_the_form_remembers(portal, upstream, ready):
    upstream.store.requests.clear()
    answer = portal.post("/downloads/again", {"id": ready.id, "job": JOB, **COCO})
    assert answer.status_code == 302 and only(upstream).subject.job_id == JOB
    assert portal.post("/downloads/again", {"id": "gone", "job": "x"}).status_code == 404


def test_a_format_that_is_gone_leads_back_to_the_form(portal, upstream):
    answer = portal.post("/downloads/again", {"id": "gone", "job": JOB, "format": "Nope"}, follow=True)
    assert answer.status_code == 200 and "Choose another format" in text(answer) and 'name="format"' in text(answer)


def title(page):
    return page.split("<title>")[1].split("</title>")[0]


def test_an_item_leads_to_its_job(portal, ready):
    assert f'<a href="/jobs/{JOB}/">Depot yard, morning · job 46</a>' in text(portal.get("/downloads/"))


def test_the_title_of_the_page_says_how_it_stands_also_when_news_come(portal, upstream):
    assert title(text(portal.get("/downloads/"))) == "Downloads · Jobs Portal"
    upstream.request_seconds = 60
    ask(portal)
    page = text(portal.get("/downloads/"))
    assert title(page) == "(preparing) Downloads · Jobs Portal"
    poll = page.split('hx-get="')[1].split('"')[0]
    item = only(upstream)
    item.status, item.finished = "finished", item.created
    assert title(text(portal.get(poll, headers=htmx()))) == "(1 ready) Downloads · Jobs Portal"
    item.status = "started"
    upstream.request_seconds = 0
    portal.post("/jobs/45/export/", COCO)
    assert title(text(portal.get("/downloads/"))) == "(1 ready, preparing) Downloads · Jobs Portal"


def test_the_part_of_a_job_leaves_its_title(portal, upstream):
    upstream.request_seconds = 60
    ask(portal)
    poll = text(portal.get(f"/jobs/{JOB}/export/")).split('hx-get="')[1].split('"')[0]
    only(upstream).status = "started"
    assert "<title" not in text(portal.get(poll, headers=htmx()))


def test_looking_again_without_javascript_shows_how_it_stands_now(portal, upstream):
    upstream.request_seconds = 60
    page = text(portal.get(ask(portal)["Location"]))
    again = page.split("<noscript>")[1].split('href="')[1].split('"')[0]
    assert "waiting to begin" in page and "?new=action%3Dexport" in again
    item = only(upstream)
    item.status, item._begun = "started", item._begun - 30
    answer = portal.get(again)
    assert "waiting to begin" not in text(answer) and 'max="100" value="' in text(answer) and "is-new" in text(answer)
    assert answer["Cache-Control"] == "no-store"
    item.status, item.finished = "finished", item.created
    assert ">Ready<" in text(portal.get(again)) and "Look again" not in text(portal.get(again))


# The file


def test_the_file_arrives_under_a_readable_name(portal, upstream, ready):
    answer = portal.get(file_url(upstream))
    assert answer.status_code == 200 and answer.streaming and answer["X-Content-Type-Options"] == "nosniff"
    name = f"Depot-Depot-yard-morning-job46-coco-{datetime.now(UTC):%Y-%m-%d}.zip"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    content = answer.getvalue()
    assert len(content) == int(answer["Content-Length"]) and zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert answer["ETag"] and answer["Last-Modified"] and answer["Accept-Ranges"] == "bytes"


def test_a_download_can_go_on_where_it_stopped(portal, upstream, ready):
    whole = portal.get(file_url(upstream))
    content, tag = whole.getvalue(), whole["ETag"]
    rest = portal.get(file_url(upstream), headers={"Range": "bytes=100-", "If-Range": tag})
    assert rest.status_code == 206 and rest["Content-Range"] == f"bytes 100-{len(content) - 1}/{len(content)}"
    assert rest.getvalue() == content[100:]
    changed = portal.get(file_url(upstream), headers={"Range": "bytes=100-", "If-Range": '"other"'})
    assert changed.status_code == 200 and changed.getvalue() == content
    same = portal.get(file_url(upstream), headers={"If-None-Match": tag})
    assert same.status_code == 304 and same["ETag"] == tag and not same.content
    beyond = portal.get(file_url(upstream), headers={"Range": f"bytes={len(content)}-"})
    assert beyond.status_code == 416 and beyond["Content-Range"] == f"bytes */{len(content)}"


def test_the_head_of_a_file_is_told_without_the_file(portal, upstream, ready, monkeypatch):
    closed = []
    monkeypatch.setattr(Download, "close", lambda download: closed.append(download.response.close()))
    answer = portal.head(file_url(upstream))
    assert closed
    assert answer.status_code == 200 and int(answer["Content-Length"]) > 0 and not b"".join(answer.streaming_content)
    assert "attachment" in answer["Content-Disposition"]


def test_a_browser_that_goes_away_ends_the_transfer_upstream(portal, upstream):
    upstream.padding = 4_000_000
    ask(portal)
    answer = portal.get(file_url(upstream))
    assert len(next(iter(answer))) > 0
    raw = upstream_of(answer)
    answer.close()
    assert raw.closed


def test_a_break_half_way_never_looks_like_a_whole_file(portal, upstream):
    upstream.padding = 1_000_000
    ask(portal)
    upstream.fail(path="/dataset/download", truncate=300_000)
    answer = portal.get(file_url(upstream))
    assert answer.status_code == 200
    with pytest.raises(errors.Unreachable):
        answer.getvalue()


@pytest.mark.slow
def test_on_the_wire_a_break_half_way_cuts_the_connection(tmp_path, portal, upstream):
    upstream.padding = 1_000_000
    ask(portal)
    with running_portal(tmp_path, upstream.url) as served, requests.Session() as browser:
        page = browser.get(f"{served.url}/sign-in").text
        token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        person = {"username": "alice", "password": "annotate", "csrfmiddlewaretoken": token}
        browser.post(f"{served.url}/sign-in", data=person)
        assert len(browser.get(served.url + file_url(upstream)).content) > 1_000_000
        upstream.fail(path="/dataset/download", truncate=300_000)
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            browser.get(served.url + file_url(upstream), timeout=20)


def test_a_file_that_is_not_ready_says_so(portal, upstream):
    upstream.request_seconds = 60
    ask(portal)
    answer = portal.get(file_url(upstream))
    assert answer.status_code == 409 and "It is not ready yet" in text(answer) and "/downloads/?new=" in text(answer)


def test_a_file_that_is_gone_can_be_prepared_again_from_its_old_address(portal, upstream, ready):
    place = file_url(upstream, job=JOB, **COCO)
    upstream.store.requests.clear()
    answer = portal.get(place)
    assert answer.status_code == 404 and "This file is gone" in text(answer) and "Prepare again" in text(answer)
    assert 'name="format" value="COCO 1.0"' in text(answer)
    assert "Prepare again" not in text(portal.get("/downloads/file?id=whatever"))
    assert portal.get("/downloads/file").status_code == 404


def test_a_request_whose_file_was_cleared_away_is_gone(portal, upstream, ready):
    age(ready, days=2)
    upstream.fail(path="/dataset/download", status=404, body=b"File not found", content_type="text/html")
    answer = portal.get(file_url(upstream))
    assert answer.status_code == 410 and "It was kept until" in text(answer) and "Prepare again" in text(answer)


def test_a_failed_export_has_a_reason_instead_of_a_file(portal, upstream, ready):
    ready.status, ready.message = "failed", "ModuleNotFoundError: No module named 'openvino'"
    answer = portal.get(file_url(upstream))
    assert answer.status_code == 404 and "lacks what it needs to write COCO 1.0" in text(answer)


def test_somebody_elses_file_is_not_handed_over(sign_in, upstream, ready):
    assert sign_in("bob").get(file_url(upstream)).status_code == 403


def test_a_place_outside_the_upstreams_downloads_is_never_followed(portal, upstream, ready):
    ready.result_url = lambda: "http://127.0.0.1:1/api/users/self"
    answer = portal.get(file_url(upstream))
    assert answer.status_code == 502 and "/api/users/self" not in [call.path for call in upstream.calls]


def test_names_of_tasks_can_not_break_the_header(portal, upstream, ready):
    upstream.store.task_of(ready.subject.thing).name = '../../evil"\r\nSet-Cookie: x=1; \u202egpj.exe Straße 日本'
    cache.clear()
    answer = portal.get(file_url(upstream))
    said = answer["Content-Disposition"]
    name = f"Depot-evil-Set-Cookie-x=1-gpj.exe-Straße-日本-job46-coco-{datetime.now(UTC):%Y-%m-%d}.zip"
    assert said == f"attachment; filename*=utf-8''{quote(name)}"
    assert not set(said) & set('\r\n/"\\') and "Set-Cookie" not in answer.headers
    answer.close()


# Names of files

DAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("given_names", "name"),
    [
        (
            {
                "project": "Street scenes",
                "task": "Crossing, rain, 2026-11",
                "target": "job1",
                "format": "CVAT for images 1.1",
            },
            "Street-scenes-Crossing-rain-2026-11-job1-cvat-for-images-2026-11-23.zip",
        ),
        (
            {"project": "Street scenes", "task": "Depot, camera 4", "target": "job17", "format": "COCO 1.0"},
            "Street-scenes-Depot-camera-4-job17-coco-2026-11-23.zip",
        ),
        ({"task": "Ночь / 夜", "target": "job3", "with_images": True}, "Ночь-夜-job3-images-2026-11-23.zip"),
        ({"project": "..", "task": ". .hidden", "target": "job3"}, "hidden-job3-2026-11-23.zip"),
        ({"task": "con.x", "target": "job3"}, "_con.x-job3-2026-11-23.zip"),
        ({"target": "task5", "extension": "../sh"}, "task5-2026-11-23.zip"),
        ({}, "2026-11-23.zip"),
    ],
)
def test_a_name_says_what_is_in_the_file(given_names, name):
    assert download_name(**given_names, day=DAY) == name


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=60))
def test_whatever_tasks_are_called_the_name_is_safe_everywhere(project, task, format):
    name = download_name(project=project, task=task, target="job17", format=format[:40], day=DAY)
    assert name.endswith("-2026-11-23.zip") and "job17" in name
    assert len(name) <= LONGEST and len(name.encode()) <= LONGEST_BYTES
    assert not any(unicodedata.category(char)[0] == "C" for char in name)
    assert not set(name) & set("<>:\"/\\|?*'` ") and name[0] not in ".-"
    assert name.split(".")[0].upper() not in RESERVED
