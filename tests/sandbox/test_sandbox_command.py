"""`manage.py sandbox`: what its settings do, and what it says to those that make no sense."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

import pytest
import requests
from django.core.management import CommandError, call_command

from tests.server import ROOT, free_port

from .conftest import until


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SANDBOX_VERSION", "2.30", "The sandbox can be 2.20, 2.42 or 2.66, not 2.30."),
        ("SANDBOX_VERSION", "", "The sandbox can be 2.20, 2.42 or 2.66, not ."),
        ("SANDBOX_PORT", "http", "SANDBOX_PORT has to be a whole number, not 'http'."),
        ("SANDBOX_JOBS", "-5", "SANDBOX_JOBS has to be a whole number, not '-5'."),
        ("SANDBOX_REQUEST_SECONDS", "soon", "SANDBOX_REQUEST_SECONDS has to be a number from 0 on, not 'soon'."),
        ("SANDBOX_REQUEST_SECONDS", "inf", "SANDBOX_REQUEST_SECONDS has to be a number from 0 on, not 'inf'."),
        ("SANDBOX_FAULTS", "GET /jobs sloow=3", "Not a word of faults: sloow=3"),
        ("SANDBOX_FAULTS_SEED", "dice", "SANDBOX_FAULTS_SEED has to be a whole number, not 'dice'."),
        ("SANDBOX_FAULTS_BY_HEADER", "perhaps", "SANDBOX_FAULTS_BY_HEADER has to be true or false, not 'perhaps'."),
    ],
)
def test_settings_that_make_no_sense(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(CommandError) as raised:
        call_command("sandbox")
    assert str(raised.value) == words


def test_it_serves_as_it_is_told_and_stops_when_asked() -> None:
    port = free_port()
    settings = {
        "SANDBOX_PORT": str(port),
        "SANDBOX_VERSION": "2.20",
        "SANDBOX_FAULTS": "/api/server/health status=503",
        "SANDBOX_FAULTS_BY_HEADER": "true",
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "sandbox"],
        cwd=ROOT,
        env=os.environ | settings | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            assert process.stdout and process.stdout.readline() == f"Sandbox on http://127.0.0.1:{port}\n"
            address = f"http://127.0.0.1:{port}/api/server"
            about = asked(f"{address}/about")
            assert about.json()["version"].startswith("2.20")
            assert asked(f"{address}/health/").status_code == 503
            assert asked(f"{address}/about", {"X-Sandbox-Fault": "status=418"}).status_code == 418
        finally:
            process.send_signal(signal.SIGTERM)
        assert "Sandbox stopped" in process.stdout.read()
        assert process.wait(20) == 0


def asked(address: str, headers: dict[str, str] | None = None) -> requests.Response:
    """It says where it is just before it listens there."""
    answers: list[requests.Response] = []

    def answered() -> bool:
        with contextlib.suppress(requests.ConnectionError):
            answers.append(requests.get(address, headers=headers, timeout=10))
        return bool(answers)

    until(answered)
    return answers[0]
