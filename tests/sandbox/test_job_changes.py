"""`GET`, `PATCH` and `DELETE /api/jobs/{id}`: validation, permissions, dates, and what breaks the upstream."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from jobsportal.sandbox import Sandbox

from .conftest import Caller

People = Callable[[str | None], Caller]
FORBIDDEN = {"detail": "You do not have permission to perform this action."}
CAROLS = 1  # a job of carol's in Street scenes, of which mara is the assignee


@pytest.mark.parametrize("change", [{"state": "completed"}, {"stage": "validation"}, {"assignee": 5}, {}])
def test_every_successful_change_moves_the_date(admin: Caller, change: dict[str, object]) -> None:
    before = admin.get("jobs/1").json()["updated_date"]
    answer = admin.patch("jobs/1", json=change)
    assert answer.status_code == 200
    assert answer.json()["updated_date"] > before
    again = admin.patch("jobs/1", json=change).json()["updated_date"]
    assert again > answer.json()["updated_date"]
    assert admin.get("jobs/1").json()["updated_date"] == again


def test_a_stage_without_a_state_starts_anew_and_keeps_the_assignee(admin: Caller) -> None:
    admin.patch("jobs/1", json={"state": "completed"})
    moved = admin.patch("jobs/1", json={"stage": "validation"}).json()
    assert (moved["stage"], moved["state"], moved["status"]) == ("validation", "new", "validation")
    assert moved["assignee"]["username"] == "carol"
    both = admin.patch("jobs/1", json={"stage": "acceptance", "state": "completed"}).json()
    assert (both["stage"], both["state"], both["status"]) == ("acceptance", "completed", "completed")
    same = admin.patch("jobs/1", json={"stage": "acceptance"}).json()
    assert same["state"] == "completed"


def test_the_assignee_is_an_id_or_null(admin: Caller) -> None:
    assert admin.patch("jobs/1", json={"assignee": 6}).json()["assignee"]["username"] == "erin"
    assert admin.patch("jobs/1", json={"assignee": "4"}).json()["assignee"]["username"] == "carol"
    assert admin.patch("jobs/1", json={"assignee": 8}).json()["assignee"]["username"] == "grace"
    assert admin.patch("jobs/1", json={"assignee": None}).json()["assignee"] is None


@pytest.mark.parametrize(
    ("change", "status", "body"),
    [
        ({"state": "done"}, 400, {"state": ['"done" is not a valid choice.']}),
        ({"state": ""}, 400, {"state": ['"" is not a valid choice.']}),
        ({"state": None}, 400, {"state": ["This field may not be null."]}),
        ({"stage": "bogus"}, 400, {"stage": ['"bogus" is not a valid choice.']}),
        ({"assignee": True}, 400, {"assignee": ["A valid integer is required."]}),
        ({"id": 7}, 403, {"detail": "Attempted to update an unknown field"}),
        ({"task_id": 7}, 403, {"detail": "Attempted to update an unknown field"}),
        ({"updated_date": "2020-01-01"}, 403, {"detail": "Attempted to update an unknown field"}),
    ],
)
def test_changes_that_are_refused_change_nothing(
    admin: Caller, change: dict[str, object], status: int, body: object
) -> None:
    before = admin.get("jobs/1").json()
    answer = admin.patch("jobs/1", json=change)
    assert (answer.status_code, answer.json()) == (status, body)
    assert admin.get("jobs/1").json() == before


@pytest.mark.parametrize(
    "change", [{"assignee": "carol"}, {"assignee": 0}, {"assignee": 99999}, {"assignee": {"id": 4}}, []]
)
def test_changes_the_upstream_breaks_on(admin: Caller, change: object) -> None:
    assert admin.patch("jobs/1", json=change).status_code == 500


@pytest.mark.parametrize(
    ("kind", "body"),
    [("application/x-www-form-urlencoded", b"state=new"), ("application/vnd.cvat+json", b"{}"), ("text/plain", b"x")],
)
def test_changes_must_be_plain_json(admin: Caller, kind: str, body: bytes) -> None:
    answer = admin.patch("jobs/1", data=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()) == (415, {"detail": f'Unsupported media type "{kind}" in request.'})


def test_a_change_without_a_body(admin: Caller) -> None:
    assert admin.patch("jobs/1").status_code == 200


@pytest.mark.parametrize(
    ("person", "change", "status"),
    [
        ("admin", {"assignee": 5, "stage": "validation"}, 200),
        ("alice", {"assignee": 5, "stage": "validation"}, 200),  # maintainer
        ("mara", {"assignee": 5, "stage": "validation"}, 200),  # assignee of the project
        ("carol", {"state": "completed"}, 200),  # assignee of the job
        ("carol", {"stage": "validation"}, 403),
        ("carol", {"assignee": None}, 403),
        ("dave", {"state": "completed"}, 403),
        ("bob", {"stage": "validation"}, 403),  # supervisor without a part in it
        ("grace", {"state": "new"}, 403),
    ],
)
def test_who_may_change_what(people: People, person: str, change: dict[str, object], status: int) -> None:
    answer = people(person).patch(f"jobs/{CAROLS}", json=change)
    assert answer.status_code == status
    if status == 403:
        assert answer.json() == FORBIDDEN


def test_the_owner_of_a_task_may_assign_its_jobs(people: People) -> None:
    assert people("bob").patch("jobs/41", json={"assignee": 6}).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("jobs/999999", 404, "No Job matches the given query."),
        ("jobs/99999999999999999999", 404, "No Job matches the given query."),
        ("jobs/-1", 404, "No Job matches the given query."),
        ("jobs/abc", 404, "Not found."),
    ],
)
def test_jobs_that_are_not_there(admin: Caller, path: str, status: int, words: str) -> None:
    answer = admin.get(path)
    assert (answer.status_code, answer.json()) == (status, {"detail": words})


@pytest.mark.parametrize("path", ["jobs/", "jobs/1/", "nonexistent", "jobs/1/guide"])
def test_unknown_paths_and_trailing_slashes_are_pages(admin: Caller, path: str) -> None:
    answer = admin.get(path)
    assert answer.status_code == 404
    assert "<h1>Not Found</h1>" in answer.text
    assert answer.headers["Vary"] == "Origin, Cookie"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "jobs/1", "GET, PATCH, DELETE, HEAD, OPTIONS"),
        ("POST", "jobs/1", "GET, PATCH, DELETE, HEAD, OPTIONS"),
        ("POST", "jobs/bulk", "GET, PATCH, DELETE, HEAD, OPTIONS"),
        ("DELETE", "jobs", "GET, POST, HEAD, OPTIONS"),
        ("GET", "auth/login", "POST, OPTIONS"),
        ("GET", "jobs/1/dataset/export", "POST, OPTIONS"),
    ],
)
def test_methods_that_are_not_allowed(admin: Caller, method: str, path: str, allow: str) -> None:
    answer = admin(method, path)
    assert (answer.status_code, answer.json()) == (405, {"detail": f'Method "{method}" not allowed.'})
    assert answer.headers["Allow"] == allow


@pytest.mark.parametrize("path", ["jobs", "jobs/1", "jobs/1/dataset/download?rq_id=x"])
def test_head_breaks_the_upstream(admin: Caller, path: str) -> None:
    answer = admin("HEAD", path)
    assert (answer.status_code, answer.headers["Content-Length"]) == (500, "145")


def test_only_ground_truth_jobs_can_be_removed(admin: Caller) -> None:
    answer = admin.delete("jobs/1")
    assert (answer.status_code, answer.json()) == (400, ["Only ground truth jobs can be removed"])


def test_removing_a_ground_truth_job(admin: Caller) -> None:
    truth = admin.get("jobs?type=ground_truth").json()["results"][0]
    assert admin.delete(f"jobs/{truth['id']}").status_code == 204
    assert admin.get(f"jobs/{truth['id']}").status_code == 404
    assert admin.count("type=ground_truth") == 1


def test_eighty_changes_at_once_all_succeed_each_with_a_date_of_its_own(sandbox: Sandbox) -> None:
    def change(number: int) -> tuple[int, str]:
        state = ["new", "in progress", "completed", "rejected"][number % 4]
        answer = Caller(sandbox, "admin").patch("jobs/1", json={"state": state})
        return answer.status_code, answer.json()["updated_date"]

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(change, range(80)))
    assert {status for status, _ in outcomes} == {200}
    assert len({date for _, date in outcomes}) == 80


def test_a_very_long_query_never_reaches_the_application(admin: Caller) -> None:
    answer = admin.get("jobs?search=" + "a" * 20_000)
    assert answer.status_code == 414
    assert answer.reason == "Request-URI Too Large"
    assert "nginx" in answer.text


def test_no_two_changes_share_a_moment(sandbox: Sandbox) -> None:
    moments = [sandbox.store.now() for _ in range(5000)]
    assert len(set(moments)) == 5000
    assert moments == sorted(moments)
    assert all(moment.microsecond for moment in moments)
