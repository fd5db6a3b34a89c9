"""What the demo answers is as the servers describe it, wherever one looks, whoever looks."""

import pytest
import requests

from jobsportal.sandbox import Sandbox
from tests.replay.records import GENERATIONS
from tests.replay.schemas import schema

HEADERS = {"Accept": "application/vnd.cvat+json, */*;q=0.1"}
LISTS = [
    "users", "organizations", "memberships", "projects", "tasks", "jobs", "issues", "comments", "cloudstorages", "requests",
]  # fmt: skip
PLACES = ["", "?org=acme", "?org=", "?page_size=all", "?search=a&sort=-id"]
THINGS = [
    "server/about", "server/annotation/formats", "server/plugins", "users/self", "users/1", "organizations/1",
    "projects/1", "projects/3", "tasks/1", "tasks/5", "tasks/8", "jobs/1", "jobs/33", "jobs/59", "issues/1",
    "comments/1", "cloudstorages/1", "cloudstorages/1/content-v2", "cloudstorages/2/content-v2?prefix=incoming/",
    "jobs/1/annotations", "jobs/33/annotations", "jobs/1/data/meta", "jobs/33/data/meta", "jobs/59/data/meta",
    "jobs/59/validation_layout", "tasks/1/validation_layout", "tasks/2/validation_layout",
    "labels?job_id=1", "labels?task_id=8&page_size=all", "labels?project_id=3",
]  # fmt: skip


@pytest.fixture(scope="module", params=GENERATIONS)
def generation(request):
    return request.param


@pytest.fixture(scope="module")
def sandbox(generation):
    with Sandbox(version=generation, anonymous_per_minute=10_000) as sandbox:
        yield sandbox


def ask(sandbox, person, path):
    headers = HEADERS | {"Authorization": f"Token {sandbox.token(person)}"}
    return requests.get(f"{sandbox.url}/api/{path}", headers=headers, timeout=30)


@pytest.mark.parametrize("person", ["admin", "alice", "bob", "carol", "grace"])
def test_lists(sandbox, generation, person):
    wrong = []
    for path in [f"{name}{place}" for name in LISTS for place in PLACES]:
        answer = ask(sandbox, person, path)
        if not (answer.status_code == 403 and person == "grace" and "org=acme" in path):
            assert answer.status_code == 200, (path, answer.text)
            wrong += check(generation, path, answer)
    assert not wrong


def test_single_things(sandbox, generation):
    wrong = []
    for path in THINGS:
        answer = ask(sandbox, "admin", path)
        newer = generation == "2.20" and "validation_layout" in path
        assert answer.status_code == (404 if newer else 200), path
        if not newer:
            assert described(generation, path), f"nothing is said of {path}"
            wrong += check(generation, path, answer)
    assert not wrong


def described(generation, path):
    return schema(generation).answer("GET", "/api/" + path.partition("?")[0], 200)


def check(generation, path, answer):
    errors = schema(generation).errors("GET", "/api/" + path.partition("?")[0], 200, answer.json())
    return [f"{path}: {error}" for error in errors]
