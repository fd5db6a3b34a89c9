"""Tables of objects: a row for each, as CSV and Excel, job by job."""

import csv
from io import BytesIO, StringIO
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

from jobsportal.bundles.models import CSV, EXCEL
from jobsportal.bundles.objects import COLUMNS, box_of
from jobsportal.cvat import errors
from jobsportal.web import tables as web_tables
from jobsportal.web.streaming import transfers
from tests.bundles.conftest import address, body, browser_of, order, person_named

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def rows_of(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(body(answer).decode("utf-8-sig"))))


def sheets_of(answer) -> list[list[list[str]]]:
    with ZipFile(BytesIO(body(answer))) as book:
        names = sorted(name for name in book.namelist() if name.startswith("xl/worksheets/sheet"))
        trees = [ElementTree.fromstring(book.read(name)) for name in names]
        return [[["".join(cell.itertext()) for cell in row] for row in tree.iter(f"{SHEET}row")] for tree in trees]


def video_job(upstream) -> int:
    jobs = upstream.store.jobs
    return next(
        job.id
        for job in jobs
        if job.organization_id == 1
        and upstream.store.task_of(job).mode == "interpolation"
        and upstream.store.annotations_of(job)["tracks"]
    )


def total(annotations) -> int:
    parts = sum(len(shape["elements"]) for shape in annotations["shapes"])
    keys = sum(len(track["shapes"]) for track in annotations["tracks"])
    return len(annotations["tags"]) + len(annotations["shapes"]) + parts + keys


@pytest.mark.parametrize("generation", ["newer", "older"])
def test_every_object_of_every_job_is_a_row(alice, upstream, generation, request):
    if generation == "older":
        upstream = request.getfixturevalue("older")
    ids = [1, 2, video_job(upstream)]
    bundle = order(person_named(upstream), ids, kind=CSV, format="")
    answer = browser_of("alice").get(address(bundle))
    assert answer["Content-Type"].startswith("text/csv") and "3-jobs-2" in answer["Content-Disposition"]
    rows = rows_of(answer)
    stored = {id: upstream.store.annotations_of(upstream.store.jobs[id]) for id in ids}
    assert [int(row["job"]) for row in rows] == [id for id in sorted(ids) for _ in range(total(stored[id]))]
    assert all(row["task"] and row["label"] and not row["note"] for row in rows)
    assert all(row["file"] for row in rows), "frames by the names of their files"
    kinds = {row["kind"] for row in rows}
    assert {"tag", "rectangle", "ellipse", "skeleton", "track"} <= kinds
    keys = [row for row in rows if row["kind"] == "track"]
    assert all(row["keyframe"] == "yes" and row["shape"] == "rectangle" for row in keys)
    assert {row["outside"] for row in keys} == {"yes", "no"}
    assert any("=" in row["attributes"] for row in rows)


def test_a_row_tells_where_an_object_is(reader, alice, upstream):
    upstream.store.annotations_of(upstream.store.jobs[1])
    stored = upstream.store.annotations_of(upstream.store.jobs[1])["shapes"]
    rows = {row["object"]: row for row in rows_of(reader.get(address(order(alice, [1], kind=CSV))))}
    shape = next(shape for shape in stored if shape["type"] == "rectangle")
    row, (left, top, right, bottom) = rows[str(shape["id"])], shape["points"]
    assert (float(row["x"]), float(row["y"])) == (round(left, 2), round(top, 2))
    assert (float(row["width"]), float(row["height"])) == (round(right - left, 2), round(bottom - top, 2))
    assert row["occluded"] == ("yes" if shape["occluded"] else "no") and row["frame"] == str(shape["frame"])


def test_the_parts_of_a_skeleton_say_whose_they_are(reader, alice, upstream):
    job, skeleton = next(
        (job, shape)
        for job in upstream.store.jobs
        if job.organization_id == 1
        for shape in upstream.store.annotations_of(job)["shapes"]
        if shape["type"] == "skeleton"
    )
    rows = rows_of(reader.get(address(order(alice, [job.id], kind=CSV))))
    parts = [row for row in rows if row["part of"] == str(skeleton["id"])]
    assert [row["label"] for row in parts] == ["head", "hand", "foot"]
    whole = next(row for row in rows if row["object"] == str(skeleton["id"]))
    assert (whole["kind"], whole["points"]) == ("skeleton", "3")
    assert (whole["x"], whole["y"], whole["width"], whole["height"]) == ("500.0", "220.0", "20.0", "160.0")


@pytest.mark.parametrize(
    ("type", "points", "box"),
    [
        ("ellipse", [100, 50, 130, 40], (70, 40, 60, 20)),
        ("mask", [0, 5, 10, 20, 14, 20], (10, 20, 5, 1)),
        ("polygon", [5, 1, 9, 7, 2, 3.456], (2, 1, 7, 6)),
        ("points", [3, 4], (3, 4, 0, 0)),
        ("cuboid", [1, 2, 3, 0, 0, 0, 4, 4, 4, 0, 0, 0, 0, 0, 0, 0], None),
        ("cuboid", [1, 1, 1, 5, 4, 1, 4, 5, 6, 0, 6, 4, 3, 0, 3, 4], (1, 0, 5, 5)),
        ("polygon", [1, 2, 3], None),
        ("skeleton", [], None),
    ],
)
def test_the_box_of_each_kind(type, points, box):
    assert box_of(type, points) == box


def test_labels_like_formulas_stay_text(reader, alice, upstream):
    task = upstream.store.task_of(upstream.store.jobs[1])
    assert upstream.store.annotations_of(upstream.store.jobs[1])["shapes"]
    for label in upstream.store.labels_of_task(task):
        label.name = '=HYPERLINK("http://evil","x")'
    rows = rows_of(reader.get(address(order(alice, [1], kind=CSV))))
    assert {row["label"] for row in rows if not row["part of"]} == {'\'=HYPERLINK("http://evil","x")'}
    data = body(reader.get(address(order(alice, [1], kind=EXCEL))))
    with ZipFile(BytesIO(data)) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml") and b"HYPERLINK" in book.read(
            "xl/worksheets/sheet1.xml"
        )


def test_excel_goes_on_with_another_sheet_where_one_is_full(reader, alice, upstream, monkeypatch):
    monkeypatch.setattr(web_tables, "MAX_ROWS", 10)
    bundle = order(alice, [1], kind=EXCEL)
    answer = reader.get(address(bundle))
    assert answer["Content-Type"] == web_tables.EXCEL and ".xlsx" in answer["Content-Disposition"]
    sheets = sheets_of(answer)
    count = total(upstream.store.annotations_of(upstream.store.jobs[1]))
    assert len(sheets) == -(-count // 10) > 1 and all(sheet[0] == list(COLUMNS) for sheet in sheets)
    assert sum(len(sheet) - 1 for sheet in sheets) == count


def test_a_job_that_cannot_be_read_has_a_row_that_says_so(reader, alice, upstream):
    bundle = order(alice, [1, 2, 3], kind=CSV)
    upstream.fail("GET", "/api/jobs/1/annotations", malformed="html")
    upstream.fail("GET", "/api/jobs/2/annotations", status=200, body=b'{"version":0,"shapes":[{"frame":"x"}]}')
    upstream.fail("GET", "/api/jobs/3$", status=404, body=b'{"detail":"Not found."}')
    rows = rows_of(reader.get(address(bundle)))
    notes = {row["job"]: row["note"] for row in rows if row["note"]}
    assert set(notes) == {"1", "2", "3"} and "answers strangely" in notes["1"] and "isn't there" in notes["3"]


def test_an_upstream_that_goes_away_breaks_the_table(reader, alice, upstream, monkeypatch):
    monkeypatch.setattr("jobsportal.bundles.tables.PAUSE_SECONDS", 0)
    bundle = order(alice, [1, 2], kind=CSV)
    answer = reader.get(address(bundle))
    upstream.fail(reset=True, times=None)
    with pytest.raises(errors.Unreachable):
        body(answer)
    assert reader.get(address(bundle)).status_code == 502, "before the first row it is a page"


def test_a_sign_in_that_ends_in_the_middle_breaks_the_table(reader, alice, upstream):
    bundle = order(alice, [1, 2], kind=CSV)
    answer = reader.get(address(bundle))
    upstream.revoke("alice")
    with pytest.raises(errors.SignedOut):
        body(answer)


def test_one_job_is_read_at_a_time(reader, alice, upstream):
    bundle = order(alice, [1, 2, 3], kind=CSV)
    free = transfers._value
    upstream.calls.clear()
    answer = reader.get(address(bundle))
    next(iter(answer.streaming_content))
    assert {call.path.split("/")[3] for call in upstream.calls if "/api/jobs/" in call.path} == {"1"}
    answer.close()
    assert transfers._value == free
    head = reader.head(address(bundle))
    assert not body(head) and "Content-Length" not in head, "nobody knows how long it will be"


def test_a_job_without_annotations_has_no_rows(reader, alice, upstream):
    for kind in ("tags", "shapes", "tracks"):
        upstream.store.annotations_of(upstream.store.jobs[1])[kind].clear()
    assert rows_of(reader.get(address(order(alice, [1], kind=CSV)))) == []
