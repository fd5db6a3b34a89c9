"""People, organizations, tasks, projects, labels, remarks, storages, formats: what jobs refer to."""

from __future__ import annotations

import pytest

from jobsportal.cvat import Client
from jobsportal.cvat.errors import CVATError, NotFound
from jobsportal.cvat.types import Job, User
from tests.contract.upstream import NO_SUCH_ID, has_old_ways


def test_directory_of_the_server(client: Client, anybody: Client) -> None:
    about = anybody.server.about()
    assert about.name and about.version
    assert client.version >= (2, 16)
    formats = client.server.annotation_formats()
    assert formats.importers and formats.exporters
    assert all(format.extensions for format in formats.exporters)


def test_directory_of_people(client: Client, me: User) -> None:
    page = client.users.list(page_size=5)
    assert page.count >= len(page)
    assert client.users.retrieve(me.id).username == me.username
    assert client.users.find(NO_SUCH_ID) is None
    assert (
        me.username in {user.username for user in client.users.list(search=me.username, page_size=50)} or not page.count
    )


def test_directory_of_people_who_are_not_there(client: Client) -> None:
    with pytest.raises(NotFound):
        client.users.retrieve(NO_SUCH_ID)


def test_directory_of_organizations_and_who_belongs_to_them(client: Client, me: User) -> None:
    mine = client.organizations.list().results
    if not mine:
        pytest.skip("this account belongs to no organization")
    assert all(organization.slug and organization.id for organization in mine)
    free = type(client)(client.url, client.credential, session=client.session)
    members = free.memberships.list(org=mine[0].slug, page_size=100)
    assert members.count >= 1
    assert {member.role for member in members} <= {"owner", "maintainer", "supervisor", "worker"}
    found = free.memberships.list(org=mine[0].slug, user=me.username)
    assert {member.user.id for member in found} <= {me.id}


def test_directory_of_tasks(client: Client, job: Job) -> None:
    page = client.tasks.list(page_size=5)
    if not len(page):
        pytest.skip("this account may not see any task")
    task = client.tasks.retrieve(page.results[0].id)
    assert task == page.results[0]
    assert client.tasks.by_ids([task.id, NO_SUCH_ID]) == {task.id: task}
    assert task.id in {found.id for found in client.tasks.list(search=task.name, page_size=100)}


def test_directory_of_tasks_that_are_not_there(client: Client) -> None:
    with pytest.raises(NotFound):
        client.tasks.retrieve(NO_SUCH_ID)


def test_directory_of_projects(client: Client) -> None:
    page = client.projects.list(page_size=5)
    if not len(page):
        pytest.skip("this account may not see any project")
    project = page.results[0]
    assert client.projects.by_ids([project.id, NO_SUCH_ID]) == {project.id: project}
    assert project.id in {found.id for found in client.projects.list(search=project.name, page_size=100)}


def test_directory_of_labels(client: Client, job: Job) -> None:
    labels = client.labels.list(job_id=job.id)
    assert labels and len({label.id for label in labels}) == len(labels)
    few_at_a_time = client.labels.list(job_id=job.id, page_size=1) if len(labels) < 10 else labels
    assert {label.id for label in few_at_a_time} == {label.id for label in labels}
    assert all(label.name and label.color.startswith("#") for label in labels)


def test_directory_of_remarks_and_comments(client: Client, job: Job) -> None:
    issues = client.issues.list(job_id=job.id, page_size=100)
    assert issues.count == client.issues.count(job_id=job.id) == client.jobs.retrieve(job.id).issues.count
    assert client.issues.count(job_id=job.id, resolved=True) + client.issues.count(job_id=job.id, resolved=False) == (
        issues.count
    )
    assert client.issues.count_comments(job_id=job.id) >= 0
    assert {issue.job for issue in issues} <= {job.id}


def test_directory_of_cloud_storages(client: Client) -> None:
    page = client.cloud_storages.list(page_size=5)
    if not len(page):
        pytest.skip("no cloud storage that this account may use")
    storage = page.results[0]
    assert client.cloud_storages.retrieve(storage.id) == storage
    try:
        client.cloud_storages.content(storage.id, page_size=5)
    except CVATError as error:
        pytest.skip(f"the server can't read its cloud storage: {error.detail}")


def test_directory_of_cloud_storages_that_are_not_there(client: Client) -> None:
    with pytest.raises(NotFound):
        client.cloud_storages.retrieve(NO_SUCH_ID)


def test_validation_layout_of_a_task_and_a_job(client: Client, job: Job) -> None:
    if has_old_ways(client) is None:
        pytest.skip(f"version {client.version} lies between the recorded generations: nobody knows")
    if not client.version.has_validation_layout:
        for call in (client.jobs.validation_layout, client.tasks.validation_layout):
            with pytest.raises(NotFound):
                call(job.id if call == client.jobs.validation_layout else job.task_id)
        return
    assert client.jobs.validation_layout(job.id).honeypot_count >= 0
    assert client.tasks.validation_layout(job.task_id).mode in (None, "gt", "gt_pool")


def test_validation_layout_of_ground_truth(client: Client, new_ways: None) -> None:
    found = client.jobs.list(type="ground_truth", page_size=1).results
    if not found:
        pytest.skip("no job suitable: there is no ground truth")
    layout = client.tasks.validation_layout(found[0].task_id)
    assert layout.mode in ("gt", "gt_pool") and layout.validation_frames
