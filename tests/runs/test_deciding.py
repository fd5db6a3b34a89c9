"""What is decided about one job: a table of cases."""

import pytest

from jobsportal.cvat.types import BasicUser, Job
from jobsportal.runs.deciding import Decision, before_of, decide, job_given
from jobsportal.runs.models import CHANGE, CHANGED, DELETE, REFUSED, UNCHANGED, UNDO, Item

DAVE, ERIN = BasicUser(id=5, username="dave"), BasicUser(id=6, username="erin")


def job(assignee=DAVE, stage="annotation", state="in progress", **more) -> Job:
    return Job(id=1, task_id=1, assignee=assignee, stage=stage, state=state, **more)


CASES = [
    # What is wanted, what was expected, how it is, what comes of it
    ({"assignee": 6}, {}, job(), Decision(send={"assignee": 6})),
    ({"assignee": None}, {}, job(), Decision(send={"assignee": None})),
    ({"assignee": 5}, {}, job(), Decision(UNCHANGED)),
    ({"assignee": None}, {}, job(None), Decision(UNCHANGED)),
    ({"assignee": 6, "state": "in progress"}, {}, job(), Decision(send={"assignee": 6})),
    ({"assignee": 6}, {"assignee": 5}, job(), Decision(send={"assignee": 6})),
    # Somebody else was there, and did what was wanted
    ({"assignee": 6}, {"assignee": 5}, job(ERIN), Decision(UNCHANGED)),
    # Somebody else was there, and did something else
    ({"assignee": 6}, {"assignee": None}, job(), Decision(REFUSED, words="assignee is now dave: left alone")),
    ({"assignee": 6}, {"assignee": 5}, job(None), Decision(REFUSED, words="assignee is now nobody: left alone")),
    (
        {"assignee": 6, "state": "completed"},
        {"assignee": None, "state": "in progress"},
        job(),
        Decision(send={"state": "completed"}, words="assignee is now dave: left alone"),
    ),
    # A stage resets the state upstream
    ({"stage": "validation"}, {}, job(), Decision(send={"stage": "validation"})),
    ({"stage": "validation", "state": "new"}, {}, job(), Decision(send={"stage": "validation", "state": "new"})),
    (
        {"stage": "validation", "state": "in progress"},
        {},
        job(),
        Decision(send={"stage": "validation", "state": "in progress"}),
    ),
    (
        {"stage": "validation", "state": "completed"},
        {"state": "new"},
        job(),
        Decision(send={"stage": "validation", "state": "in progress"}, words="state is now in progress: left alone"),
    ),
]


@pytest.mark.parametrize(("wanted", "expected", "present", "decision"), CASES)
def test_afresh(wanted, expected, present, decision):
    assert decide(Item(wanted=wanted, expected=expected), present, CHANGE) == decision


def test_an_undone_stage_keeps_a_state_that_is_not_its_own():
    item = Item(wanted={"stage": "annotation"}, expected={"stage": "validation"})
    decision = decide(item, job(stage="validation", state="completed"), UNDO)
    assert decision == Decision(send={"stage": "annotation", "state": "completed"})


@pytest.mark.parametrize(
    ("sent", "present", "decision"),
    [
        ({"assignee": 6}, job(ERIN), Decision(CHANGED)),
        ({"assignee": 6}, job(), Decision(send={"assignee": 6})),
        ({"assignee": 6}, job(None), Decision(REFUSED, words="assignee is now nobody: left alone")),
        # What somebody did to another field since is no matter
        ({"assignee": 6}, job(ERIN, state="completed"), Decision(CHANGED)),
        ({"assignee": 6}, job(state="completed"), Decision(send={"assignee": 6})),
        # It arrived, and somebody went on from there
        ({"stage": "validation"}, job(stage="validation", state="rejected"), Decision(CHANGED)),
        (
            {"assignee": 6, "stage": "validation"},
            job(ERIN, stage="acceptance"),
            Decision(CHANGED, words="stage is now acceptance: left alone"),
        ),
    ],
)
def test_after_an_interruption(sent, present, decision):
    item = Item(wanted=sent, expected={}, sent=sent, before=before_of(job()))
    assert decide(item, present, CHANGE) == decision


def test_only_ground_truth_is_deleted():
    assert decide(Item(), job(type="ground_truth"), DELETE) == Decision()
    assert decide(Item(), job(), DELETE).outcome == REFUSED


def test_what_somebody_else_did_at_the_same_time_is_theirs():
    item = Item(sent={"assignee": 6}, before=before_of(job()))
    given = job_given(item, job(), job(ERIN, stage="validation", state="new"))
    assert (given.assignee, given.stage, given.state) == (ERIN, "annotation", "in progress")


def test_of_what_was_sent_only_what_is_still_there_is_given():
    item = Item(sent={"assignee": 6, "stage": "validation"}, before=before_of(job()))
    given = job_given(item, job(), job(ERIN, stage="acceptance", state="new"))
    assert (given.assignee, given.stage, given.state) == (ERIN, "annotation", "in progress")


def test_a_stage_gives_the_state_new_however_it_is_by_then():
    item = Item(sent={"stage": "validation"}, before=before_of(job()))
    given = job_given(item, job(), job(ERIN, stage="validation", state="rejected"))
    assert (given.assignee, given.stage, given.state) == (DAVE, "validation", "new")
