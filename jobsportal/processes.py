"""Processes that are started together, looked after, and stopped in order: the portal, its workers, the sandbox.

Runs on the standard library alone.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

BASE_DIR = Path(__file__).resolve().parent.parent
RESTART_SECONDS = 2.0
LOOK_SECONDS = 0.1


@dataclass
class Process:
    """A process of our own: what it is called, and how Python is told to run it.

    What it prints goes to the terminal, or to `log` if there is one.
    """

    name: str
    arguments: list[str]
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0

    def start(self) -> None:
        # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which stops all in order.
        command = [sys.executable, *self.arguments]
        self.started = time.monotonic()
        with self.log.open("wb") if self.log else contextlib.nullcontext() as output:
            self.process = subprocess.Popen(
                command, cwd=BASE_DIR, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def exit_code(self) -> int | None:
        return self.process.poll() if self.process else None

    @property
    def ending(self) -> str:
        """How it ended."""
        code = self.exit_code() or 0
        return f"by signal {-code}" if code < 0 else f"exit code {code}"


class Stop:
    """Set by the first signal that asks to stop."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.asked = False
        for number in self.SIGNALS:
            signal.signal(number, self.ask)

    def ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def portal() -> Process:
    return Process("The portal", ["-m", "gunicorn", "jobsportal.wsgi"])


def workers(count: int) -> list[Process]:
    """Processes that carry out bulk runs."""
    return [Process(f"Worker {number}", ["manage.py", "worker"]) for number in range(1, count + 1)]


def first_ended(processes: list[Process]) -> Process | None:
    return next((process for process in processes if process.exit_code() is not None), None)


def look_after(vital: list[Process], crew: list[Process], stop: Stop) -> Process | None:
    """Return when a stop is asked for (None), or with the vital process that ended. The crew is started again
    whenever one of them ends by itself: its work goes on where it was."""
    while not stop.asked:
        if (ended := first_ended(vital)) is not None:
            return ended
        for process in crew:
            if process.exit_code() is not None and time.monotonic() - process.started > RESTART_SECONDS:
                tell(f"{process.name} ended ({process.ending}) and is started again.", to_stderr=True)
                process.start()
        time.sleep(LOOK_SECONDS)
    return None


def stop_all(processes: list[Process], patience: float) -> None:
    """Ask all of them to end, and make those end that haven't within so many seconds."""
    running = [one.process for one in processes if one.process]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + patience
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def tell(text: str, to_stderr: bool = False) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone
        print(text, file=sys.stderr if to_stderr else sys.stdout, flush=True)
