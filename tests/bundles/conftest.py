"""Bundles in front of a real sandbox, prepared in the test's own process, fetched as browsers fetch them."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command

from jobsportal.accounts.person import Person
from jobsportal.bundles import orders, preparing
from jobsportal.bundles.models import PREPARING, Bundle, Part
from jobsportal.cvat import TokenCredential
from jobsportal.runs import engine, workers
from jobsportal.sandbox import Sandbox
from tests.checks import CheckedClient

ORGANIZATIONS = [(1, "acme", "Acme Labelling")]


@pytest.fixture(scope="session", autouse=True)
def static_files() -> None:
    call_command("collectstatic", interactive=False, verbosity=0)


def configure(settings, sandbox: Sandbox) -> None:
    settings.CVAT_URL = settings.CVAT_PUBLIC_URL = sandbox.url
    settings.CVAT_RETRIES = 0
    settings.BUNDLE_PARALLEL = 4
    cache.clear()
    workers.beat("test")
    engine.ending.clear()


@pytest.fixture(autouse=True)
def upstream(sandbox: Sandbox, settings, db) -> Sandbox:
    configure(settings, sandbox)
    return sandbox


@pytest.fixture
def older(settings, upstream: Sandbox) -> Iterator[Sandbox]:
    with Sandbox(version="2.20") as sandbox:
        configure(settings, sandbox)
        yield sandbox


def person_named(sandbox: Sandbox, username: str = "alice") -> Person:
    user = sandbox.store.user_named(username)
    return Person(user.id, username, username, TokenCredential(sandbox.token(username)), ORGANIZATIONS, "acme")


@pytest.fixture
def alice(upstream: Sandbox) -> Person:
    return person_named(upstream)


def order(person: Person, ids: Iterable[int], **options) -> Bundle:
    jobs = [person.client.jobs.retrieve(id) for id in ids]
    given = {"title": "Street scenes", "format": "COCO 1.0"} | options
    return orders.order(person, jobs, **given)


def step(bundle: Bundle) -> Bundle:
    """One turn of a worker, however soon after the last."""
    Bundle.objects.filter(pk=bundle.pk).update(rests_until=None)
    preparing.turn()
    bundle.refresh_from_db()
    return bundle


def prepared(bundle: Bundle, steps: int = 60) -> Bundle:
    """The bundle once a worker is through with it."""
    for _ in range(steps):
        if step(bundle).status != PREPARING:
            return bundle
    raise AssertionError([(part.job_id, part.status, part.words) for part in bundle.parts.all()])


def part(bundle: Bundle, job_id: int) -> Part:
    return bundle.parts.get(job_id=job_id)


def body(answer: Any) -> bytes:
    """All of an answer, which is closed then."""
    try:
        return b"".join(answer.streaming_content) if answer.streaming else answer.content
    finally:
        answer.close()


def opened(data: bytes) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    return archive


@pytest.fixture
def reader(alice: Person, settings) -> CheckedClient:
    """Alice's browser, at whatever upstream is configured now."""
    return browser_of("alice")


def browser_of(username: str) -> CheckedClient:
    client = CheckedClient()
    assert client.post("/sign-in", {"username": username, "password": "annotate"}).status_code == 302
    client.post("/organization", {"org": "acme"})
    return client


def address(bundle: Bundle, what: str = "file") -> str:
    return f"/downloads/bundles/{bundle.key}/{what}"
