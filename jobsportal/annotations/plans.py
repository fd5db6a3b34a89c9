"""What a change would do to a job's annotations, worked out before anything is sent: the difference, object by object,
and the body that would bring it about."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from msgspec import Struct, ValidationError
from msgspec.json import decode

from jobsportal.annotations.counting import GREY, Difference, in_order, plural, safe_color
from jobsportal.annotations.snapshots import Snapshot
from jobsportal.cvat.labeled import MAX_PROBLEMS, KnownLabels
from jobsportal.cvat.labeled_json import (
    Pieces,
    Thing,
    checked_things,
    digest,
    each,
    part_of,
    pieces,
    plain,
    things,
)
from jobsportal.cvat.types import Label

WITH_IDS = ("update", "delete")
IDS_SHOWN = 30


@dataclass(frozen=True)
class Change:
    """What is wanted: replace, create, update, delete, clear or restore, and the JSON that goes with it."""

    action: str
    content: bytes = b""


@dataclass(frozen=True)
class Given:
    """What somebody has brought: the objects, and what is wrong with them. Of objects to delete only ids are read."""

    pieces: Pieces
    things: list[Thing] = field(default_factory=list)
    ids: list[tuple[str, int]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Named(Struct):
    """As much as has to be known of an object that is to be deleted."""

    id: int


@dataclass(frozen=True)
class Row:
    """Annotations of one label and kind, now and after."""

    label: str
    color: str
    numbers: Difference


@dataclass(frozen=True)
class Plan:
    """A change, worked out. `body` is what would be sent, `unknown` the ids that the job doesn't have."""

    action: str
    before: list[Thing]
    after: list[Thing]
    body: bytes = b""
    ids: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @cached_property
    def fingerprint(self) -> str:
        """Another one when another difference would have to be shown."""
        return sha256(f"{self.action} {digest(self.before)} {digest(self.after)} {self.unknown}".encode()).hexdigest()

    @cached_property
    def _marks(self) -> tuple[Counter[bytes], Counter[bytes]]:
        """What goes and what comes."""
        before, after = Counter(one.mark for one in self.before), Counter(one.mark for one in self.after)
        return before - after, after - before

    @property
    def goes(self) -> int:
        return self._marks[0].total()

    @property
    def comes(self) -> int:
        return self._marks[1].total()

    @property
    def stays(self) -> int:
        return len(self.before) - self.goes

    @property
    def is_nothing(self) -> bool:
        return not self.goes and not self.comes

    @property
    def touched(self) -> int:
        """On how many frames something goes or comes."""
        gone, new = self._marks
        frames = {frame for one in self.before if one.mark in gone for frame in one.frames}
        return len(frames | {frame for one in self.after if one.mark in new for frame in one.frames})

    @property
    def in_words(self) -> tuple[str, str]:
        """What happens, and to what nothing happens; such as ("8 go, 1 comes", "12 stay as they are")."""
        if self.action == "clear":
            return (f"All {self.goes:,} go" if self.goes != 1 else "The only one goes", "")
        stays = counted(self.stays, "stay as they are", "stays as it is")
        if self.action == "update" and self.goes == self.comes:
            return f"{self.comes:,} change{'s' if self.comes == 1 else ''}", stays
        goes, comes = counted(self.goes, "go", "goes"), counted(self.comes, "come", "comes")
        words = {"delete": goes, "create": comes}.get(self.action, f"{goes}, {comes}")
        return words[:1].upper() + words[1:], stays

    @property
    def total(self) -> Difference:
        return Difference("all", len(self.before), len(self.after))

    @property
    def frames(self) -> Difference:
        return Difference("frames", frames_of(self.before), frames_of(self.after))

    @property
    def ids_in_words(self) -> str:
        return listed(self.ids)

    @property
    def unknown_in_words(self) -> str:
        return listed(self.unknown)

    def rows(self, labels: Iterable[Label]) -> list[Row]:
        """By label and kind, in the order of their names."""
        known = {label.id: label for label in labels}
        before = Counter((one.label_id, one.type) for one in self.before)
        after = Counter((one.label_id, one.type) for one in self.after)
        kinds = {kind: place for place, kind in enumerate(in_order({kind for _, kind in {*before, *after}}))}
        made = []
        for id, kind in {*before, *after}:
            label = known.get(id) or Label(id=id, name=f"label {id}", color=GREY)
            numbers = Difference(plural(kind), before[id, kind], after[id, kind])
            made.append((label.name.casefold(), id, kinds[kind], Row(label.name, safe_color(label.color), numbers)))
        return [row for *_, row in sorted(made, key=lambda row: row[:3])]


def given_of(change: Change, *, frames: Collection[int] | None = None, labels: KnownLabels | None = None) -> Given:
    """What the change brings along, checked as far as can be without knowing what is there.

    Raises Invalid for what is not JSON, or no annotations at all."""
    if change.action == "clear":
        return Given({})
    given = pieces(change.content, strict=change.action != "restore")
    if change.action == "restore":
        return Given(given, list(things(given)))
    if change.action == "delete":
        ids, problems = ids_in(given)
        return Given(given, [], ids, problems or nothing_in(change.action, ids))
    found, problems = checked_things(given, frames=frames, labels=labels)
    ids = [(one.kind, one.id) for one in found if one.id is not None]
    if change.action == "update":
        problems += [f"{one.kind}[{one.number}]: id is missing" for one in found if one.id is None]
        problems += repeated(ids)
    return Given(given, found, ids, (problems or nothing_in(change.action, found))[:MAX_PROBLEMS])


def ids_in(given: Pieces) -> tuple[list[tuple[str, int]], list[str]]:
    ids, problems = [], []
    for kind, number, raw in each(given):
        try:
            ids.append((kind, decode(raw, type=Named).id))
        except ValidationError as error:
            problems.append(f"{kind}[{number}]: {plain(error)}")
        if len(problems) >= MAX_PROBLEMS:
            break
    return ids, problems + repeated(ids)


def repeated(ids: list[tuple[str, int]]) -> list[str]:
    often = Counter(ids)
    return [f"{kind}: id {id} stands there {times} times" for (kind, id), times in often.items() if times > 1]


def nothing_in(action: str, found: Collection[object]) -> list[str]:
    if found:
        return []
    if action == "replace":
        return ["There are no annotations in it. To remove all that the job has, use “Clear…”."]
    return ["There are no annotations in it."]


def plan_of(change: Change, given: Given, now: Snapshot) -> Plan:
    """What the change would do to what is there now."""
    action = change.action
    if given.problems:
        return Plan(action, now.things, now.things, problems=given.problems)
    if action in ("replace", "restore", "clear"):
        return Plan(action, now.things, given.things, change.content)
    if action == "create":
        return Plan(action, now.things, [*now.things, *given.things], change.content)
    present = {(one.kind, one.id): one for one in now.things}
    named = set(given.ids) & present.keys()
    unknown = sorted(id for kind, id in given.ids if (kind, id) not in present)
    if not named:
        words = f"The job has none of these ids: {listed(unknown)}. Replacing all gives every object a new id."
        return Plan(action, now.things, now.things, unknown=unknown, problems=[words])
    kept = [one for one in now.things if (one.kind, one.id) not in named]
    ids = sorted(id for _, id in named)
    if action == "delete":
        body = part_of(now.pieces, (present[name] for name in sorted(named)))
        return Plan(action, now.things, kept, body, ids, unknown)
    new = [one for one in given.things if (one.kind, one.id) in named]
    return Plan(action, now.things, [*kept, *new], part_of(given.pieces, new), ids, unknown)


def counted(number: int, many: str, one: str) -> str:
    return f"1 {one}" if number == 1 else f"{number:,} {many}" if number else f"none {many}"


def frames_of(found: list[Thing]) -> int:
    return len({frame for one in found for frame in one.frames})


def listed(ids: list[int]) -> str:
    """Such as "4, 8, 15 and 3 more"."""
    words = ", ".join(str(id) for id in ids[:IDS_SHOWN])
    return f"{words} and {len(ids) - IDS_SHOWN:,} more" if len(ids) > IDS_SHOWN else words
