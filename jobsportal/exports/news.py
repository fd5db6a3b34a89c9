"""What a person asked for and has not looked at since: for the mark in the navigation, and for telling them elsewhere.

Kept for two days in the shared cache, per person and upstream, and apart from the session: whoever polls must not
write over what a page that loads meanwhile keeps there."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from django.conf import settings
from django.core.cache import cache

from jobsportal.accounts.person import Person
from jobsportal.bundles.models import FAILED as BUNDLE_FAILED
from jobsportal.bundles.models import PREPARING, STOPPED, Bundle
from jobsportal.bundles.models import READY as BUNDLE_READY
from jobsportal.cvat import errors
from jobsportal.cvat.types import Request
from jobsportal.web.parallel import side_by_side

EXPORT, BUNDLE = "export", "bundle"
WAITING, READY, FAILED = "", "ready", "failed"
KEPT_SECONDS = 2 * 24 * 60 * 60
MOST = 20
MOST_ASKED = 6


@dataclass(frozen=True)
class Asked:
    """Something that was asked for: an export (`id` is its request's) or a bundle (its key)."""

    kind: str
    id: str
    title: str
    since: datetime
    state: str = WAITING

    @property
    def mark(self) -> str:
        """Stands for it in a page."""
        return hashlib.sha256(f"{self.kind} {self.id} {self.since}".encode()).hexdigest()[:12]

    @property
    def words(self) -> str:
        return f"{self.title} is ready." if self.state == READY else f"{self.title} could not be made."


@dataclass(frozen=True)
class News:
    """All that was asked for and not looked at since."""

    asked: tuple[Asked, ...] = ()

    @property
    def waiting(self) -> list[Asked]:
        return [one for one in self.asked if one.state == WAITING]

    @property
    def over(self) -> list[Asked]:
        return [one for one in self.asked if one.state != WAITING]

    @property
    def ready(self) -> int:
        return sum(one.state == READY for one in self.asked)

    @property
    def known(self) -> str:
        """Stands for what a page has shown."""
        return ",".join(one.mark for one in self.over)


def known(person: Person) -> News:
    """What was heard last. No upstream call."""
    return News(cache.get(key_of(person), ()))


def remember(person: Person, kind: str, id: str, title: str) -> None:
    """Follow this from now on."""
    others = [one for one in known(person).asked if (one.kind, one.id) != (kind, id)]
    write(person, [Asked(kind, id, title, datetime.now(UTC)), *others])


def follow(person: Person, bundles: Iterable[Bundle]) -> None:
    """Follow what is being prepared, whoever asked for it: it may have been ordered again from its own page."""
    followed = {one.id for one in known(person).asked if one.kind == BUNDLE}
    for bundle in bundles:
        if bundle.status == PREPARING and str(bundle.key) not in followed:
            remember(person, BUNDLE, str(bundle.key), bundle.title)


def seen(person: Person, over: Iterable[str]) -> None:
    """Whatever is over was looked at: what is known to be, and these exports and bundles, by their ids."""
    current, ended = known(person), set(over)
    left = [one for one in current.waiting if one.id not in ended]
    if len(left) < len(current.asked):
        write(person, left)


def looked(person: Person) -> News:
    """How what was asked for stands now; what can't be asked now is asked the next time.

    Upstream: requests.retrieve of up to six that are waited for. Raises SignedOut."""
    waiting = known(person).waiting
    exports = [one for one in waiting if one.kind == EXPORT][-MOST_ASKED:]
    answers = side_by_side(*(partial(person.client.requests.retrieve, one.id) for one in exports))
    outcomes = {one: outcome_of(answer) for one, answer in zip(exports, answers, strict=True)}
    outcomes |= bundle_outcomes([one for one in waiting if one.kind == BUNDLE])
    current = known(person)  # as it is by now: something may have been asked for meanwhile
    states = {one: outcomes.get(one, one.state) for one in current.asked}
    after = [replace(one, state=state) for one, state in states.items() if state is not None]
    return write(person, after) if tuple(after) != current.asked else current


def outcome_of(answer: Request | errors.CVATError) -> str | None:
    """None for what is gone: taken back, or expired."""
    if isinstance(answer, errors.SignedOut):
        raise answer
    if isinstance(answer, errors.NotFound | errors.Forbidden | errors.Invalid):
        return None
    if isinstance(answer, errors.CVATError) or not answer.is_over:
        return WAITING
    return READY if answer.status == "finished" else FAILED


def bundle_outcomes(asked: Iterable[Asked]) -> dict[Asked, str | None]:
    asked = list(asked)
    keys = {one: UUID(one.id) for one in asked}
    states = dict(Bundle.objects.filter(key__in=keys.values()).values_list("key", "status"))
    means = {BUNDLE_READY: READY, BUNDLE_FAILED: FAILED, STOPPED: None}
    return {one: means.get(states[key], WAITING) if key in states else None for one, key in keys.items()}


def write(person: Person, asked: list[Asked]) -> News:
    kept = tuple(asked[:MOST])
    cache.set(key_of(person), kept, KEPT_SECONDS)
    return News(kept)


def key_of(person: Person) -> str:
    text = f"{settings.CVAT_URL} {person.id}"
    return f"news:{hashlib.sha256(text.encode()).hexdigest()[:32]}"
