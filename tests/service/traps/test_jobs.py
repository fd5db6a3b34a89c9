"""Traps: jobs."""

import json

import pytest

from jobsportal.cvat import Version, errors
from tests.service.traps.helpers import JOB, NEW, TASK, client_at, paths
from tests.service.wire import ok


def test_trap_an_assignee_that_isnt_there_is_a_500(server):
    with pytest.raises(errors.Invalid) as told:
        client_at(server).jobs.partial_update(JOB, assignee=99999)
    assert told.value.fields == {"assignee": ["There is no such user."]}


def test_trap_somebody_from_outside_is_accepted_so_they_are_looked_for_first(server):
    client = client_at(server)
    outsider = next(user for user in server.store.users.values() if user.username == "grace")
    assert client.users.find(outsider.id) is None
    assert client_at(server, "admin").users.retrieve(outsider.id).username == "grace"


def test_trap_a_stage_without_a_state_makes_it_new(server):
    client = client_at(server)
    client.jobs.partial_update(JOB, stage="annotation", state="completed")
    assert client.jobs.partial_update(JOB, stage="validation").state == "new"


def test_trap_a_change_of_nothing_moves_the_updated_date_so_none_is_sent(server):
    client = client_at(server)
    before = client.jobs.retrieve(JOB).updated_date
    assert client.jobs.partial_update(JOB).updated_date == before
    assert not paths(server, "PATCH")


def test_trap_only_ground_truth_jobs_can_be_deleted(server):
    with pytest.raises(errors.Invalid, match="Only ground truth jobs can be removed"):
        client_at(server, "admin").jobs.destroy(JOB)
    client_at(server, "admin").jobs.destroy(58)
    with pytest.raises(errors.NotFound):
        client_at(server, "admin").jobs.retrieve(58)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"frame_selection_method": "manual"}, "frames"),
        ({"frame_selection_method": "manual", "frames": []}, "frames"),
        ({"frame_selection_method": "manual", "frames": [1, 1]}, "frames"),
        ({"frame_selection_method": "manual", "frames": [1], "frame_count": 4}, "frames"),
        ({"frame_selection_method": "random_uniform"}, "frame_count"),
        ({"frame_selection_method": "random_uniform", "frame_count": 0}, "frame_count"),
        ({"frame_selection_method": "random_uniform", "frame_share": 2}, "frame_share"),
        ({"frame_selection_method": "none at all"}, "frame_selection_method"),
    ],
)
def test_trap_ground_truth_of_nothing_is_a_500_so_it_is_refused_here(server, given, field):
    with pytest.raises(errors.Invalid) as told:
        client_at(server, "admin").jobs.create(task_id=TASK, **given)
    assert list(told.value.fields) == [field] and not server.calls


def test_trap_ground_truth_goes_by_other_names_in_each_generation(server):
    client = client_at(server, "admin")
    size = client.tasks.retrieve(TASK).size
    job = client.jobs.create_ground_truth(TASK, "random_uniform", share=0.25, seed=7)
    assert (job.type, job.task_id, job.frame_count) == ("ground_truth", TASK, int(size * 0.25))
    with pytest.raises(errors.Invalid):  # a task has at most one
        client.jobs.create_ground_truth(TASK, "manual", frames=[0])
    client.jobs.destroy(job.id)


@pytest.mark.parametrize(("version", "seed"), [(Version(2, 20), "seed"), (Version(2, 42), "random_seed")])
def test_trap_the_seed_has_two_names(listen, client_of, version, seed):
    server = listen(ok(b'{"id":1,"task_id":7}'))
    client = client_of(server)
    client.version = version
    client.jobs.create_ground_truth(TASK, "random_uniform", count=3, seed=5)
    assert json.loads(server.heard[0].body) == {
        "type": "ground_truth",
        "task_id": TASK,
        "frame_selection_method": "random_uniform",
        "frame_count": 3,
        seed: 5,
    }


def test_trap_frames_per_job_are_not_known_to_older_servers(server):
    client = client_at(server, "admin")
    if server.service.version == NEW:
        assert client.jobs.create_ground_truth(TASK, "random_per_job", count=1).type == "ground_truth"
        return
    with pytest.raises(errors.Unsupported):
        client.jobs.create_ground_truth(TASK, "random_per_job", count=1)
    assert not paths(server, "POST")


def test_trap_labels_of_a_job_that_is_gone_are_a_500(server):
    with pytest.raises(errors.NotFound):
        client_at(server).labels.list(job_id=99999)


def test_trap_validation_layouts_came_later(server):
    client = client_at(server)
    if server.service.version == NEW:
        assert client.jobs.validation_layout(JOB).honeypot_count == 0
        return
    with pytest.raises(errors.NotFound):
        client.jobs.validation_layout(JOB)
