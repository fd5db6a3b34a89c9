"""Transfers that have to break off: what is sent then must not look whole, so the connection is cut, which the server
does when something is raised out of the answer. That is no failure of the portal's, and its log says it in a line."""

import logging

from jobsportal.cvat.errors import CVATError


class Cut(Exception):
    """Raised in the middle of an answer, to cut it off."""


class CutFilter(logging.Filter):
    """Leaves of a transfer that was cut off, or broke off upstream, the reason alone."""

    def filter(self, record: logging.LogRecord) -> bool:
        reason = record.exc_info[1] if record.exc_info else None
        if isinstance(reason, Cut | CVATError):
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.msg, record.args = "A transfer was cut off: %s: %s", (type(reason).__name__, reason)
        return True
