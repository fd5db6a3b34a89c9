"""What people do with cvat-sdk, as a program of its own: two versions of it can't live in one process.

    python -m tests.sandbox.sdk_flows http://127.0.0.1:8081 /tmp/folder

Writes a JSON object: for each flow an empty text, or the traceback of what went wrong; and the version of the client.
"""

from __future__ import annotations

import json
import sys
import traceback
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

PERSON = ("alice", "annotate")
ORGANIZATION = "acme"
JOB, TASK = 1, 2

Flow = Callable[[Any, Path], None]
FLOWS: dict[str, Flow] = {}


def flow(function: Flow) -> Flow:
    FLOWS[function.__name__] = function
    return function


def rectangle(label: int, **more: Any) -> Any:
    from cvat_sdk import models

    values = {"frame": 0, "label_id": label, "type": "rectangle", "points": [1.0, 2.0, 30.0, 40.0], "attributes": []}
    return models.LabeledShapeRequest(**{**values, **more})


@flow
def signs_in_and_lists(client: Any, folder: Path) -> None:
    assert client.users.retrieve_current_user().username == PERSON[0]
    assert len(client.jobs.list()) == 49
    assert {task.name for task in client.tasks.list()} >= {"Roundabout north", "Hafen ☂ Überblick"}
    assert {project.name for project in client.projects.list()} == {"Street scenes", "Depot"}
    assert [organization.slug for organization in client.organizations.list()] == [ORGANIZATION]


@flow
def reads_and_changes_a_job(client: Any, folder: Path) -> None:
    job = client.jobs.retrieve(JOB)
    assert job.assignee.username == "carol"
    job.update({"state": "completed", "assignee": 5})
    assert (str(job.state), job.assignee.username) == ("completed", "dave")
    assert str(client.jobs.retrieve(JOB).state) == "completed"
    job.update({"stage": "validation"})
    assert (str(job.stage), str(job.state)) == ("validation", "new")


@flow
def reads_pictures_meta_and_labels(client: Any, folder: Path) -> None:
    job = client.jobs.retrieve(JOB)
    with Image.open(job.get_preview()) as preview, Image.open(job.get_frame(3, quality="original")) as frame:
        assert (preview.format, frame.size) == ("JPEG", (640, 480))
    assert job.get_meta().size == len(job.get_frames_info()) == 10
    assert job.get_labels()[0].name == "car"
    job.download_frames([0, 9], outdir=folder / "frames")
    assert sorted(path.name for path in (folder / "frames").iterdir()) == ["frame_000000.jpg", "frame_000009.jpg"]


@flow
def removes_frames_and_brings_them_back(client: Any, folder: Path) -> None:
    job = client.jobs.retrieve(JOB)
    job.remove_frames_by_ids([1, 2])
    assert job.get_meta().deleted_frames == [1, 2]
    job.remove_frames_by_ids([])
    assert job.get_meta().deleted_frames == []


@flow
def imports_by_resumable_uploads(client: Any, folder: Path) -> None:
    job = client.jobs.retrieve(JOB)
    before = len(job.get_annotations().shapes)
    cvat, coco = folder / "cvat.zip", folder / "coco.zip"
    job.export_dataset("CVAT for images 1.1", cvat, include_images=False)
    job.export_dataset("COCO 1.0", coco, include_images=False)
    job.import_annotations("COCO 1.0", coco)
    assert 0 < len(job.get_annotations().shapes) < before  # COCO can't hold everything
    job.import_annotations("CVAT 1.1", cvat)
    assert len(job.get_annotations().shapes) == before


@flow
def tells_when_an_import_fails(client: Any, folder: Path) -> None:
    job = client.jobs.retrieve(JOB)
    before = len(job.get_annotations().shapes)
    broken = folder / "broken.json"
    broken.write_bytes(b'{"images":')
    try:
        job.import_annotations("COCO 1.0", broken)
    except Exception as error:
        said = str(error).replace("\\'", "'")
        assert "Failed to import dataset 'coco_instances'" in said or "JSONDecodeError" in said, said
    else:
        raise AssertionError("it did not fail")
    assert len(job.get_annotations().shapes) == before


@flow
def replaces_adds_changes_and_removes_annotations(client: Any, folder: Path) -> None:
    from cvat_sdk import models
    from cvat_sdk.core.proxies.annotations import AnnotationUpdateAction

    job = client.jobs.retrieve(JOB)
    assert len(job.get_annotations().shapes) > 10
    label = job.get_labels()[0].id
    job.set_annotations(models.LabeledDataRequest(shapes=[rectangle(label)]))
    (first,) = job.get_annotations().shapes
    added = models.PatchedLabeledDataRequest(shapes=[rectangle(label, frame=1)])
    job.update_annotations(added, action=AnnotationUpdateAction.CREATE)
    assert [shape.frame for shape in job.get_annotations().shapes] == [0, 1]
    job.remove_annotations(ids=[first.id])
    (second,) = job.get_annotations().shapes
    moved = models.LabeledShapeRequest(**{**second.to_dict(), "points": [5.0, 6.0, 7.0, 8.0]})
    job.update_annotations(models.PatchedLabeledDataRequest(shapes=[moved]))
    assert [shape.points for shape in job.get_annotations().shapes] == [[5.0, 6.0, 7.0, 8.0]]
    job.remove_annotations()
    assert not job.get_annotations().shapes


@flow
def exports_with_and_without_images(client: Any, folder: Path) -> None:
    job = client.jobs.retrieve(JOB + 1)
    with_images, without = folder / "with.zip", folder / "without.zip"
    job.export_dataset("CVAT for images 1.1", with_images, include_images=True)
    job.export_dataset("CVAT for images 1.1", without, include_images=False)
    with zipfile.ZipFile(with_images) as large, zipfile.ZipFile(without) as small:
        assert "images/crossing_0011.jpg" in large.namelist()
        assert small.namelist() == ["annotations.xml"]


@flow
def exports_tasks_and_projects(client: Any, folder: Path) -> None:
    for things in (client.tasks, client.projects):
        whole = folder / f"{type(things).__name__}.zip"
        things.retrieve(1).export_dataset("COCO 1.0", whole, include_images=True)
        with zipfile.ZipFile(whole) as archive:
            assert json.loads(archive.read("annotations/instances_default.json"))["annotations"]


@flow
def exports_to_a_cloud_storage(client: Any, folder: Path) -> None:
    from cvat_sdk.core.proxies.types import Location

    page, _ = client.api_client.cloudstorages_api.list()
    storage = page.results[0].id
    job = client.jobs.retrieve(JOB)
    place = {"location": Location.CLOUD_STORAGE, "cloud_storage_id": storage}
    job.export_dataset("COCO 1.0", "sdk.zip", include_images=False, **place)
    content, _ = client.api_client.cloudstorages_api.retrieve_content_v2(storage)
    assert "sdk.zip" in {file.name for file in content.content}


@flow
def remarks_discusses_resolves_and_removes(client: Any, folder: Path) -> None:
    from cvat_sdk import models

    job = client.jobs.retrieve(JOB + 1)
    before = len(job.get_issues())
    asked = models.IssueWriteRequest(frame=10, position=[1.0, 2.0, 3.0, 4.0], job=job.id, message="Too tight")
    issue = client.issues.create(asked)
    assert [comment.message for comment in issue.get_comments()] == ["Too tight"]
    answer = client.comments.create(models.CommentWriteRequest(issue=issue.id, message="Where?"))
    answer.update(models.PatchedCommentWriteRequest(message="On which side?"))
    assert {comment.message for comment in issue.get_comments()} == {"Too tight", "On which side?"}
    answer.remove()
    assert len(issue.get_comments()) == 1
    issue.update(models.PatchedIssueWriteRequest(resolved=True))
    assert issue.resolved and issue.id in {found.id for found in job.get_issues() if found.resolved}
    issue.remove()
    assert len(job.get_issues()) == before


@flow
def makes_and_deletes_ground_truth(client: Any, folder: Path) -> None:
    from cvat_sdk import models

    made, _ = client.api_client.jobs_api.create(
        models.JobWriteRequest(
            type="ground_truth", task_id=TASK, frame_selection_method="manual", frames=[1, 3], assignee=3
        )
    )
    job = client.jobs.retrieve(made.id)
    assert (str(job.type), job.assignee.username) == ("ground_truth", "bob")
    assert job.get_meta().included_frames == [1, 3]
    client.api_client.jobs_api.destroy(made.id)
    assert made.id not in {found.id for found in client.jobs.list()}


@flow
def signs_out(client: Any, folder: Path) -> None:
    client.logout()
    assert not client.has_credentials()


def main(url: str, folder: Path) -> dict[str, str]:
    import cvat_sdk
    from cvat_sdk.version import VERSION

    told = {"version": str(VERSION)}
    with cvat_sdk.make_client(url, credentials=PERSON) as client:
        client.config.status_check_period = 0.01
        client.organization_slug = ORGANIZATION
        for name, function in FLOWS.items():
            try:
                function(client, folder)
                told[name] = ""
            except Exception:
                told[name] = traceback.format_exc()
    return told


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # the client's own
    json.dump(main(sys.argv[1], Path(sys.argv[2])), sys.stdout)
