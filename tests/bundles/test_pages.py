"""The page of a bundle: how far it is, what is in it, what is not, and what can be done."""

import pytest

from jobsportal.bundles import orders
from jobsportal.bundles.models import PREPARING, STOPPED, Bundle
from jobsportal.runs.models import Worker
from tests.bundles.conftest import address, browser_of, order, prepared, step

HTMX = {"HX-Request": "true", "HX-Target": "bundle"}


def page(reader, bundle: Bundle, query: str = "") -> str:
    answer = reader.get(address(bundle, "") + query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_while_it_is_prepared_the_page_tells_how_far_it_is(reader, alice, settings):
    settings.BUNDLE_PARALLEL = 1
    bundle = order(alice, [1, 2, 3])
    step(bundle)
    text = page(reader, bundle)
    assert "0 of 3 jobs ready" in text and "Download as it is made" not in text and "hx-trigger" in text
    assert ">Waiting</a>" in text, "numbers that stand still would contradict those that move"
    step(bundle)
    text = page(reader, bundle)
    assert "1 of 3 jobs ready" in text and "Download as it is made" in text
    partial = reader.get(address(bundle, ""), headers=HTMX).content.decode()
    assert "<h1" not in partial and "1 of 3 jobs ready" in partial
    prepared(bundle)
    assert reader.get(address(bundle, ""), headers=HTMX)["HX-Refresh"] == "true"
    assert "hx-trigger" not in page(reader, bundle).split("<main")[1]


def test_without_a_worker_the_page_says_what_it_waits_for(reader, alice):
    bundle = order(alice, [1])
    Worker.objects.all().delete()
    assert "Waits: no worker is running." in page(reader, bundle)


def test_what_is_not_included_is_listed_with_the_reason_and_can_be_tried_again(reader, alice, upstream):
    bundle = order(alice, [1, 2])
    upstream.fail("POST", "/jobs/2/dataset/export", status=403, body=b'{"detail":"Only the owner may."}')
    prepared(bundle)
    text = page(reader, bundle)
    assert "Ready, without 1 job" in text and "Only the owner may." in text and "kept until" in text
    assert 'href="/jobs/1/"' in page(reader, bundle, "?show=in")
    assert reader.post(address(bundle, "again"), {"only": "out"}).url == address(bundle, "")
    bundle.refresh_from_db()
    assert bundle.status == PREPARING and prepared(bundle).parts.filter(position=1).get().job_id == 2
    assert "Not included</dt><dd>0" in page(reader, bundle)


def test_long_lists_come_in_pages(reader, alice, monkeypatch):
    monkeypatch.setattr("jobsportal.bundles.pages.SHOWN", 2)
    bundle = prepared(order(alice, [1, 2, 3]))
    assert "1–2 of 3" in page(reader, bundle)
    assert "3–3 of 3" in page(reader, bundle, "?show=in&page=2") and 'rel="prev"' in page(reader, bundle, "?page=9")


def test_stop_then_go_on(reader, alice):
    bundle = order(alice, [1, 2])
    for _ in range(2):
        assert reader.post(address(bundle, "stop")).url == address(bundle, "")
    bundle.refresh_from_db()
    assert bundle.status == STOPPED and "Go on with it" in page(reader, bundle)
    assert "was stopped" in page(reader, bundle, "?show=out")
    reader.post(address(bundle, "again"), {"only": "out"})
    assert prepared(bundle).parts.exclude(position=None).count() == 2


def test_prepare_all_again_is_another_file(reader, alice):
    bundle = prepared(order(alice, [1, 2]))
    new = reader.post(address(bundle, "again")).url
    assert new != address(bundle, "") and Bundle.objects.count() == 2
    Worker.objects.all().delete()
    refused = reader.post(address(bundle, "again"))
    assert refused.status_code == 503 and "No worker is running" in refused.content.decode()
    assert reader.post(address(bundle, "again"), {"only": "out"}).status_code == 503


def test_jobs_that_are_all_gone_are_not_prepared_again(reader, alice, upstream):
    bundle = prepared(order(alice, [1]))
    upstream.fail("GET", "/api/jobs$", status=200, body=b'{"count":0,"results":[]}')
    answer = reader.post(address(bundle, "again"))
    assert answer.status_code == 422 and "None of these jobs" in answer.content.decode()


def test_removing_takes_it_off_the_list(reader, alice):
    bundle = order(alice, [1])
    assert reader.post(address(bundle, "remove")).url == "/downloads/"
    assert not orders.own_bundles(alice).exists()
    assert "Street scenes was removed." in reader.get("/downloads/").content.decode()
    assert reader.get(address(bundle, "")).status_code == 404


@pytest.mark.parametrize("what", ["", "file", "stop", "again", "remove"])
def test_other_people_find_nothing_there(alice, upstream, what):
    bundle = prepared(order(alice, [1]))
    bob = browser_of("bob")
    if what in ("", "file"):
        assert bob.get(address(bundle, what)).status_code == 404
    else:
        assert bob.post(address(bundle, what)).status_code == 404
    assert Bundle.objects.filter(pk=bundle.pk, status="ready").exists()


def test_forms_asked_for_by_their_address_lead_to_the_page(reader, alice):
    bundle = order(alice, [1])
    for what in ("stop", "again", "remove"):
        assert reader.get(address(bundle, what)).url == address(bundle, "")


def test_a_table_has_a_page_too(reader, alice):
    text = page(reader, order(alice, [1, 2], kind="xlsx"))
    assert "all objects as Excel" in text and "One row for each tag and shape" in text and "Download" in text


def test_a_title_is_only_text(reader, alice):
    assert "<b>bold</b>" not in page(reader, order(alice, [1], title="<b>bold</b> & “more”"))
