"""What is told about the server, where it matters, and at what cost."""

import json
import re
import threading
from html import unescape

import pytest
from django.core.cache import cache

from jobsportal.cvat import Timeouts
from jobsportal.cvat.versions import FIRST_NEW, Version
from jobsportal.server.views import MEANINGS
from jobsportal.web.upstream import BRIEFLY
from tests.checks import CheckedClient
from tests.service.wire import Listener


def text(response):
    return unescape(response.content.decode())


def asked(upstream):
    return [call for call in upstream.calls if call.path == "/api/server/about"]


@pytest.fixture
def older_portal(older, db) -> CheckedClient:
    """Somebody who came by the sign-in page of a portal in front of it."""
    client = CheckedClient()
    client.get("/sign-in")
    assert client.post("/sign-in", {"username": "alice", "password": "annotate"}).status_code == 302
    return client


def test_the_sign_in_page_tells_the_version_and_asks_once(upstream):
    client = CheckedClient()
    for _ in range(2):
        assert f"{upstream.url} · version 2.42.0" in text(client.get("/sign-in"))
    assert len(asked(upstream)) == 1


def test_every_page_tells_it_in_its_last_line_without_asking(upstream, sign_in):
    CheckedClient().get("/sign-in")
    portal = sign_in()
    for path in ("/jobs/", "/jobs/3/", "/downloads/", "/jobs/999999/", "/nowhere"):
        assert "2.42.0</a></footer>" in text(portal.get(path)), path
    assert not asked(upstream)


def test_where_it_is_not_known_the_name_stands_alone(portal, upstream):
    page = text(portal.get("/jobs/"))
    assert '<a href="/server/">Test CVAT</a></footer>' in page and not asked(upstream)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"reset": True}, "Test CVAT can't be reached"),
        ({"status": 500}, "Test CVAT failed"),
        ({"status": 200, "body": b"<html>hello"}, "Test CVAT answers strangely"),
        ({"status": 200, "body": b'{"name": 3}'}, "Test CVAT answers strangely"),
    ],
)
def test_the_sign_in_page_says_what_is_wrong_and_stays_usable(upstream, fault, words):
    upstream.fail(path="/api/server/about", times=None, **fault)
    client = CheckedClient()
    page = client.get("/sign-in")
    assert page.status_code == 200 and words in text(page) and "Password" in text(page)
    upstream.calls.clear()
    client.get("/sign-in")
    assert not upstream.calls, "who looks again at once does not wait again"
    upstream.faults.clear()
    assert client.post("/sign-in", {"username": "alice", "password": "annotate"}).status_code == 302


def test_the_sign_in_page_does_not_wait_for_a_server_that_hangs(upstream, settings, monkeypatch):
    monkeypatch.setitem(BRIEFLY, "timeouts", Timeouts(0.2, 0.2, 0.3))
    over = threading.Event()
    hanging = Listener(lambda *_: over.wait(10))
    settings.CVAT_URL = hanging.url
    try:
        page = CheckedClient().get("/sign-in")
    finally:
        over.set()
        hanging.stop()
    assert page.status_code == 200 and "Test CVAT takes too long" in text(page)


def test_a_server_that_keeps_its_version_to_itself_is_no_problem(upstream):
    upstream.fail(path="/api/server/about", status=403)
    page = text(CheckedClient().get("/sign-in"))
    assert "Nobody can sign in" not in page and "version" not in page


def test_about_this_server(portal, upstream):
    page = text(portal.get("/server/"))
    assert sorted(call.path for call in upstream.calls) == ["/api/server/about", "/api/server/annotation/formats"]
    assert "Computer Vision Annotation Tool" in page and "2.42.0" in page and upstream.url in page
    assert "For training detectors and segmentation" in page and "read and written" in page
    assert "No personal access tokens" in page and "Choosing per job" not in page


def test_an_older_server_lists_what_it_cannot_do(older_portal, older):
    page = text(older_portal.get("/server/"))
    assert "No ground truth chosen by share or per job" in page and "A file can be fetched once." in page


def test_the_former_name_of_a_format_is_described_too(older_portal, older):
    page = text(older_portal.get("/server/"))
    assert re.search(r"YOLOv8 Detection 1.0</th>(.(?!</tr>))*For training YOLO with Ultralytics; boxes", page)


@pytest.mark.parametrize(("version", "is_there"), [("2.42.0", False), ("2.48.0", True), (None, True)])
def test_the_sign_in_page_names_the_tokens_that_the_server_has(upstream, version, is_there):
    body = {"status": 200, "body": json.dumps({"name": "CVAT", "version": version}).encode()}
    upstream.fail(path="/api/server/about", times=None, **(body if version else {"status": 403}))
    page = text(CheckedClient().get("/sign-in"))
    assert ("Use a personal access token" in page and "Profile, Security" in page) is is_there
    assert ("Use an API token" in page and "POST /api/auth/login" in page) is not is_there


def test_a_newer_server_lacks_nothing(portal, upstream):
    upstream.fail(path="/api/server/about", status=200, body=b'{"name":"CVAT","version":"2.70.1"}')
    assert "Nothing that the portal offers is missing." in text(portal.get("/server/"))


def test_all_that_may_be_missing_is_explained():
    assert set(Version(2, 0).missing) == set(MEANINGS)


def test_what_an_older_server_does_once_is_said_where_it_matters(older_portal, older):
    once = "hands out each file once"
    assert once in text(older_portal.get("/jobs/46/export/")) and once in text(older_portal.get("/downloads/"))
    assert "Version 2.20.0 tells only once how an import went" in text(older_portal.get("/jobs/46/upload/"))


def test_a_newer_server_needs_no_such_words(upstream, sign_in):
    CheckedClient().get("/sign-in")
    portal = sign_in()
    assert Version.parse("2.42.0") >= FIRST_NEW
    for path in ("/jobs/46/export/", "/downloads/", "/jobs/46/upload/"):
        assert "once" not in text(portal.get(path)).replace("at once", ""), path


@pytest.mark.parametrize(("path", "words"), [("about", "failed"), ("annotation/formats", "They could not be read.")])
def test_what_cannot_be_read_is_told_beside_the_rest(portal, upstream, path, words):
    upstream.fail(path=f"/api/server/{path}$", status=500, times=None)
    page = portal.get("/server/")
    assert page.status_code == 200 and words in text(page) and upstream.url in text(page)


def test_formats_named_to_do_harm_are_shown_as_they_are(portal, upstream):
    body = b'{"importers":[{"name":"<script>alert(1)</script>","ext":"\\u202e"}],"exporters":[]}'
    upstream.fail(path="/api/server/annotation/formats", status=200, body=body)
    assert b"<script>alert" not in portal.get("/server/").content


def test_a_version_named_to_do_harm_is_shown_as_it_is(portal, upstream):
    upstream.fail(path="/api/server/about", status=200, body=b'{"name":"<script>x","version":"<script>alert(1)"}')
    assert b"<script>alert" not in portal.get("/server/").content
    assert b"<script>alert" not in portal.get("/jobs/").content


def test_signed_out_it_leads_to_signing_in(portal, upstream):
    upstream.revoke("alice")
    cache.clear()
    assert portal.get("/server/").status_code == 401
