"""Handing out jobs in a real browser: choose, look at the picture, move one, hand out."""

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import complaints
from tests.server import Portal

DATABASE = "portal.sqlite3"
FORM = """query => {
  const form = document.createElement("form");
  const csrf = document.querySelector("[name=csrfmiddlewaretoken]").value;
  form.method = "post";
  form.action = "/distribute/";
  for (const [name, value] of Object.entries({ all: "1", query, csrfmiddlewaretoken: csrf })) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}"""


@pytest.fixture
def worker(served_portal: Portal) -> None:
    """Somebody who says that they carry runs out, for the time of a test. What a run then does is tested elsewhere."""
    seen = (datetime.now(UTC) + timedelta(minutes=1)).replace(tzinfo=None).isoformat(" ")
    with closing(sqlite3.connect(served_portal.log.parent / DATABASE)) as database, database:
        database.execute("INSERT OR REPLACE INTO runs_worker (name, seen) VALUES ('browser test', ?)", [seen])


def choose(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("checkbox", name=name).check()


def shares(page: Page) -> dict[str, int]:
    """How many jobs each person gets, once the plan is there."""
    rows = page.get_by_role("table", name="Open jobs and frames").locator("tbody tr")
    expect(rows).not_to_have_count(0)
    return {
        row.locator(".person-name").inner_text(): int(row.locator("td a").inner_text().split()[0]) for row in rows.all()
    }


def test_many_jobs_over_four_people_one_moved_and_handed_out(page: Page, enter, worker):
    enter(page)
    page.goto("/jobs/?org=acme")
    page.evaluate(FORM, "type=annotation")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Distribute")
    choose(page, "bob", "carol", "dave", "erin")
    expect(page.get_by_text("4 chosen")).to_be_visible()
    page.get_by_label("Equal number of frames").check()
    page.get_by_role("button", name="Show the plan").click()
    before = shares(page)
    assert len(before) == 4 and all(before.values())
    select = page.get_by_label("Who gets job 1", exact=True)
    had = select.locator("option:checked").inner_text()
    gets = next(name for name in before if name != had)
    select.select_option(gets)
    expect(page.locator("#balance tr", has_text=gets).locator("td a")).to_contain_text(str(before[gets] + 1))
    expect(page.locator("#balance tr", has_text=had).locator("td a")).to_contain_text(str(before[had] - 1))
    page.reload()
    expect(select.locator("option:checked")).to_have_text(gets)
    page.get_by_role("button", name=re.compile("Hand out .* to 4 people")).click()
    expect(page).to_have_url(re.compile("/runs/[0-9a-f-]{36}/$"))


def test_people_are_found_while_typing_and_ticks_stay(page: Page, enter):
    enter(page)
    page.goto("/distribute/")
    page.get_by_role("button", name="that nobody has").click()
    choose(page, "carol")
    page.get_by_label("Find people").press_sequentially("lindq")
    expect(page.locator(".candidates li")).to_have_count(2)
    expect(page.get_by_role("checkbox", name="carol")).to_be_checked()
    page.get_by_label("at most for dave").fill("3")
    expect(page.get_by_role("checkbox", name="dave")).to_be_checked()
    expect(page.get_by_text("2 chosen")).to_be_visible()
    page.get_by_role("button", name="Show the plan").click()
    expect(page.locator("#balance tr", has_text="dave")).to_contain_text("of 3")


def test_a_move_that_fails_goes_back(page: Page, enter, context, quiet):
    enter(page)
    page.goto("/distribute/")
    page.get_by_role("button", name="that nobody has").click()
    choose(page, "bob", "carol")
    page.get_by_role("button", name="Show the plan").click()
    select = page.locator(".given select").first
    had = select.input_value()
    context.set_offline(True)
    select.select_option("")
    expect(select).to_have_value(had)
    context.set_offline(False)
    quiet.clear()


def test_without_scripts_a_job_is_moved_and_the_rest_handed_out(browser, base_url, worker):
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("User name or e-mail").fill("alice")
    page.get_by_label("Password").fill("annotate")
    page.get_by_role("button", name="Sign in").click()
    page.goto("/distribute/")
    page.get_by_role("button", name="that nobody has").click()
    choose(page, "bob", "carol")
    page.get_by_role("button", name="Show the plan").click()
    row = page.locator(".given tbody tr").first
    row.locator("select").select_option("")
    row.get_by_role("button", name="Move").click()
    expect(page.locator(".given tbody tr").first).to_contain_text("Left out by hand.")
    page.get_by_role("button", name="Hand out").click()
    expect(page).to_have_url(re.compile("/runs/[0-9a-f-]{36}/$"))
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone(page: Page, enter, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 780})
    enter(page)
    page.goto("/distribute/")
    page.get_by_role("button", name="that nobody has").click()
    choose(page, "bob", "carol")
    page.get_by_role("button", name="Show the plan").click()
    expect(page.get_by_role("button", name="Hand out")).to_be_visible()
    main = "document.querySelector('main').scrollWidth - document.querySelector('main').clientWidth"
    assert page.evaluate(main) <= 0


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)])
def test_axe_finds_nothing(page: Page, enter, scheme, width):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})
    enter(page)
    page.goto("/distribute/")
    found = complaints(page)
    page.get_by_role("button", name="that nobody has").click()
    page.get_by_role("button", name="Show the plan").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose at least one person")
    found += complaints(page)
    choose(page, "bob", "carol")
    page.get_by_label("At most, per person").fill("4")
    page.get_by_role("button", name="Show the plan").click()
    expect(page.get_by_text("The limits are reached").first).to_be_visible()
    assert not (found + complaints(page))
