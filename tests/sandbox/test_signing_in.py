"""Credentials, sessions, throttling and content negotiation, as recorded from real servers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from jobsportal.sandbox import Sandbox

from .conftest import Caller

MISSING = {"detail": "Authentication credentials were not provided."}
People = Callable[[str | None], Caller]


def test_signing_in_gives_a_token_and_three_cookies(anybody: Caller) -> None:
    answer = anybody.post("auth/login", json={"username": "alice", "password": "annotate"})
    assert answer.status_code == 200
    assert set(answer.json()) == {"key"}
    assert {cookie.name for cookie in answer.cookies} == {"csrftoken", "sessionfresh", "sessionid"}
    assert answer.headers["Content-Type"] == "application/vnd.cvat+json"
    assert answer.headers["Allow"] == "POST, OPTIONS"


def test_signing_in_by_email(anybody: Caller) -> None:
    answer = anybody.post("auth/login", json={"email": "bob@example.com", "password": "annotate"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"username": "alice", "password": "no"},
            {"non_field_errors": ["Unable to log in with provided credentials."]},
        ),
        ({"username": "zoe", "password": "no"}, {"non_field_errors": ["Unable to log in with provided credentials."]}),
        ({"username": "alice"}, ['Must include either "username" or "email" and "password".']),
        ({}, ['Must include either "username" or "email" and "password".']),
    ],
)
def test_a_sign_in_that_fails_is_400(anybody: Caller, body: dict[str, str], words: object) -> None:
    answer = anybody.post("auth/login", json=body)
    assert (answer.status_code, answer.json()) == (400, words)


def test_signing_in_must_be_json(anybody: Caller) -> None:
    answer = anybody.post("auth/login", data={"username": "alice", "password": "annotate"})
    assert answer.status_code == 415
    words = 'Unsupported media type "application/x-www-form-urlencoded" in request.'
    assert answer.json() == {"detail": words}


def test_json_that_does_not_parse(anybody: Caller) -> None:
    answer = anybody.post("auth/login", data=b'{"username": ', headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json() == {"detail": "JSON parse error - Expecting value: line 1 column 14 (char 13)"}


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (None, MISSING["detail"]),
        ("Bearer abc", MISSING["detail"]),
        ("Token", "Invalid token header. No credentials provided."),
        ("Token a b", "Invalid token header. Token string should not contain spaces."),
        ("Token wrong", "Invalid token."),
        ("Basic !!!", "Invalid basic header. Credentials not correctly base64 encoded."),
        ("Basic YWxpY2U6bm8=", "Invalid username/password."),
    ],
)
def test_wrong_credentials_are_401(anybody: Caller, header: str | None, words: str) -> None:
    answer = anybody.get("jobs", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.json()) == (401, {"detail": words})
    assert answer.headers["WWW-Authenticate"] == "Token"
    by_token = (header or "").startswith("Token")
    assert answer.headers["Vary"] == ("Accept, Origin" if by_token else "Accept, Origin, Cookie")


def test_basic_authentication_needs_no_csrf(anybody: Caller) -> None:
    answer = anybody.patch("jobs/1", json={}, auth=("admin", "annotate"))
    assert answer.status_code == 200


def _session(sandbox: Sandbox) -> tuple[Caller, str]:
    caller = Caller(sandbox)
    caller.post("auth/login", json={"username": "alice", "password": "annotate"})
    return caller, caller.session.cookies["csrftoken"]


def test_a_session_may_read_but_needs_csrf_to_write(sandbox: Sandbox) -> None:
    caller, csrf = _session(sandbox)
    assert caller.get("users/self").json()["username"] == "alice"
    refused = caller.patch("jobs/1", json={})
    assert (refused.status_code, refused.json()) == (403, {"detail": "CSRF Failed: CSRF token missing."})
    wrong = caller.patch("jobs/1", json={}, headers={"X-CSRFToken": "x" * 32})
    words = "CSRF Failed: CSRF token from the 'X-Csrftoken' HTTP header incorrect."
    assert (wrong.status_code, wrong.json()) == (403, {"detail": words})
    assert caller.patch("jobs/1", json={}, headers={"X-CSRFToken": csrf}).status_code == 200
    foreign = caller.patch("jobs/1", json={}, headers={"X-CSRFToken": csrf, "Origin": "http://front.example"})
    words = "CSRF Failed: Origin checking failed - http://front.example does not match any trusted origins."
    assert foreign.json() == {"detail": words}
    own = caller.patch("jobs/1", json={}, headers={"X-CSRFToken": csrf, "Origin": sandbox.url})
    assert own.status_code == 200


def test_signing_in_again_in_a_session_needs_csrf(sandbox: Sandbox) -> None:
    caller, _ = _session(sandbox)
    assert caller.post("auth/login", json={"username": "alice", "password": "annotate"}).status_code == 403


def test_a_bad_token_beats_a_good_cookie(sandbox: Sandbox) -> None:
    caller, _ = _session(sandbox)
    answer = caller.get("users/self", headers={"Authorization": "Token wrong"})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token."})


def test_a_good_cookie_beats_a_wrong_password(sandbox: Sandbox) -> None:
    caller, _ = _session(sandbox)
    answer = caller.get("users/self", auth=("bob", "wrong"))
    assert (answer.status_code, answer.json()["username"]) == (200, "alice")


def test_signing_out_ends_the_session(sandbox: Sandbox) -> None:
    caller, csrf = _session(sandbox)
    copy = dict(caller.session.cookies)
    assert caller.post("auth/logout", headers={"X-CSRFToken": csrf}).json() == {"detail": "Successfully logged out."}
    assert requests.get(f"{sandbox.url}/api/users/self", cookies=copy, timeout=10).status_code == 401


def test_signing_out_with_a_token_deletes_it_for_everyone(sandbox: Sandbox, people: People) -> None:
    one, other = people("carol"), people("carol")
    assert one.post("auth/logout").status_code == 200
    assert other.get("users/self").json() == {"detail": "Invalid token."}
    assert people("carol").get("users/self").status_code == 200  # a new one


def test_revoking_makes_every_token_invalid(sandbox: Sandbox, people: People) -> None:
    dave = people("dave")
    sandbox.revoke("dave")
    assert dave.get("users/self").status_code == 401


def test_tokens_survive_a_reset(sandbox: Sandbox, people: People) -> None:
    dave = people("dave")
    sandbox.reset()
    assert dave.get("users/self").status_code == 200


def test_anonymous_calls_are_throttled_per_address(people: People) -> None:
    with Sandbox(anonymous_per_minute=3) as sandbox:
        caller = Caller(sandbox)
        first = {"X-Forwarded-For": "203.0.113.9"}
        statuses = [caller.get("server/about", headers=first).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        answer = caller.post("auth/login", json={}, headers=first)
        assert answer.status_code == 429
        wait = answer.headers["Retry-After"]
        assert answer.json() == {"detail": f"Request was throttled. Expected available in {wait} seconds."}
        assert caller.get("server/about", headers={"X-Forwarded-For": "203.0.113.10"}).status_code == 200
        assert Caller(sandbox, "alice").get("users/self", headers=first).status_code == 200


@pytest.mark.parametrize(
    ("accept", "status", "kind"),
    [
        ("application/vnd.cvat+json", 200, "application/vnd.cvat+json"),
        ("*/*", 200, "application/vnd.cvat+json"),
        ("application/json, text/plain, */*", 200, "application/vnd.cvat+json"),
        ("application/json", 406, "application/vnd.cvat+json"),
        ("image/*", 406, "application/vnd.cvat+json"),
        ("text/html", 200, "text/html; charset=utf-8"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 200, "text/html; charset=utf-8"),
    ],
)
def test_the_type_of_the_answer(admin: Caller, accept: str, status: int, kind: str) -> None:
    answer = admin.get("jobs?page_size=1", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, kind)


def test_another_version_of_the_api_is_406(admin: Caller) -> None:
    answer = admin.get("server/about", headers={"Accept": "application/vnd.cvat+json; version=1.0"})
    assert (answer.status_code, answer.json()) == (406, {"detail": 'Invalid version in "Accept" header.'})


def test_previews_are_pictures_whatever_else_is_taken(admin: Caller) -> None:
    answer = admin.get("jobs/1/preview", headers={"Accept": "image/*,*/*;q=0.8"})
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert admin.get("jobs/1/preview", headers={"Accept": "image/*"}).status_code == 406


def test_a_personal_access_token_is_sent_as_bearer(sandbox: Sandbox, anybody: Caller) -> None:
    def sent(key: str, method: str = "GET") -> requests.Response:
        return anybody(method, "jobs/1", headers={"Authorization": f"Bearer {key}"}, json={})

    assert sent(sandbox.access_token("alice")).status_code == 200
    assert sent(sandbox.access_token("alice"), "PATCH").status_code == 200
    only_reads = sandbox.access_token("alice", read_only=True)
    assert (sent(only_reads).status_code, sent(only_reads, "PATCH").status_code) == (200, 403)
    assert sent("garbage").json() == {"detail": "Authentication credentials were not provided."}
    sandbox.revoke("alice")
    assert sent(only_reads).status_code == 401


def test_the_older_generation_knows_no_personal_access_tokens() -> None:
    with Sandbox(version="2.20") as sandbox:
        header = {"Authorization": f"Bearer {sandbox.access_token('alice')}"}
        assert Caller(sandbox).get("users/self", headers=header).status_code == 401


def test_a_signature_opens_one_address(sandbox: Sandbox, anybody: Caller) -> None:
    sign = sandbox.signature("carol", "/api/jobs/1/preview")
    assert anybody.get(f"jobs/1/preview?sign={sign}").status_code == 200
    other = anybody.get(f"jobs/2/preview?sign={sign}")
    assert (other.status_code, other.json()) == (401, {"detail": "Invalid signature."})
    assert anybody.get("jobs/1/preview?sign=garbage").status_code == 401
    asked = sandbox.signature("carol", "/api/jobs/1/data?type=frame&number=3")
    assert anybody.get("jobs/1/data", params={"sign": asked, "number": "3", "type": "frame"}).status_code == 200
    assert anybody.get("jobs/1/data", params={"sign": asked, "number": "4", "type": "frame"}).status_code == 401
    assert anybody.get(f"jobs/5/preview?sign={sandbox.signature('carol', '/api/jobs/5/preview')}").status_code == 403


def test_a_signature_is_good_for_half_a_minute(sandbox: Sandbox, anybody: Caller) -> None:
    sign = sandbox.signature("carol", "/api/jobs/1")
    person, stamp, digest = sign.split(":")
    assert anybody.get(f"jobs/1?sign={person}:{int(stamp) - 31}:{digest}").status_code == 401
    assert anybody.get(f"jobs/1?sign=2:{stamp}:{digest}").status_code == 401


def test_a_bad_token_beats_a_good_signature(sandbox: Sandbox, anybody: Caller) -> None:
    sign = sandbox.signature("carol", "/api/jobs/1")
    assert anybody.get(f"jobs/1?sign={sign}", headers={"Authorization": "Token x"}).status_code == 401


def test_signing_addresses_breaks_the_upstream(people: People) -> None:
    assert people("admin").post("auth/signing", json={"url": "/api/jobs/1/preview"}).status_code == 500
    assert people(None).post("auth/signing", json={"url": "/api/jobs/1/preview"}).status_code == 401
    assert people("admin").get("").status_code == 500  # /api/, its own list of addresses


def test_pages_for_browsers_bring_the_csrf_token(admin: Caller) -> None:
    page = admin.get("jobs?page_size=1", headers={"Accept": "text/html"})
    assert list(page.cookies.keys()) == ["csrftoken"]
    assert not admin.get("jobs?page_size=1").headers.get("Set-Cookie")
