"""Handing out jobs: a selection becomes a plan, which is looked at, corrected and handed out as a run."""

import re
from collections.abc import Iterator

import pytest
from django.conf import settings

from jobsportal.activity.models import Change
from jobsportal.distribute import people
from jobsportal.runs import workers
from jobsportal.runs.models import DRAFT, QUEUED, Item, Run
from jobsportal.sandbox import Sandbox

HTMX = {"HX-Request": "true"}
ALICE, BOB, CAROL, DAVE, ERIN, MARA, GRACE = 2, 3, 4, 5, 6, 7, 8
UNASSIGNED = "view=unassigned"


@pytest.fixture
def worker(db) -> None:
    workers.beat("test")


def text_of(response) -> str:
    return response.content.decode()


def draft_of(portal, **selection) -> Run:
    """A draft for a selection; all that nobody has, unless said otherwise."""
    answer = portal.post("/distribute/", selection or {"all": "1", "query": UNASSIGNED})
    assert answer.status_code == 302, text_of(answer)
    return Run.objects.get(key=re.search(r"/distribute/([0-9a-f-]{36})/", answer["Location"])[1])


def place_of(run: Run, then: str = "") -> str:
    return f"/distribute/{run.key}/{then}"


def planned(portal, run: Run, *people: int, **more) -> Run:
    data = {"person": people, "method": "equal_jobs", "which": "all", "step": "plan"} | more
    answer = portal.post(place_of(run), data)
    assert answer.status_code == 302 and answer["Location"] == f"{place_of(run)}#plan", text_of(answer)
    run.refresh_from_db()
    return run


def given(run: Run) -> dict[int, int | None]:
    return {item.job_id: item.wanted.get("assignee") for item in run.items.all()}


def counts(run: Run) -> dict[int | None, int]:
    people = list(given(run).values())
    return {person: people.count(person) for person in people}


def words(response) -> str:
    """The text of a page, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text_of(response)))


# A selection becomes a draft


def test_the_start_says_how_many_there_are_to_begin_with(portal, upstream):
    page = portal.get("/distribute/")
    shown = words(page)
    assert re.search(r"All \d+ jobs that nobody has", shown) and re.search(r"All \d+ jobs to review", shown)
    assert [call.path for call in upstream.calls] == ["/api/jobs"] * 2
    assert not Run.objects.exists()


def test_a_selection_becomes_a_draft_with_what_was_seen(portal):
    run = draft_of(portal, jobs="1,3", job="4")
    assert (run.kind, run.status, run.total, run.sealed) == ("distribute", DRAFT, 3, "")
    items = {item.job_id: item for item in run.items.all()}
    assert items[1].expected == {"assignee": CAROL} and items[3].expected == {"assignee": None}
    assert items[1].wanted == {} and items[1].about["task_id"] == 1


def test_an_empty_selection_is_told(portal):
    answer = portal.post("/distribute/", {"jobs": ""})
    assert answer.status_code == 422 and "No job was chosen" in text_of(answer)
    assert not Run.objects.exists()


def test_a_filter_that_finds_nothing_is_told(portal):
    answer = portal.post("/distribute/", {"all": "1", "query": "task_name=there+is+none"})
    assert answer.status_code == 422 and not Run.objects.exists()


def test_jobs_that_are_gone_or_foreign_drop_out_and_are_counted(portal):
    answer = portal.post("/distribute/", {"jobs": "1,3,999999"})
    assert "1 chosen job is gone" in words(portal.get(answer["Location"]))
    assert portal.post("/distribute/", {"jobs": "999999"}).status_code == 422


def test_a_tampered_selection_is_refused(portal):
    assert portal.post("/distribute/", {"jobs": "1,two"}).status_code == 422
    assert portal.post("/distribute/", {"all": "1", "query": "stage=nonsense"}).status_code == 422


def test_too_many_jobs_are_told(portal, settings):
    settings.RUN_MAX_JOBS = 5
    answer = portal.post("/distribute/", {"all": "1", "query": ""})
    assert answer.status_code == 422 and "more than the 5" in text_of(answer)


def test_a_selection_in_the_address_is_offered_again(portal):
    page = text_of(portal.get("/distribute/?jobs=1,3"))
    assert 'name="jobs" value="1,3"' in page and "Distribute them" in page


# Who may look


def test_somebody_elses_draft_is_not_there(portal, sign_in):
    run = draft_of(portal)
    mara = sign_in("mara")
    for answer in (mara.get(place_of(run)), mara.post(place_of(run)), mara.post(place_of(run, "move"))):
        assert answer.status_code == 404
    assert mara.post(place_of(run, "begin")).status_code == 404


def test_a_key_that_is_no_plan_is_not_there(portal):
    assert portal.get("/distribute/00000000-0000-4000-8000-000000000000/").status_code == 404
    assert portal.get("/distribute/nonsense/").status_code == 404


def test_a_run_of_another_kind_is_no_plan(portal):
    run = draft_of(portal)
    Run.objects.filter(pk=run.pk).update(kind="change")
    assert portal.get(place_of(run)).status_code == 404


def test_a_plan_that_was_begun_leads_to_its_run(portal):
    run = draft_of(portal)
    Run.objects.filter(pk=run.pk).update(status=QUEUED)
    for answer in (portal.get(place_of(run)), portal.post(place_of(run), {"person": BOB, "method": "equal_jobs"})):
        assert answer.status_code == 302 and answer["Location"] == f"/runs/{run.key}/"


# People


def test_members_of_the_jobs_organization_are_offered(portal):
    page = portal.get(place_of(draft_of(portal)))
    names = re.findall(r'candidate-name">(\w+)', text_of(page))
    assert {"alice", "bob", "carol", "dave", "erin", "mara"} <= set(names) and "grace" not in names


def test_people_are_found_by_a_part_of_their_name_and_ticks_stay(portal):
    run = draft_of(portal)
    headers = HTMX | {"HX-Target": "people-list"}
    found = text_of(portal.get(place_of(run), {"q": "lindq", "person": CAROL, f"limit-{CAROL}": "7"}, headers=headers))
    assert re.findall(r'candidate-name">(\w+)', found) == ["carol", "dave"]
    assert re.search(rf'value="{CAROL}" checked', found) and 'value="7"' in found
    assert "<html" not in found


def test_finding_without_scripts_keeps_what_was_chosen(portal):
    run = draft_of(portal)
    data = {"person": [CAROL], "method": "round_robin", "which": "free", "limit": "9", "q": "dave", "step": "find"}
    answer = portal.post(place_of(run), data)
    page = text_of(portal.get(answer["Location"].split("#")[0]))
    assert re.findall(r'candidate-name">(\w+)', page) == ["carol", "dave"]
    assert re.search(r'value="round_robin"[^>]* checked', page) and re.search(r'name="limit" value="9"', page)


def test_all_members_and_none(portal):
    run = draft_of(portal)
    portal.post(place_of(run), {"method": "equal_jobs", "which": "all", "step": "members"})
    run.refresh_from_db()
    assert run.wanted["choice"]["ticked"] == [1, ALICE, BOB, CAROL, DAVE, ERIN, MARA, 9, 10, 11, 12]
    portal.post(place_of(run), {"person": BOB, "method": "equal_jobs", "which": "all", "step": "clear"})
    run.refresh_from_db()
    assert run.wanted["choice"]["ticked"] == []


def test_more_members_than_a_plan_takes_are_told(portal, monkeypatch):
    monkeypatch.setattr(people, "MAX_PEOPLE", 3)
    run = draft_of(portal)
    assert "8 more match" in words(portal.get(place_of(run)))
    answer = portal.post(place_of(run), {"method": "equal_jobs", "which": "all", "step": "members"})
    assert answer.status_code == 422 and "more than the 3 that one plan takes" in text_of(answer)


def test_who_worked_on_the_projects_comes_from_the_record_and_the_present_assignees(portal, upstream):
    run = draft_of(portal, jobs="3")
    record(3, ALICE, BOB, project_id=1)
    record(3, None, GRACE, project_id=1)
    portal.post(place_of(run), {"method": "equal_jobs", "which": "all", "step": "worked"})
    run.refresh_from_db()
    ticked = run.wanted["choice"]["ticked"]
    assert {ALICE, BOB, CAROL, DAVE} <= set(ticked), "alice and bob by the record, the others by what they have"
    assert GRACE not in ticked, "who is no member can't be chosen"


def record(job_id: int, before_id: int | None, after_id: int | None, *, stage="annotation", field="assignee", **more):
    facts = {"person_id": ALICE, "username": "alice", "task_id": 1, "job_id": job_id, "organization_id": 1}
    facts |= {"upstream": settings.CVAT_URL, "stage": stage, "field": field, "outcome": "changed"}
    return Change.objects.create(**facts | {"before_id": before_id, "after_id": after_id} | more)


# Planning


def test_nobody_chosen_is_told_and_the_rest_is_kept(portal):
    run = draft_of(portal)
    answer = portal.post(place_of(run), {"method": "top_up_jobs", "which": "free", "keep_tasks": "on", "step": "plan"})
    page = text_of(answer)
    assert answer.status_code == 422 and "Choose at least one person" in page
    assert re.search(r'value="top_up_jobs"[^>]* checked', page) and re.search(r'name="keep_tasks"[^>]* checked', page)


def test_one_person_gets_everything(portal):
    run = planned(portal, draft_of(portal), BOB)
    assert counts(run) == {BOB: run.total}
    assert f"Hand out {run.total} jobs to one person" in words(portal.get(place_of(run)))


def test_equal_jobs_differ_by_one_at_most_and_nothing_is_written_upstream(portal, upstream):
    run = planned(portal, draft_of(portal), BOB, CAROL, DAVE)
    sizes = counts(run)
    assert set(sizes) == {BOB, CAROL, DAVE} and max(sizes.values()) - min(sizes.values()) <= 1
    assert {call.method for call in upstream.calls} == {"GET"}


@pytest.mark.parametrize("method", ["round_robin", "equal_jobs", "equal_frames", "top_up_jobs", "top_up_frames"])
def test_each_method_gives_every_job_out(portal, method):
    run = planned(portal, draft_of(portal), BOB, CAROL, DAVE, method=method)
    assert None not in counts(run)


def test_somebody_whose_account_is_closed_gets_nothing(sign_in, upstream):
    admin = sign_in("admin")
    run = draft_of(admin, jobs="3")
    upstream.store.users[DAVE].is_active = False
    answer = admin.post(place_of(run), {"person": [DAVE], "method": "equal_jobs", "which": "all"})
    assert answer.status_code == 422 and "Not in the organization, or gone" in text_of(answer)


def test_what_is_open_is_what_is_not_completed(portal):
    run = planned(portal, draft_of(portal, jobs="3"), DAVE)
    jobs, frames, is_estimate = run.wanted["loads"][str(DAVE)]
    found = portal.get("/jobs/?assignee=dave&page_size=200").context["page"]
    open_jobs = [job for job in found if job.state != "completed"]
    assert (jobs, frames, is_estimate) == (len(open_jobs), sum(job.frame_count for job in open_jobs), False)
    assert 0 < jobs < found.count


def test_topping_up_counts_jobs_that_are_given_anew_as_nobodys(portal):
    """All that is open with carol is given out anew: half of it stays hers."""
    run = draft_of(
        portal, all="1", query='assignee=carol&filter={"in":[{"var":"state"},["new","in progress","rejected"]]}'
    )
    planned(portal, run, CAROL, ALICE, method="top_up_jobs")
    sizes = counts(run)
    assert run.total > 2 and abs(sizes[CAROL] - sizes[ALICE]) <= 1


def test_topping_up_looks_at_what_is_open(portal):
    """Carol has open jobs, alice has none."""
    run = planned(portal, draft_of(portal, jobs="3,7"), ALICE, CAROL, method="top_up_jobs")
    assert counts(run) == {ALICE: 2}


def test_the_picture_tells_loads_now_and_after(portal):
    run = planned(portal, draft_of(portal, jobs="3,7"), CAROL)
    now = run.wanted["loads"][str(CAROL)][0]
    page = text_of(portal.get(place_of(run)))
    assert now and f'aria-label="Open jobs: {now} now, {now + 2} after"' in page


def test_jobs_that_are_given_anew_are_not_counted_twice(portal):
    """Job 1 is carol's already: her load stays."""
    run = planned(portal, draft_of(portal, jobs="1"), CAROL)
    now = run.wanted["loads"][str(CAROL)][0]
    page = portal.get(place_of(run))
    assert f'aria-label="Open jobs: {now} now, {now} after"' in text_of(page)
    assert "1 already is like that" in words(page)


def test_a_completed_job_is_open_again_only_once_its_stage_is_new(portal):
    run = planned(portal, draft_of(portal, all="1", query="stage=annotation&state=completed&assignee=dave"), BOB)
    now = run.wanted["loads"][str(BOB)][0]
    assert f'aria-label="Open jobs: {now} now, {now} after"' in text_of(portal.get(place_of(run)))
    planned(portal, run, BOB, review="on")
    assert f'aria-label="Open jobs: {now} now, {now + run.total} after"' in text_of(portal.get(place_of(run)))


def test_loads_are_counted_where_the_plan_was_begun(sign_in, upstream):
    bob = sign_in("bob")
    run = draft_of(bob)
    bob.post("/organization", {"org": "harbor"})
    upstream.calls.clear()
    planned(bob, run, BOB)
    (counted,) = [call for call in upstream.calls if call.path == "/api/jobs"]
    sent = {name.lower(): value for name, value in counted.headers.items()}
    assert "acme" in (sent.get("x-organization"), *counted.query.get("org", []))
    assert "in Acme Labelling." in words(bob.get(place_of(run)))


def test_personal_jobs_are_for_oneself(sign_in):
    alice = sign_in("alice", org="")
    run = draft_of(alice, all="1", query="")
    page = text_of(alice.get(place_of(run)))
    assert re.findall(r'candidate-name">(\w+)', page) == ["alice"] and "worked on these tasks" in page
    alice.post(place_of(run), {"method": "equal_jobs", "which": "all", "step": "worked"})
    assert counts(planned(alice, run, ALICE)) == {ALICE: run.total}


def test_limits_leave_jobs_over_and_say_so(portal):
    run = draft_of(portal)
    planned(portal, run, BOB, CAROL, limit="3", **{f"limit-{CAROL}": "1"})
    assert counts(run)[BOB] == 3 and counts(run)[CAROL] == 1
    page = words(portal.get(place_of(run)))
    assert f"{run.total - 4} jobs left as they are: The limits are reached." in page
    left = portal.get(place_of(run, "?show=left"))
    assert "Only jobs that nobody gets" in words(left) and left.context["page"].paginator.count == run.total - 4


def test_only_jobs_that_nobody_has(portal):
    run = planned(portal, draft_of(portal, jobs="1,3"), BOB, which="free")
    assert given(run) == {1: None, 3: BOB}
    assert "Somebody has it already" in text_of(portal.get(place_of(run)))


def test_a_task_stays_with_one_person(portal):
    run = planned(portal, draft_of(portal), BOB, CAROL, DAVE, keep_tasks="on")
    tasks: dict[int, set[int]] = {}
    for item in run.items.all():
        tasks.setdefault(item.about["task_id"], set()).add(item.wanted["assignee"])
    assert all(len(people) == 1 for people in tasks.values())


def test_what_no_page_sends_is_refused_at_its_field(portal):
    run = draft_of(portal)
    good = {"person": [BOB], "method": "equal_jobs", "which": "all", "step": "plan"}
    for bad in ({"method": "by_lot"}, {"which": "some"}, {"limit": "few"}, {"limit": "-1"}, {"person": ["bob"]}):
        assert portal.post(place_of(run), good | bad).status_code == 422, bad
    answer = portal.post(place_of(run), good | {f"limit-{BOB}": "lots"})
    assert answer.status_code == 422 and "A limit is a whole number, not “lots”" in text_of(answer)
    assert counts(run) == {None: run.total}


def test_too_many_people_are_refused(portal):
    people = list(range(1, 102))
    answer = portal.post(place_of(draft_of(portal)), {"person": people, "method": "equal_jobs", "which": "all"})
    assert answer.status_code == 422 and "Choose 100 people at most" in text_of(answer)


@pytest.mark.parametrize("person", [GRACE, 4711])
def test_somebody_who_is_no_member_or_gone_is_told_and_nothing_planned(portal, person):
    run = draft_of(portal)
    answer = portal.post(place_of(run), {"person": [BOB, person], "method": "equal_jobs", "which": "all"})
    assert answer.status_code == 422 and f"Not in the organization, or gone: person {person}" in text_of(answer)
    assert counts(run) == {None: run.total}
    run.refresh_from_db()
    assert run.wanted["choice"]["ticked"] == [BOB]


def test_jobs_of_several_organizations_go_to_members_of_each(sign_in):
    """Bob belongs to both, carol and grace to one."""
    bob = sign_in("bob", org="*")
    run = draft_of(bob, all="1", query="")
    organizations = {item.organization_id for item in run.items.all()}
    assert len(organizations) > 1
    planned(bob, run, BOB, CAROL)
    assert "People only get jobs of those that they are members of" in text_of(bob.get(place_of(run)))
    for item in run.items.all():
        assert item.wanted.get("assignee") != CAROL or item.organization_id == 1


def test_an_upstream_that_fails_in_the_middle_keeps_the_plan_and_the_choice(portal, upstream):
    run = planned(portal, draft_of(portal), BOB)
    upstream.fail("GET", "/api/jobs", status=500)
    answer = portal.post(place_of(run), {"person": [BOB, CAROL], "method": "round_robin", "which": "all"})
    assert answer.status_code == 502
    assert counts(run) == {BOB: run.total}
    run.refresh_from_db()
    assert run.wanted["choice"]["ticked"] == [BOB, CAROL] and run.wanted["method"] == "equal_jobs"


def test_a_plan_can_be_looked_at_while_the_members_cant_be_read(portal, upstream):
    run = planned(portal, draft_of(portal), BOB)
    upstream.fail("GET", "/api/users", status=500)
    page = portal.get(place_of(run))
    assert page.status_code == 200 and "Members can’t be read now" in text_of(page)
    assert re.search(rf'value="{BOB}" checked', text_of(page)) and "Hand out" in text_of(page)


@pytest.fixture
def larger(settings) -> Iterator[Sandbox]:
    """The configured upstream has a thousand jobs more."""
    with Sandbox(extra_jobs=1000) as sandbox:
        settings.CVAT_URL = settings.CVAT_PUBLIC_URL = sandbox.url
        yield sandbox


def test_a_plan_of_many_jobs_over_many_people_costs_a_dozen_calls(larger, sign_in):
    portal = sign_in()
    run = draft_of(portal, jobs=",".join(map(str, range(1001, 1201))))
    assert run.total == 200
    larger.calls.clear()
    planned(portal, run, 1, ALICE, BOB, CAROL, DAVE, ERIN, MARA, method="equal_frames")
    assert len(larger.calls) == 8, "people once, and the load of each of the seven"
    larger.calls.clear()
    page = portal.get(place_of(run))
    assert len(larger.calls) <= 2 and page.context["page"].paginator.num_pages == 4


def test_a_thousand_jobs(larger, sign_in, worker):
    portal = sign_in()
    run = planned(
        portal,
        draft_of(portal, all="1", query='filter={">":[{"var":"id"},1000]}'),
        BOB,
        CAROL,
        DAVE,
        method="equal_jobs",
    )
    assert sorted(counts(run).values()) == [333, 333, 334]
    portal.post(place_of(run, "begin"))
    run.refresh_from_db()
    assert (run.status, run.total) == (QUEUED, 1000)


# Reviewing


def test_nobody_reviews_what_they_annotated(portal):
    """Job 1 is carol's at annotation; dave had job 3 once, and bob changed the annotations of job 7."""
    run = draft_of(portal, jobs="1,3,7")
    record(3, DAVE, None)
    record(7, None, None, field="annotations", person_id=BOB)
    planned(portal, run, BOB, CAROL, DAVE, review="on")
    items = {item.job_id: item for item in run.items.all()}
    assert items[1].wanted["assignee"] != CAROL
    assert items[3].wanted["assignee"] != DAVE
    assert items[7].wanted["assignee"] != BOB
    assert all(item.wanted["stage"] == "validation" for item in items.values())
    assert items[1].expected == {"assignee": CAROL, "stage": "annotation"}


def test_a_job_that_everybody_chosen_annotated_is_left_with_the_reason(portal):
    run = planned(portal, draft_of(portal, jobs="1"), CAROL, review="on")
    assert given(run) == {1: None}
    page = words(portal.get(place_of(run)))
    assert "1 job left as it is: Everybody chosen annotated it." in page and "Nobody gets a job" in page
    assert place_of(run, "begin") not in text_of(portal.get(place_of(run)))


def test_whoever_had_a_job_when_its_stage_left_annotation_annotated_it(portal):
    """Job 4 is erin's at validation. The record says that only the stage was changed: it was hers before."""
    run = draft_of(portal, jobs="4")
    record(4, None, None, field="stage", before="annotation", after="validation")
    planned(portal, run, ERIN, BOB, review="on")
    assert given(run) == {4: BOB}


def test_a_reviewer_who_got_the_job_together_with_the_stage_may_review_it_again(portal):
    """Job 4: one change gave it to erin and set the stage, another time than annotation."""
    run = draft_of(portal, jobs="4")
    first = record(4, DAVE, ERIN)
    record(4, None, None, field="stage", before="annotation", after="validation", key=first.key)
    planned(portal, run, ERIN, DAVE, review="on")
    assert given(run) == {4: ERIN}


def test_who_only_reviewed_a_job_that_went_back_to_annotation_may_review_it_again(portal):
    """Job 3 is at annotation, and nobody's."""
    run = draft_of(portal, jobs="3")
    record(3, None, DAVE, stage="validation")
    record(3, DAVE, None, stage="validation")
    record(3, None, None, stage="validation", field="stage", before="validation", after="annotation")
    planned(portal, run, DAVE, review="on")
    assert given(run) == {3: DAVE}


def test_handing_a_job_over_after_its_annotation_does_not_let_its_annotator_review_it(portal):
    """Job 4 is erin's at validation; the record says that dave had it when the stage was set, and she got it after."""
    run = draft_of(portal, jobs="4")
    record(4, None, None, field="stage", before="annotation", after="validation")
    record(4, DAVE, ERIN, stage="validation")
    planned(portal, run, DAVE, ERIN, review="on")
    assert given(run) == {4: ERIN}


def test_what_was_refused_or_done_elsewhere_does_not_count(portal):
    run = draft_of(portal, jobs="3")
    record(3, None, DAVE, outcome="refused")
    record(3, None, DAVE, upstream="http://elsewhere")
    planned(portal, run, DAVE, review="on")
    assert given(run) == {3: DAVE}


def test_jobs_that_would_go_back_or_are_not_completed_are_told(portal):
    run = planned(portal, draft_of(portal, all="1", query="project_name=Street+scenes"), ALICE, review="on")
    page = words(portal.get(place_of(run)))
    assert "at acceptance would go back to validation" in page and "at annotation and not completed" in page


# Correcting


def test_a_job_is_moved_and_the_picture_follows(portal, upstream):
    run = planned(portal, draft_of(portal, jobs="3,7"), ALICE, CAROL, method="top_up_jobs")
    upstream.calls.clear()
    answer = portal.post(place_of(run, "move"), {"job": "3", "person": CAROL}, headers=HTMX)
    now = run.wanted["loads"][str(CAROL)][0]
    assert answer.status_code == 200 and f'aria-label="Open jobs: {now} now, {now + 1} after"' in text_of(answer)
    assert given(run) == {3: CAROL, 7: ALICE} and not upstream.calls


def test_moving_without_scripts_leads_back_to_the_page_of_the_table(portal):
    run = planned(portal, draft_of(portal), BOB, CAROL)
    data = {"job": "3", "person": "", "show": str(BOB), "page": "1"}
    answer = portal.post(place_of(run, "move"), data)
    assert answer["Location"] == f"{place_of(run)}?show={BOB}&page=1#plan"
    assert given(run)[3] is None and "Left out by hand" in text_of(portal.get(place_of(run)))


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"job": "3", "person": str(GRACE)}, 422),
        ({"job": "3", "person": str(DAVE)}, 422),
        ({"job": "3", "person": "dave"}, 422),
        ({"job": "three", "person": str(BOB)}, 422),
        ({"job": "4", "person": str(BOB)}, 404),
        ({}, 422),
    ],
)
def test_a_tampered_move_is_refused(portal, data, status):
    run = planned(portal, draft_of(portal, jobs="3"), BOB)
    for headers in ({}, HTMX):
        assert portal.post(place_of(run, "move"), data, headers=headers).status_code == status
    assert given(run) == {3: BOB}


def test_nobody_is_moved_to_review_what_they_annotated(portal):
    run = planned(portal, draft_of(portal, jobs="1"), BOB, CAROL, review="on")
    answer = portal.post(place_of(run, "move"), {"job": "1", "person": CAROL})
    assert answer.status_code == 422 and "carol annotated job 1" in text_of(answer)
    select = text_of(portal.get(place_of(run))).split('id="who-1"')[1].split("</select>")[0]
    assert "carol" not in select and "bob" in select


def test_moving_before_anything_is_planned_is_refused(portal):
    assert portal.post(place_of(draft_of(portal), "move"), {"job": "3", "person": BOB}).status_code == 422


def test_a_plan_that_was_begun_cant_be_changed(portal, worker):
    run = planned(portal, draft_of(portal), BOB, CAROL)
    portal.post(place_of(run, "begin"))
    before = given(run)
    for answer in (
        portal.post(place_of(run, "move"), {"job": "3", "person": ""}),
        portal.post(place_of(run), {"person": [CAROL], "method": "equal_jobs", "which": "all"}),
    ):
        assert answer.status_code == 302 and answer["Location"] == f"/runs/{run.key}/"
    assert given(run) == before


# Handing out


def test_handing_out_begins_a_run_with_what_is_planned(portal, worker):
    run = planned(portal, draft_of(portal, jobs="1,3,7"), CAROL, which="all", limit="2")
    left = next(job for job, person in given(run).items() if person is None)
    answer = portal.post(place_of(run, "begin"))
    assert answer.status_code == 302 and answer["Location"] == f"/runs/{run.key}/"
    run.refresh_from_db()
    assert (run.status, run.total) == (QUEUED, 2) and run.sealed
    assert left not in given(run), "jobs that nobody gets are not part of the run"
    assert {(item.verdict, item.expected["assignee"]) for item in run.items.all()} == {
        ("already", CAROL),
        ("will change", None),
    }


def test_a_plan_that_changed_since_it_was_seen_is_looked_at_again(portal, worker):
    run = planned(portal, draft_of(portal), BOB)
    version = re.search(r'name="version" value="(\w+)"', text_of(portal.get(place_of(run)))).group(1)
    planned(portal, run, CAROL)
    answer = portal.post(place_of(run, "begin"), {"version": version})
    run.refresh_from_db()
    assert answer.status_code == 422 and "changed since you saw it" in text_of(answer) and run.status == DRAFT
    version = re.search(r'name="version" value="(\w+)"', text_of(answer)).group(1)
    assert portal.post(place_of(run, "begin"), {"version": version})["Location"] == f"/runs/{run.key}/"


def test_a_double_click_begins_one_run(portal, worker):
    run = planned(portal, draft_of(portal), BOB)
    for _ in range(2):
        assert portal.post(place_of(run, "begin"))["Location"] == f"/runs/{run.key}/"
    assert Run.objects.count() == 1 and Item.objects.count() == run.total


def test_without_a_worker_nothing_is_queued_and_the_plan_is_kept(portal):
    run = planned(portal, draft_of(portal), BOB, limit="1")
    answer = portal.post(place_of(run, "begin"))
    assert answer.status_code == 503 and "No worker is there" in text_of(answer)
    run.refresh_from_db()
    assert run.status == DRAFT and run.items.count() == run.total > 1


def test_a_plan_in_which_nobody_gets_a_job_is_not_begun(portal, worker):
    run = draft_of(portal)
    answer = portal.post(place_of(run, "begin"))
    assert answer.status_code == 422 and "Nobody gets a job yet" in text_of(answer)


def test_the_addresses_that_only_take_something_lead_back(portal):
    run = draft_of(portal)
    for then in ("move", "begin"):
        assert portal.get(place_of(run, then))["Location"] == place_of(run)


def test_one_who_is_not_signed_in_is_asked_to(client):
    answer = client.get("/distribute/")
    assert answer.status_code == 302 and answer["Location"].startswith("/sign-in")
