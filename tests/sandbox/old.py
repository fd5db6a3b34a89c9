"""What tests of the older generation share: a sandbox that stands for it, in the place of the newer one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from jobsportal.sandbox import Sandbox

from .conftest import Caller

CVAT, COCO = "CVAT for images 1.1", "COCO 1.0"
IMPORT_ID = "import:job-1-annotations"
BOX = '<box label="{label}" xtl="10" ytl="20" xbr="60" ybr="70"/>'


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(anonymous_per_minute=10_000, version="2.20") as sandbox:
        yield sandbox


def one_box(label: str = "car", image: str = "crossing_0001.jpg") -> bytes:
    """A file with a single box in the first frame of job 1, unless told otherwise."""
    return f'<annotations><image id="0" name="{image}">{BOX.format(label=label)}</image></annotations>'.encode()


def put_file(caller: Caller, content: bytes, name: str = "CVAT 1.1", job: int = 1, **params: str) -> requests.Response:
    files = {"annotation_file": ("a.xml", content)}
    return caller.put(f"jobs/{job}/annotations", params={"format": name} | params, files=files)


def ask(caller: Caller, name: str = "CVAT 1.1", rq_id: str = IMPORT_ID) -> requests.Response:
    """How the import goes."""
    return caller.put("jobs/1/annotations", params={"format": name, "rq_id": rq_id})


def shapes(caller: Caller, job: int = 1) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = caller.get(f"jobs/{job}/annotations").json()["shapes"]
    return found
