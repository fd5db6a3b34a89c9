"""Pictures and what is told of them, in both generations: chunks, context images, deleted frames."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

import pytest
from PIL import Image

from jobsportal.sandbox import Sandbox

from .conftest import Caller

VIDEO = 33  # frames 50 to 99


@pytest.fixture(scope="module")
def old_sandbox() -> Iterator[Sandbox]:
    with Sandbox(version="2.20") as sandbox:
        yield sandbox


@pytest.fixture
def old_admin(old_sandbox: Sandbox) -> Caller:
    old_sandbox.reset()
    return Caller(old_sandbox, "admin")


def box(movie: bytes, *path: bytes) -> bytes:
    """What a box within boxes holds."""
    for name in path:
        at = 0
        while movie[at + 4 : at + 8] != name:
            at += struct.unpack_from(">I", movie, at)[0]
            assert at < len(movie), f"there is no {name!r}"
        movie = movie[at + 8 : at + struct.unpack_from(">I", movie, at)[0]]
    return movie


def pictures_of(movie: bytes) -> list[Image.Image]:
    """The frames, found by the tables of the file."""
    samples = box(movie, b"moov", b"trak", b"mdia", b"minf", b"stbl")
    (at,) = struct.unpack_from(">I", box(samples, b"stco"), 8)
    table = box(samples, b"stsz")[8:]
    count, *sizes = struct.unpack(f">{len(table) // 4}I", table)
    assert len(sizes) == count
    found: list[Image.Image] = []
    for size in sizes:
        found.append(Image.open(io.BytesIO(movie[at : at + size])))
        at += size
    return found


def test_a_chunk_of_a_video_is_a_video(admin: Caller) -> None:
    answer = admin.get(f"jobs/{VIDEO}/data?type=chunk&index=1")
    assert answer.headers["Content-Type"] == "video/mp4"
    assert box(answer.content, b"ftyp")[:4] == b"isom"
    pictures = pictures_of(answer.content)
    assert len(pictures) == 50 - 36
    assert {(picture.size, picture.format) for picture in pictures} == {((640, 480), "JPEG")}
    frame = Image.open(io.BytesIO(admin.get(f"jobs/{VIDEO}/data?type=frame&number=86").content))
    difference = [abs(a - b) for a, b in zip(pictures[0].getpixel((320, 60)), frame.getpixel((320, 60)), strict=True)]
    assert max(difference) < 12


def test_a_chunk_says_what_it_is(admin: Caller) -> None:
    for quality, ending in (("compressed", "jpeg"), ("original", "jpg")):
        by_index = admin.get(f"jobs/2/data?type=chunk&index=0&quality={quality}")
        by_number = admin.get(f"jobs/2/data?type=chunk&number=0&quality={quality}", headers={"Range": "bytes=0-9"})
        assert by_number.status_code == 200 and by_index.content == by_number.content
        names = zipfile.ZipFile(io.BytesIO(by_index.content)).namelist()
        assert names == [f"{number:06}.{ending}" for number in range(10)]
        assert by_index.headers["X-Checksum"] == str(zlib.crc32(by_index.content))
        assert by_index.headers["X-Updated-Date"] == admin.get("jobs/2/data/meta").json()["chunks_updated_date"]


def test_a_ground_truth_chunk_holds_its_own_frames(admin: Caller) -> None:
    truth = admin.get("jobs?type=ground_truth&task_id=1").json()["results"][0]["id"]
    chunk = zipfile.ZipFile(io.BytesIO(admin.get(f"jobs/{truth}/data?type=chunk&index=0").content))
    assert len(chunk.namelist()) == 7
    assert chunk.read("000000.jpeg") == admin.get(f"jobs/{truth}/data?type=frame&number=3").content


def test_the_generation_of_old_tells_less_of_chunks(old_admin: Caller) -> None:
    assert "chunks_updated_date" not in old_admin.get("jobs/2/data/meta").json()
    chunk = old_admin.get("jobs/2/data?type=chunk&index=0")
    assert chunk.status_code == 200 and not {"X-Checksum", "X-Updated-Date"} & set(chunk.headers)


def test_context_images(admin: Caller, sandbox: Sandbox) -> None:
    assert admin.get("jobs/2/data?type=context_image&number=10").status_code == 404
    sandbox.store.tasks[1].related_files = 2
    answer = admin.get("jobs/2/data?type=context_image&number=10")
    assert answer.headers["Content-Type"] == "application/zip"
    files = zipfile.ZipFile(io.BytesIO(answer.content))
    assert len({files.read(name) for name in files.namelist()}) == 2
    assert Image.open(files.open("000000.jpg")).mode == "L"
    frames = admin.get("jobs/2/data/meta").json()["frames"]
    assert {(frame["related_files"], frame["has_related_context"]) for frame in frames} == {(2, True)}


@pytest.mark.parametrize(
    ("number", "status", "body"),
    [("", 400, ["Number is not specified"]), ("&number=0", 400, "Incorrect requested frame number: 0")],
)
def test_context_images_that_are_asked_for_wrongly(admin: Caller, number: str, status: int, body: object) -> None:
    answer = admin.get(f"jobs/2/data?type=context_image{number}")
    assert (answer.status_code, answer.json()) == (status, body)


def test_deleted_frames_move_the_date_of_the_task_only(admin: Caller) -> None:
    before = [admin.get(path).json()["updated_date"] for path in ("jobs/2", "tasks/1")]
    assert admin.patch("jobs/2/data/meta", json={"deleted_frames": [12, 11, 11]}).json()["deleted_frames"] == [11, 12]
    assert admin.patch("jobs/2/data/meta", json={}).json()["deleted_frames"] == [11, 12]
    after = [admin.get(path).json()["updated_date"] for path in ("jobs/2", "tasks/1")]
    assert after[0] == before[0] and after[1] > before[1]
    assert admin.patch("jobs/2/data/meta", json={"deleted_frames": []}).json()["deleted_frames"] == []


def test_foreign_frames_are_left_out_in_silence_of_old(old_admin: Caller) -> None:
    answer = old_admin.patch("jobs/2/data/meta", json={"deleted_frames": [0, 11]})
    assert (answer.status_code, answer.json()["deleted_frames"]) == (200, [11])


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"deleted_frames": ["x"]}, {"deleted_frames": {"0": ["A valid integer is required."]}}),
        (
            {"deleted_frames": [11, -1]},
            {"deleted_frames": {"1": ["Ensure this value is greater than or equal to 0."]}},
        ),
        ({"deleted_frames": 3}, {"deleted_frames": ['Expected a list of items but got type "int".']}),
        ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
    ],
)
def test_deleted_frames_that_are_refused(admin: Caller, body: object, errors: object) -> None:
    answer = admin.patch("jobs/2/data/meta", json=body)
    assert (answer.status_code, answer.json()) == (400, errors)


def test_who_may_delete_frames(sandbox: Sandbox) -> None:
    statuses = {
        person: Caller(sandbox, person).patch("jobs/1/data/meta", json={"deleted_frames": []}).status_code
        for person in ("carol", "dave", "grace")
    }
    assert statuses == {"carol": 200, "dave": 403, "grace": 403}
