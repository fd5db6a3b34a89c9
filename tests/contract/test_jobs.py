"""`/api/jobs`: list, retrieve, partial_update, create, destroy."""

from __future__ import annotations

import pytest

from jobsportal.cvat import Client, filters
from jobsportal.cvat.errors import Invalid, NotFound, Unsupported
from jobsportal.cvat.types import STAGES, STATES, Job, User
from tests.contract import choosing
from tests.contract.keeping import ground_truth
from tests.contract.ledger import Ledger
from tests.contract.upstream import NO_SUCH_ID, Upstream, is_later, steady


def test_list_gives_jobs_with_what_is_known_of_them(client: Client) -> None:
    page = client.jobs.list(page_size=5)
    assert page.count >= len(page)
    for job in page:
        assert job.stage in STAGES and job.state in STATES
        assert job.updated_date is not None and job.updated_date.tzinfo is not None
        assert job.stop_frame >= job.start_frame >= 0


@pytest.mark.parametrize("name", ["stage", "state", "type", "dimension"])
def test_list_refuses_a_value_that_there_is_not(client: Client, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        client.jobs.list(page_size=1, **{name: "bogus"})
    assert name in caught.value.fields


def test_list_narrows_down_by_each_parameter(client: Client, job: Job) -> None:
    task = {job.id for job in client.jobs.list(task_id=job.task_id, page_size=500)}
    assert job.id in task
    for name in ("stage", "state", "type", "dimension"):
        value = getattr(job, name)
        found = client.jobs.list(page_size=20, **{name: value})
        assert found.count and {getattr(other, name) for other in found} == {value}
    if job.project_id is not None:
        found = client.jobs.list(project_id=job.project_id, page_size=20)
        assert found.count and {other.project_id for other in found} == {job.project_id}


def test_list_of_a_task_or_project_that_is_not_there_is_empty(client: Client) -> None:
    assert client.jobs.list(task_id=NO_SUCH_ID).count == 0
    assert client.jobs.list(project_id=NO_SUCH_ID).count == 0


def test_list_takes_an_assignee_by_the_exact_name(client: Client) -> None:
    assigned = client.jobs.list(filter=filters.var("assignee"), page_size=1).results
    if not assigned or assigned[0].assignee is None:
        pytest.skip("no job suitable: none is anybody's")
    name = assigned[0].assignee.username
    found = client.jobs.list(assignee=name, page_size=20)
    assert found.count and {job.assignee.username for job in found if job.assignee} == {name}
    assert client.jobs.list(assignee=f"{name}-nobody-is-called-so").count == 0


def test_list_of_names_and_words_knows_the_task(client: Client, job: Job) -> None:
    task = client.tasks.by_ids([job.task_id]).get(job.task_id)
    if task is None:
        pytest.skip("this account may not see the tasks of its jobs")
    assert client.jobs.list(task_name=task.name, page_size=1).count
    assert client.jobs.list(task_name=f"{task.name} that is not there").count == 0
    word = max(task.name.replace(",", " ").split(), key=len)
    assert client.jobs.list(search=word, page_size=1).count


def test_retrieve_gives_the_job_of_the_list(client: Client, job: Job) -> None:
    (listed,) = client.jobs.list(filter=filters.equals("id", job.id))
    steady(lambda: same(client.jobs.retrieve(job.id), listed))


def same(one: Job, other: Job) -> None:
    assert (one.id, one.task_id, one.type, one.start_frame, one.stop_frame) == (
        other.id,
        other.task_id,
        other.type,
        other.start_frame,
        other.stop_frame,
    )


def test_retrieve_of_a_job_that_is_not_there(client: Client) -> None:
    with pytest.raises(NotFound):
        client.jobs.retrieve(NO_SUCH_ID)


def test_partial_update_changes_the_state_and_nothing_else(client: Client, borrowed: Job) -> None:
    state = "rejected" if borrowed.state != "rejected" else "in progress"
    after = client.jobs.partial_update(borrowed.id, state=state)
    assert (after.state, after.stage) == (state, borrowed.stage)
    assert is_later(after, borrowed)
    assert (after.assignee and after.assignee.id) == (borrowed.assignee and borrowed.assignee.id)
    assert client.jobs.retrieve(borrowed.id).state == state


def test_partial_update_of_the_stage_begins_anew(client: Client, borrowed: Job) -> None:
    client.jobs.partial_update(borrowed.id, state="rejected")
    other = "validation" if borrowed.stage == "annotation" else "annotation"
    after = client.jobs.partial_update(borrowed.id, stage=other)
    assert (after.stage, after.state) == (other, "new")
    after = client.jobs.partial_update(borrowed.id, stage=borrowed.stage, state="in progress")
    assert (after.stage, after.state) == (borrowed.stage, "in progress")


def test_partial_update_makes_it_ones_own_and_nobodys(client: Client, borrowed: Job, me: User) -> None:
    assert client.jobs.partial_update(borrowed.id, assignee=me.id).assignee.id == me.id
    assert client.jobs.partial_update(borrowed.id, assignee=None).assignee is None
    assert client.jobs.retrieve(borrowed.id).assignee is None


def test_partial_update_makes_it_somebody_elses(client: Client, borrowed: Job, me: User) -> None:
    other = choosing.somebody_else(client, me, borrowed)
    if other is None:
        pytest.skip("no second user of the job's organization that this account may see")
    assert client.jobs.partial_update(borrowed.id, assignee=other.id).assignee.username == other.username


def test_partial_update_with_nothing_sends_nothing(client: Client, job: Job) -> None:
    before = client.jobs.retrieve(job.id)
    steady(lambda: unchanged(client.jobs.partial_update(job.id), before))


def unchanged(job: Job, before: Job) -> None:
    assert job.updated_date == before.updated_date


@pytest.mark.parametrize("changes", [{"state": "done"}, {"stage": "bogus"}])
def test_partial_update_refuses_a_value_that_there_is_not(client: Client, borrowed: Job, changes: dict) -> None:
    with pytest.raises(Invalid) as caught:
        client.jobs.partial_update(borrowed.id, **changes)
    assert set(caught.value.fields) == set(changes)


def test_partial_update_refuses_an_assignee_who_is_not_there(client: Client, borrowed: Job) -> None:
    with pytest.raises(Invalid) as caught:
        client.jobs.partial_update(borrowed.id, assignee=NO_SUCH_ID)
    assert "assignee" in caught.value.fields


def test_partial_update_of_a_job_that_is_not_there(client: Client, changing: None) -> None:
    with pytest.raises(NotFound):
        client.jobs.partial_update(NO_SUCH_ID, state="new")


def test_create_of_ground_truth_by_hand(client: Client, task_id: int, ledger: Ledger) -> None:
    with ground_truth(client, task_id, ledger) as made:
        job = client.jobs.create_ground_truth(task_id, "manual", frames=[0, 2])
        made.append(job.id)
        assert (job.type, job.task_id, job.stage, job.state) == ("ground_truth", task_id, "annotation", "new")
        assert client.jobs.retrieve_data_meta(job.id).included_frames == [0, 2]
        with pytest.raises(Invalid):  # a task has one at most
            made.append(client.jobs.create_ground_truth(task_id, "manual", frames=[1]).id)


@pytest.mark.parametrize("amount", [{"count": 2}, {"share": 0.5}])
def test_create_of_ground_truth_at_random(client: Client, task_id: int, ledger: Ledger, amount: dict) -> None:
    with ground_truth(client, task_id, ledger) as made:
        job = client.jobs.create_ground_truth(task_id, "random_uniform", seed=7, **amount)
        made.append(job.id)
        chosen = client.jobs.retrieve_data_meta(job.id).included_frames
        task = client.tasks.retrieve(task_id)
        wanted = amount.get("count") or task.size / 2
        assert abs(len(chosen) - wanted) < 1 and set(chosen) <= set(range(task.size))


def test_create_of_ground_truth_per_job(client: Client, task_id: int, ledger: Ledger) -> None:
    with ground_truth(client, task_id, ledger) as made:
        if not client.version.selects_frames_per_job:
            with pytest.raises(Unsupported):
                made.append(client.jobs.create_ground_truth(task_id, "random_per_job", count=1).id)
            return
        jobs = client.jobs.list(task_id=task_id, page_size=100)
        job = client.jobs.create_ground_truth(task_id, "random_per_job", count=1, seed=7)
        made.append(job.id)
        assert len(client.jobs.retrieve_data_meta(job.id).included_frames) == len(jobs)


def test_create_refuses_frames_that_the_task_has_not(client: Client, task_id: int, ledger: Ledger) -> None:
    with ground_truth(client, task_id, ledger) as made:
        for frames in ([NO_SUCH_ID], [], [1, 1]):
            with pytest.raises(Invalid):
                made.append(client.jobs.create_ground_truth(task_id, "manual", frames=frames).id)
        with pytest.raises(Invalid):
            made.append(client.jobs.create_ground_truth(task_id, "random_uniform", count=NO_SUCH_ID).id)


def test_create_refuses_a_task_that_is_not_there(client: Client, changing: None) -> None:
    with pytest.raises((Invalid, NotFound)):
        client.jobs.create_ground_truth(NO_SUCH_ID, "manual", frames=[0])


def test_create_makes_no_other_kind_of_job(client: Client, task_id: int, ledger: Ledger) -> None:
    with ground_truth(client, task_id, ledger) as made, pytest.raises(Invalid):
        job = client.jobs.create(task_id=task_id, type="annotation", frame_selection_method="manual", frames=[0])
        made.append(job.id)


def test_destroy_removes_ground_truth_for_good(client: Client, task_id: int, ledger: Ledger) -> None:
    with ground_truth(client, task_id, ledger) as made:
        job = client.jobs.create_ground_truth(task_id, "manual", frames=[0])
        made.append(job.id)
        client.jobs.destroy(job.id)
        made.clear()
        with pytest.raises(NotFound):
            client.jobs.retrieve(job.id)
        with pytest.raises(NotFound):
            client.jobs.destroy(job.id)
    assert client.jobs.list(task_id=task_id, type="ground_truth").count == 0


def test_destroy_of_a_job_that_is_not_there(client: Client, changing: None) -> None:
    with pytest.raises(NotFound):
        client.jobs.destroy(NO_SUCH_ID)


def test_destroy_refuses_any_other_job(client: Client, upstream: Upstream, borrowed: Job) -> None:
    if upstream.is_real:
        pytest.skip("never tried on a server with other people's jobs")
    with pytest.raises(Invalid) as caught:
        client.jobs.destroy(borrowed.id)
    assert "ground truth" in caught.value.detail
