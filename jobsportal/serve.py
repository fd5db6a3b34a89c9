"""`python -m jobsportal.serve`: the web server, and WORKERS workers beside it, started and stopped as one."""

import os
import sys
from pathlib import Path

import environ

from jobsportal import processes
from jobsportal.processes import Stop, tell

env = environ.Env()
env.read_env(env.str("ENV_FILE", str(Path(__file__).resolve().parent.parent / ".env")))

# Beyond what the web server waits for requests under way.
KILL_AFTER_SECONDS = 5.0


def main() -> int:
    count = env.int("WORKERS", 1)
    server, crew = processes.portal(), processes.workers(count)
    if not crew:
        os.chdir(processes.BASE_DIR)
        os.execv(sys.executable, [sys.executable, *server.arguments])
    stop = Stop()
    try:
        for process in (server, *crew):
            process.start()
        ended = processes.look_after([server], crew, stop)
    finally:
        processes.stop_all([server, *crew], env.int("GRACEFUL_SECONDS", 60) + KILL_AFTER_SECONDS)
    if ended is None:
        return 0
    tell(f"{ended.name} ended by itself ({ended.ending}), so its workers were stopped.", to_stderr=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
