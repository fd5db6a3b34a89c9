"""Runs: from a selection to a plan, from a plan to its progress, and what follows on it."""

import csv
import re
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.utils import timezone

from jobsportal.activity.models import Change
from jobsportal.runs import workers
from jobsportal.runs.models import (
    ALREADY,
    BARRED,
    CHANGE,
    CHANGED,
    DELETE,
    DISTRIBUTE,
    DOUBTFUL,
    DRAFT,
    FAILED,
    FINISHED,
    QUEUED,
    REFUSED,
    RUNNING,
    STOPPED,
    UNCHANGED,
    UNDO,
    WILL_CHANGE,
    Item,
    Run,
)
from jobsportal.runs.pages import title_of

ALICE, BOB, CAROL, GRACE = 2, 3, 4, 8
ACME, HARBOR = 1, 2


def text_of(response) -> str:
    return response.content.decode()


def words_of(response) -> str:
    """What is read on a page, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text_of(response)))


def part(target: str) -> dict[str, str]:
    return {"HX-Request": "true", "HX-Target": target}


@pytest.fixture(autouse=True)
def unsent(monkeypatch) -> list[str]:
    """What begins is handed to no engine here: what an engine does with it has tests of its own."""
    handed: list[str] = []
    monkeypatch.setattr("jobsportal.runs.plans.enqueue", lambda run: handed.append(str(run.key)))
    return handed


@pytest.fixture
def worker(db) -> None:
    workers.beat("test")


def jobs_where(upstream, **wanted) -> list[int]:
    """Ids of the demo's jobs with these values."""
    named = {"assignee": "assignee_id", "organization": "organization_id", "task": "task_id"}
    fields = {named.get(name, name): value for name, value in wanted.items()}
    jobs = [upstream.store.jobs.get(id) for id in range(1, 200)]
    return [job.id for job in jobs if job and all(getattr(job, name) == value for name, value in fields.items())]


def planned(portal, ids, **wish) -> Run:
    answer = portal.post("/runs/new", {"jobs": ",".join(map(str, ids)), "plan": "1", **wish})
    assert answer.status_code == 302, words_of(answer)
    return Run.objects.get(key=answer["Location"].strip("/").split("/")[-1])


def items_of(run: Run) -> dict[int, Item]:
    return {item.job_id: item for item in run.items.all()}


def made(person_id: int = ALICE, **more) -> Run:
    """A run as it would be after its plan, its items by outcome in `outcomes`."""
    from django.conf import settings

    outcomes = more.pop("outcomes", {})
    fields = {
        "upstream": settings.CVAT_URL,
        "person_id": person_id,
        "username": "alice",
        "organization": "acme",
        "kind": CHANGE,
        "wanted": {"state": "completed"},
        "status": FINISHED,
        "total": len(outcomes),
        "queued": timezone.now() - timedelta(seconds=60),
        "started": timezone.now() - timedelta(seconds=50),
    }
    run = Run.objects.create(**{**fields, **more})
    if not run.is_live and run.status != DRAFT:
        Run.objects.filter(pk=run.pk).update(ended=timezone.now())
    for job_id, outcome in outcomes.items():
        done = timezone.now() - timedelta(seconds=5) if outcome else None
        words = f"words about {job_id}" if outcome in (REFUSED, FAILED) else ""
        sent, before = ({"state": "completed"}, {"state": "new"}) if outcome == CHANGED else (None, None)
        Item.objects.create(
            run=run, job_id=job_id, organization_id=ACME, wanted={"state": "completed"}, expected={"state": "new"},
            outcome=outcome, words=words, done=done, sent=sent, before=before,
        )  # fmt: skip
    return Run.objects.get(pk=run.pk)


# The form


def test_a_selection_alone_asks_what_to_change(portal, upstream):
    answer = portal.post("/runs/new", {"job": ["1", "2"], "jobs": "3,2"})
    assert answer.status_code == 200 and "Change 3 jobs" in words_of(answer)
    assert 'name="jobs" value="1,2,3"' in text_of(answer) and not upstream.calls
    assert not Run.objects.exists()


def test_all_that_match_are_counted_with_one_row_and_kept_as_a_query(portal, upstream):
    answer = portal.post("/runs/new", {"all": "1", "query": "?org=acme&view=unassigned"})
    count = len(jobs_where(upstream, assignee=None, organization=ACME))
    assert f"Change {count} jobs" in words_of(answer)
    assert 'name="query" value="?org=acme&amp;view=unassigned"' in text_of(answer)
    assert [call.query["page_size"] for call in upstream.calls] == [["1"]]


@pytest.mark.parametrize("data", [{}, {"jobs": ""}, {"jobs": " , "}, {"all": "1", "query": "task_name=no such task"}])
def test_nothing_chosen_is_said_with_a_way_back(portal, data):
    for more in ({}, {"plan": "1", "state": "completed"}, {"delete": "1"}):
        answer = portal.post("/runs/new", {**data, **more})
        assert answer.status_code == 422 and "Back to the list" in words_of(answer)
        assert ("No job matches" if "all" in data else "No job is chosen") in words_of(answer)
    assert not Run.objects.exists()


def test_more_than_a_run_takes_is_told_with_the_number(portal, upstream, settings):
    settings.RUN_MAX_JOBS = 5
    for data in (
        {"all": "1", "query": ""},
        {"all": "1", "query": "", "plan": "1", "state": "new"},
        {"jobs": "1,2,3,4,5,6"},
    ):
        answer = portal.post("/runs/new", data)
        assert (
            answer.status_code == 422 and "Narrow the filter" in words_of(answer) and "the 5 that" in words_of(answer)
        )
    assert "6 jobs are too many" in words_of(answer) and not Run.objects.exists()


@pytest.mark.parametrize("ids", ["abc", "-1", "1,9999999999999", "1;2", "1.5", "<b>", "1\0"])
def test_what_is_no_job_number_is_refused(portal, upstream, ids):
    answer = portal.post("/runs/new", {"jobs": ids, "plan": "1", "state": "completed"})
    assert answer.status_code == 422 and "chosen by its number" in words_of(answer)
    assert " says: " not in words_of(answer), "the server was not asked"
    assert not upstream.calls and not Run.objects.exists()


def test_a_list_of_another_organization_is_not_read_in_this_one(portal, upstream):
    answer = portal.post("/runs/new", {"all": "1", "query": "?org=harbor", "plan": "1", "state": "completed"})
    assert answer.status_code == 422 and "another organization" in words_of(answer)
    assert not upstream.calls and not Run.objects.exists()


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({}, "Choose what to change."),
        ({"assignee": "carrol"}, "There is no person “carrol” here"),
        ({"assignee": "grace"}, "There is no person “grace” here"),
        ({"assignee": "x" * 200}, "at most 150"),
        ({"stage": "done"}, "Select a valid choice"),
        ({"state": "<b>"}, "Select a valid choice"),
        ({"state": "completed", "type": "ground_truth"}, "“type” is nothing that can be changed."),
    ],
)
def test_a_wish_that_makes_no_sense_stays_typed(portal, wish, words):
    typed = {"state": "rejected"} if wish and "state" not in wish else {}
    answer = portal.post("/runs/new", {"jobs": "1,2", "plan": "1", **typed, **wish})
    assert answer.status_code == 422 and words in words_of(answer) and not Run.objects.exists()
    assert 'name="jobs" value="1,2"' in text_of(answer)
    assert not typed or '<option value="rejected" selected>' in text_of(answer)
    if "assignee" in wish:
        assert f'value="{wish["assignee"]}"' in text_of(answer) and "has-error" in text_of(answer)


def test_a_form_that_was_lost_on_the_way_is_taken_up(portal):
    answer = portal.get("/runs/new?jobs=1,2&assignee=carol&plan=1")
    assert answer.status_code == 200 and 'value="carol"' in text_of(answer) and not Run.objects.exists()
    assert portal.get("/runs/new")["Location"] == "/jobs/"
    assert portal.get("/runs/new?job=1")["Location"] == "/jobs/", "of a repeated field only the last is kept"
    assert portal.get("/runs/new?jobs=1&delete=1")["Location"] == "/jobs/"


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429}, {"reset": True}])
def test_a_failure_while_planning_leaves_nothing_and_keeps_what_was_typed(portal, upstream, fault):
    for path in ("/api/jobs", "/api/users"):
        upstream.fail(method="GET", path=path, **fault)
        answer = portal.post("/runs/new", {"jobs": "1,2", "plan": "1", "assignee": "carol"})
        assert answer.status_code in (502, 503) and "Nothing was planned." in words_of(answer), path
        assert 'value="carol"' in text_of(answer) and 'name="jobs" value="1,2"' in text_of(answer)
    assert not Run.objects.exists()


def test_a_sign_in_that_is_over_leads_back_to_the_form(portal, upstream):
    upstream.fail(method="GET", path="/api/jobs", status=401)
    answer = portal.post("/runs/new", {"jobs": "1,2", "plan": "1", "assignee": "carol"})
    assert answer.status_code == 401 and "runs%2Fnew%3Fjobs%3D1%252C2" in text_of(answer)
    assert not Run.objects.exists()


# The plan


def test_a_plan_says_of_each_job_what_will_be_set_and_what_is_there(portal, upstream):
    run = planned(portal, [1, 3], assignee="carol", state="completed")
    jobs, items = upstream.store.jobs, items_of(run)
    assert run.kind == CHANGE and run.status == DRAFT and run.total == 2
    assert run.wanted == {"assignee": {"id": CAROL, "username": "carol"}, "state": "completed"}
    for id, item in items.items():
        assert item.wanted == {"assignee": CAROL, "state": "completed"}
        assert item.expected == {"assignee": jobs.get(id).assignee_id, "state": jobs.get(id).state}
        assert item.about["task_id"] == jobs.get(id).task_id and item.organization_id == ACME
    assert not [call for call in upstream.calls if call.method not in ("GET", "HEAD")], "nothing is changed by a plan"


def test_jobs_that_are_like_that_already_are_told_apart(portal, upstream):
    carols = jobs_where(upstream, assignee=CAROL, organization=ACME)
    others = jobs_where(upstream, assignee=None, organization=ACME)
    run = planned(portal, [*carols, *others], assignee="carol")
    verdicts = {id: item.verdict for id, item in items_of(run).items()}
    assert verdicts == dict.fromkeys(carols, ALREADY) | dict.fromkeys(others, WILL_CHANGE)
    page = portal.get(f"/runs/{run.key}/")
    assert f"{len(others)} jobs will change" in words_of(page)
    assert f"{len(carols)} already are like that" in words_of(page) and f"Change {len(others)} jobs" in words_of(page)


def test_nobody_is_a_wish_and_empty_is_none(portal):
    assert items_of(planned(portal, [1], assignee="nobody"))[1].wanted == {"assignee": None}
    assert items_of(planned(portal, [1], assignee="", stage="validation"))[1].wanted == {"stage": "validation"}


def test_each_job_advances_from_its_own_stage_and_the_last_stays(portal, upstream):
    found = {
        stage: jobs_where(upstream, stage=stage, organization=ACME)[0]
        for stage in ("annotation", "validation", "acceptance")
    }
    items = items_of(planned(portal, found.values(), stage="next"))
    wanted = {stage: items[id].wanted["stage"] for stage, id in found.items()}
    assert wanted == {"annotation": "validation", "validation": "acceptance", "acceptance": "acceptance"}
    assert items[found["acceptance"]].verdict == ALREADY


def test_a_plan_tells_that_a_new_stage_takes_the_state_along(portal, upstream):
    job = jobs_where(upstream, stage="annotation", state="in progress", organization=ACME)[0]
    stage_alone = portal.get(f"/runs/{planned(portal, [job], stage='validation').key}/")
    assert "stage annotation → validation" in words_of(stage_alone) and "state in progress → new" in words_of(
        stage_alone
    )
    with_state = portal.get(f"/runs/{planned(portal, [job], stage='validation', state='completed').key}/")
    assert "state in progress → completed" in words_of(with_state) and "→ new" not in words_of(with_state)


def test_jobs_that_are_gone_or_foreign_are_left_out_and_said(portal, upstream):
    foreign = jobs_where(upstream, organization=HARBOR)[0]
    run = planned(portal, [1, 9999, foreign], state="completed")
    items = items_of(run)
    for id in (9999, foreign):
        assert (items[id].verdict, items[id].outcome) == (BARRED, REFUSED) and "not for you to see" in items[id].why
        assert not items[id].about, "nothing of it is told"
    page = portal.get(f"/runs/{run.key}/?show=barred")
    assert "2 can’t be changed" in words_of(page) and "not for you to see" in words_of(page)


def test_an_assignee_has_to_belong_to_each_jobs_organization(sign_in, upstream):
    bob = sign_in("bob", org="*")
    mine = jobs_where(upstream, assignee=BOB, organization=ACME)
    upstream.store.jobs.get(jobs_where(upstream, organization=HARBOR)[0]).assignee_id = BOB
    harbor = jobs_where(upstream, assignee=BOB, organization=HARBOR)
    items = items_of(planned(bob, [*mine, *harbor], assignee="grace"))
    assert {items[id].verdict for id in mine} == {BARRED} and items[harbor[0]].verdict != BARRED
    assert "organization" in items[mine[0]].why and items[harbor[0]].wanted == {"assignee": GRACE}


def test_who_leads_may_and_who_works_is_doubted(sign_in, upstream):
    own = jobs_where(upstream, assignee=CAROL, organization=ACME, state="in progress")
    assert {item.verdict for item in items_of(planned(sign_in("alice"), own, stage="acceptance")).values()} == {
        WILL_CHANGE
    }
    carol = sign_in("carol")
    states = items_of(planned(carol, own, state="completed"))
    assert {item.verdict for item in states.values()} == {WILL_CHANGE}, "the state of one's own job"
    run = planned(carol, own, stage="acceptance", assignee="dave")
    assert {item.verdict for item in items_of(run).values()} == {DOUBTFUL}
    assert "change its assignee and stage" in items_of(run)[own[0]].why
    page = carol.get(f"/runs/{run.key}/")
    assert "Probably refused" in words_of(page) and f"Try {len(own)} jobs" in words_of(page)


def test_staff_of_a_task_or_project_may(sign_in, upstream):
    in_bobs_task = jobs_where(upstream, task=6, organization=ACME, type="annotation")
    run = planned(sign_in("bob"), in_bobs_task, state="rejected")
    assert WILL_CHANGE in {item.verdict for item in run.items.all()}
    assert DOUBTFUL not in {item.verdict for item in run.items.all()}
    in_maras_project = jobs_where(upstream, task=1, type="annotation")
    run = planned(sign_in("mara"), in_maras_project, stage="acceptance")
    assert DOUBTFUL not in {item.verdict for item in run.items.all()}


def test_planning_for_hundreds_of_jobs_costs_a_few_calls(portal, upstream):
    everything = jobs_where(upstream, organization=ACME)
    planned(portal, everything, assignee="carol", stage="next")
    paths = [call.path for call in upstream.calls]
    assert len(paths) <= 5, paths
    assert paths.count("/api/jobs") == 1


def test_the_plans_page_asks_for_names_alone_and_its_lists_are_paged(portal, upstream):
    everything = jobs_where(upstream, organization=ACME, type="annotation")
    run = planned(portal, everything, assignee="nobody", state="completed")
    Item.objects.filter(run=run).update(verdict=WILL_CHANGE)
    Item.objects.bulk_create(Item(run=run, job_id=id, wanted={"state": "new"}) for id in range(1000, 1060))
    upstream.calls.clear()
    first = portal.get(f"/runs/{run.key}/")
    assert {call.path for call in upstream.calls} <= {"/api/tasks"} and "Crossing, rain" in text_of(first)
    assert 'rel="next"' in text_of(first) and 'rel="prev"' not in text_of(first)
    last = portal.get(f"/runs/{run.key}/?show=change&page=999")
    assert 'rel="prev"' in text_of(last) and "/jobs/1059/" in text_of(last)
    assert portal.get(f"/runs/{run.key}/?show=bogus&page=x").status_code == 200


def test_a_plan_is_its_owners_alone(sign_in):
    run = planned(sign_in("bob"), [1], state="completed")
    for name in ("alice", "admin"):
        other = sign_in(name)
        assert other.get(f"/runs/{run.key}/").status_code == 404
        assert other.post(f"/runs/{run.key}/begin").status_code == 404
        assert other.get(f"/runs/{run.key}/outcomes.csv").status_code == 404
    run.refresh_from_db()
    assert run.status == DRAFT


# Deleting ground truth


def test_deleting_names_what_is_lost_and_wants_it_typed(portal, upstream, worker, unsent):
    gone = jobs_where(upstream, type="ground_truth")
    answer = portal.post("/runs/new", {"jobs": ",".join(map(str, [1, *gone])), "delete": "1"})
    run = Run.objects.get()
    assert answer["Location"] == f"/runs/{run.key}/" and run.kind == DELETE
    items = items_of(run)
    assert (items[1].verdict, items[1].why) == (BARRED, "Only ground truth jobs can be deleted.")
    page = portal.get(answer["Location"])
    assert f"{len(gone)} ground truth jobs" in words_of(page) and "all annotations" in words_of(page)
    assert "Crossing, rain" in text_of(page) and "can’t be taken back" in words_of(page)
    for typed in ("", "delete", f"Delete {len(gone)} jobs", f"delete {len(gone) + 1} jobs"):
        refused = portal.post(f"/runs/{run.key}/begin", {"confirm": typed})
        assert refused.status_code == 422 and f"Type exactly: delete {len(gone)} jobs" in words_of(refused)
        assert not typed or f'value="{typed}"' in text_of(refused)
    assert not unsent
    assert portal.post(f"/runs/{run.key}/begin", {"confirm": f"delete {len(gone)} jobs"}).status_code == 302
    assert unsent == [str(run.key)]


def test_a_deletion_with_a_change_is_refused(portal):
    answer = portal.post("/runs/new", {"jobs": "1", "delete": "1", "state": "new"})
    assert answer.status_code == 422 and "not both" in words_of(answer) and not Run.objects.exists()


# Beginning and stopping


def test_beginning_hands_the_run_over_once(portal, worker, unsent):
    run = planned(portal, [1, 3], state="completed")
    for _ in range(2):
        answer = portal.post(f"/runs/{run.key}/begin")
        assert (answer.status_code, answer["Location"]) == (302, f"/runs/{run.key}/")
    run.refresh_from_db()
    assert run.status == QUEUED and run.sealed and unsent == [str(run.key)]


def test_a_second_click_at_the_same_moment_is_no_second_run(portal, worker, unsent, monkeypatch):
    run = planned(portal, [1], state="completed")
    monkeypatch.setattr("jobsportal.runs.views.pages.own", lambda person, key: run)  # as it was read before the first
    portal.post(f"/runs/{run.key}/begin")
    assert portal.post(f"/runs/{run.key}/begin").status_code == 302
    assert unsent == [str(run.key)]


def test_without_a_worker_nothing_is_queued_and_the_plan_stays(portal, unsent):
    run = planned(portal, [1, 3], state="completed")
    answer = portal.post(f"/runs/{run.key}/begin")
    assert answer.status_code == 503 and "nothing was queued" in words_of(answer)
    assert "manage.py worker" in words_of(answer) and f"/runs/{run.key}/begin" in text_of(answer)
    run.refresh_from_db()
    assert run.status == DRAFT and not run.sealed and not unsent


def test_a_plan_with_nothing_to_do_does_not_begin(portal, worker, unsent):
    run = planned(portal, [9999], state="completed")
    assert "There is nothing to change." in words_of(portal.get(f"/runs/{run.key}/"))
    assert portal.post(f"/runs/{run.key}/begin").status_code == 422 and not unsent


def test_a_plan_older_than_a_day_is_gone_in_words(portal, worker, unsent):
    run = planned(portal, [1], state="completed")
    Run.objects.update(made=timezone.now() - timedelta(hours=25))
    for answer in (
        portal.get(f"/runs/{run.key}/"),
        portal.post(f"/runs/{run.key}/begin"),
        portal.get(f"/runs/{uuid4()}/"),
    ):
        assert answer.status_code == 404 and "kept for a day" in words_of(answer)
    assert not unsent and "No runs yet" in words_of(portal.get("/runs/"))


def test_a_plan_of_handing_out_is_looked_at_on_its_own_page(portal, worker, unsent):
    run = made(kind=DISTRIBUTE, status=DRAFT, outcomes={1: ""})
    assert portal.get(f"/runs/{run.key}/")["Location"] == f"/distribute/{run.key}/"
    portal.post(f"/runs/{run.key}/begin")
    assert not unsent


def test_stopping_is_asked_for_and_told(portal, sign_in):
    run = made(status=RUNNING, outcomes={1: CHANGED, 2: ""})
    Run.objects.filter(pk=run.pk).update(lease_owner="worker", lease_until=timezone.now() + timedelta(minutes=1))
    assert sign_in("bob").post(f"/runs/{run.key}/stop").status_code == 404
    assert sign_in("admin").post(f"/runs/{run.key}/stop").status_code == 404, "who leads looks on"
    assert portal.post(f"/runs/{run.key}/stop")["Location"] == f"/runs/{run.key}/"
    run.refresh_from_db()
    page = portal.get(f"/runs/{run.key}/")
    assert run.stop_asked and "Stopping after what is under way" in words_of(page) and "/stop" not in text_of(page)


def test_what_has_ended_is_not_asked_to_stop(portal):
    run = made(outcomes={1: CHANGED})
    portal.post(f"/runs/{run.key}/stop")
    run.refresh_from_db()
    assert not run.stop_asked


@pytest.mark.parametrize("what", ["begin", "stop", "again", "undo"])
def test_the_address_of_a_form_leads_to_the_run(portal, what):
    run = made(outcomes={1: CHANGED})
    assert portal.get(f"/runs/{run.key}/{what}")["Location"] == f"/runs/{run.key}/"


# Progress


def test_progress_tells_numbers_pace_and_the_tab(portal, upstream, worker):
    run = made(
        status=RUNNING, outcomes=dict.fromkeys(range(1, 31), CHANGED) | {31: REFUSED, 32: UNCHANGED, 33: "", 34: ""}
    )
    page = portal.get(f"/runs/{run.key}/")
    assert "32 of 34 done" in words_of(page) and 'max="34" value="32"' in text_of(page)
    assert "<title>94 % · State completed" in text_of(page) and "a second, about" in words_of(page)
    assert "every 1000ms" in text_of(page) and not upstream.calls
    again = portal.get(f"/runs/{run.key}/", headers=part("run"))
    assert "<html" not in text_of(again) and "<title>94 %" in text_of(again) and "every 1000ms" in text_of(again)
    assert "no worker" not in words_of(page)


def test_a_run_that_nobody_carries_out_says_so(portal):
    run = made(status=RUNNING, outcomes={1: CHANGED, 2: ""}, problem="Test CVAT is busy. Goes on in 4 s.")
    for page in (portal.get(f"/runs/{run.key}/"), portal.get(f"/runs/{run.key}/", headers=part("run"))):
        assert "Waits: no worker is running." in words_of(page) and "Test CVAT is busy" in words_of(page)


def test_polling_ends_with_the_run(portal):
    run = made(outcomes={1: CHANGED})
    answer = portal.get(f"/runs/{run.key}/", headers=part("run"))
    assert answer["HX-Refresh"] == "true"
    assert "every" not in text_of(portal.get(f"/runs/{run.key}/"))


def test_what_was_refused_so_far_can_be_read_while_it_goes_on(portal, worker):
    run = made(status=RUNNING, outcomes={1: REFUSED, 2: ""})
    assert "words about 1" not in words_of(portal.get(f"/runs/{run.key}/"))
    assert "words about 1" in words_of(portal.get(f"/runs/{run.key}/?outcome=refused"))


# What became of it


def test_a_finished_run_tells_every_outcome(portal, upstream):
    run = made(outcomes={1: CHANGED, 2: CHANGED, 3: UNCHANGED, 4: REFUSED, 5: FAILED})
    page = portal.get(f"/runs/{run.key}/")
    assert "1 failed" in words_of(page) and "new → completed" in words_of(page) and "/jobs/2/" in text_of(page)
    assert "Undo 2 changes" in words_of(page) and "Try the 1 failed again" in words_of(page)
    assert "Try the 1 refused again" in words_of(page) and "left" not in words_of(page).replace("Left", "")
    refused = portal.get(f"/runs/{run.key}/?outcome=refused")
    assert "words about 4" in words_of(refused) and "words about 5" not in words_of(refused)
    assert not upstream.calls


def test_outcomes_are_a_file(portal):
    run = made(outcomes={1: CHANGED, 2: REFUSED, 3: ""}, status=STOPPED)
    Item.objects.filter(run=run, job_id=2).update(words="=1+1")
    answer = portal.get(f"/runs/{run.key}/outcomes.csv")
    rows = list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(row["job"], row["outcome"]) for row in rows] == [("1", "changed"), ("2", "refused"), ("3", "left")]
    assert (rows[0]["state before"], rows[0]["state set"], rows[0]["stage set"]) == ("new", "completed", "")
    assert rows[1]["words"] == "'=1+1" and rows[1]["state set"] == ""


def test_failed_items_are_tried_again_at_once_and_never_over_a_colleague(portal, upstream, worker, unsent):
    run = made(outcomes={1: FAILED, 3: FAILED, 5: CHANGED, 9999: FAILED})
    upstream.store.jobs.get(1).state = "rejected"
    answer = portal.post(f"/runs/{run.key}/again", {"outcome": "failed"})
    new = Run.objects.get(retries=run)
    assert answer["Location"] == f"/runs/{new.key}/" and unsent == [str(new.key)] and new.status == QUEUED
    items = items_of(new)
    assert set(items) == {1, 3, 9999} and items[9999].verdict == BARRED
    assert items[1].wanted == {"state": "completed"} and items[1].expected == {"state": "new"}
    assert portal.post(f"/runs/{run.key}/again", {"outcome": "failed"})["Location"] == f"/runs/{new.key}/"
    assert len(unsent) == 1, "a second click is no second run"


def test_refused_items_are_planned_over_the_jobs_as_they_are_now(portal, upstream, worker, unsent):
    run = made(outcomes={1: REFUSED, 3: REFUSED})
    upstream.store.jobs.get(1).state, upstream.store.jobs.get(3).state = "rejected", "completed"
    answer = portal.post(f"/runs/{run.key}/again", {"outcome": "refused"})
    new = Run.objects.get(retries=run)
    assert answer["Location"] == f"/runs/{new.key}/" and new.status == DRAFT and not unsent
    items = items_of(new)
    assert items[1].expected == {"state": "rejected"} and items[1].verdict == WILL_CHANGE
    assert items[3].verdict == ALREADY
    assert "rejected → completed" in words_of(portal.get(f"/runs/{new.key}/"))


def test_a_stopped_run_goes_on_with_what_is_left(portal, worker, unsent):
    run = made(status=STOPPED, outcomes={1: CHANGED, 3: "", 5: ""}, problem="Stopped by alice.")
    page = portal.get(f"/runs/{run.key}/")
    assert "Stopped with 2 left" in words_of(page) and "Go on with the 2 that are left" in words_of(page)
    portal.post(f"/runs/{run.key}/again", {"outcome": "left"})
    new = Run.objects.get(retries=run)
    assert set(items_of(new)) == {3, 5} and unsent == [str(new.key)]


def test_trying_again_is_refused_where_it_makes_no_sense(portal, sign_in, worker, unsent):
    run = made(outcomes={1: CHANGED})
    assert portal.post(f"/runs/{run.key}/again", {"outcome": "bogus"}).status_code == 404
    assert portal.post(f"/runs/{run.key}/again", {}).status_code == 404
    assert portal.post(f"/runs/{run.key}/again", {"outcome": "failed"})["Location"] == f"/runs/{run.key}/"
    assert sign_in("admin").post(f"/runs/{run.key}/again", {"outcome": "failed"}).status_code == 404
    live = made(status=RUNNING, outcomes={1: FAILED, 2: ""})
    assert portal.post(f"/runs/{live.key}/again", {"outcome": "failed"})["Location"] == f"/runs/{live.key}/"
    assert Run.objects.count() == 2 and not unsent


def test_a_deletion_that_failed_is_confirmed_again(portal, upstream, worker, unsent):
    gone = jobs_where(upstream, type="ground_truth")[0]
    run = made(kind=DELETE, wanted={"delete": True}, outcomes={gone: FAILED})
    Item.objects.update(wanted={}, expected={})
    portal.post(f"/runs/{run.key}/again", {"outcome": "failed"})
    new = Run.objects.get(retries=run)
    assert new.status == DRAFT and not unsent
    assert "Type “delete 1 job” to confirm" in words_of(portal.get(f"/runs/{new.key}/"))


def recorded(run: Run, job_id: int, field: str, before: str, after: str, **more) -> None:
    Change.objects.create(
        upstream=run.upstream, person_id=run.person_id, username=run.username, organization_id=ACME, task_id=1,
        job_id=job_id, field=field, before=before, after=after, outcome=more.pop("outcome", "changed"), run=run, **more,
    )  # fmt: skip


def test_undoing_gives_back_what_was_there_and_begins(portal, worker, unsent):
    run = made(outcomes={1: CHANGED, 2: REFUSED})
    recorded(run, 1, "state", "new", "completed")
    recorded(run, 1, "assignee", "nobody", "carol", after_id=CAROL)
    recorded(run, 2, "state", "new", "completed", outcome="refused")
    answer = portal.post(f"/runs/{run.key}/undo")
    undo = Run.objects.get(kind=UNDO)
    assert answer["Location"] == f"/runs/{undo.key}/" and unsent == [str(undo.key)] and undo.undoes == run
    items = items_of(undo)
    assert set(items) == {1} and items[1].wanted == {"state": "new", "assignee": None}
    assert items[1].expected == {"state": "completed", "assignee": CAROL}
    assert portal.post(f"/runs/{run.key}/undo")["Location"] == f"/runs/{undo.key}/", "a second click is no second undo"
    assert "See the undo" in words_of(portal.get(f"/runs/{run.key}/"))


def test_an_undo_is_shown_with_the_names_of_the_record(portal):
    run = made(outcomes={1: CHANGED}, wanted={"assignee": {"id": CAROL, "username": "carol"}})
    recorded(run, 1, "assignee", "dave", "carol", before_id=5, after_id=CAROL)
    page = portal.post(f"/runs/{run.key}/undo")
    assert page.status_code == 503 and "assignee carol → dave" in words_of(page)


def test_an_undo_without_a_record_is_refused_in_words(portal, worker):
    run = made(outcomes={1: CHANGED})
    answer = portal.post(f"/runs/{run.key}/undo")
    assert answer.status_code == 422 and "can’t be taken back" in words_of(answer) and Run.objects.count() == 1


def test_an_undo_without_a_worker_is_kept_as_a_plan(portal, unsent):
    run = made(outcomes={1: CHANGED})
    recorded(run, 1, "state", "new", "completed")
    answer = portal.post(f"/runs/{run.key}/undo")
    undo = Run.objects.get(kind=UNDO)
    assert answer.status_code == 503 and f"/runs/{undo.key}/begin" in text_of(answer) and not unsent
    workers.beat("test")
    assert portal.post(f"/runs/{run.key}/undo")["Location"] == f"/runs/{undo.key}/" and unsent == [str(undo.key)]


@pytest.mark.parametrize(
    "more",
    [
        {"outcomes": {1: REFUSED}},
        {"outcomes": {1: CHANGED}, "status": RUNNING},
        {"outcomes": {1: CHANGED}, "kind": DELETE},
    ],
)
def test_what_changed_nothing_goes_on_or_deleted_is_not_undone(portal, worker, unsent, more):
    run = made(**more)
    recorded(run, 1, "state", "new", "completed")
    assert f"/runs/{run.key}/undo" not in text_of(portal.get(f"/runs/{run.key}/"))
    portal.post(f"/runs/{run.key}/undo")
    assert not unsent and Run.objects.count() == 1


# Whose runs


def test_who_leads_the_organization_sees_and_undoes_but_does_not_steer(sign_in, worker, unsent):
    run = made(person_id=BOB, username="bob", outcomes={1: CHANGED, 2: FAILED})
    recorded(run, 1, "state", "new", "completed")
    alice = sign_in("alice")
    page = alice.get(f"/runs/{run.key}/")
    assert page.status_code == 200 and "by bob" in words_of(page) and "failed again" not in words_of(page)
    assert alice.get(f"/runs/{run.key}/outcomes.csv").status_code == 200
    alice.post(f"/runs/{run.key}/undo")
    undo = Run.objects.get(kind=UNDO)
    assert undo.person_id == ALICE and undo.status == QUEUED and unsent == [str(undo.key)]


@pytest.mark.parametrize("name", ["mara", "carol", "grace"])
def test_others_do_not_see_it(sign_in, name):
    run = made(person_id=BOB, username="bob", outcomes={1: CHANGED})
    other = sign_in(name, org="*")
    for path in ("", "outcomes.csv"):
        assert other.get(f"/runs/{run.key}/{path}").status_code == 404
    for path in ("begin", "stop", "again", "undo"):
        assert other.post(f"/runs/{run.key}/{path}", {"outcome": "failed"}).status_code == 404
    assert f"/runs/{run.key}/" not in text_of(other.get("/runs/"))


def test_a_run_of_personal_or_all_things_or_of_another_server_is_its_owners(sign_in):
    alice = sign_in("alice")
    for more in ({"organization": ""}, {"organization": "*"}, {"organization": "harbor"}):
        run = made(person_id=BOB, outcomes={1: CHANGED}, **more)
        assert alice.get(f"/runs/{run.key}/").status_code == 404, more
    elsewhere = made(upstream="https://cvat.example", outcomes={1: CHANGED})
    assert alice.get(f"/runs/{elsewhere.key}/").status_code == 404


# The list of runs


def test_the_list_tells_what_when_and_how_far(portal, upstream):
    assert "No runs yet" in words_of(portal.get("/runs/"))
    made(outcomes={1: CHANGED, 2: REFUSED})
    made(status=RUNNING, outcomes={1: CHANGED, 2: ""}, wanted={"assignee": {"id": CAROL, "username": "carol"}})
    made(status=STOPPED, outcomes={1: CHANGED, 2: ""}, wanted={"assignee": None})
    assert '<a href="/activity/">Changes</a>' in portal.get("/runs/").content.decode()
    page = words_of(portal.get("/runs/"))
    for words in ("State completed", "Assign to carol", "Assign to nobody", "50 %", "stopped, 1 left", "3 of yours"):
        assert words in page, words
    assert page.index("Assign to nobody") < page.index("Assign to carol") < page.index("State completed")
    assert not upstream.calls


def test_the_list_is_paged_and_costs_the_same_however_many(portal, django_assert_max_num_queries):
    for _ in range(30):
        made(outcomes={1: CHANGED})
    with django_assert_max_num_queries(8):
        first = portal.get("/runs/")
    assert text_of(first).count("finished") == 25 and "page=2" in text_of(first)
    assert text_of(portal.get("/runs/?page=2")).count("finished") == 5
    assert portal.get("/runs/?page=bogus").status_code == 200


@pytest.mark.parametrize(
    ("kind", "wanted", "total", "title"),
    [
        (CHANGE, {"stage": "validation", "state": "new"}, 3, "Stage validation, state new"),
        (CHANGE, {"assignee": {"id": 4, "username": "carol"}, "advance": True}, 3, "Assign to carol, advance to the next stage"),
        (DELETE, {"delete": True}, 2, "Delete 2 ground truth jobs"),
        (DELETE, {"delete": True}, 1, "Delete 1 ground truth job"),
        (DISTRIBUTE, {"people": [{"id": id, "username": str(id)} for id in range(8)]}, 200, "Hand out 200 jobs to 8 people"),
        (UNDO, {}, 1200, "Undo of changes to 1,200 jobs"),
        (CHANGE, {}, 2, "Change 2 jobs"),
    ],
)  # fmt: skip
def test_a_run_has_a_title(kind, wanted, total, title):
    assert title_of(Run(kind=kind, wanted=wanted, total=total)) == title


def test_an_undo_is_called_after_what_it_takes_back():
    assert title_of(Run(kind=UNDO, undoes=Run(kind=CHANGE, wanted={"state": "new"}))) == "Undo of “State new”"


def test_trying_again_looks_where_the_run_was_made(portal, worker):
    run = made(outcomes={1: CHANGED, 3: FAILED})
    portal.post("/organization", {"org": ""})
    answer = portal.post(f"/runs/{run.key}/again", {"outcome": "failed"})
    again = run.retried_by.get()
    assert answer.status_code == 302 and again.organization == "acme"
    assert [(item.job_id, item.verdict) for item in again.items.all()] == [(3, WILL_CHANGE)]


@pytest.mark.parametrize("query", ["id=1&rule=xx", "foo=bar"])
def test_a_list_by_a_filter_that_is_not_known_is_not_a_list_of_everything(portal, query):
    answer = portal.post("/runs/new", {"all": "1", "query": query, "state": "new", "plan": "1"})
    assert answer.status_code == 422 and not Run.objects.exists()
    assert portal.post("/distribute/", {"all": "1", "query": query}).status_code == 422 and not Run.objects.exists()


def test_ticked_jobs_are_planned_where_they_were_ticked(portal):
    portal.post("/organization", {"org": ""})
    page = portal.post("/runs/new?org=acme", {"jobs": "1,3"})
    assert 'action="/runs/new?org=acme"' in text_of(page)
