"""A run in a real browser: its plan, its progress while it goes on, its end. What a worker would do is written into the
portal's database here; workers have tests of their own."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from jobsportal.sandbox import Sandbox
from tests.server import ROOT, Portal, running_portal

Act = Callable[[str], None]
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
BEGINNING = """
from datetime import timedelta
from django.utils import timezone
from jobsportal.runs.models import *
now = timezone.now()
"""


@pytest.fixture(scope="module")
def still_portal(running_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal in which nothing is carried out."""
    folder = tmp_path_factory.mktemp("still")
    with running_portal(folder, running_sandbox.url, has_worker=False, POLL_SECONDS="0.2") as portal:
        yield portal
    assert "Traceback" not in portal.log.read_text()


@pytest.fixture(scope="module")
def browser_context_args(still_portal: Portal) -> dict[str, str]:
    return {"base_url": still_portal.url}


@pytest.fixture
def act(still_portal: Portal, sandbox: Sandbox) -> Iterator[Act]:
    """Does something in the portal's database. A worker is there, until the test is over."""

    def run(code: str) -> None:
        environment = os.environ | {"VAR_DIR": str(still_portal.log.parent), "CVAT_URL": sandbox.url}
        command = [sys.executable, "manage.py", "shell", "-v0", "-c", BEGINNING + code]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=60)

    run("Worker.objects.create(name='browser', seen=now + timedelta(hours=1))")
    yield run
    run("Worker.objects.all().delete(); Run.objects.all().delete()")


def choose(page: Page, **fields: str) -> None:
    """Send a selection, as the list's bar does."""
    page.goto("/jobs/?org=acme")
    with page.expect_navigation():
        page.evaluate(
            """fields => {
                const form = Object.assign(document.createElement("form"), {method: "post", action: "/runs/new"});
                const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
                for (const [name, value] of Object.entries({csrfmiddlewaretoken: token, ...fields}))
                    form.append(Object.assign(document.createElement("input"), {type: "hidden", name, value}));
                document.body.append(form);
                form.submit();
            }""",
            fields,
        )


def complaints(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{page.url}: {rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


def test_a_run_from_its_plan_to_its_end(page: Page, enter, act: Act):
    enter(page)
    choose(page, jobs="1,3,5,9999")
    expect(page.get_by_role("heading", level=1)).to_have_text("Change 4 jobs")
    page.get_by_label("Assignee").press_sequentially("car")
    expect(page.locator("#people option[value=carol]")).to_have_count(1)
    page.get_by_label("Assignee").fill("carol")
    page.get_by_label("Stage").select_option("next stage of each job")
    assert not complaints(page)
    page.get_by_role("button", name="Show the plan").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Assign to carol, advance to the next stage")
    expect(page.get_by_role("listitem").filter(has_text="will change")).to_contain_text("3")
    assert not complaints(page)
    page.get_by_role("link", name="Can’t be changed 1").click()
    expect(page.get_by_role("table", name="Jobs")).to_contain_text("not for you to see")
    page.get_by_role("button", name="Change 3 jobs").click()

    expect(page.get_by_role("heading", name="Waits for a worker")).to_be_visible()
    assert not complaints(page)
    act("Run.objects.update(status='running', started=now - timedelta(seconds=10))")
    act("Item.objects.filter(job_id=1).update(outcome='changed', done=now)")
    expect(page.get_by_role("heading", name=re.compile("2 of 4 done"))).to_be_visible()
    expect(page).to_have_title(re.compile("^50 % · Assign to carol"))
    page.get_by_role("button", name="Stop").focus()
    act("Item.objects.filter(job_id=3).update(outcome='failed', done=now, words='The server failed.')")
    expect(page).to_have_title(re.compile("^75 %"))
    expect(page.get_by_role("button", name="Stop")).to_be_focused()

    page.goto("/downloads/")
    page.goto("/runs/")
    expect(page.get_by_role("table", name="Runs")).to_contain_text("75 %")
    assert not complaints(page)
    page.get_by_role("link", name="Assign to carol").click()
    expect(page.get_by_role("heading", name=re.compile("3 of 4 done"))).to_be_visible()
    act("Item.objects.filter(job_id=5).update(outcome='changed', done=now)")
    act("Run.objects.update(status='finished', ended=now)")
    expect(page.get_by_role("button", name="Undo 2 changes")).to_be_visible()
    expect(page).to_have_title(re.compile("^Assign to carol"))
    page.get_by_role("link", name="Failed 1").click()
    expect(page.get_by_role("table", name="Jobs")).to_contain_text("The server failed.")
    assert not complaints(page)


def test_stopping_a_run_and_going_on_with_the_rest(page: Page, enter, act: Act):
    enter(page)
    choose(page, jobs="1,3,5", plan="1", state="rejected")
    page.get_by_role("button", name=re.compile("Change . jobs?")).click()
    act("Run.objects.update(status='running', lease_owner='browser', lease_until=now + timedelta(hours=1))")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="Stopping after what is under way")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    act("Item.objects.filter(job_id=1).update(outcome='changed', done=now)")
    act("Run.objects.update(status='stopped', ended=now)")
    page.get_by_role("button", name="Go on with the 2 that are left").click()
    expect(page.get_by_role("heading", name="Waits for a worker")).to_be_visible()


def test_a_deletion_is_confirmed_in_words(page: Page, enter, act: Act):
    enter(page)
    choose(page, jobs="58,59,1", delete="1")
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete 2 ground truth jobs")
    field = page.get_by_label("Type “delete 2 jobs” to confirm")
    field.fill("delete")
    page.get_by_role("button", name="Delete 2 jobs").click()
    expect(field).to_have_value("delete")
    expect(field).to_be_focused()
    assert not complaints(page)
    field.fill("delete 2 jobs")
    page.get_by_role("button", name="Delete 2 jobs").click()
    expect(page.get_by_role("heading", name="Waits for a worker")).to_be_visible()
