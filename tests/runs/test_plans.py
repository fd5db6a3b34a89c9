"""From a draft to a run: who may begin it, once; what is thrown away."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from jobsportal.accounts.sealing import unseal_credential
from jobsportal.runs import engine_worker, plans
from jobsportal.runs.models import BARRED, CHANGE, DRAFT, QUEUED, REFUSED, Run, Worker
from jobsportal.runs.plans import Planned
from tests.runs.conftest import person_named, planned_for


@pytest.fixture
def draft(upstream, alice) -> Run:
    return plans.draft(alice, CHANGE, {}, planned_for(upstream, [1, 2], {"state": "new"}))


def test_a_draft_begins_once(alice, draft):
    plans.begin(alice, draft)
    with pytest.raises(plans.NotThis):
        plans.begin(alice, draft)
    draft.refresh_from_db()
    assert draft.status == QUEUED and unseal_credential(draft.sealed) == alice.credential
    assert alice.credential.headers["Authorization"] not in draft.sealed
    assert DBTaskResult.objects.count() == 1


def test_nobody_begins_somebody_elses(upstream, draft):
    with pytest.raises(plans.NotThis):
        plans.begin(person_named(upstream, "bob"), draft)
    assert not DBTaskResult.objects.exists()


def test_without_a_worker_nothing_is_queued(alice, draft):
    Worker.objects.all().delete()
    with pytest.raises(plans.NoWorker):
        plans.begin(alice, draft)
    draft.refresh_from_db()
    assert draft.status == DRAFT and not draft.sealed


def test_what_is_barred_has_its_outcome_already(alice, begin, carry_out, upstream):
    plan = [Planned(1, 1, {"state": "new"}, verdict=BARRED, why="Not yours.")]
    run = plans.draft(alice, CHANGE, {}, plan)
    plans.begin(alice, run)
    carry_out(run)
    assert [(item.outcome, item.words) for item in run.items.all()] == [(REFUSED, "Not yours.")]
    assert not [call for call in upstream.calls if call.method == "PATCH"]


def test_plans_that_nobody_confirmed_are_thrown_away_after_a_day(alice, draft, begin, capsys):
    begun = begin([3], {"state": "new"})
    call_command("purgeruns")
    assert Run.objects.count() == 2
    Run.objects.update(made=timezone.now() - timedelta(hours=25))
    call_command("purgeruns")
    assert list(Run.objects.all()) == [begun] and "1 plan that" in capsys.readouterr().out


def test_what_the_engine_wrote_is_thrown_away_after_a_week(begin):
    begin([3], {"state": "new"})
    week_ago = timezone.now() - timedelta(days=8)
    DBTaskResult.objects.update(enqueued_at=week_ago)
    engine_worker.tidy()
    assert DBTaskResult.objects.count() == 1, "it still waits"
    DBTaskResult.objects.update(status="SUCCESSFUL")
    engine_worker.tidy()
    assert not DBTaskResult.objects.exists()


def test_runs_that_nobody_is_at_are_taken_up(begin, upstream):
    forgotten, fresh = begin([3], {"state": "rejected"}), begin([4], {"state": "rejected"})
    Run.objects.filter(pk=forgotten.pk).update(queued=timezone.now() - timedelta(seconds=10))
    engine_worker.take_up()
    states = dict(Run.objects.values_list("pk", "status"))
    assert states == {forgotten.pk: "finished", fresh.pk: QUEUED}, "the other may still arrive"
