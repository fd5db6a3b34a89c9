"""Carries the upstream's schemas over: `python -m tests.replay.reduce_schemas cvat-2.42.yml cvat-2.42`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

from jobsportal.sandbox.routing import ROUTES

from .schemas import FOLDER

DROPPED = ("description", "title", "example", "examples", "externalDocs", "default", "x-enum-descriptions")


def reduced(document: dict[str, Any]) -> dict[str, Any]:
    """Answers with JSON of the addresses that are served, and the models they need."""
    paths: dict[str, Any] = {}
    for path, methods in document["paths"].items():
        if served(path):
            kept = {method: _answers(described) for method, described in methods.items() if method != "parameters"}
            paths[path] = {method: answers for method, answers in kept.items() if answers}
    models = document["components"]["schemas"]
    wanted: set[str] = set()
    _collect(paths, models, wanted)
    kept_models = {name: _bare(models[name]) for name in sorted(wanted)}
    kept_paths = {path: methods for path, methods in paths.items() if methods}
    return {"paths": kept_paths, "components": {"schemas": kept_models}}


def served(path: str) -> bool:
    """Whether the sandbox knows an address of this form."""
    example = re.sub(r"\{[^}]+\}", "1", path)
    return any(route.pattern.fullmatch(name) for route in ROUTES for name in (example, example.rstrip("/")))


def _answers(described: dict[str, Any]) -> dict[str, Any]:
    made = {}
    for status, answer in described.get("responses", {}).items():
        for model in answer.get("content", {}).values():
            if str(status).startswith("2") and "schema" in model:
                made[str(status)] = _bare(model["schema"])
    return made


def _collect(part: Any, models: dict[str, Any], wanted: set[str]) -> None:
    if isinstance(part, dict):
        name = str(part.get("$ref", "")).rsplit("/", 1)[-1]
        if name and name not in wanted:
            wanted.add(name)
            _collect(models[name], models, wanted)
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _collect(inner, models, wanted)


def _bare(model: Any, *, names: bool = False) -> Any:
    """Without words for people. `names`: the keys are a model's fields, whatever they are called."""
    if isinstance(model, list):
        return [_bare(item) for item in model]
    if not isinstance(model, dict):
        return model
    kept = {key: value for key, value in model.items() if names or key not in DROPPED}
    return {key: _bare(value, names=key == "properties" and not names) for key, value in kept.items()}


def main(source: str, name: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    document = yaml.load(Path(source).read_text(), yaml.CSafeLoader)
    text = json.dumps(reduced(document), indent=1, sort_keys=True)
    (FOLDER / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
