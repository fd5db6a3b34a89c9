"""Large files pass through: what a web process holds does not grow with them."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from requests_toolbelt import MultipartEncoder

from jobsportal.sandbox import Sandbox
from tests.server import Portal, running_portal

MIB = 1024 * 1024
LARGE = 512 * MIB
LIMIT = 150 * MIB

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def portal(running_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with running_portal(tmp_path_factory.mktemp("portal"), running_sandbox.url, WEB_PROCESSES="1") as portal:
        yield portal


@pytest.fixture
def person(portal: Portal, sandbox: Sandbox) -> requests.Session:
    session = requests.Session()
    session.get(f"{portal.url}/sign-in")
    data = {"username": "alice", "password": "annotate", "csrfmiddlewaretoken": session.cookies["portal_csrf"]}
    session.post(f"{portal.url}/sign-in", data=data).raise_for_status()
    return session


def test_a_download_of_512_mib(portal: Portal, person: requests.Session, sandbox: Sandbox):
    sandbox.padding = LARGE
    headers = {"Authorization": f"Token {sandbox.token('alice')}"}
    address = f"{sandbox.url}/api/jobs/1/dataset/export"
    answer = requests.post(address, params={"format": "COCO 1.0", "save_images": "false"}, headers=headers)
    request_id = answer.json()["rq_id"]
    while requests.get(f"{sandbox.url}/api/requests/{request_id}", headers=headers).json()["status"] != "finished":
        pass
    size = 0
    with person.get(f"{portal.url}/downloads/file", params={"id": request_id}, stream=True) as answer:
        assert answer.status_code == 200
        for piece in answer.iter_content(MIB):
            size += len(piece)
    assert size == int(answer.headers["Content-Length"]) > LARGE
    assert portal.peak_memory() < LIMIT


def test_an_upload_of_512_mib(portal: Portal, person: requests.Session, tmp_path: Path):
    file = tmp_path / "large.zip"
    with file.open("wb") as out:
        out.truncate(LARGE)
    with file.open("rb") as body:
        parts = {
            "csrfmiddlewaretoken": person.cookies["portal_csrf"],
            "format": "COCO 1.0",
            "replace": "on",
            "file": ("large.zip", body, "application/zip"),
        }
        encoder = MultipartEncoder(parts)
        answer = person.post(
            f"{portal.url}/jobs/1/upload/",
            data=encoder,
            headers={"Content-Type": encoder.content_type},
            allow_redirects=False,
        )
    assert answer.status_code == 302, answer.text[:2000]
    assert portal.peak_memory() < LIMIT


def test_an_upload_of_200_mib_in_pieces_that_breaks_off_twice(
    portal: Portal, person: requests.Session, sandbox: Sandbox
):
    """Once between the portal and the upstream, once between the browser and the portal, in the middle of a piece."""
    size, step = 200 * MIB, 8 * MIB
    headers = {"X-CSRFToken": token_of(person, portal)}
    options = {"format": "COCO 1.0", "replace": "on", "keep_backup": "on"}
    begin = person.post(
        f"{portal.url}/jobs/1/upload/begin", {"name": "a.zip", "size": size, **options}, headers=headers
    )
    address = f"{portal.url}/jobs/1/upload/piece?t={begin.json()['token']}"
    offset, breaks = 0, []
    while offset < size:
        if offset == 5 * step and "upstream" not in breaks:
            breaks.append("upstream")
            sandbox.fail("PATCH", "/annotations/", reset=True)
        if offset == 12 * step and "browser" not in breaks:
            breaks.append("browser")
            half_a_piece(portal, person, address, offset, headers)
            assert person.get(address).json()["offset"] == offset
        more = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        answer = person.patch(address, bytes(min(step, size - offset)), headers={**headers, **more})
        offset = answer.json()["offset"] if answer.ok else person.get(address).json()["offset"]
    answer = person.post(address.replace("piece", "finish"), options, headers=headers)
    assert answer.ok and "/upload/progress?r=" in answer.json()["follow"], answer.text
    assert breaks == ["upstream", "browser"] and portal.peak_memory() < LIMIT


def token_of(person: requests.Session, portal: Portal) -> str:
    page = person.get(f"{portal.url}/jobs/1/upload/").text
    return page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]


def half_a_piece(portal: Portal, person: requests.Session, address: str, offset: int, headers: dict[str, str]) -> None:
    """A browser whose line breaks while it sends."""
    target = address.removeprefix(portal.url)
    sent = {
        "Host": portal.url.removeprefix("http://"),
        "Cookie": "; ".join(f"{name}={value}" for name, value in person.cookies.items()),
        "Upload-Offset": str(offset),
        "Content-Length": str(8 * MIB),
        **headers,
    }
    lines = [f"PATCH {target} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
    host, port = sent["Host"].split(":")
    with socket.create_connection((host, int(port))) as line:
        line.sendall("\r\n".join(lines).encode() + bytes(3 * MIB))
