"""Carries the records over, reduced: `python -m tests.replay.carry_over` writes the samples anew.

What the comparison doesn't look at is left out, and of long lists all elements but one of each shape. Of exchanges
that only read, one of each kind is kept (method, address without ids, person, names of parameters, status, shape of
the answer; of the jobs' lists whatever the parameters); what changes something is kept, so that the state stays what
it was, unless it was refused like another.
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
        kept = [_reduced(row) for row in _representative(rows)]
        lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in kept)
        (SAMPLES / f"cvat-{generation}.json").write_text(f"[\n{lines}\n]\n")


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
    if exchange.path == "/api/jobs" and exchange.status == 200:
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


def _reduced(row: dict[str, Any]) -> dict[str, Any]:
    asked, answered = dict(row["request"]), row["response"]
    asked["headers"] = {name: value for name, value in asked["headers"].items() if name not in DROPPED}
    if asked["headers"].get("Cookie") == "csrftoken=<redacted>" and "X-CSRFToken" not in asked["headers"]:
        del asked["headers"]["Cookie"]
    if asked["body"]:
        asked["body"] = {name: value for name, value in asked["body"].items() if name != "sha256"}
    body = dict(Exchange.read(row).answer)
    if "json" in body:
        body = {"kind": "text", "json": _thinned(body["json"])}
    elif body["kind"] == "text":
        body = {"kind": "text", "text": re.sub(r"(?s)^.*?(<title>.*?</title>).*$", r"\1", body["text"])[:300]}
    else:
        body = {"kind": body["kind"]}
    headers = [pair for pair in answered["headers"] if pair[0].lower() in COMPARED]
    answer = {"status": answered["status"], "headers": headers, "body": body}
    told = {"name": row["name"], "recorded_at": row["recorded_at"], "as_user": row.get("as_user")}
    return told | {"request": {name: asked[name] for name in ASKED}, "response": answer}


def _thinned(value: Any, name: str = "") -> Any:
    """One element of each shape, and no words but those that are asked with again."""
    if isinstance(value, dict):
        return {name: _thinned(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return list({json.dumps(_shape(part)): _thinned(part) for part in value}.values())
    return "" if isinstance(value, str) and name not in ("rq_id", "status") else value


if __name__ == "__main__":
    main()
