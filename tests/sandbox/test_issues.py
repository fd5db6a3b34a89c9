"""`/api/issues` and `/api/comments`: what reviewers point out, and who may say and change what."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Caller

People = Callable[[str | None], Caller]
REMARK = {"job": 1, "frame": 3, "position": [1.0, 2.0, 3.0, 4.0], "message": "Too tight"}
REQUIRED = ["This field is required."]


def ids(caller: Caller, path: str) -> list[int]:
    return [row["id"] for row in caller.get(path).json()["results"]]


def test_lists_by_job_task_and_who(admin: Caller) -> None:
    assert ids(admin, "issues") == [4, 3, 2, 1]
    assert ids(admin, "issues?sort=id") == [1, 2, 3, 4]
    assert ids(admin, "issues?job_id=1") == [2, 1]
    assert ids(admin, "issues?task_id=2") == [3]
    assert ids(admin, "issues?resolved=true") == [3]
    assert ids(admin, "issues?assignee=erin") == ids(admin, 'issues?filter={"==":[{"var":"assignee"},"erin"]}') == [4]
    assert ids(admin, "comments?issue_id=2") == ids(admin, "comments?job_id=1&owner=mara") == [2]


def test_people_see_the_remarks_on_their_jobs(people: People) -> None:
    assert ids(people("grace"), "issues") == []
    assert ids(people("carol"), "issues") == [4, 2, 1]  # job 33 is hers, too
    assert ids(people("alice"), "issues?org=acme") == [4, 3, 2, 1]
    assert people("grace").get("issues?org=acme").status_code == 403
    assert people("grace").get("issues/1").status_code == people("grace").get("comments/1").status_code == 403
    assert people("admin").get("issues/99").json() == {"detail": "No Issue matches the given query."}


def test_a_remark_and_what_is_said_about_it(people: People) -> None:
    carol, mara = people("carol"), people("mara")
    made = mara.post("issues", json=REMARK | {"assignee": 4})
    issue = made.json()
    assert made.status_code == 201
    assert (issue["owner"]["username"], issue["assignee"]["username"]) == ("mara", "carol")
    assert (issue["frame"], issue["resolved"], issue["comments"]["count"]) == (3, False, 1)
    assert carol.get("jobs/1").json()["issues"]["count"] == 3
    reply = carol.post("comments", json={"issue": issue["id"], "message": "Done"})
    assert (reply.status_code, reply.json()["message"]) == (201, "Done")
    said = carol.get(f"comments?issue_id={issue['id']}&sort=id").json()["results"]
    assert [row["message"] for row in said] == ["Too tight", "Done"]
    resolved = carol.patch(f"issues/{issue['id']}", json={"resolved": True, "assignee": None}).json()
    assert (resolved["resolved"], resolved["assignee"]) == (True, None)
    assert resolved["updated_date"] > resolved["created_date"]
    assert carol.get(f"issues/{issue['id']}").json() == resolved


def test_comments_are_changed_by_who_wrote_them(people: People) -> None:
    mine = people("carol").post("comments", json={"issue": 1, "message": "Mine"}).json()
    assert (
        people("carol").patch(f"comments/{mine['id']}", json={"message": "Still mine"}).json()["message"]
        == "Still mine"
    )
    theirs = people("carol").patch("comments/1", json={"message": "x"})
    assert theirs.status_code == people("carol").delete("comments/1").status_code == 403
    assert people("carol").delete(f"comments/{mine['id']}").status_code == 204
    assert people("carol").get(f"comments/{mine['id']}").status_code == 404
    assert people("alice").delete("comments/1").status_code == 204


@pytest.mark.parametrize(("person", "status"), [("admin", 204), ("mara", 204), ("carol", 403), ("grace", 403)])
def test_who_may_delete_a_remark(people: People, person: str, status: int) -> None:
    assert people(person).delete("issues/1").status_code == status
    assert ids(people("admin"), "comments?issue_id=1") == ([] if status == 204 else [1])


@pytest.mark.parametrize(
    ("change", "body"),
    [
        ({"job": None}, {"job": ["This field may not be null."]}),
        ({"job": 99999}, {"job": ['Invalid pk "99999" - object does not exist.']}),
        ({"frame": -1}, {"frame": ["Ensure this value is greater than or equal to 0."]}),
        ({"position": "x"}, {"position": ['Expected a list of items but got type "str".']}),
        ({"position": [1, "x"]}, {"position": {"1": ["A valid number is required."]}}),
        ({"message": " "}, {"message": ["This field may not be blank."]}),
    ],
)
def test_remarks_that_are_refused(admin: Caller, change: dict[str, object], body: object) -> None:
    answer = admin.post("issues", json=REMARK | change)
    assert (answer.status_code, answer.json()) == (400, body)


def test_what_a_remark_needs(admin: Caller) -> None:
    fields = ("frame", "position", "job", "message")
    assert admin.post("issues", json={}).json() == dict.fromkeys(fields, REQUIRED)
    assert admin.post("comments", json={}).json() == {"issue": REQUIRED, "message": REQUIRED}
    assert admin.post("comments", json={"issue": 99999, "message": "x"}).status_code == 404


def test_only_those_who_work_on_a_job_remark_on_it(people: People) -> None:
    assert people("dave").post("issues", json=REMARK).status_code == 403
    assert people("carol").post("issues", json=REMARK).status_code == 201
    assert people("dave").post("comments", json={"issue": 1, "message": "x"}).status_code == 403


def test_remarks_go_with_a_ground_truth_job(admin: Caller) -> None:
    truth = admin.get("jobs?type=ground_truth").json()["results"][0]["id"]
    made = admin.post("issues", json=REMARK | {"job": truth}).json()
    admin.delete(f"jobs/{truth}")
    assert admin.get(f"issues/{made['id']}").status_code == 404
