"""Ground truth jobs in a real browser: by typing, by clicking pictures, without scripts; and deleting one."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from jobsportal.sandbox import Sandbox

TASK = 2


def made(sandbox: Sandbox):
    return next((job for job in sandbox.store.jobs if job.task_id == TASK and job.type == "ground_truth"), None)


def test_a_task_is_found_by_typing_and_gets_a_job_of_typed_frames(page: Page, enter, sandbox: Sandbox):
    enter(page)
    page.goto("/jobs/?org=acme")
    page.get_by_role("link", name="New ground truth job").click()
    page.get_by_role("searchbox").press_sequentially("round", delay=20)
    expect(page.locator(".tasks .option")).to_have_count(1)
    expect(page).to_have_url(re.compile("q=round"))
    page.get_by_role("link", name="Roundabout north").click()
    expect(page.get_by_role("button", name="Make the ground truth job")).to_be_visible()
    page.get_by_label("By hand").check()
    expect(page.locator(".pictures .frame")).to_have_count(24)
    page.get_by_label("Frames", exact=True).fill("0-2, 30")
    expect(page.get_by_text("4 of 110 frames chosen")).to_be_visible()
    expect(page.get_by_label("Frame 2", exact=True)).to_be_checked()
    expect(page.get_by_label("Frame 3", exact=True)).not_to_be_checked()
    page.get_by_label("Assignee").fill("carol")
    page.get_by_role("button", name="Make the ground truth job").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Job")
    expect(page.get_by_role("status")).to_contain_text("is made, with 4 frames.")
    assert made(sandbox).frames == [0, 1, 2, 30]


def test_frames_are_clicked_on_several_pages_and_stand_in_the_list(page: Page, enter, sandbox: Sandbox):
    enter(page)
    page.goto(f"/jobs/new/?org=acme&task={TASK}")
    page.get_by_label("By hand").check()
    frame = page.get_by_label("Frame 3", exact=True)
    frame.locator("xpath=..").click()
    expect(frame).to_be_checked()
    page.get_by_label("Frame 4", exact=True).press("Space")
    expect(page.get_by_label("Frames", exact=True)).to_have_value("3-4")
    page.get_by_role("button", name="Next frames").click()
    expect(page.get_by_text("Frames 24–47 of 110")).to_be_visible()
    expect(page.get_by_label("Frame 24", exact=True)).to_be_focused()
    page.get_by_label("Frame 40", exact=True).check()
    page.get_by_role("button", name="Previous frames").click()
    expect(page.get_by_label("Frame 3", exact=True)).to_be_checked()
    page.get_by_label("Frame 4", exact=True).uncheck()
    expect(page.get_by_label("Frames", exact=True)).to_have_value("3, 40")
    page.get_by_label("Assignee").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("with 2 frames.")
    assert made(sandbox).frames == [3, 40]


def test_every_picture_is_really_shown(page: Page, enter):
    enter(page)
    page.goto(f"/jobs/new/?org=acme&task={TASK}&method=manual")
    last = page.locator(".frame img").last
    last.scroll_into_view_if_needed()
    expect(last).to_have_js_property("complete", True)
    assert last.evaluate("image => image.naturalWidth") > 0


def test_how_many_frames_it_will_be_is_said_while_typing(page: Page, enter):
    enter(page)
    page.goto(f"/jobs/new/?org=acme&task={TASK}")
    result = page.locator("[data-result]")
    expect(result).to_have_text("= 11 of 110 frames")
    page.get_by_label("How many").fill("2.5")
    expect(result).to_have_text("= 3 of 110 frames")
    page.get_by_label("Random, from each job").check()
    page.get_by_label("Counted in").select_option("frames")
    page.get_by_label("How many").fill("2")
    expect(result).to_have_text("= 2 from each of 11 jobs, about 22 frames")
    expect(page.get_by_label("Frames", exact=True)).to_be_hidden()


def test_the_button_says_how_many_frames_it_makes(page: Page, enter):
    enter(page)
    page.goto(f"/jobs/new/?org=acme&task={TASK}")
    button = page.locator(".gt-form .actions .primary")
    for amount, words in (("10", " with 11 frames"), ("1", " with 1 frame"), ("", ""), ("200", "")):
        page.get_by_label("How many").fill(amount)
        expect(button).to_have_text(f"Make the ground truth job{words}")
    page.get_by_label("Counted in").select_option("frames")
    for amount, words in (("3", " with 3 frames"), ("2.5", "")):
        page.get_by_label("How many").fill(amount)
        expect(button).to_have_text(f"Make the ground truth job{words}")
    page.get_by_label("By hand").check()
    page.get_by_label("Frames", exact=True).fill("0-4, 9")
    expect(button).to_have_text("Make the ground truth job with 6 frames")
    page.get_by_label("Frames", exact=True).fill("0-4, x")
    expect(button).to_have_text("Make the ground truth job")


def test_a_double_click_makes_one(page: Page, enter, sandbox: Sandbox):
    enter(page)
    page.goto(f"/jobs/new/?org=acme&task={TASK}")
    sandbox.fail(method="GET", path=f"/api/tasks/{TASK}$", delay=0.4)
    page.get_by_role("button", name="Make the ground truth job").dblclick()
    expect(page.get_by_role("status")).to_contain_text("is made, with 11 frames.")
    assert len([call for call in sandbox.calls if (call.method, call.path) == ("POST", "/api/jobs")]) == 1


@pytest.fixture
def plain(browser: Browser, base_url: str):
    """A browser without scripts."""
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_without_scripts_pictures_are_picked_page_by_page(plain: Page, enter, sandbox: Sandbox):
    page = plain
    enter(page)
    page.goto("/jobs/new/?org=acme&q=round")
    page.get_by_role("link", name="Roundabout north").click()
    page.get_by_label("By hand").check()
    page.get_by_role("button", name="Show the pictures").click()
    page.get_by_label("Frame 3", exact=True).check()
    page.get_by_role("button", name="Next frames").click()
    page.get_by_label("Frame 40", exact=True).check()
    page.get_by_label("Assignee").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("is made, with 2 frames.")
    assert made(sandbox).frames == [3, 40]


def test_deleting_one_needs_its_number_and_offers_a_copy(page: Page, enter, sandbox: Sandbox):
    enter(page)
    shapes = sandbox.store.annotations_of(sandbox.store.jobs[58])["shapes"]
    shapes.extend(sandbox.store.annotations_of(sandbox.store.jobs[1])["shapes"][:3])
    page.goto("/jobs/58/")
    page.get_by_role("link", name="Delete this job").click()
    expect(page.get_by_text("Job 58 with its annotations: 3")).to_be_visible()
    with page.expect_download() as copy:
        page.get_by_role("link", name="Download a copy first").click()
    assert copy.value.suggested_filename.startswith("job58-annotations-")
    page.get_by_label("Type 58").fill("59")
    page.get_by_role("button", name="Delete job 58").click()
    expect(page.get_by_text("Nothing was deleted.")).to_be_visible()
    expect(page.get_by_label("Type 58")).to_be_focused()
    page.get_by_label("Type 58").fill("58")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/jobs/\?org=acme&task_id=1"))
    expect(page.get_by_role("status")).to_contain_text("Job 58 is deleted.")


def test_signing_in_by_token(page: Page, sandbox: Sandbox):
    page.goto("/sign-in")
    page.locator(".other-way summary").click()
    page.get_by_label("Access token").fill(sandbox.access_token("alice"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/*")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_on_a_phone_nothing_is_wider_than_the_screen(page: Page, enter):
    page.set_viewport_size({"width": 360, "height": 740})
    enter(page)
    for path in (
        "/jobs/new/",
        f"/jobs/new/?task={TASK}",
        f"/jobs/new/?task={TASK}&method=manual",
        "/jobs/58/delete/",
        "/server/",
    ):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
