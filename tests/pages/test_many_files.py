"""Many files for many jobs: which job each is for, and the form that takes them all at once."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobsportal.annotations import forms
from jobsportal.annotations.matching import Candidate, matched, twice
from jobsportal.looking import look
from tests.pages.test_upload import CVAT, annotations, box, text, total

JOBS = [
    Candidate(7, "Gate 3"),
    Candidate(17, "Gate 3, rain"),
    Candidate(18, "Hafen ☂ Überblick"),
    Candidate(23, "Yard"),
    Candidate(2026, "Yard"),
]


@pytest.mark.parametrize(
    ("name", "job", "why"),
    [
        ("job17.zip", 17, "by “job 17” in its name"),
        ("street-scenes-gate-3-job-17-coco-2026-11-23.zip", 17, "by “job 17” in its name"),
        ("Job_0017 (1).XML", 17, "by “job 17” in its name"),
        ("folder/job 18.json", 18, "by “job 18” in its name"),
        ("my_job17_v2.json", 17, "by “job 17” in its name"),
        ("job99.zip", None, "job 99 is none of these jobs"),
        ("job99 or 17.zip", None, "job 99 is none of these jobs"),
        ("job17 and job18.zip", None, "its name has the numbers of 2 jobs"),
        ("17.xml", 17, "by the number 17 in its name"),
        ("boxes_17_final.xml", 17, "by the number 17 in its name"),
        ("boxes 17 of 99.xml", 17, "by the number 17 in its name"),
        ("boxes 17 and 18.xml", None, "its name has the numbers of 2 jobs"),
        ("boxes 2026-11-23.xml", None, "nothing in its name tells the job"),
        ("boxes 20261123.xml", None, "nothing in its name tells the job"),
        ("v17.xml", None, "nothing in its name tells the job"),
        ("boxes (7).xml", None, "nothing in its name tells the job"),
        ("gate 3.xml", 7, "by the name of its task"),
        ("Gate_3-RAIN final.zip", 17, "by the name of its task"),
        ("hafen überblick.json", 18, "by the name of its task"),
        ("yard.zip", None, "nothing in its name tells the job"),
        ("navigate 3.xml", None, "nothing in its name tells the job"),
        ("", None, "nothing in its name tells the job"),
    ],
)
def test_a_file_finds_its_job_by_its_name(name, job, why):
    (match,) = matched([name], JOBS)
    assert match.job == job and match.why.startswith(why)


def test_two_files_for_one_job_are_seen():
    assert twice([("a", 17), ("b", 18), ("c", 17), ("d", None), ("e", None)]) == {17: ["a", "c"]}


@given(st.text(max_size=200), st.lists(st.builds(Candidate, st.integers(1, 99), st.text(max_size=20)), max_size=5))
def test_any_name_at_all_can_be_matched(name, jobs):
    (match,) = matched([name], jobs)
    assert match.job is None or match.job in {job.id for job in jobs}


# The page


def test_the_page_lists_the_jobs_of_a_task_and_the_rules(portal, upstream):
    page = text(portal.get("/upload/?org=acme&task_id=6"))
    jobs = [job.id for job in upstream.store.jobs if job.task_id == 6]
    assert f"to {len(jobs)} jobs" in page and "How files find their jobs" in page
    assert all(f'<option value="{job}">Job {job} · Depot yard, morning</option>' in page for job in jobs)
    assert [call.path for call in upstream.calls].count("/api/jobs") == 1


def test_what_was_chosen_in_the_list_leads_to_an_address_of_its_own(portal, upstream):
    answer = portal.post("/upload/?org=acme", {"job": ["3", "13"], "jobs": "23,1", "query": "?org=acme"})
    assert answer.status_code == 302 and answer["Location"] == "/upload/?org=acme&jobs=3,13,23,1"
    page = text(portal.get(answer["Location"]))
    assert "to 4 jobs" in page and "Job 13 ·" in page


def test_all_that_a_list_finds_can_be_chosen(portal, upstream):
    answer = portal.post("/upload/?org=acme", {"all": "1", "query": "org=acme&task_id=6", "jobs": ""})
    page = text(portal.get(answer["Location"]))
    assert f"to {sum(job.task_id == 6 for job in upstream.store.jobs)} jobs" in page


def test_the_list_offers_it(portal):
    assert re.search(r'formaction="/upload/\?org=acme"[^>]*>Upload annotations…', text(portal.get("/jobs/?org=acme")))


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 200, "Choose the jobs first"),
        ("?jobs=", 422, "Choose the jobs first"),
        ("?jobs=99999", 422, "Choose the jobs first"),
        ("?task_id=99999", 422, "Choose the jobs first"),
        ("?task_id=abc", 422, "A task is chosen by its number."),
        ("?jobs=abc", 422, "A job is chosen by its number."),
        ("?all=1&query=org%3Dharbor", 422, "You look at another organization by now"),
        ("?jobs=" + ",".join(map(str, range(1, 302))), 422, "301 jobs are too many at once"),
    ],
)
def test_where_nothing_can_be_sent_to_that_is_said(portal, query, status, words):
    answer = portal.get(f"/upload/{query}")
    assert answer.status_code == status and words in text(answer)


def test_more_jobs_than_can_be_listed_are_said_to_be_too_many(portal, upstream):
    upstream.extra_jobs = 400
    upstream.reset()
    try:
        answer = portal.get("/upload/?org=acme&all=1&query=org%3Dacme")
    finally:
        upstream.extra_jobs = 0
    assert answer.status_code == 422 and "jobs are too many at once" in text(answer)


def test_names_are_matched_on_the_server(portal):
    answer = portal.post("/upload/match?org=acme&task_id=6", {"name": ["job46.xml", "x.xml", "1 and 46.zip"]})
    assert answer.json()["matches"] == [
        {"name": "job46.xml", "job": 46, "why": "by “job 46” in its name"},
        {"name": "x.xml", "job": None, "why": "nothing in its name tells the job"},
        {"name": "1 and 46.zip", "job": 46, "why": "by the number 46 in its name"},
    ]


def test_matching_without_the_upstream_says_so(portal, upstream):
    upstream.fail(path="/api/jobs", status=503)
    answer = portal.post("/upload/match?org=acme&task_id=6", {"name": ["job46.xml"]})
    assert answer.status_code == 503 and answer.json()["again"] is True
    assert portal.post("/upload/match?jobs=99999", {"name": ["a"]}).status_code == 422


# Without a script


def file(name, content):
    made = io.BytesIO(content)
    made.name = name
    return made


def send(portal, *files, jobs="45,46,47", **options):
    data = {
        "files": list(files),
        "send": "1",
        "jobs": jobs,
        "format": "",
        "keep_backup": "on",
        "replace": "on",
        **options,
    }
    return portal.post(f"/upload/?org=acme&jobs={jobs}", {name: value for name, value in data.items() if value != ""})


def said(page, name):
    """What the page of outcomes says of a file, without marks."""
    part = page.split(f"<strong>{name}</strong>")[1].split("</li>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", part).split())


def test_each_file_is_sent_to_its_job_and_what_became_of_it_is_told(server, sign_in):
    portal = sign_in()
    before = total(server, 45)
    page = text(
        send(
            portal,
            file("job46.xml", box(server)),
            file("45.xml", b"\x89PNG\r\n\x1a\n" + bytes(100)),
            file("stray.xml", box(server)),
        )
    )
    assert "1 begun, 2 not" in page
    assert "for job 46 Sent as CVAT 1.1; the import has begun." in said(page, "job46.xml")
    assert "Not sent: This is a picture" in said(page, "45.xml")
    assert "Not sent: nothing in its name tells the job. Name it after its job" in said(page, "stray.xml")
    assert total(server, 46) == 1 and total(server, 45) == before
    follow = page.split('href="/jobs/46/upload/progress')[1].split('"')[0]
    assert "The annotations were replaced" in text(portal.get(f"/jobs/46/upload/progress{follow}"))


def test_two_files_for_one_job_are_both_left(portal, upstream):
    page = text(send(portal, file("job46.xml", box(upstream)), file("46 again.xml", box(upstream))))
    assert "0 begun, 2 not" in page and page.count("2 files are for job 46. Send the right one alone.") == 2
    assert total(upstream, 46) == 20


def test_nothing_is_replaced_that_was_not_agreed_to(portal, upstream):
    page = text(send(portal, file("job46.xml", box(upstream)), replace=""))
    assert "Not sent: Tick this to go on" in said(page, "job46.xml") and total(upstream, 46) == 20


def test_one_that_fails_is_nothing_to_the_others(portal, upstream):
    upstream.fail("POST", "/api/jobs/45/annotations", status=500)
    content = box(upstream)
    page = text(send(portal, file("job45.xml", content), file("job46.xml", content), format=CVAT))
    assert "1 begun, 1 not" in page and "Test CVAT failed." in said(page, "job45.xml") and total(upstream, 46) == 1


def test_an_import_that_runs_already_can_be_followed(portal, upstream):
    upstream.request_seconds = 60
    send(portal, file("job46.xml", box(upstream)))
    page = text(send(portal, file("job46.xml", box(upstream))))
    assert "Not sent: an import into this job is already running. Follow that import" in said(page, "job46.xml")


def test_a_format_that_is_chosen_counts_for_all(portal, upstream):
    page = text(send(portal, file("job46.xml", box(upstream)), format="COCO 1.0"))
    assert "Not sent: This is not a file of COCO 1.0." in said(page, "job46.xml")
    page = text(send(portal, file("job46.bin", b"what is this"), format=""))
    assert "Not sent: Choose the format that the file was written in." in said(page, "job46.bin")


def test_without_files_the_page_says_so(portal):
    answer = send(portal)
    assert answer.status_code == 422 and "Choose at least one file." in text(answer)


def test_signing_out_in_between_is_noticed(portal, upstream):
    upstream.fail("GET", "/api/jobs/46$", status=401, body=b"{}", content_type="application/json")
    answer = send(portal, file("job46.xml", box(upstream)))
    assert answer.status_code == 401 and total(upstream, 46) == 20
    assert "jobs%3D45%252C46%252C47" in answer.content.decode(), "signing in leads back to the same jobs"


def test_a_reason_for_not_sending_is_safe_to_show(portal, upstream):
    page = send(portal, file("<b>job46</b>.xml", b"\x89PNG\r\n\x1a\n")).content.decode()
    assert "<b>job46" not in page and len(annotations(upstream)["shapes"]) == 18


def test_more_files_than_fit_are_told_and_up_to_that_all_are_taken(portal, upstream):
    page = text(send(portal, *(file(f"stray v{number}.xml", b"<annotations/>") for number in range(300))))
    assert "0 begun, 300 not" in page
    answer = send(portal, *(file(f"stray v{number}.xml", b"<annotations/>") for number in range(301)))
    assert answer.status_code == 422 and "Choose at most 300 files at once." in text(answer)


def test_each_file_is_looked_into_once(portal, upstream, monkeypatch):
    names = []
    monkeypatch.setattr(forms, "look", lambda file, name: names.append(name) or look(file, name))
    page = text(send(portal, file("job46.xml", box(upstream)), file("job47.xml", b"<annotations/>")))
    assert "2 begun, 0 not" in page and names == ["job46.xml", "job47.xml"]
