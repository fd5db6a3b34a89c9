"""Carrying out a run against a real upstream: outcomes, records, troubles, and runs that meet."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from jobsportal.activity.models import Change
from jobsportal.runs import engine, plans
from jobsportal.runs.again import again, undo_run
from jobsportal.runs.engine_calls import Calls
from jobsportal.runs.lease import Lease
from jobsportal.runs.models import (
    CHANGED,
    DELETE,
    DISTRIBUTE,
    FAILED,
    FINISHED,
    QUEUED,
    REFUSED,
    RUNNING,
    STOPPED,
    UNCHANGED,
    Run,
    counted,
)
from jobsportal.sandbox import jobs as sandbox_jobs
from tests.runs.conftest import person_named, planned_for

DAVE, ERIN, MARA, GRACE = 5, 6, 7, 8


def outcomes(run: Run) -> Counter:
    return Counter(run.items.values_list("outcome", flat=True))


def words(run: Run, job_id: int) -> str:
    return run.items.get(job_id=job_id).words


def patches(upstream) -> list:
    return [call for call in upstream.calls if call.method == "PATCH"]


def bodies(upstream, monkeypatch) -> dict[int, dict]:
    """What each PATCH carries, by job, from now on."""
    sent: dict[int, dict] = {}
    real = sandbox_jobs._apply

    def noted(store, job, changes):
        sent[job.id] = changes
        real(store, job, changes)

    monkeypatch.setattr(sandbox_jobs, "_apply", noted)
    return sent


def untouched(upstream, ids) -> list[int]:
    """These jobs, new and nobody's."""
    for id in ids:
        job = upstream.store.jobs[id]
        job.assignee_id, job.stage, job.state = None, "annotation", "new"
    return list(ids)


def test_each_job_gets_what_is_wanted_and_is_recorded(upstream, begin, carry_out):
    ids = [job.id for job in upstream.store.jobs.rows() if job.organization_id == 1][:20]
    before = {id: upstream.store.jobs[id].assignee_id for id in ids}
    run = carry_out(begin(ids, {"assignee": DAVE}))
    assert run.status == FINISHED and run.ended and run.started and not run.problem
    assert all(upstream.store.jobs[id].assignee_id == DAVE for id in ids)
    already = [id for id in ids if before[id] == DAVE]
    assert already and outcomes(run) == {CHANGED: len(ids) - len(already), UNCHANGED: len(already)}
    assert counted(run)[CHANGED] == len(ids) - len(already)
    records = Change.objects.filter(run=run)
    assert {(one.job_id, one.field, one.before_id, one.after_id) for one in records} == {
        (id, "assignee", before[id], DAVE) for id in ids if id not in already
    }
    assert {one.after for one in records} == {"dave"} and {one.outcome for one in records} == {CHANGED}
    asked = {call.path: call.headers["x-request-id"] for call in patches(upstream)}
    assert {one.request_id for one in records} == set(asked.values()) and len(asked) == len(records)


def test_the_sealed_credential_is_gone_at_the_end(begin, carry_out):
    run = begin([3], {"state": "in progress"})
    assert run.sealed and run.organizations
    run = carry_out(run)
    assert not run.sealed and not run.organizations and not run.lease_owner
    assert run.items.get().about == {}


def test_only_what_changes_is_sent(upstream, begin, carry_out, monkeypatch):
    sent = bodies(upstream, monkeypatch)
    one, two = upstream.store.jobs[1], upstream.store.jobs[2]
    one.assignee_id, one.stage, one.state = DAVE, "annotation", "new"
    two.assignee_id, two.stage, two.state = None, "annotation", "completed"
    carry_out(begin([1, 2], {"assignee": DAVE, "state": "completed"}))
    assert sent == {1: {"state": "completed"}, 2: {"assignee": DAVE}}


def test_somebody_elses_change_is_left_alone(upstream, begin, carry_out):
    upstream.store.jobs[3].assignee_id, upstream.store.jobs[4].assignee_id = ERIN, None
    run = carry_out(begin([3, 4], {"assignee": DAVE}, expected={"assignee": None}))
    assert outcomes(run) == {REFUSED: 1, CHANGED: 1} and upstream.store.jobs[3].assignee_id == ERIN
    assert words(run, 3) == "assignee is now erin: left alone"
    refused = Change.objects.get(run=run, outcome=REFUSED)
    assert (refused.job_id, refused.field, refused.before, refused.after) == (3, "assignee", "erin", "dave")


def test_a_job_that_is_gone_is_refused_in_words(upstream, begin, carry_out):
    run = begin([1, 2, 99_999], {"state": "rejected"})
    upstream.store.remove_job(upstream.store.jobs[2])
    run = carry_out(run)
    assert outcomes(run) == {CHANGED: 1, REFUSED: 2} and "It isn't there" in words(run, 2)
    assert Change.objects.filter(run=run, outcome=REFUSED, job_id__in=[2, 99_999]).count() == 2


def test_what_the_upstream_forbids_is_refused(upstream, begin, carry_out):
    mine = next(job for job in upstream.store.jobs.rows() if job.assignee_id == DAVE and job.organization_id == 1)
    run = carry_out(begin([mine.id], {"assignee": ERIN}, person=person_named(upstream, "dave")))
    assert outcomes(run) == {REFUSED: 1} and words(run, mine.id) and mine.assignee_id == DAVE


def test_nobody_from_outside_the_organization_gets_a_job(upstream, begin, carry_out):
    said = {"assignee": {"id": GRACE, "username": "grace"}}
    run = carry_out(begin([1, 2], {"assignee": GRACE}, said=said))
    assert outcomes(run) == {REFUSED: 2} and not patches(upstream)
    assert words(run, 1) == "grace is not in the organization, or is gone."
    assert [call.path for call in upstream.calls].count("/api/users") == 1, "asked once for both"


def test_each_job_may_want_something_else(upstream, begin, carry_out, alice):
    plan = planned_for(upstream, [1], {"assignee": DAVE}) + planned_for(upstream, [2], {"assignee": MARA})
    run = plans.draft(alice, DISTRIBUTE, {}, plan)
    plans.begin(alice, run)
    carry_out(run)
    assert (upstream.store.jobs[1].assignee_id, upstream.store.jobs[2].assignee_id) == (DAVE, MARA)


def test_ground_truth_jobs_are_deleted_others_not(upstream, begin, carry_out):
    truth = next(job for job in upstream.store.jobs.rows() if job.type == "ground_truth")
    run = carry_out(begin([1, truth.id], {}, kind=DELETE))
    assert outcomes(run) == {CHANGED: 1, REFUSED: 1} and upstream.store.jobs.get(truth.id) is None
    assert upstream.store.jobs.get(1) and words(run, 1) == "Only ground truth jobs can be deleted."
    assert set(Change.objects.filter(run=run).values_list("job_id", "field", "after", "outcome")) == {
        (truth.id, "job", "deleted", CHANGED),
        (1, "job", "deleted", REFUSED),
    }


def test_a_deletion_whose_answer_was_not_heard_counts(upstream, begin, carry_out):
    truth = next(job for job in upstream.store.jobs.rows() if job.type == "ground_truth")
    upstream.fail("DELETE", truncate=0)
    run = begin([truth.id], {}, kind=DELETE)
    run.items.update(sent={}, before={"assignee": None, "stage": "annotation", "state": "new"})
    upstream.store.remove_job(truth)
    assert outcomes(carry_out(run)) == {CHANGED: 1}


@pytest.mark.parametrize("status", [429, 503, 502])
def test_a_busy_upstream_is_given_time(upstream, begin, carry_out, status):
    upstream.fail("PATCH", status=status, headers={"Retry-After": "0"}, times=3)
    run = carry_out(begin(untouched(upstream, range(1, 7)), {"assignee": DAVE, "state": "rejected"}))
    assert run.status == FINISHED and not run.problem and outcomes(run) == {CHANGED: 6}
    assert all(item.tries == 0 for item in run.items.all()), "that was not the jobs' fault"
    assert Change.objects.filter(run=run, outcome=CHANGED).count() == 12, "each field recorded once"


def test_a_connection_that_breaks_after_the_change_counts_it_once(upstream, begin, carry_out):
    upstream.fail("PATCH", truncate=0)
    run = carry_out(begin([1], {"state": "rejected"}))
    assert outcomes(run) == {CHANGED: 1} and upstream.store.jobs[1].state == "rejected"
    assert len(patches(upstream)) == 1, "the job told that it had arrived"
    assert Change.objects.get(run=run).after == "rejected"


def test_patience_has_an_end(upstream, begin, carry_out, settings):
    settings.RUN_PATIENCE_SECONDS = 0.3
    upstream.fail("PATCH", status=503, times=None)
    run = carry_out(begin([1, 2], {"state": "rejected"}))
    assert run.status == STOPPED and "Test CVAT is busy" in run.problem and not run.sealed
    assert outcomes(run) == {"": 2}, "they still wait"


def test_an_upstream_that_asks_for_more_than_there_is_ends_it_at_once(upstream, begin, carry_out, settings):
    upstream.fail("PATCH", status=429, headers={"Retry-After": "3600"})
    run = carry_out(begin([1], {"state": "rejected"}))
    assert run.status == STOPPED and outcomes(run) == {"": 1}


def test_a_list_that_fails_is_asked_for_again(upstream, begin, carry_out):
    upstream.fail("GET", r"/api/jobs$", status=500)
    assert outcomes(carry_out(begin([1], {"state": "rejected"}))) == {CHANGED: 1}


def test_a_job_that_fails_is_tried_three_times_and_the_others_go_on(upstream, begin, carry_out):
    upstream.fail("PATCH", r"/api/jobs/2$", status=500, times=None)
    run = carry_out(begin([1, 2, 3], {"state": "rejected"}))
    assert run.status == FINISHED and outcomes(run) == {CHANGED: 2, FAILED: 1}
    assert "Test CVAT failed" in words(run, 2)
    assert [call.path for call in patches(upstream)].count("/api/jobs/2") == 3
    failed = Change.objects.get(run=run, outcome=FAILED)
    assert (failed.job_id, failed.field, failed.after) == (2, "state", "rejected")


def test_an_answer_that_makes_no_sense_is_looked_into(upstream, begin, carry_out):
    upstream.fail("PATCH", malformed="html")
    run = carry_out(begin([1], {"state": "rejected"}))
    assert outcomes(run) == {CHANGED: 1} and Change.objects.filter(run=run).count() == 1


def test_a_refused_credential_stops_the_run(upstream, begin, carry_out):
    upstream.fail("PATCH", r"/api/jobs/5$", status=401, times=None)
    run = carry_out(begin(untouched(upstream, range(1, 9)), {"state": "rejected"}))
    assert run.status == STOPPED and "no longer accepts" in run.problem and not run.sealed
    heard = {item.job_id for item in run.items.filter(outcome=CHANGED)}
    assert heard == {id for id in range(1, 9) if upstream.store.jobs[id].state == "rejected"}, "no outcome is lost"
    assert 5 not in heard and outcomes(run)[""] == 8 - len(heard)


def test_a_credential_that_can_not_be_unsealed_stops_the_run(begin, carry_out):
    run = begin([1], {"state": "rejected"})
    Run.objects.update(sealed="something else")
    run = carry_out(run)
    assert run.status == STOPPED and "can't be read" in run.problem


def test_a_mistake_of_the_portal_ends_the_run_and_is_logged(begin, carry_out, caplog, monkeypatch):
    monkeypatch.setattr(engine, "decide", lambda *_: 1 / 0)
    run = carry_out(begin([1], {"state": "rejected"}))
    assert run.status == STOPPED and "The portal failed" in run.problem and "ZeroDivisionError" in caplog.text


def test_a_stop_is_heeded_between_batches(upstream, begin, carry_out, monkeypatch):
    ids = list(range(1, 41))
    run = begin(ids, {"state": "rejected"})
    real = engine.Carrying.take_on

    def stopping(self, batch):
        real(self, batch)
        plans.stop(run)

    monkeypatch.setattr(engine.Carrying, "take_on", stopping)
    run = carry_out(run)
    assert run.status == STOPPED and not run.sealed and not run.problem
    assert outcomes(run)[""] == len(ids) - 12, "one batch of three times RUN_PARALLEL"


def test_a_stop_before_any_worker_came_ends_it_at_once(upstream, begin, carry_out):
    run = begin([1], {"state": "rejected"})
    plans.stop(run)
    run.refresh_from_db()
    assert run.status == STOPPED and not run.sealed
    assert carry_out(run).status == STOPPED and not patches(upstream)


def test_a_stop_ends_a_run_whose_worker_is_gone(upstream, begin):
    run = begin([1, 2], {"state": "rejected"})
    Lease.take(str(run.key))
    run.items.filter(job_id=2).update(sent={"state": "rejected"})
    plans.stop(run)
    run.refresh_from_db()
    assert run.status == RUNNING, "somebody is at it"
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    plans.stop(run)
    run.refresh_from_db()
    assert (run.status, run.sealed, run.lease_owner) == (STOPPED, "", "")
    assert (words(run, 1), words(run, 2)) == ("", "It may have been done: the answer was not heard.")


def test_a_pause_is_cut_short_by_a_stop(upstream, begin, carry_out, monkeypatch, settings):
    settings.RUN_PARALLEL = 1
    upstream.fail("PATCH", status=503, headers={"Retry-After": "200"}, times=None)
    run = begin(untouched(upstream, [1, 2, 3]), {"state": "rejected"})
    said = []
    real = engine.Carrying.rest

    def stopping(self):
        real(self)
        said.append(Run.objects.get(pk=run.pk).problem)
        plans.stop(run)

    monkeypatch.setattr(engine.Carrying, "rest", stopping)
    assert carry_out(run).status == STOPPED
    assert said == ["Test CVAT is busy. Goes on in 200 s."]
    assert len(patches(upstream)) == 1, "the others heed it"


def test_nobody_takes_a_run_that_somebody_has(upstream, begin, carry_out):
    run = begin([1], {"state": "rejected"})
    assert Lease.take(str(run.key)) and Lease.take(str(run.key)) is None
    assert carry_out(run).status == RUNNING and not patches(upstream)
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert carry_out(run).status == FINISHED, "its process gave no sign of life"


def test_a_lost_lease_writes_nothing(upstream, begin, carry_out, monkeypatch):
    run = begin([1], {"state": "rejected"})
    real = engine.Carrying.heard

    def robbed(self, item, answer):
        Run.objects.update(lease_owner="another")
        return real(self, item, answer)

    monkeypatch.setattr(engine.Carrying, "heard", robbed)
    run = carry_out(run)
    assert (run.status, run.lease_owner, run.ended) == (RUNNING, "another", None)
    assert outcomes(run) == {"": 1} and not Change.objects.exists()
    monkeypatch.undo()
    Run.objects.update(lease_owner="")
    assert outcomes(carry_out(run)) == {CHANGED: 1} and len(patches(upstream)) == 1
    assert Change.objects.get().after == "rejected"


def test_a_process_that_ends_gives_the_run_back(upstream, begin, carry_out, monkeypatch):
    run = begin(list(range(1, 31)), {"state": "rejected"})
    real = engine.Carrying.take_on

    def ending(self, batch):
        real(self, batch)
        engine.ending.set()

    monkeypatch.setattr(engine.Carrying, "take_on", ending)
    run = carry_out(run)
    assert (run.status, run.lease_owner) == (RUNNING, "") and run.sealed and outcomes(run)[""] == 18
    engine.ending.clear()
    monkeypatch.undo()
    assert outcomes(carry_out(run))[""] == 0


def test_no_more_calls_at_a_time_than_the_setting_allows(upstream, begin, carry_out, settings, monkeypatch):
    settings.RUN_PARALLEL = 3
    at_once, most, lock = [0], [0], threading.Lock()

    upstream.fail("PATCH", delay=0.05, times=None)
    asked = Calls._asked

    def counted_call(self, call):
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        try:
            return asked(self, call)
        finally:
            with lock:
                at_once[0] -= 1

    monkeypatch.setattr(Calls, "_asked", counted_call)
    carry_out(begin(untouched(upstream, range(1, 25)), {"state": "rejected"}))
    assert most[0] == 3


def test_two_runs_over_the_same_jobs_go_one_after_the_other(upstream, begin, carry_out):
    first = begin([1, 2, 3], {"assignee": DAVE})
    second = begin([2, 3, 4], {"assignee": ERIN})
    second = carry_out(second)
    first.refresh_from_db()
    assert (first.status, second.status) == (FINISHED, FINISHED), "nobody was at the first: it was done on the way"
    assert [upstream.store.jobs[id].assignee_id for id in (1, 2, 3, 4)] == [DAVE, ERIN, ERIN, ERIN]
    assert list(Change.objects.filter(job_id=2).order_by("id").values_list("run", "before", "after"))[-1] == (
        second.pk,
        "dave",
        "erin",
    )


def test_a_run_waits_for_a_process_that_is_at_an_earlier_one(upstream, begin, carry_out, monkeypatch):
    first, second = begin([2], {"assignee": DAVE}), begin([1, 2], {"assignee": ERIN})
    assert Lease.take(str(first.key))
    said = []
    real = engine.Carrying.let_others_go_first

    def seen(self):
        real(self)
        said.append(Run.objects.get(pk=second.pk).problem)
        Run.objects.filter(pk=first.pk).update(lease_owner="")

    monkeypatch.setattr(engine.Carrying, "let_others_go_first", seen)
    assert carry_out(second).status == FINISHED
    assert said[0] == "Waits for a run of alice over the same jobs."
    assert upstream.store.jobs[2].assignee_id == ERIN and outcomes(first) == {CHANGED: 1}


def test_each_job_is_looked_at_within_its_own_organization(upstream, begin, carry_out, alice):
    alice.organization = ""
    own = next(job for job in upstream.store.jobs.rows() if job.organization_id is None)
    run = carry_out(begin([1, own.id], {"state": "rejected"}))
    assert outcomes(run) == {CHANGED: 2}
    lists = [call for call in upstream.calls if call.path == "/api/jobs"]
    assert sorted(call.headers["x-organization"] for call in lists) == ["", "acme"]
    assert not [call for call in upstream.calls if call.method == "GET" and call.path != "/api/jobs"]


def test_a_superuser_runs_over_organizations_of_others(upstream, carry_out, begin):
    admin = person_named(upstream, "admin")
    admin.organization = None
    fish = next(job for job in upstream.store.jobs.rows() if job.organization_id == 2)
    assert outcomes(carry_out(begin([fish.id], {"state": "rejected"}, person=admin))) == {CHANGED: 1}


def test_an_undone_run_leaves_later_changes_alone(upstream, begin, carry_out, alice):
    jobs = [upstream.store.jobs[id] for id in (1, 2, 3)]
    for job in jobs:
        job.assignee_id, job.stage, job.state = MARA, "annotation", "completed"
    run = carry_out(begin([1, 2, 3], {"assignee": DAVE, "stage": "validation"}))
    jobs[1].assignee_id, jobs[2].state = ERIN, "in progress"
    undo = undo_run(alice, run)
    assert undo.undoes == run and undo.total == 3
    plans.begin(alice, undo)
    undo = carry_out(undo)
    assert [(job.assignee_id, job.stage, job.state) for job in jobs] == [
        (MARA, "annotation", "completed"),
        (ERIN, "annotation", "completed"),
        (MARA, "annotation", "in progress"),
    ]
    for change in undo.changes.all():
        taken_back = run.changes.filter(key=change.undoes, job_id=change.job_id)
        assert taken_back.exists(), "the record says which change was taken back"
    assert outcomes(undo) == {CHANGED: 3} and words(undo, 2) == "assignee is now erin: left alone"


def test_the_failed_ones_can_be_run_again(upstream, begin, carry_out, alice):
    upstream.fail("PATCH", r"/api/jobs/2$", status=500, times=3)
    run = carry_out(begin([1, 2], {"state": "rejected"}))
    retry = again(alice, run, "failed")
    assert retry.retries == run and [item.job_id for item in retry.items.all()] == [2]
    plans.begin(alice, retry)
    assert outcomes(carry_out(retry)) == {CHANGED: 1}
    with pytest.raises(plans.NotThis):
        again(alice, retry, "failed")


def test_a_live_run_is_neither_undone_nor_run_again(begin, alice):
    run = begin([1], {"state": "rejected"})
    assert run.status == QUEUED
    with pytest.raises(plans.NotThis):
        again(alice, run, "failed")
    with pytest.raises(plans.NotThis):
        undo_run(alice, run)
