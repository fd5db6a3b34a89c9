"""`GET /api/jobs`: filters, JSON Logic, pages, links, organizations."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from jobsportal.sandbox import Sandbox

from .conftest import Caller

People = Callable[[str | None], Caller]
FIELDS = [
    "url", "id", "task_id", "project_id", "assignee", "guide_id", "dimension", "bug_tracker", "status", "stage",
    "state", "mode", "frame_count", "start_frame", "stop_frame", "data_chunk_size", "data_compressed_chunk_type",
    "data_original_chunk_type", "created_date", "updated_date", "issues", "labels", "type", "organization",
    "target_storage", "source_storage", "assignee_updated_date", "parent_job_id", "consensus_replicas",
]  # fmt: skip


def ids(caller: Caller, query: str) -> list[int]:
    return [row["id"] for row in caller.get(f"jobs?page_size=all&{query}").json()["results"]]


def rows(caller: Caller, query: str = "") -> list[dict[str, Any]]:
    return list(caller.get(f"jobs?page_size=all&{query}").json()["results"])


def test_a_job_has_the_recorded_fields_in_the_recorded_order(admin: Caller, sandbox: Sandbox) -> None:
    job = admin.get("jobs/1").json()
    assert list(job) == FIELDS
    assert job["assignee"] == {
        "url": f"{sandbox.url}/api/users/4",
        "id": 4,
        "username": "carol",
        "first_name": "Carol",
        "last_name": "Okafor",
    }
    assert job["labels"] == {"url": f"{sandbox.url}/api/labels?job_id=1"}
    assert job["updated_date"].endswith("Z") and "." in job["updated_date"]


def test_the_demo_is_rich_enough(admin: Caller) -> None:
    jobs = rows(admin)
    assert len(jobs) == 59
    assert {job["stage"] for job in jobs} == {"annotation", "validation", "acceptance"}
    assert {job["state"] for job in jobs} == {"new", "in progress", "completed", "rejected"}
    assert sum(job["type"] == "ground_truth" for job in jobs) == 2
    assert sum(job["assignee"] is None and job["organization"] == 1 for job in jobs) >= 12
    assert sum(job["organization"] is None for job in jobs) == 3
    assert len({job["assignee"]["username"] for job in jobs if job["assignee"]}) >= 6


@pytest.mark.parametrize(
    ("person", "everything", "acme", "personal"),
    [("admin", 59, 49, 3), ("alice", 20, 49, 3), ("grace", 7, 403, 0), ("mara", 33, 33, 0)],
)
def test_who_sees_what(people: People, person: str, everything: int, acme: int, personal: int) -> None:
    caller = people(person)
    assert caller.count() == everything
    inside = caller.get("jobs?page_size=1", headers={"X-Organization": "acme"})
    assert (inside.json()["count"] if inside.ok else inside.status_code) == acme
    assert caller.count("org=") == personal


def test_a_worker_sees_exactly_their_own_jobs(people: People) -> None:
    mine = rows(people("dave"))
    assert mine and {job["assignee"]["username"] for job in mine} == {"dave"}


@pytest.mark.parametrize("size", ["0", "-5", "abc", ""])
def test_a_page_size_that_is_none_is_ten(admin: Caller, size: str) -> None:
    assert len(admin.get(f"jobs?page_size={size}").json()["results"]) == 10


@pytest.mark.parametrize("size", ["all", "1000", "99999999999999999999"])
def test_a_page_size_has_no_maximum(admin: Caller, size: str) -> None:
    answer = admin.get(f"jobs?page_size={size}").json()
    assert len(answer["results"]) == answer["count"] == 59
    assert answer["next"] is None


@pytest.mark.parametrize("page", ["0", "-1", "abc", "9999"])
def test_a_page_outside_the_range_is_404(admin: Caller, page: str) -> None:
    answer = admin.get(f"jobs?page={page}")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Invalid page."})


def test_the_last_page(admin: Caller, sandbox: Sandbox) -> None:
    answer = admin.get("jobs?page=last&page_size=5").json()
    assert answer["next"] is None
    assert answer["previous"] == f"{sandbox.url}/api/jobs?page=11&page_size=5"
    assert len(answer["results"]) == 4


def test_links_are_absolute_sorted_and_lead_back(admin: Caller, sandbox: Sandbox) -> None:
    answer = admin.get("jobs?state=new&sort=-id&page_size=2&org=acme&page=2").json()
    words = "org=acme&page=3&page_size=2&sort=-id&state=new"
    assert answer["next"] == f"{sandbox.url}/api/jobs?{words}"
    assert answer["previous"] == f"{sandbox.url}/api/jobs?org=acme&page_size=2&sort=-id&state=new"


def test_links_follow_the_proxy(admin: Caller) -> None:
    front = {"X-Forwarded-Host": "front.example:9000", "X-Forwarded-Proto": "https"}
    answer = admin.get("jobs?page_size=2", headers=front).json()
    assert answer["next"] == "https://front.example:9000/api/jobs?page=2&page_size=2"
    assert answer["results"][0]["url"].startswith("https://front.example:9000/api/jobs/")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("stage=validation", lambda job: job["stage"] == "validation"),
        ("state=in+progress", lambda job: job["state"] == "in progress"),
        ("type=ground_truth", lambda job: job["type"] == "ground_truth"),
        ("assignee=carol", lambda job: job["assignee"] and job["assignee"]["username"] == "carol"),
        ("assignee=CAROL", lambda job: False),
        ("assignee=", lambda job: True),
        ("task_id=5", lambda job: job["task_id"] == 5),
        ("task_id=9999", lambda job: False),
        ("project_id=2", lambda job: job["project_id"] == 2),
        ("task_name=Hafen%20%E2%98%82%20%C3%9Cberblick", lambda job: job["task_id"] == 4),
        ("project_name=Depot", lambda job: job["project_id"] == 2),
        ("project_name=Dep", lambda job: False),
        ("dimension=3d", lambda job: False),
        ("state=new&state=completed", lambda job: job["state"] == "completed"),
        ("bogus=1", lambda job: True),
        ("search=street", lambda job: job["project_id"] == 1),
        ("search=street,completed", lambda job: job["project_id"] == 1 and job["state"] == "completed"),
        ("search=STREET%20completed", lambda job: job["project_id"] == 1 and job["state"] == "completed"),
        ("search=%25", lambda job: False),
    ],
)
def test_filters(admin: Caller, query: str, expected: Callable[[dict[str, Any]], bool]) -> None:
    wanted = [job["id"] for job in rows(admin) if expected(job)]
    assert ids(admin, query) == wanted


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("state=done", {"state": ["Select a valid choice. done is not one of the available choices."]}),
        ("task_id=x", {"task_id": ["Enter a number."]}),
        ("search=%00", ["Null characters are not allowed."]),
        ("filter={not", ["filter: can't parse filter expression: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"]),
        ("filter={}", ["filter shouldn't be empty"]),
        ('filter={"!=":[{"var":"state"},"new"]}', ["filter: != operation with [{'var': 'state'}, 'new'] arguments is not implemented"]),
        ('filter={"xor":[1,2]}', ["filter: xor operation with [1, 2] arguments is not implemented"]),
        ('filter={"==":[{"var":"bogus"},1]}', ["filter: 'bogus' term is not supported"]),
    ],
)  # fmt: skip
def test_what_is_told_with_400(admin: Caller, query: str, body: object) -> None:
    answer = admin.get(f"jobs?{query}")
    assert (answer.status_code, answer.json()) == (400, body)


@pytest.mark.parametrize(
    "rules",
    ['{"==":[{"var":"id"},"abc"]}', '{">=":[{"var":"updated_date"},"notadate"]}', "[1,2]", "5", '"x"', '{"and":[]}'],
)
def test_json_logic_the_upstream_breaks_on(admin: Caller, rules: str) -> None:
    answer = admin.get("jobs", params={"filter": rules})
    assert answer.status_code == 500
    assert "<h1>Server Error (500)</h1>" in answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"==": [{"var": "state"}, "completed"]}, lambda job: job["state"] == "completed"),
        ({"==": [{"var": "assignee"}, None]}, lambda job: not job["assignee"]),
        ({"!": {"var": "assignee"}}, lambda job: not job["assignee"]),
        ({"var": "assignee"}, lambda job: bool(job["assignee"])),
        ({"!": {"==": [{"var": "state"}, "new"]}}, lambda job: job["state"] != "new"),
        ({"in": [{"var": "id"}, [1, 2, 3]]}, lambda job: job["id"] in (1, 2, 3)),
        ({"in": ["camera", {"var": "task_name"}]}, lambda job: job["task_id"] == 5),
        ({"in": ["CAMERA", {"var": "task_name"}]}, lambda job: False),
        ({"<=": [4, {"var": "id"}, 6]}, lambda job: 4 <= job["id"] <= 6),
        ({">=": [{"var": "updated_date"}, "2020-01-01T00:00:00Z"]}, lambda job: True),
        ({"<": [{"var": "updated_date"}, "2020-01-01"]}, lambda job: False),
        (
            {"and": [{"==": [{"var": "stage"}, "annotation"]}, {"or": [{"==": [{"var": "id"}, 1]}, {">": [{"var": "id"}, 50]}]}]},
            lambda job: job["stage"] == "annotation" and (job["id"] == 1 or job["id"] > 50),
        ),
    ],
)  # fmt: skip
def test_json_logic(admin: Caller, rules: object, expected: Callable[[dict[str, Any]], bool]) -> None:
    wanted = [job["id"] for job in rows(admin) if expected(job)]
    assert ids(admin, f"filter={json.dumps(rules)}") == wanted


def test_the_newest_job_comes_first(admin: Caller) -> None:
    assert ids(admin, "") == list(range(59, 0, -1))
    assert ids(admin, "sort=bogus") == ids(admin, "sort=") == ids(admin, "")
    assert ids(admin, "sort=id") == list(range(1, 60))


def test_sorting_by_several_columns(admin: Caller) -> None:
    found = [(job["stage"], -job["id"]) for job in rows(admin, "sort=stage,-id")]
    assert found == sorted(found)


def test_sorting_by_assignee_puts_nobody_at_the_far_end(admin: Caller) -> None:
    up = [job["assignee"] and job["assignee"]["username"] for job in rows(admin, "sort=assignee")]
    down = [job["assignee"] and job["assignee"]["username"] for job in rows(admin, "sort=-assignee")]
    assert up[0] == "alice" and up[-1] is None
    assert down[0] is None and down[-1] == "alice"


@pytest.mark.parametrize(
    ("query", "header", "status", "body"),
    [
        ("org=nope", None, 404, {"detail": "nope organization does not exist."}),
        ("org_id=999", None, 404, {"detail": "999 organization does not exist."}),
        ("", "nope", 404, {"detail": "nope organization does not exist."}),
        ("org=harbor", "acme", 400, ['You cannot specify "org" query parameter and "X-Organization" HTTP header with different values.']),
        ("org=acme&org_id=1", None, 400, ['You cannot specify "org_id" query parameter with "org" query parameter, "X-Organization" HTTP header, or "organization_uuid" parameter at the same time.']),
    ],
)  # fmt: skip
def test_organizations_that_do_not_fit(
    admin: Caller, query: str, header: str | None, status: int, body: object
) -> None:
    answer = admin.get(f"jobs?{query}", headers={"X-Organization": header} if header else {})
    assert (answer.status_code, answer.json()) == (status, body)


def test_an_organization_id_that_is_text_breaks_the_upstream(admin: Caller) -> None:
    assert admin.get("jobs?org_id=abc").status_code == 500
    assert admin.count("org_id=1") == 49


def test_one_hundred_thousand_jobs_are_made_when_they_are_listed() -> None:
    with Sandbox(extra_jobs=100_000) as sandbox:
        caller = Caller(sandbox, "admin")
        assert sandbox.store.jobs.made == 0
        task = caller.get("jobs/50000").json()["task_id"]
        assert sandbox.store.jobs.made == 1
        assert caller.patch("jobs/50000", json={"state": "rejected"}).json()["state"] == "rejected"
        before = caller.count(f"task_id={task}&state=rejected")
        assert caller.count() == 100_059
        assert caller.get("jobs/50000").json()["state"] == "rejected"
        caller.patch("jobs/50000", json={"state": "new"})
        assert caller.count(f"task_id={task}&state=rejected") == before - 1
        assert ids_of_first(caller, "sort=-updated_date") == 50000


def test_more_jobs_lie_in_tasks_of_their_own_one_after_the_other() -> None:
    with Sandbox(extra_jobs=100) as sandbox:
        caller = Caller(sandbox, "admin")
        tasks = caller.get('tasks?filter={">":[{"var":"id"},100]}').json()["results"]
        assert [task["jobs"]["count"] for task in tasks] == [3, 40, 25, 32]
        jobs = caller.get("jobs?task_id=102&sort=id&page_size=all").json()["results"]
        assert [job["start_frame"] for job in jobs] == [0, *(job["stop_frame"] + 1 for job in jobs[:-1])]
        assert jobs[-1]["stop_frame"] + 1 == tasks[2]["size"]
        assert {job["project_id"] for job in jobs} == {tasks[2]["project_id"]} == {101}
        assert min(job["frame_count"] for job in jobs) == 3 and max(job["frame_count"] for job in jobs) == 20
        assert caller.get("labels?job_id=1050").json()["count"] > 0
        assert caller.get("jobs/1050/annotations").status_code == caller.get("jobs/1050/preview").status_code == 200


def ids_of_first(caller: Caller, query: str) -> int:
    return int(caller.get(f"jobs?page_size=1&{query}").json()["results"][0]["id"])
