"""The portal as it runs in production, with people who sign in and visitors who don't, over real sockets."""

import re
from collections.abc import Callable, Iterator
from html import unescape

import pytest
import requests

from jobsportal.sandbox import Sandbox
from tests.server import Portal, running_portal

JOB = 46
PADDING = 20_000_000


@pytest.fixture(scope="module")
def served(tmp_path_factory, running_sandbox) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("shares")
    with running_portal(folder, running_sandbox.url, SIGN_IN_ATTEMPTS="3", has_worker=False) as portal:
        yield portal


@pytest.fixture(scope="module")
def older() -> Iterator[Sandbox]:
    with Sandbox(version="2.20", anonymous_per_minute=100_000) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def served_older(tmp_path_factory, older) -> Iterator[Portal]:
    with running_portal(tmp_path_factory.mktemp("older"), older.url, has_worker=False) as portal:
        yield portal


class Owner:
    """Somebody who is signed in."""

    def __init__(self, portal: Portal, username: str = "alice") -> None:
        self.portal, self.browser = portal, requests.Session()
        self.post("/sign-in", username=username, password="annotate")

    def get(self, path: str, **options) -> requests.Response:
        return self.browser.get(self.portal.url + path, timeout=30, **options)

    def post(self, path: str, **fields) -> requests.Response:
        page = self.get("/sign-in").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        return self.browser.post(self.portal.url + path, {"csrfmiddlewaretoken": token, **fields}, timeout=30)

    def export(self, job: int = JOB) -> str:
        """The query that names a finished export."""
        self.post(f"/jobs/{job}/export/", format="COCO 1.0", save_images="false")
        for _ in range(200):
            if found := re.search(r"/downloads/file\?(id=[^&\"]+)", unescape(self.get("/downloads/").text)):
                return found[1]
        raise AssertionError("the export is not ready")

    def share(self, query: str, **changes) -> str:
        """The path of a new link."""
        form = {"lasts": "1d", "downloads": "5", "lock": "none", **changes}
        page = self.post(f"/downloads/share/?{query}", **form).text
        found = re.search(r'value="http://[^/"]+(/s/[\w-]{43})"', page)
        assert found, page
        return found[1]


Shared = Callable[..., str]


@pytest.fixture
def owner(served, sandbox) -> Owner:
    sandbox.padding = 0
    return Owner(served)


@pytest.fixture
def large(owner, sandbox) -> Iterator[str]:
    """The query that names an export of 20 MB."""
    sandbox.padding = PADDING
    yield owner.export()
    sandbox.padding = 0
