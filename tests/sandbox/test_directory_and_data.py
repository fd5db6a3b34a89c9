"""People, organizations, tasks, projects, labels, issues, and the pictures of a job."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from PIL import Image

from jobsportal.sandbox import Sandbox

from .conftest import Caller

People = Callable[[str | None], Caller]


def usernames(caller: Caller, query: str = "") -> list[str]:
    return [row["username"] for row in caller.get(f"users?page_size=all&{query}").json()["results"]]


def test_oneself(people: People) -> None:
    me = people("dave").get("users/self").json()
    assert list(me) == [
        "url", "id", "username", "first_name", "last_name", "email", "groups", "is_staff", "is_superuser",
        "is_active", "last_login", "date_joined", "has_analytics_access",
    ]  # fmt: skip
    assert me["groups"] == ["worker"]


def test_who_sees_whom(people: People) -> None:
    assert len(usernames(people("admin"))) == 12
    assert usernames(people("dave")) == ["dave"]
    assert usernames(people("dave"), "search=ali") == []
    colleagues = people("dave").get("users?org=acme&page_size=50").json()["results"]
    newest_first = ["judy", "ivan", "heidi", "frank", "mara", "erin", "dave", "carol", "bob", "alice", "admin"]
    assert [row["username"] for row in colleagues] == newest_first
    assert set(colleagues[0]) == {"url", "id", "username", "first_name", "last_name"}
    assert people("dave").get("users/2").status_code == 403
    assert people("admin").get("users/99999").json() == {"detail": "No User matches the given query."}


def test_filtering_people(admin: Caller) -> None:
    assert usernames(admin, "search=ali&is_active=true") == ["alice"]
    assert usernames(admin, "is_active=false") == []
    rules = json.dumps({"in": [{"var": "id"}, [2, 4]]})
    assert usernames(admin, f"filter={rules}") == ["carol", "alice"]
    active = json.dumps({"==": [{"var": "is_active"}, True]})
    assert len(usernames(admin, f"filter={active}")) == 12


def test_organizations_and_roles(people: People) -> None:
    def slugs(name: str) -> list[str]:
        return [row["slug"] for row in people(name).get("organizations").json()["results"]]

    assert (slugs("admin"), slugs("bob"), slugs("dave"), slugs("grace")) == (
        ["harbor", "acme"],
        ["harbor", "acme"],
        ["acme"],
        ["harbor"],
    )
    members = people("dave").get("memberships?org=acme&page_size=20").json()["results"]
    roles = {row["user"]["username"]: row["role"] for row in members}
    assert roles["alice"] == "maintainer" and roles["bob"] == "supervisor" and roles["admin"] == "owner"
    assert people("grace").get("memberships?org=acme").status_code == 403
    assert people("grace").get("organizations/1").status_code == 403


def test_names_of_many_tasks_in_one_call(admin: Caller) -> None:
    rules = json.dumps({"in": [{"var": "id"}, [1, 4, 999]]})
    found = admin.get("tasks", params={"filter": rules}).json()["results"]
    assert [(task["id"], task["name"]) for task in found] == [(4, "Hafen ☂ Überblick"), (1, "Crossing, rain, 2026-11")]


def test_annotators_see_jobs_but_not_the_tasks_around_them(people: People) -> None:
    carol = people("carol")
    assert carol.get("tasks?org=acme").json()["count"] == 0
    assert carol.get("tasks/1").status_code == 403
    assert people("mara").get("projects").json()["results"][0]["name"] == "Street scenes"
    assert people("bob").get("tasks").json()["results"][0]["name"] == "Depot yard, morning"


def test_a_task_counts_its_jobs(admin: Caller) -> None:
    task = admin.get("tasks/1").json()
    assert task["jobs"]["count"] == admin.count("task_id=1") == 9
    assert (task["size"], task["segment_size"], task["validation_mode"]) == (80, 10, "gt")
    assert admin.get("tasks/2/validation_layout").json() == {}
    assert admin.get("tasks/1/validation_layout").json()["validation_frames"] == [3, 11, 24, 38, 52, 67, 79]


def test_labels_of_a_job(admin: Caller, people: People) -> None:
    labels = admin.get("labels?job_id=1&page_size=100").json()["results"]
    assert [label["name"] for label in labels][:2] == ["car", "person"]
    kinds = {
        label["type"]
        for project in (1, 2)
        for label in admin.get(f"labels?project_id={project}&page_size=all").json()["results"]
    }
    assert kinds == {"any", "rectangle", "polygon", "polyline", "points", "ellipse", "mask", "tag", "skeleton"}
    inputs = {spec["input_type"] for label in labels for spec in label["attributes"]}
    assert inputs == {"select", "radio", "checkbox", "number", "text"}
    skeleton = labels[-1]
    assert [part["name"] for part in skeleton["sublabels"]] == ["head", "hand", "foot"]
    assert skeleton["svg"].startswith("<line")
    assert people("grace").get("labels?job_id=1").status_code == 403
    assert people("carol").get("labels?job_id=1").status_code == 200


def test_labels_that_cannot_be_found(admin: Caller) -> None:
    assert admin.get("labels?job_id=999999").status_code == 500
    assert admin.get("labels?job_id=x").status_code == 500
    answer = admin.get("labels?job_id=1&task_id=1")
    assert answer.json() == ["job_id, task_id and project_id parameters cannot be used together"]


def test_review_remarks(admin: Caller) -> None:
    issues = admin.get("issues?job_id=1").json()
    assert issues["count"] == admin.get("jobs/1").json()["issues"]["count"] == 2
    assert admin.get("comments?job_id=1").json()["results"][0]["message"]
    assert admin.get("issues?job_id=16").json()["count"] == 0


def test_the_formats_are_those_that_work(admin: Caller) -> None:
    formats = admin.get("server/annotation/formats").json()
    detection = "Ultralytics YOLO Detection 1.0"
    assert [item["name"] for item in formats["importers"]] == ["COCO 1.0", "CVAT 1.1", "YOLO 1.1", detection]
    assert [item["name"] for item in formats["exporters"]] == [
        "COCO 1.0", "CVAT for video 1.1", "CVAT for images 1.1", "YOLO 1.1", detection,
    ]  # fmt: skip
    assert formats["importers"][1] == {
        "name": "CVAT 1.1",
        "ext": "XML, ZIP",
        "version": "1.1",
        "enabled": True,
        "dimension": "2d",
    }


def test_open_doors(anybody: Caller, sandbox: Sandbox) -> None:
    assert anybody.get("server/about").json()["version"] == "2.42.0"
    health = anybody.get("server/health/?format=json")
    assert (health.status_code, health.headers["Content-Type"]) == (200, "application/json")
    assert set(health.json().values()) == {"working"}
    assert anybody.get(f"{sandbox.url}/").status_code == 410
    assert anybody.get("server/annotation/formats").status_code == 401


def test_previews_are_small_jpegs_that_differ(admin: Caller) -> None:
    pictures = [admin.get(f"jobs/{job}/preview") for job in (1, 2, 9, 32)]
    assert {answer.headers["Content-Type"] for answer in pictures} == {"image/jpeg"}
    assert len({answer.content for answer in pictures}) == 4
    assert Image.open(io.BytesIO(pictures[0].content)).size == (256, 192)
    assert admin.get("jobs/1/data?type=preview").content == pictures[0].content


def test_frames(admin: Caller) -> None:
    picture = admin.get("jobs/2/data?type=frame&number=10&quality=original", headers={"Range": "bytes=0-9"})
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(picture.content)).size == (640, 480)
    video = admin.get("jobs/33/data?type=frame&number=50")
    assert video.headers["Content-Type"] == "image/png"


@pytest.mark.parametrize(
    ("query", "status", "body"),
    [
        ("", 400, ["Data type not specified or has wrong value"]),
        ("type=bogus", 400, ["Data type not specified or has wrong value"]),
        ("type=frame", 400, ["Number is not specified"]),
        ("type=frame&number=0", 400, "Incorrect requested frame number: 0"),
        ("type=frame&number=10&quality=bogus", 400, ["Wrong quality value"]),
        ("type=chunk", 400, ["Number or Index is not specified"]),
        ("type=chunk&index=0&number=0", 400, ["Number and Index cannot be used together"]),
        ("type=chunk&index=50", 400, ["Invalid chunk number '50'. The chunk number should be in the [0, 0] range"]),
    ],
)
def test_data_that_is_asked_for_wrongly(admin: Caller, query: str, status: int, body: object) -> None:
    answer = admin.get(f"jobs/2/data?{query}")
    assert (answer.status_code, answer.json()) == (status, body)


def test_a_frame_number_that_is_text_breaks_the_upstream(admin: Caller) -> None:
    assert admin.get("jobs/2/data?type=frame&number=x").status_code == 500


def test_a_chunk_is_a_zip_of_frames(admin: Caller) -> None:
    chunk = admin.get("jobs/2/data?type=chunk&index=0")
    assert chunk.headers["X-Checksum"] and chunk.headers["X-Updated-Date"]
    assert len(zipfile.ZipFile(io.BytesIO(chunk.content)).namelist()) == 10


def test_the_names_of_frames(admin: Caller) -> None:
    meta = admin.get("jobs/2/data/meta").json()
    assert (meta["size"], meta["start_frame"], meta["stop_frame"]) == (10, 10, 19)
    assert meta["frames"][0] == {
        "width": 640, "height": 480, "name": "crossing_0011.jpg", "related_files": 0, "has_related_context": False,
    }  # fmt: skip
    video = admin.get("jobs/33/data/meta").json()
    assert [frame["name"] for frame in video["frames"]] == ["camera_4.mp4"]


def test_a_ground_truth_job_shows_its_own_frames_only(admin: Caller) -> None:
    truth = admin.get("jobs?type=ground_truth&task_id=1").json()["results"][0]
    meta = admin.get(f"jobs/{truth['id']}/data/meta").json()
    assert meta["included_frames"] == [3, 11, 24, 38, 52, 67, 79]
    assert [frame["name"] for frame in meta["frames"][2:4]] == ["placeholder.jpg", "crossing_0004.jpg"]
    assert admin.get(f"jobs/{truth['id']}/data?type=frame&number=0").status_code == 400
    assert admin.get(f"jobs/{truth['id']}/preview").status_code == 200


def test_frames_can_be_marked_as_deleted(admin: Caller) -> None:
    assert admin.patch("jobs/2/data/meta", json={"deleted_frames": [11]}).json()["deleted_frames"] == [11]
    assert admin.patch("jobs/2/data/meta", json={"deleted_frames": [0]}).json() == ["Frames 0 do not belong to the job"]
