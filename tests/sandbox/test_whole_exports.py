"""Exports of tasks and projects: all of their jobs in one file."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
import zipfile
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import requests

from jobsportal.sandbox import Sandbox
from jobsportal.sandbox.store import Task

from .conftest import Caller
from .old import COCO, CVAT

People = Callable[[str | None], Caller]


def export(caller: Caller, place: str, name: str = CVAT, images: bool = False) -> requests.Response:
    params = {"format": name, "save_images": str(images).lower()}
    started = caller.post(f"{place}/dataset/export", params=params)
    assert started.status_code == 202, started.text
    return caller.get(caller.request(started.json()["rq_id"])["result_url"])


def archive(answer: requests.Response) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(answer.content))


def document(answer: requests.Response) -> ET.Element:
    return ET.fromstring(archive(answer).read("annotations.xml"))


def drawn(image: ET.Element) -> Counter[str]:
    return Counter(child.tag for child in image)


def of_job(sandbox: Sandbox, job_id: int) -> dict[str, Any]:
    return sandbox.store.annotations_of(sandbox.store.jobs[job_id])


def test_a_task_holds_the_frames_and_shapes_of_all_its_jobs(admin: Caller, sandbox: Sandbox) -> None:
    jobs = [job for job in sandbox.store.jobs if job.task_id == 1 and job.type == "annotation"]
    assert len(jobs) > 1
    whole = document(export(admin, "tasks/1"))
    parts: list[tuple[str | None, Counter[str]]] = []
    for job in jobs:
        parts += [
            (image.get("name"), drawn(image)) for image in document(export(admin, f"jobs/{job.id}")).iter("image")
        ]
    assert [(image.get("name"), drawn(image)) for image in whole.iter("image")] == parts
    assert sum(sum(counts.values()) for _, counts in parts) > 0


def test_the_request_of_a_task_names_no_job(admin: Caller, sandbox: Sandbox) -> None:
    rq_id = admin.post("tasks/1/dataset/export", params={"format": COCO}).json()["rq_id"]
    assert rq_id == "action=export&target=task&target_id=1&user_id=1&format=COCO_1~0&subresource=annotations"
    request = admin.request(rq_id)
    assert request["operation"] == {
        "type": "export:annotations", "target": "task", "project_id": 1, "task_id": 1, "job_id": None, "format": COCO,
    }  # fmt: skip
    assert request["result_url"] == f"{sandbox.url}/api/tasks/1/dataset/download?rq_id={quote(rq_id, safe='')}"
    name = admin.get(request["result_url"]).headers["Content-Disposition"]
    assert name.startswith(f'attachment; filename="task_{sandbox.store.tasks[1].name}_annotations_')


def test_a_project_holds_all_its_tasks(admin: Caller, sandbox: Sandbox) -> None:
    tasks = [task for task in sandbox.store.tasks.values() if task.project_id == 1]
    assert len(tasks) > 1
    answer = export(admin, "projects/1", COCO, images=True)
    whole = json.loads(archive(answer).read("annotations/instances_default.json"))
    assert len(whole["images"]) == sum(task.size for task in tasks)
    expected = [
        len(json.loads(archive(export(admin, f"tasks/{task.id}", COCO)).read("annotations/instances_default.json"))["annotations"])
        for task in tasks
    ]  # fmt: skip
    assert len(whole["annotations"]) == sum(expected) and all(expected)
    pictures = [name for name in archive(answer).namelist() if name.startswith("images/")]
    assert len(set(pictures)) == len(whole["images"])
    request = admin.get("requests?target=project").json()["results"][0]
    assert request["operation"]["task_id"] is None and request["operation"]["project_id"] == 1


def test_in_a_project_everything_lies_in_the_frame_it_was_drawn_in(admin: Caller, sandbox: Sandbox) -> None:
    tasks = [task for task in sandbox.store.tasks.values() if task.project_id == 1]
    job = next(job for job in sandbox.store.jobs if job.task_id == tasks[1].id and job.type == "annotation")
    assert admin.put(f"jobs/{job.id}/annotations", json={"tags": [], "shapes": [], "tracks": [track(sandbox, job)]}).ok
    whole = list(document(export(admin, "projects/1")).iter("image"))
    parts = [image for task in tasks for image in document(export(admin, f"tasks/{task.id}")).iter("image")]
    assert [int(image.get("id", "")) for image in whole] == list(range(len(parts)))
    assert [drawn(image) for image in whole] == [drawn(image) for image in parts]
    in_first, in_second = parts[: tasks[0].size], parts[tasks[0].size :]
    assert any(len(image) for image in in_first)
    assert [len(image) for image in in_second[job.start_frame : job.stop_frame + 1]] == [1] * len(job.frames)


def track(sandbox: Sandbox, job: Any) -> dict[str, Any]:
    """A box that is in the same place in all of a job."""
    label = sandbox.store.labels_of_task(_task(sandbox, job))[0]
    box = {"frame": job.start_frame, "type": "rectangle", "points": [1, 2, 30, 40], "outside": False, "attributes": []}
    return {"frame": job.start_frame, "label_id": label.id, "shapes": [box], "attributes": []}


def test_each_task_of_a_project_keeps_the_size_of_its_pictures(admin: Caller, sandbox: Sandbox) -> None:
    first, second = [task for task in sandbox.store.tasks.values() if task.project_id == 1][:2]
    second.width, second.height = 320, 240
    sizes = [(image.get("width"), image.get("height")) for image in document(export(admin, "projects/1")).iter("image")]
    assert sizes[: first.size] == [("640", "480")] * first.size
    assert sizes[first.size : first.size + second.size] == [("320", "240")] * second.size
    coco = json.loads(archive(export(admin, "projects/1", COCO)).read("annotations/instances_default.json"))
    assert [(str(image["width"]), str(image["height"])) for image in coco["images"]] == sizes


def test_pictures_of_the_same_name_in_two_tasks_are_told_apart(admin: Caller, sandbox: Sandbox) -> None:
    first, second = [task for task in sandbox.store.tasks.values() if task.project_id == 1 and task.prefix][:2]
    second.prefix, second.mode = first.prefix, first.mode
    names = [image.get("name") for image in document(export(admin, "projects/1")).iter("image")]
    assert len(set(names)) == len(names)
    assert first.frame_name(0) in names and f"task_{second.id}/{first.frame_name(0)}" in names


def test_a_track_ends_with_its_job(admin: Caller, sandbox: Sandbox) -> None:
    first, second = [job for job in sandbox.store.jobs if job.task_id == 1 and job.type == "annotation"][:2]
    assert second.start_frame == first.stop_frame + 1
    admin.delete(f"jobs/{second.id}/annotations")
    assert admin.put(
        f"jobs/{first.id}/annotations", json={"tags": [], "shapes": [], "tracks": [track(sandbox, first)]}
    ).ok
    images = {image.get("id"): len(image) for image in document(export(admin, "tasks/1")).iter("image")}
    assert images[str(first.stop_frame)] == 1 and images[str(second.start_frame)] == 0


def _task(sandbox: Sandbox, job: Any) -> Task:
    return sandbox.store.tasks[job.task_id]


def test_ground_truth_is_no_part_of_it(admin: Caller, sandbox: Sandbox) -> None:
    truth = next(job for job in sandbox.store.jobs if job.type == "ground_truth")
    label = sandbox.store.labels_of_task(_task(sandbox, truth))[0]
    before = document(export(admin, f"tasks/{truth.task_id}"))
    tags = [{"frame": frame, "label_id": label.id, "attributes": []} for frame in truth.frames]
    assert admin.put(f"jobs/{truth.id}/annotations", json={"tags": tags, "shapes": [], "tracks": []}).ok
    assert of_job(sandbox, truth.id)["tags"]
    after = document(export(admin, f"tasks/{truth.task_id}"))
    assert [drawn(image) for image in before.iter("image")] == [drawn(image) for image in after.iter("image")]


def test_who_may_export_them(admin: Caller, people: People) -> None:
    params = {"format": COCO}
    assert people(None).post("tasks/1/dataset/export", params=params).status_code == 401
    assert people("carol").post("tasks/1/dataset/export", params=params).status_code == 403  # works on a job of it
    assert people("grace").post("projects/1/dataset/export", params=params).status_code == 403
    assert admin.post("tasks/9999/dataset/export", params=params).status_code == 404
    assert admin.post("projects/9999/dataset/export", params=params).status_code == 404
    rq_id = admin.post("tasks/1/dataset/export", params=params).json()["rq_id"]
    place = f"dataset/download?rq_id={quote(rq_id, safe='')}"
    assert admin.get(f"projects/1/{place}").json() == ["Invalid export request id"]
    assert admin.get(f"jobs/1/{place}").json() == ["Invalid export request id"]
    assert people("alice").get(f"tasks/1/{place}").status_code == 403


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("tasks/1/dataset", "/api/tasks/id/dataset/export?save_images=True"),
        ("projects/1/dataset/", "/api/projects/id/dataset/export?save_images=True"),
        ("tasks/1/annotations", "/api/tasks/id/dataset/export?save_images=False"),
    ],
)
def test_the_endpoints_of_old_are_gone(admin: Caller, place: str, words: str) -> None:
    answer = admin.get(place, params={"format": COCO})
    assert answer.status_code == 410 and words in answer.text
