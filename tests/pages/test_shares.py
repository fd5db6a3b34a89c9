"""Links to files: making them, what their visitors see, and what none of them gets at."""

import io
import json
import re
import zipfile
from datetime import timedelta
from html import unescape
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone

from jobsportal.accounts.sealing import seal_credential
from jobsportal.cvat import TokenCredential
from jobsportal.shares import grants, links, passwords
from jobsportal.shares.models import Fetch, Share
from tests.checks import CheckedClient

JOB = 46
COCO = {"format": "COCO 1.0", "save_images": "false"}
USUAL = {"lasts": "1d", "downloads": "5", "lock": "none"}


def text(response):
    return unescape(response.content.decode())


def only(upstream):
    (item,) = upstream.store.requests.values()
    return item


def form_of(upstream):
    return "/downloads/share/?" + urlencode({"id": only(upstream).id})


def made(portal, upstream, **changes):
    """The path of a new link."""
    answer = portal.post(form_of(upstream), USUAL | {"once": uuid4()} | changes)
    assert answer.status_code == 200, text(answer)
    return link_in(text(answer))


def link_in(page):
    return re.search(r'value="http://[^/"]+(/s/[\w-]{43})"', page)[1]


def fetched(browser, link, **more):
    """The answer to pressing the button, and following it."""
    answer = browser.post(f"{link}/download", more)
    return browser.get(answer["Location"]) if answer.status_code == 303 else answer


def content(answer):
    assert answer.status_code == 200, answer
    return answer.getvalue()


def ages(share, **by):
    Share.objects.filter(pk=share.pk).update(expires=timezone.now() - timedelta(**by))


@pytest.fixture
def ready(portal, upstream):
    """A finished export of alice's."""
    assert portal.post(f"/jobs/{JOB}/export/", COCO).status_code == 302
    upstream.calls.clear()
    return only(upstream)


@pytest.fixture
def link(portal, upstream, ready):
    return made(portal, upstream)


@pytest.fixture
def visitor(upstream):
    """Somebody without an account, in a browser of their own."""
    return CheckedClient()


# Making a link


def test_the_form_says_how_long_the_file_is_kept_and_what_is_seen(portal, upstream, ready):
    page = text(portal.get(form_of(upstream)))
    assert "keeps this file until" in page and "What they will see" in page and "Depot yard, morning · job 46" in page
    assert '<option value="1d" selected>' in page and re.search(r"<code>(\w{4}-){3}\w{4}</code>", page)
    assert page.count("btn primary") == 1


def test_a_link_ends_with_its_file_unless_that_is_prepared_again(portal, upstream, ready):
    made(portal, upstream, lasts="30d")
    made(portal, upstream, lasts="30d", again="on")
    again, plain = Share.objects.all()
    assert plain.expires == ready.expiry() and plain.recipe == {}
    assert again.expires > timezone.now() + timedelta(days=29)
    assert again.recipe == {"target": "job", "id": JOB, "format": "COCO 1.0", "save_images": False}


def test_a_shorter_time_is_kept_to(portal, upstream, link):
    made(portal, upstream, lasts="1h")
    assert Share.objects.first().expires < timezone.now() + timedelta(hours=1, seconds=1)


def test_nothing_that_opens_the_link_is_kept_in_the_clear(portal, upstream, ready):
    link = made(portal, upstream, lock="own", password="open sesame")
    share = Share.objects.get()
    kept = " ".join(str(value) for value in Share.objects.values_list().get())
    (token,) = [key for key, person in upstream.store.tokens.items() if person == ready.owner.id][-1:] or [""]
    assert link.rpartition("/")[2] not in kept and "open sesame" not in kept and (not token or token not in kept)
    assert share.password.startswith("pbkdf2_sha256$") and share.digest == links.digest_of(link.rpartition("/")[2])


def test_a_form_that_is_sent_twice_makes_one_link(portal, upstream, ready):
    once = uuid4()
    assert made(portal, upstream, once=once) == made(portal, upstream, once=once)
    assert Share.objects.count() == 1


def test_the_password_is_shown_once(portal, upstream, ready):
    page = text(portal.post(form_of(upstream), USUAL | {"lock": "own", "password": "open sesame"}))
    assert 'value="open sesame"' in page and "shown this once" in page
    assert "open sesame" not in text(portal.get("/downloads/links/"))


def test_the_suggested_password_is_taken_as_it_was_shown(portal, upstream, ready, visitor):
    page = text(portal.get(form_of(upstream)))
    suggestion = re.search(r'name="made" value="([^"]+)"', page)[1]
    assert f"<code>{suggestion}</code>" in page
    link = made(portal, upstream, lock="made", made=suggestion)
    assert visitor.post(link, {"password": suggestion}).status_code == 303


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lasts": "10y"}, "Choose one from the list."),
        ({"downloads": "1000"}, "Choose one from the list."),
        ({"lock": "own", "password": "short"}, "Type at least 8 characters."),
        ({"lock": "made", "made": ""}, "Type at least 8 characters."),
        ({"lock": "x"}, "Choose one of these."),
    ],
)
def test_what_does_not_fit_comes_back_as_typed(portal, upstream, ready, changes, words):
    answer = portal.post(form_of(upstream), USUAL | changes)
    assert answer.status_code == 422 and words in text(answer) and not Share.objects.exists()


def test_an_upstream_that_fails_makes_no_link_and_no_password_lands_in_an_address(portal, upstream, ready):
    upstream.fail(path="/dataset/download", status=500)
    answer = portal.post(form_of(upstream), USUAL | {"lock": "own", "password": "open sesame"})
    assert answer.status_code == 502 and not Share.objects.exists() and "sesame" not in text(answer)
    upstream.fail(path="/api/requests", status=401)
    typed = USUAL | {"lock": "own", "password": "open sesame", "next": form_of(upstream)}
    answer = portal.post(form_of(upstream), typed)
    assert answer.status_code == 401 and "sesame" not in text(answer) and "downloads%2Fshare" in text(answer)


def test_a_file_that_is_gone_by_then_is_not_shared(portal, upstream, ready):
    upstream.fail(path="/dataset/download", status=404)
    answer = portal.post(form_of(upstream), USUAL)
    assert answer.status_code == 409 and "Its file is gone" in text(answer) and not Share.objects.exists()


def test_what_is_not_ready_failed_or_gone_can_not_be_shared(portal, upstream, ready):
    place = form_of(upstream)
    ready.status = "started"
    assert portal.get(place).status_code == 409
    ready.status = "failed"
    assert portal.post(place, USUAL).status_code == 409
    ready.status = "finished"
    ready.finished = ready.created = timezone.now() - timedelta(days=2)
    assert portal.post(place, USUAL).status_code == 409 and not Share.objects.exists()


def test_what_went_to_a_cloud_storage_is_not_shared(portal, upstream, ready):
    ready.result_url = None
    answer = portal.post(form_of(upstream), USUAL)
    assert answer.status_code == 409 and "cloud storage" in text(answer) and not Share.objects.exists()


def test_other_peoples_exports_can_not_be_shared_by_naming_them(sign_in, upstream, ready):
    bob = sign_in("bob")
    for way in (bob.get(form_of(upstream)), bob.post(form_of(upstream), USUAL)):
        assert way.status_code == 403 and "Depot" not in text(way)
    assert not Share.objects.exists()


def as_somebody_elses(upstream, item):
    """The server shows the request, though it is another person's, as it may to those who administer it."""
    told = item.render(False) | {"owner": {"id": 99, "username": "zelda"}}
    upstream.fail(path="/api/requests/", status=200, body=json.dumps(told).encode(), content_type="application/json")


def test_what_the_server_shows_of_somebody_elses_is_not_shared(portal, upstream, ready):
    as_somebody_elses(upstream, ready)
    answer = portal.post(form_of(upstream), USUAL)
    assert answer.status_code == 404 and not Share.objects.exists()


def test_nor_is_it_handed_over(visitor, upstream, link, ready):
    as_somebody_elses(upstream, ready)
    assert visitor.post(f"{link}/download").status_code == 410 and Share.objects.get().downloads == 0


@pytest.mark.parametrize("id", ["", "nope", "../users/self", "action=import&target=job&target_id=46", "a" * 2000, "\0"])
def test_ids_that_name_no_export_share_nothing(portal, upstream, ready, id):
    answer = portal.post("/downloads/share/?" + urlencode({"id": id}), USUAL)
    assert answer.status_code in (404, 422) and not Share.objects.exists()


def test_the_action_stands_beside_what_is_ready_only(portal, upstream, ready, settings):
    from django.template.loader import render_to_string

    from jobsportal.cvat.types import Operation, Request
    from jobsportal.exports.items import Item

    known = Request(id="a&b", status="finished", operation=Operation("export:dataset", "job"), result_url="/x")
    shown = render_to_string("shares/_share_action.html", {"item": Item(known, "Job"), "share_links": True})
    assert 'href="/downloads/share/?id=a%26b"' in shown
    waiting = Request(id="a", status="started", operation=Operation("export:dataset", "job"))
    cloud = Request(id="a", status="finished", operation=Operation("export:dataset", "job"))
    for item, is_on in ((Item(waiting, "Job"), True), (Item(cloud, "Job"), True), (Item(known, "Job"), False)):
        assert not render_to_string("shares/_share_action.html", {"item": item, "share_links": is_on}).strip()


def test_a_stranger_makes_no_links_and_sees_none(visitor, upstream, link):
    for place in (form_of(upstream), "/downloads/links/"):
        assert visitor.get(place)["Location"].startswith("/sign-in")


# Visiting


def test_a_visitor_sees_what_it_is_and_gets_it_without_an_account(visitor, upstream, link):
    upstream.calls.clear()
    answer = visitor.get(link)
    page = text(answer)
    assert answer.status_code == 200 and not upstream.calls
    for words in ("Alice", "Depot yard, morning · job 46", "COCO 1.0", "not included", "kB", "Downloads left"):
        assert words in page
    assert page.count("<button") == 1 and "<script" not in page and "/jobs" not in page and "/downloads" not in page
    assert zipfile.ZipFile(io.BytesIO(content(fetched(visitor, link)))).namelist()
    assert "portal_session" not in visitor.cookies and "portal_csrf" not in visitor.cookies


def test_the_page_tells_nothing_of_the_inside(visitor, upstream, link, ready):
    share = Share.objects.get()
    for answer in (visitor.get(link), visitor.post(f"{link}/download"), visitor.get(f"{link}/wait")):
        shown = text(answer) + str(answer.headers)
        for inside in (ready.id, quote(ready.id), upstream.url, "user_id", str(share.key), share.username):
            assert inside not in shown


def test_pages_are_neither_indexed_nor_kept_nor_told_to_others(visitor, link):
    answers = [visitor.get(link), visitor.head(link), visitor.get("/s/nothing"), fetched(visitor, link)]
    answers += [visitor.post(f"{link}/download"), visitor.get(f"{link}/wait"), visitor.put(link)]
    for answer in answers:
        assert answer["Referrer-Policy"] == "no-referrer" and answer["Cache-Control"] == "no-store"
        assert answer["X-Robots-Tag"].startswith("noindex")


def test_looking_counts_nothing_and_head_gives_nothing(visitor, upstream, link):
    for _ in range(3):
        visitor.get(link)
        assert not visitor.head(link).content
        assert visitor.head(f"{link}/download").status_code == 303
        assert visitor.head(f"{link}/file").status_code == 403
    assert Share.objects.get().downloads == 0


def test_the_head_of_a_granted_file_costs_nothing_of_it(visitor, link):
    place = visitor.post(f"{link}/download")["Location"]
    head = visitor.head(place)
    assert head.status_code == 200 and not b"".join(head.streaming_content) and int(head["Content-Length"]) > 0
    assert Fetch.objects.get().given == 0
    assert len(content(visitor.get(place))) == int(head["Content-Length"])


def test_the_file_needs_the_grant_of_this_browser(visitor, link):
    answer = visitor.get(f"{link}/file")
    assert answer.status_code == 403 and "Begin at the link" in text(answer)
    visitor.cookies[grants.COOKIE] = uuid4().hex
    assert visitor.get(f"{link}/file").status_code == 403
    visitor.cookies[grants.COOKIE] = "' or 1=1 --"
    assert visitor.get(f"{link}/file").status_code == 403


def test_the_grant_is_kept_for_this_link_alone_and_from_scripts(visitor, link, settings):
    settings.HTTPS = True
    cookie = visitor.post(f"{link}/download").cookies[grants.COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["secure"]) == (link, True, "Lax", True)
    assert 0 < cookie["max-age"] <= grants.LASTS.total_seconds()


def test_a_grant_of_another_link_opens_nothing(portal, upstream, visitor, link):
    other = made(portal, upstream, downloads="1")
    key = visitor.post(f"{other}/download").cookies[grants.COOKIE].value
    stranger = CheckedClient()
    stranger.cookies[grants.COOKIE] = key
    assert stranger.get(f"{link}/file").status_code == 403
    assert fetched(stranger, link, once=key).status_code == 200
    assert Fetch.objects.filter(key=key).get().given == 0, "the other link's download was not touched"


def test_one_grant_gives_the_file_once(visitor, link):
    place = visitor.post(f"{link}/download")["Location"]
    whole = content(visitor.get(place))
    for headers in (
        {},
        {"Range": "bytes=0-0"},
        {"Range": "bytes=0-"},
        {"Range": "bytes=-1"},
        {"Range": "bytes=0-1,3-4"},
    ):
        answer = visitor.get(place, headers=headers)
        assert answer.status_code == 410 and not answer.streaming and whole[:4] not in answer.content
    assert Share.objects.get().downloads == 1
    assert Fetch.objects.get().ended and Fetch.objects.get().given == len(whole)


def test_ranges_together_give_the_file_once(visitor, link):
    place = visitor.post(f"{link}/download")["Location"]
    size = int(visitor.head(place)["Content-Length"])
    first = visitor.get(place, headers={"Range": "bytes=0-99"})
    assert first.status_code == 206 and len(first.getvalue()) == 100
    rest = visitor.get(place, headers={"Range": "bytes=100-"})
    assert rest.status_code == 206 and len(rest.getvalue()) == size - 100
    assert visitor.get(place, headers={"Range": "bytes=0-0"}).status_code == 410


def test_ranges_that_overlap_are_not_for_free(visitor, link):
    place = visitor.post(f"{link}/download")["Location"]
    size = int(visitor.head(place)["Content-Length"])
    got = 0
    for _ in range(50):
        answer = visitor.get(place, headers={"Range": f"bytes=0-{size // 3}"})
        got += len(answer.getvalue()) if answer.status_code == 206 else 0
    assert got <= size


def test_what_is_under_way_side_by_side_counts_before_it_is_sent(visitor, link):
    place = visitor.post(f"{link}/download")["Location"]
    begun = visitor.get(place)
    assert begun.status_code == 200 and visitor.get(place).status_code == 410
    assert visitor.get(place, headers={"Range": "bytes=5-"}).status_code == 410
    begun.close()
    assert Fetch.objects.get().given == 0, "nothing of it was sent"
    assert visitor.get(place).status_code == 200


def test_breaking_off_on_purpose_never_gives_the_file_twice(portal, upstream, visitor):
    upstream.padding = 3_000_000
    portal.post(f"/jobs/{JOB}/export/", COCO)
    link = made(portal, upstream)
    place = visitor.post(f"{link}/download")["Location"]
    size, got = int(visitor.head(place)["Content-Length"]), 0
    for number in range(60):
        answer = visitor.get(place, headers={"Range": f"bytes={number}-"} if number else {})
        if answer.status_code not in (200, 206):
            continue
        for piece in answer:
            got += len(piece)
            if got % 7 == 0:
                break
        answer.close()
    assert got <= size * 1.25 and Fetch.objects.get().given <= size


def test_a_download_that_broke_off_is_gone_on_with(portal, upstream, visitor):
    upstream.padding = 3_000_000
    portal.post(f"/jobs/{JOB}/export/", COCO)
    link = made(portal, upstream, downloads="1")
    place = visitor.post(f"{link}/download")["Location"]
    upstream.fail(path="/dataset/download", truncate=1_800_000)
    answer, got = visitor.get(place), b""
    tag = answer["ETag"]
    with pytest.raises(Exception, match="Unreachable"):
        for piece in answer:
            got += piece
    answer.close()
    rest = visitor.get(place, headers={"Range": f"bytes={len(got)}-", "If-Range": tag})
    assert rest.status_code == 206
    got += rest.getvalue()
    assert zipfile.ZipFile(io.BytesIO(got)).testzip() is None
    assert Share.objects.get().downloads == 1 and Fetch.objects.get().ended


def test_several_ranges_at_once_are_not_asked_of_the_upstream(visitor, upstream, link):
    place = visitor.post(f"{link}/download")["Location"]
    upstream.calls.clear()
    answer = visitor.get(place, headers={"Range": "bytes=0-1,5-6"})
    assert answer.status_code == 200 and not [call for call in upstream.calls if "range" in call.headers]
    assert len(answer.getvalue()) == Fetch.objects.get().given


def test_what_lies_behind_the_end_is_told_and_costs_nothing(visitor, link):
    place = visitor.post(f"{link}/download")["Location"]
    size = int(visitor.head(place)["Content-Length"])
    answer = visitor.get(place, headers={"Range": f"bytes={size}-"})
    assert answer.status_code == 416 and answer["Content-Range"] == f"bytes */{size}"
    assert content(visitor.get(place))


def test_a_grant_ends_after_some_hours(visitor, link):
    place = visitor.post(f"{link}/download")["Location"]
    Fetch.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert visitor.get(place).status_code == 403


# How often


def test_it_is_downloaded_as_often_as_it_was_meant_to_be(portal, upstream, ready):
    link = made(portal, upstream, downloads="1")
    first, second = CheckedClient(), CheckedClient()
    place = first.post(f"{link}/download")["Location"]
    answer = second.post(f"{link}/download")
    assert answer.status_code == 410 and "used up" in text(answer) and second.get(link).status_code == 410
    assert second.get(f"{link}/file").status_code == 410
    assert first.get(link).status_code == 200 and content(first.get(place)), "who was granted the last one gets it"


def test_a_second_click_is_no_second_download(portal, upstream, ready, visitor):
    link = made(portal, upstream, downloads="1")
    once = re.search(r'name="once" value="([^"]+)"', text(visitor.get(link)))[1]
    places = {CheckedClient().post(f"{link}/download", {"once": once})["Location"] for _ in range(2)}
    assert len(places) == 1 and Share.objects.get().downloads == 1
    assert content(fetched(visitor, link, once=once)) and Share.objects.get().downloads == 1
    assert fetched(visitor, link, once=once).status_code == 410


# Ends


def test_a_withdrawn_link_gives_nothing_any_more(portal, upstream, visitor, link):
    place = visitor.post(f"{link}/download")["Location"]
    share = Share.objects.get()
    page = text(portal.get(f"/downloads/links/{share.key}/withdraw"))
    assert "break off" in page and page.count("btn primary") == 1
    assert portal.post(f"/downloads/links/{share.key}/withdraw").status_code == 302
    upstream.calls.clear()
    for answer in (
        visitor.get(link),
        visitor.get(place),
        visitor.post(f"{link}/download"),
        visitor.get(f"{link}/wait"),
    ):
        assert answer.status_code == 410 and "withdrawn" in text(answer) and "Depot" not in text(answer)
    share.refresh_from_db()
    assert share.sealed == share.token == "" and not upstream.calls
    page = text(portal.get("/downloads/links/"))
    assert ">withdrawn</span>" in page and "/s/" not in page


def test_a_transfer_under_way_breaks_off_when_the_link_is_withdrawn(portal, upstream, visitor, monkeypatch):
    monkeypatch.setattr(grants, "LOOK_SECONDS", 0)
    upstream.padding = 3_000_000
    portal.post(f"/jobs/{JOB}/export/", COCO)
    link = made(portal, upstream)
    answer = visitor.get(visitor.post(f"{link}/download")["Location"])
    pieces = iter(answer)
    next(pieces)
    links.revoke(Share.objects.get())
    with pytest.raises(grants.Withdrawn):
        list(pieces)
    answer.close()


def test_an_expired_link_gives_nothing_any_more(upstream, visitor, link):
    place = visitor.post(f"{link}/download")["Location"]
    ages(Share.objects.get(), seconds=1)
    upstream.calls.clear()
    for answer in (
        visitor.get(link),
        visitor.get(place),
        visitor.post(f"{link}/download"),
        visitor.get(f"{link}/wait"),
    ):
        assert answer.status_code == 410 and "expired" in text(answer)
    assert not upstream.calls


def test_somebody_elses_links_are_neither_seen_nor_withdrawn(sign_in, upstream, link):
    bob, share = sign_in("bob"), Share.objects.get()
    assert "No links yet" in text(bob.get("/downloads/links/"))
    for way in (bob.get, bob.post):
        assert way(f"/downloads/links/{share.key}/withdraw").status_code == 404
    assert Share.objects.get().revoked is None


def test_what_has_ended_is_wiped_and_forgotten_after_thirty_days(portal, upstream, link, capsys):
    share = Share.objects.get()
    call_command("purgeshares")
    assert Share.objects.get().sealed
    ages(share, days=1)
    call_command("purgeshares")
    share.refresh_from_db()
    assert share.sealed == share.token == ""
    ages(share, days=31)
    call_command("purgeshares")
    assert not Share.objects.exists() and "1 link that ended 30 days ago deleted." in capsys.readouterr().out


def test_what_is_used_up_is_wiped_once_nobody_can_go_on(portal, upstream, ready, visitor):
    link = made(portal, upstream, downloads="1")
    content(fetched(visitor, link))
    links.purge()
    assert Share.objects.get().sealed
    Fetch.objects.update(until=timezone.now())
    links.purge()
    assert Share.objects.get().sealed == ""


def test_switched_off_there_are_no_links(portal, upstream, visitor, link, settings):
    place = visitor.post(f"{link}/download")["Location"]
    unknown = visitor.get("/s/" + "x" * 43)
    settings.SHARE_LINKS = False
    for answer in (visitor.get(link), visitor.get(place), visitor.post(f"{link}/download")):
        assert answer.status_code == 404 and answer.content == unknown.content
    assert portal.get(form_of(upstream)).status_code == portal.post(form_of(upstream), USUAL).status_code == 404
    page = text(portal.get("/downloads/links/"))
    assert "switched off" in page and "/s/" not in page


def test_links_of_another_upstream_are_not_opened_with_this_one(visitor, link):
    Share.objects.update(upstream="http://elsewhere")
    assert visitor.get(link).status_code == 404


# Guessing


def test_all_that_is_no_link_is_answered_alike(visitor, upstream, link):
    token = link.rpartition("/")[2]
    other = token[:-1] + ("A" if token[-1] != "A" else "B")
    upstream.calls.clear()
    guesses = [
        other,
        token.swapcase(),
        token + "=",
        token[:-1],
        token + "A",
        f"{token}/",
        f"{token}/..",
        "",
        "x",
        "%00",
    ]
    guesses += [f"{token}/file/", f"{token}/x", f"{token}%2e%2e", f"{token}%0a", f"{token};a", f"../s/{token}", "é"]
    guesses += [f"%2e%2e/{token}", f"{token}//file", f"{token}/FILE", f"{token}/%2e%2e/{token}", "' or 1=1 --"]
    expected = visitor.get("/s/" + "x" * 43)
    assert expected.status_code == 404 and "no such link" in text(expected)
    for guess in guesses:
        for method in (visitor.get, visitor.post, visitor.head):
            answer = method(f"/s/{guess}")
            assert answer.status_code == 404, guess
            assert answer.content == (b"" if method == visitor.head else expected.content), guess
    for path in (f"/S/{token}", f"/x/../s/{token}", f"/s//{token}"):
        assert visitor.get(path).status_code == 404
    assert not upstream.calls and Share.objects.get().downloads == 0


def test_an_encoded_slash_leads_to_the_same_checks(visitor, link):
    assert visitor.get(f"{link}%2Ffile").status_code == 403
    assert visitor.get(f"{link}%2fdownload").status_code == 303


def test_a_link_leads_to_its_file_whatever_else_is_asked_for(portal, upstream, visitor, link):
    portal.post("/jobs/45/export/", COCO)
    other = next(item for item in upstream.store.requests.values() if item.subject.job_id == 45)
    place = visitor.post(f"{link}/download?{urlencode({'id': other.id})}", {"id": other.id, "rq_id": other.id})[
        "Location"
    ]
    answer = visitor.get(f"{place}?{urlencode({'id': other.id, 'rq_id': other.id, 'org': ''})}")
    assert "job46" in answer["Content-Disposition"]
    answer.close()


# Passwords


@pytest.fixture
def locked(portal, upstream, ready, settings):
    """A link with a password, which is quick to check."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return made(portal, upstream, lock="own", password="Open sesame")


def test_the_password_comes_before_everything(visitor, upstream, locked):
    upstream.calls.clear()
    page = text(visitor.get(locked))
    assert "Password" in page and "Depot" not in page and "COCO" not in page and "Download" not in page
    for answer in (visitor.post(f"{locked}/download"), visitor.get(f"{locked}/file"), visitor.get(f"{locked}/wait")):
        assert answer.status_code == 303 and answer["Location"] == locked
    assert Share.objects.get().downloads == 0 and not upstream.calls


def test_the_right_password_opens_it_in_this_browser_for_this_link(portal, upstream, visitor, locked):
    answer = visitor.post(locked, {"password": "Open sesame"})
    assert answer.status_code == 303 and answer.cookies[passwords.COOKIE]["path"] == locked
    assert "Depot" in text(visitor.get(locked)) and content(fetched(visitor, locked))
    other = made(portal, upstream, lock="own", password="something else")
    assert "Depot" not in text(visitor.get(other)), "the proof is for one link"
    assert "Depot" not in text(CheckedClient().get(locked))


@pytest.mark.parametrize("typed", ["", "open sesame", "Open sesame ", "x" * 500, "\0"])
def test_a_wrong_password_is_said(visitor, locked, typed):
    answer = visitor.post(locked, {"password": typed})
    assert answer.status_code == 422 and "Depot" not in text(answer) and passwords.COOKIE not in answer.cookies


def test_a_forged_or_old_proof_is_none(visitor, locked, monkeypatch):
    proof = visitor.post(locked, {"password": "Open sesame"}).cookies[passwords.COOKIE].value
    for forged in (proof[:-1], Share.objects.get().key.hex, proof.replace(":", "::"), ""):
        visitor.cookies[passwords.COOKIE] = forged
        assert "Depot" not in text(visitor.get(locked))
    visitor.cookies[passwords.COOKIE] = proof
    assert "Depot" in text(visitor.get(locked))
    monkeypatch.setattr(passwords, "PROOF_SECONDS", -1)
    assert "Depot" not in text(visitor.get(locked))


def test_after_many_wrong_passwords_the_right_one_has_to_wait(visitor, locked, settings):
    settings.SIGN_IN_ATTEMPTS = 3
    for _ in range(3):
        assert visitor.post(locked, {"password": "wrong one"}).status_code == 422
    answer = visitor.post(locked, {"password": "Open sesame"})
    assert answer.status_code == 429 and "Wait" in text(answer) and int(answer["Retry-After"]) > 200
    elsewhere = CheckedClient(REMOTE_ADDR="192.0.2.7")
    assert elsewhere.post(locked, {"password": "Open sesame"}).status_code == 303


def test_addresses_of_one_network_count_as_one():
    assert passwords.network_of("2001:db8:1:2::5") == passwords.network_of("2001:db8:1:2:ffff::1")
    assert passwords.network_of("2001:db8:1:3::5") != passwords.network_of("2001:db8:1:2::5")
    assert passwords.network_of("192.0.2.7") == "192.0.2.7" and passwords.network_of("") == ""


# Whose file it is


def test_it_is_fetched_as_the_owner_whoever_looks(sign_in, upstream, link, ready):
    bob = sign_in("bob")
    upstream.calls.clear()
    assert content(fetched(bob, link))
    used = {call.headers.get("authorization") for call in upstream.calls}
    kept = Share.objects.get()
    from jobsportal.accounts.kept import person_of

    assert used == {person_of(kept).credential.headers["Authorization"]}
    assert "bob" not in text(bob.get(link)) and bob.get("/jobs/").status_code == 200, "bob stays signed in"


def test_the_link_works_when_its_owner_has_signed_out(portal, visitor, link):
    portal.post("/sign-out")
    assert content(fetched(visitor, link))


def test_a_visitor_who_is_signed_in_stays_so_when_the_owners_credential_is_refused(sign_in, upstream, link):
    bob = sign_in("bob")
    Share.objects.update(sealed=seal_credential(TokenCredential("f" * 40)))
    answer = bob.post(f"{link}/download")
    assert answer.status_code == 410 and "no longer reach it" in text(answer)
    assert bob.get("/jobs/").status_code == 200


def test_a_credential_sealed_with_another_key_opens_nothing(visitor, link):
    Share.objects.update(sealed="gAAAA-not-sealed-here")
    assert visitor.post(f"{link}/download").status_code == 410 and Share.objects.get().downloads == 0


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"status": 401}, 410),
        ({"status": 403}, 410),
        ({"status": 500}, 502),
        ({"status": 503, "headers": {"Retry-After": "7"}}, 503),
        ({"reset": True}, 502),
        ({"status": 200, "body": b"<html>hi", "content_type": "text/html"}, 502),
    ],
)
def test_failures_of_the_upstream_are_told_plainly_and_count_nothing(visitor, upstream, link, ready, fault, status):
    upstream.fail(path="/api/requests", **fault)
    answer = visitor.post(f"{link}/download")
    assert answer.status_code == status and Share.objects.get().downloads == 0
    assert upstream.url not in text(answer) and "Traceback" not in text(answer) and ready.id not in text(answer)
    place = visitor.post(f"{link}/download")["Location"]
    upstream.fail(path="/dataset/download", **fault)
    answer = visitor.get(place)
    assert answer.status_code == (status if status != 502 or "body" not in fault else 200)
    answer.close()


def test_an_upstream_that_is_slow_is_told_plainly(visitor, upstream, link, settings):
    settings.CVAT_READ_TIMEOUT = 0.2
    upstream.fail(path="/api/requests", delay=1.0)
    answer = visitor.post(f"{link}/download")
    assert answer.status_code == 504 and "Try again" in text(answer)


# A file that is gone


def test_a_file_that_is_gone_is_said(visitor, upstream, link):
    upstream.store.requests.clear()
    answer = visitor.post(f"{link}/download")
    assert answer.status_code == 410 and "The file is gone" in text(answer) and Share.objects.get().downloads == 0


def test_a_link_never_leads_to_a_later_file_of_the_same_name(portal, upstream, visitor, link):
    portal.post(f"/jobs/{JOB}/export/", COCO)
    answer = visitor.post(f"{link}/download")
    assert answer.status_code == 410 and "The file is gone" in text(answer)


def test_a_file_that_is_gone_is_prepared_again_and_waited_for(portal, upstream, ready, visitor):
    link = made(portal, upstream, again="on", lasts="30d")
    upstream.store.requests.clear()
    upstream.request_seconds = 60
    answer = visitor.post(f"{link}/download")
    assert answer.status_code == 303 and answer["Location"] == f"{link}/wait"
    answer = visitor.get(f"{link}/wait")
    assert answer.status_code == 200 and 'http-equiv="refresh" content="1"' in text(answer)
    item = only(upstream)
    assert (item.subject.job_id, item.format, item.owner.username) == (JOB, "COCO 1.0", "alice")
    assert visitor.post(f"{link}/download")["Location"] == f"{link}/wait" and len(upstream.store.requests) == 1
    item.abandon()
    upstream.store.requests.clear()
    upstream.request_seconds = 0
    portal.post(f"/jobs/{JOB}/export/", COCO)
    assert visitor.get(f"{link}/wait")["Location"] == link
    assert content(fetched(visitor, link)) and Share.objects.get().downloads == 1


def test_a_page_that_waited_long_looks_no_more_by_itself(portal, upstream, ready, visitor):
    link = made(portal, upstream, again="on")
    ready.status, ready.created = "started", timezone.now() - timedelta(hours=2)
    assert "refresh" not in text(visitor.get(f"{link}/wait"))


def test_many_who_want_it_again_ask_for_it_once(portal, upstream, ready):
    link = made(portal, upstream, again="on")
    ready.status = "failed"
    upstream.request_seconds = 60
    upstream.calls.clear()
    for _ in range(3):
        assert CheckedClient().post(f"{link}/download").status_code == 303
    assert len([call for call in upstream.calls if call.method == "POST"]) == 1


def test_what_fails_again_and_again_is_not_asked_for_at_every_click(portal, upstream, ready, visitor):
    link = made(portal, upstream, again="on")
    ready.status = "failed"
    told = json.dumps({"rq_id": ready.id}).encode()
    upstream.fail("POST", "/dataset/export", status=202, body=told, content_type="application/json", times=9)
    upstream.calls.clear()
    for _ in range(3):
        assert visitor.post(f"{link}/download")["Location"] == f"{link}/wait"
    assert len([call for call in upstream.calls if call.method == "POST"]) == 1


def test_a_preparation_that_fails_is_said(portal, upstream, ready, visitor):
    link = made(portal, upstream, again="on")
    ready.status, ready.message = "failed", "Traceback (most recent call last): secret"
    answer = visitor.get(f"{link}/wait")
    assert answer.status_code == 502 and "could not be prepared" in text(answer) and "secret" not in text(answer)


# Servers of the older generation


def test_where_files_are_handed_out_once_they_are_prepared_for_each_download(older, sign_in):
    portal = sign_in()
    portal.post(f"/jobs/{JOB}/export/", COCO)
    page = text(portal.get(form_of(older)))
    assert "hands each file out once, so sharing needs this" in page
    answer = portal.post(form_of(older), USUAL)
    assert answer.status_code == 422 and "would be the last" in text(answer)
    link = made(portal, older, again="on", downloads="5")
    assert older.store.requests, "sharing leaves the file where it is"
    first, second = CheckedClient(), CheckedClient()
    assert second.get(link).status_code == 200 and second.head(link).status_code == 200
    place = second.post(f"{link}/download")["Location"]
    assert second.head(place).status_code == 200 and older.store.requests
    assert content(fetched(first, link))[:2] == b"PK" and not older.store.requests
    answer = second.get(place)
    assert answer.status_code == 303 and answer["Location"] == f"{link}/wait"
    assert second.get(answer["Location"])["Location"] == link
    assert content(fetched(second, link))[:2] == b"PK"
    assert Share.objects.get().downloads == 2


def test_there_a_spent_grant_does_not_use_up_the_next_file(older, sign_in, visitor):
    portal, older.padding = sign_in(), 3_000_000
    portal.post(f"/jobs/{JOB}/export/", COCO)
    link = made(portal, older, again="on", downloads="1")
    answer = visitor.get(visitor.post(f"{link}/download")["Location"], headers={"Range": "bytes=0-3"})
    for _ in range(9):
        next(iter(answer))
    answer.close()
    place = f"{link}/file"
    assert 0 < Fetch.objects.get().given < 3_000_000
    portal.post(f"/jobs/{JOB}/export/", COCO)
    for headers in ({}, {"Range": "bytes=1-"}):
        assert visitor.get(place, headers=headers).status_code == 410 and older.store.requests


# The list


def test_the_owner_sees_who_fetched_what(portal, upstream, link):
    visitor = CheckedClient(
        REMOTE_ADDR="192.0.2.9", headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"}
    )
    content(fetched(visitor, link))
    visitor.post(f"{link}/download")
    page = text(portal.get("/downloads/links/"))
    assert "Downloaded 2 of 5 times" in page and "192.0.2.9" in page and "Firefox on Windows" in page
    assert "whole" in page and "nothing yet" in page and f"{link}" in page and "live" in page


def test_what_browsers_call_themselves_can_not_break_the_page(portal, link):
    visitor = CheckedClient(headers={"User-Agent": "<script>alert(1)</script>\x1b" + "x" * 999})
    content(fetched(visitor, link))
    assert "<script>alert" not in portal.get("/downloads/links/").content.decode()
    assert len(Fetch.objects.get().agent) <= 200


def test_an_empty_list_says_what_to_do(portal):
    assert "choose Share beside it" in text(portal.get("/downloads/links/"))


# Logs


def test_no_log_holds_a_link(portal, upstream, visitor, link, caplog):
    import logging

    from jobsportal.web.logs import LineFormatter

    caplog.set_level(logging.INFO, "jobsportal")
    upstream.fail(path="/api/requests", status=500)
    visitor.post(f"{link}/download")
    content(fetched(visitor, link))
    visitor.get(link.replace("/s/", "/s%2F"))
    token = link.rpartition("/")[2]
    lines = [LineFormatter().format(record) for record in caplog.records]
    assert any("POST /s/…/download" in line for line in lines) and token not in " ".join(lines)
    assert token not in " ".join(record.getMessage() for record in caplog.records if record.name == "jobsportal.access")


@pytest.mark.parametrize(
    "line",
    [
        "Bad Gateway: /s/{}/file",
        "GET //s//{}",
        "%2Fs%2F{}%2Ffile",
        "/S/{}?x",
        'Error handling request "/s/{}"',
        "/s/{}",
    ],
)
def test_however_an_address_is_written_the_log_leaves_the_link_out(line):
    from jobsportal.web.logs import without_links

    assert "tOk-_en" not in without_links(line.format("tOk-_en"))


def test_links_lead_where_people_reach_the_portal(portal, upstream, ready, settings):
    settings.PORTAL_URL = "https://portal.example.com/cvat"
    page = text(portal.post(form_of(upstream), USUAL))
    assert re.search(r'value="https://portal\.example\.com/cvat/s/[\w-]{43}"', page)
