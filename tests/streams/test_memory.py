"""Large files pass through: what a web process holds does not grow with them."""

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
