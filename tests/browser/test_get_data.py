"""Somebody who has never heard of a format gets their data, in a real browser."""

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from jobsportal.sandbox import Sandbox
from tests.server import running_portal

MIB = 1024 * 1024
# What stands in for the browser's own notifications, which no test can look at
NOTIFICATIONS = """
window.shown = [];
window.Notification = class extends EventTarget {
  static permission = "default";
  static async requestPermission() { return (this.permission = "granted"); }
  constructor(title, { body }) { super(); window.shown.push(body); }
  close() {}
};
document.hasFocus = () => false;
"""


def finish(sandbox: Sandbox, project_id: int) -> None:
    for job in sandbox.store.jobs:
        if job.project_id == project_id:
            job.state = "completed"


def archive(path) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(path.read_bytes()))


def test_somebody_who_knows_nothing_gets_a_finished_project_in_three_clicks_and_a_confirmation(
    page: Page, context: BrowserContext, enter, sandbox: Sandbox
):
    finish(sandbox, 1)
    sandbox.request_seconds = 2.0
    enter(page, "mara")
    page.get_by_role("link", name="Downloads").click()
    page.get_by_role("link", name="Get data", exact=True).first.click()
    expect(page.get_by_text("31 of 31 jobs finished")).to_be_visible()

    page.get_by_role("link", name="Finished work of Street scenes").click()
    page.get_by_role("link", name=re.compile("^Train a detector")).click()
    page.get_by_role("link", name=re.compile("^Annotations only")).click()
    expect(page.get_by_text("You get the finished work of Street scenes")).to_contain_text("as COCO 1.0")
    page.get_by_role("button", name="Prepare the file").click()

    expect(page.locator(".item.is-new")).to_contain_text("Street scenes")
    page.close()
    later = context.new_page()
    later.goto("/downloads/")
    with later.expect_download() as coming:
        later.get_by_role("link", name=re.compile("^Download Street scenes")).click()
    file = coming.value
    assert re.fullmatch(r"Street-scenes-project1-coco-\d{4}-\d\d-\d\d\.zip", file.suggested_filename)
    assert any(name.endswith(".json") for name in archive(file.path()).namelist())


def test_finished_work_of_an_unfinished_project_becomes_one_zip(page: Page, enter, sandbox: Sandbox):
    enter(page)
    page.goto("/downloads/get/?org=acme")
    page.get_by_role("link", name="Finished work of Street scenes").click()
    page.get_by_role("link", name=re.compile("^Train a detector")).click()
    page.get_by_role("link", name=re.compile("^Annotations and images")).click()
    page.get_by_role("button", name="Prepare the file").dblclick()
    link = page.get_by_role("link", name="Download Street scenes, finished work")
    expect(link).to_be_visible(timeout=20_000)
    expect(page.get_by_role("link", name=re.compile("^Download Street scenes"))).to_have_count(1)
    with page.expect_download() as coming:
        link.click()
    names = archive(coming.value.path()).namelist()
    assert sum("manifest" in name for name in names) and any(name.endswith((".jpg", ".png")) for name in names)


def test_a_selection_of_the_list_leads_to_its_data(page: Page, enter, sandbox: Sandbox):
    enter(page)
    page.goto("/jobs/?org=acme&task_id=6&sort=id")
    for box in page.locator("[data-pick]").all()[:3]:
        box.check()
    page.get_by_role("button", name="Get data…").click()
    expect(page.get_by_text("3 jobs, 30 frames")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name=re.compile("^Excel")).click()
    page.get_by_role("button", name="Make the table").click()
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download Chosen jobs, table of objects").click()
    assert (
        coming.value.suggested_filename.endswith(".xlsx")
        and "xl/workbook.xml" in archive(coming.value.path()).namelist()
    )


@pytest.fixture
def page_of_its_own(tmp_path, browser: Browser, sandbox: Sandbox) -> Iterator[Page]:
    """In front of a portal whose log may tell of a break."""
    with running_portal(tmp_path, sandbox.url, POLL_SECONDS="0.2") as portal:
        context = browser.new_context(base_url=portal.url)
        yield context.new_page()
        context.close()


def test_a_download_that_is_cut_at_60_percent_is_resumed_to_the_same_bytes(
    page_of_its_own: Page, enter, sandbox: Sandbox
):
    """The browser goes on by itself, since the answer tells it how."""
    page = page_of_its_own
    sandbox.padding = 6 * MIB
    enter(page)
    page.goto("/downloads/get/confirm?org=acme&task=6&part=all&format=COCO+1.0&images=no")
    page.get_by_role("button", name="Prepare the file").click()
    link = page.get_by_role("link", name=re.compile("^Download Depot yard"))
    (made,) = sandbox.store.requests.values()
    whole = made.file.read_bytes()
    expect(link).to_be_visible()
    sandbox.fail(path="/dataset/download", truncate=round(len(whole) * 0.6))
    sandbox.calls.clear()
    with page.expect_download() as coming:
        link.click()
    got = coming.value.path().read_bytes()
    assert hashlib.sha256(got).digest() == hashlib.sha256(whole).digest()
    first, second = [call for call in sandbox.calls if call.path.endswith("/dataset/download")]
    assert "range" not in first.headers and second.status == 206
    assert int(re.fullmatch(r"bytes=(\d+)-", second.headers["range"])[1]) > 0 and second.headers["if-range"]


def test_a_file_that_gets_ready_is_told_on_other_pages(page: Page, enter, sandbox: Sandbox):
    sandbox.request_seconds = 1.5
    enter(page)
    page.goto("/downloads/get/confirm?org=acme&task=6&part=all&format=COCO+1.0&images=no")
    page.get_by_role("button", name="Prepare the file").click()
    expect(page.locator(".item.is-new")).to_be_visible()
    page.goto("/jobs/?org=acme")
    expect(page.locator(".toast", has_text="Depot yard, morning is ready.")).to_be_visible()
    assert page.title().startswith("(1 ready) ")
    expect(page.locator("[data-news-mark]")).to_have_text("1 ready")
    page.get_by_role("link", name="Go to Downloads").click()
    expect(page.get_by_role("heading", name="Downloads")).to_be_visible()
    page.goto("/jobs/?org=acme")
    expect(page.locator("[data-news-mark]")).to_be_hidden()


def test_the_browser_notifies_once_that_was_allowed_by_a_click(page: Page, context: BrowserContext, enter, sandbox):
    context.add_init_script(NOTIFICATIONS)
    sandbox.request_seconds = 60.0
    enter(page)
    page.goto("/downloads/get/confirm?org=acme&task=6&part=all&format=COCO+1.0&images=no")
    page.get_by_role("button", name="Prepare the file").click()
    tell = page.get_by_role("button", name="Tell me when it’s ready")
    expect(tell).to_be_visible()
    assert page.evaluate("Notification.permission") == "default"
    tell.click()
    expect(tell).to_be_hidden()
    expect(page.locator(".toast", has_text="Your browser will tell you")).to_be_visible()
    # A tab that nobody sees: the list doesn't look, the script does.
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    (made,) = sandbox.store.requests.values()
    made.abandon()
    made.status, made.finished = "finished", made.created
    expect(page).to_have_title(re.compile(r"^\(1 ready\)"), timeout=20_000)
    assert page.evaluate("window.shown") == ["Depot yard, morning is ready."]


def test_without_javascript_the_steps_lead_there_too(browser, base_url, enter, sandbox: Sandbox):
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    enter(page)
    page.goto("/downloads/get/?org=acme&of=task&search=hafen")
    page.get_by_role("link", name="Count them").click()
    expect(page.get_by_text("of 6 jobs finished")).to_be_visible()
    page.get_by_role("link", name="Everything of Hafen").click()
    page.get_by_role("link", name=re.compile("^Something else")).click()
    page.get_by_label("Format", exact=True).select_option("YOLO 1.1")
    page.get_by_role("button", name="Use this format").click()
    page.get_by_role("link", name=re.compile("^Annotations only")).click()
    page.get_by_role("button", name="Prepare the file").click()
    place = urlsplit(page.url)
    assert place.path == "/downloads/" and "new" in parse_qs(place.query)
    expect(page.get_by_role("link", name=re.compile("^Download Hafen"))).to_be_visible()
    context.close()


def test_a_storage_is_chosen_and_named(page: Page, enter, sandbox: Sandbox):
    enter(page)
    page.goto("/downloads/get/confirm?org=acme&task=6&part=all&format=COCO+1.0&images=no")
    expect(page.get_by_label("Name there")).to_be_hidden()
    page.get_by_label("A cloud storage").check()
    page.get_by_label("Storage", exact=True).select_option("Street archive")
    page.get_by_label("Name there").fill("exports/yard")
    page.get_by_role("button", name="Prepare the file").click()
    expect(page.get_by_text("Written to Street archive as exports/yard.zip")).to_be_visible()
    assert "exports/yard.zip" in sandbox.store.cloud_storages[1].files
