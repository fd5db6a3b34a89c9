"""The viewer: which frame, what is drawn and listed, where the steps lead, what it costs, what goes wrong."""

import json
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import html5lib
import msgspec
import pytest

from jobsportal.cvat.errors import Busy
from jobsportal.cvat.presence import Presence
from jobsportal.cvat.spans import SPAN_BYTES, Spans, cut
from jobsportal.cvat.types import DataMeta, Job, Label
from jobsportal.frames.readings import Reading, Shelf, reading_of, shelf
from jobsportal.frames.reel import Reel
from jobsportal.frames.tracks import position
from jobsportal.jobs import names

JOB, FIRST, LAST = 3, 20, 29
CAR, PERSON = 1, 2


@pytest.fixture(autouse=True)
def nothing_kept():
    shelf.clear()


def text_of(response) -> str:
    return response.content.decode()


def page_of(response):
    return html5lib.parse(text_of(response), namespaceHTMLElements=False)


def by_class(page, name: str) -> list:
    return [one for one in page.iter() if isinstance(one.tag, str) and name in (one.get("class") or "").split()]


def path_of(shape):
    return shape.find("{http://www.w3.org/2000/svg}path")


def words_of(element) -> str:
    return " ".join("".join(element.itertext()).split())


def rectangle(frame: int, label_id: int = CAR, **more) -> dict:
    return {
        "id": frame * 100 + label_id,
        "label_id": label_id,
        "type": "rectangle",
        "frame": frame,
        "group": 0,
        "source": "manual",
        "occluded": False,
        "outside": False,
        "z_order": 0,
        "rotation": 0.0,
        "points": [10.0, 20.0, 110.0, 70.0],
        "attributes": [],
        "elements": [],
        **more,
    }


def key(frame: int, points: list[float], **more) -> dict:
    return {
        name: value
        for name, value in rectangle(frame, points=points, **more).items()
        if name not in ("label_id", "group", "source", "elements")
    }


def track(*keys: dict, **more) -> dict:
    first = keys[0]["frame"]
    return {
        "id": 9,
        "label_id": CAR,
        "frame": first,
        "group": 0,
        "source": "auto",
        "shapes": list(keys),
        "attributes": [],
        "elements": [],
        **more,
    }


def annotate(upstream, *, shapes=(), tracks=(), tags=(), job: int = JOB) -> None:
    """Somebody saves annotations of the job."""
    upstream.store.annotations[job] = {"version": 0, "tags": list(tags), "shapes": list(shapes), "tracks": list(tracks)}
    upstream.store.touch_annotations(upstream.store.jobs.get(job))


def paths(upstream) -> list[str]:
    return sorted(call.path for call in upstream.calls)


def link(page, id: str) -> str:
    found = next(one for one in page.iter() if isinstance(one.tag, str) and one.get("id") == id)
    return found.get("href", "")


def test_a_frame_shows_its_picture_and_its_shapes_in_pixels_of_the_frame(portal, upstream):
    annotate(upstream, shapes=[rectangle(21, rotation=30.0, occluded=True), rectangle(22)])
    page = page_of(portal.get("/jobs/3/frames/21/"))
    (drawing,) = by_class(page, "frame")
    assert drawing.get("viewBox") == "0 0 640 480"
    (picture,) = by_class(page, "frame-picture")
    assert (picture.get("width"), picture.get("height")) == ("640", "480")
    assert picture.get("href") == "/jobs/3/frames/21/picture"
    (shape,) = by_class(page, "shape")
    path = path_of(shape)
    assert path.get("d") == "M10 20L110 20L110 70L10 70Z" and path.get("transform") == "rotate(30 60 45)"
    assert path.get("class") == "area occluded" and path.get("stroke") == "#33ddff"


def test_a_shape_and_its_line_in_the_list_lead_to_each_other_and_say_the_same(portal, upstream):
    annotate(upstream, shapes=[rectangle(20, id=77, source="auto", attributes=[{"spec_id": 1, "value": "red"}])])
    page = page_of(portal.get("/jobs/3/frames/"))
    (shape,), (item,) = by_class(page, "shape"), by_class(page, "object")
    assert shape.get("href") == f"#{item.get('id')}" and item.find("a").get("href") == f"#{shape.get('id')}"
    assert words_of(shape) == "car, rectangle · id 77 · auto · colour: red"
    assert words_of(item) == "car rectangle 77 autocolour: red"


def test_every_kind_of_the_demo_is_drawn(portal, upstream):
    drawn = set()
    for number in range(10, 15):
        page = page_of(portal.get(f"/jobs/2/frames/{number}/"))
        drawn |= {shape.get("data-kind") for shape in by_class(page, "shape")}
    assert drawn == {"rectangle", "polyline", "points", "ellipse", "mask", "skeleton"}


def test_a_track_is_drawn_where_it_is_on_this_frame(portal, upstream):
    annotate(
        upstream,
        tracks=[track(key(20, [0, 0, 10, 10]), key(24, [40, 80, 50, 90]), key(27, [9, 9, 19, 19], outside=True))],
    )
    page = page_of(portal.get("/jobs/3/frames/22/"))
    (shape,) = by_class(page, "shape")
    assert path_of(shape).get("d") == "M20 40L30 40L30 50L20 50Z" and "last key frame 20" in words_of(shape)
    assert by_class(page_of(portal.get("/jobs/3/frames/28/")), "shape") == []


def test_a_tag_is_listed(portal, upstream):
    tag = {"id": 5, "label_id": 9, "frame": 20, "group": 0, "source": "manual", "attributes": []}
    annotate(upstream, tags=[tag])
    (item,) = by_class(page_of(portal.get("/jobs/3/frames/20/")), "object")
    assert words_of(item).startswith("weather tag 5")


def test_a_step_costs_one_call_and_the_first_look_no_more_than_it_must(portal, upstream):
    names.cache.clear()
    portal.get("/jobs/2/frames/10/")
    api = [f"/api/jobs/2{end}" for end in ("", "/annotations", "/data/meta")]
    assert paths(upstream) == [*api, "/api/labels", "/api/projects", "/api/tasks"]
    upstream.calls.clear()
    step = portal.get("/jobs/2/frames/11/", headers={"HX-Request": "true", "HX-Target": "viewer"})
    assert paths(upstream) == ["/api/jobs/2"]
    assert "<h1" not in text_of(step) and step["HX-Push-Url"] == "/jobs/2/frames/11/"


def test_what_somebody_else_saves_is_there_at_the_next_step(portal, upstream):
    annotate(upstream, shapes=[rectangle(21)])
    assert len(by_class(page_of(portal.get("/jobs/3/frames/21/")), "shape")) == 1
    annotate(upstream, shapes=[rectangle(21), rectangle(21, PERSON)])
    assert len(by_class(page_of(portal.get("/jobs/3/frames/21/")), "shape")) == 2


def test_without_a_date_nothing_is_taken_as_unchanged(portal, upstream):
    job = {"id": 3, "task_id": 1, "start_frame": 20, "stop_frame": 29}
    upstream.fail(path="^/api/jobs/3$", status=200, body=json.dumps(job).encode(), times=None)
    annotate(upstream, shapes=[rectangle(21)])
    assert len(by_class(page_of(portal.get("/jobs/3/frames/21/")), "shape")) == 1
    annotate(upstream)
    assert by_class(page_of(portal.get("/jobs/3/frames/21/")), "shape") == []


def test_nobody_sees_what_was_read_for_somebody_else(sign_in, upstream):
    assert sign_in("alice").get("/jobs/2/frames/").status_code == 200
    assert sign_in("grace", "harbor").get("/jobs/2/frames/").status_code in (403, 404)


def test_what_doesn_t_fit_into_memory_is_read_again_at_each_step(portal, upstream, settings):
    settings.FRAMES_CACHE_MIB = 0
    portal.get("/jobs/2/frames/10/")
    upstream.calls.clear()
    assert by_class(page_of(portal.get("/jobs/2/frames/11/")), "shape")
    assert "/api/jobs/2/annotations" in paths(upstream)


def test_what_is_old_is_read_again_but_annotations_only_if_they_changed(portal, upstream, settings):
    settings.FRAMES_FRESH_SECONDS = 0
    portal.get("/jobs/2/frames/10/")
    upstream.calls.clear()
    portal.get("/jobs/2/frames/11/")
    assert paths(upstream) == ["/api/jobs/2", "/api/jobs/2/data/meta", "/api/labels"]


def test_the_heaviest_and_oldest_readings_go_first(portal, upstream, settings):
    for job in (1, 2):
        portal.get(f"/jobs/{job}/frames/")
    weights = [kept.weight for kept in shelf._kept.values()]
    settings.FRAMES_CACHE_MIB = (sum(weights) - 1) / 1024 / 1024
    portal.get("/jobs/3/frames/")
    assert [job for _, job in shelf._kept] == [2, 3] or [job for _, job in shelf._kept] == [3]


def test_who_waits_for_a_reading_that_fails_shares_its_failure(monkeypatch):
    calls = []

    def fail(person, job, kept):
        calls.append(job)
        time.sleep(0.3)
        return Reading(job.updated_date, Reel(job, None), None, None, {"annotations": "too late"})

    monkeypatch.setattr("jobsportal.frames.readings.read", fail)
    job, person = Job(id=1, task_id=1), SimpleNamespace(cache_scope="alice")
    with ThreadPoolExecutor() as pool:
        made = list(pool.map(lambda _: reading_of(person, job), range(4)))
    assert len(calls) == 1 and all(one is made[0] for one in made)
    reading_of(person, job)
    assert len(calls) == 2, "who asks later tries anew"


def test_nobody_waits_without_end_for_another_s_reading(monkeypatch):
    monkeypatch.setattr("jobsportal.frames.readings.WAIT_SECONDS", 0.1)
    kept, key = Shelf(), ("alice", 1)
    with kept.busy(key), pytest.raises(Busy, match="being read"), kept.busy(key):
        pass
    with kept.busy(key):
        assert len(kept._turns) == 1
    assert not kept._turns


def test_labels_and_kinds_in_the_address_leave_out_the_rest(portal, upstream):
    other = {"type": "polygon", "points": [0, 0, 5, 0, 5, 5]}
    annotate(
        upstream,
        shapes=[rectangle(20), rectangle(20, PERSON), rectangle(20, CAR, id=8, **other), rectangle(25, PERSON)],
    )
    page = page_of(portal.get(f"/jobs/3/frames/20/?label={CAR}&kind=rectangle"))
    shown = [shape for shape in by_class(page, "shape") if "off" not in shape.get("class").split()]
    assert [(shape.get("data-label"), shape.get("data-kind")) for shape in shown] == [(str(CAR), "rectangle")]
    assert len([item for item in by_class(page, "object") if "off" not in item.get("class").split()]) == 1
    rows = [words_of(row) for row in by_class(page, "legend-line")]
    assert rows == ["car22", "person12", "rectangles23", "polygons11"]
    ticked = [
        box.get("value")
        for box in page.iter("input")
        if box.get("name") in ("label", "kind") and "checked" in box.attrib
    ]
    assert ticked == [str(CAR), "rectangle"]
    assert link(page, "step-next") == f"/jobs/3/frames/21/?label={CAR}&kind=rectangle", "a link shows the same"


def test_a_form_with_nothing_chosen_shows_nothing_and_one_with_everything_is_no_filter(portal, upstream):
    annotate(upstream, shapes=[rectangle(20), rectangle(20, PERSON)])
    page = page_of(portal.get("/jobs/3/frames/20/?label=none&kind=none&kind=rectangle"))
    assert all("off" in shape.get("class").split() for shape in by_class(page, "shape"))
    assert link(page, "step-next") == "/jobs/3/frames/21/?label=none"
    page = page_of(portal.get(f"/jobs/3/frames/20/?label=none&label={CAR}&label={PERSON}&kind=none&kind=rectangle"))
    assert link(page, "step-next") == "/jobs/3/frames/21/"


def test_a_filter_answers_with_the_steps_alone_and_the_address_to_keep(portal, upstream):
    annotate(upstream, shapes=[rectangle(20), rectangle(24, PERSON)])
    headers = {"HX-Request": "true", "HX-Target": "frame-nav"}
    answer = portal.get(
        f"/jobs/3/frames/20/?zoom=fit&label=none&label={PERSON}&kind=none&kind=rectangle", headers=headers
    )
    assert answer["HX-Replace-Url"] == f"/jobs/3/frames/20/?label={PERSON}"
    page = page_of(answer)
    assert not by_class(page, "shape") and link(page, "step-next_annotated") == f"/jobs/3/frames/24/?label={PERSON}"


def test_steps_lead_through_all_frames_or_the_annotated_ones(portal, upstream):
    annotate(upstream, shapes=[rectangle(22), rectangle(26)])
    page = page_of(portal.get("/jobs/3/frames/24/"))
    steps = {
        id: link(page, f"step-{id}").strip("/").split("/")[-1]
        for id in ("first", "previous", "next", "last", "previous_annotated", "next_annotated")
    }
    assert steps == {
        "first": "20",
        "previous": "23",
        "next": "25",
        "last": "29",
        "previous_annotated": "22",
        "next_annotated": "26",
    }
    page = page_of(portal.get("/jobs/3/frames/24/?annotated=1"))
    assert [link(page, f"step-{id}") for id in ("first", "previous", "next", "last")] == [
        f"/jobs/3/frames/{number}/?annotated=1" for number in (22, 22, 26, 26)
    ]
    assert "Frame 22 " in text_of(portal.get("/jobs/3/frames/?annotated=1")), "one begins where something is"


def test_at_the_ends_there_is_nowhere_to_go(portal, upstream):
    page = page_of(portal.get("/jobs/3/frames/29/"))
    assert link(page, "step-next") == "" and link(page, "step-last") == "" and link(page, "step-previous")


def test_a_frame_is_asked_for_by_its_number(portal, upstream):
    answer = portal.get("/jobs/3/frames/?frame=27&label=4&zoom=200")
    assert answer["Location"] == "/jobs/3/frames/27/?label=4&zoom=200" and not upstream.calls
    for address, words in (
        ("/jobs/3/frames/30/", "Frame 30 is not one of job 3, which has 10 frames between 20 and 29"),
        ("/jobs/3/frames/?frame=x", "by its number"),
    ):
        answer = portal.get(address)
        assert answer.status_code == 404 and words in text_of(answer)


def test_a_frame_that_isn_t_the_job_s_leads_back_to_those_that_are(portal):
    answer = portal.get("/jobs/3/frames/500/")
    text = " ".join(text_of(answer).split())
    assert answer.status_code == 404 and "Frame 500 is not one of job 3, which has 10 frames between 20 and 29" in text
    assert re.search(r'class="btn primary" href="/jobs/3/frames/"', text)


def test_the_strip_asks_by_place(portal, upstream):
    answer = portal.get("/jobs/3/frames/?place=4", headers={"HX-Request": "true", "HX-Target": "viewer"})
    assert answer["HX-Push-Url"] == "/jobs/3/frames/24/"


def test_a_ground_truth_job_steps_through_its_included_frames_only(portal, upstream):
    page = page_of(portal.get("/jobs/58/frames/11/"))
    assert (link(page, "step-previous"), link(page, "step-next")) == ("/jobs/58/frames/3/", "/jobs/58/frames/24/")
    assert "2 of 7" in words_of(by_class(page, "frame-jump")[0]) and "crossing_0012.jpg" in words_of(
        by_class(page, "frame-facts")[0]
    )
    assert portal.get("/jobs/58/frames/12/").status_code == 404


def test_a_video_has_one_name_and_a_picture_for_each_frame(portal, upstream):
    page = page_of(portal.get("/jobs/33/frames/65/"))
    assert "camera_4.mp4" in words_of(by_class(page, "frame-facts")[0])
    picture = portal.get("/jobs/33/frames/65/picture")
    assert picture["Content-Type"] == "image/png" and b"".join(picture.streaming_content)[:4] == b"\x89PNG"


def test_deleted_frames_are_marked_and_their_key_frames_don_t_count(portal, upstream):
    annotate(upstream, tracks=[track(key(20, [0, 0, 10, 10]), key(23, [900, 0, 910, 10]), key(26, [60, 0, 70, 10]))])
    upstream.store.deleted_frames[JOB] = [23]
    page = page_of(portal.get("/jobs/3/frames/23/"))
    assert "deleted" in words_of(by_class(page, "frame-facts")[0])
    (shape,) = by_class(page_of(portal.get("/jobs/3/frames/22/")), "shape")
    assert path_of(shape).get("d").startswith("M20 0")


def test_where_an_object_leaves_on_a_deleted_frame_it_stays(portal, upstream):
    annotate(upstream, tracks=[track(key(20, [0, 0, 10, 10]), key(23, [0, 0, 10, 10], outside=True))])
    upstream.store.deleted_frames[JOB] = [23]
    assert len(by_class(page_of(portal.get("/jobs/3/frames/25/")), "shape")) == 1
    upstream.store.deleted_frames[JOB] = []
    shelf.clear()
    assert by_class(page_of(portal.get("/jobs/3/frames/25/")), "shape") == []


def test_only_included_frames_count_as_annotated(portal, upstream):
    annotate(upstream, shapes=[rectangle(12), rectangle(24)], job=58)
    text = text_of(portal.get("/jobs/58/frames/11/"))
    assert '/jobs/58/frames/24/" hx-get="/jobs/58/frames/24/" aria-keyshortcuts="n"' in text
    assert 'Only annotated <span class="sub">1</span>' in text


def test_what_is_too_heavy_to_be_kept_drives_nothing_else_out(settings):
    settings.FRAMES_CACHE_MIB = 1
    kept = Shelf()
    for job, size in ((1, 10), (2, 2 * 1024 * 1024), (3, 10)):
        spans = Spans(0, 9, packed=[b"x" * size])
        kept.put(("alice", job), Reading(None, Reel(Job(id=job, task_id=1), None), [], spans))
    assert [bool(kept.get(("alice", job))) for job in (1, 2, 3)] == [True, False, True]


def test_annotations_on_frames_that_are_not_the_job_s_are_told(portal, upstream):
    annotate(upstream, shapes=[rectangle(20), rectangle(500), rectangle(3)])
    assert "2 annotations are on frames that don’t belong to this job" in text_of(portal.get("/jobs/3/frames/"))


def test_hostile_names_and_values_stay_text(portal, upstream):
    label = next(label for label in upstream.store.labels if label.id == CAR)
    label.name, label.color = "<script>alert(1)</script>\u202e", 'red" onload="x'
    annotate(
        upstream, shapes=[rectangle(20, source='"><b>', attributes=[{"spec_id": 1, "value": "<em>'"}], type='a"b')]
    )
    text = text_of(portal.get('/jobs/3/frames/?kind=a"b&kind=<u>'))
    assert "<script>alert" not in text and "<em>" not in text and "<u>" not in text and 'stroke="red' not in text


def test_more_than_can_be_drawn_at_once_is_told_and_a_filter_brings_it_in(portal, upstream, monkeypatch):
    monkeypatch.setattr("jobsportal.frames.page.MAX_DRAWN", 3)
    annotate(upstream, shapes=[*(rectangle(20, id=n) for n in range(5)), rectangle(20, PERSON)])
    assert "3 further objects are left out" in text_of(portal.get("/jobs/3/frames/20/"))
    text = text_of(portal.get(f"/jobs/3/frames/20/?label={PERSON}"))
    assert "left out" not in text and text.count('id="object-') == 1 and 'hx-target="#viewer"' in text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/annotations$", "annotations could not be read, so only the picture"),
        ("/data/meta$", "nothing can be drawn over the picture"),
        ("^/api/labels$", "names could not be read"),
    ],
)
def test_what_can_t_be_read_is_told_and_the_rest_is_shown(portal, upstream, path, words):
    upstream.fail(path=path, status=500, times=None)
    answer = portal.get("/jobs/2/frames/12/")
    page = page_of(answer)
    assert answer.status_code == 200 and words in " ".join(text_of(answer).split())
    assert by_class(page, "frame-picture")
    assert bool(by_class(page, "object")) == ("annotations" not in path)
    upstream.faults.clear()
    assert words not in text_of(portal.get("/jobs/2/frames/12/")), "it is tried again at the next step"


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"<html>",
        b'{"shapes": [{"frame": "x"}]}',
        b'{"shapes": 3}',
        b"",
        b'{"tracks": [{"label_id": 1, "frame": 0, "shapes": [3]}]}',
    ],
)
def test_annotations_that_are_none_are_told(portal, upstream, body):
    upstream.fail(path="/annotations$", status=200, body=body)
    answer = portal.get("/jobs/2/frames/12/")
    assert answer.status_code == 200 and "only the picture is shown" in text_of(answer)


def test_an_object_that_can_t_be_understood_spoils_no_others(portal, upstream):
    annotate(upstream, shapes=[rectangle(20), rectangle(20, PERSON, points=["x"])])
    answer = portal.get("/jobs/3/frames/20/")
    assert "1 object of this frame can’t be understood" in " ".join(text_of(answer).split())
    assert len(by_class(page_of(answer), "shape")) == 1


def test_an_object_that_is_no_text_spoils_no_others():
    broken = json.dumps(rectangle(20, source="??")).encode().replace(b"??", b"\xff\xfe")
    made = cut(b'{"shapes": [%s, %s]}' % (json.dumps(rectangle(20)).encode(), broken), 20, 29)
    found = made.on(20)
    assert len(found.shapes) == 1 and found.broken == 1


def test_a_frame_too_heavy_to_be_read_at_once_is_read_in_part(portal, upstream, monkeypatch):
    monkeypatch.setattr("jobsportal.cvat.spans.FRAME_BYTES", 1200)
    annotate(upstream, shapes=[*(rectangle(20, id=n) for n in range(6)), rectangle(20, PERSON)])
    assert "further objects are left out" in text_of(portal.get("/jobs/3/frames/20/"))
    text = text_of(portal.get(f"/jobs/3/frames/20/?label={PERSON}"))
    assert "left out" not in text and text.count('id="object-') == 1 and 'hx-target="#viewer"' in text


@pytest.mark.parametrize("zoom", ["fit", "200"])
def test_frames_of_a_size_that_can_t_be_are_shown_without_shapes(portal, upstream, zoom):
    meta = b'{"frames": [{"name": "a", "width": %s, "height": 4}]}' % (b"9" * 400)
    upstream.fail(path="/data/meta$", status=200, body=meta, times=None)
    answer = portal.get(f"/jobs/2/frames/12/?zoom={zoom}")
    assert answer.status_code == 200 and by_class(page_of(answer), "shape") == []


@pytest.mark.parametrize("path", ["frames/", "data/", "data/frames.csv"])
def test_a_job_that_begins_before_the_first_frame_is_shown_from_there(portal, upstream, path):
    job = {"id": 3, "task_id": 1, "start_frame": -3, "stop_frame": 2}
    upstream.fail(path="^/api/jobs/3$", status=200, body=json.dumps(job).encode(), times=None)
    answer = portal.get(f"/jobs/3/{path}")
    assert answer.status_code == 200 and "/jobs/3/frames/-" not in "".join(map(str, answer))


@pytest.mark.parametrize("path", ["^/api/jobs/2$", "/annotations$", "/data/meta$", "^/api/labels$"])
def test_a_credential_that_is_refused_asks_to_sign_in(portal, upstream, path):
    upstream.fail(path=path, status=401, times=None)
    answer = portal.get("/jobs/2/frames/12/")
    assert answer.status_code == 401 and "next=%2Fjobs%2F2%2Fframes%2F12%2F" in text_of(answer)


def test_a_step_that_fails_leaves_the_page_as_it_is(portal, upstream):
    upstream.fail(path="^/api/jobs/2$", status=500, times=None)
    answer = portal.get("/jobs/2/frames/12/", headers={"HX-Request": "true", "HX-Target": "viewer"})
    assert answer.status_code == 502 and answer["HX-Reswap"] == "none" and "failed" in answer["HX-Trigger"]


def test_a_picture_passes_through_and_is_kept_by_the_browser_alone(portal, upstream):
    answer = portal.get("/jobs/2/frames/12/picture?quality=original")
    body = b"".join(answer.streaming_content)
    assert (
        answer["Content-Type"] == "image/jpeg"
        and body[:3] == b"\xff\xd8\xff"
        and len(body) == int(answer["Content-Length"])
    )
    assert answer["Cache-Control"] == "private, max-age=3600" and answer["X-Content-Type-Options"] == "nosniff"
    assert upstream.calls[-1].query == {"type": ["frame"], "number": ["12"], "quality": ["original"]}


def test_what_is_no_picture_does_not_pass(portal, upstream):
    upstream.fail(path="/data$", status=200, body=b"<script>alert(1)</script>", content_type="text/html")
    answer = portal.get("/jobs/2/frames/12/picture")
    assert answer.status_code == 502 and b"alert" not in answer.content
    assert portal.get("/jobs/2/frames/99/picture").status_code == 422
    assert portal.get("/jobs/2/frames/12/picture?quality=best").status_code == 422


@pytest.mark.parametrize(
    ("told", "passed"), [("IMAGE/PNG; x=1", "image/png"), ("image/pngx", None), ("image/svg+xml", None), ("", None)]
)
def test_a_picture_is_of_a_known_kind(portal, upstream, told, passed):
    upstream.fail(path="/data$", status=200, body=b"x", content_type=told)
    answer = portal.get("/jobs/2/frames/12/picture")
    answer.getvalue()
    assert (answer.status_code, answer["Content-Type"]) == (200, passed) if passed else answer.status_code == 502


def test_of_a_long_value_the_beginning_is_told(portal, upstream):
    annotate(upstream, shapes=[rectangle(20, attributes=[{"spec_id": 1, "value": "x" * 5000}])])
    text = text_of(portal.get("/jobs/3/frames/20/"))
    assert "x" * 199 + "…" in text and "x" * 200 not in text


def test_the_frames_of_a_long_ground_truth_job_are_put_together_at_once():
    numbers = list(range(0, 2_000_000, 20))
    reel = Reel(Job(id=1, task_id=1, stop_frame=1_999_999), DataMeta(frames=None, included_frames=numbers))
    began = time.process_time()
    assert reel.bits == int(("0" * 19 + "1") * 100_000, 2)
    assert time.process_time() - began < 2


def test_frames_of_a_size_that_is_not_told_are_shown_without_shapes(portal, upstream):
    meta = {"size": 10, "start_frame": 10, "stop_frame": 19, "frames": [{"name": "a", "width": 0, "height": 0}]}
    upstream.fail(path="/data/meta$", status=200, body=json.dumps(meta).encode())
    answer = portal.get("/jobs/2/frames/12/")
    assert "size of this frame is not known" in text_of(answer)
    assert not by_class(page_of(answer), "shape") and by_class(page_of(answer), "object")


def test_a_point_cloud_is_said_to_be_one(portal, upstream):
    job = {
        "id": 2,
        "task_id": 1,
        "dimension": "3d",
        "start_frame": 10,
        "stop_frame": 19,
        "updated_date": "2026-11-23T10:00:00.1Z",
    }
    upstream.fail(path="^/api/jobs/2$", status=200, body=json.dumps(job).encode())
    answer = portal.get("/jobs/2/frames/12/")
    page = page_of(answer)
    assert "3D job" in text_of(answer) and not by_class(page, "frame-picture") and by_class(page, "object")


def test_a_job_without_frames_says_so(portal, upstream):
    job = {"id": 2, "task_id": 1, "start_frame": 5, "stop_frame": 4}
    upstream.fail(path="^/api/jobs/2$", status=200, body=json.dumps(job).encode())
    assert "This job has no frames" in text_of(portal.get("/jobs/2/frames/"))


def test_a_job_of_many_frames_has_a_strip_of_bounded_size(portal, upstream):
    job = {"id": 3, "task_id": 1, "start_frame": 0, "stop_frame": 10**17, "updated_date": "2026-11-23T10:00:00.1Z"}
    annotate(upstream, shapes=[rectangle(n * 50) for n in range(400)])
    upstream.fail(path="^/api/jobs/3$", status=200, body=json.dumps(job).encode())
    answer = portal.get("/jobs/3/frames/100/")
    assert answer.status_code == 200 and len(answer.content) < 40_000


def test_spans_give_back_what_was_cut():
    shapes = [rectangle(n % 200, CAR + n % 3, id=n, points=[n, 0, n + 1, 1]) for n in range(3000)]
    red = [{"spec_id": 1, "value": "red"}]
    keys = [
        key(frame, [frame, 0, frame + 1, 1], outside=frame == 150, attributes=[] if frame else red)
        for frame in range(0, 160, 10)
    ]
    made = cut(json.dumps({"shapes": shapes, "tracks": [track(*keys)]}).encode(), 0, 199)
    assert len(made.starts) > 1 and sum(len(json.dumps(one)) for one in shapes) > SPAN_BYTES
    for frame in (0, 7, 149, 150, 199):
        assert {one.id for one in made.on(frame).shapes} == {n for n in range(3000) if n % 200 == frame}
    for frame in range(150):
        (there,) = (position(found, frame) for found in made.on(frame).tracks)
        assert there.points[0] == pytest.approx(frame) and [one.value for one in there.attributes] == ["red"]
    assert not made.on(150).tracks and made.annotated(lambda pair: pair == (CAR, "track")) == (1 << 150) - 1
    around = [shape.frame for shape in made.on(made.starts[1] + 1).tracks[0].shapes]
    assert around[0] <= made.starts[1] < around[-1] and len(around) < 16, "only the key frames it depends on"


def test_where_labels_show_takes_no_more_memory_than_what_shows_them():
    shapes = [rectangle(n % 5 * 400_000, n) for n in range(2000)]
    made = cut(json.dumps({"shapes": shapes}).encode(), 0, 1_999_999)
    assert made.weight < 2_000_000
    for step in (0, 1, 4):
        here = made.annotated(lambda pair, step=step: pair[0] == 1000 + step)
        assert here == 1 << step * 400_000
    assert made.annotated(lambda pair: True) == sum(1 << n * 400_000 for n in range(5))


def test_stretches_become_bits_and_mean_the_same():
    chance = random.Random(3)
    for _ in range(50):
        one, expected = Presence(3000), 0
        for _ in range(chance.randint(1, 60)):
            start = chance.randrange(3000)
            end = min(2999, start + chance.choice((0, 1, 40)))
            one.add(start, end)
            expected |= ((1 << (end - start + 1)) - 1) << start
        assert Spans(0, 2999, presence={(1, "tag"): one}).annotated(lambda pair: True) == expected


def test_more_labels_than_can_be_are_no_annotations(monkeypatch):
    monkeypatch.setattr("jobsportal.cvat.spans.MAX_PAIRS", 3)
    cut(json.dumps({"shapes": [rectangle(0, n) for n in (1, 2, 3, 3)]}).encode(), 0, 9)
    with pytest.raises(msgspec.DecodeError):
        cut(json.dumps({"shapes": [rectangle(0, n) for n in range(4)]}).encode(), 0, 9)


def test_labels_and_lists_of_frames_have_their_weight():
    job, meta = Job(id=1, task_id=1, stop_frame=99), DataMeta(frames=None)
    light = Reading(None, Reel(job, meta), [], None).weight
    labels = [Label(id=n, name="x" * 1000) for n in range(100)]
    assert Reading(None, Reel(job, meta), labels, None).weight > light + 100_000
    for more in ({"included_frames": list(range(1000))}, {"deleted_frames": list(range(1000))}):
        assert Reading(None, Reel(job, DataMeta(frames=None, **more)), [], None).weight > light + 100_000
    assert Spans(0, 9, totals={(n, "tag"): 1 for n in range(1000)}).weight > 100_000


def test_the_tabs_of_a_job_lead_to_its_frames_and_its_data(portal):
    text = text_of(portal.get("/jobs/3/"))
    assert re.search(r'href="/jobs/3/frames/"[^>]*>Frames<', text) and re.search(
        r'href="/jobs/3/data/"[^>]*>Data<', text
    )
