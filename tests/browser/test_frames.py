"""The viewer in a browser: keys, the legend at once, jumps, picture and shapes over each other."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from jobsportal.sandbox import Sandbox
from tests.browser.test_accessibility import RULES

CAR, PERSON = 1, 2


def rectangle(frame: int, label_id: int = CAR, points=(160, 120, 480, 360)) -> dict:
    return {
        "id": frame * 10 + label_id,
        "label_id": label_id,
        "type": "rectangle",
        "frame": frame,
        "group": 0,
        "source": "manual",
        "occluded": False,
        "outside": False,
        "z_order": 0,
        "rotation": 0.0,
        "points": list(points),
        "attributes": [],
        "elements": [],
    }


@pytest.fixture
def annotated(sandbox: Sandbox) -> Sandbox:
    """Job 3, of frames 20 to 29: two cars and a person."""
    shapes = [rectangle(20), rectangle(23), rectangle(23, PERSON, (10, 10, 60, 120)), rectangle(26, PERSON)]
    sandbox.store.annotations[3] = {"version": 0, "tags": [], "shapes": shapes, "tracks": []}
    sandbox.store.touch_annotations(sandbox.store.jobs.get(3))
    return sandbox


def without_aborts(problems: list[str]) -> None:
    """HTMX logs it as an error when a later request takes the place of one that is under way."""
    problems[:] = [words for words in problems if not words.startswith(("htmx:sendAbort", "htmx:afterRequest"))]


def at(page: Page, number: int, query: str = "") -> None:
    expect(page.locator("#viewer")).to_have_attribute("data-frame", str(number))
    expect(page).to_have_url(re.compile(rf"/jobs/3/frames/{number}/{re.escape(query)}$"))


def test_one_steps_with_the_keys(page: Page, enter, annotated):
    enter(page)
    page.goto("/jobs/3/frames/20/")
    for key, number in (
        ("ArrowRight", 21), ("ArrowRight", 22), ("ArrowLeft", 21), ("End", 29), ("ArrowRight", 29), ("Home", 20),
        ("n", 23), ("n", 26), ("p", 23),
    ):  # fmt: skip
        page.keyboard.press(key)
        at(page, number)
    expect(page).to_have_title(re.compile("Frame 23 of job 3"))
    expect(page.locator("#frame-said")).to_have_text("Frame 23, 2 objects")
    page.go_back()
    at(page, 26)


def test_keys_held_down_skip_no_frame_and_typing_is_no_step(page: Page, enter, annotated, sandbox: Sandbox):
    enter(page)
    page.goto("/jobs/3/frames/20/")
    sandbox.fail(path="^/api/jobs/3$", delay=0.3)
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    at(page, 21)
    page.get_by_label("Frame", exact=True).press("ArrowLeft")
    page.get_by_label("Frame", exact=True).fill("28")
    page.get_by_label("Frame", exact=True).press("Enter")
    at(page, 28)


def test_a_frame_that_isn_t_there_leaves_the_page_and_says_so(page: Page, enter, annotated):
    enter(page)
    page.goto("/jobs/3/frames/20/")
    page.get_by_label("Frame", exact=True).evaluate("field => field.removeAttribute('max')")
    page.get_by_label("Frame", exact=True).fill("77")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".toast")).to_contain_text("Frame 77 is not one of job 3")
    at(page, 20)


def test_the_legend_hides_and_shows_at_once_and_steps_follow_it(page: Page, enter, annotated, sandbox: Sandbox):
    enter(page)
    page.goto("/jobs/3/frames/23/")
    expect(page.locator(".shape:visible")).to_have_count(2)
    sandbox.fail(path="^/api/jobs/3$", delay=1.5)
    page.get_by_role("checkbox", name=re.compile("^car")).uncheck()
    expect(page.locator(".shape:visible")).to_have_count(1, timeout=500)
    expect(page.locator(".object:visible")).to_have_count(1, timeout=500)
    at(page, 23, f"?label={PERSON}")
    page.keyboard.press("n")
    at(page, 26, f"?label={PERSON}")
    page.keyboard.press("p")
    at(page, 23, f"?label={PERSON}")
    page.reload()
    expect(page.locator(".shape:visible")).to_have_count(1)
    page.get_by_role("link", name="Show everything").click()
    expect(page.locator(".shape:visible")).to_have_count(2)
    at(page, 23)


def test_only_annotated_frames(page: Page, enter, annotated):
    enter(page)
    page.goto("/jobs/3/frames/20/")
    page.get_by_role("checkbox", name=re.compile("Only annotated")).check()
    at(page, 20, "?annotated=1")
    expect(page.locator("#only-annotated")).to_be_focused()
    for number in (23, 26, 26):
        page.keyboard.press("ArrowRight")
        at(page, number, "?annotated=1")


@pytest.mark.parametrize("zoom", ["fit", "100", "200"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_picture_and_its_shapes_lie_over_each_other(page: Page, enter, annotated, zoom, width):
    page.set_viewport_size({"width": width, "height": 700})
    enter(page)
    page.goto(f"/jobs/3/frames/20/?zoom={zoom}")
    picture = page.locator(".frame-picture").bounding_box()
    shape = page.locator("#shape-1 path").bounding_box()
    if zoom != "fit":
        assert abs(picture["width"] - 640 * int(zoom) / 100) < 1
    left, top, wide, high = (box for box in (picture["x"], picture["y"], picture["width"], picture["height"]))
    ends = (shape["x"], shape["y"], shape["x"] + shape["width"], shape["y"] + shape["height"])
    expected = (left + wide / 4, top + high / 4, left + wide * 3 / 4, top + high * 3 / 4)
    assert all(abs(end - wanted) <= 2.5 for end, wanted in zip(ends, expected, strict=True)), (ends, expected)
    assert abs(picture["width"] / picture["height"] - 640 / 480) < 0.01


def test_zoom_by_keys_scrolls_and_stays_for_the_next_frame(page: Page, enter, annotated, quiet):
    enter(page)
    page.goto("/jobs/3/frames/20/")
    page.keyboard.press("+")
    page.keyboard.press("+")
    at(page, 20, "?zoom=200")
    stage = page.locator("#stage")
    assert stage.evaluate("place => place.scrollWidth > place.clientWidth")
    stage.evaluate("place => place.scrollTo(50, 40)")
    page.keyboard.press("ArrowRight")
    at(page, 21, "?zoom=200")
    assert stage.evaluate("place => [place.scrollLeft, place.scrollTop]") == [50, 40]
    page.keyboard.press("0")
    at(page, 21)
    assert stage.evaluate("place => place.scrollWidth <= place.clientWidth")
    without_aborts(quiet)


def test_keys_step_also_where_the_picture_scrolls(page: Page, enter, annotated):
    enter(page)
    page.goto("/jobs/3/frames/20/?zoom=200")
    stage = page.locator("#stage")
    stage.focus()
    for key, number in (("ArrowRight", 21), ("ArrowLeft", 20), ("End", 29), ("Home", 20)):
        page.keyboard.press(key)
        at(page, number, "?zoom=200")
        stage.focus()
    assert stage.evaluate("place => place.scrollLeft") == 0
    page.keyboard.press("ArrowDown")
    at(page, 20, "?zoom=200")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (360, 740)])
def test_a_click_on_a_shape_shows_its_line(page: Page, enter, annotated, width, height):
    shapes = [rectangle(23, points=(n * 15, 10, n * 15 + 12, 60)) | {"id": n} for n in range(40)]
    annotated.store.annotations[3]["shapes"] = shapes
    annotated.store.touch_annotations(annotated.store.jobs.get(3))
    page.set_viewport_size({"width": width, "height": height})
    enter(page)
    page.goto("/jobs/3/frames/23/")
    if width == 1280:
        expect(page.locator("#object-1")).to_be_in_viewport()
    assert page.locator("#objects-title").bounding_box()["y"] < page.locator("#legend-title").bounding_box()["y"]
    expect(page.locator("#object-38")).not_to_be_in_viewport()
    page.locator("#shape-38").click()
    expect(page.locator("#object-38")).to_be_in_viewport()


def test_a_shape_tells_what_it_is_and_is_one_with_its_line(page: Page, enter, annotated):
    enter(page)
    page.goto("/jobs/3/frames/23/")
    page.locator("#shape-2").hover()
    expect(page.locator(".tip")).to_contain_text("person, rectangle · id 232 · manual")
    expect(page.locator("#object-2")).to_have_class(re.compile("lit"))
    page.locator("#object-1 a").focus()
    expect(page.locator("#shape-1")).to_have_class(re.compile("lit"))
    expect(page.locator("#shape-2")).not_to_have_class(re.compile("lit"))
    page.locator("#shape-2").click()
    expect(page.locator("#object-2 a")).to_be_focused()


def test_the_strip_is_a_slider(page: Page, enter, annotated):
    enter(page)
    page.goto("/jobs/3/frames/20/")
    strip = page.locator(".strip")
    box = strip.bounding_box()
    strip.click(position={"x": box["width"] * 0.65, "y": 10})
    at(page, 26)
    page.get_by_role("slider").press("ArrowRight")
    at(page, 27)
    expect(page.get_by_role("slider")).to_be_focused()


def test_a_missing_picture_is_said_and_the_shapes_stay(page: Page, enter, annotated, quiet, sandbox: Sandbox):
    enter(page)
    sandbox.fail(path="/api/jobs/3/data$", status=500, times=None)
    page.goto("/jobs/3/frames/23/")
    expect(page.get_by_role("alert")).to_contain_text("picture of this frame can't be shown")
    expect(page.locator(".shape:visible")).to_have_count(2)
    quiet.clear()


def test_a_step_that_fails_says_so_and_leaves_the_frame(page: Page, enter, annotated, quiet, sandbox: Sandbox):
    enter(page)
    page.goto("/jobs/3/frames/23/")
    sandbox.fail(path="^/api/jobs/3$", status=500, times=None)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".toast.problem")).to_contain_text("failed")
    at(page, 23)
    sandbox.faults.clear()
    page.keyboard.press("ArrowRight")
    at(page, 24)
    quiet.clear()


def test_the_next_picture_is_fetched_ahead(page: Page, enter, annotated):
    enter(page)
    with page.expect_request(re.compile("/frames/21/picture")):
        page.goto("/jobs/3/frames/20/")


def test_without_javascript_links_and_forms_do_the_same(browser: Browser, base_url: str, enter, annotated):
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    enter(page)
    page.goto("/jobs/3/frames/23/")
    page.get_by_role("checkbox", name=re.compile("^car")).uncheck()
    page.get_by_role("button", name="Show these").click()
    expect(page.locator(".shape:visible")).to_have_count(1)
    page.get_by_role("link", name="Annotated next").click()
    at(page, 26, f"?label={PERSON}")
    page.get_by_label("Frame", exact=True).fill("23")
    page.get_by_role("button", name="Go").click()
    at(page, 23, f"?label={PERSON}")
    page.get_by_role("link", name="Show everything").click()
    page.get_by_role("link", name="200%").click()
    at(page, 23, "?zoom=200")
    context.close()


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing_in_the_viewer_and_the_data(browser: Browser, base_url: str, enter, annotated, theme, width):
    context = browser.new_context(
        base_url=base_url, color_scheme=theme, viewport={"width": width, "height": 800}, reduced_motion="reduce"
    )
    page = context.new_page()
    enter(page)
    annotated.store.deleted_frames[3] = [23]
    annotated.fail(path="/api/jobs/2/annotations$", status=500, times=None)
    found = []
    for path in (
        "/jobs/3/frames/23/",
        "/jobs/3/frames/20/?zoom=200&annotated=1",
        "/jobs/4/frames/",
        "/jobs/2/frames/",
        "/jobs/3/data/",
        "/jobs/58/data/",
    ):
        page.goto(path)
        found += [
            f"{path}: {rule['id']}: {node['html'][:200]}"
            for rule in Axe().run(page, options=RULES).response["violations"]
            for node in rule["nodes"]
        ]
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
    context.close()
    assert not found, "\n".join(found)


def test_a_choice_holds_for_a_step_that_is_faster_than_its_answer(
    page: Page, enter, annotated, quiet, sandbox: Sandbox
):
    enter(page)
    page.goto("/jobs/3/frames/23/")
    sandbox.fail(path="^/api/jobs/3$", delay=0.6)
    page.get_by_role("checkbox", name=re.compile("^car")).uncheck()
    page.keyboard.press("ArrowRight")
    at(page, 24, f"?label={PERSON}")
    page.wait_for_timeout(900)
    at(page, 24, f"?label={PERSON}")
    without_aborts(quiet)
