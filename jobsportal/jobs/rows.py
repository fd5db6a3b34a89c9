"""A job as the list shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode
from zlib import crc32

from jobsportal.accounts.person import Person
from jobsportal.cvat.types import Job
from jobsportal.jobs.forms import seen_initial
from jobsportal.jobs.names import Names, names_for


@dataclass(frozen=True)
class Row:
    """A job with the names of its task and project ("" for no project)."""

    job: Job
    task: str
    project: str

    @property
    def seen(self) -> str:
        """What this row shows, for an editor to compare with what is there by then."""
        return urlencode(seen_initial(self.job))

    @property
    def mark(self) -> str:
        """A short mark of all that the row shows: another one means that it shows something else."""
        return f"{crc32(repr((self.job, self.task, self.project)).encode()):08x}"


def row_for(job: Job, names: Names) -> Row:
    return Row(job, names.task(job), names.project(job))


def rows_for(person: Person, jobs: Iterable[Job]) -> list[Row]:
    """Upstream: at most one call for the tasks and one for the projects whose names are not known yet."""
    jobs = list(jobs)
    names = names_for(person, jobs)
    return [row_for(job, names) for job in jobs]
