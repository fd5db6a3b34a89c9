"""Answers, sessions and addresses that are odd but possible: the portal says so, and goes on."""

import gzip
import json
from datetime import UTC, datetime

import pytest
from django.contrib.sessions.models import Session

from jobsportal.web import streaming


def text_of(response) -> str:
    return response.content.decode()


def answer_with(upstream, path: str, **job) -> None:
    body = {"id": 17, "task_id": 2, **job}
    upstream.fail(path=path, status=200, body=json.dumps(body).encode(), times=None)


def test_a_session_of_another_version_of_the_portal_asks_to_sign_in_again(portal):
    session = portal.session
    session["person"] = {"id": 2, "username": "alice", "name": "Alice", "sealed": session["person"]["sealed"]}
    session.save()
    assert portal.get("/jobs/")["Location"].startswith("/sign-in")
    assert portal.get("/sign-in").status_code == 200


def test_signing_in_as_somebody_else_forgets_what_was_meant_for_the_first(portal):
    portal.post("/jobs/3/edit/state", {"value": "completed"})
    portal.post("/sign-in", {"username": "bob", "password": "annotate"})
    assert "Job 3" not in text_of(portal.get("/jobs/?view=stuck"))


@pytest.mark.parametrize("tracker", ["http://[", "http://\u2100.com", "javascript:alert(1)"])
def test_a_bug_tracker_that_is_no_address_breaks_no_page(portal, upstream, tracker):
    answer_with(upstream, r"^/api/jobs/17$", bug_tracker=tracker)
    page = portal.get("/jobs/17/")
    assert page.status_code == 200 and 'href="javascript' not in text_of(page)


@pytest.mark.parametrize(
    "fields", [{"updated_date": "2026-11-23T10:00:00"}, {"id": -1}, {"assignee": "bob"}, {"frame_count": "many"}]
)
def test_values_that_the_api_does_not_promise_are_told_as_a_strange_answer(portal, upstream, fields):
    answer_with(upstream, r"^/api/jobs/17$", **fields)
    page = portal.get("/jobs/17/")
    assert page.status_code == 502 and "answers strangely" in text_of(page)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00"])
def test_dates_at_the_ends_of_the_calendar_are_left_out(portal, upstream, moment):
    answer_with(upstream, r"^/api/jobs/17$", created_date=moment)
    assert portal.get("/jobs/17/").status_code == 200


def test_an_unreadable_current_address_breaks_nothing(portal):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://["}
    assert portal.get("/jobs/3/edit/state", headers=headers).status_code == 200


def test_an_address_too_long_to_be_carried_along_is_left_behind(portal, upstream):
    upstream.revoke("alice")
    long = "/jobs/?filter=" + "x" * 3000
    assert portal.get(long).status_code == 422
    Session.objects.all().delete()
    assert portal.get(long)["Location"] == "/sign-in"


def test_the_page_for_the_portals_own_mistakes_needs_nothing_that_may_be_broken(portal, monkeypatch):
    portal.raise_request_exception = False
    monkeypatch.setattr("jobsportal.web.toasts.taken", lambda request: 1 / 0)
    page = portal.get("/jobs/")
    assert page.status_code == 500 and "Something went wrong here" in text_of(page)
    assert "Traceback" not in text_of(page) and "Content-Security-Policy" in page.headers


def test_when_too_many_files_are_on_their_way_the_next_is_asked_to_wait(portal, upstream, monkeypatch):
    monkeypatch.setattr(streaming, "transfers", streaming.BoundedSemaphore(1))
    first = portal.get("/jobs/list.csv")
    second = portal.get("/jobs/list.csv")
    assert second.status_code == 503 and second["Retry-After"] == "30" and "Too many files" in text_of(second)
    first.close()
    assert portal.get("/jobs/list.csv").status_code == 200


def test_over_http_1_0_a_list_comes_with_its_length_or_not_at_all(portal, upstream):
    answer = portal.get("/jobs/list.csv", SERVER_PROTOCOL="HTTP/1.0")
    assert not answer.streaming and answer.content.count(b"\n") == 50


def test_long_complaints_fit_into_a_header(portal, upstream):
    body = json.dumps({"detail": "é" * 5000}).encode()
    upstream.fail(method="PATCH", status=400, body=body)
    answer = portal.post("/jobs/3/edit/state", {"value": "completed"}, headers={"HX-Request": "true"})
    assert answer.status_code == 422 and len(answer["HX-Trigger"]) < 4000


def test_a_file_without_a_file_is_told(portal, upstream):
    upstream.fail(path="/annotations$", status=204)
    assert portal.get("/jobs/1/annotations.json").status_code == 502


def test_a_copy_that_comes_packed_unasked_says_so(portal, upstream):
    packed = gzip.compress(b'{"version": 0}')
    upstream.fail(path="/annotations$", status=200, body=packed, headers={"Content-Encoding": "gzip"})
    answer = portal.get("/jobs/1/annotations.json")
    assert answer["Content-Encoding"] == "gzip" and b"".join(answer.streaming_content) == packed


def test_times_are_told_for_now():
    from jobsportal.web.templatetags.portal import ago_in_words

    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    told = [ago_in_words(now.replace(hour=hour), now) for hour in (12, 11, 2)]
    assert told == ["just now", "1 h ago", "10 h ago"]
    assert ago_in_words(datetime(2025, 3, 4, tzinfo=UTC), now) == "Mar 4, 2025"
