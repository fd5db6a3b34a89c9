"""Downloads through links on the wire: how much one grant gives, and to how many."""

import hashlib
import http.client
import io
import re
import socket
import zipfile
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.shares.conftest import JOB, PADDING, Owner


def granted(served, link, **fields):
    """A browser that was granted a download, and where the file is."""
    browser = requests.Session()
    answer = browser.post(f"{served.url}{link}/download", fields, allow_redirects=False, timeout=30)
    assert answer.status_code == 303, answer.text
    return browser, served.url + answer.headers["Location"]


class ShortLine(HTTPAdapter):
    """Connections on which little is under way, as on a line that is slower than the portal."""

    def init_poolmanager(self, *args, **options):
        options["socket_options"] = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 128 * 1024)]
        super().init_poolmanager(*args, **options)


def read_some(browser, place, enough, **headers):
    """What arrives until there is enough; then the connection is cut."""
    got = b""
    browser.mount("http://", ShortLine())
    with browser.get(place, headers=headers, stream=True, timeout=30) as answer:
        for piece in answer.iter_content(64 * 1024):
            got += piece
            if len(got) >= enough:
                break
        answer.raw.close()
    return answer, got


def read_all(browser, place, **headers):
    """Status, and all that arrives, however it ends."""
    got = b""
    try:
        with browser.get(place, headers=headers, stream=True, timeout=30) as answer:
            for piece in answer.iter_content(64 * 1024):
                got += piece
    except requests.RequestException:
        pass
    return answer.status_code, got


def settled(owner, words):
    """The list of links once it says so: an answer's count is settled just after its last byte has arrived."""
    for _ in range(300):
        page = owner.get("/downloads/links/").text
        if words in page:
            return page
    raise AssertionError(f"never said: {words}")


def test_a_stranger_gets_the_very_bytes_that_the_owner_gets(served, owner, large):
    link = owner.share(large)
    browser, place = granted(served, link)
    answer = browser.get(place, timeout=30)
    own = owner.get(f"/downloads/file?{large}")
    assert answer.status_code == 200 and len(answer.content) > PADDING
    assert hashlib.sha256(answer.content).digest() == hashlib.sha256(own.content).digest()
    assert answer.headers["Content-Disposition"] == own.headers["Content-Disposition"]
    assert "whole" in settled(owner, "whole")


def test_a_download_that_the_visitor_lost_half_way_is_gone_on_with(served, owner, large):
    link = owner.share(large, downloads="1")
    browser, place = granted(served, link)
    answer, got = read_some(browser, place, 12_000_000)
    tag, size = answer.headers["ETag"], int(answer.headers["Content-Length"])
    for _ in range(200):  # until the portal has noticed
        status, rest = read_all(browser, place, **{"Range": f"bytes={len(got)}-", "If-Range": tag})
        if status == 206:
            break
    assert status == 206 and len(got) + len(rest) == size
    assert zipfile.ZipFile(io.BytesIO(got + rest)).testzip() is None
    assert "Downloaded 1 of 1 time" in owner.get("/downloads/links/").text
    assert browser.get(place, headers={"Range": "bytes=0-"}, timeout=30).status_code == 410


def test_a_download_that_broke_upstream_is_gone_on_with(served, owner, sandbox, large):
    link = owner.share(large, downloads="1")
    browser, place = granted(served, link)
    sandbox.fail(path="/dataset/download", truncate=12_000_000)
    status, got = read_all(browser, place)
    assert status == 200 and 0 < len(got) <= 12_000_000
    status, rest = read_all(browser, place, Range=f"bytes={len(got)}-")
    assert status == 206 and zipfile.ZipFile(io.BytesIO(got + rest)).testzip() is None


def test_a_transfer_that_is_cut_off_is_one_line_of_the_log(served, owner, sandbox, large):
    link = owner.share(large)
    browser, place = granted(served, link)
    before = len(served.log.read_text())
    sandbox.fail(path="/dataset/download", truncate=12_000_000)
    read_all(browser, place)
    for _ in range(300):
        if "cut off" in (told := served.log.read_text()[before:]):
            break
        owner.get("/healthz")
    assert "A transfer was cut off: Unreachable: " in told and "Traceback" not in told and link not in told


def test_whoever_asks_only_for_the_headers_of_a_table_is_told_no_length(served, owner):
    made = owner.post("/downloads/get/confirm?org=acme", jobs=str(JOB), purpose="table", kind="csv")
    found = re.search(r"/downloads/bundles/[\w-]+/file", made.text)
    answer = owner.browser.head(served.url + found[0], timeout=30)
    assert answer.status_code == 200 and "Content-Length" not in answer.headers
    assert owner.get(found[0]).content, "on the same connection"


def test_side_by_side_one_grant_gives_one_file(served, owner, large):
    link = owner.share(large, downloads="1")
    browser, place = granted(served, link)
    cookies = browser.cookies.get_dict()

    def fetch(number):
        one = requests.Session()
        one.cookies.update(cookies)
        return read_all(one, place, **({"Range": f"bytes={number}-"} if number else {}))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(fetch, range(8)))
    given = [(status, len(got)) for status, got in answers if status in (200, 206)]
    assert len(given) == 1 and all(status == 410 for status, _ in answers if status not in (200, 206))


def test_cutting_connections_never_brings_the_file_twice(served, owner, large):
    link = owner.share(large, downloads="1")
    browser, place = granted(served, link)
    cookies, got, size = browser.cookies.get_dict(), 0, PADDING
    for _ in range(40):
        one = requests.Session()
        one.cookies.update(cookies)
        answer, piece = read_some(one, place, 3_000_000, Range="bytes=0-")
        if answer.status_code == 206:
            got += len(piece)
            size = int(answer.headers["Content-Range"].rpartition("/")[2])
    assert got < 2 * size


def test_two_at_once_do_not_share_the_last_download(served, owner):
    link = owner.share(owner.export(), downloads="1")

    def press(_):
        answer = requests.post(f"{served.url}{link}/download", {"once": uuid4()}, allow_redirects=False, timeout=30)
        return answer.status_code

    with ThreadPoolExecutor(12) as pool:
        statuses = sorted(pool.map(press, range(12)))
    assert statuses == [303] + [410] * 11


def test_a_double_click_is_one_download(served, owner):
    link, once = owner.share(owner.export(), downloads="1"), uuid4()

    def press(_):
        answer = requests.post(f"{served.url}{link}/download", {"once": once}, allow_redirects=False, timeout=30)
        return answer.status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(press, range(4))) == {303}
    assert "Downloaded 1 of 1 time" in owner.get("/downloads/links/").text


def test_guesses_side_by_side_are_no_more_than_the_limit(served, owner):
    link = owner.share(owner.export(), lock="own", password="open sesame")

    def guess(number):
        return requests.post(f"{served.url}{link}", {"password": f"guess {number}"}, timeout=60).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(guess, range(8)))
    assert statuses == [422] * 3 + [429] * 5


def test_the_link_outlives_its_owners_session(served, owner):
    link = owner.share(owner.export())
    owner.post("/sign-out")
    browser, place = granted(served, link)
    assert browser.get(place, timeout=30).content[:2] == b"PK"


def test_somebody_else_who_is_signed_in_gets_it_as_a_stranger_does(served, owner, sandbox):
    link, bob = owner.share(owner.export()), Owner(served, "bob")
    sandbox.calls.clear()
    answer = bob.browser.post(f"{served.url}{link}/download", timeout=30)
    assert answer.status_code == 200 and answer.content[:2] == b"PK"
    owners = {call.headers.get("authorization") for call in sandbox.calls}
    sandbox.calls.clear()
    bob.get("/downloads/")
    assert len(owners) == 1 and not owners & {call.headers.get("authorization") for call in sandbox.calls}


def raw(served, path, method="GET"):
    """The answer to a path that no client tidies up."""
    parts = urlsplit(served.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    connection.putrequest(method, path)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


@pytest.mark.parametrize(
    "path",
    ["/s/{}/../{}", "//s/{}", "/s//{}", "/s/%2e%2e/s/{}", "/S/{}", "/s/{}%00", "/s/{}%0a", "/s/./{}", "/s/{}/%2e%2e"],
)
def test_crooked_ways_to_a_link_lead_nowhere(served, owner, path):
    token = owner.share(owner.export()).rpartition("/")[2]
    status, body = raw(served, path.replace("{}", token))
    assert status in (302, 404) and b"Depot" not in body
    status, body = raw(served, path.replace("{}", token) + "/file")
    assert status in (302, 404) and b"PK" not in body[:2]


def test_no_log_of_the_running_portal_holds_a_link(served, owner, sandbox, large):
    link = owner.share(large)
    token = link.rpartition("/")[2]
    browser, place = granted(served, link)
    for path in (link, f"//s/{token}", f"/s%2F{token}", f"/s/{token}/nope", f"/S/{token}"):
        raw(served, path)
    with socket.create_connection(urlsplit(served.url).netloc.split(":")) as line:
        line.sendall(f"GET /s/{token} is no address HTTP/1.1\r\n\r\n".encode())
        assert b"400" in line.recv(1000)
    sandbox.fail(path="/api/requests", status=500)
    assert requests.get(f"{served.url}{link}/wait", timeout=30).status_code == 502
    sandbox.fail(path="/dataset/download", truncate=12_000_000)
    read_all(browser, place)
    log = served.log.read_text()
    assert "/s/…/wait" in log or "/s/\\u2026/wait" in log
    assert token not in log and browser.cookies.get_dict()["portal_grant"] not in log


# A server of the older generation


def test_there_each_download_has_a_file_of_its_own(served_older, older):
    older.reset()
    owner = Owner(served_older)
    link = owner.share(owner.export(), again="on", downloads="5")
    for _ in range(2):
        browser = requests.Session()
        for _ in range(300):
            answer = browser.post(f"{served_older.url}{link}/download", allow_redirects=False, timeout=30)
            if answer.headers["Location"].endswith("/file"):
                break
        content = browser.get(f"{served_older.url}{link}/file", timeout=30).content
        assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    assert "Downloaded 2 of 5 times" in owner.get("/downloads/links/").text
