"""Filters, sorting, paging, and the organization that a list is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobsportal.cvat import Client, filters
from jobsportal.cvat.errors import Invalid, NotFound
from jobsportal.cvat.types import Job, User
from tests.contract.upstream import now, steady

Rule = dict[str, Any]


def count(client: Client, rule: Rule | None = None, **params: Any) -> int:
    return client.jobs.list(filter=rule, page_size=1, **params).count


RULES: dict[str, tuple[Rule, Callable[[Job], bool]]] = {
    "equals": (filters.equals("stage", "annotation"), lambda job: job.stage == "annotation"),
    "not": ({"!": filters.equals("state", "new")}, lambda job: job.state != "new"),
    "nobody": (filters.nobody(), lambda job: job.assignee is None),
    "somebody": (filters.var("assignee"), lambda job: job.assignee is not None),
    "null": ({"==": [filters.var("assignee"), None]}, lambda job: job.assignee is None),
    "in a list": (filters.one_of_values("state", ["new", "rejected"]), lambda job: job.state in ("new", "rejected")),
    "and": (
        filters.both(filters.equals("stage", "annotation"), filters.equals("state", "new")),
        lambda job: (job.stage, job.state) == ("annotation", "new"),
    ),
    "or": (
        {"or": [filters.equals("stage", "validation"), filters.equals("state", "completed")]},
        lambda job: job.stage == "validation" or job.state == "completed",
    ),
    "at most": ({"<=": [filters.var("id"), 100_000]}, lambda job: job.id <= 100_000),
    "between": ({"<=": [1, filters.var("id"), 100]}, lambda job: 1 <= job.id <= 100),
}


@pytest.mark.parametrize("name", RULES)
def test_filter_gives_what_it_says(client: Client, name: str) -> None:
    rule, fits = RULES[name]
    assert all(fits(job) for job in client.jobs.list(filter=rule, page_size=30))


def test_filter_and_its_opposite_are_everything(client: Client) -> None:
    for rule in (filters.equals("state", "new"), filters.var("assignee"), filters.equals("type", "annotation")):

        def check(rule: Rule = rule) -> None:
            assert count(client, rule) + count(client, {"!": rule}) == count(client)

        steady(check)


def test_filter_by_words_within_a_name(client: Client, job: Job) -> None:
    task = client.tasks.by_ids([job.task_id]).get(job.task_id)
    if task is None or len(task.name) < 3:
        pytest.skip("this account may not see the tasks of its jobs")
    part = task.name[1:-1]
    assert count(client, {"in": [part, filters.var("task_name")]}) >= count(client, task_id=job.task_id) > 0


def test_filter_by_date(client: Client, job: Job) -> None:
    tomorrow, past = now() + timedelta(days=1), datetime(2001, 1, 1, tzinfo=UTC)
    assert count(client, filters.until("updated_date", past)) == 0
    steady(lambda: equal(count(client, filters.until("updated_date", tomorrow)), count(client)))


def equal(one: Any, other: Any) -> None:
    assert one == other


@pytest.mark.parametrize(
    "rule",
    [
        {"!=": [{"var": "state"}, "new"]},
        {"==": [{"var": "id"}, "abc"]},
        {"<=": [{"var": "updated_date"}, "notadate"]},
        {"and": []},
        {"xor": [1, 2]},
        {"==": [{"var": "owner"}, "x"]},
    ],
)
def test_filter_that_servers_fail_at_is_not_sent(client: Client, rule: Rule) -> None:
    with pytest.raises(Invalid) as caught:
        client.jobs.list(filter=rule)
    assert "filter" in caught.value.fields and caught.value.status is None


@pytest.mark.parametrize("name", ["id", "task_id", "updated_date"])
def test_sorting_up_and_down(client: Client, name: str) -> None:
    def check() -> None:
        up = [getattr(job, name) for job in client.jobs.list(sort=name, page_size=20)]
        down = [getattr(job, name) for job in client.jobs.list(sort=f"-{name}", page_size=20)]
        assert up == sorted(up) and down == sorted(down, reverse=True)
        assert not up or up[0] <= down[0]

    steady(check)


@pytest.mark.parametrize("name", ["task_name", "project_id", "project_name", "stage", "state", "type", "dimension"])
def test_sorting_by_anything_else_loses_nothing(client: Client, name: str) -> None:
    steady(lambda: equal(client.jobs.list(sort=f"{name},id", page_size=1).count, count(client)))


def test_sorting_by_the_assignee_downwards_puts_nobody_first(client: Client) -> None:
    if not count(client, filters.nobody()) or not count(client, filters.var("assignee")):
        pytest.skip("no job suitable: it takes some that are nobody's and some that are somebody's")
    assert client.jobs.list(sort="-assignee", page_size=1).results[0].assignee is None
    assert client.jobs.list(sort="assignee", page_size=1).results[0].assignee is not None


@pytest.mark.parametrize("name", ["-colour", "created_date"])
def test_sorting_by_what_servers_pass_over(client: Client, name: str) -> None:
    with pytest.raises(Invalid):
        client.jobs.list(sort=name)


def test_paging_from_the_first_to_the_last(client: Client) -> None:
    def check() -> None:
        first = client.jobs.list(sort="id", page_size=2)
        if first.count < 3:
            pytest.skip("no job suitable: it takes more than two for two pages")
        second = client.jobs.list(sort="id", page_size=2, page=2)
        last = client.jobs.list(sort="id", page_size=2, page="last")
        assert first.has_next and not last.has_next and first.count == second.count == last.count
        ids = [job.id for job in (*first, *second)]
        assert ids == sorted(set(ids)) and max(ids) <= max(job.id for job in last)
        number = -(-first.count // 2)
        assert [job.id for job in client.jobs.list(sort="id", page_size=2, page=number)] == [job.id for job in last]

    steady(check)


def test_paging_outside_of_what_there_is(client: Client) -> None:
    for page in (1_000_000, 0):
        with pytest.raises(NotFound):
            client.jobs.list(page=page, page_size=10)


def test_organization_is_the_header_the_parameter_or_the_id(client: Client, me: User) -> None:
    mine = client.organizations.list().results
    if not mine:
        pytest.skip("this account belongs to no organization")
    slug, id = mine[0].slug, mine[0].id
    free = type(client)(client.url, client.credential, session=client.session)

    def check() -> None:
        wanted = free.jobs.list(x_organization=slug, page_size=1).count
        assert free.jobs.list(org=slug, page_size=1).count == wanted
        assert free.jobs.list(org_id=id, page_size=1).count == wanted
        assert {job.organization for job in free.jobs.list(org=slug, page_size=20)} <= {id}

    steady(check)


def test_organization_of_nobody_is_what_is_personal(client: Client) -> None:
    free = type(client)(client.url, client.credential, session=client.session)
    assert {job.organization for job in free.jobs.list(x_organization="", page_size=20)} <= {None}


def test_organization_that_is_not_there(client: Client) -> None:
    free = type(client)(client.url, client.credential, session=client.session)
    with pytest.raises(NotFound):
        free.jobs.list(x_organization="there-is-no-such-organization")
    with pytest.raises(Invalid):
        free.jobs.list(x_organization="one", org="other")
    with pytest.raises(Invalid):
        type(client)(client.url, client.credential, organization="no slug")
