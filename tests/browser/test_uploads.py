"""Files that are sent in pieces, in a real browser: broken lines, reloads, and many files at once."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest
import requests
from playwright.sync_api import Page, expect

from jobsportal.sandbox import Sandbox

MIB = 1024 * 1024
JOB = 46


def annotations(sandbox: Sandbox, job_id: int = JOB) -> dict:
    return sandbox.store.annotations_of(sandbox.store.jobs[job_id])


def total(sandbox: Sandbox, job_id: int = JOB) -> int:
    return sum(len(annotations(sandbox, job_id)[kind]) for kind in ("tags", "shapes", "tracks"))


def xml(sandbox: Sandbox, job_id: int = JOB, label: str = "") -> str:
    """A CVAT XML with one box on the job's first frame."""
    job = sandbox.store.jobs[job_id]
    task = sandbox.store.task_of(job)
    known = [one.name for one in sandbox.store.labels_of_task(task) if one.type in ("any", "rectangle")]
    shape = f'<box label="{label or known[0]}" xtl="1" ytl="1" xbr="20" ybr="20" occluded="0" z_order="0"/>'
    name = task.frame_name(job.frames[0])
    image = f'<image id="{job.frames[0]}" name="{name}" width="640" height="480">{shape}</image>'
    return f'<?xml version="1.0"?><annotations><version>1.1</version>{image}</annotations>'


def archive(sandbox: Sandbox, place: Path, padding: int) -> Path:
    """The same in a ZIP archive, which is made that much larger."""
    with ZipFile(place, "w", ZIP_STORED) as out:
        out.writestr("annotations.xml", xml(sandbox))
        with out.open("padding.bin", "w", force_zip64=True) as padded:
            for _ in range(padding // MIB):
                padded.write(bytes(MIB))
    return place


def choose(page: Page, file: Path) -> None:
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_label("Format the file was written in").select_option("CVAT 1.1")


def upload(page: Page, file: Path) -> None:
    choose(page, file)
    page.get_by_label(re.compile("^Replace")).check()
    page.get_by_role("button", name="Upload").click()


def pieces(sandbox: Sandbox) -> list[int]:
    """The offsets of the pieces that were sent, in order."""
    return [
        int(call.headers["upload-offset"]) for call in sandbox.calls if call.method == "PATCH" and call.status == 204
    ]


def until_sent(sandbox: Sandbox, page: Page, count: int) -> None:
    while len(pieces(sandbox)) < count:
        page.wait_for_timeout(20)


@pytest.fixture
def broken_lines(quiet: list[str]) -> Iterator[None]:
    """The browser tells of each line that breaks; that is what these tests are about."""
    yield
    quiet[:] = [problem for problem in quiet if not problem.startswith("Failed to load resource")]


@pytest.mark.usefixtures("broken_lines")
def test_an_upload_of_200_mib_that_is_cut_twice_finishes(page: Page, enter, sandbox: Sandbox, tmp_path: Path):
    file = archive(sandbox, tmp_path / "depot.zip", 200 * MIB)
    enter(page)
    page.goto(f"/jobs/{JOB}/upload/")
    upload(page, file)
    until_sent(sandbox, page, 5)
    sandbox.fail("PATCH", "/annotations/", reset=True)
    expect(page.locator("[data-upload-words]")).to_contain_text("Trying again in")
    until_sent(sandbox, page, 20)
    page.context.set_offline(True)
    expect(page.locator("[data-upload-words]")).to_contain_text("You are offline.")
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="The annotations were replaced")).to_be_visible(timeout=60_000)
    assert total(sandbox) == 1
    sent = pieces(sandbox)
    assert sent == sorted(set(sent)) and len(sent) >= 50, "each piece arrived once"


def reload(page: Page) -> None:
    """As a person does who means it: the page asks first, while something is being sent."""
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()


@pytest.mark.usefixtures("broken_lines")
def test_after_a_reload_an_upload_goes_on_where_it_was(page: Page, enter, sandbox: Sandbox, tmp_path: Path):
    file = archive(sandbox, tmp_path / "depot.zip", 40 * MIB)
    enter(page)
    page.goto(f"/jobs/{JOB}/upload/")
    upload(page, file)
    until_sent(sandbox, page, 4)
    reload(page)
    expect(page.locator("[data-upload-remembered]")).to_contain_text(
        re.compile(r"depot\.zip: [1-9]\d % was sent\. Choose it again to go on\.")
    )
    upload(page, file)
    expect(page.get_by_role("heading", name="The annotations were replaced")).to_be_visible(timeout=30_000)
    sent = pieces(sandbox)
    assert sent == sorted(set(sent)) and sent[0] == 0, "nothing was sent twice"
    page.goto(f"/jobs/{JOB}/upload/")
    expect(page.locator("[data-upload-remembered]")).to_be_hidden()


TASK = 102
NAMES = ["job{}.xml", "boxes {}.xml", "2026-11-23_job_{}_ok.xml"]


@pytest.fixture
def roomy(sandbox: Sandbox) -> Iterator[Sandbox]:
    """A sandbox with tasks of more than twenty jobs, of which some are annotated."""
    sandbox.extra_jobs = 60
    sandbox.reset()
    yield sandbox
    sandbox.extra_jobs = 0
    sandbox.reset()


def test_twenty_files_with_two_bad_ones_among_them_eighteen_in_and_two_explained(
    page: Page, enter, roomy: Sandbox, tmp_path: Path
):
    jobs = [job.id for job in roomy.store.jobs if job.task_id == TASK][:20]
    files = [tmp_path / name.format(job) for job, name in zip(jobs, NAMES * 7, strict=False)]
    for file, job in zip(files, jobs, strict=True):
        file.write_text(xml(roomy, job))
    files[3].write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    files[11].write_text(xml(roomy, jobs[11], "zebra"))
    enter(page)
    page.goto(f"/upload/?org=acme&task_id={TASK}")
    page.get_by_label("Files, one for each job").set_input_files(files)
    page.get_by_label("Format", exact=True).select_option("CVAT 1.1")
    expect(page.get_by_role("button", name="Upload 19 files")).to_be_enabled(timeout=20_000)
    page.get_by_label(re.compile("^Replace the .* annotations that are in")).check()
    page.get_by_role("button", name="Upload 19 files").click()
    expect(page.locator("[data-summary]")).to_have_text("18 in, 2 not", timeout=60_000)
    line = page.locator(".file-line")
    expect(line.nth(3)).to_contain_text("This is a picture")
    expect(line.nth(11)).to_contain_text("uses the label “zebra”, which this task does not have")
    expect(line.nth(11)).to_contain_text("Nothing was changed.")
    assert [total(roomy, job) for at, job in enumerate(jobs) if at not in (3, 11)] == [1] * 18


def drop(page: Page, contents: dict[str, str]) -> None:
    """As a person drops files on the page."""
    dropped = page.evaluate_handle(
        """(contents) => {
            const dropped = new DataTransfer();
            for (const [name, content] of Object.entries(contents)) {
                dropped.items.add(new File([content], name, { lastModified: 1 }));
            }
            return dropped;
        }""",
        contents,
    )
    page.locator("[data-drop]").dispatch_event("drop", {"dataTransfer": dropped})


def line_of(page: Page, name: str):
    return page.locator(".file-line").filter(has=page.get_by_text(name, exact=True))


def test_a_job_can_be_chosen_by_hand_and_two_files_for_one_wait_until_that_is_decided(
    page: Page, enter, sandbox: Sandbox
):
    enter(page)
    page.goto("/upload/?org=acme&task_id=6")
    drop(page, {"job46.xml": xml(sandbox), "stray.xml": xml(sandbox, 47)})
    expect(line_of(page, "job46.xml")).to_contain_text("Ready. 20 annotations there now.")
    stray = line_of(page, "stray.xml")
    expect(stray).to_contain_text("Choose the job that it is for")
    stray.get_by_label("Job for stray.xml").select_option("46")
    for name in ("job46.xml", "stray.xml"):
        expect(line_of(page, name)).to_contain_text("Two files are for job 46")
    expect(page.locator("[data-send]")).to_be_disabled()
    stray.get_by_label("Job for stray.xml").select_option("47")
    expect(page.get_by_role("button", name="Upload 2 files")).to_be_enabled()
    page.get_by_label(re.compile("^Replace the")).check()
    page.get_by_role("button", name="Upload 2 files").click()
    expect(page.locator("[data-summary]")).to_have_text("2 in, 0 not")
    assert total(sandbox, 46) == total(sandbox, 47) == 1


def test_nothing_is_replaced_before_that_was_ticked(page: Page, enter, sandbox: Sandbox):
    enter(page)
    page.goto("/upload/?org=acme&task_id=6")
    drop(page, {"job46.xml": xml(sandbox)})
    page.get_by_role("button", name="Upload 1 file").click()
    expect(page.locator("[data-why]")).to_contain_text("Tick “Replace” to go on")
    assert not [call for call in sandbox.calls if "upload-length" in call.headers] and total(sandbox) == 20


def bare(sandbox: Sandbox) -> str:
    """A job's annotations as the API tells them, without what is given anew: ids, and elements where there are none."""
    headers = {"Authorization": f"Token {sandbox.token('alice')}"}
    told = requests.get(f"{sandbox.url}/api/jobs/{JOB}/annotations", headers=headers, timeout=10).json()

    def without(thing):
        if isinstance(thing, dict):
            kept = {name: value for name, value in thing.items() if name != "id" and (name, value) != ("elements", [])}
            return {name: without(value) for name, value in kept.items()}
        return [without(one) for one in thing] if isinstance(thing, list) else thing

    def text(thing) -> str:
        return json.dumps(without(thing), sort_keys=True)

    return text({kind: sorted(told[kind], key=text) for kind in ("tags", "shapes", "tracks")})


def test_replaced_then_restored_the_annotations_are_the_same_as_before(page: Page, enter, sandbox: Sandbox):
    before = bare(sandbox)
    enter(page)
    page.goto("/upload/?org=acme&task_id=6")
    drop(page, {"job46.xml": xml(sandbox)})
    page.get_by_label(re.compile("^Replace the 20 annotations")).check()
    page.get_by_role("button", name="Upload 1 file").click()
    expect(line_of(page, "job46.xml")).to_contain_text("20 → 1 annotations")
    assert bare(sandbox) != before
    page.get_by_role("link", name="Take back job46.xml").click()
    page.get_by_role("button", name=re.compile("Restore|Take it back|Go back")).click()
    expect(page.get_by_role("status").filter(has_text="1 → 20")).to_be_visible()
    assert bare(sandbox) == before


@pytest.mark.usefixtures("broken_lines")
def test_a_reload_forgets_nothing_of_what_was_begun(page: Page, enter, sandbox: Sandbox, tmp_path: Path):
    large = archive(sandbox, tmp_path / "job46.zip", 40 * MIB)
    small = tmp_path / "job47.xml"
    small.write_text(xml(sandbox, 47))
    sandbox.request_seconds = 3.0
    enter(page)
    page.goto("/upload/?org=acme&task_id=6")
    page.get_by_label("Files, one for each job").set_input_files([large, small])
    page.get_by_label(re.compile("^Replace the")).check()
    page.get_by_role("button", name="Upload 2 files").click()
    expect(line_of(page, "job47.xml")).to_contain_text(re.compile("import", re.I))
    until_sent(sandbox, page, 4)
    reload(page)
    expect(line_of(page, "job46.zip")).to_contain_text(re.compile(r"\d+ % was sent\. Choose it again to go on\."))
    expect(line_of(page, "job47.xml")).to_contain_text("→ 1 annotations", timeout=15_000)
    page.get_by_label("Files, one for each job").set_input_files(large)
    expect(page.get_by_role("button", name="Upload 1 file")).to_be_enabled()
    page.get_by_label(re.compile("^Replace the")).check()
    page.get_by_role("button", name="Upload 1 file").click()
    expect(page.locator("[data-summary]")).to_have_text("2 in, 0 not", timeout=30_000)
    sent = [offset for offset in pieces(sandbox) if offset]
    assert sent == sorted(set(sent)), "nothing was sent twice"


def test_what_failed_can_be_tried_again_by_itself(page: Page, enter, sandbox: Sandbox):
    enter(page)
    page.goto("/upload/?org=acme&task_id=6")
    drop(page, {"job46.xml": xml(sandbox), "job47.xml": xml(sandbox, 47)})
    page.get_by_label(re.compile("^Replace the")).check()
    sandbox.fail("POST", "/api/jobs/46/annotations", status=403, body=b'{"detail":"not now"}')
    page.get_by_role("button", name="Upload 2 files").click()
    expect(page.locator("[data-summary]")).to_have_text("1 in, 1 not")
    expect(line_of(page, "job46.xml")).to_contain_text("not now")
    line_of(page, "job46.xml").get_by_role("button", name="Try again").click()
    expect(page.locator("[data-summary]")).to_have_text("2 in, 0 not")


def test_a_file_that_can_not_be_right_is_not_sent_from_the_form_either(page: Page, enter, sandbox: Sandbox, tmp_path):
    picture = tmp_path / "boxes.xml"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    enter(page)
    page.goto(f"/jobs/{JOB}/upload/")
    page.get_by_label("File", exact=True).set_input_files(picture)
    expect(page.locator("[data-upload-findings]")).to_contain_text("This is a picture")
    upload_button = page.get_by_role("button", name="Upload")
    page.get_by_label(re.compile("^Replace")).check()
    upload_button.click()
    expect(page.get_by_role("alert").filter(has_text="can’t be uploaded")).to_be_visible()
    assert not [call for call in sandbox.calls if call.method == "PATCH"] and total(sandbox) == 20


def test_what_came_in_between_is_asked_about_with_the_file_still_chosen(
    page: Page, enter, sandbox: Sandbox, tmp_path: Path
):
    file = tmp_path / "boxes.xml"
    file.write_text(xml(sandbox))
    enter(page)
    page.goto(f"/jobs/{JOB}/upload/")
    annotations(sandbox)["shapes"].pop()
    upload(page, file)
    expect(page.get_by_text("There were 20 when you looked, and there are 19 now.")).to_be_visible()
    page.get_by_label("Replace the 19 annotations that are there").check()
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="The annotations were replaced")).to_be_visible(timeout=15_000)


@pytest.mark.usefixtures("broken_lines")
def test_a_file_that_was_changed_since_it_was_chosen_is_no_broken_line(
    page: Page, enter, sandbox: Sandbox, tmp_path: Path
):
    file = tmp_path / "boxes.xml"
    file.write_text(xml(sandbox))
    enter(page)
    page.goto(f"/jobs/{JOB}/upload/")
    choose(page, file)
    expect(page.locator("[data-upload-findings]")).to_contain_text("1 object")
    file.write_text(xml(sandbox) + "<!-- later -->")
    page.get_by_label(re.compile("^Replace")).check()
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("alert").filter(has_text="changed or removed since it was chosen")).to_be_visible()
    assert total(sandbox) == 20


@pytest.mark.usefixtures("broken_lines")
def test_pieces_that_never_arrive_are_sent_less_and_less_often(page: Page, enter, sandbox: Sandbox, tmp_path: Path):
    file = tmp_path / "boxes.xml"
    file.write_text(xml(sandbox))
    sandbox.fail("PATCH", "/annotations/", status=503, times=None)
    enter(page)
    page.goto(f"/jobs/{JOB}/upload/")
    upload(page, file)
    # Between the tries the server says readily that nothing has come.
    for pause in (1, 2, 4):
        expect(page.locator("[data-upload-words]")).to_contain_text(f"Trying again in {pause} s.")
    assert "Try again in" not in page.locator("[data-upload-words]").inner_text()


def test_who_signed_out_in_the_middle_is_not_told_of_sizes(
    page: Page, enter, sandbox: Sandbox, tmp_path: Path, quiet: list[str]
):
    file = archive(sandbox, tmp_path / "depot.zip", 12 * MIB)
    enter(page)
    page.goto(f"/jobs/{JOB}/upload/")
    choose(page, file)
    page.get_by_label(re.compile("^Replace")).check()
    page.context.clear_cookies(name="portal_session")
    page.route("**/upload/begin", lambda route: route.fulfill(json={"token": "kept", "offset": 0}))
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("alert").filter(has_text="You are signed out. Sign in in another tab")).to_be_visible()
    quiet.clear()


def test_a_job_that_could_not_be_looked_at_is_not_replaced_unasked(page: Page, enter, sandbox: Sandbox):
    enter(page)
    page.goto("/upload/?org=acme&task_id=6")
    drop(page, {"job46.xml": xml(sandbox)})
    line = line_of(page, "job46.xml")
    expect(line).to_contain_text("Ready. 20 annotations there now.")
    sandbox.fail("GET", "/api/jobs/46/annotations", status=403)
    line.get_by_label("Format of job46.xml").select_option("COCO 1.0")
    expect(line).to_contain_text("Not sent.")
    line.get_by_role("button", name="Try again").click()
    expect(line).to_contain_text("Ready. 20 annotations there now.")
    assert total(sandbox) == 20


def test_the_format_of_one_file_goes_before_that_of_all(page: Page, enter, sandbox: Sandbox):
    enter(page)
    page.goto("/upload/?org=acme&task_id=6")
    drop(page, {"job46.xml": xml(sandbox), "job47.xml": xml(sandbox, 47)})
    formats = [page.get_by_label(f"Format of {name}") for name in ("job46.xml", "job47.xml")]
    page.get_by_label("Format", exact=True).select_option("COCO 1.0")
    for format in formats:
        expect(format).to_have_value("COCO 1.0")
    formats[0].select_option("YOLO 1.1")
    expect(line_of(page, "job46.xml")).to_contain_text("Ready.")
    expect(formats[0]).to_have_value("YOLO 1.1")
    page.get_by_label("Format", exact=True).select_option("As each file is")
    for format in formats:
        expect(format).to_have_value("CVAT 1.1")


def test_files_beyond_what_fits_are_said_to_be_left_out(page: Page, enter, sandbox: Sandbox):
    enter(page)
    page.goto("/upload/?org=acme&task_id=6")
    drop(page, {f"stray v{number}.xml": xml(sandbox) for number in range(303)})
    expect(page.get_by_role("alert")).to_have_text("3 files left out: up to 300 fit here. Remove some first.")
    expect(page.locator(".file-line")).to_have_count(300)


def test_what_failed_before_a_reload_is_taken_up_when_its_file_is_chosen_again(page: Page, enter, sandbox: Sandbox):
    enter(page)
    page.goto("/upload/?org=acme&task_id=6")
    drop(page, {"job46.xml": xml(sandbox, label="zebra")})
    page.get_by_label(re.compile("^Replace the")).check()
    page.get_by_role("button", name="Upload 1 file").click()
    expect(line_of(page, "job46.xml")).to_contain_text("Nothing was changed.")
    page.reload()
    drop(page, {"job46.xml": xml(sandbox, label="zebra")})
    expect(line_of(page, "job46.xml")).to_contain_text("Ready. 20 annotations there now.")


def test_a_file_that_is_refused_is_not_called_uploadable(page: Page, enter, tmp_path: Path):
    picture = tmp_path / "boxes.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    enter(page)
    page.goto(f"/jobs/{JOB}/upload/")
    choose(page, picture)
    expect(page.locator("[data-upload-findings]")).to_contain_text("This is a picture")
    expect(page.locator("[data-format-hint]")).to_be_empty()
