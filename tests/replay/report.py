"""How much agrees, in a line."""

from __future__ import annotations

from .compare import Comparison


def percent(found: list[Comparison]) -> float:
    return 100 * sum(comparison.agrees for comparison in found) / max(1, len(found))


def share(generation: str, found: list[Comparison]) -> str:
    agreeing = sum(comparison.agrees for comparison in found)
    return f"CVAT {generation}: {agreeing} of {len(found)} recorded exchanges agree ({percent(found):.1f} %)"
