"""Files that pass from the upstream to the browser in pieces, never held whole."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from jobsportal.cvat.client import HEADER_VALUE, Download
from jobsportal.cvat.errors import BrokenAnswer, Busy
from jobsportal.cvat.job_data import picture_kind

NO_BODY = (204, 304)
PICTURE_SECONDS = 3600

# A transfer holds a thread for as long as it lasts. Some threads stay free for pages, however many transfers there are.
transfers = BoundedSemaphore(settings.TRANSFERS_MAX)


def take_place() -> None:
    """Take one of the places for transfers. Raises Busy where none is free."""
    if not transfers.acquire(blocking=False):
        words = "Too many files are on their way through the portal."
        raise Busy(detail=words, retry_after=30, status=503)


@contextmanager
def transfer() -> Iterator[None]:
    """Hold one of the places for transfers. Raises Busy where none is free."""
    take_place()
    try:
        yield
    finally:
        transfers.release()


class Transfer:
    """An iteration that holds one of the places for transfers until it is closed. Raises Busy where none is free."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        try:
            take_place()
        except Busy:
            close(pieces)
            raise
        self.pieces = pieces
        self.is_open = True

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.pieces)

    def close(self) -> None:
        close(self.pieces)
        if self.is_open:
            self.is_open = False
            transfers.release()


def close(pieces: Iterable[bytes]) -> None:
    end = getattr(pieces, "close", None)
    if end:
        end()


def csv_passed_on(request: HttpRequest, pieces: Iterable[bytes], filename: str) -> HttpResponseBase:
    """A table as a file, written while it is sent. `filename` is plain ASCII without quotes."""
    if request.META.get("SERVER_PROTOCOL") == "HTTP/1.0":
        # There a file without a length just ends: one that broke half-way would look whole.
        response: HttpResponseBase = HttpResponse(b"".join(pieces), content_type="text/csv; charset=utf-8")
    else:
        response = StreamingHttpResponse(Transfer(pieces), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def picture_passed_on(request: HttpRequest, download: Download, filename: str) -> HttpResponseBase:
    """A frame to be shown, kept by this person's browser. Raises BrokenAnswer for what is no picture."""
    kind = picture_kind(download.headers.get("Content-Type", ""))
    if not kind:
        download.close()
        raise BrokenAnswer("a frame that is no picture")
    response = passed_on(request, download, filename, kind, ["Content-Length"])
    response["Content-Disposition"] = "inline"
    response["Cache-Control"] = f"private, max-age={PICTURE_SECONDS}"
    return response


def passed_on(
    request: HttpRequest, download: Download, filename: str, content_type: str, keep: Iterable[str]
) -> HttpResponseBase:
    """The upstream's file as an attachment under a name of the portal's, with those of its headers that are to be kept.

    Whatever ends the answer (its end, a break upstream, a browser that goes away) closes the upstream's connection. A
    break upstream comes out of the iteration, so that the server cuts the connection: a short file never looks whole.
    Raises Busy while too many transfers are under way.
    """
    if request.method == "HEAD" or download.status in NO_BODY:
        download.close()
        response: HttpResponseBase = HttpResponse(status=download.status, content_type=content_type)
    else:
        response = StreamingHttpResponse(Transfer(download), status=download.status, content_type=content_type)
    # The bytes pass as they are, so what they are packed in has to be told, whoever asked for them unpacked.
    for name in ("Content-Encoding", *keep):
        if HEADER_VALUE.fullmatch(download.headers.get(name, "\0")):
            response[name] = download.headers[name]
    response["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response
