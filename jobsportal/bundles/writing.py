"""Writing the ZIP of a bundle: its parts in the order in which they were made, then the lists."""

import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from hashlib import sha256

from django.conf import settings
from django.db import close_old_connections
from stream_unzip import UnzipError, stream_unzip
from zipstream import ZIP_STORED

from jobsportal.accounts.person import Person
from jobsportal.bundles.lengths import Identity, Promised, facts_of
from jobsportal.bundles.lists import Entry, Lists, Written, left_out_of
from jobsportal.bundles.models import ASKED, FOLDERS, LEFT_OUT, MADE, PREPARING, WAITING, Bundle, Part
from jobsportal.bundles.packing import Zip, compression_of
from jobsportal.bundles.paths import Names, archive_of, folder_of, told_name
from jobsportal.bundles.reading import Archive, Broken, Gone, Unready
from jobsportal.bundles.remaking import remake, wait_for
from jobsportal.runs import workers

LOOK_SECONDS = 0.25
NO_MARK, EMPTY_MARK = b"PK\x03\x04", b"PK\x05\x06"
LATE = "The server has handed out its file, or has lost it, and did not make it again in time."

# Between two pieces: what is there may be sent, for the next may take a while.
PAUSE = b""


class Writing:
    """One passage of a bundle's file. Iterate over it once; whatever ends that closes the connection upstream.

    `promised` are the parts of a file whose length was told, or whose beginning was handed out before: nothing may be
    other than it was. Raises Broken where it can't be gone on with, and what the upstream answers to a part; then the
    transfer has to break.
    """

    def __init__(self, person: Person, bundle: Bundle, promised: Promised | None = None) -> None:
        self.person, self.bundle, self.promised = person, bundle, promised
        self.zip, self.lists, self.identity = Zip(), Lists(bundle), Identity(bundle)
        self.missed: list[tuple[Part, str]] = []
        self.size = 0
        self._begun: Archive | None = None

    def begin(self, part: Part) -> None:
        """Open the first part's file, so that what the upstream answers is known before anything is sent. Upstream:
        requests.download. Raises what hinders it; a file that is gone is made again later."""
        try:
            self._begun = Archive(self.person, part)
        except Gone:
            self._begun = None

    def close(self) -> None:
        """For a writing that was begun and is not gone on with."""
        if self._begun is not None:
            self._begun.close()

    def __iter__(self) -> Generator[bytes, None, None]:
        try:
            with closing(self._all()) as pieces:
                for piece in pieces:
                    self.size += len(piece)
                    yield piece
        finally:
            self.close()

    def _all(self) -> Generator[bytes, None, None]:
        position = 0
        while (part := (yield from self._settled(position))) is not None:
            if part.status == MADE:
                yield from self._part(part)
            position += 1
        left_out = sorted([*left_out_of(self.bundle), *self.missed], key=lambda pair: pair[0].job_id)
        self.identity.leave_out(left_out)
        compression = compression_of if self.bundle.layout == FOLDERS else stored
        for name, pieces, size in self.lists.files(left_out):
            yield from self.zip.entry(name, pieces, self.lists.latest, compression(name), size)
        yield from self.zip.footer()

    def _settled(self, position: int, seconds: float | None = None) -> Generator[bytes, None, Part | None]:
        """The part with this place in the file, once it is there or left out; None where there is none, or none within
        so many seconds."""
        until = None if seconds is None else time.monotonic() + seconds
        seen = time.monotonic()
        while True:
            # These are asked first, so that a part that is made just then is not missed.
            status = Bundle.objects.filter(pk=self.bundle.pk).values_list("status", flat=True).first()
            is_open = self.bundle.parts.filter(status__in=(WAITING, ASKED)).exists()
            part = self.bundle.parts.filter(position=position).first()
            close_old_connections()
            if status is None:
                raise Broken("the bundle was removed")
            if part is not None and part.status in (MADE, LEFT_OUT):
                return part
            if status != PREPARING or not is_open or (until is not None and time.monotonic() > until):
                return None
            seen = time.monotonic() if workers.is_anybody_there() else seen
            if self.promised is not None or time.monotonic() - seen > settings.RUN_PATIENCE_SECONDS:
                raise Broken("what is missing is not being prepared")
            yield PAUSE
            time.sleep(LOOK_SECONDS)

    def _part(self, part: Part) -> Iterator[bytes]:
        if self.promised is not None and self.promised.get(part.position) != facts_of(part):
            self._refuse_other(part)
        archive = yield from self._archive(part)
        if archive is None:
            return
        part = archive.part
        try:
            self._recognize(archive)
            if self.bundle.layout == FOLDERS and not part.is_whole:
                written = yield from self._unpacked(archive)
            else:
                written = yield from self._as_it_is(archive, iter(archive))
        finally:
            archive.close()
        self._keep(archive)
        self.lists.add(written)
        self.identity.add(facts_of(part))

    def _archive(self, part: Part) -> Generator[bytes, None, Archive | None]:
        """The part's file; one that is gone is made again, once, and waited for, as is one that is being made anew.
        None: then it is left out."""
        begun, self._begun = self._begun, None
        if begun is not None:
            return begun
        try:
            return Archive(self.person, part)
        except Gone as gone:
            words, take_back = str(gone), wait_for if isinstance(gone, Unready) else remake
        take_back(self.bundle, self.person, Part.objects.filter(pk=part.pk, version=part.version))
        if self.promised is not None:
            raise Broken(words)
        again = yield from self._settled(part.position or 0, settings.RUN_PATIENCE_SECONDS)
        try:
            if again is not None and again.status == MADE:
                return Archive(self.person, again)
        except Gone as gone:
            words = str(gone)
        if again is None or again.status == MADE:
            self.missed.append((part, LATE if again is None else words))
        return None

    def _recognize(self, archive: Archive) -> None:
        """Find out whether it is the file that was made for this part: the job may have been exported anew since."""
        part, tag = archive.part, archive.tag
        if tag == part.tag:
            return
        is_other = bool(part.tag)
        rule = Part.objects.filter(pk=part.pk, version=part.version, tag=part.tag)
        part.tag = tag
        if not is_other:
            rule.update(tag=tag)
            return
        rule.update(tag=tag, version=part.version + 1, size=archive.length, sha256="", is_whole=False)
        part.version, part.size, part.sha256 = part.version + 1, archive.length, ""
        self._refuse_other(part)

    def _refuse_other(self, part: Part) -> None:
        if self.promised is not None:
            raise Broken(f"job {part.job_id} was exported anew since the file was begun")

    def _keep(self, archive: Archive) -> None:
        """Remember what the archive is like. Where it is known already, it has to be the same."""
        part, found = archive.part, (archive.size, archive.sha256)
        if (part.size, part.sha256) == found:
            return
        rule, size, checksum = Part.objects.filter(pk=part.pk, version=part.version), *found
        if part.sha256:
            rule.update(size=size, sha256=checksum, version=part.version + 1)
            part.version += 1
            self._refuse_other(part)
        else:
            rule.update(size=size, sha256=checksum)
        part.size, part.sha256 = found
        close_old_connections()

    def _as_it_is(self, archive: Archive, pieces: Iterable[bytes]) -> Generator[bytes, None, Written]:
        """The archive as one file."""
        name = archive_of(archive.part, self.bundle.format)
        yield from self.zip.entry(name, pieces, archive.part.finished, ZIP_STORED, archive.length or archive.part.size)
        entry = Entry(name, archive.size, archive.sha256)
        return Written(archive.part, name, archive.size, archive.sha256, [entry])

    def _unpacked(self, archive: Archive) -> Generator[bytes, None, Written]:
        """What the archive holds, file by file, each unpacked and packed again on its way."""
        pieces = iter(archive)
        head = next(pieces, b"")
        if not head.startswith((NO_MARK, EMPTY_MARK)):
            return (yield from self._as_it_is(archive, joined(head, pieces)))
        folder = folder_of(archive.part)
        names, entries = Names(folder), []
        try:
            for raw, size, content in stream_unzip(joined(head, pieces)):
                if raw.endswith(b"/"):
                    deplete(content)
                    continue
                name, passing = names.of(told_name(raw)), Passing(content)
                yield from self.zip.entry(name, passing, archive.part.finished, compression_of(name), size)
                entries.append(Entry(name, passing.size, passing.sha256))
        except UnzipError as error:
            # The next passage leaves it as it is.
            Part.objects.filter(pk=archive.part.pk).update(is_whole=True)
            raise Broken(f"the archive of job {archive.part.job_id}: {type(error).__name__}") from error
        return Written(archive.part, folder + "/", archive.size, archive.sha256, entries)


class Passing:
    """Pieces of a file, measured as they pass."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._sum = pieces, sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.size += len(piece)
            self._sum.update(piece)
            yield piece

    @property
    def sha256(self) -> str:
        return self._sum.hexdigest()


def stored(name: str) -> int:
    """Nothing is packed where the length has to be known beforehand."""
    return ZIP_STORED


def joined(head: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def deplete(pieces: Iterable[bytes]) -> None:
    for _ in pieces:
        pass


def gathered(pieces: Iterable[bytes], at_least: int = 64 * 1024) -> Generator[bytes, None, None]:
    """The same bytes in fewer pieces. The first goes out at once, and so does what is there when a pause comes."""
    waiting: list[bytes] = []
    size, is_begun = 0, False
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size and (size >= at_least or piece == PAUSE or not is_begun):
            yield b"".join(waiting)
            waiting, size, is_begun = [], 0, True
    if size:
        yield b"".join(waiting)
