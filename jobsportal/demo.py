"""`make demo`: the portal and a stand-in CVAT server, started together and stopped together.

Runs on the standard library and Django alone, with data of its own under `var/demo`; neither the developer's data nor
the server named in `.env` is touched.
"""

import contextlib
import errno
import hashlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var" / "demo"
HOST = "127.0.0.1"
READY_SECONDS = 60.0
GRACEFUL_SECONDS = 2
KILL_AFTER_SECONDS = GRACEFUL_SECONDS + 3.0

WELCOME = """
  Jobs Portal  {portal}
  Demo CVAT    {sandbox}  (lives in memory: every start begins anew)

  Sign in as one of these; the password of everybody is  annotate

    admin             administrator of the server
    alice             maintainer of the organization acme
    bob               supervisor in acme
    carol dave erin   workers in acme
    mara              supervisor who only needs the data
    grace             owner of the organization harbor

  Ctrl-C stops both. What the portal asks of CVAT is written to {log}
"""


class CannotStart(Exception):
    """What stands in the way of the demo, in words for the person who started it."""


@dataclass
class Server:
    """One of the two servers: how it is started and which address answers once it is up.

    What it prints goes to the terminal, or to `log` if there is one.
    """

    name: str
    port: int
    health_path: str
    arguments: list[str]
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which stops both in order.
        command = [sys.executable, *self.arguments]
        with self.log.open("wb") if self.log else contextlib.nullcontext() as output:
            self.process = subprocess.Popen(
                command, cwd=BASE_DIR, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def exit_code(self) -> int | None:
        return self.process.poll() if self.process else None

    def answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", self.health_path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class Stop:
    """Set by the first signal that asks to stop."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.asked = False
        for number in self.SIGNALS:
            signal.signal(number, self.ask)

    def ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


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


def settings_for_the_demo(portal_port: int, sandbox_port: int) -> dict[str, str]:
    """Everything that decides where data goes and whom the portal calls, whatever `.env` and the shell say of it."""
    return {
        "DJANGO_SETTINGS_MODULE": "jobsportal.settings",
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(VAR_DIR),
        "STATIC_ROOT": str(VAR_DIR / "static"),
        "DATABASE_URL": f"sqlite:///{VAR_DIR / 'portal.sqlite3'}",
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


def first_ended(servers: list[Server]) -> Server | None:
    return next((server for server in servers if server.exit_code() is not None), None)


def wait_until_ready(servers: list[Server], stop: Stop) -> None:
    """Return once every server answers, or one has ended, or a stop was asked for."""
    deadline = time.monotonic() + READY_SECONDS
    waiting = list(servers)
    while waiting and not stop.asked and first_ended(servers) is None:
        waiting = [server for server in waiting if not server.answers()]
        if waiting and time.monotonic() > deadline:
            names = " and ".join(server.name for server in waiting)
            raise CannotStart(f"After {READY_SECONDS:.0f} seconds still no answer from {names}.")
        time.sleep(0.05)


def last_words(server: Server, lines: int = 20) -> str:
    """The end of a log that nobody saw."""
    if server.log is None or not server.log.exists():
        return ""
    return "\n".join(server.log.read_text(errors="replace").splitlines()[-lines:])


def stop_all(servers: list[Server]) -> None:
    """Ask every server to end, and make the ones end that do not within a few seconds."""
    running = [server.process for server in servers if server.process]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + KILL_AFTER_SECONDS
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def run(portal: Server, sandbox: Server) -> int:
    """Run both until a signal comes or one of them ends; the exit code says which it was."""
    servers = [sandbox, portal]
    stop = Stop()
    try:
        for server in servers:
            server.start()
        wait_until_ready(servers, stop)
        if not stop.asked and first_ended(servers) is None:
            welcome(portal, sandbox)
        while not stop.asked and first_ended(servers) is None:
            time.sleep(0.1)
        ended = None if stop.asked else first_ended(servers)
    finally:
        stop_all(servers)
    if ended is None:
        tell("\nStopped.")
        return 0
    tell(last_words(ended), to_stderr=True)
    tell(f"\n{ended.name} ended by itself ({ending(ended)}), so the demo was stopped.", to_stderr=True)
    return 1


def welcome(portal: Server, sandbox: Server) -> None:
    log = os.path.relpath(sandbox.log) if sandbox.log else "the terminal"
    tell(WELCOME.format(portal=f"http://{HOST}:{portal.port}", sandbox=f"http://{HOST}:{sandbox.port}", log=log))


def ending(server: Server) -> str:
    code = server.exit_code() or 0
    return f"by signal {-code}" if code < 0 else f"exit code {code}"


def tell(text: str, to_stderr: bool = False) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone
        print(text, file=sys.stderr if to_stderr else sys.stdout, flush=True)


def main() -> int:
    try:
        portal_port, sandbox_port = port_from("PORT", 8000), port_from("SANDBOX_PORT", 8081)
        if portal_port == sandbox_port:
            raise CannotStart(f"PORT and SANDBOX_PORT are both {portal_port}; two servers need two ports.")
        refuse_busy_port("PORT", portal_port)
        refuse_busy_port("SANDBOX_PORT", sandbox_port)
        os.environ.update(settings_for_the_demo(portal_port, sandbox_port))
        tell("Starting Jobs Portal and a stand-in CVAT server ...")
        prepare()
        return run(
            portal=Server("The portal", portal_port, "/healthz", ["-m", "gunicorn", "jobsportal.wsgi"]),
            sandbox=Server(
                "The stand-in CVAT server",
                sandbox_port,
                "/api/server/about",
                ["manage.py", "sandbox", "--host", HOST, "--port", str(sandbox_port)],
                log=VAR_DIR / "sandbox.log",
            ),
        )
    except CannotStart as error:
        tell(str(error), to_stderr=True)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
