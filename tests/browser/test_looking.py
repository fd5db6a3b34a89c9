"""Files are made small in the browser before they are looked into: a ZIP keeps its texts, and everything's name."""

import base64
import gzip
import io
import json
import os
import struct
import zipfile
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page

from jobsportal.sandbox import Sandbox
from tests.looking.files import COCO, XML, zip_of
from tests.sandbox.conftest import Caller

JOB = 46
FILE = """([content, name]) => new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name)"""
REDUCED = f"""async (given) => {{
  const found = await window.portal.reduced(({FILE})(given));
  if (!found) return null;
  const bytes = new Uint8Array(await found.blob.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return {{ content: btoa(text), entries: found.entries, packed: found.packed }};
}}"""
LOOK = f"async ([job, ...given]) => window.portal.look(job, ({FILE})(given))"


@pytest.fixture
def page(page: Page, enter) -> Page:
    """A page of the portal with the two scripts, as the portal serves them."""
    enter(page)
    for name in ("reduce", "look"):
        page.add_script_tag(url=f"/static/js/{name}.js")
    return page


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def reduced(page: Page, content: bytes, name: str = "a.zip"):
    found = page.evaluate(REDUCED, [encoded(content), name])
    return found and (base64.b64decode(found["content"]), found["entries"], found["packed"])


def looked(page: Page, content: bytes, name: str = "a.zip", job: int = JOB):
    return page.evaluate(LOOK, [job, encoded(content), name])


def same_texts(small: bytes, content: bytes) -> list[str]:
    """The names of the texts, which are the same in both; everything else has only its name left."""
    with zipfile.ZipFile(io.BytesIO(small)) as new, zipfile.ZipFile(io.BytesIO(content)) as old:
        assert new.namelist() == old.namelist() and new.testzip() is None
        filled = [info.filename for info in new.infolist() if info.file_size]
        assert all(new.read(name) == old.read(name) for name in filled)
        facts = [[(info.date_time, info.external_attr) for info in zip.infolist()] for zip in (new, old)]
        assert facts[0] == facts[1]
    return filled


def entries_of(content: bytes):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [[info.filename, info.file_size, info.compress_size] for info in archive.infolist()]


def with_pictures(count: int = 200) -> dict[str, bytes | str]:
    pictures = {f"images/{number:04}.jpg": os.urandom(5000) for number in range(count)}
    return {"annotations/instances.json": COCO * 20, **pictures, "images/": b""}


class Pipe(io.BytesIO):
    """A place to write to that can't be gone back in."""

    def seekable(self) -> bool:
        return False

    def seek(self, *where) -> int:
        raise OSError

    def tell(self) -> int:
        raise OSError


@contextmanager
def everything_long(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(zipfile, "ZIP64_LIMIT", 10)
        patch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
        yield


def test_of_two_hundred_pictures_and_one_json_the_json_goes_along(page: Page):
    content = zip_of(with_pictures())
    small, entries, packed = reduced(page, content)
    assert same_texts(small, content) == ["annotations/instances.json"]
    assert entries == entries_of(content) and packed == "" and len(content) > 1_000_000 > 40_000 > len(small)


def test_sizes_that_stand_after_the_content(page: Page):
    out = Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in with_pictures(5).items():
            archive.writestr(name, text)
    content = out.getvalue()
    assert zipfile.ZipFile(io.BytesIO(content)).infolist()[0].flag_bits & 8
    small, entries, _ = reduced(page, content)
    assert same_texts(small, content) == ["annotations/instances.json"] and entries == entries_of(content)
    assert not zipfile.ZipFile(io.BytesIO(small)).infolist()[0].flag_bits & 8


def test_zip64(page: Page, monkeypatch):
    with everything_long(monkeypatch):
        content = zip_of(with_pictures(5))
    assert b"PK\x06\x06" in content and b"PK\x06\x07" in content
    small, entries, _ = reduced(page, content)
    assert same_texts(small, content) == ["annotations/instances.json"] and entries == entries_of(content)
    small, _, _ = reduced(page, b"something in front" + content)
    assert same_texts(small, content) == ["annotations/instances.json"]


def test_something_in_front_a_comment_behind_and_files_that_are_not_packed(page: Page):
    out = io.BytesIO(b"#!/bin/sh\n" * 9)
    out.seek(0, 2)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_STORED) as archive:
        archive.comment = b"PK\x05" + b"x" * 60_000
        for name, text in {**with_pictures(3), "größe/labels.TXT": "0 1 1 1 1"}.items():
            archive.writestr(name, text)
    small, entries, _ = reduced(page, out.getvalue())
    assert same_texts(small, out.getvalue()) == ["annotations/instances.json", "größe/labels.TXT"]
    assert entries == entries_of(out.getvalue())


def test_more_files_than_a_plain_zip_can_count(page: Page):
    content = zip_of({"a.json": COCO, **{f"{number}.jpg": b"" for number in range(66_000)}})
    small, entries, _ = reduced(page, content)
    assert same_texts(small, content) == ["a.json"] and len(entries) == 66_001


def test_links_stay_links(page: Page):
    out = io.BytesIO()
    link = zipfile.ZipInfo("a.jpg")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    answer = looked(page, out.getvalue())
    assert not answer["ok"] and "links in place of files" in answer["html"]


def test_other_files_go_as_they_are_or_compressed(page: Page):
    assert reduced(page, XML.encode(), "a.xml") == (XML.encode(), None, "")
    large = XML.encode() + b" " * (2 << 20)
    content, entries, packed = reduced(page, large, "a.xml")
    assert packed == "gzip" and entries is None and len(content) < 10_000 and gzip.decompress(content) == large


def test_an_export_with_pictures_is_known_and_fits_the_job(page: Page, sandbox: Sandbox):
    content = Caller(sandbox, "admin").export(JOB, "COCO 1.0", images=True).content
    answer = looked(page, content)
    assert answer["ok"] and answer["format"] == "COCO 1.0" and answer["certain"] and not answer["doubt"]
    assert "17 objects" in answer["html"] and "of the job's" in answer["html"]


def test_a_large_document_is_known(page: Page):
    answer = looked(page, XML.encode() + b" " * (2 << 20), "a.xml")
    assert answer["ok"] and answer["format"] == "CVAT 1.1" and answer["doubt"]


def test_the_archive_itself_is_judged_not_what_is_left_of_it(page: Page):
    answer = looked(page, zip_of({"a.json": COCO, "../a.jpg": b"0"}))
    assert not answer["ok"] and "lead out of it: “../a.jpg”" in answer["html"] and answer["format"] == ""
    bomb = zip_of({"a.json": COCO, "b.jpg": b"0"})
    at = bomb.rindex(b"PK\x01\x02") + 24
    answer = looked(page, bomb[:at] + struct.pack("<L", 1 << 30) + bomb[at + 4 :])
    assert not answer["ok"] and "far more than it weighs" in answer["html"]


def test_damaged_archives_are_told(page: Page):
    content = zip_of(with_pictures(3))
    for damaged in (
        content[:3000],
        content[:-60] + content[-22:],
        b"PK\x03\x04",
        content[:-8] + b"\xff\xff\xff\x7f\0\0\0\0",
    ):
        answer = looked(page, damaged)
        assert not answer["ok"] and "damaged" in answer["html"], damaged[:9]


def test_what_is_too_large_is_not_sent(page: Page, sandbox: Sandbox):
    page.evaluate("document.body.dataset.lookMax = '0.01'")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for content in (zip_of({"a.json": json.dumps([os.urandom(9000).hex()])}), os.urandom(20_000)):
        answer = looked(page, content)
        assert answer["ok"] and answer["format"] == "" and "Too large to be looked into" in answer["html"]
    assert not asked


def test_a_portal_that_does_not_answer_hinders_nothing(page: Page):
    page.route("**/look", lambda route: route.fulfill(status=204))
    assert looked(page, XML.encode(), "a.xml")["ok"]
    page.route("**/look", lambda route: route.fulfill(status=413, body="too much"))
    assert "Too large" in looked(page, XML.encode(), "a.xml")["html"]
    page.route("**/look", lambda route: route.fulfill(status=401))
    assert "signed out" in looked(page, XML.encode(), "a.xml")["html"]


def test_a_page_without_a_token_is_told(page: Page):
    page.evaluate("document.querySelectorAll('[name=csrfmiddlewaretoken]').forEach((one) => one.remove())")
    answer = looked(page, XML.encode(), "a.xml")
    assert answer["ok"] and "could not be looked into (403)" in answer["html"]
