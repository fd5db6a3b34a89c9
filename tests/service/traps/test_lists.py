"""Traps: lists."""

import json

import pytest

from jobsportal.cvat import errors
from tests.service.traps.helpers import client_at


def test_trap_a_count_needs_one_row_and_is_exact(server):
    client = client_at(server)
    page = client.jobs.list(page_size=1)
    assert len(page) == 1 and page.count == len(list(client.jobs.list(page_size=1000)))


def test_trap_a_page_outside_is_404_and_last_works(server):
    client = client_at(server)
    with pytest.raises(errors.NotFound):
        client.jobs.list(page=99, page_size=10)
    assert client.jobs.list(page="last", page_size=10).next is None


def test_trap_next_loses_the_organization_so_pages_are_asked_for_by_number(server):
    client = client_at(server)
    first = client.jobs.list(page_size=10, sort="id")
    assert first.has_next and "org" not in (first.next or "")
    number, found = 1, [job.id for job in first]
    while len(found) < first.count:
        number += 1
        found += [job.id for job in client.jobs.list(page_size=10, sort="id", page=number)]
    assert len(set(found)) == first.count
    assert {call.headers.get("x-organization") for call in server.calls} == {"acme"}


def test_trap_jobs_carry_no_names_and_one_call_brings_many(server):
    client = client_at(server)
    jobs = list(client.jobs.list(page_size=100))
    before = len(server.calls)
    names = client.tasks.by_ids(job.task_id for job in jobs)
    assert len(server.calls) - before == 1 and all(names[job.task_id].name for job in jobs)


def test_trap_an_unknown_field_to_sort_by_is_ignored_so_it_is_refused_here(server):
    with pytest.raises(errors.Invalid, match="sorted by"):
        client_at(server).jobs.list(sort="-updated_date,bogus")
    assert not server.calls


@pytest.mark.parametrize("name", ["task_id", "project_id"])
def test_trap_a_task_that_isnt_there_is_400_or_empty(server, name):
    page = client_at(server).jobs.list(**{name: 99999})
    assert (page.count, len(page)) == (0, 0)


@pytest.mark.parametrize(
    "rule",
    [
        {"!=": [{"var": "stage"}, "annotation"]},
        {"==": [{"var": "id"}, "abc"]},
        {"<": [{"var": "updated_date"}, "yesterday"]},
        {"and": []},
        [1],
        7,
    ],
)
def test_trap_rules_that_are_a_500_are_refused_here(server, rule):
    with pytest.raises(errors.Invalid):
        client_at(server).jobs.list(filter=json.dumps(rule))
    assert not server.calls


def test_trap_unlike_is_not_equal_turned_round(server):
    client = client_at(server)
    unlike = client.jobs.list(filter={"!": {"==": [{"var": "stage"}, "annotation"]}}, page_size=1000)
    assert unlike.count and all(job.stage != "annotation" for job in unlike)


def test_trap_the_empty_organization_means_personal_and_none_means_everything(server):
    everything = client_at(server, "grace", organization=None).jobs.list(page_size=1).count
    personal = client_at(server, "grace", organization="").jobs.list(page_size=1).count
    assert "x-organization" not in server.calls[0].headers and server.calls[1].headers["x-organization"] == ""
    assert personal <= everything


def test_trap_an_organization_that_isnt_there_or_not_for_the_caller(server):
    with pytest.raises(errors.NotFound):
        client_at(server, organization="nowhere").jobs.list()
    with pytest.raises(errors.Forbidden):
        client_at(server, "grace").jobs.list()
    with pytest.raises(ValueError):
        client_at(server).jobs.list(org_id="abc")
