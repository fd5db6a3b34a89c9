"""The portal by its keys: rows, selection, editing, going elsewhere, the dialog that finds places."""

import re

from playwright.sync_api import Page, expect

LIST = "/jobs/?org=acme&sort=id&page_size=25"


def link_of(page: Page, job_id: int):
    return page.locator(f"#job-{job_id} .c-id a")


def test_rows_by_keys(page: Page, enter):
    enter(page)
    page.goto(LIST)
    page.keyboard.press("j")
    expect(link_of(page, 1)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(link_of(page, 2)).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("#selection")).to_contain_text("1 selected")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator("#selection")).to_contain_text("3 selected")
    expect(link_of(page, 4)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/jobs/4/"))


def test_e_opens_the_editor_of_the_row_and_keys_stay_text_there(page: Page, enter):
    enter(page)
    page.goto(LIST)
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("e")
    field = page.get_by_role("searchbox", name="Find a person")
    expect(field).to_be_focused()
    page.keyboard.type("jxgue/?")
    expect(field).to_have_value("jxgue/?")
    expect(page.locator("#selection")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("k")
    expect(link_of(page, 2)).to_be_focused()


PLACES = {
    "u": "view=unassigned",
    "r": "view=review",
    "d": "/downloads/",
    "j": "/jobs/$",
    "w": "/workload/",
    "a": "/activity/",
}


def test_g_and_a_letter_goes_elsewhere(page: Page, enter):
    enter(page)
    for letter, address in PLACES.items():
        page.keyboard.press("g")
        page.keyboard.press(letter)
        page.wait_for_url(re.compile(address))  # and until it listens to keys


def test_the_keys_are_told(page: Page, enter):
    enter(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Select up to this row")
    page.keyboard.press("j")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_palette_goes_to_a_job_by_its_number(page: Page, enter):
    enter(page)
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Go to a job number")
    expect(field).to_be_focused()
    page.keyboard.type("17")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/jobs/17/"))


def test_the_palette_is_worked_by_arrows(page: Page, enter):
    enter(page)
    page.goto("/downloads/")
    page.get_by_role("link", name="Go to", exact=True).click()
    page.keyboard.type("depot")
    first = page.get_by_role("option", name="Depot yard, morning")
    expect(first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    second = page.get_by_role("option", name="Depot, camera 4 (video)")
    expect(second).to_have_attribute("aria-selected", "true")
    field = page.get_by_role("combobox", name="Go to a job number")
    expect(field).to_have_attribute("aria-activedescendant", second.get_attribute("id"))
    expect(first).to_have_attribute("aria-selected", "false")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("task_id=5"))


def test_the_palette_does_what_can_be_done_on_the_page(page: Page, enter):
    enter(page)
    page.goto(LIST)
    options = page.get_by_role("group", name="On this page").get_by_role("option")
    page.keyboard.press("Control+k")
    page.keyboard.type("selected")
    expect(page.get_by_role("option", name="Nothing is called “selected”")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("j")
    expect(link_of(page, 1)).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("#selection")).to_contain_text("1 selected")

    page.keyboard.press("Control+k")
    page.keyboard.type("selected jobs")
    expect(options).to_have_text(
        [
            "Change the selected jobs…",
            "Distribute the selected jobs…",
            "Get the data of the selected jobs…",
            "Upload annotations into the selected jobs…",
            "Download the selected jobs as CSV",
            "Download the selected jobs as Excel",
        ]
    )
    expect(page.get_by_role("option", name="Nothing is called")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Distribute 1 job")

    page.goto(LIST)
    page.keyboard.press("Control+k")
    page.keyboard.type("save this")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Name", exact=True)).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("columns")
    expect(options).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep as my usual")).to_be_visible()


def test_the_palette_says_what_it_does_not_find_and_closes(page: Page, enter):
    enter(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("zebra crossing of nowhere")
    expect(page.get_by_role("option", name="Nothing is called “zebra crossing of nowhere”")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_keys_are_in_the_menu_too(page: Page, enter):
    enter(page)
    page.locator("summary", has_text="Signed in as").click()
    page.get_by_role("button", name="Keys").click()
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
