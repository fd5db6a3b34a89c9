"""Links to bundles and tables: handed over as their owner gets them, for both generations."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from jobsportal.bundles import orders
from jobsportal.bundles.models import Bundle
from jobsportal.shares import grants, links
from jobsportal.shares.models import Fetch, Share
from tests.bundles.conftest import address, body, browser_of, opened, order, person_named, prepared
from tests.checks import CheckedClient


def text(response):
    return unescape(response.content.decode())


def shared(portal, bundle, **changes):
    """The path of a new link to a bundle."""
    form = {"lasts": "1d", "downloads": "5", "lock": "none"} | changes
    answer = portal.post(f"/downloads/share/?bundle={bundle.key}", form)
    assert answer.status_code == 200, text(answer)
    return re.search(r'value="http://[^/"]+(/s/[\w-]{43})"', text(answer))[1]


def place_of(visitor, link):
    answer = visitor.post(f"{link}/download")
    assert answer.status_code == 303, text(answer)
    return answer["Location"]


@pytest.fixture
def portal(alice):
    """Alice's browser."""
    return browser_of("alice")


@pytest.fixture
def visitor(alice):
    return CheckedClient()


@pytest.fixture
def bundle(alice):
    return prepared(order(alice, [1, 2, 3]))


def test_a_stranger_gets_the_bundle_as_its_owner_does(portal, visitor, bundle):
    link = shared(portal, bundle)
    page = text(visitor.get(link))
    assert "Street scenes" in page and "COCO 1.0" in page and "kB" in page
    answer, own = visitor.get(place_of(visitor, link)), portal.get(address(bundle))
    assert answer.status_code == 200 and answer["Content-Disposition"] == own["Content-Disposition"]
    assert len(opened(body(answer)).namelist()) == len(opened(body(own)).namelist())


def test_ranges_of_a_bundle_together_give_it_once(portal, visitor, bundle):
    link = shared(portal, bundle)
    place = place_of(visitor, link)
    first = visitor.get(place, headers={"Range": "bytes=0-999"})
    size = int(first["Content-Range"].rpartition("/")[2])
    got = body(first)
    assert first.status_code == 206 and len(got) == 1000
    got += body(visitor.get(place, headers={"Range": "bytes=1000-", "If-Range": first["ETag"]}))
    assert len(got) == size and opened(got)
    for wanted in ("bytes=0-", "bytes=0-0", f"bytes={size - 1}-"):
        assert visitor.get(place, headers={"Range": wanted}).status_code == 410
    assert visitor.get(place).status_code == 410 and Fetch.objects.get().ended


@pytest.mark.parametrize(("kind", "begins"), [("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")])
def test_a_table_is_handed_over_once_for_each_grant(portal, visitor, alice, kind, begins):
    table = orders.order(alice, [alice.client.jobs.retrieve(46)], title="Depot", kind=kind)
    link = shared(portal, table)
    place = place_of(visitor, link)
    begun = visitor.get(place)
    assert visitor.get(place).status_code == 410, "while it is on its way"
    assert body(begun).startswith(begins)
    assert visitor.get(place).status_code == 410
    fetch = Fetch.objects.get()
    assert fetch.ended and fetch.size == fetch.given > 100


def test_a_table_that_broke_off_is_no_whole_one(portal, visitor, alice):
    table = orders.order(alice, [alice.client.jobs.retrieve(46)], title="Depot", kind="csv")
    answer = visitor.get(place_of(visitor, shared(portal, table)))
    next(iter(answer.streaming_content))
    answer.close()
    assert not Fetch.objects.get().ended
    assert "whole" not in text(portal.get("/downloads/links/"))


def test_somebody_elses_bundle_can_not_be_shared_by_naming_it(portal, bundle):
    bob = browser_of("bob")
    for way in (bob.get, bob.post):
        assert way(f"/downloads/share/?bundle={bundle.key}").status_code == 404
    for key in ("nope", "", "00000000-0000-0000-0000-000000000000", f"{bundle.key}/../x"):
        assert portal.post(f"/downloads/share/?bundle={key}").status_code in (404, 422)
    assert not Share.objects.exists()


def test_a_bundle_that_is_not_ready_or_gone_can_not_be_shared(portal, alice, bundle):
    waiting = order(alice, [1])
    assert portal.get(f"/downloads/share/?bundle={waiting.key}").status_code == 409
    Bundle.objects.update(expires=timezone.now())
    assert portal.get(f"/downloads/share/?bundle={bundle.key}").status_code == 409


def test_the_link_ends_with_the_bundle(portal, visitor, bundle):
    link = shared(portal, bundle, lasts="30d")
    assert Share.objects.get().expires == bundle.expires
    Share.objects.update(expires=timezone.now() + timedelta(days=9))
    Bundle.objects.update(expires=timezone.now())
    answer = visitor.post(f"{link}/download")
    assert answer.status_code == 410 and "The file is gone" in text(answer)


def test_a_bundle_that_was_taken_off_the_list_ends_the_link(portal, visitor, bundle):
    link = shared(portal, bundle)
    place = place_of(visitor, link)
    orders.remove(bundle)
    for answer in (visitor.get(link), visitor.get(place), visitor.post(f"{link}/download")):
        assert answer.status_code == 410
    assert "expired" in text(portal.get("/downloads/links/"))
    links.purge()
    assert Share.objects.get().sealed == ""


def test_a_bundle_that_is_gone_is_prepared_again(portal, visitor, bundle):
    link = shared(portal, bundle, lasts="30d", again="on")
    Bundle.objects.update(expires=timezone.now())
    answer = visitor.post(f"{link}/download")
    assert answer["Location"] == f"{link}/wait" and Bundle.objects.count() == 2
    assert "is being prepared" in text(visitor.get(f"{link}/wait"))
    assert visitor.post(f"{link}/download")["Location"] == f"{link}/wait" and Bundle.objects.count() == 2
    prepared(Share.objects.get().bundle)
    assert visitor.get(f"{link}/wait")["Location"] == link
    assert opened(body(visitor.get(place_of(visitor, link))))
    assert Share.objects.get().downloads == 1


def test_where_nobody_prepares_the_visitor_is_told_to_come_back(portal, visitor, bundle, monkeypatch):
    link = shared(portal, bundle, lasts="30d", again="on")
    Bundle.objects.update(expires=timezone.now())
    monkeypatch.setattr(orders.workers, "is_anybody_there", lambda: False)
    answer = visitor.post(f"{link}/download")
    assert answer.status_code == 503 and "Try again" in text(answer) and Share.objects.get().downloads == 0


def test_on_a_server_of_old_each_download_is_prepared_by_the_worker(older, settings):
    alice, portal = person_named(older), browser_of("alice")
    bundle = prepared(order(alice, [1, 2]))
    link = shared(portal, bundle)
    first, second = CheckedClient(), CheckedClient()
    place = place_of(first, link)
    assert opened(body(first.get(place)))
    assert first.get(place, headers={"Range": "bytes=5-"}).status_code == 410
    place = place_of(second, link)
    answer = second.get(place)
    if answer.status_code == 303:
        assert answer["Location"] == f"{link}/wait"
        bundle.refresh_from_db()
        prepared(bundle)
        assert second.get(f"{link}/wait")["Location"] == link
        answer = second.get(place_of(second, link))
    assert opened(body(answer)) and Share.objects.get().downloads == 2


def test_the_action_leads_to_the_bundles_own_form(bundle):
    from types import SimpleNamespace

    from django.template.loader import render_to_string

    item = SimpleNamespace(bundle=bundle, state="ready", title="Street scenes")
    shown = render_to_string("shares/_share_action.html", {"item": item, "share_links": True})
    assert f'href="/downloads/share/?bundle={bundle.key}"' in shown


def test_a_withdrawn_link_to_a_bundle_gives_nothing_any_more(portal, visitor, bundle, monkeypatch):
    monkeypatch.setattr(grants, "LOOK_SECONDS", 0)
    link = shared(portal, bundle)
    place = place_of(visitor, link)
    answer = visitor.get(place)
    pieces = iter(answer.streaming_content)
    next(pieces)
    portal.post(f"/downloads/links/{Share.objects.get().key}/withdraw")
    with pytest.raises(grants.Withdrawn):
        list(pieces)
    answer.close()
    assert visitor.get(place).status_code == 410
