"""The calls of a run: who makes them, reading jobs, and sending changes. Nothing here touches the database."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from threading import Event

from jobsportal.accounts.person import Person
from jobsportal.cvat import Client, errors, filters
from jobsportal.cvat.types import Job
from jobsportal.runs.models import DELETE, Item, Run
from jobsportal.runs.pace import Pace, is_hindrance


@dataclass(frozen=True)
class Deleted:
    """The answer to a deletion."""


# None: the upstream was not asked.
Answer = Job | Deleted | errors.CVATError | None

# Failures that say no to one thing, and would say it again.
NO = (errors.Forbidden, errors.Invalid, errors.NotFound, errors.Conflict)


def request_id(run: Run, item: Item) -> str:
    """The id of the request that changes this job."""
    return f"{run.key.hex[:12]}-{item.job_id}"


def deleted(client: Client, job_id: int) -> Deleted:
    client.jobs.destroy(job_id)
    return Deleted()


class Calls:
    """At most RUN_PARALLEL calls at a time, all at the pace that the upstream allows."""

    def __init__(self, run: Run, person: Person, pace: Pace, pool: ThreadPoolExecutor) -> None:
        self.run, self.person, self.pace, self.pool = run, person, pace, pool
        self.is_signed_out = Event()
        self._people: dict[tuple[int | None, int], str | None] = {}

    def client(self, organization_id: int | None) -> Client:
        """The upstream within an organization: without naming it, it shows less to those who lead one."""
        return self.person.client_within(organization_id)

    def read(self, items: Iterable[Item]) -> dict[int, Answer]:
        """Each job as it is now, or why it can't be read. Upstream: jobs.list once per organization, and retrieve for
        those that the lists don't show. Raises what keeps a whole list from being read."""
        items = list(items)
        groups = defaultdict(list)
        for item in items:
            groups[item.organization_id].append(item.job_id)
        found: dict[int, Answer] = {}
        for organization_id, ids in groups.items():
            found |= {job.id: job for job in self._listed(organization_id, ids) if job.id in ids}
        missing = [item for item in items if item.job_id not in found]
        futures = {item.job_id: self.pool.submit(self._retrieve, item) for item in missing}
        return found | {job_id: future.result() for job_id, future in futures.items()}

    def _listed(self, organization_id: int | None, ids: list[int]) -> Iterable[Job]:
        rule = filters.one_of_values("id", ids)
        try:
            return self.client(organization_id).jobs.list(filter=rule, sort="id", page_size=len(ids))
        except NO:
            return []  # not for this person any more: each job is asked for, and tells it itself

    def _retrieve(self, item: Item) -> Answer:
        return self._asked(lambda: self.client(item.organization_id).jobs.retrieve(item.job_id))

    def name_of(self, organization_id: int | None, person_id: int) -> str | None:
        """Whom a job of this organization can be assigned to; None for somebody who isn't there. Upstream: users by
        id, once for each person and organization."""
        key = organization_id, person_id
        if key not in self._people:
            try:
                user = self.client(organization_id).users.find(person_id)
            except NO:
                user = None
            self._people[key] = user.username if user else None
        return self._people[key]

    def name_if_told(self, organization_id: int | None, person_id: int) -> str | None:
        """The same, for words: None where it can't be found out now too."""
        try:
            return self.name_of(organization_id, person_id)
        except errors.CVATError:
            return None

    def send(self, items: Iterable[Item]) -> Iterator[list[tuple[Item, Answer]]]:
        """Send what is stored in the items, side by side; the answers as they come, those that are there at once
        together. None for one that was not sent: the upstream asked for a pause, or knows the person no more."""
        waiting: dict[Future[Answer], Item] = {self.pool.submit(self._send, item): item for item in items}
        try:
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                yield [(waiting.pop(future), future.result()) for future in done]
        finally:
            for future in waiting:
                future.cancel()

    def _send(self, item: Item) -> Answer:
        if self.pace.seconds_left or self.is_signed_out.is_set():
            return None
        client = replace(self.client(item.organization_id), request_id=request_id(self.run, item))
        if self.run.kind == DELETE:
            return self._asked(lambda: deleted(client, item.job_id))
        return self._asked(lambda: client.jobs.partial_update(item.job_id, **(item.sent or {})))

    def _asked(self, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except errors.CVATError as error:
            if isinstance(error, errors.SignedOut):
                self.is_signed_out.set()
            if is_hindrance(error):
                self.pace.hinder(error)
            return error
