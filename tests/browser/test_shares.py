"""Sharing a file by a link, and fetching it without an account."""

import re
import zipfile

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_accessibility import complaints

JOB = 46


@pytest.fixture
def form(page: Page, enter) -> str:
    """The form that shares a finished export."""
    enter(page)
    page.goto(f"/jobs/{JOB}/export/")
    page.get_by_role("button", name="Prepare the file").click()
    download = page.locator("a[href*='/downloads/file?id=']").first
    expect(download).to_be_visible(timeout=20_000)
    id = re.search(r"id=([^&]+)", download.get_attribute("href"))[1]
    return f"/downloads/share/?id={id}"


def test_a_link_is_made_copied_and_fetched_without_account_or_scripts(
    page: Page, form: str, browser: Browser, base_url: str
) -> None:
    page.goto(form)
    assert not complaints(page)
    page.get_by_label("Password of your own").fill("open sesame")
    expect(page.get_by_label("Another")).to_be_checked()
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_label("Link", exact=True).input_value()
    assert not complaints(page)
    page.get_by_role("button", name="Copy the link").click()
    expect(page.locator("#toasts")).to_contain_text("Copied.")

    for theme, width in (("dark", 360), ("light", 1280)):
        context = browser.new_context(base_url=base_url, color_scheme=theme, viewport={"width": width, "height": 800})
        visitor = context.new_page()
        visitor.goto(link)
        expect(visitor.get_by_role("heading", level=1)).to_have_text("Alice Kim shares a file with you")
        assert not complaints(visitor)
        visitor.get_by_label("Password").fill("not this one")
        visitor.get_by_role("button", name="Go on").click()
        expect(visitor.get_by_text("This is not the password")).to_be_visible()
        assert not complaints(visitor)
        visitor.get_by_label("Password").fill("open sesame")
        visitor.get_by_role("button", name="Go on").click()
        expect(visitor.get_by_text("COCO 1.0").or_(visitor.get_by_text("CVAT for images 1.1"))).to_be_visible()
        assert not complaints(visitor)
        assert visitor.evaluate("document.documentElement.scrollWidth <= innerWidth")
        context.close()

    context = browser.new_context(base_url=base_url, java_script_enabled=False, accept_downloads=True)
    visitor = context.new_page()
    visitor.goto(link)
    visitor.get_by_label("Password").fill("open sesame")
    visitor.get_by_role("button", name="Go on").click()
    with visitor.expect_download() as download:
        visitor.get_by_role("button", name="Download").click()
    assert zipfile.ZipFile(download.value.path()).testzip() is None
    context.close()

    page.goto("/downloads/links/")
    expect(page.get_by_text("Downloaded 1 of 5 times")).to_be_visible()
    assert not complaints(page)
    page.get_by_role("link", name="Withdraw").first.click()
    assert not complaints(page)
    page.get_by_role("button", name="Withdraw the link").click()
    expect(page.get_by_text("withdrawn", exact=True)).to_be_visible()


def test_the_next_download_counts_again_on_a_page_that_stayed_open(
    page: Page, form: str, browser: Browser, base_url: str
):
    page.goto(form)
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_label("Link", exact=True).input_value()
    context = browser.new_context(base_url=base_url, accept_downloads=True)
    visitor = context.new_page()
    visitor.goto(link)
    for _ in range(2):
        with visitor.expect_download() as download:
            visitor.get_by_role("button", name="Download").click()
        assert zipfile.ZipFile(download.value.path()).testzip() is None
    context.close()
    page.goto("/downloads/links/")
    expect(page.get_by_text("Downloaded 2 of 5 times")).to_be_visible()
