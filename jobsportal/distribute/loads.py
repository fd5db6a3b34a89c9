"""What is open with each person now."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from jobsportal.accounts.person import Person
from jobsportal.cvat import filters
from jobsportal.jobs.selection import in_groups
from jobsportal.workload.numbers import SAMPLE, frames_of


class Load(NamedTuple):
    """Open jobs and their frames; an estimate where the frames are those of some of the jobs, scaled up."""

    jobs: int = 0
    frames: int = 0
    is_estimate: bool = False


def open_loads(person: Person, usernames: Mapping[int, str]) -> dict[int, Load]:
    """What is assigned to each of these people and not completed, in the organization that is looked at.

    Upstream: jobs.list once per person, some side by side. Raises whatever the upstream answers.
    """
    is_open = {"!": filters.equals("state", "completed")}
    calls = [
        partial(
            person.client.jobs.list,
            filter=filters.both(filters.equals("assignee", username), is_open),
            sort="id",
            page_size=SAMPLE,
        )
        for username in usernames.values()
    ]
    pages = in_groups(calls)
    return {id: Load(page.count, *frames_of(page)) for id, page in zip(usernames, pages, strict=True)}
