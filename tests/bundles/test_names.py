"""Names in the ZIP are safe on every system, and no two are the same."""

import unicodedata
import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobsportal.bundles.models import Bundle, Part
from jobsportal.bundles.packing import Zip, dos_time
from jobsportal.bundles.paths import Names, archive_of, folder_of
from jobsportal.bundles.reading import Broken
from tests.bundles.conftest import address, body, opened, order, prepared


def part_in(task: str) -> Part:
    return Part(job_id=17, about={"task": task})


@pytest.mark.parametrize(
    ("task", "folder"),
    [
        ("Depot camera 4", "Depot-camera-4/job17"),
        ("../../etc", "etc/job17"),
        ("C:\\Windows", "C-Windows/job17"),
        ("aux", "_aux/job17"),
        ("MANIFEST.csv", "_MANIFEST.csv/job17"),
        ("\u202egpj.exe", "gpj.exe/job17"),
        ("...", "jobs/job17"),
        ("", "jobs/job17"),
        ("日本語 ☂", "日本語-☂/job17"),
        ("x" * 300, "x" * 100 + "/job17"),
    ],
)
def test_the_folder_of_a_job(task, folder):
    assert folder_of(part_in(task)) == folder
    assert archive_of(part_in(task), "COCO 1.0") == f"{folder}-coco.zip"


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("annotations/instances default.json", "annotations/instances default.json"),
        ("../../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\temp\\x.txt", "C_/temp/x.txt"),
        ("images/con.png", "images/_con.png"),
        ("images/NUL", "images/_NUL"),
        ("a/./b//c.txt", "a/b/c.txt"),
        ("trailing. /x.", "trailing/x"),
        ("\u202etxt.exe\x00", "txt.exe"),
        ("..", "file"),
        ("what?.txt", "what_.txt"),
    ],
)
def test_what_an_archive_says_of_its_files(told, name):
    assert Names("f").of(told) == f"f/{name}"


def test_no_two_files_come_to_lie_in_one_place():
    names = Names("f")
    found = [names.of(told) for told in ("a.txt", "A.TXT", "../a.txt", "a", "a/b", "x/y", "x", "x/y/z")]
    assert found == ["f/a.txt", "f/A-2.TXT", "f/a-3.txt", "f/a", "f/_a/b", "f/x/y", "f/x-2", "f/_x/y/z"]


@given(st.lists(st.text(max_size=300), max_size=20))
def test_whatever_an_archive_says(told):
    names = Names("folder")
    found = [names.of(name) for name in told]
    assert len({name.casefold() for name in found}) == len(found)
    for name in found:
        steps = name.split("/")
        assert steps[0] == "folder" and len(steps) > 1 and len(name) < 600
        assert not {"", ".", ".."} & set(steps) and not set('\\:*?"<>|') & set(name)
        assert not any(unicodedata.category(char).startswith("C") for char in name) and name.encode()


def test_a_hostile_archive_stays_within_its_folder(reader, alice, upstream):
    bundle = prepared(order(alice, [1]))
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("../../evil.txt", "out")
        archive.writestr("/absolute.txt", "out")
        archive.writestr("folder/", "")
        archive.writestr("manifest.csv", "false")
    item = next(iter(upstream.store.requests.values()))
    item.file.write_bytes(made.getvalue())
    names = fetched(reader, bundle)
    inner = [name for name in names if "/job1/" in name]
    assert len(inner) == 3 and all(name.split("/")[1] == "job1" and ".." not in name for name in inner)
    assert sum(name == "manifest.csv" for name in names) == 1


def fetched(reader, bundle) -> list[str]:
    # As if nobody had looked at the file before: its length is not known.
    Bundle.objects.filter(pk=bundle.pk).update(length=None)
    bundle.parts.update(tag="", size=None, sha256="")
    return opened(body(reader.get(address(bundle)))).namelist()


def test_what_is_no_archive_lies_there_as_it_is(reader, alice, upstream):
    bundle = prepared(order(alice, [1]))
    next(iter(upstream.store.requests.values())).file.write_bytes(b"not a zip at all")
    names = fetched(reader, bundle)
    assert any(name.endswith("/job1-coco.zip") for name in names)


def test_an_archive_that_cannot_be_unpacked_on_the_way_lies_there_as_it_is_the_next_time(reader, alice, upstream):
    bundle = prepared(order(alice, [1]))
    next(iter(upstream.store.requests.values())).file.write_bytes(b"PK\x03\x04 and then nothing of the kind" * 9)
    with pytest.raises(Broken):
        fetched(reader, bundle)
    assert any(name.endswith("/job1-coco.zip") for name in fetched(reader, bundle))


def test_a_zip_is_dated_by_what_it_holds_alone():
    def made() -> bytes:
        zip = Zip()
        when = datetime(2026, 11, 23, 14, 5, 8, tzinfo=UTC)
        pieces = [
            *zip.entry("a.txt", [b"one", b"two"], when, 8),
            *zip.entry("ä.bin", [b"x"], None, 0, 1),
            *zip.footer(),
        ]
        return b"".join(pieces)

    assert made() == made() and made()[10:14] == dos_time((2026, 11, 23, 14, 5, 8)), "in front of the file too"
    with opened(made()) as archive:
        assert [info.date_time for info in archive.infolist()] == [(2026, 11, 23, 14, 5, 8), (1980, 1, 1, 0, 0, 0)]
        assert archive.read("a.txt") == b"onetwo" and archive.namelist() == ["a.txt", "ä.bin"]
