"""Changing annotations as JSON in a real browser: look at the difference, say yes, take it back."""

import json
import re
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from jobsportal.sandbox import Sandbox
from tests.browser.test_accessibility import complaints, page_in_theme  # noqa: F401 - a fixture

JOB = 46
API = f"/api/jobs/{JOB}/annotations"
EDIT = f"/jobs/{JOB}/annotations/edit/"


def upstream_json(sandbox: Sandbox):
    headers = {"Authorization": f"Token {sandbox.token('alice')}"}
    answer = requests.get(sandbox.url + API, headers=headers, timeout=10)
    answer.raise_for_status()
    return answer.json()


def told(data):
    """Everything but the ids, in an order of its own."""

    def plain(value):
        if isinstance(value, dict):
            return {name: plain(one) for name, one in value.items() if name != "id"}
        return [plain(one) for one in value] if isinstance(value, list) else value

    return [
        sorted(json.dumps(plain(one), sort_keys=True) for one in data[kind]) for kind in ("tags", "shapes", "tracks")
    ]


def fewer(sandbox: Sandbox, folder: Path) -> Path:
    data = upstream_json(sandbox)
    data["shapes"] = data["shapes"][:5]
    file = folder / "fewer.json"
    file.write_text(json.dumps(data))
    return file


def replace_by(page: Page, file: Path) -> None:
    page.goto(f"/jobs/{JOB}/annotations/")
    page.get_by_role("link", name="Annotations as JSON").click()
    page.get_by_label("Replace all").check()
    page.get_by_label("JSON file").set_input_files(file)
    page.get_by_role("button", name="Show the difference").click()
    expect(page.get_by_role("heading", name="Replace all annotations of job 46")).to_be_visible()
    expect(page.get_by_text("13 go, none come")).to_be_visible()
    page.get_by_role("button", name="Replace all").click()
    expect(page.get_by_role("heading", name="The annotations were replaced")).to_be_visible()


def test_replace_look_say_yes_and_take_it_back(page: Page, enter, sandbox: Sandbox, tmp_path: Path):
    before = upstream_json(sandbox)
    enter(page)
    replace_by(page, fewer(sandbox, tmp_path))
    assert len(upstream_json(sandbox)["shapes"]) == 5
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("heading", name="The backup is back in place")).to_be_visible()
    assert told(upstream_json(sandbox)) == told(before)
    expect(page.locator(".backup-list li").first).to_contain_text("before going back to a backup (7 → 20)")


def test_the_same_without_javascript(browser: Browser, base_url: str, enter, sandbox: Sandbox, tmp_path: Path):
    before = upstream_json(sandbox)
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    enter(page)
    replace_by(page, fewer(sandbox, tmp_path))
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("heading", name="The backup is back in place")).to_be_visible()
    assert told(upstream_json(sandbox)) == told(before)
    context.close()


def test_clear_by_keyboard_alone_with_the_number_typed_and_undo_by_key(page: Page, enter, sandbox: Sandbox):
    before = upstream_json(sandbox)
    enter(page)
    page.goto(f"/jobs/{JOB}/annotations/")
    page.get_by_role("link", name="Clear…").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("All 20 go")).to_be_visible()
    page.get_by_label(re.compile("Type the number of the job")).focus()
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is not 46")).to_be_visible()
    assert len(upstream_json(sandbox)["shapes"]) == len(before["shapes"])
    expect(page.get_by_label(re.compile("Type the number of the job"))).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type("6")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The annotations were cleared: 20 → 0")).to_be_visible()
    assert not upstream_json(sandbox)["shapes"]
    page.keyboard.press("u")
    expect(page.get_by_role("heading", name="The backup is back in place")).to_be_visible()
    assert told(upstream_json(sandbox)) == told(before)


def test_what_was_typed_stays_until_it_is_right(page: Page, enter, sandbox: Sandbox):
    enter(page)
    page.goto(EDIT)
    page.get_by_label("Add", exact=True).check()
    text = page.get_by_label("or JSON text")
    text.fill('{"tags": [{"frame": 812, "label_id": 18},]}')
    page.get_by_role("button", name="Show the difference").click()
    expect(page.get_by_text("line 1, column 42: trailing comma in array")).to_be_visible()
    expect(text).to_be_focused()
    text.fill('{"tags": [{"frame": 812, "label_id": 18}]}')
    page.get_by_role("button", name="Show the difference").click()
    expect(page.get_by_text("tags[0]: frame 812 is not one of the job's (80–89)")).to_be_visible()
    page.get_by_role("link", name="Back to the JSON").click()
    expect(page.get_by_label("Add", exact=True)).to_be_checked()
    text.fill(text.input_value().replace("812", "82"))
    page.get_by_role("button", name="Show the difference").click()
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="Annotations were added: 20 → 21")).to_be_visible()


def test_a_double_click_adds_once(page: Page, enter, sandbox: Sandbox):
    enter(page)
    page.goto(EDIT)
    page.get_by_label("Add", exact=True).check()
    page.get_by_label("or JSON text").fill('{"tags": [{"frame": 82, "label_id": 18}]}')
    page.get_by_role("button", name="Show the difference").dblclick()
    page.get_by_role("button", name="Add it").dblclick()
    expect(page.get_by_role("heading", name="Annotations were added: 20 → 21")).to_be_visible()
    assert len(upstream_json(sandbox)["tags"]) == 3


def test_a_double_click_without_javascript_ends_where_a_click_does(
    browser: Browser, base_url: str, enter, sandbox: Sandbox
):
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    enter(page)
    page.goto(EDIT)
    page.get_by_label("Add", exact=True).check()
    page.get_by_label("or JSON text").fill('{"tags": [{"frame": 82, "label_id": 18}]}')
    page.get_by_role("button", name="Show the difference").click()
    sandbox.fail(method="PATCH", path="/annotations$", delay=1.0)
    page.get_by_role("button", name="Add it").dblclick()
    expect(page.get_by_role("heading", name="Annotations were added: 20 → 21")).to_be_visible()
    assert len(upstream_json(sandbox)["tags"]) == 3
    context.close()


def test_a_file_that_is_too_large_is_told_before_it_is_sent(page: Page, enter, tmp_path: Path):
    large = tmp_path / "large.json"
    with large.open("wb") as out:
        out.truncate(65 * 1024 * 1024)
    enter(page)
    page.goto(EDIT)
    page.get_by_label("Replace all").check()
    page.get_by_label("JSON file").set_input_files(large)
    page.get_by_role("button", name="Show the difference").click()
    expect(page.get_by_text("This file is larger than the 64 MiB")).to_be_visible()
    expect(page).to_have_url(re.compile(EDIT + "$"))


def test_text_that_is_far_too_long_is_told_without_javascript(browser: Browser, base_url: str, enter, sandbox: Sandbox):
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    enter(page)
    page.goto(EDIT)
    page.get_by_label("or JSON text").evaluate("field => { field.value = 'x'.repeat(6_000_000) }")
    page.get_by_role("button", name="Show the difference").click()
    expect(page.get_by_text("This is too much text")).to_be_visible()
    context.close()


@pytest.mark.usefixtures("sandbox")
def test_axe_finds_nothing_on_the_way(page_in_theme: Page, enter):  # noqa: F811
    page = page_in_theme
    enter(page)
    found = []
    for path in (EDIT, f"/jobs/{JOB}/annotations/clear/", "/jobs/44/annotations/clear/"):
        page.goto(path)
        found += complaints(page)
    for typed in (
        '{"tags": [{}]}',
        '{"tags": [{"frame": 812, "label_id": 18}]}',
        '{"tags": [{"frame": 82, "label_id": 18}]}',
    ):
        page.goto(EDIT)
        page.get_by_label("Replace all").check()
        page.get_by_label("or JSON text").fill(typed)
        page.get_by_role("button", name="Show the difference").click()
        page.wait_for_load_state()
        found += complaints(page)
    page.get_by_role("button", name="Replace all").click()
    expect(page.get_by_role("heading", name="The annotations were replaced")).to_be_visible()
    found += complaints(page)
    widest = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert not found and widest <= 0, "\n".join(found)
