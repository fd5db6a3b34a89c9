"""The main job, from signing in to the archive on disk: once in a browser with JavaScript, once without."""

import json
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from jobsportal.sandbox import Sandbox

FORMAT_IN, FORMAT_OUT = "COCO 1.0", "CVAT for images 1.1"
# A box, a polygon: what COCO can say and CVAT keeps exactly. (label, frame of the job, shape, points)
KNOWN = [
    ("car", 0, "box", [10.0, 20.0, 110.5, 90.25]),
    ("car", 0, "box", [200.0, 40.0, 260.0, 100.0]),
    ("car", 3, "box", [5.0, 6.0, 55.0, 66.0]),
    ("lane", 1, "polygon", [10.0, 10.0, 60.0, 12.0, 66.5, 65.0, 15.5, 77.25]),
]


def upstream_json(sandbox: Sandbox, path: str):
    headers = {"Authorization": f"Token {sandbox.token('alice')}"}
    answer = requests.get(sandbox.url + path, headers=headers, timeout=10)
    answer.raise_for_status()
    return answer.json()


def coco_file(sandbox: Sandbox, job_id: int, folder: Path) -> Path:
    """The known annotations as a COCO file for this job's frames."""
    frames = upstream_json(sandbox, f"/api/jobs/{job_id}/data/meta")["frames"]
    labels = sorted({label for label, *_ in KNOWN})
    images = [
        {"id": number, "file_name": frame["name"], "width": frame["width"], "height": frame["height"]}
        for number, frame in enumerate(frames, 1)
    ]
    annotations = []
    for number, (label, frame, kind, points) in enumerate(KNOWN, 1):
        xs, ys = points[::2], points[1::2]
        box = [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]
        annotations.append(
            {
                "id": number,
                "image_id": frame + 1,
                "category_id": labels.index(label) + 1,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": 0,
                "segmentation": [points] if kind == "polygon" else [],
            }
        )
    categories = [{"id": number, "name": label} for number, label in enumerate(labels, 1)]
    file = folder / "known.json"
    file.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return file


def shapes_in(archive: Path, sandbox: Sandbox, job_id: int) -> Counter:
    """(label, frame of the job, kind, points) of every shape in an exported archive."""
    names = [frame["name"] for frame in upstream_json(sandbox, f"/api/jobs/{job_id}/data/meta")["frames"]]
    with ZipFile(archive) as opened:
        assert opened.testzip() is None
        root = ElementTree.fromstring(opened.read("annotations.xml"))
    found: Counter = Counter()
    for image in root.iter("image"):
        for shape in image:
            if shape.tag == "box":
                points = [float(shape.get(name)) for name in ("xtl", "ytl", "xbr", "ybr")]
            else:
                points = [float(value) for pair in shape.get("points").split(";") for value in pair.split(",")]
            found[shape.get("label"), names.index(image.get("name")), shape.tag, tuple(points)] += 1
    return found


def expected() -> Counter:
    return Counter((label, frame, kind, tuple(points)) for label, frame, kind, points in KNOWN)


def upload(page: Page, file: Path) -> None:
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_label("Format the file was written in").select_option(FORMAT_IN)
    tick = page.get_by_label(re.compile("^Replace"))
    if tick.count():
        tick.check()
    page.get_by_role("button", name="Upload").click()


def row(page: Page, job_id: int):
    return page.locator(f"#job-{job_id}")


def test_the_main_job(page: Page, enter, sandbox: Sandbox, tmp_path: Path):
    enter(page, "alice")
    page.goto("/jobs/?org=acme")
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Unassigned").click()
    expect(page).to_have_url(re.compile("view=unassigned"))
    for job_id, person in ((3, "carol"), (13, "dave"), (23, "erin")):
        row(page, job_id).get_by_role("link", name="change the assignee").click()
        page.get_by_role("dialog").get_by_role("button", name=person).click()
        expect(row(page, job_id).locator(".c-assignee .edit")).to_contain_text(person)
        assert upstream_json(sandbox, f"/api/jobs/{job_id}")["assignee"]["username"] == person

    row(page, 3).get_by_role("link", name="change the stage").click()
    page.get_by_role("dialog").get_by_role("button", name="validation").click()
    expect(row(page, 3).locator(".c-stage .edit")).to_contain_text("validation")
    assert upstream_json(sandbox, "/api/jobs/3")["stage"] == "validation"

    row(page, 3).get_by_role("link", name="Job 3", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Job 3")
    page.get_by_role("navigation", name="Job 3").get_by_role("link", name="Upload").click()
    upload(page, coco_file(sandbox, 3, tmp_path))
    expect(page.get_by_role("heading", name="The annotations were replaced")).to_be_visible(timeout=15_000)
    table = page.get_by_role("region", name="Before and after")
    expect(table.get_by_role("row", name=re.compile("rectangles"))).to_contain_text("3")
    expect(table.get_by_role("row", name=re.compile("polygons"))).to_contain_text("1")

    page.get_by_role("link", name="See the annotations").click()
    expect(page.get_by_role("row", name=re.compile("^car"))).to_contain_text("3")

    page.get_by_role("navigation", name="Job 3").get_by_role("link", name="Export").click()
    page.get_by_label("Format").select_option(FORMAT_OUT)
    page.get_by_role("button", name="Prepare the file").click()
    link = page.get_by_role("link", name=re.compile("^Download .*3"))
    expect(link.first).to_be_visible(timeout=15_000)
    with page.expect_download() as download:
        link.first.click()
    check_archive(download.value, sandbox, tmp_path)


def check_archive(download, sandbox: Sandbox, folder: Path) -> None:
    name = download.suggested_filename
    assert re.fullmatch(
        r"street-scenes-crossing-rain-2026-11-job3-cvat-for-images-\d{4}-\d\d-\d\d\.zip", name.lower()
    ), name
    download.save_as(folder / "archive.zip")
    assert shapes_in(folder / "archive.zip", sandbox, 3) == expected()


@pytest.fixture
def plain_page(browser: Browser, base_url: str):
    context = browser.new_context(java_script_enabled=False, base_url=base_url, accept_downloads=True)
    yield context.new_page()
    context.close()


def test_the_main_job_without_javascript(plain_page: Page, enter, sandbox: Sandbox, tmp_path: Path):
    page = plain_page
    enter(page, "alice")
    page.goto("/jobs/?org=acme")
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Unassigned").click()
    for job_id, person in ((3, "carol"), (13, "dave"), (23, "erin")):
        row(page, job_id).get_by_role("link", name="change the assignee").click()
        page.get_by_role("button", name=person).click()
        expect(page).to_have_url(re.compile("view=unassigned"))
        expect(page.get_by_role("status").first).to_contain_text(f"Job {job_id}: assigned to {person}")
        assert upstream_json(sandbox, f"/api/jobs/{job_id}")["assignee"]["username"] == person

    page.goto("/jobs/?org=acme&task_id=1")
    row(page, 3).get_by_role("link", name="change the stage").click()
    page.get_by_role("button", name="validation").click()
    expect(row(page, 3).locator(".c-stage")).to_contain_text("validation")

    row(page, 3).get_by_role("link", name="Job 3", exact=True).click()
    page.get_by_role("navigation", name="Job 3").get_by_role("link", name="Upload").click()
    upload(page, coco_file(sandbox, 3, tmp_path))
    look_until(page, page.get_by_role("heading", name="The annotations were replaced"))
    expect(page.get_by_role("region", name="Before and after")).to_contain_text("rectangles")

    page.get_by_role("navigation", name="Job 3").get_by_role("link", name="Export").click()
    page.get_by_label("Format").select_option(FORMAT_OUT)
    page.get_by_role("button", name="Prepare the file").click()
    link = page.get_by_role("link", name=re.compile("^Download .*3"))
    look_until(page, link)
    with page.expect_download() as download:
        link.first.click()
    check_archive(download.value, sandbox, tmp_path)


def look_until(page: Page, wanted) -> None:
    """Reload as a person would until the work is done; the page does so by itself too."""
    for _ in range(50):
        if wanted.count():
            return
        page.reload()
    raise AssertionError(f"never came: {wanted}")
