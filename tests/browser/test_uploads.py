"""Files that are sent in pieces, in a real browser: broken lines, reloads, and many files at once."""

import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest
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
    return [int(call.headers["upload-offset"]) for call in sandbox.calls if call.method == "PATCH" and call.status == 204]


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
