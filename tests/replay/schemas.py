"""The upstream's own description of its answers (OpenAPI), reduced to the addresses that the sandbox serves."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from .records import HERE

FOLDER = HERE / "schemas"


class Schema:
    """One generation's description: which model an answer has, and what it says of its parts."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.paths = [(_pattern(path), methods) for path, methods in document["paths"].items()]

    def answer(self, method: str, path: str, status: int) -> dict[str, Any]:
        """The model of a successful answer; empty where the description says nothing."""
        for pattern, methods in self.paths:
            if pattern.fullmatch(path):
                return methods.get(method.lower(), {}).get(str(status), {})
        return {}

    def resolved(self, model: Any) -> dict[str, Any]:
        """The model behind references, with what `allOf` and `oneOf` name put together."""
        if not isinstance(model, dict):
            return {}
        if "$ref" in model:
            return self.resolved(self.document["schemas"][model["$ref"].rsplit("/", 1)[1]])
        parts = [self.resolved(part) for join in ("allOf", "oneOf") for part in model.get(join, ())]
        properties = {name: part for model in [*parts, model] for name, part in model.get("properties", {}).items()}
        joined = {key: value for part in parts for key, value in part.items()} | model
        return joined | ({"properties": properties} if properties else {})

    def part(self, model: dict[str, Any], name: str) -> Any:
        more = model.get("additionalProperties")
        return model.get("properties", {}).get(name) or (more if isinstance(more, dict) else {})


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path.rstrip("/")) + "/?")


@cache
def schema(generation: str) -> Schema:
    return Schema(json.loads((FOLDER / f"cvat-{generation}.json").read_text()))
