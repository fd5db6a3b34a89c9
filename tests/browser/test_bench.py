"""A manager's morning, on a portal with a worker of its own in front of hundreds of jobs."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from jobsportal.sandbox import Sandbox
from tests.server import Portal, running_portal

pytestmark = pytest.mark.slow

EXTRA = 640
PEOPLE = ["carol", "dave", "erin", "frank", "heidi", "ivan", "judy", "bob"]
DONE = 120_000  # milliseconds that a run may take on a busy machine


@pytest.fixture(scope="module")
def crowd() -> Iterator[Sandbox]:
    with Sandbox(extra_jobs=EXTRA, anonymous_per_minute=100_000) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def bench(crowd: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("bench")
    with running_portal(folder, crowd.url, POLL_SECONDS="0.2", WORKLOAD_CACHE_SECONDS="0") as portal:
        yield portal
    assert "Traceback" not in portal.log.read_text()


@pytest.fixture(scope="module")
def browser_context_args(bench: Portal) -> dict[str, str]:
    return {"base_url": bench.url}


@pytest.fixture
def jobs(crowd: Sandbox) -> Sandbox:
    crowd.reset()
    crowd.calls.clear()
    return crowd


def assignees(sandbox: Sandbox) -> dict[int, int | None]:
    """Who has each annotation job of the first organization."""
    return {job.id: job.assignee_id for job in sandbox.store.jobs if job.organization_id == 1}


def done_of(page: Page) -> tuple[int, int]:
    """How many jobs of how many are through, as the page of a run says."""
    words = page.locator("#progress-title").inner_text()
    done, total = re.search(r"([\d,]+) of ([\d,]+) done", words).groups()
    return int(done.replace(",", "")), int(total.replace(",", ""))


def test_more_than_six_hundred_are_assigned_left_come_back_to_and_taken_back(page: Page, enter, jobs: Sandbox):
    enter(page)
    before = assignees(jobs)
    page.goto("/jobs/?org=acme&type=annotation")
    page.get_by_role("checkbox", name="Select all on this page").check()
    page.get_by_role("button", name=re.compile(r"Select all [\d,]+ that match")).click()
    words = page.locator("[data-selection-count]").inner_text()
    count = int(re.search(r"[\d,]+", words)[0].replace(",", ""))
    assert count > 600
    page.get_by_role("button", name="Change…").click()
    page.get_by_label("Assignee").fill("erin")
    page.get_by_role("button", name="Show the plan").click()
    jobs.fail(method="PATCH", delay=0.3, times=None)
    page.get_by_role("button", name=re.compile(r"^Change [\d,]+ jobs$")).click()
    expect(page.locator("#progress-title")).to_contain_text(re.compile(r"[1-9]\d* of [\d,]+ done"))
    left_at, total = done_of(page)
    assert 0 < left_at < total == count
    address = page.url

    page.close()
    again = page.context.new_page()
    again.goto("/runs/")
    expect(again.get_by_role("table", name="Runs")).to_contain_text("%")
    again.get_by_role("link", name=re.compile("erin")).first.click()
    assert again.url.rstrip("/") == address.rstrip("/")
    expect(again.get_by_role("progressbar")).to_be_visible()
    come_back_at, _ = done_of(again)
    assert left_at <= come_back_at < count
    expect(again.locator("#progress-title")).not_to_contain_text(f"{come_back_at:,} of ")
    assert done_of(again)[0] > come_back_at, "it goes on in sight"
    jobs.faults.clear()
    expect(again.locator("#summary")).to_be_visible(timeout=DONE)
    mine = [job for job in jobs.store.jobs if job.organization_id == 1 and job.type == "annotation"]
    assert len(mine) == count and {job.assignee_id for job in mine} == {6}

    again.get_by_role("button", name=re.compile("Undo [0-9,]+ changes")).click()
    expect(again.get_by_role("heading", level=1)).to_contain_text("Undo of")
    expect(again.locator("#summary")).to_be_visible(timeout=DONE)
    assert assignees(jobs) == before


def test_two_hundred_jobs_over_eight_people_by_frames_and_the_balance_shows(page: Page, enter, jobs: Sandbox):
    enter(page)
    for job in jobs.store.jobs:  # nobody carries anything yet, and two hundred wait
        job.assignee_id = None
        if job.id >= 1201 or job.id < 1001:
            job.state = "completed"
        else:
            job.stage, job.state = "annotation", "new"
    page.goto("/jobs/?org=acme&type=annotation&state=new")
    page.get_by_role("checkbox", name="Select all on this page").check()
    page.get_by_role("button", name="Select all 200 that match").click()
    page.get_by_role("button", name="Distribute…").click()
    for name in PEOPLE:
        page.get_by_role("checkbox", name=re.compile(rf"\b{name}\b")).check()
    page.get_by_label("Equal number of frames").check()
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_role("button", name="Hand out 200 jobs to 8 people").click()
    expect(page.locator("#summary")).to_be_visible(timeout=DONE)

    frames: Counter[int] = Counter()
    longest = 0
    for job in jobs.store.jobs:
        if job.assignee_id:
            frames[job.assignee_id] += len(job.frames)
            longest = max(longest, len(job.frames))
    assert len(frames) == 8 and max(frames.values()) - min(frames.values()) <= longest

    page.goto("/workload/?org=acme")
    for name in PEOPLE:
        person = next(user for user in jobs.store.users.values() if user.username == name)
        row = page.locator("tr", has=page.locator(".person-name", has_text=re.compile(f"^{name}$")))
        expect(row.locator("[data-label='Open frames']")).to_have_text(f"{frames[person.id]:,}")
