"""Views in a real browser: saved by one, opened by a colleague from its link."""

import pytest
from playwright.sync_api import Browser, Page, expect

from jobsportal.sandbox import Sandbox
from tests.browser.test_accessibility import complaints, page_in_theme  # noqa: F401


def save(page: Page, name: str, *, shared: bool = False) -> None:
    page.get_by_role("button", name="Save this view").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type(name)
    if shared:
        page.get_by_label("Share with").check()
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("status")).to_contain_text(f"Saved as “{name}”")


def post(page: Page, path: str, **form: str) -> None:
    """What a form on a page would send."""
    token = next(one["value"] for one in page.context.cookies() if one["name"] == "portal_csrf")
    assert page.request.post(path, form=form, headers={"X-CSRFToken": token}).ok


def tab(page: Page, name: str):
    return page.get_by_role("navigation", name="Views").get_by_role("link", name=name)


def remove(page: Page, name: str) -> None:
    page.goto("/views/")
    page.get_by_role("link", name=f"Delete {name}").click()
    page.get_by_role("button", name="Delete the view").click()
    expect(page.get_by_role("status")).to_contain_text("is deleted")


def test_a_view_is_shared_and_a_colleague_opens_it_from_its_link(
    page: Page, enter, browser: Browser, base_url: str, sandbox: Sandbox
):
    enter(page)
    page.goto("/jobs/?org=acme&stage=validation&sort=id")
    save(page, "Night shift", shared=True)
    expect(tab(page, "Night shift")).to_have_attribute("aria-current", "page")
    expect(tab(page, "Night shift").locator(".list-count")).to_have_text(page.locator("#count").inner_text().split()[0])
    page.goto("/views/")
    page.get_by_text("Link", exact=True).click()
    link = page.get_by_label("Link to Night shift").input_value()
    theirs = browser.new_context(base_url=base_url).new_page()
    enter(theirs, "bob")
    theirs.goto(link)
    expect(tab(theirs, "Night shift")).to_have_attribute("aria-current", "page")
    expect(theirs.locator(".chip-value")).to_have_text("validation")
    stages = theirs.locator("tr.job .c-stage").all_inner_texts()
    assert stages and all("validation" in stage for stage in stages), "of the jobs that bob may see, those in review"
    theirs.goto("/jobs/?org=acme")
    tab(theirs, "Night shift").click()
    expect(theirs.locator(".chip-value")).to_have_text("validation")
    theirs.goto("/views/")
    expect(theirs.get_by_role("link", name="Rename or share")).to_have_count(0)
    theirs.context.close()
    remove(page, "Night shift")


def test_without_scripts_a_view_can_be_saved(browser: Browser, base_url: str, enter):
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    enter(page)
    page.goto("/jobs/?org=acme&state=rejected")
    page.get_by_role("button", name="Save this view").click()
    page.get_by_label("Name", exact=True).fill("Plain")
    page.get_by_role("button", name="Save view").click()
    expect(tab(page, "Plain")).to_have_attribute("aria-current", "page")
    remove(page, "Plain")
    context.close()


@pytest.mark.parametrize("width", [360])
def test_on_a_phone_the_own_parts_are_no_wider_than_the_screen(page: Page, enter, width):
    page.set_viewport_size({"width": width, "height": 740})
    enter(page)
    page.goto("/jobs/?org=acme&task_id=1")
    save(page, "W" * 80)
    for path in ("/views/?list=org%3Dacme", "/jobs/rule?org=acme"):
        page.goto(path)
        assert page.evaluate("document.querySelector('main').scrollWidth") <= width, path
    remove(page, "W" * 80)


def test_axe_finds_nothing_about_views(page_in_theme: Page, enter):  # noqa: F811
    page = page_in_theme
    enter(page)
    for number in range(6):
        post(page, "/views/", name=f"View {number}", list=f"org=acme&task_id={number + 1}")
    page.goto("/jobs/?org=acme")
    expect(page.locator(".views .list-count:empty").locator("visible=true")).to_have_count(0)
    found = complaints(page)
    page.get_by_role("button", name="1 more").click()
    expect(page.get_by_role("link", name="Manage views")).to_be_visible()
    found += complaints(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Save this view").click()
    found += complaints(page)
    for path in ("/views/?list=org%3Dacme", "/views/new?list=org%3Dacme"):
        page.goto(path)
        found += complaints(page)
    page.goto("/views/")
    page.get_by_role("link", name="Rename or share View 0").click()
    found += complaints(page)
    page.goto("/views/")
    for link in page.locator("a[href$='/delete']").all():
        post(page, str(link.get_attribute("href")))
    assert not found, "\n".join(found)
