"""`manage.py sandbox`: serves the embedded upstream until it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from jobsportal.sandbox import Sandbox


class Command(BaseCommand):
    help = "Serves the embedded stand-in for the upstream Jobs API, with demo data."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", help="the address to listen on; else SANDBOX_HOST, or 127.0.0.1")
        parser.add_argument("--port", type=int, help="the port to listen on; else SANDBOX_PORT, or 8081")

    def handle(self, *args: Any, **options: Any) -> None:
        host = options["host"] or os.environ.get("SANDBOX_HOST") or "127.0.0.1"
        port = whole_setting("SANDBOX_PORT", 8081) if options["port"] is None else options["port"]
        sandbox = made(host, port)
        _show_access_log()
        signal.signal(signal.SIGTERM, _interrupt)
        self.stdout.write(f"Sandbox on http://{host}:{port}")
        try:
            sandbox.serve_forever()
        except KeyboardInterrupt:
            self.stdout.write("Sandbox stopped")


def made(host: str, port: int) -> Sandbox:
    """A sandbox as the environment wants it, not yet listening."""
    try:
        return Sandbox(
            host=host,
            port=port,
            extra_jobs=whole_setting("SANDBOX_JOBS", 0),
            request_seconds=number_setting("SANDBOX_REQUEST_SECONDS", 3),
            anonymous_per_minute=whole_setting("SANDBOX_ANONYMOUS_PER_MINUTE", 100),
            quiet=False,
            version=os.environ.get("SANDBOX_VERSION", "2.42"),
            faults=os.environ.get("SANDBOX_FAULTS", ""),
            fault_seed=whole_setting("SANDBOX_FAULTS_SEED", 0),
            fault_header=truth_setting("SANDBOX_FAULTS_BY_HEADER"),
        )
    except ValueError as error:
        raise CommandError(str(error)) from error


def whole_setting(name: str, default: int) -> int:
    """A whole number from the environment, not below 0."""
    raw = os.environ.get(name, str(default)).strip()
    if not raw.isdecimal():
        raise CommandError(f"{name} has to be a whole number, not {raw!r}.")
    return int(raw)


def number_setting(name: str, default: float) -> float:
    """A number of seconds from the environment."""
    raw = os.environ.get(name, str(default))
    try:
        number = float(raw)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise CommandError(f"{name} has to be a number from 0 on, not {raw!r}.")
    return number


def truth_setting(name: str) -> bool:
    """Whether something is switched on in the environment; it isn't by default."""
    raw = os.environ.get(name, "false").lower()
    if raw not in ("true", "false"):
        raise CommandError(f"{name} has to be true or false, not {raw!r}.")
    return raw == "true"


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _show_access_log() -> None:
    """One line a request, unless the project's own logging already shows them."""
    log = logging.getLogger("jobsportal.sandbox")
    log.setLevel(logging.INFO)
    if not log.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        log.addHandler(handler)
