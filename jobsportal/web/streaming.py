"""Files that pass from the upstream to the browser in pieces, never held whole."""

import re
from collections.abc import Iterable, Iterator, Mapping
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


def without_body(content_type: str, status: int = 200) -> HttpResponseBase:
    """The answer to HEAD of a file whose length may not be known: of any other answer without a body Django says that
    it has none."""
    return StreamingHttpResponse((), status=status, content_type=content_type)


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


class Skipped(Download):
    """A part of a file whose upstream hands out the whole only: what lies before it is read and dropped.

    Asked for are the bytes from `start` to `stop`, the latter not included, of `length`."""

    def __init__(self, whole: Download, start: int, stop: int, length: int) -> None:
        super().__init__(whole.response, whole.request_id)
        self.start, self.stop, self.length = start, stop, length

    @property
    def status(self) -> int:
        return 206

    @property
    def headers(self) -> Mapping[str, str]:
        headers = self.response.headers.copy()
        headers["Content-Length"] = str(self.stop - self.start)
        headers["Content-Range"] = f"bytes {self.start}-{self.stop - 1}/{self.length}"
        return headers

    def _pieces(self) -> Iterator[bytes]:
        at = 0
        whole = super()._pieces()
        try:
            for piece in whole:
                part = piece[max(0, self.start - at) : max(0, self.stop - at)]
                at += len(piece)
                if part:
                    yield part
                if at >= self.stop:
                    return
        finally:
            close(whole)


def skipping(request: HttpRequest, download: Download) -> Download:
    """The part that was asked for, of a file that the upstream sends whole although it was asked for a part. The file
    as it came in any other case: several parts, a part behind its end, an `If-Range` that names another state of it."""
    length = whole_length(download)
    wanted = re.fullmatch(r"bytes=([0-9]{0,15})-([0-9]{0,15})", request.headers.get("Range", "").strip())
    if length is None or wanted is None or not (wanted[1] or wanted[2]) or not is_same_state(request, download):
        return download
    start = int(wanted[1]) if wanted[1] else max(0, length - int(wanted[2]))
    stop = min(int(wanted[2]) + 1, length) if wanted[1] and wanted[2] else length
    return Skipped(download, start, stop, length) if start < stop else download


def whole_length(download: Download) -> int | None:
    """The length of a file that comes whole, where the upstream tells it."""
    return download.whole_length if download.status == 200 else None


def is_same_state(request: HttpRequest, download: Download) -> bool:
    """Whether a part of this file fits to what was fetched before. A weak tag says nothing about that."""
    condition = request.headers.get("If-Range")
    tags = [download.headers.get("ETag", ""), download.headers.get("Last-Modified", "")]
    return condition is None or condition in [tag for tag in tags if tag and not tag.startswith("W/")]


def passed_on(
    request: HttpRequest, download: Download, filename: str, content_type: str, keep: Iterable[str]
) -> HttpResponseBase:
    """The upstream's file as an attachment under a name of the portal's, with those of its headers that are to be kept.

    Whatever ends the answer (its end, a break upstream, a browser that goes away) closes the upstream's connection. A
    break upstream comes out of the iteration, so that the server cuts the connection: a short file never looks whole.
    Raises Busy while too many transfers are under way.
    """
    if download.status in NO_BODY:
        download.close()
        response: HttpResponseBase = HttpResponse(status=download.status, content_type=content_type)
    elif request.method == "HEAD":
        download.close()
        response = without_body(content_type, download.status)
    else:
        response = StreamingHttpResponse(Transfer(download), status=download.status, content_type=content_type)
    # The bytes pass as they are, so what they are packed in has to be told, whoever asked for them unpacked.
    for name in ("Content-Encoding", *keep):
        if HEADER_VALUE.fullmatch(download.headers.get(name, "\0")):
            response[name] = download.headers[name]
    response["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response
