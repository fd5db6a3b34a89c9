"""Go to: jobs, tasks, projects, saved views and pages by a word."""

import re

import pytest
from django.conf import settings as configured

from jobsportal.saved_views.models import SavedView

HTMX = {"HX-Request": "true"}


def links(answer) -> dict[str, str]:
    found = re.findall(
        r'class="go-option"[^>]*href="([^"]*)"[^>]*><span class="go-name">([^<]*)', answer.content.decode()
    )
    return {name: href.replace("&amp;", "&") for href, name in found}


def test_without_a_word_there_are_the_pages_and_no_call(portal, upstream):
    found = links(portal.get("/jobs/go"))
    assert found["Workload"] == "/workload/" and found["Jobs: unassigned"] == "/jobs/?org=acme&view=unassigned"
    assert found["Jobs in Personal"] == "/jobs/?org="
    assert not upstream.calls


@pytest.mark.parametrize("typed", ["17", "#17", "job 17"])
def test_a_number_is_a_job(portal, typed):
    assert links(portal.get("/jobs/go", {"q": typed}))["Job 17"] == "/jobs/17/"


def test_a_number_of_no_job_is_no_failure(portal):
    answer = portal.get("/jobs/go?q=999999")
    assert answer.status_code == 200 and "Nothing is called “999999”" in answer.content.decode()


def test_tasks_and_projects_lead_to_their_jobs(portal):
    found = links(portal.get("/jobs/go?q=depot", headers=HTMX))
    assert found["Depot yard, morning"] == "/jobs/?org=acme&task_id=6"
    assert found["Depot"] == "/jobs/?org=acme&project_id=2"
    assert portal.get(found["Depot"]).context["page"].count > 0


def view(name: str, **more) -> SavedView:
    given = {"upstream": configured.CVAT_URL, "person_id": 2, "username": "alice", "organization": "acme", "name": name}
    return SavedView.objects.create(**given | more)


def test_ones_own_views_and_shared_ones_of_the_organization_are_found(portal, sign_in, settings):
    own = view("Night shift")
    view("Night of bob", person_id=3)
    shared = view("Night for all", person_id=3, is_shared=True)
    view("Night elsewhere", organization="harbor", person_id=8, is_shared=True)
    view("Night of another server", upstream="http://other", is_shared=True)
    view("Night private", organization="", person_id=3, is_shared=True)
    found = links(portal.get("/jobs/go?q=night s"))
    assert found["Night shift"] == f"/views/{own.key}/"
    found = links(portal.get("/jobs/go?q=night"))
    assert found["Night for all"] == f"/views/{shared.key}/"
    names = {name for name in found if name.startswith("Night")}
    assert names == {"Night shift", "Night for all", "Night bus lane"}
    personal = links(sign_in("alice", org="").get("/jobs/go?q=night"))
    assert "Night private" not in personal and "Night shift" not in personal


def test_hostile_words_are_shown_as_text(portal):
    answer = portal.get("/jobs/go", {"q": "<script>alert(1)</script>\0"})
    assert answer.status_code == 200 and b"<script>alert" not in answer.content


def test_a_part_that_cannot_be_searched_is_told_beside_the_rest(portal, upstream):
    upstream.fail(path="^/api/tasks$", status=500, times=None)
    answer = portal.get("/jobs/go?q=depot", headers=HTMX)
    assert "Depot" in links(answer) and "Tasks could not be searched" in answer.content.decode()


def test_a_sign_in_that_is_no_longer_accepted_leads_to_signing_in(portal, upstream):
    upstream.revoke("alice")
    assert portal.get("/jobs/go?q=depot", headers=HTMX).status_code == 401


def test_options_are_options_and_the_page_is_a_page(portal):
    part = portal.get("/jobs/go?q=depot", headers=HTMX).content.decode()
    assert "<html" not in part and 'role="option"' in part
    page = portal.get("/jobs/go?q=depot").content.decode()
    assert "<html" in page and "<h1>Go to</h1>" in page and 'value="depot"' in page
