"""The rule builder in a real browser: by mouse within the list, by keyboard on its own page, and read back."""

import json
from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import complaints, page_in_theme  # noqa: F401

NESTED = {
    "and": [
        {"==": [{"var": "stage"}, "validation"]},
        {"or": [{"!": {"var": "assignee"}}, {"in": ["rain", {"var": "task_name"}]}]},
    ]
}
SAID = "stage is validation and (assignee is nobody or task name contains rain)".replace("rain", "“rain”")


def rule_in(page: Page) -> dict:
    return json.loads(page.evaluate("new URLSearchParams(location.search).get('filter')"))


def condition(page: Page, number: str):
    return page.get_by_role("group", name=f"Condition {number}", exact=True)


def test_a_nested_rule_is_built_by_mouse_within_the_list_and_read_back(page: Page, enter):
    enter(page)
    page.goto("/jobs/?org=acme&sort=id")
    page.locator("summary", has_text="Filter").click()
    page.get_by_role("link", name="Build a rule").click()
    page.get_by_label("Value of condition 1").select_option("validation")
    words = page.locator("#rule-words")
    expect(words).to_contain_text("stage is validation")
    page.get_by_role("button", name="Add a group").click()
    condition(page, "2.1").get_by_label("Field").select_option("assignee")
    expect(condition(page, "2.1").get_by_label("Comparison")).to_have_value("contains")
    condition(page, "2.1").get_by_label("Comparison").select_option("!set")
    page.get_by_role("button", name="Add a condition to group 2").click()
    expect(condition(page, "2.2").get_by_label("Field")).to_be_focused()
    condition(page, "2.2").get_by_label("Field").select_option("task_name")
    expect(condition(page, "2.2").get_by_label("Comparison")).to_have_value("contains")
    condition(page, "2.2").get_by_label("Value").fill("rain")
    condition(page, "2.2").get_by_label("Value").press("Tab")
    expect(words.locator("strong")).to_have_text(SAID)
    expect(words).to_contain_text(" jobs")
    page.get_by_role("button", name="Use this rule").click()
    expect(page.locator(".chip-value")).to_have_text(SAID)
    assert rule_in(page) == NESTED and "sort=id" in page.url
    page.reload()
    page.locator("summary", has_text="Filter").click()
    page.get_by_role("link", name="Build a rule").click()
    expect(page.locator("#rule-words strong")).to_have_text(SAID)
    expect(condition(page, "2.2").get_by_label("Value")).to_have_value("rain")


def test_a_rule_is_built_by_keyboard_alone_on_its_own_page(page: Page, enter):
    enter(page)
    page.goto("/jobs/rule?org=acme")
    page.get_by_label("Field of condition 1").focus()
    page.keyboard.type("Task n")
    expect(condition(page, "1").get_by_label("Comparison")).to_have_value("contains")
    expect(page.get_by_label("Field of condition 1")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("north")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/?*")
    assert rule_in(page) == {"in": ["north", {"var": "task_name"}]}
    expect(page.locator(".chip-value")).to_have_text("task name contains “north”")


def test_what_is_typed_while_an_answer_is_under_way_stays(page: Page, enter):
    enter(page)
    page.goto("/jobs/rule?org=acme&filter=" + quote('{"and":[{"==":[{"var":"id"},1]},{"==":[{"var":"task_id"},2]}]}'))
    held = []
    page.route("**/jobs/rule", lambda route: held.append(route))
    condition(page, "1").get_by_label("Comparison").select_option("<")
    condition(page, "2").get_by_label("Value").fill("34")
    page.wait_for_function("document.querySelector('.htmx-request')")
    held[0].continue_()
    expect(page.locator("#rule-words strong")).to_contain_text("job id is below 1")
    expect(condition(page, "2").get_by_label("Value")).to_have_value("34")
    page.unroute("**/jobs/rule")


def test_errors_stand_at_their_fields(page: Page, enter):
    enter(page)
    page.goto("/jobs/rule?org=acme")
    page.get_by_role("button", name="Show jobs").click()
    expect(page.get_by_label("Value of condition 1")).to_have_attribute("aria-invalid", "true")
    expect(condition(page, "1")).to_contain_text("Choose one.")


def test_axe_finds_nothing_in_the_builder(page_in_theme: Page, enter):  # noqa: F811
    page = page_in_theme
    enter(page)
    page.goto("/jobs/rule?org=acme&filter=" + quote(json.dumps(NESTED)))
    expect(page.locator("#rule-words")).to_contain_text(" job")
    found = complaints(page)
    page.get_by_role("button", name="Add a condition", exact=True).click()
    expect(page.get_by_role("group", name="Condition 3")).to_be_visible()
    page.get_by_role("button", name="Show jobs").click()
    expect(page.get_by_text("Choose one.")).to_be_visible()
    found += complaints(page)
    page.goto("/jobs/?org=acme&filter=" + quote(json.dumps(NESTED)))
    page.locator("summary", has_text="Filter").click()
    page.get_by_role("link", name="Build a rule").click()
    expect(page.locator("#rule-words")).to_contain_text(" job")
    found += complaints(page)
    assert not found, "\n".join(found)
