"""The jobs list in a real browser: by mouse and by keyboard, on a phone, back and forward."""

import re

import requests
from playwright.sync_api import Page, expect


def row(page: Page, job_id: int):
    return page.locator(f"#job-{job_id}")


def test_assigning_by_keyboard_alone_and_taking_it_back(page: Page, enter):
    enter(page)
    page.goto("/jobs/?org=acme&view=unassigned")
    cell = row(page, 3).get_by_role("link", name="change the assignee")
    cell.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("searchbox", name="Find a person")).to_be_focused()
    page.keyboard.type("car")
    expect(page.get_by_role("dialog").get_by_role("button")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(row(page, 3).locator(".c-assignee .edit")).to_contain_text("carol")
    expect(page.get_by_role("status")).to_contain_text("Job 3: assigned to carol")
    expect(cell).to_be_focused()
    page.keyboard.press("u")
    expect(row(page, 3)).to_contain_text("nobody")
    expect(page.get_by_role("status")).to_contain_text("Taken back")
    expect(row(page, 3).get_by_role("link", name="Job 3", exact=True)).to_be_focused()


def test_escape_closes_the_editor_and_gives_the_focus_back(page: Page, enter):
    enter(page)
    cell = row(page, 5).get_by_role("link", name="change the stage")
    cell.dblclick()
    expect(page.get_by_role("dialog").get_by_role("button", name="validation")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(cell).to_be_focused()


def test_searching_keeps_the_address_and_the_back_button_goes_back(page: Page, enter):
    enter(page)
    page.goto("/jobs/?org=acme")
    page.keyboard.press("/")
    page.keyboard.type("night")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"search=night"))
    expect(page.locator(".count")).not_to_contain_text("49")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.go_back()
    expect(page).not_to_have_url(re.compile("search"))
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    expect(page.locator("tr.job")).to_have_count(25)
    page.go_forward()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    expect(page.locator(".chip-value")).to_have_text("night")


def test_a_row_changed_by_somebody_else_asks_before_it_overwrites(page: Page, enter, sandbox):
    enter(page)
    page.goto("/jobs/?org=acme&view=unassigned")
    row(page, 3).get_by_role("link", name="change the state").click()
    reject(sandbox, 3)
    page.get_by_role("dialog").get_by_role("button", name="completed").click()
    expect(page.get_by_role("alert")).to_contain_text("State is now rejected, was new")
    page.get_by_role("button", name="Set completed all the same").click()
    expect(row(page, 3).locator(".c-state .edit")).to_contain_text("completed")


def reject(sandbox, job_id: int) -> None:
    """What somebody else does meanwhile."""
    headers = {"Authorization": f"Token {sandbox.token('admin')}"}
    address = f"{sandbox.url}/api/jobs/{job_id}"
    requests.patch(address, json={"state": "rejected"}, headers=headers, timeout=5).raise_for_status()


def test_a_lost_connection_is_said(page: Page, enter, context, quiet):
    enter(page)
    context.set_offline(True)
    row(page, 1).get_by_role("link", name="change the stage").click()
    expect(page.get_by_role("status")).to_contain_text("No connection to the portal")
    context.set_offline(False)
    quiet.clear()


def test_on_a_phone_nothing_is_wider_than_the_screen(page: Page, enter):
    page.set_viewport_size({"width": 360, "height": 740})
    enter(page)
    for path in (
        "/jobs/?org=acme",
        "/jobs/?org=acme&state=completed&assignee=dave",
        "/jobs/1/",
        "/jobs/1/edit/assignee",
    ):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
