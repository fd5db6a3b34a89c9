"""Files that pass from the upstream to the browser in pieces, never held whole."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from jobsportal.cvat.client import Download

NO_BODY = (204, 304)


def passed_on(
    request: HttpRequest, download: Download, filename: str, content_type: str, keep: Iterable[str]
) -> HttpResponseBase:
    """The upstream's file as an attachment under a name of the portal's, with those of its headers that are to be kept.

    Whatever ends the answer (its end, a break upstream, a browser that goes away) closes the upstream's connection. A
    break upstream comes out of the iteration, so that the server cuts the connection: a short file never looks whole.
    """
    if request.method == "HEAD" or download.status in NO_BODY:
        download.close()
        response: HttpResponseBase = HttpResponse(status=download.status, content_type=content_type)
    else:
        response = StreamingHttpResponse(download, status=download.status, content_type=content_type)
    for name in keep:
        if name in download.headers:
            response[name] = download.headers[name]
    response["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response
