"""The upstream's own client works with the sandbox, each generation with its own, from signing in to signing out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from jobsportal.sandbox import Sandbox
from tests.sandbox.sdk_flows import FLOWS

ROOT = Path(__file__).parents[2]

# The older one lies beside the environment that holds the newer one: `make test` sees to that.
BESIDE = Path(sys.prefix) / "sdk-2.20"


def place_of(version: str) -> str:
    """The path that Python has to look into first for this version of the client; skips where it isn't installed."""
    if version == "2.20" and not BESIDE.is_dir():
        pytest.skip(f"cvat-sdk of 2.20 is not installed in {BESIDE}: `make test` does that")
    if version != "2.20" and find_spec("cvat_sdk") is None:
        pytest.skip("cvat-sdk is not installed: `make test` does that")
    return os.pathsep.join([*([str(BESIDE)] if version == "2.20" else []), str(ROOT)])


@pytest.fixture(scope="module", params=["2.20", "2.42"])
def flows(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """How each flow went, the version of the client, and what the sandbox has answered."""
    environment = {**os.environ, "PYTHONPATH": place_of(request.param)}
    with Sandbox(version=request.param) as sandbox:
        command = [sys.executable, "-m", "tests.sandbox.sdk_flows", sandbox.url, str(tmp_path_factory.mktemp("sdk"))]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        return {**told, "generation": request.param, "statuses": {call.status for call in sandbox.calls}}


def test_the_client_is_of_the_sandboxs_generation(flows: dict[str, Any]) -> None:
    assert flows["version"].startswith(flows["generation"] + ".")


@pytest.mark.parametrize("name", FLOWS)
def test_it(flows: dict[str, Any], name: str) -> None:
    assert flows[name] == "", flows[name]


def test_nothing_that_it_asks_is_refused(flows: dict[str, Any]) -> None:
    assert flows["statuses"] <= {200, 201, 202, 204}
