"""`manage.py sandbox`: serves the embedded upstream until it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from jobsportal.sandbox import Sandbox


class Command(BaseCommand):
    help = "Serves the embedded stand-in for the upstream Jobs API, with demo data."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=os.environ.get("SANDBOX_HOST", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=int(os.environ.get("SANDBOX_PORT", "8081")))

    def handle(self, *args: Any, **options: Any) -> None:
        _show_access_log()
        sandbox = Sandbox(
            host=options["host"],
            port=options["port"],
            extra_jobs=int(os.environ.get("SANDBOX_JOBS", "0")),
            request_seconds=float(os.environ.get("SANDBOX_REQUEST_SECONDS", "3")),
            anonymous_per_minute=int(os.environ.get("SANDBOX_ANONYMOUS_PER_MINUTE", "100")),
            quiet=False,
            version=os.environ.get("SANDBOX_VERSION", "2.42"),
        )
        signal.signal(signal.SIGTERM, _interrupt)
        self.stdout.write(f"Sandbox on http://{options['host']}:{options['port']}")
        try:
            sandbox.serve_forever()
        except KeyboardInterrupt:
            self.stdout.write("Sandbox stopped")


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
