"""The recorded exchanges: where they are read from, and in which order they were made.

They lie in the folder named by `CVAT_RECORDS`, by default beside the repository; without one, the samples that
were carried over into this package stand for them.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FOLDER = Path(os.environ.get("CVAT_RECORDS") or ROOT.parent / "shared/cvat/records")
SAMPLES = HERE / "samples"
GENERATIONS = ("2.20", "2.42")

# Recorded within the same second: what came first, where it matters.
SEQUENCES = (HERE / "order.txt").read_text().split()
PLACE = {name: number for number, name in enumerate(SEQUENCES)}

# Whole scenarios follow one another; the steps of one are told by the ends of their names.
SCENARIOS = [
    "corrupt_xml",
    "corrupt_zip",
    "not_a_zip",
    "bad_json",
    "unknown_label",
    "unknown_image",
    "bad_attribute",
    "empty_annotations",
    "wrong_format",
    "ok_zip",
    "coco_ok",
]
STEPS = [
    "_start",
    "_request_1",
    "_request_2",
    "_request_3",
    "_put",
    "_put_again",
    "_request_after_put",
    "_request_again",
]


@dataclass
class Exchange:
    """One request and what the real server answered."""

    name: str
    recorded_at: str
    as_user: str | None
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: dict[str, Any] | None
    status: int
    answer_headers: dict[str, str]
    answer: dict[str, Any] = field(repr=False)

    @classmethod
    def read(cls, raw: dict[str, Any]) -> Exchange:
        asked, answered = raw["request"], raw["response"]
        body = answered["body"] or {"kind": "empty"}
        if body.get("truncated"):
            body["json"] = _mended(body["text"])
        headers: dict[str, str] = {}
        for name, value in answered["headers"]:
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        return cls(
            raw["name"], raw["recorded_at"], raw.get("as_user"), asked["method"], asked["path"], asked.get("query") or "",
            asked.get("headers") or {}, asked.get("body"), answered["status"], headers, body,
        )  # fmt: skip

    @property
    def json(self) -> Any:
        """The JSON of the answer, or None where it was something else."""
        return self.answer.get("json")

    @property
    def is_json(self) -> bool:
        return "json" in self.answer


def _mended(text: str) -> Any:
    """A long list of which only the beginning was kept, without the element that was cut."""
    return json.loads(text[: text.rindex(',{"url"')] + "]}")


def _order(raw: dict[str, Any]) -> tuple[str, int, int, str]:
    name = raw["name"]
    for number, scenario in enumerate(SCENARIOS):
        found = re.fullmatch(rf"import_{scenario}(_.+?)(_\d\d\d_\w+)?", name)
        if found:
            step = STEPS.index(found[1]) if found[1] in STEPS else len(STEPS)
            return raw["recorded_at"], 10_000 + number, step, name
    return raw["recorded_at"], *_place(name), name


def _place(name: str) -> tuple[int, int]:
    """Polls of formats come after what asked for them; resumable uploads after the imports."""
    if name == "import_annotations_final":
        return 10_000 + len(SCENARIOS), 0
    if name.startswith("tus_"):
        return 15_000 + PLACE.get(name, 5_000), 0
    poll = re.fullmatch(r"export_fmt_poll_(.+)_\d_\d\d\d_\w+", name)
    if poll:
        return 20_000 + sum(map(ord, poll[1])), 1
    if name.startswith("export_fmt_"):
        return 20_000 + sum(map(ord, name.removeprefix("export_fmt_"))), 0
    return PLACE.get(name, 5_000), 0


def is_whole() -> bool:
    """Whether all records are at hand, not only samples of them."""
    return FOLDER.is_dir()


def sources(generation: str) -> list[dict[str, Any]]:
    """Everything recorded of one generation, in order, as it was written down."""
    folder = FOLDER / f"cvat-{generation}"
    if is_whole():
        found = [json.loads(path.read_text()) for path in folder.glob("[!_]*.json")]
    else:
        samples = json.loads((SAMPLES / f"cvat-{generation}.json").read_text())
        found = samples["exchanges"]
        for raw in found:
            raw["response"]["body"] = samples["bodies"][raw["response"]["body"]]
    return sorted(found, key=_order)


def exchanges(generation: str) -> list[Exchange]:
    return [Exchange.read(raw) for raw in sources(generation)]
