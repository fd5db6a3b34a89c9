"""The upstream's own description of its answers (OpenAPI), reduced to the addresses that the sandbox serves."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from openapi_schema_validator import OAS30Validator, oas30_format_checker

from .records import HERE

FOLDER = HERE / "schemas"


class Schema:
    """One generation's description: which model an answer has, and what it says of its parts."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.models = document["components"]["schemas"]
        self.components = {"components": _null_allowed(document["components"])}
        self.paths = [(_pattern(path), methods) for path, methods in document["paths"].items()]

    def answer(self, method: str, path: str, status: int) -> dict[str, Any]:
        """The model of a successful answer; empty where the description says nothing."""
        for pattern, methods in self.paths:
            if pattern.fullmatch(path):
                return methods.get(method.lower(), {}).get(str(status), {})
        return {}

    def errors(self, method: str, path: str, status: int, answer: Any) -> list[str]:
        """Where an answer is not what the description says, each as `place: what is wrong`."""
        model = self.answer(method, path, status)
        validator = OAS30Validator(_null_allowed(model) | self.components, format_checker=oas30_format_checker)
        return [f"{_place(error)}: {error.validator}" for error in validator.iter_errors(answer)]

    def resolved(self, model: Any) -> dict[str, Any]:
        """The model behind references, with what `allOf` and `oneOf` name put together."""
        if not isinstance(model, dict):
            return {}
        if "$ref" in model:
            return self.resolved(self.models[model["$ref"].rsplit("/", 1)[1]])
        parts = [self.resolved(part) for join in ("allOf", "oneOf") for part in model.get(join, ())]
        properties = {name: part for model in [*parts, model] for name, part in model.get("properties", {}).items()}
        joined = {key: value for part in parts for key, value in part.items()} | model
        return joined | ({"properties": properties} if properties else {})

    def part(self, model: dict[str, Any], name: str) -> Any:
        more = model.get("additionalProperties")
        return model.get("properties", {}).get(name) or (more if isinstance(more, dict) else {})


def _null_allowed(part: Any) -> Any:
    """The upstream writes "this model, or null" as `nullable` beside `allOf`, which by the letter excludes null."""
    if isinstance(part, list):
        return [_null_allowed(item) for item in part]
    if not isinstance(part, dict):
        return part
    made = {key: _null_allowed(value) for key, value in part.items()}
    if made.get("nullable") is True and ("allOf" in made or "oneOf" in made):
        return {"anyOf": [made, {"enum": [None]}]}
    return made


def _place(error: Any) -> str:
    """Where in the answer, whatever the element of a list."""
    return ".".join("[]" if isinstance(step, int) else str(step) for step in error.absolute_path) or "body"


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path.rstrip("/")) + "/?")


@cache
def schema(generation: str) -> Schema:
    return Schema(json.loads((FOLDER / f"cvat-{generation}.json").read_text()))
