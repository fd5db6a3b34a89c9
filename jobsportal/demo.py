"""`make demo`: the portal with a worker and a stand-in CVAT server, started together and stopped together.

Runs on the standard library and Django alone, with data of its own under `var/demo`; neither the developer's data nor
the server named in `.env` is touched.
"""

import errno
import hashlib
import http.client
import os
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jobsportal.processes import BASE_DIR, Process, Stop, first_ended, look_after, stop_all, tell, workers

VAR_DIR = BASE_DIR / "var" / "demo"
HOST = "127.0.0.1"
READY_SECONDS = 60.0
GRACEFUL_SECONDS = 2
KILL_AFTER_SECONDS = GRACEFUL_SECONDS + 3.0
# Enough to change, distribute and undo hundreds at once.
SANDBOX_JOBS = "640"

WELCOME = """
  Jobs Portal  {portal}
  Demo CVAT    {sandbox}  (lives in memory: every start of the demo begins anew)

  Sign in as one of these; the password of everybody is  annotate

    admin             administrator of the server
    alice             maintainer of the organization acme
    bob               supervisor in acme
    carol dave erin   workers in acme; so are frank, heidi, ivan and judy
    mara              supervisor who only needs the data
    grace             owner of the organization harbor

  Ctrl-C stops all of it. What the portal asks of CVAT is written to {log}
"""


class CannotStart(Exception):
    """What stands in the way of the demo, in words for the person who started it."""


@dataclass
class Server(Process):
    """One of the two servers: also which address answers once it is up."""

    port: int = 0
    health_path: str = ""

    def answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", self.health_path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def port_from(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise CannotStart(f"{name} must be a port between 1 and 65535, not {text!r}.")


def refuse_busy_port(name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                why = f"Port {port} is in use by another program; perhaps the demo is running already."
            else:
                why = f"Port {port} cannot be used: {error.strerror}."
            raise CannotStart(
                f"{why}\nStop that program, or choose another port: make demo {name}={port + 10}"
            ) from None


def database(sandbox_port: int) -> Path:
    """The portal's own data beside the stand-in on this port."""
    return VAR_DIR / f"portal-{sandbox_port}.sqlite3"


def forget(sandbox_port: int) -> None:
    """Runs, records and sessions go with the stand-in that they belong to: later they would tell of jobs that never
    were. What a demo that was killed left behind goes before the next one."""
    for file in VAR_DIR.glob(f"{database(sandbox_port).name}*"):
        file.unlink()


def settings_for_the_demo(portal_port: int, sandbox_port: int) -> dict[str, str]:
    """Everything that decides where data goes and whom the portal calls, whatever `.env` and the shell say of it."""
    return {
        "DJANGO_SETTINGS_MODULE": "jobsportal.settings",
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(VAR_DIR),
        "STATIC_ROOT": str(VAR_DIR / "static"),
        "DATABASE_URL": f"sqlite:///{database(sandbox_port)}",
        "CACHE_URL": "dbcache://portal_cache",
        "SESSION_STORE": "db",
        "SECRET_KEY": "",
        "DEBUG": "false",
        "HTTPS": "false",
        "HSTS_SECONDS": "0",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "CSRF_TRUSTED_ORIGINS": "",
        "TRUSTED_PROXIES": "0",
        "CVAT_URL": f"http://{HOST}:{sandbox_port}",
        "CVAT_PUBLIC_URL": "",
        "CVAT_NAME": "Demo CVAT",
        "CVAT_CA_BUNDLE": "",
        "HOST": HOST,
        "PORT": str(portal_port),
        "SANDBOX_HOST": HOST,
        "SANDBOX_PORT": str(sandbox_port),
        "GRACEFUL_SECONDS": str(GRACEFUL_SECONDS),
        "TASKS_URL": "",
        "SANDBOX_JOBS": os.environ.get("SANDBOX_JOBS") or SANDBOX_JOBS,
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
    }


def prepare() -> None:
    """Bring database, cache table and static files up to date, in this process: Django is imported once."""
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    connections.close_all()

    stamp = VAR_DIR / "static.stamp"
    fingerprint = static_fingerprint()
    if not stamp.exists() or stamp.read_text() != fingerprint:
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(fingerprint)


def static_fingerprint() -> str:
    """Names, sizes and times of every static file: the same as last time means that nothing is to be collected."""
    return hashlib.sha256("\n".join(sorted(static_files())).encode()).hexdigest()


def static_files() -> Iterator[str]:
    from django.contrib.staticfiles.finders import get_finders

    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = Path(storage.path(name)).stat()
            yield f"{name} {stat.st_size} {stat.st_mtime_ns}"


def wait_until_ready(servers: list[Server], stop: Stop) -> None:
    """Return once every server answers, or one has ended, or a stop was asked for."""
    deadline = time.monotonic() + READY_SECONDS
    waiting = list(servers)
    while waiting and not stop.asked and first_ended([*servers]) is None:
        waiting = [server for server in waiting if not server.answers()]
        if waiting and time.monotonic() > deadline:
            names = " and ".join(server.name for server in waiting)
            raise CannotStart(f"After {READY_SECONDS:.0f} seconds still no answer from {names}.")
        time.sleep(0.05)


def last_words(server: Process, lines: int = 20) -> str:
    """The end of a log that nobody saw."""
    if server.log is None or not server.log.exists():
        return ""
    return "\n".join(server.log.read_text(errors="replace").splitlines()[-lines:])


def run(portal: Server, sandbox: Server) -> int:
    """Run all until a signal comes or a server ends; the exit code says which it was."""
    servers, crew = [sandbox, portal], workers(1)
    stop = Stop()
    try:
        for process in (*servers, *crew):
            process.start()
        wait_until_ready(servers, stop)
        if not stop.asked and first_ended([*servers]) is None:
            welcome(portal, sandbox)
        ended = look_after([*servers], crew, stop)
    finally:
        # The worker finishes what it has sent, and for that the stand-in has to be there.
        stop_all([portal, *crew], KILL_AFTER_SECONDS)
        stop_all([sandbox], KILL_AFTER_SECONDS)
        forget(sandbox.port)
    if ended is None:
        tell("\nStopped.")
        return 0
    tell(last_words(ended), to_stderr=True)
    tell(f"\n{ended.name} ended by itself ({ended.ending}), so the demo was stopped.", to_stderr=True)
    return 1


def welcome(portal: Server, sandbox: Server) -> None:
    log = os.path.relpath(sandbox.log) if sandbox.log else "the terminal"
    tell(WELCOME.format(portal=f"http://{HOST}:{portal.port}", sandbox=f"http://{HOST}:{sandbox.port}", log=log))


def main() -> int:
    try:
        portal_port, sandbox_port = port_from("PORT", 8000), port_from("SANDBOX_PORT", 8081)
        if portal_port == sandbox_port:
            raise CannotStart(f"PORT and SANDBOX_PORT are both {portal_port}; two servers need two ports.")
        refuse_busy_port("PORT", portal_port)
        refuse_busy_port("SANDBOX_PORT", sandbox_port)
        forget(sandbox_port)
        os.environ.update(settings_for_the_demo(portal_port, sandbox_port))
        tell("Starting Jobs Portal and a stand-in CVAT server ...")
        prepare()
        return run(
            portal=Server(
                "The portal", ["-m", "gunicorn", "jobsportal.wsgi"], port=portal_port, health_path="/healthz"
            ),
            sandbox=Server(
                "The stand-in CVAT server",
                ["manage.py", "sandbox", "--host", HOST, "--port", str(sandbox_port)],
                log=VAR_DIR / "sandbox.log",
                port=sandbox_port,
                health_path="/api/server/about",
            ),
        )
    except CannotStart as error:
        tell(str(error), to_stderr=True)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
