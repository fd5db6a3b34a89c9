"""The upstream calls of preparing. Nothing here touches the database."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from jobsportal.accounts.person import EVERYTHING, Person
from jobsportal.bundles.models import Bundle, Part
from jobsportal.bundles.reading import known, looked_at
from jobsportal.cvat import Client, errors
from jobsportal.cvat.types import Request, RequestId
from jobsportal.web.parallel import side_by_side

PAGE_SIZE = 200
PAGES = 10
# By how much the upstream's clock may be behind.
SKEW = timedelta(seconds=5)

# None: the upstream knows of no such export.
Standing = dict[Part, Request | errors.CVATError | None]
Answers = dict[Part, RequestId | errors.CVATError]


class Calls:
    """What is asked in the name of the person whose bundle it is."""

    def __init__(self, bundle: Bundle, person: Person) -> None:
        self.bundle, self.person = bundle, person

    @property
    def kind(self) -> str:
        return "export:dataset" if self.bundle.save_images else "export:annotations"

    def standing(self, parts: list[Part]) -> Standing:
        """How the exports of these parts stand: found in the list of the person's own; those with an id that aren't
        there are asked for one by one. Upstream: requests.list, requests.retrieve. Raises what keeps the list from
        being read."""
        found, _ = self.listed(parts)
        missing = [part for part in parts if part not in found]
        named = [part for part in missing if part.rq_id]
        answers = side_by_side(*(partial(self.client(part).requests.retrieve, part.rq_id) for part in named))
        return found | dict.fromkeys(missing) | dict(zip(named, answers, strict=True))

    def listed(self, parts: list[Part]) -> tuple[Standing, bool]:
        """Those exports of these parts that the list of the person's own shows, which is newest first; and whether it
        was looked through, so that all others are gone. Upstream: requests.list. Raises what keeps it from being
        read."""
        found: Standing = {}
        for number in range(1, PAGES + 1):
            page = self.person.within(EVERYTHING).client.requests.list(
                action="export", target="job", page=number, page_size=PAGE_SIZE
            )
            found |= self._matched(page.results, [part for part in parts if part not in found])
            if len(found) == len(parts) or not page.has_next:
                return found, True
        return found, False

    def client(self, part: Part) -> Client:
        return self.person.client_within(part.organization_id)

    def _matched(self, requests: Iterable[Request], parts: list[Part]) -> Standing:
        by_id = {part.rq_id: part for part in parts if part.rq_id}
        by_job = {part.job_id: part for part in parts if not part.rq_id}
        found: Standing = {}
        for request in requests:
            part = by_id.get(request.id) or self._unheard(request, by_job)
            if part is not None:
                found.setdefault(part, request)
        return found

    def _unheard(self, request: Request, by_job: dict[int, Part]) -> Part | None:
        """The part that this was asked for, where the answer was never heard, and so its id isn't known."""
        made = request.operation
        part = by_job.get(made.job_id) if made.job_id is not None else None
        is_same = (made.format, made.type) == (self.bundle.format, self.kind)
        if part is None or part.asked is None or request.created_date is None or not is_same:
            return None
        return part if request.created_date >= part.asked - SKEW else None

    def ask(self, parts: list[Part]) -> Answers:
        """Ask for the exports of these parts, side by side. Upstream: jobs.export."""
        calls = [
            partial(self.client(part).jobs.export, self.bundle.format, part.job_id, save_images=self.bundle.save_images)
            for part in parts
        ]
        return dict(zip(parts, side_by_side(*calls), strict=True))

    def sizes(self, parts: list[Part]) -> dict[Part, tuple[str, int | None]]:
        """Tag and size of the files of these parts, as far as they can be told without using them up. Upstream:
        requests.download, of one byte."""
        some = [part for part in parts if known(part).can_be_fetched_again]
        answers = side_by_side(*(partial(looked_at, self.person, part) for part in some))
        pairs = zip(some, answers, strict=True)
        return {part: answer for part, answer in pairs if not isinstance(answer, errors.CVATError)}
