"""Files that are sent in pieces, in a real browser: broken lines, reloads, and many files at once."""

import re
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest
from playwright.sync_api import Dialog, Page, expect

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
