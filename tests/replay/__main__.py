"""`python -m tests.replay [2.20|2.42] [--only NAME] [--words]`: what does not agree, and how."""

from __future__ import annotations

import argparse

from .compare import Comparison
from .player import replay
from .records import GENERATIONS
from .report import share
from .scope import KNOWN


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.replay", description=__doc__)
    parser.add_argument("generation", nargs="?", choices=GENERATIONS, help="without one: both")
    parser.add_argument("--only", default="", help="compare exchanges whose names contain this; details are shown")
    parser.add_argument("--words", action="store_true", help="show where only the words of a refusal differ")
    asked = parser.parse_args()
    for generation in [asked.generation] if asked.generation else GENERATIONS:
        found = replay(generation, lambda exchange: asked.only in exchange.name)
        for comparison in found:
            if not comparison.agrees:
                _show(comparison, generation, bool(asked.only))
            elif asked.words and _words_differ(comparison):
                print(f"  {comparison.exchange.name}: {_body(comparison)}")
        print(share(generation, found))


def _show(comparison: Comparison, generation: str, details: bool) -> None:
    exchange = comparison.exchange
    known = " (known)" if exchange.name in KNOWN[generation] else ""
    print(f"  {exchange.name}{known}: {'; '.join(comparison.differences)[:300]}")
    if details:
        print(
            f"      {exchange.as_user} {exchange.method} {exchange.path}?{exchange.query} {exchange.body or ''}"[:900]
        )
        print(f"      {_body(comparison)}")


def _body(comparison: Comparison) -> str:
    recorded = comparison.exchange.answer.get("text", comparison.exchange.answer["kind"])
    return f"recorded {recorded[:500]!r}\n      present  {comparison.answer.body[:500]!r}"


def _words_differ(comparison: Comparison) -> bool:
    exchange, answer = comparison.exchange, comparison.answer
    return exchange.is_json and exchange.status >= 400 and exchange.json != answer.json


if __name__ == "__main__":
    main()
