"""What is known of a bundle's file before it is written: which file it is (its ETag), and how long it will be."""

from collections.abc import Iterable
from hashlib import sha256

from django.db.models import Q
from zipstream import ZipStream

from jobsportal.bundles.lists import Entry, Lists, Written, left_out_of
from jobsportal.bundles.models import ARCHIVES, LEFT_OUT, MADE, READY, ZIP, Bundle, Part
from jobsportal.bundles.paths import archive_of

UNKNOWN = "0" * 64  # as long as a checksum

# Which file each part is, by its position.
Facts = tuple[object, ...]
Promised = dict[int | None, Facts]


def facts_of(part: Part) -> Facts:
    return (part.job_id, part.rq_id, part.finished, part.version, part.is_whole)


def parts_now(bundle: Bundle) -> Promised:
    """The parts that make its file, as they are now, in their order."""
    made = bundle.parts.filter(status=MADE).order_by("position")
    return {part.position: facts_of(part) for part in made.iterator(1000)}


class Identity:
    """Which file it is: the same for the same bytes. Made of the parts in their order, each as it was made, and of what
    is left out."""

    def __init__(self, bundle: Bundle) -> None:
        self._key = bundle.key.hex[:12]
        self._facts = sha256(f"{bundle.key} {bundle.layout} {bundle.title}".encode())

    def add(self, facts: Facts) -> None:
        self._facts.update(repr(facts).encode())

    def leave_out(self, left_out: Iterable[tuple[Part, str]]) -> None:
        for part, words in left_out:
            self._facts.update(repr((part.job_id, words)).encode())

    @property
    def etag(self) -> str:
        return f'"{self._key}-{self._facts.hexdigest()[:32]}"'


def told_of(bundle: Bundle) -> tuple[str, Promised]:
    """The ETag of the file as its parts are now, and these parts; "" and none while parts are being made, or have to be
    made again."""
    if not is_settled(bundle):
        return "", {}
    parts, identity = parts_now(bundle), Identity(bundle)
    for facts in parts.values():
        identity.add(facts)
    identity.leave_out(left_out_of(bundle))
    return identity.etag, parts


def is_settled(bundle: Bundle) -> bool:
    """Whether its file can be handed over as it is, again and again: nothing is being made, nothing is used up."""
    is_ready = bundle.kind == ZIP and bundle.status == READY
    return is_ready and not bundle.parts.filter(Q(is_used=True) | ~Q(status__in=(MADE, LEFT_OUT))).exists()


def length_of(bundle: Bundle, etag: str) -> int | None:
    """How many bytes the file with this ETag has: known once it has passed whole, and of archives that lie in it as
    they are once their sizes are known. None where it isn't known."""
    if bundle.length is not None and bundle.length_of == etag:
        return bundle.length
    return planned_length(bundle) if bundle.layout == ARCHIVES else None


def planned_length(bundle: Bundle) -> int | None:
    """What archives come to in a ZIP that packs nothing, with lists whose length doesn't depend on the checksums."""
    planned, lists = ZipStream(sized=True), Lists(bundle)
    for part in bundle.parts.filter(status=MADE).order_by("position").iterator(1000):
        if part.size is None:
            return None
        name = archive_of(part, bundle.format)
        planned.add(iter(()), name, size=part.size)
        lists.add(Written(part, name, part.size, UNKNOWN, [Entry(name, part.size, UNKNOWN)]))
    for name, pieces, size in lists.files(left_out_of(bundle)):
        planned.add(iter(pieces), name, size=size)
    return len(planned)


def passed_whole(bundle: Bundle, etag: str, length: int) -> None:
    """Remember the length of a file that was written to its end, if it is what the bundle makes now as well."""
    now = Bundle.objects.filter(pk=bundle.pk).first()
    if now is not None and told_of(now)[0] == etag:
        Bundle.objects.filter(pk=bundle.pk).update(length=length, length_of=etag)
