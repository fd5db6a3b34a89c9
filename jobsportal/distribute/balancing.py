"""Evening out what people have, by passing on and swapping units. Nobody gets more than the fullest had before."""

from bisect import bisect_left
from dataclasses import dataclass

from jobsportal.distribute.hands import Hands, Unit

# Bounds on the work, in counts and not in time, so that a plan is the same on every machine.
ROUNDS = 1000
PEOPLE_TRIED = 4


@dataclass(frozen=True)
class Exchange:
    """`given` goes from the fuller to the emptier, `taken` the other way. `off` is how far from even it leaves them."""

    off: int
    given: Unit
    taken: Unit | None = None


def even_out(hands: list[Hands]) -> None:
    """Improve a plan as long as an exchange between one of the fullest and one of the emptiest helps."""
    for _ in range(ROUNDS):
        if not improved(hands):
            return


def improved(hands: list[Hands]) -> bool:
    order = sorted(hands, key=lambda hand: hand.load)
    for fuller in reversed(order[-PEOPLE_TRIED:]):
        for emptier in order[:PEOPLE_TRIED]:
            if exchange := best_exchange(fuller, emptier):
                carry_out(exchange, fuller, emptier)
                return True
    return False


def carry_out(exchange: Exchange, fuller: Hands, emptier: Hands) -> None:
    fuller.give_up(exchange.given)
    if exchange.taken:
        emptier.give_up(exchange.taken)
        fuller.take(exchange.taken)
    emptier.take(exchange.given)


def best_exchange(fuller: Hands, emptier: Hands) -> Exchange | None:
    """The exchange that leaves two people closest to each other, if one brings them closer."""
    gap = fuller.load - emptier.load
    if gap < 2:
        return None
    back = sorted((unit for unit in emptier.units.values() if fuller.may_have(unit)), key=by_weight)
    weights = [unit.weight for unit in back]
    best: Exchange | None = None
    for given in sorted((unit for unit in fuller.units.values() if emptier.may_have(unit)), key=by_weight):
        place = bisect_left(weights, given.weight - gap / 2)
        for taken in (None, *back[max(0, place - 1) : place + 1]):
            exchange = Exchange(abs(gap - 2 * (given.weight - (taken.weight if taken else 0))), given, taken)
            if exchange.off < (best.off if best else gap) and is_within_limits(exchange, fuller, emptier):
                best = exchange
        if best and best.off <= gap % 2:
            return best
    return best


def by_weight(unit: Unit) -> tuple[int, tuple[int, ...]]:
    return unit.weight, unit.jobs


def is_within_limits(exchange: Exchange, fuller: Hands, emptier: Hands) -> bool:
    grows = exchange.given.size - (exchange.taken.size if exchange.taken else 0)
    return grows <= emptier.room and -grows <= fuller.room
