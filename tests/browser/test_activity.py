"""The record in a real browser: undo in place, by keyboard, back and forward, on a phone."""

import re

from playwright.sync_api import Page, expect

from jobsportal.sandbox import Sandbox
from tests.browser.test_accessibility import complaints, page_in_theme

__all__ = ["page_in_theme"]


def assign(page: Page, job: int, name: str) -> None:
    page.goto(f"/jobs/{job}/edit/assignee")
    page.get_by_role("button", name=name).click()
    expect(page.get_by_role("status")).to_contain_text(f"Job {job}: assigned to {name}")


def undo(page: Page, job: int):
    return page.get_by_role("button", name=f"Undo this change of job {job}", exact=True)


def test_a_change_is_taken_back_on_the_page_that_shows_it(page: Page, enter, sandbox: Sandbox):
    enter(page)
    assign(page, 3, "carol")
    page.goto("/activity/?org=acme&job=3")
    before = undo(page, 3).count()
    undo(page, 3).first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Taken back. Job 3: assigned to nobody")
    first = page.get_by_role("row").nth(1)
    expect(first).to_contain_text("takes an earlier change back")
    expect(page.get_by_role("row").nth(2)).to_contain_text("taken back")
    expect(undo(page, 3)).to_have_count(before)
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page).to_have_url(re.compile(r"/activity/\?org=acme&job=3$"))
    assert sandbox.store.jobs[3].assignee_id is None


def test_somebody_elses_later_change_is_told_and_stays(page: Page, enter, sandbox: Sandbox):
    enter(page)
    assign(page, 3, "carol")
    page.goto("/jobs/3/")
    page.get_by_role("link", name="History").click()
    sandbox.store.jobs[3].assignee_id = 5
    undo(page, 3).first.click()
    expect(page.get_by_role("status")).to_contain_text("Assignee is now dave, left alone")
    assert sandbox.store.jobs[3].assignee_id == 5


TWICE = """async () => {
  const form = document.querySelector("table.activity form");
  const send = () => fetch(form.action, {
    method: "POST", body: new URLSearchParams(new FormData(form)), headers: {"HX-Request": "true"},
  });
  const answers = await Promise.all([send(), send()]);
  return answers.map((answer) => JSON.parse(answer.headers.get("HX-Trigger")).toast.words);
}"""


def test_of_two_undos_at_once_one_wins(page: Page, enter, sandbox: Sandbox):
    enter(page)
    assign(page, 3, "carol")
    page.goto("/activity/?org=acme&job=3")
    sandbox.calls.clear()
    sandbox.fail(method="PATCH", delay=0.5, times=None)
    assert sorted(page.evaluate(TWICE)) == [
        "Taken back. Job 3: assigned to nobody",
        "This change is taken back already, or somebody is at it.",
    ]
    assert len([call for call in sandbox.calls if call.method == "PATCH"]) == 1


def test_filters_stand_in_the_address_and_the_back_button_goes_back(page: Page, enter):
    enter(page)
    assign(page, 3, "bob")
    page.goto("/activity/?org=acme")
    page.keyboard.press("/")
    page.keyboard.type("bob")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"search=bob"))
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.locator("summary", has_text="Filter").click()
    page.get_by_label("What", exact=True).select_option("stage")
    page.get_by_role("button", name="Show changes").click()
    expect(page.locator(".chip-value")).to_have_text(["bob", "stage"])
    page.go_back()
    expect(page.locator(".chip-value")).to_have_text(["bob"])


def test_axe_finds_nothing_in_the_record(page_in_theme: Page, enter, sandbox: Sandbox):
    page = page_in_theme
    enter(page)
    assign(page, 3, "carol")
    sandbox.fail(method="PATCH", status=403, body=b'{"detail":"Ask olga first."}')
    page.goto("/jobs/3/edit/stage")
    page.get_by_role("button", name="acceptance").click()
    found = []
    for path in ("/activity/?org=acme", "/activity/?job=abc", "/activity/?person=nobody", "/jobs/3/history/"):
        page.goto(path)
        found += complaints(page)
    page.goto("/activity/?org=acme")
    page.locator("summary", has_text="Filter").click()
    found += complaints(page)
    assert not found, "\n".join(found)
