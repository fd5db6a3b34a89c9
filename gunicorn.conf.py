"""How gunicorn serves the portal. The settings read here are listed in `.env.example` with their defaults."""

import os
from pathlib import Path
from typing import Any

import environ

env = environ.Env()
env.read_env(env.str("ENV_FILE", str(Path(__file__).resolve().parent / ".env")))

bind = f"{env.str('HOST', '127.0.0.1')}:{env.int('PORT', 8000)}"

# Downloads and uploads pass through and hold a thread each while they last, so threads are many and processes few.
worker_class = "gthread"
workers = env.int("WEB_PROCESSES", 2)
threads = env.int("WEB_THREADS", 32)

# A stop lets transfers that are under way finish for so long. `timeout` is about a hung process, not a long request.
graceful_timeout = env.int("GRACEFUL_SECONDS", 60)
timeout = 60
# Longer than proxies usually keep an idle connection, so that none sends a request into one that is just closing.
keepalive = 75

# List filters live in the address.
limit_request_line = 8190

# Whom to believe about the visitor's address and scheme is Django's TRUSTED_PROXIES alone.
forwarded_allow_ips = ""
# No second way in besides the port.
control_socket_disable = True
# The workers' heartbeat must not wait for a disk.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

# The portal logs each request itself, with the request's id and without the query, which may name people.
accesslog = None
loglevel = env.str("LOG_LEVEL", "INFO").lower()


def on_starting(server: Any) -> None:
    """What gunicorn itself says of a request that failed must not hold a link to a file either; and a transfer that had
    to be cut off is no traceback."""
    from jobsportal.web.cutting import CutFilter
    from jobsportal.web.logs import LineFormatter

    for handler in server.log.error_log.handlers:
        handler.addFilter(CutFilter())
        handler.setFormatter(LineFormatter(server.log.error_fmt, server.log.datefmt))
