"""Carries the records over, reduced: `python -m tests.replay.carry_over` writes the samples anew.

What the comparison doesn't look at is left out, and of long lists all elements but one of each shape. What changes
something is kept, so that the state stays what it was. Of what only reads or is refused, one of each kind is kept:
method, address without ids, person, names of parameters, status, shape of the answer; of lists of jobs and requests
whatever the parameters.
"""

from __future__ import annotations

import json
import re
from typing import Any

from .compare import COMPARED, kind
from .records import GENERATIONS, SAMPLES, Exchange, sources
from .scope import reason_out

ASKED = ("method", "path", "query", "headers", "body")
DROPPED = ("User-Agent", "Content-Length", "Connection", "Accept-Encoding")


def main() -> None:
    SAMPLES.mkdir(exist_ok=True)
    for generation in GENERATIONS:
        rows = [row for row in sources(generation) if not reason_out(Exchange.read(row), generation)]
        bodies: list[Any] = []
        kept = [_reduced(row, bodies) for row in _representative(rows)]
        told = f'{{"bodies":[\n{_lines(bodies)}\n],"exchanges":[\n{_lines(kept)}\n]}}\n'
        (SAMPLES / f"cvat-{generation}.json").write_text(told)


def _lines(rows: list[Any]) -> str:
    return ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)


def _representative(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    seen, kept = set(), []
    for row in rows:
        sign = _sign(Exchange.read(row))
        if sign not in seen or _has_effect(row):
            seen.add(sign)
            kept.append(row)
    return kept


def _has_effect(row: dict[str, Any]) -> bool:
    """Older exports begin, and are taken away, by reading; polls are waited for."""
    if row["request"]["method"] not in ("GET", "HEAD", "OPTIONS") and row["response"]["status"] < 400:
        return True
    asked = row["request"]
    if "rq_id=" in (asked["query"] or "") and asked["method"] == "PUT":
        return True
    return "/dataset" in asked["path"] or "_200_f" in row["name"] or row["name"] == "import_put_consume"


def _sign(exchange: Exchange) -> tuple[object, ...]:
    names = tuple(sorted(re.findall(r"(?:^|&)([^=&]+)=", exchange.query)))
    if exchange.path in ("/api/jobs", "/api/requests") and exchange.status == 200:
        names = ()
    path = re.sub(r"\d+", "N", exchange.path)
    shape = json.dumps(_shape(exchange.json)) if exchange.is_json else exchange.answer["kind"]
    who = exchange.as_user or "".join(sorted(exchange.headers))
    return exchange.method, path, who, names, exchange.headers.get("Accept"), exchange.status, shape


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return sorted({json.dumps(_shape(part)) for part in value})
    return kind(value)


def _reduced(row: dict[str, Any], bodies: list[Any]) -> dict[str, Any]:
    """`bodies` gathers what was answered, each once; an answer then has its number there."""
    asked, answered = dict(row["request"]), row["response"]
    asked["headers"] = {name: value for name, value in asked["headers"].items() if name not in DROPPED}
    if asked["headers"].get("Cookie") == "csrftoken=<redacted>" and "X-CSRFToken" not in asked["headers"]:
        del asked["headers"]["Cookie"]
    if asked["body"]:
        asked["body"] = {name: value for name, value in asked["body"].items() if name != "sha256"}
    body = dict(Exchange.read(row).answer)
    if "json" in body:
        body = {"kind": "text", "json": _thinned(body["json"], keep_id=answered["status"] == 201)}
    elif body["kind"] == "text":
        body = {"kind": "text", "text": re.sub(r"(?s)^.*?(<title>.*?</title>).*$", r"\1", body["text"])[:300]}
    else:
        body = {"kind": body["kind"]}
    if body not in bodies:
        bodies.append(body)
    headers = [pair for pair in answered["headers"] if pair[0].lower() in COMPARED]
    answer = {"status": answered["status"], "headers": headers, "body": bodies.index(body)}
    told = {"name": row["name"], "recorded_at": row["recorded_at"], "as_user": row.get("as_user")}
    return told | {"request": {name: asked[name] for name in ASKED if asked[name]}, "response": answer}


def _thinned(value: Any, name: str = "", keep_id: bool = False) -> Any:
    """One element of each shape, and no values but those that are asked with again."""
    if isinstance(value, dict):
        return {key: _thinned(part, key, keep_id and not name) for key, part in value.items()}
    if isinstance(value, list):
        return list({json.dumps(_shape(part)): _thinned(part) for part in value}.values())
    if name in ("rq_id", "status") or (keep_id and name == "id"):
        return value
    return {str: "", int: 0, float: 0.5}.get(type(value), value)


if __name__ == "__main__":
    main()
