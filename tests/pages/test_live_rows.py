"""Rows that are on somebody's screen, as they are by now."""

import re

import pytest

HEADERS = {"HX-Request": "true", "HX-Current-URL": "http://testserver/jobs/?org=acme&columns=id,state"}


def marks(portal) -> dict[int, str]:
    rows = re.findall(
        r'data-job="(\d+)" data-mark="([0-9a-f]{8})"', portal.get("/jobs/?page_size=100").content.decode()
    )
    return {int(id): mark for id, mark in rows}


def ask(portal, seen: dict[int, str], **more):
    given = {"ids": ",".join(map(str, seen)), "seen": ",".join(seen.values()), **more}
    return portal.get("/jobs/rows", given, headers=HEADERS)


def ids_in(answer) -> list[int]:
    return [int(id) for id in re.findall(r'<tr id="job-(\d+)"', answer.content.decode())]


def test_only_rows_that_differ_come_back_and_one_call_tells(portal, upstream):
    seen = marks(portal)
    upstream.calls.clear()
    assert ids_in(ask(portal, seen)) == []
    assert [call.path for call in upstream.calls] == ["/api/jobs"]
    upstream.store.jobs[3].state = "rejected"
    answer = ask(portal, seen)
    assert ids_in(answer) == [3] and "rejected" in answer.content.decode()
    assert re.findall(r'<td class="[^"]*?c-([a-z]+)', answer.content.decode()) == ["pick", "id", "state"]


def test_a_new_name_of_a_task_is_a_difference(portal, upstream):
    from django.core.cache import cache

    seen = marks(portal)
    upstream.store.tasks[2].name = "Roundabout south"
    cache.clear()
    found = ids_in(ask(portal, seen))
    assert found and {upstream.store.jobs[id].task_id for id in found} == {2}


def test_what_is_gone_is_told(portal, upstream):
    seen = marks(portal)
    upstream.store.jobs.remove(3)
    assert 'data-gone="3"' in ask(portal, seen).content.decode()


def test_it_looks_at_the_organization_of_the_list_and_switches_nothing(portal, upstream):
    seen = marks(portal)
    portal.post("/organization", {"org": ""})
    answer = ask(portal, seen, within="acme")
    assert 'data-gone=""' in answer.content.decode()
    assert portal.get("/jobs/").context["person"].org == "", "another tab stays where it is"
    assert ask(portal, seen, within="harbor").status_code == 404


@pytest.mark.parametrize(
    "query", ["ids=x&seen=1", "ids=1,2&seen=a", "ids=1,&seen=a,b", "ids=" + "1," * 300 + "1&seen=" + "a," * 300 + "a"]
)
def test_what_no_list_asks_is_refused(portal, upstream, query):
    assert portal.get(f"/jobs/rows?{query}").status_code == 422
    assert not upstream.calls


def test_nothing_asked_is_nothing_told(portal, upstream):
    assert ids_in(portal.get("/jobs/rows")) == [] and not upstream.calls


def test_the_pace_is_a_setting(portal, settings):
    settings.LIVE_SECONDS = 7
    assert 'data-live="7"' in portal.get("/jobs/").content.decode()
    settings.LIVE_SECONDS = 0
    text = portal.get("/jobs/").content.decode()
    assert 'data-live="0"' in text and "data-live-state" not in text


def test_somebody_who_is_signed_out_is_told_so(client):
    assert client.get("/jobs/rows?ids=1&seen=a", headers=HEADERS).status_code == 401
