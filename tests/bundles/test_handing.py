"""Handing over: while parts are still made, through breaks and files that are gone, for both generations."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from jobsportal.bundles import orders, reading, writing
from jobsportal.bundles.models import ARCHIVES, ASKED, LEFT_OUT, MADE, PREPARING, READY, Bundle
from jobsportal.bundles.reading import Broken
from jobsportal.bundles.remaking import remake
from jobsportal.cvat import errors
from jobsportal.runs.models import Worker
from jobsportal.web.streaming import transfers
from tests.bundles.conftest import address, body, browser_of, opened, order, part, person_named, prepared, step


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """What is waited for is looked at often."""
    monkeypatch.setattr(writing, "LOOK_SECONDS", 0.01)


def downloads(upstream) -> list:
    return [call for call in upstream.calls if "download" in call.path or call.query.get("action") == ["download"]]


def exported(person, job_id: int) -> None:
    """The job's export once more, whoever wanted it: it takes the place of the one before."""
    rq_id = person.client.jobs.export("COCO 1.0", job_id).rq_id
    person.client.requests.wait(rq_id, seconds=30, every=0.02)


def forget(upstream, job_id: int) -> None:
    """The server has lost the export of this job."""
    for key in [key for key in upstream.store.requests if f"target_id={job_id}&" in key]:
        del upstream.store.requests[key]


def first_ready(alice, settings, **options) -> Bundle:
    """Three jobs, of which one is made, and the next is never made by itself."""
    settings.BUNDLE_PARALLEL = 1
    bundle = order(alice, [1, 2, 3], **options)
    step(bundle)
    step(bundle)
    assert [part(bundle, id).status for id in (1, 2, 3)] == [MADE, ASKED, ""]
    return bundle


def test_the_first_part_is_sent_while_the_others_are_still_being_made(reader, alice, upstream, settings, monkeypatch):
    bundle = first_ready(alice, settings)
    answer = reader.get(address(bundle))
    assert answer.status_code == 200 and "Content-Length" not in answer and "ETag" not in answer
    stream, sent = iter(answer.streaming_content), b""
    while b"instances_default.json" not in sent:
        sent += next(stream)
    assert part(bundle, 2).status == ASKED and not part(bundle, 3).status, "the others were not waited for"
    monkeypatch.setattr(writing.time, "sleep", lambda _: step(bundle))
    sent += b"".join(stream)
    assert bundle.status == READY and {f"job{id}" for id in (1, 2, 3)} <= {
        name.split("/")[1] for name in opened(sent).namelist() if "/" in name
    }
    again = reader.get(address(bundle))
    assert body(again) == sent and int(again["Content-Length"]) == len(sent), "as it is once all are made"


def test_nothing_is_sent_before_the_first_part_is_there(reader, alice):
    bundle = order(alice, [1])
    answer = reader.get(address(bundle))
    assert answer.status_code == 409 and "It is not ready yet" in answer.content.decode()


def test_stopping_ends_the_file_with_what_is_in_it(reader, alice, settings, monkeypatch):
    bundle = first_ready(alice, settings)
    answer = reader.get(address(bundle))
    monkeypatch.setattr(writing.time, "sleep", lambda _: orders.stop(bundle, alice))
    archive = opened(body(answer))
    told = archive.read("NOT INCLUDED.txt").decode()
    assert told.startswith("2 of 3 jobs are not in this file.") and "Job 3 (" in told and "was stopped" in told
    assert reader.get(address(bundle)).status_code == 410


def test_removing_breaks_what_is_being_sent(reader, alice, settings, monkeypatch):
    bundle = first_ready(alice, settings)
    answer = reader.get(address(bundle))
    monkeypatch.setattr(writing.time, "sleep", lambda _: orders.remove(bundle))
    with pytest.raises(Broken):
        body(answer)


def test_without_a_worker_waiting_comes_to_an_end(reader, alice, settings):
    bundle = first_ready(alice, settings)
    Worker.objects.all().delete()
    settings.RUN_PATIENCE_SECONDS = 0.05
    with pytest.raises(Broken):
        body(reader.get(address(bundle)))


def test_whoever_goes_away_ends_everything(reader, alice, upstream):
    upstream.padding = 3_000_000
    bundle = prepared(order(alice, [1, 2], layout=ARCHIVES))
    free = transfers._value
    answer = reader.get(address(bundle))
    stream = iter(answer.streaming_content)
    next(stream), next(stream)
    assert transfers._value == free - 1
    upstream_side = answer._resource_closers[0].__self__.pieces.writing._begun
    assert upstream_side is None
    answer.close()
    assert transfers._value == free and len(downloads(upstream)) <= 3, "the second part was never asked for"


@pytest.mark.parametrize("is_begun", [False, True])
def test_what_is_open_upstream_is_closed_with_the_answer(reader, alice, upstream, monkeypatch, is_begun):
    closed = []
    monkeypatch.setattr(reading.Archive, "close", lambda archive: closed.append(archive) or archive._download.close())
    upstream.padding = 3_000_000
    bundle = prepared(order(alice, [1, 2], layout=ARCHIVES))
    answer = reader.get(address(bundle))
    if is_begun:
        next(iter(answer.streaming_content))
    answer.close()
    assert closed and all(archive._download.response.raw.closed for archive in closed)


def test_too_many_transfers_leave_nothing_open(reader, alice, monkeypatch):
    closed = []
    monkeypatch.setattr(reading.Archive, "close", lambda archive: closed.append(archive) or archive._download.close())
    bundle = prepared(order(alice, [1]))
    closed.clear()
    for _ in range(transfers._value):
        transfers.acquire()
    try:
        assert reader.get(address(bundle)).status_code == 503 and len(closed) == 1
    finally:
        while transfers._value < transfers._initial_value:
            transfers.release()


def test_a_break_within_a_part_is_gone_on_with_from_where_it_was(reader, alice, upstream):
    upstream.padding = 400_000
    bundle = prepared(order(alice, [1, 2], layout=ARCHIVES))
    whole = body(reader.get(address(bundle)))
    upstream.calls.clear()
    upstream.fail("GET", "/dataset/download", truncate=100_000, times=1)
    upstream.fail("GET", "/dataset/download", truncate=50_000, times=1)
    assert body(reader.get(address(bundle))) == whole
    asked = [call.headers.get("range") for call in downloads(upstream)]
    assert asked == [None, "bytes=100000-", "bytes=150000-", None]
    assert all(call.headers["if-range"] for call in downloads(upstream)[1:3])


def test_a_break_that_goes_on_breaks_the_transfer(reader, alice, upstream):
    upstream.padding = 400_000
    bundle = prepared(order(alice, [1], layout=ARCHIVES))
    upstream.fail("GET", "/dataset/download", truncate=1000, times=None)
    with pytest.raises(errors.Unreachable):
        body(reader.get(address(bundle)))


def test_a_part_that_was_exported_anew_is_never_mixed_with_what_was_sent(reader, alice, upstream):
    bundle = prepared(order(alice, [1, 2], layout=ARCHIVES))
    first = reader.get(address(bundle))
    whole, etag = body(first), first["ETag"]
    upstream.padding = 1000
    resumed = reader.get(address(bundle), headers={"Range": "bytes=50-", "If-Range": etag})
    exported(alice, bundle.parts.get(position=1).job_id)
    with pytest.raises(Broken):
        body(resumed)
    anew = reader.get(address(bundle), headers={"Range": "bytes=50-", "If-Range": etag})
    assert anew.status_code == 200 and anew["ETag"] != etag
    found = body(anew)
    opened(found)
    assert len(found) > len(whole)


@pytest.mark.parametrize("is_known", [True, False])
def test_another_file_of_the_same_length_is_noticed_too(reader, alice, upstream, is_known):
    bundle = prepared(order(alice, [1, 2], layout=ARCHIVES))
    etag = reader.head(address(bundle))["ETag"]
    if is_known:
        body(reader.get(address(bundle)))
    for request in upstream.store.requests.values():
        if request.subject.job_id == 2:
            content = request.file.read_bytes()
            request.file.write_bytes(bytes(255 - byte for byte in content))
            os.utime(request.file, (1_900_000_000, 1_900_000_000))
    with pytest.raises(Broken):
        body(reader.get(address(bundle), headers={"Range": "bytes=50-", "If-Range": etag}))


def test_a_part_that_is_made_again_meanwhile_is_not_mixed_with_what_was_sent(reader, alice, upstream):
    upstream.padding = 300_000
    bundle = prepared(order(alice, [1, 2], layout=ARCHIVES))
    last = bundle.parts.get(position=1)
    answer = reader.get(address(bundle))
    stream = iter(answer.streaming_content)
    next(stream), next(stream)
    remake(bundle, alice, bundle.parts.filter(pk=last.pk))
    prepared(bundle)
    with pytest.raises(Broken):
        list(stream)
    answer.close()


def test_a_part_that_is_gone_is_made_again_and_waited_for(reader, alice, upstream, monkeypatch):
    bundle = prepared(order(alice, [1, 2, 3]))
    Bundle.objects.update(length=None)
    answer = reader.get(address(bundle))
    last = bundle.parts.get(position=2).job_id
    forget(upstream, last)
    monkeypatch.setattr(writing.time, "sleep", lambda _: step(bundle))
    archive = opened(body(answer))
    assert any(f"/job{last}/" in name for name in archive.namelist()) and "NOT INCLUDED.txt" not in archive.namelist()
    assert bundle.status == READY and part(bundle, last).version == 1


def test_a_part_that_cannot_be_made_again_is_listed(reader, alice, upstream, monkeypatch):
    bundle = prepared(order(alice, [1, 2, 3]))
    Bundle.objects.update(length=None)
    answer = reader.get(address(bundle))
    last = bundle.parts.get(position=2).job_id
    forget(upstream, last)
    upstream.fail("POST", f"/jobs/{last}/dataset/export", status=403, times=None)
    monkeypatch.setattr(writing.time, "sleep", lambda _: step(bundle))
    archive = opened(body(answer))
    assert f"Job {last} (" in archive.read("NOT INCLUDED.txt").decode()
    assert part(bundle, last).status == LEFT_OUT and b'"job":%d' % last in archive.read("manifest.json")


def test_what_the_upstream_answers_to_the_first_part_is_a_page(reader, alice, upstream, monkeypatch):
    monkeypatch.setattr(reading, "PAUSE_SECONDS", 0)
    bundle = prepared(order(alice, [1]))
    free = transfers._value
    upstream.fail("GET", "/dataset/download", reset=True, times=4)
    assert reader.get(address(bundle)).status_code == 502
    upstream.revoke("alice")
    assert reader.get(address(bundle)).status_code == 401
    assert transfers._value == free


def test_a_sign_in_that_ends_in_the_middle_breaks_the_transfer(reader, alice, upstream):
    bundle = prepared(order(alice, [1, 2], layout=ARCHIVES))
    answer = reader.get(address(bundle))
    upstream.revoke("alice")
    with pytest.raises(errors.SignedOut):
        body(answer)


def test_what_has_expired_is_gone_and_can_be_prepared_again(reader, alice):
    bundle = prepared(order(alice, [1]))
    Bundle.objects.update(expires=timezone.now() - timedelta(minutes=1))
    answer = reader.get(address(bundle))
    assert answer.status_code == 410 and "Prepare again" in answer.content.decode()


@pytest.mark.parametrize("layout", ["folders", ARCHIVES])
def test_an_older_server_hands_out_each_file_once(alice, older, layout, monkeypatch):
    person, reader = person_named(older), browser_of("alice")
    bundle = prepared(order(person, [1, 2], layout=layout))
    assert bundle.status == READY and not downloads(older), "nothing is used up by looking"
    assert not body(reader.head(address(bundle))) and not downloads(older)
    answer = reader.get(address(bundle))
    names = opened(body(answer)).namelist()
    assert len(downloads(older)) == 2
    assert orders.progress_of([bundle])[bundle.pk].is_used_up
    again = reader.get(address(bundle), headers={"Range": "bytes=10-"})
    assert again.status_code == 409, "it is prepared again first"
    bundle.refresh_from_db()
    assert bundle.status == PREPARING and set(bundle.parts.values_list("status", flat=True)) == {""}
    assert prepared(bundle).status == READY
    assert opened(body(reader.get(address(bundle)))).namelist() == names


def test_an_older_server_that_breaks_off_breaks_the_transfer(older, monkeypatch):
    person, reader = person_named(older), browser_of("alice")
    older.padding = 400_000
    bundle = prepared(order(person, [1, 2], layout=ARCHIVES))
    older.fail("GET", "/annotations$", truncate=1000)
    with pytest.raises(errors.Unreachable):
        body(reader.get(address(bundle)))
    assert list(bundle.parts.order_by("position").values_list("is_used", flat=True)) == [True, False]
    reader.get(address(bundle))
    prepared(bundle)
    assert len(opened(body(reader.get(address(bundle)))).namelist()) == 5


def test_two_people_at_once_get_the_same(reader, alice, upstream):
    bundle = prepared(order(alice, [1, 2, 3]))
    answers = [reader.get(address(bundle)) for _ in range(2)]
    streams = [iter(answer.streaming_content) for answer in answers]
    found = [b"", b""]
    for number in (0, 1, 1, 0, 0, 1):
        found[number] += next(streams[number], b"")
    for number in (0, 1):
        found[number] += b"".join(streams[number])
        answers[number].close()
    assert found[0] == found[1]
