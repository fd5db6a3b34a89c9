"""How a bundle is prepared: side by side with a bound, through trouble, taken up by whoever comes next."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from jobsportal.bundles import orders, preparing, settling
from jobsportal.bundles.lease import Lease, LeaseLost
from jobsportal.bundles.models import ASKED, FAILED, LEFT_OUT, MADE, PREPARING, READY, STOPPED, WAITING, Bundle
from jobsportal.runs.models import Worker
from tests.bundles.conftest import order, part, person_named, prepared, step


def exports(upstream) -> list[str]:
    return [call.path for call in upstream.calls if call.method == "POST" and call.path.endswith("/export")]


def running(upstream) -> int:
    return sum(request.running for request in upstream.store.requests.values())


def test_exports_are_asked_for_side_by_side_and_never_more_than_allowed(alice, upstream):
    upstream.request_seconds = 0.4
    bundle = order(alice, range(1, 11))
    most, steps = 0, 0
    while step(bundle).status == PREPARING:
        most, steps = max(most, running(upstream)), steps + 1
        assert bundle.parts.filter(status=ASKED).count() <= 4
    assert bundle.status == READY and most > 1 and len(exports(upstream)) == 10
    assert sorted(bundle.parts.values_list("position", flat=True)) == list(range(10))
    single = [call for call in upstream.calls if call.method == "GET" and call.path.startswith("/api/requests/")]
    assert not single, "how they stand is told by one list"
    assert sum(call.path == "/api/requests" for call in upstream.calls) <= steps + 1


def test_a_part_that_fails_is_tried_once_more_and_then_left_out_with_its_reason(alice, upstream):
    bundle = order(alice, [1, 2])
    for _ in range(2):
        step(bundle)
        for request in upstream.store.requests.values():
            if request.subject.job_id == 2:
                request.status, request.message = "failed", "OSError: No space left on device\n"
    prepared(bundle)
    assert bundle.status == READY
    assert (part(bundle, 1).status, part(bundle, 2).status) == (MADE, LEFT_OUT)
    assert part(bundle, 2).words == "The server has no room left for the file. Tell its administrator."
    assert exports(upstream).count("/api/jobs/2/dataset/export") == 2


def test_jobs_that_are_gone_or_closed_are_left_out_in_words(alice, upstream):
    bundle = order(alice, [1, 2, 3])
    upstream.fail("POST", "/jobs/2/dataset/export", status=404, body=b'{"detail":"Not found."}')
    upstream.fail("POST", "/jobs/3/dataset/export", status=403, body=b'{"detail":"Only the owner may."}')
    prepared(bundle)
    assert part(bundle, 2).words.startswith("It isn't there.")
    assert part(bundle, 3).words == "You may not do this. Only the owner may."


def test_nothing_to_be_had_fails_with_the_reason(alice, upstream):
    bundle = prepared(order(alice, [1], format="No Such Format 7"))
    assert bundle.status == FAILED and "Unknown format" in bundle.problem and not bundle.sealed


def test_an_upstream_that_is_away_is_waited_for_and_said(alice, upstream):
    bundle = order(alice, [1, 2])
    upstream.fail(reset=True, times=None)
    for _ in range(3):
        step(bundle)
    assert bundle.status == PREPARING and bundle.failures == 3 and bundle.sealed
    assert bundle.problem == "Test CVAT can't be reached. It goes on by itself."
    assert bundle.rests_until > bundle.hindered, "it is not asked all the time"
    upstream.faults.clear()
    prepared(bundle)
    assert (bundle.status, bundle.problem) == (READY, "") and bundle.parts.filter(status=MADE).count() == 2


def test_a_busy_upstream_says_when_to_come_back(alice, upstream):
    bundle = order(alice, [1])
    upstream.fail("POST", "/export", status=429, headers={"Retry-After": "7"}, body=b'{"detail":"Slow down."}')
    step(bundle)
    assert 5 < (bundle.rests_until - bundle.hindered).total_seconds() < 9
    assert bundle.status == PREPARING and "busy" in bundle.problem and part(bundle, 1).tries == 0
    assert prepared(bundle).status == READY


def test_patience_comes_to_an_end_and_what_was_made_stays(alice, upstream, settings):
    settings.BUNDLE_PARALLEL = 1
    settings.RUN_PATIENCE_SECONDS = 0.0
    bundle = order(alice, [1, 2])
    step(bundle)
    step(bundle)
    upstream.fail(reset=True, times=None)
    prepared(bundle)
    assert bundle.status == READY and "Given up" in bundle.problem
    assert part(bundle, 1).status == MADE and "Given up" in part(bundle, 2).words


def test_a_sign_in_that_ends_in_the_middle_is_said(alice, upstream, settings):
    settings.BUNDLE_PARALLEL = 1
    bundle = order(alice, [1, 2])
    step(bundle)
    step(bundle)
    upstream.revoke("alice")
    prepared(bundle)
    assert (bundle.status, bundle.sealed) == (READY, "")
    assert "no longer accepts the sign-in" in bundle.problem and "no longer accepts" in part(bundle, 2).words
    lost = prepared(order_signed_out(upstream))
    assert lost.status == FAILED and "no longer accepts the sign-in" in lost.problem


def order_signed_out(upstream) -> Bundle:
    person = person_named(upstream)
    bundle = order(person, [3])
    upstream.revoke("alice")
    return bundle


@pytest.mark.parametrize("generation", ["newer", "older"])
def test_an_answer_that_was_never_heard_does_not_ask_twice(alice, upstream, generation, request, monkeypatch):
    if generation == "older":
        upstream = request.getfixturevalue("older")
    bundle = order(person_named(upstream), range(1, 5))

    def killed(*_):
        raise LeaseLost

    with monkeypatch.context() as patched:
        patched.setattr(settling, "asked", killed)
        step(bundle)
    assert set(bundle.parts.values_list("status", "rq_id")) == {(ASKED, "")}
    prepared(bundle)
    assert bundle.status == READY and len(exports(upstream)) == 4, "the list of requests tells which they are"


def test_what_was_meant_to_be_asked_and_never_was_is_asked(alice, upstream):
    bundle = order(alice, [1, 2])
    lease = Lease.take(bundle.pk)
    settling.intend(lease, bundle)
    lease.give_back()
    assert not exports(upstream)
    assert prepared(bundle).status == READY and len(exports(upstream)) == 2


def test_two_workers_keep_out_of_each_others_way(alice, upstream):
    bundle = order(alice, [1])
    lease = Lease.take(bundle.pk)
    assert Lease.take(bundle.pk) is None
    assert preparing.turn() is False and not exports(upstream)
    Bundle.objects.filter(pk=bundle.pk).update(lease_owner="another")
    with pytest.raises(LeaseLost):
        lease.hold()


def test_an_export_that_the_server_has_lost_is_asked_for_again(alice, upstream):
    bundle = order(alice, [1])
    step(bundle)
    upstream.store.requests.clear()
    assert prepared(bundle).status == READY and len(exports(upstream)) == 2


def test_stopping_cancels_what_is_queued(alice, upstream):
    upstream.request_seconds = 60
    bundle = order(alice, range(1, 7))
    step(bundle)
    assert running(upstream) == 4
    orders.stop(bundle, alice)
    bundle.refresh_from_db()
    assert (bundle.status, bundle.sealed) == (STOPPED, "") and running(upstream) == 0
    assert not upstream.store.requests, "all were queued"
    asked = len(exports(upstream))
    preparing.turn()
    assert len(exports(upstream)) == asked
    upstream.request_seconds = 0
    assert orders.complete(bundle, alice) == 6
    assert prepared(bundle).status == READY


def test_what_was_left_out_can_be_tried_again_within_the_same_file(alice, upstream):
    bundle = order(alice, [1, 2])
    upstream.fail("POST", "/jobs/2/dataset/export", status=403)
    prepared(bundle)
    assert part(bundle, 2).status == LEFT_OUT
    assert orders.complete(bundle, alice) == 1
    assert part(bundle, 2).status == WAITING
    prepared(bundle)
    assert [part(bundle, id).position for id in (1, 2)] == [0, 1] and exports(upstream).count(
        "/api/jobs/1/dataset/export"
    ) == 1


def test_the_same_jobs_once_more_are_read_as_they_are_now(alice, upstream):
    bundle = prepared(order(alice, [1, 2], title="All of it"))
    upstream.store.jobs[1].state = "rejected"
    new = orders.again(bundle, alice)
    assert new.pk != bundle.pk and new.title == "All of it" and part(new, 1).about["state"] == "rejected"


def test_nothing_is_ordered_in_silence(alice, upstream, settings):
    with pytest.raises(orders.NothingToPrepare):
        orders.order(alice, [], title="Nothing")
    settings.BUNDLE_MAX_JOBS = 1
    with pytest.raises(orders.TooManyJobs, match="2 jobs are more than the 1"):
        order(alice, [1, 2])
    Worker.objects.all().delete()
    with pytest.raises(orders.NobodyPrepares):
        order(alice, [1])
    assert order(alice, [1], kind="csv").status == READY, "a table needs no worker"
    assert Bundle.objects.count() == 1


def test_progress_tells_how_far_it_is(alice, upstream, settings):
    settings.BUNDLE_PARALLEL = 2
    bundle = order(alice, [1, 2, 3, 5])
    upstream.fail("POST", "/jobs/2/dataset/export", status=403)
    step(bundle)
    step(bundle)
    progress = orders.progress_of([bundle])[bundle.pk]
    assert (progress.total, progress.made, progress.left_out, progress.waiting, progress.percent) == (4, 1, 1, 2, 50)
    assert progress.size is None
    prepared(bundle)
    assert orders.progress_of([bundle])[bundle.pk].size == sum(
        filter(None, bundle.parts.values_list("size", flat=True))
    )


def test_files_of_old_are_forgotten_a_week_later(alice, upstream, capsys):
    old, new = prepared(order(alice, [1])), prepared(order(alice, [2]))
    Bundle.objects.filter(pk=old.pk).update(expires=timezone.now() - timedelta(days=8))
    call_command("purgebundles")
    assert list(Bundle.objects.values_list("pk", flat=True)) == [new.pk]
    assert capsys.readouterr().out == "1 old file of many jobs deleted.\n"


def test_a_credential_is_not_kept_for_ever(alice, upstream):
    upstream.request_seconds = 3600
    bundle = order(alice, [1])
    step(bundle)
    Bundle.objects.update(made=timezone.now() - timedelta(days=4))
    assert (step(bundle).status, bundle.sealed) == (FAILED, "") and "three days" in bundle.problem


def test_a_step_that_fails_of_itself_is_said_and_tried_again(alice, upstream, monkeypatch, caplog):
    bundle = order(alice, [1])
    with monkeypatch.context() as broken:
        broken.setattr(preparing.Calls, "ask", lambda *_: 1 / 0)
        step(bundle)
    assert bundle.problem.startswith("The portal failed; its log says how") and "ZeroDivisionError" in caplog.text
    assert prepared(bundle).status == READY
