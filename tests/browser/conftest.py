"""A real browser in front of the portal as it runs in production."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from jobsportal.sandbox import Sandbox
from tests.server import Portal

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    return next(filter(None, map(shutil.which, [named] if named else NAMES)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)
            if not chromium():
                item.add_marker(
                    pytest.mark.skip(reason="NO BROWSER TEST WAS RUN: there is no Chromium (see make test)")
                )


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    return {"executable_path": chromium(), "args": FLAGS}


@pytest.fixture(scope="session")
def base_url(served_portal: Portal) -> str:
    return served_portal.url


@pytest.fixture(autouse=True)
def fresh(sandbox: Sandbox) -> None:
    """The demo data as it was."""


@pytest.fixture(autouse=True)
def quiet(context: BrowserContext) -> Iterator[list[str]]:
    """Nothing may be blocked by the content security policy, and no script may fail."""
    problems: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        is_answer = any(words in message.text for words in ("responded with a status of 4", "Status Error Code 4"))
        if message.type == "error" and not is_answer:
            problems.append(message.text)

    context.on("console", listen)
    context.on("weberror", lambda error: problems.append(str(error.error)))
    yield problems
    assert not problems


Enter = Callable[..., None]


@pytest.fixture
def enter() -> Enter:
    def sign_in(page: Page, username: str = "alice", password: str = "annotate") -> None:
        page.goto("/sign-in")
        page.get_by_label("User name or e-mail").fill(username)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/jobs/*")

    return sign_in
