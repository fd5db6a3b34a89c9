"""What is open with each person now."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from jobsportal.accounts.person import Person
from jobsportal.cvat import filters
from jobsportal.cvat.types import STATES, Job, Page
from jobsportal.jobs.selection import in_groups

ROWS = 100


class Load(NamedTuple):
    """Open jobs and their frames; an estimate where the frames are those of some of the jobs, scaled up."""

    jobs: int = 0
    frames: int = 0
    is_estimate: bool = False


def open_loads(person: Person, usernames: Mapping[int, str]) -> dict[int, Load]:
    """What is assigned to each of these people and not completed, in the organization that is looked at.

    Upstream: jobs.list once per person, some side by side. Raises whatever the upstream answers.
    """
    is_open = filters.one_of_values("state", [state for state in STATES if state != "completed"])
    calls = [
        partial(
            person.client.jobs.list,
            filter=filters.both(filters.equals("assignee", username), is_open),
            sort="id",
            page_size=ROWS,
        )
        for username in usernames.values()
    ]
    return {id: load_of(page) for id, page in zip(usernames, in_groups(calls), strict=True)}


def load_of(page: Page[Job]) -> Load:
    frames = sum(job.frame_count for job in page)
    if len(page) >= page.count:
        return Load(page.count, frames)
    return Load(page.count, round(frames * page.count / max(1, len(page))), is_estimate=True)
