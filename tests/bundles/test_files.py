"""What a bundle's file holds, and that it is the same each time."""

import csv
import hashlib
import io
import json
import subprocess

import pytest

from jobsportal.bundles.models import ARCHIVES, FOLDERS, READY
from tests.bundles.conftest import address, body, browser_of, opened, order, person_named, prepared

JOBS = (1, 2, 3, 5)


def checksums(archive) -> dict[str, str]:
    lines = archive.read("SHA256SUMS").decode().splitlines()
    return {name: checksum for checksum, name in (line.split("  ", 1) for line in lines)}


def check(data: bytes, tmp_path) -> None:
    """As unzip and sha256sum see it."""
    file = tmp_path / "bundle.zip"
    file.write_bytes(data)
    tested = subprocess.run(["unzip", "-t", file], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout
    with opened(data) as archive:
        archive.extractall(tmp_path / "out")
        names = set(archive.namelist())
        assert set(checksums(archive)) == names - {"SHA256SUMS"}, "every file has its checksum"
    sums = ["sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS"]
    done = subprocess.run(sums, cwd=tmp_path / "out", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("layout", [FOLDERS, ARCHIVES])
@pytest.mark.parametrize("save_images", [False, True])
def test_the_file_opens_and_its_lists_are_true(reader, alice, tmp_path, layout, save_images):
    bundle = prepared(order(alice, JOBS, layout=layout, save_images=save_images))
    assert (bundle.status, bundle.sealed, bundle.organizations) == (READY, "", [])
    answer = reader.get(address(bundle))
    data = body(answer)
    assert answer.status_code == 200 and int(answer["Content-Length"]) == len(data)
    assert answer["Content-Disposition"].startswith('attachment; filename="Street-scenes-4-jobs-coco-')
    check(data, tmp_path)
    archive = opened(data)
    manifest = json.loads(archive.read("manifest.json"))
    rows = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode("utf-8-sig"))))
    assert [row["job"] for row in rows] == [str(part["job"]) for part in manifest["parts"]]
    assert {int(row["job"]) for row in rows} == set(JOBS) and {row["included"] for row in rows} == {"yes"}
    assert "NOT INCLUDED.txt" not in archive.namelist()
    sums = checksums(archive)
    for told in manifest["parts"]:
        job = alice.client.jobs.retrieve(told["job"])
        assert (told["stage"], told["state"], told["frames"]) == (job.stage, job.state, job.frame_count)
        assert told["assignee"] == (job.assignee.username if job.assignee else "")
        assert told["format"] == "COCO 1.0" and told["images"] is save_images and told["task"] and told["project"]
        assert {entry["name"]: entry["sha256"] for entry in told["entries"]}.items() <= sums.items()
        assert all(entry["name"].startswith(told["path"]) for entry in told["entries"])
        if layout == ARCHIVES:
            assert hashlib.sha256(archive.read(told["path"])).hexdigest() == told["sha256"]
            assert len(archive.read(told["path"])) == told["size"]
            assert told["path"].endswith(f"/job{told['job']}-coco.zip")
        else:
            assert told["path"].endswith(f"/job{told['job']}/")
    if layout == FOLDERS:
        assert any(name.endswith("job1/annotations/instances_default.json") for name in archive.namelist())
        assert save_images == any(name.endswith((".png", ".jpg", ".jpeg")) for name in archive.namelist())


@pytest.mark.parametrize("layout", [FOLDERS, ARCHIVES])
def test_a_transfer_that_broke_off_goes_on_with_the_same_bytes(reader, alice, layout):
    bundle = prepared(order(alice, JOBS, layout=layout))
    first = reader.get(address(bundle))
    whole, etag = body(first), first["ETag"]
    cut = len(whole) * 6 // 10
    rest = reader.get(address(bundle), headers={"Range": f"bytes={cut}-", "If-Range": etag})
    assert rest.status_code == 206 and rest["ETag"] == etag
    assert rest["Content-Range"] == f"bytes {cut}-{len(whole) - 1}/{len(whole)}"
    assert whole[:cut] + body(rest) == whole
    middle = reader.get(address(bundle), headers={"Range": f"bytes=100-{cut}"})
    assert body(middle) == whole[100 : cut + 1] and int(middle["Content-Length"]) == cut - 99
    other = reader.get(address(bundle), headers={"Range": f"bytes={cut}-", "If-Range": '"another"'})
    assert other.status_code == 200 and body(other) == whole
    beyond = reader.get(address(bundle), headers={"Range": f"bytes={len(whole)}-"})
    assert beyond.status_code == 416 and beyond["Content-Range"] == f"bytes */{len(whole)}"
    head = reader.head(address(bundle))
    assert (head["ETag"], head["Content-Length"], head["Accept-Ranges"]) == (etag, str(len(whole)), "bytes")
    assert not body(head)


def test_what_was_begun_cannot_be_fetched_by_others(reader, alice, upstream):
    bundle = prepared(order(alice, [1]))
    assert browser_of("bob").get(address(bundle)).status_code == 404
    assert person_named(upstream, "bob").id != bundle.person_id
