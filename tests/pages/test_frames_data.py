"""What is known of a job's media: facts, a row for each frame, the same as CSV."""

import csv
import io
import json

import pytest


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def answer_with(upstream, job: dict, meta: dict) -> None:
    job = {"id": 3, "task_id": 1, "start_frame": 0, "stop_frame": 9, **job}
    upstream.fail(path="^/api/jobs/3$", status=200, body=json.dumps(job).encode(), times=None)
    upstream.fail(path="/data/meta$", status=200, body=json.dumps(meta).encode(), times=None)


def frame(number: int, **more) -> dict:
    return {"name": f"{number}.jpg", "width": 64, "height": 48, "related_files": 0, **more}


def rows(response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


def test_the_page_tells_each_frame_and_leads_to_it(portal, upstream):
    text = text_of(portal.get("/jobs/3/data/"))
    assert '<a href="/jobs/3/frames/20/">20</a></th><td class="frame-name">crossing_0021.jpg</td>' in text
    assert "640 × 480" in text and "20–29 of the task" in text and "75 %" in text
    assert '1 <span class="sub">of up to 72 frames</span>' in text
    assert sorted(call.path for call in upstream.calls)[:2] == ["/api/jobs/3", "/api/jobs/3/data/meta"]
    assert len(upstream.calls) <= 4


def test_deleted_frames_are_marked_and_can_be_seen_alone(portal, upstream):
    upstream.store.deleted_frames[3] = [22, 999]
    text = text_of(portal.get("/jobs/3/data/"))
    assert text.count("<span>deleted</span>") == 1 and '<a href="?show=deleted">1</a>' in text
    text = text_of(portal.get("/jobs/3/data/?show=deleted"))
    assert "crossing_0023.jpg" in text and "crossing_0022.jpg" not in text


def test_a_ground_truth_job_lists_what_it_includes(portal, upstream):
    text = text_of(portal.get("/jobs/58/data/"))
    assert '7 <span class="sub">chosen from 0–79 of the task</span>' in text and "placeholder.jpg" not in text
    assert '<a href="/jobs/58/frames/79/">79</a>' in text


def test_thousands_of_frames_come_in_pages(portal, upstream):
    answer_with(upstream, {"stop_frame": 9999}, {"size": 10000, "frames": [frame(n) for n in range(10000)]})
    first, last = text_of(portal.get("/jobs/3/data/")), text_of(portal.get("/jobs/3/data/?page=100"))
    assert "1–100 of 10,000" in first and ">99.jpg<" in first and ">100.jpg<" not in first and "?page=2" in first
    assert "9,901–10,000 of 10,000" in last and ">9999.jpg<" in last and "?page=101" not in last
    for page in ("0", "101", "x", "-1", "9" * 30):
        assert text_of(portal.get(f"/jobs/3/data/?page={page}")).count("<tr>") == 101
    answer = portal.get("/jobs/3/data/frames.csv")
    assert answer.streaming and len(rows(answer)) == 10001


def test_what_the_source_was_cut_to_is_told(portal, upstream):
    meta = {
        "size": 10,
        "start_frame": 100,
        "stop_frame": 145,
        "frame_filter": "step=5",
        "frames": [frame(0)],
        "chunk_size": 4,
    }
    answer_with(upstream, {"mode": "interpolation"}, meta)
    text = text_of(portal.get("/jobs/3/data/"))
    assert "100–145" in text and "every 5th frame" in text and "step=5" in text and "video, 2d" in text
    assert '3 <span class="sub">of up to 4 frames' in text


def test_the_csv_tells_every_frame_and_no_formula(portal, upstream):
    upstream.store.deleted_frames[3] = [21]
    told = rows(portal.get("/jobs/3/data/frames.csv"))
    assert told[0] == ["frame", "name", "width", "height", "context images", "deleted"]
    assert told[1:3] == [
        ["20", "crossing_0021.jpg", "640", "480", "0", ""],
        ["21", "crossing_0022.jpg", "640", "480", "0", "yes"],
    ]
    assert len(told) == 11
    answer_with(upstream, {}, {"frames": [frame(0, name='=HYPERLINK("x")\n"', related_files=2)]})
    assert rows(portal.get("/jobs/3/data/frames.csv"))[1][1] == '\'=HYPERLINK("x")\n"'


def test_hostile_names_stay_text(portal, upstream):
    answer_with(upstream, {}, {"frames": [frame(0, name="<script>alert(1)</script>\u202e\"'")], "frame_filter": "<b>"})
    for address in ("/jobs/3/data/", "/jobs/3/frames/0/"):
        text = text_of(portal.get(address))
        assert "<script>alert" not in text and "<b>" not in text


@pytest.mark.parametrize(("status", "body"), [(500, b""), (200, b"<html>"), (200, b'{"frames": 3}'), (404, b"{}")])
def test_when_the_frames_can_t_be_read_the_job_is_still_shown(portal, upstream, status, body):
    upstream.fail(path="/data/meta$", status=status, body=body, times=None)
    answer = portal.get("/jobs/3/data/")
    assert answer.status_code == 200 and "could not be read" in text_of(answer) and "Crossing, rain" in text_of(answer)
    assert portal.get("/jobs/3/data/frames.csv").status_code in (502, 404)


def test_a_job_that_isn_t_there_is_told(portal, upstream):
    assert "Job 999999 isn’t there" in text_of(portal.get("/jobs/999999/data/"))
    upstream.fail(path="/data/meta$", status=401)
    assert portal.get("/jobs/3/data/").status_code == 401
