"""The list of downloads: sizes, how long it takes, what can be prepared again, backups; and news told elsewhere."""

import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from django.core.cache import cache

from jobsportal.bundles.models import Bundle, Part
from jobsportal.exports import news
from jobsportal.exports.items import time_left
from jobsportal.runs import workers
from tests.checks import parsed

JOB = 46
COCO = {"format": "COCO 1.0", "save_images": "false"}


def text(response):
    return unescape(response.content.decode())


def words(response):
    return " ".join(re.sub(r"<[^>]+>", "", text(response)).split())


def links(response):
    page = parsed(response.content.decode())
    return {" ".join("".join(a.itertext()).split()): a.get("href") for a in page.findall(".//main//a")}


def forms(response):
    """Each form that is sent: its address and hidden fields."""
    page = parsed(response.content.decode())
    found = [form for form in page.findall(".//main//form") if form.get("method") == "post"]
    return [
        (form.get("action"), {one.get("name"): one.get("value") for one in form.findall(".//input[@type='hidden']")})
        for form in found
    ]


def ask(portal, job=JOB, **changes):
    return portal.post(f"/jobs/{job}/export/", COCO | changes)


def only(upstream):
    (item,) = upstream.store.requests.values()
    return item


def age(item, **ago):
    item.created = item.started = item.finished = datetime.now(UTC) - timedelta(**ago)


def export_of(upstream, thing, id):
    """An export that was asked for elsewhere, as the upstream's own pages do."""
    import requests

    headers = {"Authorization": f"Token {upstream.token('alice')}"}
    address = f"{upstream.url}/api/{thing}/{id}/dataset/export"
    requests.post(address, params=COCO, headers=headers, timeout=10).raise_for_status()
    return only(upstream)


def bundle(portal, **fields):
    """A bundle of alice's, as a worker might have left it."""
    from django.conf import settings

    given = {"upstream": settings.CVAT_URL, "person_id": 2, "username": "alice", "organization": "acme"}
    return Bundle.objects.create(**given, **{"title": "Street scenes", "format": "COCO 1.0", "total": 86} | fields)


@pytest.fixture(autouse=True)
def worker(db):
    workers.beat("test")


# Sizes


def test_the_size_is_asked_once_by_a_single_byte(portal, upstream):
    ask(portal)
    upstream.calls.clear()
    first = portal.get("/downloads/")
    (call,) = [call for call in upstream.calls if call.path.endswith("/dataset/download")]
    assert call.headers["range"] == "bytes=0-0" and call.status == 206
    assert re.search(r"annotations only · [\d.]+ (bytes|kB) · goes away tomorrow at \d\d:\d\d", words(first))
    upstream.calls.clear()
    assert words(portal.get("/downloads/")) == words(first)
    assert not [call for call in upstream.calls if call.path.endswith("/dataset/download")]


def test_what_is_made_anew_is_asked_anew(portal, upstream):
    ask(portal)
    portal.get("/downloads/")
    upstream.padding = 3_000_000
    ask(portal)
    assert "3.0 MB" in words(portal.get("/downloads/"))


def test_a_server_where_looking_uses_it_up_is_not_asked(older, sign_in):
    portal = sign_in()
    ask(portal)
    page = portal.get("/downloads/")
    assert "can be downloaded once" in words(page) and " kB" not in words(page)
    assert only(older).status == "finished"
    file = portal.get("/downloads/file?" + urlencode({"id": only(older).id}))
    assert file.status_code == 200 and zipfile.ZipFile(io.BytesIO(file.getvalue())).namelist()


@pytest.mark.parametrize("fault", [{"status": 500}, {"reset": True}, {"status": 200, "body": b"x", "headers": {}}])
def test_a_size_that_is_not_told_is_left_out(portal, upstream, fault):
    ask(portal)
    upstream.fail(path="/dataset/download", **fault)
    page = portal.get("/downloads/")
    assert page.status_code == 200 and "annotations only" in words(page) and 'id="get-' in text(page)


# How long


@pytest.mark.parametrize(
    ("seconds", "done", "whole", "said"),
    [
        (2, 50, 100, ""),
        (60, 1, 100, ""),
        (60, 50, 100, "about 1 minute left"),
        (30, 50, 100, "less than a minute left"),
        (120, 43, 86, "about 2 minutes left"),
        (3600, 10, 100, "about 9 hours left"),
    ],
)
def test_how_long_it_takes_is_told_once_that_can_be_told(seconds, done, whole, said):
    now = datetime.now(UTC)
    assert time_left(now - timedelta(seconds=seconds), done, whole, now) == said


def test_a_bundle_tells_how_many_jobs_are_there_and_how_many_wait(portal, upstream):
    made = bundle(portal, purpose="detector", save_images=True)
    parts = [Part(bundle=made, job_id=n, status="made" if n < 43 else "", position=n) for n in range(86)]
    Part.objects.bulk_create(parts)
    Bundle.objects.update(made=datetime.now(UTC) - timedelta(seconds=120))
    page = words(portal.get("/downloads/"))
    assert "86 jobs · for training a detector (COCO 1.0) · with images · 43 of 86 jobs, 43 still wait" in page
    assert "about 2 minutes left" in page and "You can close this page." in page


def test_what_a_bundle_left_out_and_what_it_waits_for_are_said(portal):
    made = bundle(portal, status="ready", length=12_300_000)
    Part.objects.create(bundle=made, job_id=1, status="left out", words="no")
    bundle(portal, title="Depot", problem="The server is busy.")
    page = words(portal.get("/downloads/"))
    assert "12.3 MB" in page and "1 job could not be included." in page and "The server is busy." in page


def test_bundles_are_listed_while_the_upstream_is_down(portal, upstream):
    bundle(portal, status="ready")
    upstream.fail(path="/api/requests", status=500, times=None)
    page = portal.get("/downloads/")
    assert page.status_code == 502 and "The exports could not be listed." in text(page)
    assert "Street scenes" in text(page) and 'id="get-' in text(page)


# Again


@pytest.mark.parametrize(("thing", "id", "title"), [("tasks", 6, "task 6"), ("projects", 1, "project 1")])
def test_tasks_and_projects_are_prepared_again_too(portal, upstream, thing, id, title):
    item = export_of(upstream, thing, id)
    age(item, days=2)
    page = portal.get("/downloads/")
    assert title in words(page) and "It was kept until" in words(page)
    (place, given) = next(one for one in forms(page) if one[0] == "/downloads/again")
    answer = portal.post(place, given)
    assert answer.status_code == 302 and only(upstream) is not item
    assert only(upstream).subject.target == thing[:-1] and only(upstream).subject.id == id
    upstream.store.requests.clear()
    assert portal.post(place, given).status_code == 302 and only(upstream).subject.id == id


def test_a_failed_export_of_a_project_leads_to_the_formats(portal, upstream):
    item = export_of(upstream, "projects", 1)
    item.status, item.message = "failed", "KeyError: 'yolo_ultralytics_pose'\n"
    page = portal.get("/downloads/")
    place = links(page)["Choose another format for Street scenes · project 1"]
    assert "Choose the format yourself" in text(portal.get(place))


def test_a_format_of_a_task_that_is_gone_leads_to_the_choice(portal, upstream):
    answer = portal.post("/downloads/again", {"id": "gone", "task": "6", "format": "Nope"}, follow=True)
    assert answer.status_code == 200 and "What do you need it for?" in text(answer)
    assert "Task 6 can't be exported as Nope any more." in text(answer)


def test_the_file_of_a_task_that_is_gone_can_be_prepared_again_from_its_address(portal, upstream):
    export_of(upstream, "tasks", 6)
    place = links(portal.get("/downloads/"))["Download Depot yard, morning · task 6"]
    upstream.store.requests.clear()
    page = portal.get(place)
    assert page.status_code == 404
    (_, given) = next(one for one in forms(page) if one[0] == "/downloads/again")
    assert given["task"] == "6" and given["format"] == "COCO 1.0"


# Backups


def test_ones_own_backups_are_listed_beneath(portal, sign_in, upstream):
    assert "Backups of annotations" not in text(portal.get("/downloads/"))
    (place, given) = next(one for one in forms(portal.get("/jobs/46/annotations/clear/")) if "clear" in one[0])
    portal.post(place, given | {"typed": "46"})
    page = portal.get("/downloads/")
    assert "Job 46" in words(page) and "before clearing" in words(page)
    file = portal.get(next(href for href in links(page).values() if href.endswith(".json")))
    assert file.status_code == 200
    assert portal.get(next(href for href in links(page).values() if href.endswith("/restore/"))).status_code == 200
    assert "Backups of annotations" not in text(sign_in("bob").get("/downloads/"))


# Ranges where the upstream knows none


@pytest.fixture
def whole(portal, upstream):
    """The address of a file that the upstream hands out whole, whatever part is asked for."""
    ask(portal)
    content = bytes(range(256)) * 4000
    headers = {"ETag": '"one"', "Last-Modified": "Sun, 29 Nov 2026 03:03:00 GMT"}
    upstream.fail(path="/dataset/download", status=200, body=content, headers=headers, times=None)
    return "/downloads/file?" + urlencode({"id": only(upstream).id}), content


@pytest.mark.parametrize(
    ("asked", "part", "told"),
    [
        ("bytes=600000-", slice(600000, None), "600000-1023999"),
        ("bytes=5-9", slice(5, 10), "5-9"),
        ("bytes=-24", slice(-24, None), "1023976-1023999"),
        ("bytes=1023999-9999999", slice(1023999, None), "1023999-1023999"),
    ],
)
def test_the_portal_skips_to_where_a_download_goes_on(portal, whole, asked, part, told):
    place, content = whole
    for condition in ({}, {"If-Range": '"one"'}, {"If-Range": "Sun, 29 Nov 2026 03:03:00 GMT"}):
        answer = portal.get(place, headers={"Range": asked, **condition})
        assert answer.status_code == 206 and answer["Content-Range"] == f"bytes {told}/{len(content)}"
        got = answer.getvalue()
        assert got == content[part] and len(got) == int(answer["Content-Length"])


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=600000-", "If-Range": '"another"'},
        {"Range": "bytes=600000-", "If-Range": 'W/"one"'},
        {"Range": "bytes=0-1,5-9"},
        {"Range": "bytes=-"},
        {"Range": "bytes=1024000-"},
        {"Range": "lines=1-2"},
        {},
    ],
)
def test_what_does_not_fit_gets_the_whole(portal, whole, headers):
    place, content = whole
    answer = portal.get(place, headers=headers)
    assert answer.status_code == 200 and answer.getvalue() == content and answer["Accept-Ranges"] == "bytes"


def test_a_weak_tag_is_no_ground_for_going_on(portal, upstream):
    ask(portal)
    upstream.fail(path="/dataset/download", status=200, body=b"0123456789", headers={"ETag": 'W/"one"'})
    place = "/downloads/file?" + urlencode({"id": only(upstream).id})
    answer = portal.get(place, headers={"Range": "bytes=5-", "If-Range": 'W/"one"'})
    assert answer.status_code == 200 and answer.getvalue() == b"0123456789"


def test_on_a_server_that_hands_it_out_once_nothing_is_skipped(older, sign_in):
    portal = sign_in()
    ask(portal)
    answer = portal.get("/downloads/file?" + urlencode({"id": only(older).id}), headers={"Range": "bytes=100-"})
    assert answer.status_code == 200 and zipfile.ZipFile(io.BytesIO(answer.getvalue())).namelist()


# News


def looked(portal):
    return portal.get("/downloads/news").json()


def test_while_nothing_is_under_way_no_page_looks_for_news(portal, upstream):
    assert "data-news=" not in text(portal.get("/jobs/"))
    ask(portal)
    assert "data-news=" in text(portal.get("/jobs/"))
    portal.get("/downloads/")
    assert "data-news=" not in text(portal.get("/jobs/"))


def test_a_file_that_got_ready_is_told_on_other_pages_and_marked_until_it_is_looked_at(portal, upstream):
    upstream.request_seconds = 60
    ask(portal)
    item = only(upstream)
    assert "data-news=" in text(portal.get("/jobs/"))
    found = looked(portal)
    assert (found["waiting"], found["ready"], found["over"]) == (1, 0, []) and found["pace"] >= 200
    item.status, item.finished = "finished", item.created
    found = looked(portal)
    assert (found["waiting"], found["ready"]) == (0, 1)
    assert found["over"][0]["words"] == "Depot yard, morning · job 46 is ready."
    assert looked(portal) == found  # each tab tells it once, whoever asked first
    page = portal.get("/jobs/")
    assert "data-news=" not in text(page) and "<span data-news-count>1</span>" in text(page)
    portal.get("/downloads/", headers={"HX-Request": "true", "HX-Target": "downloads"})  # for a tab that nobody sees
    assert not re.search(r"data-news-mark hidden", text(portal.get("/jobs/")))
    portal.get("/downloads/?looked=1", headers={"HX-Request": "true", "HX-Target": "downloads"})
    assert re.search(r"data-news-mark hidden", text(portal.get("/jobs/")))


def test_a_failure_is_news_too_and_what_was_cancelled_is_none(portal, upstream):
    upstream.request_seconds = 60
    ask(portal)
    ask(portal, job=45)
    first, second = upstream.store.requests.values()
    first.status, first.finished = "failed", first.created
    second.expire()
    found = looked(portal)
    assert found["waiting"] == 0 and [one["state"] for one in found["over"]] == ["failed"]
    assert "could not be made." in found["over"][0]["words"] and found["ready"] == 0


def test_an_upstream_that_is_down_is_asked_again_the_next_time(portal, upstream):
    upstream.request_seconds = 60
    ask(portal)
    upstream.fail(path="/api/requests", reset=True)
    assert looked(portal)["waiting"] == 1


def test_news_of_a_bundle_cost_no_call_upstream(portal, upstream):
    made = bundle(portal)
    portal.get("/downloads/")
    upstream.calls.clear()
    assert looked(portal)["waiting"] == 1 and not upstream.calls
    Bundle.objects.filter(pk=made.pk).update(status="ready")
    assert looked(portal)["over"][0]["words"] == "Street scenes is ready."
    Bundle.objects.all().delete()


def test_news_are_for_whoever_asked(portal, sign_in, upstream):
    upstream.request_seconds = 60
    ask(portal)
    bob = sign_in("bob")
    assert "data-news=" not in text(bob.get("/jobs/")) and looked(bob)["waiting"] == 0
    assert looked(portal)["waiting"] == 1


def test_a_signed_out_person_gets_no_news(portal, upstream):
    upstream.request_seconds = 60
    ask(portal)
    upstream.revoke("alice")
    assert portal.get("/downloads/news", headers={"HX-Request": "true"}).status_code == 401
    assert portal.get("/downloads/news", headers={"HX-Request": "true"}).status_code == 401


def test_only_the_latest_are_followed(portal, upstream):
    class Somebody:
        id = 2

    for number in range(news.MOST + 5):
        news.remember(Somebody(), news.EXPORT, str(number), f"file {number}")
    assert len(news.known(Somebody()).asked) == news.MOST and cache.get(news.key_of(Somebody()))
