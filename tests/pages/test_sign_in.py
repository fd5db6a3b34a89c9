import json
import re

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session

from jobsportal.accounts.sealing import seal, unseal_credential
from jobsportal.cvat import AccessTokenCredential
from jobsportal.cvat.versions import known_versions
from tests.checks import CheckedClient


@pytest.fixture
def stranger(upstream) -> CheckedClient:
    return CheckedClient()


def enter(client, username="alice", password="annotate", **more):
    return client.post("/sign-in", {"username": username, "password": password, **more})


def test_a_stranger_is_asked_to_sign_in_and_then_lands_where_they_wanted_to_go(stranger):
    answer = stranger.get("/jobs/?state=new")
    assert answer.status_code == 302 and answer["Location"] == "/sign-in?next=%2Fjobs%2F%3Fstate%3Dnew"
    answer = enter(stranger, next="/jobs/?state=new")
    assert (answer.status_code, answer["Location"]) == (302, "/jobs/?state=new")


def test_an_email_address_signs_in_too(stranger):
    assert enter(stranger, "alice@example.com").status_code == 302


def test_a_wrong_password_is_said_and_the_name_stays_typed(stranger):
    answer = enter(stranger, password="wrong")
    assert answer.status_code == 422
    assert "don’t fit" in answer.content.decode() or "don&#x27;t fit" in answer.content.decode()
    assert 'value="alice"' in answer.content.decode()
    assert "wrong" not in answer.content.decode().replace("wrong passwords", "")


def test_an_unreachable_upstream_is_told_apart(stranger, settings):
    settings.CVAT_URL = "http://127.0.0.1:9"
    answer = enter(stranger)
    assert answer.status_code == 502 and "can&#x27;t be reached" in answer.content.decode()


def test_an_upstream_that_throttles_is_told_apart(stranger, upstream):
    upstream.fail(
        path="/api/auth/login", status=429, body=b'{"detail":"Request was throttled."}', headers={"Retry-After": "49"}
    )
    answer = enter(stranger)
    assert answer.status_code == 429 and "Wait 49 seconds" in answer.content.decode()


def test_an_upstream_that_talks_nonsense_is_told_apart(stranger, upstream):
    upstream.fail(path="/api/auth/login", status=200, body=b"<html>hello", content_type="text/html")
    answer = enter(stranger)
    assert answer.status_code == 502 and "answers strangely" in answer.content.decode()


def test_too_many_wrong_passwords_lock_that_name_for_a_while_without_asking_upstream(stranger, upstream, settings):
    for _ in range(settings.SIGN_IN_ATTEMPTS):
        assert enter(stranger, password="wrong").status_code == 422
    upstream.calls.clear()
    answer = enter(stranger)
    assert answer.status_code == 429 and "Too many wrong passwords" in answer.content.decode()
    assert not upstream.calls
    assert enter(stranger, "bob").status_code == 302, "other people are not locked out"


def test_the_persons_address_is_passed_on(stranger, upstream, settings):
    settings.TRUSTED_PROXIES = 1
    data = {"username": "alice", "password": "annotate"}
    stranger.post("/sign-in", data, headers={"X-Forwarded-For": "6.6.6.6, 10.1.2.3"})
    assert upstream.calls[0].headers["x-forwarded-for"] == "10.1.2.3"


def test_the_token_is_neither_in_a_cookie_nor_readable_in_the_session_store(stranger, upstream):
    enter(stranger)
    token = upstream.token("alice")
    assert all(token not in cookie.value for cookie in stranger.cookies.values())
    for session in Session.objects.all():
        assert token not in str(session.get_decoded())
    cookie = stranger.cookies[django_settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"


def test_a_session_from_before_signing_in_is_worth_nothing_after(stranger):
    session = stranger.session
    session["planted"] = 1
    session.save()
    planted = session.session_key
    stranger.cookies[django_settings.SESSION_COOKIE_NAME] = planted
    enter(stranger)
    assert stranger.cookies[django_settings.SESSION_COOKIE_NAME].value != planted


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\r\nX: y"]
)
def test_signing_in_never_leads_elsewhere(stranger, target):
    assert enter(stranger, next=target)["Location"] == "/jobs/"


def test_signing_out_forgets_the_person_but_leaves_their_token_to_others(portal, upstream):
    portal.post("/sign-out")
    assert portal.get("/jobs/").status_code == 302
    assert not [call for call in upstream.calls if "logout" in call.path]


def test_a_token_revoked_half_way_leads_to_signing_in_and_back(portal, upstream):
    upstream.revoke("alice")
    answer = portal.get("/jobs/?state=new")
    assert answer.status_code == 401
    assert "next=%2Fjobs%2F%3Fstate%3Dnew" in answer.content.decode()
    assert portal.get("/jobs/").status_code == 302, "the credential is forgotten"


def test_what_was_typed_survives_a_token_revoked_half_way(portal, upstream):
    upstream.revoke("alice")
    answer = portal.post("/jobs/17/", {"assignee": "bob", "stage": "validation", "state": "rejected"})
    assert answer.status_code == 401
    text = answer.content.decode()
    assert "not</strong> saved" in text
    assert "assignee%3Dbob" in text and "state%3Drejected" in text
    enter(portal)
    page = portal.get("/jobs/17/?assignee=bob&stage=validation&state=rejected").content.decode()
    assert 'value="bob"' in page and '<option value="rejected" selected>' in page


def test_htmx_is_sent_to_sign_in_as_a_whole_page(portal, upstream):
    upstream.revoke("alice")
    answer = portal.get(
        "/jobs/", headers={"HX-Request": "true", "HX-Target": "results", "HX-Current-URL": "http://testserver/jobs/"}
    )
    assert answer.status_code == 401 and answer["HX-Redirect"].startswith("/sign-in?next=%2Fjobs%2F")


def test_a_form_sent_by_htmx_stays_on_the_page_when_the_token_is_refused(portal, upstream):
    upstream.revoke("alice")
    answer = portal.post("/jobs/17/edit/state", {"value": "new"}, headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer["HX-Reswap"] == "none" and "not saved" in answer["HX-Trigger"]


def test_switching_the_organization_changes_what_is_asked_for(portal, upstream):
    answer = portal.post("/organization", {"org": ""})
    assert answer["Location"] == "/jobs/?org="
    portal.get("/jobs/")
    assert upstream.calls[-1].headers["x-organization"] == ""
    portal.get("/jobs/?org=*")
    assert "x-organization" not in [call for call in upstream.calls if call.path == "/api/jobs"][-1].headers


def test_a_link_with_an_organization_shows_that_organization(portal, upstream):
    portal.get("/jobs/?org=*")
    portal.get("/jobs/?org=acme")
    assert [call for call in upstream.calls if call.path == "/api/jobs"][-1].headers["x-organization"] == "acme"


def test_a_foreign_organization_is_refused_before_upstream_is_asked(portal, upstream):
    assert portal.get("/jobs/?org=harbor").status_code == 404
    assert portal.post("/organization", {"org": "harbor"}).status_code == 404
    assert not upstream.calls


def test_each_page_but_sign_in_and_health_asks_strangers_to_sign_in(stranger):
    assert stranger.get("/healthz", headers={"Host": "10.0.0.7"}).content == b"ok\n", "probes come by address"
    for path in ("/", "/jobs/", "/jobs/1/", "/jobs/list.csv", "/jobs/1/preview", "/jobs/people", "/downloads/"):
        assert stranger.get(path)["Location"].startswith("/sign-in"), path


def test_hostile_sign_ins_are_answered_plainly(stranger):
    for username in (
        "<script>alert(1)</script>",
        "a\r\nX: y",
        "'; DROP TABLE users; --",
        "x" * 100_000,
        "nul\0",
        "\u202eevil",
    ):
        answer = enter(stranger, username)
        assert answer.status_code == 422, username[:20]
        assert b"<script>alert" not in answer.content


def test_the_lock_lasts_as_long_as_the_setting_says_and_ends_with_a_right_password(stranger, settings):
    settings.SIGN_IN_LOCK_SECONDS = 3600
    settings.SIGN_IN_ATTEMPTS = 2
    enter(stranger, password="wrong")
    assert enter(stranger).status_code == 302, "one mistake locks nobody out"
    for name in ("alice", "ALICE"):
        enter(stranger, name, password="wrong")
    answer = enter(stranger)
    assert answer.status_code == 429 and "Wait 60 minutes" in answer.content.decode()


def test_the_lock_is_for_one_address(stranger, settings):
    settings.SIGN_IN_ATTEMPTS, settings.TRUSTED_PROXIES = 1, 1
    data = {"username": "alice", "password": "wrong"}
    stranger.post("/sign-in", data, headers={"X-Forwarded-For": "10.0.0.1"})
    right = data | {"password": "annotate"}
    assert stranger.post("/sign-in", right, headers={"X-Forwarded-For": "10.0.0.1"}).status_code == 429
    assert stranger.post("/sign-in", right, headers={"X-Forwarded-For": "10.0.0.2"}).status_code == 302


def test_a_proxys_word_counts_only_if_it_is_trusted(stranger, upstream):
    data = {"username": "alice", "password": "annotate"}
    stranger.post("/sign-in", data, headers={"X-Forwarded-For": "6.6.6.6"})
    assert upstream.calls[0].headers["x-forwarded-for"] == "127.0.0.1"


def test_one_begins_in_ones_first_organization(stranger, upstream):
    enter(stranger)
    stranger.get("/jobs/")
    assert [call for call in upstream.calls if call.path == "/api/jobs"][-1].headers["x-organization"] == "acme"


def test_organizations_that_cannot_be_read_are_said(stranger, upstream):
    upstream.fail(path="/api/organizations", status=500, times=None)
    enter(stranger)
    assert "could not be read" in stranger.get("/jobs/").content.decode()


@pytest.mark.parametrize("path", ["/sign-in", "/jobs/1/", "/jobs/1/upload/"])
def test_a_stranger_cannot_make_the_portal_keep_a_large_body(stranger, path):
    answer = stranger.post(path, data=b"x" * (3 * 1024 * 1024), content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413


def test_a_form_without_its_token_is_refused(upstream):
    client = CheckedClient(enforce_csrf_checks=True)
    answer = client.post("/sign-in", {"username": "alice", "password": "annotate"})
    assert answer.status_code == 403 and not upstream.calls
    client.get("/sign-in")
    assert client.cookies["portal_csrf"]["httponly"]


def test_what_is_not_there_leaves_the_page_to_htmx_and_says_so(portal):
    for path in ("/nowhere", "/jobs/3/edit/bogus"):
        answer = portal.get(path, headers={"HX-Request": "true"})
        assert answer.status_code == 404 and not answer.content and answer["HX-Reswap"] == "none"


def test_an_address_that_only_takes_forms_says_so(portal):
    for path in ("/jobs/undo", "/organization"):
        assert portal.get(path).status_code == 405
        assert "only takes what a form sends" in portal.get(path).content.decode()


def test_signed_out_while_taking_something_back_one_returns_to_the_list(portal, upstream):
    answer = portal.post("/jobs/undo", {"undo": "x", "next": "/jobs/?view=mine"})
    assert answer.status_code == 422
    made = portal.post("/jobs/3/edit/state", {"value": "completed"}, headers={"HX-Request": "true"})
    token = json.loads(made["HX-Trigger"])["toast"]["undo"]
    upstream.revoke("alice")
    answer = portal.post("/jobs/undo", {"undo": token, "next": "/jobs/?view=mine"})
    assert answer.status_code == 401 and "next=%2Fjobs%2F%3Fview%3Dmine" in answer.content.decode()


def test_pages_travel_compressed_and_are_kept_nowhere(portal):
    answer = portal.get("/jobs/", headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip" and answer["Cache-Control"] == "no-store"


def test_a_message_is_shown_once(portal):
    portal.post("/jobs/3/edit/state", {"value": "completed", "next": "/jobs/"})
    assert "Job 3: state completed" in portal.get("/jobs/").content.decode()
    assert "Job 3: state completed" not in portal.get("/jobs/").content.decode()


# By token


def enter_by_token(client, token, **more):
    return client.post("/sign-in", {"token": token, **more})


def authorizations(upstream):
    return [call.headers.get("authorization", "").partition(" ")[0] for call in upstream.calls]


@pytest.fixture
def newer(upstream):
    """A server that says it has access tokens."""
    known_versions.set(upstream.url, "2.48.0")
    yield upstream
    known_versions.forget(upstream.url)


@pytest.fixture
def earlier(upstream):
    """A server that says it has none yet."""
    known_versions.set(upstream.url, "2.42.0")
    yield upstream
    known_versions.forget(upstream.url)


def test_an_access_token_signs_in_and_is_what_every_page_uses(stranger, newer):
    answer = enter_by_token(stranger, newer.access_token("alice"), next="/jobs/?state=new")
    assert (answer.status_code, answer["Location"]) == (302, "/jobs/?state=new")
    page = stranger.get("/jobs/")
    assert page.status_code == 200 and "alice at Test CVAT" in page.content.decode()
    assert set(authorizations(newer)) == {"Bearer"}


def test_an_api_token_signs_in_too_on_either_generation(stranger, newer):
    assert enter_by_token(stranger, newer.token("alice")).status_code == 302
    assert authorizations(newer)[:2] == ["Bearer", "Token"], "the kind that this version has is tried first"
    newer.calls.clear()
    stranger.get("/jobs/")
    assert set(authorizations(newer)) == {"Token"}


def test_an_earlier_server_is_asked_for_an_api_token_first(stranger, earlier):
    assert enter_by_token(stranger, earlier.token("alice")).status_code == 302
    assert set(authorizations(earlier)) == {"Token"}
    earlier.calls.clear()
    assert enter_by_token(stranger, earlier.access_token("bob")).status_code == 302
    assert authorizations(earlier)[:2] == ["Token", "Bearer"]


@pytest.mark.parametrize("written", ["  {}\n", "Bearer {}", "bearer {}", "Authorization: Bearer {}"])
def test_a_token_may_be_pasted_as_it_stands_elsewhere(stranger, newer, written):
    assert enter_by_token(stranger, written.format(newer.access_token("alice"))).status_code == 302


def test_a_wrong_token_is_said_and_never_shown_again(stranger, newer):
    answer = enter_by_token(stranger, "wr0ng-t0ken")
    page = answer.content.decode()
    assert answer.status_code == 422 and "does not accept this token" in page and "wr0ng-t0ken" not in page
    assert "<details" in page and re.search(r"<details[^>]* open", page)


@pytest.mark.parametrize("token", ["", " ", "two words", "a\r\nX: y", "nul\0", "ümlaut", "\u202eabc", "x" * 2000])
def test_what_can_be_no_token_is_not_sent(stranger, newer, token):
    answer = enter_by_token(stranger, token)
    assert answer.status_code == 422 and "has-error" in answer.content.decode() and not newer.calls


def test_a_forbidden_token_is_a_wrong_one(stranger, newer):
    newer.fail(path="/api/users/self", status=403, body=b'{"detail":"Invalid token."}', times=2)
    assert "does not accept this token" in enter_by_token(stranger, "abc").content.decode()


def test_an_unreachable_upstream_is_not_the_tokens_fault(stranger, settings):
    settings.CVAT_URL = "http://127.0.0.1:9"
    answer = enter_by_token(stranger, "abc")
    assert answer.status_code == 502 and "can&#x27;t be reached" in answer.content.decode()


def test_too_many_wrong_tokens_lock_tokens_from_that_address_and_no_passwords(stranger, newer, settings):
    token = newer.access_token("alice")
    for _ in range(settings.SIGN_IN_ATTEMPTS):
        assert enter_by_token(stranger, "wrong").status_code == 422
    newer.calls.clear()
    answer = enter_by_token(stranger, token)
    assert answer.status_code == 429 and "Too many wrong tokens." in answer.content.decode() and not newer.calls
    assert enter(stranger).status_code == 302


def test_a_token_that_ends_half_way_leads_to_signing_in_and_back(stranger, newer):
    enter_by_token(stranger, newer.access_token("alice"))
    newer.revoke("alice")
    answer = stranger.get("/jobs/?state=new")
    assert answer.status_code == 401 and "next=%2Fjobs%2F%3Fstate%3Dnew" in answer.content.decode()


def test_an_access_token_is_sealed_with_its_kind(stranger, newer):
    token = newer.access_token("alice")
    enter_by_token(stranger, token)
    kept = stranger.session["person"]["sealed"]
    assert token not in str(dict(stranger.session))
    assert unseal_credential(kept) == AccessTokenCredential(token)


def test_a_session_sealed_before_tokens_had_kinds_stays_valid(portal, upstream):
    session = portal.session
    session["person"] = session["person"] | {"sealed": seal(upstream.token("alice"))}
    session.save()
    assert portal.get("/jobs/").status_code == 200
    assert set(authorizations(upstream)) == {"Token"}


def test_signing_out_with_an_access_token_leaves_it_to_others(stranger, newer):
    enter_by_token(stranger, newer.access_token("alice"))
    stranger.post("/sign-out")
    assert stranger.get("/jobs/").status_code == 302
    assert not [call for call in newer.calls if "logout" in call.path]


def test_a_change_refused_to_an_access_token_says_that_it_may_be_read_only(stranger, newer):
    enter_by_token(stranger, newer.access_token("alice", read_only=True))
    assert stranger.get("/jobs/?org=acme").status_code == 200
    hint = "access token that you signed in with may be read-only"
    toast = stranger.post("/jobs/3/edit/state", {"value": "completed"}, headers={"HX-Request": "true"})
    assert toast.status_code == 403 and hint in toast["HX-Trigger"]
    for answer in (
        stranger.post("/jobs/3/edit/state", {"value": "completed"}),
        stranger.post("/jobs/3/", {"stage": "validation", "state": "new"}),
    ):
        assert answer.status_code == 403 and hint in answer.content.decode()


def test_a_change_refused_to_somebody_with_a_password_blames_no_token(portal, upstream):
    upstream.fail(method="PATCH", status=403)
    answer = portal.post("/jobs/3/edit/state", {"value": "completed"})
    assert answer.status_code == 403 and "read-only" not in answer.content.decode()


def test_a_form_that_comes_after_the_session_is_gone_says_that_nothing_was_sent(portal, upstream):
    portal.session.flush()
    portal.cookies.clear()
    answer = portal.post("/jobs/17/", {"assignee": "dave", "stage": "acceptance", "state": "completed"})
    page = answer.content.decode()
    assert answer.status_code == 401 and "signed out" in page
    assert "%2Fjobs%2F17%2F%3Fassignee%3Ddave" in page.replace("&amp;", "&")
    assert not [call for call in upstream.calls if call.method == "PATCH"]


def test_a_change_in_a_page_after_the_session_is_gone_leaves_the_page(portal):
    portal.session.flush()
    portal.cookies.clear()
    answer = portal.post("/jobs/17/", {"state": "completed"}, headers={"HX-Request": "true", "HX-Target": "x"})
    assert answer.status_code == 401 and answer["HX-Reswap"] == "none" and "signed out" in answer["HX-Trigger"]
