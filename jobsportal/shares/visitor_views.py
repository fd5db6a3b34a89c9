"""What somebody without an account sees of a link. Views state what they ask of the upstream, as the link's owner."""

from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from jobsportal.accounts.middleware import public
from jobsportal.cvat import errors
from jobsportal.shares import files, grants
from jobsportal.shares.files import FAILED, GONE, PREPARING, READY, Standing
from jobsportal.shares.models import USED_UP, Fetch
from jobsportal.shares.visitors import Visit, ended, for_visitors, gone, no_such_link, page, plain, quiet, see
from jobsportal.web.polling import pace, seconds_since

# A page that waits looks again by itself for so long.
PATIENCE_SECONDS = 60 * 60


@for_visitors
def visit(visit: Visit) -> HttpResponseBase:
    """GET, HEAD /s/{token}: what the file is, and the button that fetches it. POST: the password, which comes before.
    Upstream: nothing."""
    if visit.request.method not in ("GET", "HEAD", "POST"):
        return not_taken("GET, HEAD, POST")
    if visit.request.method == "POST":
        return see(visit.place())
    share = visit.share
    context = {
        "share": share,
        "place": visit.place("download"),
        "once": uuid4(),
        "can_begin": share.downloads_left != 0 or visit.unused_grant is not None,
    }
    return page("shares/visit.html", context)


@for_visitors
def download(visit: Visit) -> HttpResponseBase:
    """POST /s/{token}/download: grant one download and lead to it; GET leads to the page. Upstream: requests.retrieve;
    where the file is gone and can be prepared again, the export too."""
    if visit.request.method != "POST":
        return see(visit.place())
    share, person = visit.share, visit.person
    standing = files.standing_of(share, person)
    if standing.state != READY:
        return on_its_way(visit, standing)
    fetch = grants.take(visit.request, share, visit.once)
    if fetch is None:
        return ended(USED_UP)
    response = see(visit.place("file"))
    grants.hold(response, fetch, visit.place())
    return response


def on_its_way(visit: Visit, standing: Standing) -> HttpResponseBase:
    """Have the file prepared again, where that is wanted and not under way, and wait for it."""
    if standing.state == PREPARING:
        return see(visit.place("wait"))
    if not visit.share.recipe:
        return gone()
    try:
        files.prepare_again(visit.share, visit.person)
    except (errors.NotFound, errors.Invalid, errors.Unsupported):
        return gone()
    return see(visit.place("wait"))


@for_visitors
def wait(visit: Visit) -> HttpResponseBase:
    """GET /s/{token}/wait: how far the file is prepared; the page looks again by itself. Upstream:
    requests.retrieve."""
    standing = files.standing_of(visit.share, visit.person)
    if standing.state == READY:
        return see(visit.place())
    if standing.state == GONE:
        return see(visit.place()) if visit.share.recipe else gone()
    if standing.state == FAILED:
        words = "The server failed while it wrote the file. Try again in a minute, or ask whoever shared it."
        return plain("The file could not be prepared", words, 502, again=visit.place())
    is_patient = seconds_since(standing.since) < PATIENCE_SECONDS
    seconds = max(1, round(pace(standing.since) / 1000)) if is_patient else 0
    return page(
        "shares/wait.html",
        {"share": visit.share, "standing": standing, "seconds": seconds, "place": visit.place("wait")},
    )


@for_visitors
def file(visit: Visit) -> HttpResponseBase:
    """GET, HEAD /s/{token}/file: the file, for the browser that was granted a download. Upstream: requests.retrieve,
    requests.download and names; for a bundle what handing it over asks."""
    request, share = visit.request, visit.share
    if request.method not in ("GET", "HEAD"):
        return not_taken("GET, HEAD")
    fetch = grants.of(request, share)
    if fetch is None:
        words = "Downloads begin with the button on the page of the link, and go on in the same browser."
        return plain("Begin at the link", words, 403, back=visit.place())
    person = visit.person
    standing = files.standing_of(share, person)
    if standing.state != READY:
        return on_its_way(visit, standing)
    if is_beyond(visit, fetch, files.is_handed_out_once(share, person, standing)):
        return handed_over_already(visit)
    try:
        response = files.handed_over(request, share, person, standing)
    except errors.Conflict:
        return on_its_way(visit, Standing(PREPARING))
    except (errors.NotFound, errors.Unsupported):
        return on_its_way(visit, Standing(GONE))
    except errors.Invalid as error:
        return no_such_part(share.size) if error.status == 416 else on_its_way(visit, Standing(GONE))
    return counted(visit, fetch, response)


def is_beyond(visit: Visit, fetch: Fetch, is_handed_out_once: bool) -> bool:
    """Whether it is plain before the upstream is asked that the grant does not give this: asking may use a file up."""
    if visit.request.method == "HEAD" or not fetch.given:
        return False
    is_whole = is_handed_out_once or "Range" not in visit.request.headers
    return is_whole or (fetch.size is not None and fetch.given >= fetch.size)


def counted(visit: Visit, fetch: Fetch, response: HttpResponseBase) -> HttpResponseBase:
    """The answer, if the grant gives that much."""
    try:
        is_sent = visit.request.method != "HEAD"
        measured = grants.measured(response, fetch) if is_sent else response
    except BaseException:
        response.close()
        raise
    if measured is None:
        response.close()
        return handed_over_already(visit)
    _, total = grants.lengths(measured)
    if total is not None and visit.share.size is None:
        visit.share.size = total
        visit.share.save(update_fields=["size"])
    return measured


def handed_over_already(visit: Visit) -> HttpResponse:
    words = (
        "This browser was given the file already. If it broke off, resume it in the browser’s own list of downloads; "
        "otherwise begin again at the link."
    )
    return plain("This download was handed over", words, 410, back=visit.place())


def no_such_part(size: int | None) -> HttpResponse:
    """What was asked for lies behind the end of the file."""
    response = HttpResponse("There is no such part of the file.\n", status=416, content_type="text/plain")
    if size is not None:
        response["Content-Range"] = f"bytes */{size}"
    return response


def not_taken(methods: str) -> HttpResponse:
    return HttpResponse(status=405, headers={"Allow": methods})


@public
@csrf_exempt
def elsewhere(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """Whatever else begins like a link: answered as a link that isn't there. Upstream: nothing."""
    return quiet(no_such_link())
