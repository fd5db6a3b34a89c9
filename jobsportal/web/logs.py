"""The id of the request being served, in every log line, so that both servers' logs can be matched; and nothing in them
that opens a door."""

import logging
import re
from contextvars import ContextVar

current_request_id: ContextVar[str] = ContextVar("request_id", default="-")


class RequestIdFilter(logging.Filter):
    """Adds `request_id` to log records."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id.get()
        return True


# What stands in the address of a link to a file is all that it takes to get the file. However the address was written,
# or came through a proxy, the rest of its piece is left out.
LINK = re.compile(r"(?i)((?:/|%2f)s(?:/|%2f)+)[^/\s?#\"'<>]+")


def without_links(text: str) -> str:
    """The text as it may be kept: of links to files only that there was one."""
    return LINK.sub(r"\1…", text)


class LineFormatter(logging.Formatter):
    """Writes log lines, tracebacks included, without links to files."""

    def format(self, record: logging.LogRecord) -> str:
        return without_links(super().format(record))
