"""The upstream keeps one export of a job in a format for each person: asked for anew, it takes the place of the one
that a bundle was made of."""

import pytest

from jobsportal.bundles import orders, writing
from jobsportal.bundles.models import ARCHIVES, ASKED, MADE, PREPARING, READY, Bundle
from jobsportal.bundles.reading import Broken
from tests.bundles.conftest import address, body, browser_of, opened, order, part, person_named, prepared, step
from tests.bundles.test_handing import exported, forget
from tests.bundles.test_preparing import exports


@pytest.fixture(params=["newer", "older"])
def server(request, upstream):
    """Either generation."""
    return request.getfixturevalue("older") if request.param == "older" else upstream


def request_of(server, job_id: int):
    return next(item for item in server.store.requests.values() if item.subject.job_id == job_id)


def begin_anew(server, job_id: int) -> None:
    """Somebody has asked for the same export once more."""
    item = request_of(server, job_id)
    item.status, item.finished = "started", None


def end_anew(server, job_id: int) -> None:
    item = request_of(server, job_id)
    item.status, item.finished = "finished", server.store.now()


@pytest.mark.parametrize("layout", ["folders", ARCHIVES])
def test_what_is_being_exported_anew_is_not_ready_yet(server, layout):
    person, reader = person_named(server), browser_of("alice")
    bundle = prepared(order(person, [1, 2], layout=layout))
    first = bundle.parts.get(position=0).job_id
    begin_anew(server, first)
    assert reader.head(address(bundle)).status_code == 409
    answer = reader.get(address(bundle))
    assert answer.status_code == 409 and "It is not ready yet" in answer.content.decode()
    bundle.refresh_from_db()
    assert bundle.status == PREPARING and part(bundle, first).status == ASKED
    assert step(bundle).status == PREPARING
    end_anew(server, first)
    assert prepared(bundle).status == READY and len(exports(server)) == 2, "it was waited for, not asked for again"
    assert part(bundle, first).position == 0 and part(bundle, first).version == 1
    assert any(f"/job{first}" in name for name in opened(body(reader.get(address(bundle)))).namelist())


def test_what_was_exported_anew_is_taken_as_it_is_now(server):
    person, reader = person_named(server), browser_of("alice")
    bundle = prepared(order(person, [1, 2], layout=ARCHIVES))
    old = reader.head(address(bundle))
    server.padding = 5000
    exported(person, 1)
    new = reader.head(address(bundle))
    assert new.status_code == 200 and new["ETag"] != old["ETag"] and "Content-Length" not in new
    found = body(reader.get(address(bundle), headers={"Range": "bytes=50-", "If-Range": old["ETag"]}))
    assert len(found) > 5000
    opened(found)
    assert (part(bundle, 1).version, part(bundle, 2).version) == (1, 0)
    assert part(bundle, 1).finished == request_of_or_none(server, 1, part(bundle, 1).finished)


def request_of_or_none(server, job_id: int, otherwise):
    """When the export ended, as far as the server has not handed it out for good."""
    return next((item.finished for item in server.store.requests.values() if item.subject.job_id == job_id), otherwise)


def test_a_bundle_stays_as_long_as_the_files_that_are_there_now(alice, reader, upstream):
    bundle = prepared(order(alice, [1]))
    exported(alice, 1)
    reader.head(address(bundle))
    expires = bundle.expires
    bundle.refresh_from_db()
    assert bundle.expires == request_of(upstream, 1).expiry() > expires


@pytest.mark.parametrize("how", ["lost", "failed", "elsewhere"])
def test_what_is_gone_is_prepared_again_before_anything_is_sent(alice, reader, upstream, how):
    bundle = prepared(order(alice, [1, 2]))
    last = bundle.parts.get(position=1).job_id
    if how == "lost":
        forget(upstream, last)
    elif how == "failed":
        request_of(upstream, last).status = "failed"
    else:
        request_of(upstream, last).result_url = None
    assert reader.get(address(bundle)).status_code == 409
    assert prepared(bundle).status == READY and len(exports(upstream)) == 3
    names = opened(body(reader.get(address(bundle)))).namelist()
    assert all(any(f"/job{id}/" in name for name in names) for id in (1, 2))


def test_a_list_that_was_not_read_to_its_end_says_nothing_of_the_others(alice, reader, upstream, monkeypatch):
    bundle = prepared(order(alice, [1, 2, 3]))
    monkeypatch.setattr("jobsportal.bundles.calls.PAGE_SIZE", 1)
    monkeypatch.setattr("jobsportal.bundles.calls.PAGES", 2)
    assert reader.head(address(bundle)).status_code == 200
    assert sum(call.path == "/api/requests" and call.query["page_size"] == ["1"] for call in upstream.calls) == 2


def test_a_list_that_cannot_be_read_is_a_page(alice, reader, upstream):
    bundle = prepared(order(alice, [1]))
    upstream.fail("GET", "/api/requests$", status=500)
    assert reader.get(address(bundle)).status_code == 502
    bundle.refresh_from_db()
    assert bundle.status == READY


def test_what_is_made_anew_in_the_middle_is_waited_for_where_nothing_was_promised(alice, reader, upstream, monkeypatch):
    monkeypatch.setattr(writing, "LOOK_SECONDS", 0)
    bundle = prepared(order(alice, [1, 2, 3]))
    Bundle.objects.update(length=None)
    answer = reader.get(address(bundle))
    last = bundle.parts.get(position=2).job_id
    begin_anew(upstream, last)
    waits = []

    def wait(_) -> None:
        step(bundle)
        waits.append(part(bundle, last).status)
        if len(waits) == 2:
            end_anew(upstream, last)

    monkeypatch.setattr(writing.time, "sleep", wait)
    names = opened(body(answer)).namelist()
    assert any(f"/job{last}/" in name for name in names) and "NOT INCLUDED.txt" not in names
    assert waits[0] == ASKED and len(exports(upstream)) == 3 and bundle.status == READY


def test_what_is_made_anew_in_the_middle_breaks_what_was_promised(alice, reader, upstream):
    bundle = prepared(order(alice, [1, 2], layout=ARCHIVES))
    answer = reader.get(address(bundle))
    assert "Content-Length" in answer
    last = bundle.parts.get(position=1).job_id
    begin_anew(upstream, last)
    with pytest.raises(Broken):
        body(answer)
    assert part(bundle, last).status == ASKED, "the next who asks is told that it is not ready yet"


def test_the_same_order_leads_to_the_one_that_is_being_prepared(server):
    person = person_named(server)
    bundle = order(person, [1, 2])
    with pytest.raises(orders.PreparedAlready) as raised:
        order(
            person,
            [2, 1],
            title="Another name",
        )
    assert raised.value.bundle == Bundle.objects.get() == bundle
    for other in ({"ids": [1]}, {"ids": [1, 3]}, {"format": "YOLO 1.1"}, {"save_images": True}, {"layout": ARCHIVES}):
        order(person, other.pop("ids", [1, 2]), **other)
    order(person_named(server, "admin"), [1, 2])
    assert Bundle.objects.count() == 7


def test_files_of_jobs_that_have_not_changed_are_used_again(alice, reader, upstream):
    old = prepared(order(alice, [1, 2, 3]))
    upstream.store.touch(upstream.store.jobs[2])
    new = prepared(order(alice, [1, 2, 3]))
    assert new != old and exports(upstream)[3:] == ["/api/jobs/2/dataset/export"]
    assert sorted(new.parts.values_list("position", flat=True)) == [0, 1, 2] and part(new, 2).position == 2
    for bundle in (old, new):
        assert sum(name.endswith(".json") for name in opened(body(reader.get(address(bundle)))).namelist()) >= 3


def test_an_order_of_what_is_there_is_ready_at_once_and_its_length_is_known(alice, reader, upstream):
    old = prepared(order(alice, [1, 2]))
    new = order(alice, [1, 2])
    assert step(new).status == READY and len(exports(upstream)) == 2
    assert set(new.parts.values_list("status", flat=True)) == {MADE} and new.expires == old.expires and not new.sealed
    answer = reader.get(address(new))
    assert int(answer["Content-Length"]) == len(body(answer))


@pytest.mark.parametrize("what", ["task", "project", "expiry", "format", "person", "again", "untold"])
def test_what_may_have_changed_is_exported_once_more(alice, upstream, what):
    old, options, person = prepared(order(alice, [1])), {}, alice
    task = upstream.store.task_of(upstream.store.jobs[1])
    if what == "task":
        task.updated = upstream.store.now()
    elif what == "project":
        upstream.store.projects[task.project_id].updated = upstream.store.now()
    elif what == "expiry":
        old.parts.update(expires=upstream.store.now())
    elif what == "format":
        options = {"format": "YOLO 1.1"}
    elif what == "person":
        person = person_named(upstream, "admin")
    elif what == "untold":
        upstream.fail("GET", "/api/tasks$", status=500)
    if what == "again":
        prepared(orders.again(old, alice))
    else:
        prepared(order(person, [1], **options))
    assert len(exports(upstream)) == 2


def test_a_server_that_hands_out_each_file_once_makes_each_anew(alice, older):
    person = person_named(older)
    prepared(order(person, [1]))
    prepared(order(person, [1]))
    assert len(exports(older)) == 2
