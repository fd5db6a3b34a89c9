"""Tens of thousands of shapes are replaced, kept as a backup and restored within bounded memory."""

import random
import re
from collections.abc import Iterator

import msgspec
import pytest
import requests

from jobsportal.sandbox import Sandbox
from tests.server import Portal, running_portal

MIB = 1024 * 1024
SHAPES = 40_000
LIMIT = 300 * MIB

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def portal(running_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with running_portal(tmp_path_factory.mktemp("portal"), running_sandbox.url, WEB_PROCESSES="1") as portal:
        yield portal


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(seen|total|once)" value="([^"]*)"', page))


def test_forty_thousand_shapes_there_and_back(portal: Portal, sandbox: Sandbox):
    person = requests.Session()
    person.get(f"{portal.url}/sign-in")

    def post(path: str, **options):
        data = options.pop("data", {}) | {"csrfmiddlewaretoken": person.cookies["portal_csrf"]}
        answer = person.post(portal.url + path if path.startswith("/") else path, data=data, timeout=120, **options)
        answer.raise_for_status()
        return answer

    post("/sign-in", data={"username": "alice", "password": "annotate"})
    label = next(iter(sandbox.store.labels_of_task(sandbox.store.task_of(sandbox.store.jobs[46])))).id
    random.seed(1)
    shapes = [
        {
            "type": "rectangle",
            "frame": 80 + number % 10,
            "label_id": label,
            "points": [random.random() * 500 for _ in range(4)],
        }
        for number in range(SHAPES)
    ]
    content = msgspec.json.encode({"shapes": shapes})
    looked = post("/jobs/46/annotations/edit/", data={"action": "replace"}, files={"file": ("large.json", content)})
    assert "20 go, 40,000 come" in looked.text
    done = post(looked.url, data=hidden(looked.text))
    assert (
        "20&nbsp;→&nbsp;40,000" in done.text
        and len(sandbox.store.annotations_of(sandbox.store.jobs[46])["shapes"]) == SHAPES
    )
    cleared = person.get(f"{portal.url}/jobs/46/annotations/clear/")
    post("/jobs/46/annotations/clear/", data=hidden(cleared.text) | {"typed": "46"})
    page = person.get(f"{portal.url}/jobs/46/annotations/edit/").text
    restore = re.search(r'href="(/jobs/46/annotations/backups/[^"]*/restore/)"', page)[1]
    assert len(sandbox.store.annotations_of(sandbox.store.jobs[46])["shapes"]) == 0
    assert "0&nbsp;→&nbsp;40,000" in post(restore).text
    assert portal.peak_memory() < LIMIT
