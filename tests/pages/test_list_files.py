"""The list and the selection as files."""

import csv
from io import BytesIO, StringIO
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def csv_rows(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def sheet(answer) -> list[list[str]]:
    """The cells of the first sheet, as text."""
    with ZipFile(BytesIO(b"".join(answer.streaming_content))) as book:
        rows = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml")).iter(f"{SHEET}row")
        return [["".join(cell.itertext()) for cell in row] for row in rows]


def test_excel_holds_what_the_filter_finds_over_all_pages(portal, monkeypatch):
    monkeypatch.setattr("jobsportal.jobs.spreadsheet.PAGE_SIZE", 7)
    count = portal.get("/jobs/?stage=annotation").context["page"].count
    answer = portal.get("/jobs/list.xlsx?stage=annotation&page=2")
    heading, *rows = sheet(answer)
    assert 'filename="jobs-list-' in answer["Content-Disposition"] and ".xlsx" in answer["Content-Disposition"]
    assert heading[:3] == ["job", "task", "project"] and len(rows) == count
    ids = [int(row[0]) for row in rows]
    assert ids == sorted(set(ids)) and all("annotation" in row for row in rows)


def test_a_file_holds_all_columns_whatever_the_list_shows(portal):
    row = csv_rows(portal.get("/jobs/list.csv?columns=id&task_id=2"))[0]
    assert row["dimension"] == "2d" and row["created"] and row["issues"].isdecimal()


def test_the_selection_of_several_pages_is_one_file(portal, upstream, monkeypatch):
    monkeypatch.setattr("jobsportal.jobs.spreadsheet.IDS_PER_CALL", 2)
    given = {"job": ["5", "3"], "jobs": "11,12"}
    assert [row["job"] for row in csv_rows(portal.post("/jobs/list.csv", given))] == ["3", "5", "11", "12"]
    assert [call.path for call in upstream.calls].count("/api/jobs") == 2
    heading, *rows = sheet(portal.post("/jobs/list.xlsx", given))
    assert heading[0] == "job" and [row[0] for row in rows] == ["3", "5", "11", "12"]


def test_all_that_match_is_the_query_whatever_is_ticked(portal):
    count = portal.get("/jobs/?view=unassigned").context["page"].count
    answer = portal.post("/jobs/list.csv", {"all": "1", "query": "?org=acme&view=unassigned&page=2", "job": "1"})
    rows = csv_rows(answer)
    assert len(rows) == count and {row["assignee"] for row in rows} == {""}


def test_jobs_that_are_gone_or_foreign_are_left_out(portal, upstream):
    foreign = next(job.id for job in upstream.store.jobs if job.task_id == 7)
    rows = csv_rows(portal.post("/jobs/list.csv", {"jobs": f"3,{foreign},999999"}))
    assert [row["job"] for row in rows] == ["3"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "No job is selected"),
        ({"jobs": " , "}, "No job is selected"),
        ({"jobs": "3;4"}, "chosen by its number"),
        ({"job": "-1"}, "chosen by its number"),
        ({"all": "1", "query": "?stage=bogus"}, "read"),
        ({"jobs": ",".join(map(str, range(1, 8)))}, "Too many jobs are selected"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_selection_that_cannot_be_is_explained(portal, upstream, settings, given, words, kind):
    settings.RUN_MAX_JOBS = 5
    answer = portal.post(f"/jobs/list.{kind}", given)
    assert answer.status_code == 422 and words in answer.content.decode()
    assert not upstream.calls


def test_an_impossible_filter_leads_to_the_list_that_explains_it(portal):
    answer = portal.get("/jobs/list.xlsx?stage=bogus")
    assert answer.status_code == 302 and answer["Location"] == "/jobs/?stage=bogus"


def test_excel_that_breaks_in_the_middle_is_an_error_page(portal, upstream, monkeypatch):
    monkeypatch.setattr("jobsportal.jobs.spreadsheet.PAGE_SIZE", 7)
    rows = sheet(portal.get("/jobs/list.xlsx"))
    assert len(rows) == 50
    upstream.fail(path="^/api/jobs$", delay=0.001, times=2)
    upstream.fail(path="^/api/jobs$", status=500)
    assert portal.get("/jobs/list.xlsx").status_code == 502


def test_excel_waits_where_too_many_files_are_on_their_way(portal, monkeypatch):
    from threading import BoundedSemaphore

    full = BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setattr("jobsportal.web.streaming.transfers", full)
    answer = portal.get("/jobs/list.xlsx")
    assert answer.status_code == 503 and answer["Retry-After"] == "30"
    full.release()
    for _ in range(2):  # the place is given back
        assert sheet(portal.get("/jobs/list.xlsx"))


def test_a_selection_in_an_address_is_no_file_of_everything(portal, upstream):
    answer = portal.get("/jobs/list.csv?jobs=3&query=x")
    assert answer.status_code == 302 and answer["Location"] == "/jobs/" and not upstream.calls
