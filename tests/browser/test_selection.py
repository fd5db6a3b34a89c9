"""Selecting jobs in the list: ranges, across pages, all that match; rows that are refreshed meanwhile."""

import re
from urllib.parse import parse_qs

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from jobsportal.sandbox import Sandbox
from tests.browser.test_accessibility import RULES, page_in_theme  # noqa: F401
from tests.server import running_portal

LIST = "/jobs/?org=acme&sort=id&page_size=25"


def tick(page: Page, job_id: int, **more) -> None:
    page.get_by_label(f"Select job {job_id}", exact=True).click(**more)


def bar(page: Page):
    return page.locator("#selection")


def test_a_range_is_ticked_with_shift(page: Page, enter):
    enter(page)
    page.goto(LIST)
    expect(bar(page)).to_be_hidden()
    tick(page, 3)
    tick(page, 7, modifiers=["Shift"])
    expect(bar(page)).to_contain_text("5 selected")
    expect(page.get_by_label("Select job 5", exact=True)).to_be_checked()
    tick(page, 6)
    tick(page, 4, modifiers=["Shift"])
    expect(bar(page)).to_contain_text("2 selected")
    expect(page.get_by_label("Select all on this page")).to_have_js_property("indeterminate", True)
    bar(page).get_by_role("button", name="Clear").click()
    expect(bar(page)).to_be_hidden()
    expect(page.get_by_label("Select job 3", exact=True)).not_to_be_checked()


def test_a_selection_outlives_paging_sorting_filters_and_reloads(page: Page, enter):
    enter(page)
    page.goto(LIST)
    tick(page, 3)
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".foot")).to_contain_text("26–49")
    page.get_by_label("Select all on this page").click()
    expect(bar(page)).to_contain_text("25 selected")
    page.get_by_role("link", name="Task", exact=True).click()
    expect(page).to_have_url(re.compile("sort=task_name"))
    expect(bar(page)).to_contain_text("25 selected")
    page.goto("/jobs/?org=acme&state=rejected")
    expect(bar(page)).to_contain_text("25 selected")
    page.reload()
    expect(bar(page)).to_contain_text("25 selected")
    sent = sent_by(page, lambda: bar(page).get_by_role("button", name="Change…").click())
    here = sent.get("job", [])
    elsewhere = sent["jobs"][0].split(",")
    assert len(set(here) | set(elsewhere)) == 25 and "3" in [*here, *elsewhere]
    assert "all" not in sent and sent["csrfmiddlewaretoken"][0]


def sent_by(page: Page, act) -> dict[str, list[str]]:
    """What the form sends; the answer is none of this test's business."""
    with page.expect_request(lambda request: request.method == "POST") as sent:
        act()
    return parse_qs(sent.value.post_data)


def test_all_that_match_go_as_the_query(page: Page, enter):
    enter(page)
    page.goto("/jobs/?org=acme&stage=annotation&page_size=25")
    matching = page.locator("#count").get_attribute("data-count")
    tick(page, 1)
    bar(page).get_by_role("button", name=f"Select all {matching} that match").click()
    expect(bar(page)).to_contain_text(f"All {matching} that match")
    expect(page.locator("[data-pick]:not(:checked)")).to_have_count(0)
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".foot")).to_contain_text("26–")
    expect(page.locator("[data-pick]:not(:checked)")).to_have_count(0)
    sent = sent_by(page, lambda: bar(page).get_by_role("button", name="Distribute…").click())
    assert sent["all"] == ["1"] and "stage=annotation" in sent["query"][0] and "org=acme" in sent["query"][0]
    assert "jobs" not in sent


def test_all_that_match_ends_by_another_filter_or_an_unticked_row(page: Page, enter):
    enter(page)
    page.goto(LIST)
    tick(page, 3)
    bar(page).get_by_role("button", name="Select all").click()
    expect(bar(page)).to_contain_text("All 49 that match")
    page.goto("/jobs/?org=acme&stage=annotation&sort=id")
    expect(bar(page)).to_contain_text("1 selected")
    bar(page).get_by_role("button", name="Select all").click()
    tick(page, 1)
    expect(bar(page)).to_contain_text("24 selected")
    expect(page.get_by_label("Select job 1", exact=True)).not_to_be_checked()


def test_only_ground_truth_can_be_deleted_and_it_says_so(page: Page, enter, sandbox):
    truth = next(job.id for job in sandbox.store.jobs if job.type == "ground_truth" and job.task_id == 1)
    enter(page)
    page.goto("/jobs/?org=acme&task_id=1&sort=id")
    tick(page, truth)
    bar(page).get_by_text("More").click()
    delete = bar(page).get_by_role("button", name="Delete ground truth")
    expect(delete).to_be_enabled()
    page.keyboard.press("Escape")
    tick(page, 1)
    bar(page).get_by_text("More").click()
    expect(delete).to_be_disabled()
    expect(bar(page)).to_contain_text("Only ground truth jobs can be deleted")


def test_the_selection_is_downloaded(page: Page, enter):
    enter(page)
    page.goto(LIST)
    tick(page, 3)
    tick(page, 5)
    bar(page).get_by_text("More").click()
    with page.expect_download() as download:
        bar(page).get_by_role("button", name="as CSV").click()
    assert download.value.suggested_filename.startswith("jobs-selected-")
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["job", "3", "5"]


def test_over_six_hundred_are_selected_in_two_clicks(page: Page, enter, tmp_path):
    with Sandbox(extra_jobs=600) as many, running_portal(tmp_path, many.url) as portal:
        page.goto(f"{portal.url}/sign-in")
        page.get_by_label("User name or e-mail").fill("alice")
        page.get_by_label("Password").fill("annotate")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/jobs/*")
        page.goto(f"{portal.url}/jobs/?org=acme")
        page.get_by_label("Select all on this page").click()
        bar(page).get_by_role("button", name="Select all 649 that match").click()
        bar(page).get_by_text("More").click()
        with page.expect_download() as download:
            bar(page).get_by_role("button", name="as CSV").click()
        assert len(download.value.path().read_text("utf-8-sig").splitlines()) == 650


@pytest.fixture
def patch(sandbox):
    """What somebody else does meanwhile."""

    def change(job_id: int, **values) -> None:
        headers = {"Authorization": f"Token {sandbox.token('admin')}"}
        requests.patch(f"{sandbox.url}/api/jobs/{job_id}", json=values, headers=headers, timeout=5).raise_for_status()

    return change


def look_again(page: Page) -> None:
    """What a tab does that comes back into sight."""
    with page.expect_response(lambda answer: "/jobs/rows" in answer.url):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_rows_are_refreshed_in_place_and_stay_ticked(page: Page, enter, patch, sandbox):
    enter(page)
    page.goto(LIST)
    tick(page, 3)
    page.locator("h1").click()
    patch(3, state="rejected")
    patch(5, state="completed")
    sandbox.store.jobs.remove(4)
    look_again(page)
    expect(page.locator("#job-3 .c-state")).to_contain_text("rejected")
    expect(page.locator("#job-5 .c-state")).to_contain_text("completed")
    expect(page.locator("#job-4.gone")).to_contain_text("gone")
    expect(page.get_by_label("Select job 3", exact=True)).to_be_checked()
    page.locator("#job-5").get_by_role("link", name="change the state").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_row_that_somebody_works_in_is_left_alone(page: Page, enter, patch):
    enter(page)
    page.goto(LIST)
    page.locator("#job-3").get_by_role("link", name="change the assignee").click()
    field = page.get_by_role("searchbox", name="Find a person")
    field.fill("car")
    patch(3, state="rejected")
    patch(5, state="rejected")
    look_again(page)
    expect(page.locator("#job-5 .c-state")).to_contain_text("rejected")
    expect(field).to_be_focused()
    expect(field).to_have_value("car")
    expect(page.locator("#job-3 .c-state")).not_to_contain_text("rejected")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.evaluate("document.activeElement.blur()")
    look_again(page)
    expect(page.locator("#job-3 .c-state")).to_contain_text("rejected")


def test_live_pauses_offline_and_goes_on(page: Page, enter, context):
    enter(page)
    page.goto(LIST)
    expect(page.locator("[data-live-state]")).to_have_text("live")
    context.set_offline(True)
    expect(page.locator("[data-live-state]")).to_have_text("paused")
    with page.expect_response(lambda answer: "/jobs/rows" in answer.url):
        context.set_offline(False)
    expect(page.locator("[data-live-state]")).to_have_text("live")


def test_live_pauses_in_a_tab_that_nobody_sees(page: Page, enter, patch):
    page.clock.install()
    enter(page)
    page.goto(LIST)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => window.isAway, configurable: true })")
    page.evaluate("window.isAway = true; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("[data-live-state]")).to_have_text("paused")
    patch(3, state="rejected")
    page.clock.run_for(120_000)
    assert not [url for url in asked if "/jobs/rows" in url]

    page.evaluate("window.isAway = false")
    look_again(page)
    expect(page.locator("#job-3 .c-state")).to_contain_text("rejected")
    expect(page.locator("[data-live-state]")).to_have_text("live")
    patch(5, state="rejected")
    with page.expect_response(lambda answer: "/jobs/rows" in answer.url):
        page.clock.run_for(25_000)
    expect(page.locator("#job-5 .c-state")).to_contain_text("rejected")


def test_live_ends_with_the_sign_in(page: Page, enter, sandbox):
    enter(page)
    page.goto(LIST)
    sandbox.revoke("alice")
    look_again(page)
    expect(page.locator("[data-live-state]")).to_have_text("paused")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert not [url for url in asked if "/jobs/rows" in url]


def test_columns_change_places_before_they_are_shown(page: Page, enter):
    enter(page)
    page.goto(LIST)
    menu = page.locator(".columns-menu")
    menu.locator("summary").click()
    menu.get_by_label("Preview").uncheck()
    menu.get_by_role("link", name="State further left").click()
    menu.get_by_label("compact").check()
    menu.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(r"columns=id%2Ctask%2Cproject%2Cassignee%2Cstate%2Cstage.*density=compact"))
    expect(page.locator("th.c-thumb")).to_have_count(0)
    menu.locator("summary").click()
    menu.get_by_role("button", name="Keep as my usual").click()
    expect(page).not_to_have_url(re.compile("columns"))
    expect(page.locator("th.c-thumb")).to_have_count(0)
    expect(page.locator("table.compact")).to_be_visible()


def test_axe_finds_nothing_in_the_bar_and_the_dialogs(page_in_theme: Page, enter):  # noqa: F811
    page = page_in_theme
    enter(page)
    found: list[str] = []

    def look() -> None:
        violations = Axe().run(page, options=RULES).response["violations"]
        found.extend(f"{rule['id']}: {node['html'][:160]}" for rule in violations for node in rule["nodes"])

    page.goto(LIST)
    tick(page, 3)
    look()
    bar(page).get_by_text("More").click()
    look()
    page.keyboard.press("Escape")
    page.locator(".columns-menu summary").click()
    look()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    look()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("depot")
    expect(page.get_by_role("option", name="Depot yard, morning")).to_be_visible()
    look()
    page.goto("/jobs/go?q=depot")
    look()
    page.goto("/jobs/?org=acme&columns=id,type,created,issues,dimension,project&density=compact")
    look()
    assert not found, "\n".join(found)


def test_without_javascript_rows_are_ticked_and_sent(browser: Browser, base_url):
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("User name or e-mail").fill("alice")
    page.get_by_label("Password").fill("annotate")
    page.get_by_role("button", name="Sign in").click()
    page.goto(LIST)
    expect(bar(page)).to_be_visible()
    tick(page, 3)
    tick(page, 5)
    bar(page).get_by_text("More").click()
    with page.expect_download() as download:
        bar(page).get_by_role("button", name="as CSV").click()
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["job", "3", "5"]
    page.locator(".columns-menu summary").click()
    page.locator(".columns-menu").get_by_label("Preview").uncheck()
    page.locator(".columns-menu").get_by_role("button", name="Show").click()
    expect(page.locator("th.c-thumb")).to_have_count(0)
    page.get_by_role("link", name="Go to", exact=True).click()
    page.get_by_role("searchbox").fill("17")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("link", name="Job 17")).to_be_visible()
    context.close()
