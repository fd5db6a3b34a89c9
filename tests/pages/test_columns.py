"""Which columns the list shows, and what a person likes."""

import re

import pytest

from jobsportal.saved_views.models import Taste


def heads(page) -> list[str]:
    return re.findall(r'<th scope="col" class="[^"]*?c-([a-z]+)"', page.content.decode())[1:]


USUAL = ["thumb", "id", "task", "project", "assignee", "stage", "state", "type", "frames", "updated"]


def test_the_address_says_which_columns_and_in_which_order(portal, upstream):
    page = portal.get("/jobs/?columns=state,issues,id,created,dimension&density=compact")
    assert heads(page) == ["state", "issues", "id", "created", "dimension"]
    row = re.search(r'<tr id="job-1".*?</tr>', page.content.decode(), re.S)[0]
    assert re.findall(r'<td class="[^"]*?c-([a-z]+)', row)[1:] == ["state", "issues", "id", "created", "dimension"]
    assert 'class="jobs compact chosen"' in page.content.decode()
    assert [call.path for call in upstream.calls].count("/api/jobs") == 1


def test_boxes_that_were_ticked_one_by_one_are_a_list(portal):
    page = portal.get("/jobs/?columns=id&columns=task&columns=state")
    assert heads(page) == ["id", "task", "state"]
    assert page.context["query"].query() == "?org=acme&columns=id%2Ctask%2Cstate"


def test_the_number_is_always_there(portal):
    assert heads(portal.get("/jobs/?columns=task")) == ["id", "task"]
    assert heads(portal.get("/jobs/?columns=preview,task,task")) == ["thumb", "id", "task"]


@pytest.mark.parametrize("query", ["columns=bogus", "columns=id,%3Cb%3E", "density=roomy", "columns=" + "id," * 200])
def test_columns_that_there_are_not_are_told(portal, upstream, query):
    page = portal.get(f"/jobs/?{query}")
    assert page.status_code == 422 and (
        "Columns can’t be" in page.content.decode() or "Density can’t be" in page.content.decode()
    )
    assert not upstream.calls


def test_columns_stay_while_one_pages_sorts_and_filters(portal):
    page = portal.get("/jobs/?columns=id,task&density=compact&page_size=25&stage=annotation")
    assert "columns=id%2Ctask" in page.context["next_page"]
    assert all("columns=id%2Ctask&density=compact" in preset["href"] for preset in page.context["presets"])
    assert "columns=id%2Ctask" in page.context["query"].cleared


def test_a_column_moves_by_a_plain_link(portal):
    text = portal.get("/jobs/?columns=id,task,state&page=1").content.decode()
    link = re.search(r'href="([^"]*)"><span class="sr">State further left', text)[1].replace("&amp;", "&")
    assert heads(portal.get(link)) == ["id", "state", "task"]


def test_what_is_kept_shows_where_the_address_says_nothing(portal, upstream):
    answer = portal.post(
        "/jobs/usual", {"columns": "task,id,assignee", "density": "compact", "next": "/jobs/?org=acme"}
    )
    assert answer.status_code == 302 and answer["Location"] == "/jobs/?org=acme" and not upstream.calls
    page = portal.get("/jobs/")
    assert heads(page) == ["task", "id", "assignee"] and 'class="jobs compact chosen"' in page.content.decode()
    assert heads(portal.get("/jobs/?columns=id")) == ["id"]
    portal.post("/jobs/usual", {"next": "/jobs/"})
    assert heads(portal.get("/jobs/")) == USUAL


def test_what_one_person_keeps_is_nobody_elses(portal, sign_in):
    portal.post("/jobs/usual", {"columns": "id,task", "density": "compact"})
    assert heads(sign_in("bob").get("/jobs/")) == USUAL
    assert Taste.objects.count() == 1


@pytest.mark.parametrize("given", [{"columns": "bogus"}, {"density": "roomy"}, {"columns": "id\0"}])
def test_what_cannot_be_shown_is_not_kept(portal, given):
    assert portal.post("/jobs/usual", given).status_code == 422
    assert not Taste.objects.exists()


def test_a_column_that_is_gone_since_is_passed_over(portal):
    portal.post("/jobs/usual", {"columns": "id,task"})
    Taste.objects.update(columns="id,former,task", density="former")
    assert heads(portal.get("/jobs/")) == ["id", "task"]


def test_a_row_that_was_changed_keeps_the_columns_of_its_list(portal):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/jobs/?columns=id,state"}
    answer = portal.post("/jobs/3/edit/state", {"value": "completed"}, headers=headers)
    assert re.findall(r'<td class="[^"]*?c-([a-z]+)', answer.content.decode()) == ["pick", "id", "state"]
