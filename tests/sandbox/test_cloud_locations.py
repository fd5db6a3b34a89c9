"""Exports that go to a cloud storage, and imports that come from one, in both generations."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Callable, Iterator

import pytest
import requests

from jobsportal.sandbox import Sandbox
from jobsportal.sandbox.store import CloudStorage

from .conftest import Caller
from .old import COCO, ask, one_box, shapes

People = Callable[[str | None], Caller]
NO_ACCESS = "You don't have access to this cloud storage"
IN_CLOUD = {"location": "cloud_storage", "cloud_storage_id": "900"}


@pytest.fixture(scope="module", params=["2.20", "2.42"])
def running(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(anonymous_per_minute=10_000, version=request.param) as sandbox:
        yield sandbox


@pytest.fixture
def bucket(sandbox: Sandbox) -> CloudStorage:
    """Alice's, of the organization in which she is the owner of job 1."""
    store = sandbox.store
    owner, organization = store.user_named("alice"), store.organization_named("acme")
    assert owner and organization
    made = CloudStorage(900, "Archive", owner.id, organization.id, store.now(), "acme-archive")
    store.cloud_storages[made.id] = made
    return made


def export(caller: Caller, place: str = "jobs/1", **params: str) -> requests.Response:
    return caller.post(f"{place}/dataset/export", params={"format": COCO} | params)


def bring_in(caller: Caller, **params: str) -> requests.Response:
    return caller.post("jobs/1/annotations", params={"format": "CVAT 1.1"} | params)


def names(content: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_an_export_lies_in_the_storage_and_has_no_address_here(admin: Caller, bucket: CloudStorage) -> None:
    request = admin.request(export(admin, filename="mine", **IN_CLOUD).json()["rq_id"])
    assert (request["status"], request["result_url"]) == ("finished", None)
    assert list(bucket.files) == ["mine.zip"]
    assert "annotations/instances_default.json" in names(bucket.files["mine.zip"])


def test_without_a_name_it_is_called_as_a_download_would_be(admin: Caller, bucket: CloudStorage) -> None:
    export(admin, **IN_CLOUD)
    (name,) = bucket.files
    assert name.startswith("job_1_annotations_") and name.endswith("_coco 1.0.zip")


def test_a_task_has_a_default_for_its_exports(admin: Caller, bucket: CloudStorage, sandbox: Sandbox) -> None:
    sandbox.store.tasks[1].target_storage_id = bucket.id
    for place in ("jobs/1", "tasks/1"):
        assert admin.request(export(admin, place).json()["rq_id"])["result_url"] is None
    assert len(bucket.files) == 2
    assert admin.request(export(admin, location="local").json()["rq_id"])["result_url"] is not None
    assert len(bucket.files) == 2


def test_a_file_of_the_storage_is_brought_in(admin: Caller, bucket: CloudStorage) -> None:
    bucket.files["in/a.xml"] = one_box()
    assert bring_in(admin, filename="in/a.xml", **IN_CLOUD).status_code == 202
    assert len(shapes(admin)) == 1
    assert list(bucket.files) == ["in/a.xml"]


def test_a_task_has_a_default_for_its_imports(admin: Caller, bucket: CloudStorage, sandbox: Sandbox) -> None:
    sandbox.store.tasks[1].source_storage_id = bucket.id
    bucket.files["a.xml"] = one_box()
    assert bring_in(admin, filename="a.xml").status_code == 202
    assert len(shapes(admin)) == 1


def test_a_file_that_is_not_there_is_a_failure(admin: Caller, bucket: CloudStorage) -> None:
    before = shapes(admin)
    rq_id = bring_in(admin, filename="a.xml", **IN_CLOUD).json()["rq_id"]
    request = admin.request(rq_id)
    assert request["status"] == "failed" and "'a.xml'" in request["message"]
    assert shapes(admin) == before


def test_storages_that_are_not_there_or_not_ones_own(people: People, admin: Caller, bucket: CloudStorage) -> None:
    unknown = {"location": "cloud_storage", "cloud_storage_id": "999"}
    for answer in (export(admin, **unknown), bring_in(admin, filename="a.xml", **unknown)):
        assert (answer.status_code, answer.json()) == (400, ["CloudStorage matching query does not exist."])
    assert export(admin, location="cloud_storage", cloud_storage_id="abc").status_code == 500
    carol = people("carol")  # works on the job, and has no say in where files go
    for answer in (export(carol, **IN_CLOUD), bring_in(carol, filename="a.xml", **IN_CLOUD)):
        assert (answer.status_code, answer.json()) == (403, {"detail": NO_ACCESS})
    assert not bucket.files


def test_a_default_that_one_may_not_use_says_that_it_is_one(
    people: People, bucket: CloudStorage, sandbox: Sandbox
) -> None:
    sandbox.store.tasks[1].target_storage_id = bucket.id
    answer = export(people("carol"))
    words = f"A cloud storage is selected as the default location. {NO_ACCESS}"
    assert (answer.status_code, answer.json()) == (403, {"detail": words})


def test_which_storage_and_which_file_have_to_be_told(admin: Caller, bucket: CloudStorage, sandbox: Sandbox) -> None:
    no_storage = export(admin, location="cloud_storage")
    no_source = bring_in(admin, location="cloud_storage", filename="a.xml")
    no_name = bring_in(admin, **IN_CLOUD)
    if sandbox.service.is_old:
        assert no_storage.json() == ["Cloud storage was selected as location but cloud_storage_id was not specified"]
        assert (no_source.status_code, no_name.status_code) == (500, 500)
    else:
        undefined = ["Trying to use undefined cloud storage (cloud_storage_id was not provided)"]
        assert no_storage.json() == no_source.json() == undefined
        assert (no_name.status_code, no_name.json()) == (400, ["The filename was not specified"])


@pytest.mark.parametrize("running", ["2.20"], indirect=True)
def test_by_the_endpoints_of_old(admin: Caller, bucket: CloudStorage) -> None:
    params = {"format": COCO, "filename": "old.zip"} | IN_CLOUD
    assert admin.get("jobs/1/dataset", params=params).status_code == 202
    wrong = admin.get("jobs/1/dataset", params=params | {"action": "download"})
    assert wrong.text == 'Action "download" is only supported for a local dataset location'
    done = admin.get("jobs/1/dataset", params=params)
    assert (done.status_code, done.content, list(bucket.files)) == (200, b"", ["old.zip"])
    assert admin.get("jobs/1/dataset", params=params).status_code == 202  # it starts anew
    bucket.files["a.xml"] = one_box()
    put = admin.put("jobs/1/annotations", params={"format": "CVAT 1.1", "filename": "a.xml"} | IN_CLOUD)
    assert put.status_code == 202
    assert ask(admin).status_code == 201 and len(shapes(admin)) == 1


def test_one_import_at_a_time_also_from_a_storage(
    admin: Caller, bucket: CloudStorage, held: dict[str, threading.Event]
) -> None:
    bucket.files["a.xml"] = one_box()
    assert bring_in(admin, filename="a.xml", **IN_CLOUD).status_code == 202
    assert bring_in(admin, filename="a.xml", **IN_CLOUD).status_code == 409
