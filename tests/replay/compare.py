"""Whether two answers agree by shape: status, headers that matter, keys and types of the body."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .records import Exchange
from .schemas import Schema


@dataclass
class Answer:
    """What the sandbox answered."""

    status: int
    headers: dict[str, str]
    body: bytes
    json: Any = None
    is_json: bool = False


@dataclass
class Comparison:
    """One exchange, and where the answers differ; no differences means they agree."""

    exchange: Exchange
    answer: Answer
    differences: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        return not self.differences


PRESENT = (  # to be there on both sides or on neither
    "retry-after", "etag", "last-modified", "accept-ranges", "content-range", "expires", "x-checksum",
    "x-updated-date", "access-control-allow-origin", "deprecation",
)  # fmt: skip
EQUAL = (
    "www-authenticate", "upload-offset", "upload-length", "tus-resumable", "tus-version", "tus-extension",
    "tus-max-size", "access-control-expose-headers", "cache-control",
)  # fmt: skip
PATTERNS = ("location", "content-disposition", "upload-filename")
COMPARED = {"content-type", "allow", "vary", "set-cookie", *PRESENT, *EQUAL, *PATTERNS}


def compare(exchange: Exchange, answer: Answer, schema: Schema) -> Comparison:
    found = Comparison(exchange, answer)
    if exchange.status != answer.status:
        found.differences.append(f"status {exchange.status}, not {answer.status}")
        return found
    found.differences += _headers(exchange.answer_headers, answer.headers, _nothing(exchange, answer))
    found.differences += _body(exchange, answer, schema)
    return found


def _nothing(exchange: Exchange, answer: Answer) -> bool:
    return exchange.answer["kind"] == "empty" and not answer.body


def _headers(recorded: dict[str, str], present: dict[str, str], empty: bool) -> list[str]:
    made = []
    if not (empty and not recorded.get("content-type")):
        made += _header("Content-Type", recorded.get("content-type"), present.get("content-type"))
    made += _header("Allow", _words(recorded.get("allow")), _words(present.get("allow")))
    made += _header("Vary", _varied(recorded.get("vary")), _varied(present.get("vary")))
    made += [line for name in EQUAL for line in _header(name, recorded.get(name), present.get(name))]
    for name in PRESENT:
        made += _header(name, name in recorded, name in present)
    for name in PATTERNS:
        made += _header(name, _pattern(recorded.get(name)), _pattern(present.get(name)))
    made += _header("cookies", _cookies(recorded.get("set-cookie")), _cookies(present.get("set-cookie")))
    return made


def _header(name: str, recorded: Any, present: Any) -> list[str]:
    return [] if recorded == present else [f"{name}: {recorded!r}, not {present!r}"]


def _words(value: str | None) -> list[str] | None:
    return sorted(part.strip() for part in value.split(",")) if value is not None else None


def _varied(value: str | None) -> list[str] | None:
    """Whether a packed answer was to be had depends on how long it was, so that is left out."""
    words = _words(value)
    return None if words is None else [word for word in words if word != "Accept-Encoding"]


def _pattern(value: str | None) -> str | None:
    """Without hosts, ids and dates, which differ by nature."""
    if value is None:
        return None
    value = re.sub(r"https?://[^/]+", "", value)
    value = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "UUID", value)
    value = re.sub(r"\d{4}(_\d\d){5}", "DATE", value)
    return re.sub(r"/\d+", "/ID", value)


def _cookies(value: str | None) -> list[str]:
    return sorted(re.findall(r"(\w+)=[^;]*; expires", value or ""))


def _body(exchange: Exchange, answer: Answer, schema: Schema) -> list[str]:
    recorded = exchange.answer
    if recorded["kind"] == "empty":
        return [f"a body of {len(answer.body)} bytes where there was none"] if answer.body else []
    if not answer.body:
        return ["no body"]
    if exchange.is_json != answer.is_json:
        return [f"{'JSON' if exchange.is_json else 'no JSON'} was recorded"]
    if exchange.is_json:
        model = schema.answer(exchange.method, exchange.path, exchange.status)
        return _outcome(exchange.json, answer.json) + differences(exchange.json, answer.json, "", schema, model)
    if recorded["kind"] == "text":
        return _text(recorded["text"], answer.body.decode("utf-8", "replace"))
    return []


def _outcome(recorded: Any, present: Any) -> list[str]:
    """A background request has to end as it ended; how far it was before is chance."""
    ends = ("finished", "failed")
    if not isinstance(recorded, dict) or "operation" not in recorded or recorded.get("status") not in ends:
        return []
    return _header("outcome", recorded["status"], present.get("status") if isinstance(present, dict) else None)


def _text(recorded: str, present: str) -> list[str]:
    """Pages agree when their titles do; plain words when both are plain words."""
    return _header("page", _title(recorded), _title(present))


def _title(text: str) -> str:
    found = re.search(r"<title>(.*?)</title>", text, re.S)
    return found[1].strip() if found else "words"


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number" if isinstance(value, float) else "integer"
    names = {str: "string", list: "list", dict: "object", type(None): "null"}
    return names[type(value)]


def differences(recorded: Any, present: Any, place: str, schema: Schema, model: Any) -> list[str]:
    """Where the shapes part. Null stands for anything that the schema calls nullable."""
    model = schema.resolved(model)
    if (recorded is None) != (present is None):
        return [] if model.get("nullable") else [f"{place or 'body'}: {kind(recorded)}, not {kind(present)}"]
    if kind(recorded) != kind(present):
        return [f"{place or 'body'}: {kind(recorded)}, not {kind(present)}"]
    if isinstance(recorded, dict):
        return _objects(recorded, present, place, schema, model)
    if isinstance(recorded, list):
        return _lists(recorded, present, place, schema, model.get("items") or {})
    return []


def _objects(recorded: dict, present: dict, place: str, schema: Schema, model: Any) -> list[str]:
    made = []
    missing, more = [k for k in recorded if k not in present], [k for k in present if k not in recorded]
    if missing:
        made.append(f"{place or 'body'} lacks {', '.join(missing)}")
    if more:
        made.append(f"{place or 'body'} has {', '.join(more)} besides")
    for name in recorded:
        if name in present:
            part = schema.part(model, name)
            made += differences(recorded[name], present[name], f"{place}.{name}".lstrip("."), schema, part)
    return made


def _lists(recorded: list, present: list, place: str, schema: Schema, model: Any) -> list[str]:
    """Each element must look like one that was recorded."""
    if bool(recorded) != bool(present):
        return [f"{place or 'body'}: {len(recorded)} elements, not {len(present)}"]
    for element in present:
        found = None
        for example in recorded:
            found = differences(example, element, f"{place}[]", schema, model)
            if not found:
                break
        if found:
            return found
    return []
