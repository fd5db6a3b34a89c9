"""axe finds nothing to complain about on any page, in either theme, wide or narrow."""

import re
from pathlib import Path

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from jobsportal.sandbox import Sandbox
from tests.browser.test_uploads import xml

PAGES = [
    "/jobs/?org=acme",
    "/jobs/?org=acme&state=completed&assignee=dave&search=north",
    "/jobs/?org=acme&task_id=99999",
    "/jobs/?org=acme&stage=bogus&page=0",
    "/jobs/?org=acme&page=999",
    "/jobs/3/",
    "/jobs/3/history/",
    "/jobs/rule?org=acme",
    "/jobs/go?q=north",
    "/views/",
    "/activity/",
    "/runs/",
    "/workload/",
    "/workload/projects",
    "/workload/tasks",
    "/distribute/",
    "/jobs/999999/",
    "/jobs/3/edit/assignee",
    "/jobs/3/edit/stage",
    "/jobs/1/annotations/",
    "/jobs/3/annotations/",
    "/jobs/1/upload/",
    "/jobs/3/upload/",
    "/upload/",
    "/upload/?org=acme&task_id=6",
    "/jobs/1/export/",
    "/downloads/",
    "/downloads/get/?org=acme&counted=1",
    "/downloads/get/?org=acme&of=task&search=nothing",
    "/downloads/get/?org=acme&jobs=1,2,8",
    "/downloads/get/for?org=acme&project=1&part=finished",
    "/downloads/get/for?org=acme&project=1&part=all&own=1&format=Nope",
    "/downloads/get/images?org=acme&project=1&part=all&format=COCO+1.0",
    "/downloads/get/confirm?org=acme&project=1&part=all&format=COCO+1.0&images=yes",
    "/downloads/get/confirm?org=acme&project=1&part=finished&format=COCO+1.0&images=no",
    "/downloads/get/confirm?org=acme&jobs=1,2&purpose=table&kind=csv",
    "/downloads/get/for?jobs=",
    "/jobs/new/",
    "/jobs/new/?task=99999",
    "/jobs/new/?task=1",
    "/jobs/new/?task=2",
    "/jobs/new/?task=2&method=manual&frames=0-3",
    "/jobs/3/delete/",
    "/jobs/58/delete/",
    "/server/",
    "/nowhere",
]
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


@pytest.fixture(params=[("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)], ids=lambda p: f"{p[0]}-{p[1]}")
def page_in_theme(request: pytest.FixtureRequest, browser: Browser, base_url: str):
    theme, width = request.param
    context = browser.new_context(
        base_url=base_url, color_scheme=theme, viewport={"width": width, "height": 800}, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


def complaints(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{page.url}: {rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


def test_axe_finds_nothing_on_any_page(page_in_theme: Page, enter, sandbox: Sandbox):
    page = page_in_theme
    page.goto("/sign-in")
    page.locator(".other-way summary").click()
    found = complaints(page)
    page.get_by_role("button", name="Use the token").click()
    expect(page.get_by_text("Paste the token.")).to_be_visible()
    found += complaints(page)
    enter(page)
    leave_exports(sandbox)
    for path in PAGES:
        page.goto(path)
        expect(page.locator("[hx-trigger=load]:empty, .htmx-request")).to_have_count(0)
        found += complaints(page)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_in_what_opens_on_a_page(page_in_theme: Page, enter):
    page = page_in_theme
    enter(page)
    page.goto("/jobs/?org=acme&view=unassigned")
    found = []
    for field in ("assignee", "stage", "state"):
        page.locator("#job-3").get_by_role("link", name=f"change the {field}").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        found += complaints(page)
        page.keyboard.press("Escape")
    page.locator("summary", has_text="Filter").click()
    found += complaints(page)
    page.keyboard.press("Escape")
    page.locator("summary", has_text="Organization").click()
    found += complaints(page)
    page.keyboard.press("Escape")
    page.locator("#job-3").get_by_role("link", name="change the state").click()
    page.get_by_role("dialog").get_by_role("button", name="completed").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    found += complaints(page)
    assert not found, "\n".join(found)


def leave_exports(sandbox: Sandbox) -> None:
    """A finished export and a running one, so that the downloads page has something of each to show."""
    headers = {"Authorization": f"Token {sandbox.token('alice')}"}
    for job_id, seconds in ((1, 0.0), (2, 600.0)):
        sandbox.request_seconds = seconds
        address = f"{sandbox.url}/api/jobs/{job_id}/dataset/export"
        requests.post(address, params={"format": "COCO 1.0"}, headers=headers, timeout=10).raise_for_status()


def test_axe_finds_nothing_in_what_follows_from_work(page_in_theme: Page, enter, sandbox: Sandbox, tmp_path):
    """Imports that run, succeed and fail; a conflict; an upstream that fails; being signed out."""
    page = page_in_theme
    enter(page)
    found = []
    sandbox.request_seconds = 600.0
    stranger = b'{"images": [{"id": 1, "file_name": "nope.jpg"}], "annotations": [], "categories": []}'
    for content in (b'{"images": [], "annotations": [], "categories": []}', stranger):
        file = tmp_path / "some.json"
        file.write_bytes(content)
        page.goto("/jobs/1/upload/")
        page.get_by_label("File", exact=True).set_input_files(file)
        page.get_by_label("Format the file was written in").select_option("COCO 1.0")
        page.get_by_label(re.compile("^Replace")).check()
        page.get_by_role("button", name="Upload").click()
        expect(page.locator("#import")).to_be_visible()
        found += complaints(page)
        sandbox.reset()
        sandbox.request_seconds = 0.0
    page.goto("/upload/?org=acme&task_id=6")
    page.get_by_label("Files, one for each job").set_input_files(many_files(sandbox, tmp_path))
    expect(page.locator("[data-state=checking]")).to_have_count(0)
    found += complaints(page)
    page.get_by_label(re.compile("^Replace the")).check()
    page.get_by_role("button", name="Upload 2 files").click()
    expect(page.locator("[data-state=done]")).to_have_count(1)
    expect(page.locator("[data-state=failed]")).to_have_count(1)
    found += complaints(page)
    page.goto("/jobs/3/edit/state?seen_assignee=5&seen_stage=annotation&seen_state=new&version=x")
    found += complaints(page)
    page.goto("/jobs/new/?task=2&method=manual&frames=oops&assignee=zelda")
    page.get_by_role("button", name="Make the ground truth job").click()
    expect(page.get_by_text("is neither a frame")).to_be_visible()
    found += complaints(page)
    page.goto("/jobs/58/delete/")
    page.get_by_role("button", name="Delete job 58").click()
    found += complaints(page)
    sandbox.fail(path="^/api/jobs$", status=500, times=None)
    page.goto("/jobs/")
    found += complaints(page)
    sandbox.faults.clear()
    sandbox.revoke("alice")
    page.goto("/jobs/")
    found += complaints(page)
    assert not found, "\n".join(found)


def many_files(sandbox: Sandbox, folder: Path) -> list[Path]:
    """Of each kind: good ones, one with an unknown label, a picture, one without a job, two for the same."""
    contents = {
        "job46.xml": xml(sandbox, 46),
        "job47.xml": xml(sandbox, 47, "zebra"),
        "stray.xml": xml(sandbox, 46),
        "job48.xml": "\N{REPLACEMENT CHARACTER}",
        "job45.xml": xml(sandbox, 45),
        "45.xml": xml(sandbox, 45),
    }
    for name, content in contents.items():
        (folder / name).write_text(content)
    return [folder / name for name in contents]
