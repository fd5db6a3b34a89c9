"""What `OPTIONS /api/jobs` tells those who may make jobs: the fields, as the framework describes them."""

from __future__ import annotations

from typing import Any

from .ground_truth import METHODS
from .jobs import choices
from .jobtable import STAGES, STATES
from .messages import Request

UNIFORM, PER_JOB = '"random_uniform" frame selection', '"random_per_job" frame selection'
LABELS = {"random_uniform": "RANDOM_UNIFORM", "random_per_job": "RANDOM_PER_JOB", "in progress": "IN_PROGRESS"}


def actions(request: Request) -> dict[str, Any]:
    """The fields of `POST`; nothing for those who may not make jobs at all."""
    if not request.person().is_superuser:
        return {}
    return {"actions": {"POST": _older() if request.is_old else _newer()}}


def _field(kind: str, label: str, required: bool = False, help_text: str = "", **more: Any) -> dict[str, Any]:
    told = {"type": kind, "required": required, "read_only": False, "label": label}
    return told | ({"help_text": help_text} if help_text else {}) | more


def _choice(label: str, values: tuple[str, ...], required: bool = False) -> dict[str, Any]:
    told = [{"value": value, "display_name": LABELS.get(value, value.upper())} for value in values]
    return _field("choice", label, required, choices=told)


def _amount(kind: str, label: str, method: str) -> dict[str, Any]:
    more: dict[str, Any] = {"min_value": 1} if kind == "integer" else {}
    return _field(kind, label, help_text=f"Only with {method}.", **more)


def _common(old: bool) -> dict[str, Any]:
    return {
        "assignee": _field("integer", "Assignee"),
        "stage": _choice("Stage", STAGES),
        "state": _choice("State", STATES),
        "type": _choice("Type", tuple(kind for kind in choices("type", old)), required=True),
        "task_id": _field("integer", "Task id", required=True),
        "frame_selection_method": _choice("Frame selection method", METHODS[: 2 if old else 3]),
    }


def _frames() -> dict[str, Any]:
    child = {"type": "integer", "required": True, "read_only": False, "min_value": 0}
    return _field("list", "Frames", help_text="Only with manual frame selection.", child=child)


def _older() -> dict[str, Any]:
    return _common(old=True) | {
        "frame_count": _field("integer", "Frame count", help_text="Only with random frame selection.", min_value=0),
        "seed": _field("integer", "Seed", help_text="Equal seeds draw equal frames.", min_value=0),
        "frames": _frames(),
    }


def _newer() -> dict[str, Any]:
    return _common(old=False) | {
        "frame_count": _amount("integer", "Frame count", UNIFORM),
        "frame_share": _amount("float", "Frame share", UNIFORM),
        "frames_per_job_count": _amount("integer", "Frames per job count", PER_JOB),
        "frames_per_job_share": _amount("float", "Frames per job share", PER_JOB),
        "random_seed": _field("integer", "Random seed", help_text="Equal seeds draw equal frames.", min_value=0),
        "seed": _field("integer", "Seed", help_text="The older name of random_seed.", min_value=0),
        "frames": _frames(),
    }
