"""A part's archive, as it passes from the upstream."""

import time
from collections.abc import Iterator
from hashlib import sha256

from jobsportal.accounts.person import Person
from jobsportal.bundles.models import MADE, Part
from jobsportal.cvat import errors
from jobsportal.cvat.client import Download
from jobsportal.cvat.types import Operation, Request
from jobsportal.runs.pace import is_hindrance
from jobsportal.web.cutting import Cut
from jobsportal.web.errors import in_words

TRIES = 4
PAUSE_SECONDS = 0.5


class Gone(Exception):
    """The upstream has no such file (any more); the words say why."""


class Unready(Gone):
    """It is being made anew: somebody has asked for the same export once more."""


class Broken(Cut):
    """The file can't be gone on with as it was begun: whoever fetches it has to begin anew."""


def known(part: Part) -> Request:
    """The upstream's request that made the part, as far as it is needed to fetch the file."""
    return Request(
        id=part.rq_id, status="finished", operation=Operation(type="export", target="job"), result_url=part.result_url
    )


def is_hindered(error: errors.CVATError) -> bool:
    """Whether a failure says nothing of the file itself."""
    return isinstance(error, errors.SignedOut) or is_hindrance(error)


class Archive:
    """The bytes of a part's archive. Iterate over it once; `size` and `sha256` are those of what has passed so far.

    A connection that breaks is gone on with from where it broke (Range with If-Range), a few times; then it raises what
    the upstream answered. Where the file can be had only once, it raises at once.
    """

    def __init__(self, person: Person, part: Part) -> None:
        self.client = person.client_within(part.organization_id)
        self.part = part
        self.request = known(part)
        self.size = 0
        self._sum = sha256()
        self._download = self._opened()

    @property
    def sha256(self) -> str:
        return self._sum.hexdigest()

    @property
    def length(self) -> int | None:
        """How long the upstream says that it is."""
        return self._download.whole_length

    @property
    def tag(self) -> str:
        return tag_of(self._download)

    def _opened(self) -> Download:
        """Upstream: requests.download. Raises Gone, or what hinders it."""
        if not self.request.can_be_fetched_again:
            Part.objects.filter(pk=self.part.pk, status=MADE, version=self.part.version).update(is_used=True)
        return self._patiently({})

    def _patiently(self, headers: dict[str, str]) -> Download:
        """The file; asked for a few times where the upstream can't be reached just now."""
        for attempt in range(1, TRIES + 1):
            try:
                return self.client.requests.download(self.request, headers=headers)
            except errors.Conflict as error:
                raise Unready(in_words(error)) from error
            except errors.CVATError as error:
                if not is_hindered(error):
                    raise Gone(in_words(error)) from error
                if isinstance(error, errors.SignedOut) or attempt == TRIES:
                    raise
                time.sleep(PAUSE_SECONDS * attempt)
        raise AssertionError

    def __iter__(self) -> Iterator[bytes]:
        breaks, tag = 0, self.tag
        try:
            while True:
                try:
                    yield from self._passing()
                    return
                except errors.CVATError:
                    breaks += 1
                    if breaks == TRIES or not (self.request.can_be_fetched_again and tag):
                        raise
                self._go_on(tag)
        finally:
            self.close()

    def _passing(self) -> Iterator[bytes]:
        for piece in self._download:
            self.size += len(piece)
            self._sum.update(piece)
            yield piece

    def _go_on(self, tag: str) -> None:
        """Open what is left of the same file. Raises Broken where it is another one by now."""
        self._download.close()
        try:
            self._download = self._patiently({"Range": f"bytes={self.size}-", "If-Range": tag})
        except Gone as gone:
            raise Broken(str(gone)) from gone
        is_rest = self._download.headers.get("Content-Range", "").startswith(f"bytes {self.size}-")
        if self._download.status != 206 or not is_rest or tag_of(self._download) != tag:
            self.close()
            raise Broken(f"the file of job {self.part.job_id} is another one by now")

    def close(self) -> None:
        self._download.close()


def tag_of(download: Download) -> str:
    """What tells this file from others: "" where the upstream says nothing of the kind."""
    return (download.headers.get("ETag") or download.headers.get("Last-Modified") or "")[:200]


def looked_at(person: Person, part: Part) -> tuple[str, int | None]:
    """Tag and size of a part's file, which is not used up by that. Upstream: requests.download, of one byte."""
    client = person.client_within(part.organization_id)
    with client.requests.download(known(part), headers={"Range": "bytes=0-0"}) as download:
        return tag_of(download), download.whole_length
