"""What a plan is made of: units to be given out, and what each person has of them."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Unit:
    """Jobs that go to one person; `weight` is what the method evens out."""

    jobs: tuple[int, ...]
    weight: int
    excluded: frozenset[int] = frozenset()

    @property
    def size(self) -> int:
        return len(self.jobs)


@dataclass
class Hands:
    """A person while a plan is made: `load` grows with what they get, `room` is how many jobs they may still get."""

    id: int
    load: int
    room: float
    jobs: int = 0
    units: dict[tuple[int, ...], Unit] = field(default_factory=dict)

    def may_have(self, unit: Unit) -> bool:
        return self.id not in unit.excluded

    def can_take(self, unit: Unit) -> bool:
        return unit.size <= self.room and self.may_have(unit)

    def take(self, unit: Unit) -> None:
        self.units[unit.jobs] = unit
        self.count(unit, 1)

    def give_up(self, unit: Unit) -> None:
        del self.units[unit.jobs]
        self.count(unit, -1)

    def count(self, unit: Unit, sign: int) -> None:
        self.load += sign * unit.weight
        self.jobs += sign * unit.size
        self.room -= sign * unit.size

    def one_for(self, other: "Hands", size: int) -> Unit | None:
        """The first unit of a size that somebody else may have."""
        return next((unit for unit in self.units.values() if unit.size == size and other.may_have(unit)), None)
