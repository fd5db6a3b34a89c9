"""The upstream's own client works with the sandbox, from signing in to importing a file."""

from __future__ import annotations

import gc
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from jobsportal.sandbox import Sandbox
from jobsportal.sandbox.store import CloudStorage

cvat_sdk = pytest.importorskip("cvat_sdk")

# The client leaves its temporary files of pictures to the garbage collector
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Any]:
    with cvat_sdk.make_client(sandbox.url, credentials=("alice", "annotate")) as client:
        client.config.status_check_period = 0.01
        client.organization_slug = "acme"
        yield client
    gc.collect()


def test_it_signs_in_and_lists(client: Any) -> None:
    assert client.users.retrieve_current_user().username == "alice"
    assert len(client.jobs.list()) == 49
    assert {task.name for task in client.tasks.list()} >= {"Roundabout north", "Hafen ☂ Überblick"}
    assert {project.name for project in client.projects.list()} == {"Street scenes", "Depot"}
    assert [organization.slug for organization in client.organizations.list()] == ["acme"]


def test_it_reads_and_changes_a_job(client: Any) -> None:
    job = client.jobs.retrieve(1)
    assert job.assignee.username == "carol"
    job.update({"state": "completed", "assignee": 5})
    assert (str(job.state), job.assignee.username) == ("completed", "dave")
    assert str(client.jobs.retrieve(1).state) == "completed"


def test_it_reads_pictures_labels_and_annotations(client: Any) -> None:
    job = client.jobs.retrieve(1)
    with job.get_preview() as preview, job.get_frame(3, quality="original") as frame:
        assert Image.open(preview).format == "JPEG"
        assert Image.open(frame).size == (640, 480)
    assert job.get_meta().size == len(job.get_frames_info()) == 10
    assert job.get_labels()[0].name == "car"
    assert job.get_issues()[0].comments.count == 1
    assert len(job.get_annotations().shapes) > 10


def test_it_replaces_and_removes_annotations(client: Any) -> None:
    from cvat_sdk import models

    job = client.jobs.retrieve(1)
    shape = models.LabeledShapeRequest(
        frame=0, label_id=1, type="rectangle", points=[1.0, 2.0, 30.0, 40.0], attributes=[]
    )
    job.set_annotations(models.LabeledDataRequest(shapes=[shape]))
    (kept,) = job.get_annotations().shapes
    assert kept.points == [1.0, 2.0, 30.0, 40.0]
    job.remove_annotations(ids=[kept.id])
    assert job.get_annotations().shapes == []


def test_it_exports_and_imports(client: Any, tmp_path: Path, sandbox: Sandbox) -> None:
    job = client.jobs.retrieve(1)
    before = len(job.get_annotations().shapes)
    file = tmp_path / "job.zip"
    job.export_dataset("CVAT for images 1.1", file, include_images=True)
    assert "images/crossing_0001.jpg" in zipfile.ZipFile(file).namelist()
    coco = tmp_path / "coco.zip"
    job.export_dataset("COCO 1.0", coco, include_images=False)
    job.import_annotations("COCO 1.0", coco)
    assert 0 < len(job.get_annotations().shapes) < before  # COCO can't hold everything
    job.import_annotations("CVAT 1.1", file)
    assert len(job.get_annotations().shapes) == before
    assert {call.status for call in sandbox.calls} <= {200, 201, 202, 204}


@pytest.mark.parametrize("kind", ["tasks", "projects"])
def test_it_exports_tasks_and_projects(client: Any, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "whole.zip"
    getattr(client, kind).retrieve(1).export_dataset("COCO 1.0", file, include_images=True)
    assert "annotations/instances_default.json" in zipfile.ZipFile(file).namelist()


def test_it_exports_to_a_cloud_storage(client: Any, sandbox: Sandbox) -> None:
    from cvat_sdk.core.proxies.types import Location

    bucket = CloudStorage(900, "Archive", 2, 1, sandbox.store.now(), "acme-archive")
    sandbox.store.cloud_storages[bucket.id] = bucket
    place = {"location": Location.CLOUD_STORAGE, "cloud_storage_id": bucket.id}
    client.jobs.retrieve(1).export_dataset("COCO 1.0", "out.zip", include_images=False, **place)
    assert list(bucket.files) == ["out.zip"]


def test_it_tells_when_an_import_fails(client: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(io.BytesIO(b'{"images":').getvalue())
    with pytest.raises(Exception, match="Failed to import dataset 'coco_instances'"):
        client.jobs.retrieve(1).import_annotations("COCO 1.0", file)
