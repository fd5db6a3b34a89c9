"""People to hand jobs to: members of the organizations that the jobs belong to."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import Q

from jobsportal.accounts.person import Person
from jobsportal.activity.models import CHANGED, Change
from jobsportal.cvat import filters
from jobsportal.cvat.types import Page, User
from jobsportal.jobs.selection import in_groups

MAX_PEOPLE = 100
IDS_ASKED = 200
JOBS_LOOKED_AT = 500

OrganizationId = int | None


@dataclass
class Member:
    """Somebody to choose, and which of the jobs' organizations they belong to (None: among personal things)."""

    id: int
    username: str
    name: str
    organizations: list[OrganizationId] = field(default_factory=list)


def found(person: Person, organizations: Collection[OrganizationId], search: str = "") -> tuple[list[Member], int]:
    """Members by a part of their names, by user name, and how many more there are than are returned (100 of each).

    Upstream: users.list per organization, side by side.
    """
    calls = [
        partial(
            person.client_within(one).users.list,
            search=search or None,
            page_size=MAX_PEOPLE,
            is_active=True,
        )
        for one in organizations
    ]
    pages: list[Page[User]] = in_groups(calls)
    more = sum(page.count - len(page) for page in pages)
    return merged(organizations, pages), more


def by_ids(person: Person, organizations: Collection[OrganizationId], ids: Iterable[int]) -> list[Member]:
    """Those of these people who are members. Upstream: users by id, one call per organization and 200 ids."""
    wanted = sorted(set(ids))
    if not wanted:
        return []
    calls = [partial(person.client_within(one).users.by_ids, wanted) for one in organizations]
    return merged(organizations, [found.values() for found in in_groups(calls)])


def merged(organizations: Iterable[OrganizationId], answers: Iterable[Iterable[User]]) -> list[Member]:
    members: dict[int, Member] = {}
    for organization, users in zip(organizations, answers, strict=True):
        for user in users:
            if user.is_active:
                member = members.setdefault(user.id, Member(user.id, user.username, user.name))
                member.organizations.append(organization)
    return sorted(members.values(), key=lambda member: (member.username.casefold(), member.id))


def who_worked(person: Person, facts: list[dict[str, Any]]) -> list[int]:
    """Who has, or according to the record once had, a job of these jobs' projects; of their tasks where there are none.

    Upstream: jobs.list once, for the assignees of the 500 jobs that changed last.
    """
    projects = sorted({one["project_id"] for one in facts if one["project_id"] is not None})[:IDS_ASKED]
    tasks = sorted({one["task_id"] for one in facts if one["project_id"] is None})[:IDS_ASKED]
    rules = [filters.one_of_values(name, ids) for name, ids in (("project_id", projects), ("task_id", tasks)) if ids]
    if not rules:
        return []
    rule = rules[0] if len(rules) == 1 else {"or": rules}
    jobs = person.client.jobs.list(filter=rule, sort="-updated_date", page_size=JOBS_LOOKED_AT)
    recorded = (
        Change.objects.filter(Q(project_id__in=projects) | Q(project_id=None, task_id__in=tasks))
        .filter(upstream=settings.CVAT_URL, field="assignee", outcome=CHANGED)
        .order_by()
        .values_list("before_id", "after_id")
        .distinct()
    )
    ids = {job.assignee.id for job in jobs if job.assignee} | {id for pair in recorded for id in pair if id}
    return sorted(ids)
