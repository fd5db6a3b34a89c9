"""Who gets which job: pure functions from jobs, people and a method to a plan.

The same input gives the same plan: ties go by user name, then by id. What is given out are units: single jobs, or all
chosen jobs of a task where a task's jobs stay with one person.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import groupby
from math import inf

from jobsportal.distribute.balancing import even_out
from jobsportal.distribute.hands import Hands, Unit

ROUND_ROBIN, EQUAL_JOBS, EQUAL_FRAMES = "round_robin", "equal_jobs", "equal_frames"
TOP_UP_JOBS, TOP_UP_FRAMES = "top_up_jobs", "top_up_frames"
METHODS = {
    ROUND_ROBIN: "Round robin",
    EQUAL_JOBS: "Equal number of jobs",
    EQUAL_FRAMES: "Equal number of frames",
    TOP_UP_JOBS: "Top up to equal open jobs",
    TOP_UP_FRAMES: "Top up to equal open frames",
}

# Why a job is left over: everybody chosen is excluded from it; the limits are reached; its task is larger than what
# anybody may still take.
EXCLUDED, LIMITS, TASK_TOO_LARGE = "excluded", "limits", "task too large"


@dataclass(frozen=True)
class ToGive:
    """A job to be given out, and the people who may not get it."""

    id: int
    task_id: int
    frames: int
    excluded: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Taker:
    """Somebody to give jobs to: what is open with them already, and how many of these jobs they may get at most."""

    id: int
    name: str
    jobs: int = 0
    frames: int = 0
    limit: int | None = None


@dataclass
class Plan:
    """Who gets each job, and why nobody gets some."""

    given: dict[int, int] = field(default_factory=dict)
    left: dict[int, str] = field(default_factory=dict)


def plan(jobs: Iterable[ToGive], takers: Iterable[Taker], method: str, *, keep_tasks: bool = False) -> Plan:
    """Give the jobs out. Raises KeyError for an unknown method."""
    measure, base = MEASURES[method]
    hands = [
        Hands(taker.id, base(taker), inf if taker.limit is None else taker.limit)
        for taker in sorted(takers, key=lambda taker: (taker.name, taker.id))
    ]
    units = units_of(jobs, measure, keep_tasks)
    if method == ROUND_ROBIN:
        left = in_turn(units, hands)
    else:
        left = to_the_least_loaded(units, hands)
    left = still_left(left, hands)
    if method != ROUND_ROBIN:
        even_out(hands)
        # Swapping units of different sizes may have made room.
        left = to_the_least_loaded(left, hands)
    given = {job: hand.id for hand in hands for unit in hand.units.values() for job in unit.jobs}
    return Plan(given, {job: reason_for(unit, hands) for unit in left for job in unit.jobs})


def one(_: ToGive) -> int:
    return 1


def frames(job: ToGive) -> int:
    return job.frames


# What a method evens out, and what a person has of it to begin with.
MEASURES: dict[str, tuple[Callable[[ToGive], int], Callable[[Taker], int]]] = {
    ROUND_ROBIN: (one, lambda taker: 0),
    EQUAL_JOBS: (one, lambda taker: 0),
    EQUAL_FRAMES: (frames, lambda taker: 0),
    TOP_UP_JOBS: (one, lambda taker: taker.jobs),
    TOP_UP_FRAMES: (frames, lambda taker: taker.frames),
}


def units_of(jobs: Iterable[ToGive], measure: Callable[[ToGive], int], keep_tasks: bool) -> list[Unit]:
    """What is given out as one, in the order of tasks and jobs."""
    ordered = sorted(jobs, key=lambda job: (job.task_id, job.id))
    groups = [list(group) for _, group in groupby(ordered, key=lambda job: job.task_id if keep_tasks else job.id)]
    return [
        Unit(
            tuple(job.id for job in group),
            sum(measure(job) for job in group),
            frozenset().union(*(job.excluded for job in group)),
        )
        for group in groups
    ]


def in_turn(units: list[Unit], hands: list[Hands]) -> list[Unit]:
    """One to each person, again and again; what is left. Who can't take a unit is passed over, and is next after."""
    turns, left = deque(hands), []
    for unit in units:
        taker = next((hand for hand in turns if hand.can_take(unit)), None)
        if taker is None:
            left.append(unit)
            continue
        taker.take(unit)
        turns.remove(taker)
        turns.append(taker)
    return left


def to_the_least_loaded(units: list[Unit], hands: list[Hands]) -> list[Unit]:
    """The largest first, each to whoever has least by then; what is left."""
    left = []
    for unit in sorted(units, key=lambda unit: (-unit.weight, -len(unit.excluded), unit.jobs)):
        able = [hand for hand in hands if hand.can_take(unit)]
        if able:
            min(able, key=lambda hand: (hand.load, hand.jobs)).take(unit)
        else:
            left.append(unit)
    return left


def has_room(hands: list[Hands]) -> bool:
    return any(hand.room > 0 for hand in hands)


def still_left(left: list[Unit], hands: list[Hands]) -> list[Unit]:
    """What is left after others have made room. Where one unit finds none, no later one like it does."""
    hopeless: set[tuple[int, frozenset[int]]] = set()
    still = []
    for unit in left:
        kind = (unit.size, unit.excluded)
        if kind in hopeless or not has_room(hands) or not make_room(unit, hands):
            hopeless.add(kind)
            still.append(unit)
    return still


def make_room(unit: Unit, hands: list[Hands]) -> bool:
    """Give a unit that is left to somebody who is full, by passing on one of theirs of the same size, and so on along
    the shortest chain to somebody with room. With single jobs this finds a place if there is any."""
    reached: dict[int, tuple[Hands, Unit] | None] = {hand.id: None for hand in hands if hand.may_have(unit)}
    queue = deque(hand for hand in hands if hand.id in reached)
    while queue:
        here = queue.popleft()
        if here.room >= unit.size:
            pass_along(here, reached).take(unit)
            return True
        for there in hands:
            if there.id not in reached and (passed := here.one_for(there, unit.size)):
                reached[there.id] = (here, passed)
                queue.append(there)
    return False


def pass_along(last: Hands, reached: dict[int, tuple[Hands, Unit] | None]) -> Hands:
    """Carry a chain out from its end, where there is room; the first in it has room then."""
    there = last
    while step := reached[there.id]:
        here, passed = step
        here.give_up(passed)
        there.take(passed)
        there = here
    return there


def reason_for(unit: Unit, hands: list[Hands]) -> str:
    """EXCLUDED, TASK_TOO_LARGE or LIMITS."""
    able = [hand for hand in hands if hand.may_have(unit)]
    if not able:
        return EXCLUDED
    return TASK_TOO_LARGE if unit.size > 1 and has_room(able) else LIMITS
