"""The workload in a real browser: rows that arrive by themselves, one that fails, bars on one scale; axe finds nothing."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from jobsportal.sandbox import Sandbox

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
PATHS = (
    "/workload/?org=acme",
    "/workload/projects",
    "/workload/tasks",
    "/workload/?sort=open",
    "/workload/?search=xyz",
)


def all_there(page: Page) -> None:
    expect(page.locator("[hx-trigger=load], .htmx-request")).to_have_count(0)


def open_anew(page: Page, sandbox: Sandbox | None = None) -> None:
    """The page with numbers that are asked for now: the portal keeps those of earlier tests for a while. With a sandbox
    one of the calls for them is refused."""
    page.goto("/workload/?org=acme")
    all_there(page)
    if sandbox:
        sandbox.fail(path="^/api/jobs$", status=403, times=1)
    with page.expect_navigation():
        page.get_by_role("button", name="Refresh").click()
    all_there(page)


def row(page: Page, key: str):
    return page.locator(f"#person-{key}")


def test_rows_arrive_by_themselves_and_their_numbers_lead_to_lists(page: Page, enter):
    enter(page)
    open_anew(page)
    expect(row(page, "4")).to_contain_text("carol")
    number = row(page, "4").get_by_role("link", name="in progress, carol")
    count = number.text_content().split()[0]
    number.click()
    expect(page.locator("#count")).to_contain_text(f"{count} match")
    expect(page.locator(".chip-value").first).to_have_text("carol")


def test_bars_share_one_scale_once_all_have_arrived(page: Page, enter):
    enter(page)
    open_anew(page)
    bars = page.locator(".load-bar[data-total]")
    found = bars.evaluate_all(
        "bars => bars.map(bar => [Number(bar.dataset.total), parseFloat(bar.getAttribute('width'))])"
    )
    longest = max(total for total, _ in found)
    assert len(found) > 3
    for total, width in found:
        assert width == pytest.approx(total * 100 / longest, abs=0.01)


def test_a_row_that_fails_can_be_tried_again(page: Page, enter, sandbox):
    enter(page)
    open_anew(page, sandbox)
    failed = page.locator(".load-problem")
    expect(failed).to_have_count(1)
    expect(failed).to_contain_text("You may not do this")
    failed.get_by_role("link").click()
    expect(failed).to_have_count(0)
    expect(page.locator("tr.load-row")).to_have_count(13)
    expect(page.locator("tbody td[data-label=Open] a")).to_have_count(12)


def test_refresh_and_sorting_keep_the_place(page: Page, enter):
    enter(page)
    page.goto("/workload/?org=acme&sort=open")
    opens = [
        int(text.split()[0])
        for text in page.locator("tbody tr:not(.of-nobody) td[data-label=Open] a").all_inner_texts()
    ]
    assert opens == sorted(opens, reverse=True) and opens[0] > 0
    page.get_by_role("button", name="Refresh").click()
    expect(page).to_have_url("/workload/?org=acme&sort=open")
    page.get_by_role("link", name="Person").click()
    all_there(page)
    expect(page.locator("tbody .person-name").first).to_have_text("admin")


def test_without_javascript_all_is_counted_at_once(browser: Browser, base_url: str, enter):
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    enter(page)
    page.goto("/workload/?org=acme")
    page.get_by_role("link", name="Count all at once").click()
    expect(page.locator("tbody td[data-label=Open] a")).to_have_count(12)
    expect(page.locator(".load-bar[data-total]").first).to_be_visible()
    context.close()


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)])
def test_axe_finds_nothing(browser: Browser, base_url: str, enter, sandbox, theme: str, width: int):
    context = browser.new_context(
        base_url=base_url, color_scheme=theme, viewport={"width": width, "height": 800}, reduced_motion="reduce"
    )
    page = context.new_page()
    enter(page)
    found = []
    open_anew(page, sandbox)
    expect(page.locator(".load-problem")).to_have_count(1)
    for path in PATHS:
        if path != PATHS[0]:
            page.goto(path)
            all_there(page)
        violations = Axe().run(page, options=RULES).response["violations"]
        found += [f"{path}: {rule['id']}: {node['html'][:160]}" for rule in violations for node in rule["nodes"]]
        wide = page.locator(".loads").evaluate_all("tables => tables.map(table => table.scrollWidth > innerWidth)")
        assert not any(wide), path
    context.close()
    assert not found, "\n".join(found)
