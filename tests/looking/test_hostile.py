"""Files that mean harm, lie or are broken: each is told in words, quickly, and nothing is raised."""

import gzip
import io
import json
import os
import struct
import tracemalloc
import zipfile

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from jobsportal.looking import Findings, look, sources
from jobsportal.looking.listing import MOST_ENTRIES
from tests.looking.files import BOX, COCO, XML, in_zip, looked, words, zip_of

MIB = 1 << 20
YOLO = {"obj.data": "", "obj.names": "car", "obj_train_data/a.txt": "0 .1 .1 .1 .1\n"}
WHOLE = [zip_of({"annotations.xml": XML}), zip_of({"a.json": COCO}), zip_of(YOLO), XML.encode(), COCO.encode()]


def with_info(name: str, *, mode: int = 0, flags: int = 0, content: bytes = b"x") -> bytes:
    out = io.BytesIO()
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, content)
    raw = out.getvalue()
    at = raw.rindex(b"PK\x01\x02") + 8
    return raw[:at] + struct.pack("<H", flags) + raw[at + 2 :]


# Archives that are not to be opened


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../a.xml",
        "a/../../b.xml",
        "..\\a.xml",
        "\\a.xml",
        "C:\\a.xml",
        "c:a.xml",
        "a/..",
        "..",
        "//host/a",
    ],
)
def test_paths_that_lead_out_of_the_archive(name):
    assert "paths that lead out" in words(in_zip({"annotations.xml": XML, name: "x"}))


@pytest.mark.parametrize("name", ["a..b.xml", "...", "a/...b", "über/ä.xml", "a\\b.xml", "a b.xml", "c/d:e.xml"])
def test_odd_but_harmless_paths(name):
    assert not in_zip({"annotations.xml": XML, name: "x"}).problems


def test_links_and_devices():
    assert "links in place of files: “a.xml”" in words(
        looked(with_info("a.xml", mode=0o120777, content=b"/etc/passwd"))
    )
    assert "neither a file nor a folder" in words(looked(with_info("a.xml", mode=0o020666)))
    assert not looked(with_info("a.xml", mode=0o100644, content=XML.encode())).problems


def test_encrypted_files():
    assert "protected by a password: “a.xml”" in words(looked(with_info("a.xml", flags=1)))


def test_names_that_are_cut_at_a_zero_byte_or_hold_control_characters():
    raw = zip_of({"aXb.xml": XML}).replace(b"aXb.xml", b"a\0b.xml")
    assert "names can't be used" in words(looked(raw))
    assert "names can't be used: “a�b.xml”" in words(in_zip({"a\x1bb.xml": XML}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name():
    assert "two files of the same name: “a.xml”" in words(in_zip([("a.xml", XML), ("a.xml", XML)]))
    assert "two files of the same name" in words(in_zip([("in/a.xml", XML), ("in\\a.xml", XML)]))


def test_too_many_files_even_where_the_archive_says_that_they_are_few():
    central = b"PK\x01\x02" + bytes(42)
    count = MOST_ENTRIES + 1
    raw = b"PK\x03\x04" + central * count
    raw += b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 1, 1, len(central) * count, 4, 0)
    tracemalloc.start()
    found = looked(raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # As objects they would take ten times this.
    assert f"more than {MOST_ENTRIES:,} files" in words(found) and peak < 12 * MIB


def test_what_unpacks_to_far_more_than_it_weighs():
    bomb = "unpacks to far more than it weighs"
    assert bomb in words(looked(zip_of({"a.xml": XML}), entries=[("a.xml", 600 * MIB, 600_000)]))
    assert bomb in words(looked(zip_of({"a.xml": XML}), entries=[(f"{n}.xml", 90 * MIB, 90_000) for n in range(10)]))
    assert bomb in words(looked(zip_of({"a.xml": XML}), entries=[("a.png", 1 << 40, 1 << 39)]))
    pictures = [(f"{n}.png", 10 * MIB, 9 * MIB) for n in range(200)]
    assert not looked(zip_of({"a.xml": XML}), entries=[("a.xml", 900, 300), *pictures]).problems


def test_archives_within_archives_are_not_opened():
    found = in_zip({"annotations.xml": XML, "more.zip": zip_of({"../evil": "x"})})
    assert not found.problems and found.objects == 1 and "“more.zip”" in found.warnings[0]


def test_entries_that_lie_hide_nothing():
    """What the browser says of an archive only adds to what the archive itself says."""
    assert "lead out" in words(looked(zip_of({"../a.xml": XML}), entries=[("a.xml", 1, 1)]))
    assert "lead out" in words(looked(zip_of({"a.xml": XML}), entries=[("../a.xml", 1, 1)]))
    assert "lead out" in words(looked(XML, entries=[("../a.xml", 1, 1)]))


def test_overlapping_files():
    """Many entries that share one packed content."""
    raw = zip_of({"a.json": b"0" * MIB})
    start = raw.index(b"PK\x01\x02")
    entry = raw[start : raw.index(b"PK\x05\x06")]
    entries = b"".join(entry.replace(b"a.json", b"%06d" % number) for number in range(2000))
    end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 2000, 2000, len(entries), start, 0)
    assert isinstance(looked(raw[:start] + entries + end), Findings)


# Broken files


def test_nothing_at_all():
    assert "empty" in words(looked(b"")) and "empty" in words(in_zip({})) and "empty" in words(in_zip({"a/": b""}))


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n123", b"%PDF-1.7", b"<!doctype html><html></html>"])
def test_what_is_something_else_altogether(content):
    assert "not annotations" in words(looked(content))


@pytest.mark.parametrize("content", [b"7z\xbc\xaf\x27\x1c000", b"Rar!\x1a\x07", gzip.compress(b"a")])
def test_other_archives_are_not_looked_into(content):
    found = looked(content)
    assert not found.problems and not found.formats and "not looked into" in found.warnings[0]


def test_damaged_archives():
    raw = zip_of({"annotations.xml": XML * 50})
    assert "damaged" in words(looked(raw[: len(raw) // 2]))
    at = raw.index(b"annotations.xml") + 30
    assert "damaged" in words(looked(raw[:at] + b"\xff" * 8 + raw[at + 8 :]))
    assert "damaged" in words(looked(b"PK\x03\x04"))


@pytest.mark.parametrize(
    "content", [XML[:60], "<annotations><image>", "<annotations></b>", '<?xml version="1.0" encoding="no-such"?>' + XML]
)
def test_damaged_xml(content):
    assert "can't be read as XML" in words(looked(content, "a.xml")) and "“a.xml”" in words(looked(content, "a.xml"))


@pytest.mark.parametrize("content", [COCO[:-20], '{"images":[NaN]}', '{"images" 1}', '{"a":' + "[" * 10_000 + "}"])
def test_damaged_json(content):
    assert "can't be read as JSON" in words(looked(content))


def test_json_that_is_not_what_its_format_asks_for():
    assert "“a.json” is not what its format asks for" in words(looked(COCO.replace('"car"', "7"), "a.json"))
    assert "not what its format asks for" in words(looked('{"images":0,"annotations":[]}'))


def test_a_copy_that_no_format_reads():
    assert "No format reads it" in words(looked('{"version":0,"tags":[],"shapes":[],"tracks":[]}'))


# Bombs within documents


LOL = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))


@pytest.mark.parametrize(
    "subset",
    [f'<!ENTITY l0 "lol">{LOL}', '<!ENTITY x SYSTEM "file:///etc/passwd">', '<!ATTLIST box label CDATA "x">', '<!ENTITY % p SYSTEM "http://h/"> %p;'],
)  # fmt: skip
def test_xml_that_declares_entities(subset):
    text = f"<!DOCTYPE annotations [{subset}]>{XML.replace('car', '&l9;')}"
    assert "declares entities" in words(looked(text)) and "declares entities" in words(
        in_zip({"annotations.xml": text})
    )


def test_external_document_types_are_not_fetched():
    found = looked(f'<!DOCTYPE annotations SYSTEM "http://127.0.0.1:9/a.dtd">{XML}')
    assert found.objects == 1 and not found.problems


def test_xml_without_end_in_depth_breadth_or_length():
    deep = looked("<annotations>" + "<a>" * 100_000)
    assert not deep.is_whole and deep.formats == ("CVAT 1.1",) and "lower bounds" in deep.warnings[0]
    wide = looked(f"<annotations><image name='a.jpg'>{BOX}" + "<a/>" * 1_600_000)
    assert not wide.is_whole and wide.objects == 1
    long = looked(f"<annotations><image name='a.jpg'>{BOX}<box label='{'x' * 20 * MIB}'/></image></annotations>")
    assert not long.is_whole and long.objects == 1


def test_json_of_more_objects_than_are_taken_into_memory():
    found = looked(COCO.replace('"annotations":[', '"annotations":[' + "{}," * 700_000))
    assert not found.is_whole and found.formats == ("COCO 1.0",) and not found.is_certain and not found.problems
    numbers = looked('{"images":[],"annotations":[' + "0," * 5_000_000 + "0]}")
    assert "not what its format asks for" in words(numbers)


def test_documents_that_unpack_without_end_are_read_only_so_far(monkeypatch):
    monkeypatch.setattr(sources, "MOST_OF_ONE", 3 * MIB)
    found = in_zip({"annotations.xml": XML.replace("<image", " " * 8 * MIB + "<image")})
    assert not found.is_whole and found.formats == ("CVAT 1.1",) and not found.problems
    found = in_zip({"a.json": COCO + " " * 8 * MIB})
    assert not found.is_whole and found.formats == ("COCO 1.0",) and not found.is_certain
    lines = in_zip({**YOLO, "obj_train_data/b.txt": "0 .1 .1 .1 .1\n" * 500_000})
    assert not lines.is_whole and lines.objects > 1000


def test_bytes_documents_and_lines_are_bounded_over_the_whole_archive(monkeypatch):
    def texts(source):
        reads = 0
        try:
            for name in source.names:
                reads += len(list(source.lines(name)))
        except sources.TooLarge:
            return reads
        return None

    files = zip_of({f"{number}.txt": "0 1 1 1 1\n" * 10 for number in range(20)})

    def opened():
        source = sources.Source(io.BytesIO(files), "a.zip")
        source.open_archive()
        return source

    assert texts(opened()) is None
    for name, most in [("MOST_DOCUMENTS", 5), ("MOST_LINES", 55), ("MOST_OF_ALL", 550)]:
        with monkeypatch.context() as patch:
            patch.setattr(sources, name, most)
            assert 0 < texts(opened()) <= 60


def test_a_line_without_end_takes_little():
    text = "0 " * 10_000_000
    tracemalloc.start()
    found = in_zip({**YOLO, "obj_train_data/a.txt": text})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.formats == ("YOLO 1.1",) and peak < 30 * MIB


def test_compressed_documents_are_read_only_so_far(monkeypatch):
    monkeypatch.setattr(sources, "MOST_OF_ONE", 3 * MIB)
    bomb = gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(XML.encode() + b" " * 50 * MIB)))
    found = look(bomb, "a.xml")
    assert not found.is_whole and found.objects == 1 and bomb.tell() <= 5 * MIB
    damaged = gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(os.urandom(9000))[:5000]))
    assert look(damaged, "a.xml").problems
    assert look(gzip.GzipFile(fileobj=io.BytesIO(b"no gzip at all")), "a.xml").problems


def test_names_without_end_are_cut():
    found = looked(XML.replace("car", "x" * 100_000))
    assert len(next(iter(found.labels))) <= 500


# Anything at all


entries = st.lists(st.tuples(st.text(max_size=30), st.integers(0, 1 << 70), st.integers(0, 1 << 70)), max_size=4)
quickly = hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quickly
@given(st.binary(max_size=400), st.one_of(st.none(), entries))
def test_any_bytes_become_findings(content, entries):
    assert isinstance(looked(content, entries=entries), Findings)


@quickly
@given(st.sampled_from(WHOLE), st.data())
def test_files_with_any_damage_become_findings(content, data):
    at = data.draw(st.integers(0, len(content)))
    gone = data.draw(st.integers(0, 20))
    assert isinstance(looked(content[:at] + data.draw(st.binary(max_size=12)) + content[at + gone :]), Findings)


names = st.sampled_from(["data.yaml", "obj.names", "obj.data", "a.xml", "a.json", "gt/gt.txt", "gt/labels.txt", "labels/a.txt", "labelmap.txt", "label_2/a.txt", "train.txt", "SegmentationClass/a.png"])  # fmt: skip
texts = st.one_of(st.text(max_size=80), st.from_regex(r"(?:-?\d{1,3}[ ,.]?){1,12}\n?", fullmatch=True), st.sampled_from([XML, COCO, "names: [a", "names:\n- \n", "names: {0: ", "<annotation><object>"]))  # fmt: skip


@quickly
@given(st.dictionaries(names, texts.map(lambda text: text.encode("utf-8", "replace")), max_size=5))
def test_archives_of_any_texts_become_findings(files):
    assert isinstance(in_zip(files), Findings)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "file_name", "image_id", "category_id", "label", "labels", "annotations", "type", "label_id", "attr", "frame", "keypoints", "segmentation"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@quickly
@given(st.dictionaries(st.sampled_from(["images", "annotations", "categories", "items", "shapes"]), values, max_size=5))
def test_json_of_any_shape_becomes_findings(document):
    assert isinstance(looked(json.dumps(document)), Findings)
