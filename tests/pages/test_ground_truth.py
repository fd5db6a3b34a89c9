"""Making a ground truth job for a task, and deleting one."""

import re
import time
from html import unescape
from threading import BoundedSemaphore

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from jobsportal.cvat.versions import known_versions
from jobsportal.ground_truth import ranges
from jobsportal.ground_truth.grid import A_PAGE, chosen_in
from jobsportal.web import streaming
from tests.checks import CheckedClient, fragment, parsed

TASK, TAKEN, TAKEN_JOB = 2, 1, 58  # 110 frames in 11 jobs; one that has a ground truth job
PICTURE = "/jobs/new/picture/9/0"
RANDOM = {"task": TASK, "method": "random_uniform", "amount": "10", "unit": "percent"}
MANUAL = {"task": TASK, "method": "manual", "frames": "0-2, 50"}


def text(response):
    return unescape(response.content.decode())


def htmx(target):
    return {"HX-Request": "true", "HX-Target": target}


def made(upstream, task=TASK):
    return next((job for job in upstream.store.jobs if job.task_id == task and job.type == "ground_truth"), None)


def sent(upstream, method="POST", path="/api/jobs"):
    return [call for call in upstream.calls if call.method == method and call.path == path]


def make(portal, data, **changes):
    return portal.post("/jobs/new/", {**data, **changes})


@pytest.fixture
def older_portal(older, db) -> CheckedClient:
    client = CheckedClient()
    assert client.post("/sign-in", {"username": "alice", "password": "annotate"}).status_code == 302
    return client


# The task


def test_the_list_leads_to_it_and_a_tasks_jobs_to_that_task(portal):
    assert 'href="/jobs/new/?org=acme"' in portal.get("/jobs/?org=acme").content.decode()
    assert f'href="/jobs/new/?org=acme&amp;task={TASK}"' in portal.get(f"/jobs/?task_id={TASK}").content.decode()


def test_tasks_are_found_by_name_and_say_what_they_have(portal, upstream):
    page = text(portal.get("/jobs/new/?q=round"))
    assert "Roundabout north" in page and "110 frames" in page and "Night bus lane" not in page
    assert f'href="/jobs/new/?org=acme&task={TASK}"' in page
    page = text(portal.get("/jobs/new/"))
    assert f"has ground truth: job {TAKEN_JOB}" in page and f'href="/jobs/{TAKEN_JOB}/"' in page
    assert f"task={TAKEN}" not in page


@pytest.mark.parametrize("typed", ["#2", "2", " # 2"])
def test_tasks_are_found_by_number(portal, typed):
    part = text(portal.get("/jobs/new/", {"q": typed}, headers=htmx("tasks")))
    assert "<html" not in part
    assert re.findall(r'class="task-name">([^<]*) <', part)[0] == "Roundabout north"


@pytest.mark.parametrize("typed", ["job 9", "Job #9", " job9 "])
def test_a_task_is_found_by_the_number_of_one_of_its_jobs(portal, upstream, typed):
    part = text(portal.get("/jobs/new/", {"q": typed}, headers=htmx("tasks")))
    assert re.findall(r'class="task-name">([^<]*) <', part) == ["Roundabout north"]
    assert "No task that you can see here" in text(portal.get("/jobs/new/", {"q": "job 99999"}))


def test_a_job_leads_to_its_tasks_ground_truth_job(portal):
    address = f"/jobs/new/?task={TASK}"
    assert f'href="{address}">New ground truth job for this task</a>' in text(portal.get("/jobs/9/"))
    assert "New ground truth job for this task" not in text(portal.get(f"/jobs/{TAKEN_JOB}/"))
    assert 'class="for-task">Roundabout north' in text(portal.get(address))


def test_the_task_may_be_named_as_the_list_of_jobs_names_it(portal):
    assert 'class="for-task">Roundabout north' in text(portal.get(f"/jobs/new/?task_id={TASK}"))


def test_a_task_of_another_organization_is_shown_within_its_own(sign_in):
    portal = sign_in("alice")
    portal.get("/jobs/?org=acme")
    answer = portal.get("/jobs/new/?task=8&frames=3&method=manual")
    assert (answer.status_code, answer["Location"]) == (302, "/jobs/new/?task=8&frames=3&method=manual&org=")
    page = text(portal.get(answer["Location"]))
    assert "Cats of the office" in page and "15 frames in 3 jobs" in page and "Frames 0–14 of 15" in page


def test_the_frames_of_a_ground_truth_job_are_no_range(portal, upstream):
    page = text(portal.get(f"/jobs/{TAKEN_JOB}/"))
    assert re.search(r'\d <span class="sub">chosen from 0–79 of the task', page)
    assert "chosen from" not in text(portal.get("/jobs/9/"))


def test_searching_for_a_task_takes_two_calls_and_its_form_three(portal, upstream):
    known_versions.set(upstream.url, "2.42.0")
    portal.get("/jobs/new/?q=round")
    assert [call.path for call in upstream.calls] == ["/api/tasks", "/api/jobs"]
    upstream.calls.clear()
    portal.get(f"/jobs/new/?task={TASK}")
    assert sorted(call.path for call in upstream.calls) == ["/api/jobs", "/api/jobs", f"/api/tasks/{TASK}"]


def test_a_search_that_finds_nothing_says_so(portal):
    assert "No task that you can see here is called “zzz”" in text(portal.get("/jobs/new/?q=zzz"))


def test_tasks_are_listed_also_where_their_ground_truth_jobs_are_not(portal, upstream):
    upstream.fail(path="^/api/jobs$", status=500)
    page = portal.get("/jobs/new/")
    assert page.status_code == 200 and "Roundabout north" in text(page) and "has ground truth" not in text(page)


@pytest.mark.parametrize("task", ["99999", "7"])
def test_a_task_that_is_gone_or_foreign_leads_back_to_the_choice(portal, task):
    answer = portal.get(f"/jobs/new/?task={task}")
    assert answer.status_code == 404
    assert f"There is no task #{task} here" in text(answer) and "For which task?" in text(answer)


@pytest.mark.parametrize("task", ["", "abc", "-1", "1e3", "9" * 40, "\0"])
def test_what_is_no_tasks_number_leads_to_the_choice(portal, task):
    assert "For which task?" in text(portal.get("/jobs/new/", {"task": task}))
    assert "For which task?" in text(portal.post("/jobs/new/", {"task": task}))


def test_a_task_that_has_one_links_to_it_instead_of_the_form(portal):
    page = text(portal.get(f"/jobs/new/?task={TAKEN}"))
    assert "has a ground truth job already" in page and f'href="/jobs/{TAKEN_JOB}/"' in page
    assert "How the frames are chosen" not in page


def test_names_of_tasks_are_shown_as_they_are(portal, upstream):
    upstream.store.tasks[TASK].name = "<script>alert(1)</script> \u202eabc"
    for address in ("/jobs/new/", f"/jobs/new/?task={TASK}"):
        assert b"<script>alert" not in portal.get(address).content


# Random frames


@pytest.mark.parametrize(
    ("amount", "unit", "count"),
    [("10", "percent", 11), ("0.1", "percent", 1), ("100", "percent", 110), ("2.5", "percent", 3), ("7", "frames", 7)],
)
def test_a_share_or_a_number_of_the_tasks_frames(portal, upstream, amount, unit, count):
    answer = make(portal, RANDOM, amount=amount, unit=unit)
    job = made(upstream)
    assert (answer.status_code, answer["Location"]) == (302, f"/jobs/{job.id}/")
    assert len(job.frames) == count
    words = "1 frame." if count == 1 else f"{count} frames."
    assert f"Ground truth job {job.id} is made, with {words}" in text(portal.get(answer["Location"]))


def test_the_same_seed_draws_the_same_frames(portal, upstream):
    drawn = []
    for _ in range(2):
        make(portal, RANDOM, seed="42")
        drawn.append(made(upstream).frames)
        upstream.reset()
    assert drawn[0] == drawn[1]


def test_frames_from_each_job(portal, upstream):
    make(portal, RANDOM, method="random_per_job", amount="2", unit="frames")
    assert [sum(first <= frame < first + 10 for frame in made(upstream).frames) for first in range(0, 110, 10)] == [
        2
    ] * 11


def test_a_share_of_each_jobs_frames(portal, upstream):
    make(portal, RANDOM, method="random_per_job", amount="30", unit="percent")
    assert len(made(upstream).frames) == 33


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": ""}, "Write how many."),
        ({"amount": "ten"}, "Write a number."),
        ({"amount": "0"}, "At least one frame is needed."),
        ({"amount": "-3"}, "At least one frame is needed."),
        ({"amount": "NaN"}, "Write a number."),
        ({"amount": "101"}, "A share is 100 percent at most."),
        ({"amount": "2.5", "unit": "frames"}, "Write a whole number of frames."),
        ({"amount": "111", "unit": "frames"}, "The task has 110 frames."),
        ({"amount": "11", "unit": "frames", "method": "random_per_job"}, "A job of this task has 10 frames."),
        ({"unit": "bananas"}, "Choose percent or frames."),
        ({"seed": "soon"}, "A seed is a whole number."),
        ({"seed": "-1"}, "greater than or equal to 0"),
        ({"seed": "4294967296"}, "less than or equal to 4294967295"),
        ({"method": "best"}, "Choose one of these."),
        ({"method": ""}, "Choose one of these."),
        ({"assignee": "zelda"}, "There is no person “zelda” here."),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_all_that_was_typed_stays(portal, upstream, changes, words):
    answer = make(portal, RANDOM | {"seed": "7", "assignee": "carol"}, **changes)
    page = text(answer)
    assert answer.status_code == 422 and words in page
    assert not sent(upstream) and made(upstream) is None
    for value in ({"seed": "7", "assignee": "carol"} | changes).values():
        assert f'value="{value}"' in page or value in ("", "best", "bananas", "random_per_job")
    described = re.findall(r'aria-describedby="([^"]+)"', page)
    ids = set(re.findall(r'id="([^"]+)"', page))
    assert any(name.endswith("_error") for names in described for name in names.split())
    assert {name for names in described for name in names.split()} <= ids


def test_all_that_is_wrong_is_told_at_once(portal):
    page = text(make(portal, RANDOM, amount="", seed="x", assignee="zelda"))
    for words in ("Write how many.", "A seed is a whole number.", "There is no person “zelda” here."):
        assert words in page


def test_an_assignee_of_the_tasks_organization_gets_it(portal, upstream):
    make(portal, RANDOM, assignee="carol")
    assert made(upstream).assignee_id == 4


def test_the_form_fills_itself_from_its_address(portal):
    page = text(portal.get(f"/jobs/new/?task={TASK}&method=manual&frames=3,4&assignee=dave&seed=9"))
    assert 'value="manual" required' in page or re.search(r'value="manual"[^>]*checked', page)
    assert ">\n3,4</textarea>" in page and 'value="dave"' in page and "Frames 0–23 of 110" in page


# Frames by hand


def test_frames_by_hand_are_those_that_were_typed(portal, upstream):
    make(portal, MANUAL, frames="20-22, 3; 5\n9 8", amount="rubbish", seed="rubbish")
    assert made(upstream).frames == [3, 5, 8, 9, 20, 21, 22]


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ("", "Choose at least one frame."),
        (" , ", "Choose at least one frame."),
        ("110", "The task has no frame 110. Its frames are 0 to 109."),
        ("0-999999999999", "The task has no frame"),
        ("9-3", "9-3 runs backwards. Write 3-9."),
        ("first", "“first” is neither a frame nor a range of frames"),
        ("1-2-3", "“1-2-3” is neither"),
        ("-5", "“-5” is neither"),
        ("<script>", "“<script>” is neither"),
    ],
)
def test_frames_that_cannot_be_read_stand_at_their_field(portal, upstream, frames, words):
    answer = make(portal, MANUAL, frames=frames)
    assert answer.status_code == 422 and words in text(answer)
    assert not sent(upstream) and b"<script>" not in answer.content.replace(b"<script src", b"")
    assert frames.strip() in text(answer)


def picked(page):
    whole = page.content.decode()
    tree = parsed(whole) if "<html" in whole else fragment(whole)
    boxes = [box for box in tree.iter("input") if box.get("name") == "pick"]
    return [int(box.get("value")) for box in boxes if box.get("checked") is not None]


def hidden(page):
    """What the page of pictures carries along, as a browser without scripts would send it."""
    fields = {box.get("name"): box.get("value") for box in parsed(page.content.decode()).iter("input")}
    return {name: fields[name] for name in ("seen", "shown", "page")}


def frames_of(page):
    (area,) = parsed(page.content.decode()).iter("textarea")
    return (area.text or "").strip()


def test_pictures_are_picked_page_by_page_without_scripts(portal, upstream):
    first = make(portal, MANUAL, frames="", at="1")
    assert first.status_code == 200 and "Frames 0–23 of 110" in text(first) and picked(first) == []
    second = make(portal, MANUAL | hidden(first), frames="", pick=["3", "5"], at="2")
    assert "Frames 24–47 of 110" in text(second) and frames_of(second) == "3, 5"
    back = make(portal, MANUAL | hidden(second), frames="3, 5, 40-41", pick=["30"], at="1")
    assert frames_of(back) == "3, 5, 30, 40-41" and picked(back) == [3, 5]
    answer = make(portal, MANUAL | hidden(back), frames=frames_of(back), pick=["5"])
    assert answer.status_code == 302
    assert made(upstream).frames == [5, 30, 40, 41]


def test_another_page_of_pictures_looks_at_nothing_else_yet_and_keeps_it(portal, upstream):
    page = make(portal, RANDOM, amount="lots", assignee="zelda", at="2")
    assert page.status_code == 200 and "has-error" not in text(page)
    assert 'value="lots"' in text(page) and 'value="zelda"' in text(page)
    assert re.search(r'value="manual"[^>]*checked', text(page))


def test_what_was_picked_stays_where_the_typed_list_cannot_be_read(portal):
    first = make(portal, MANUAL, frames="1", at="1")
    answer = make(portal, MANUAL | hidden(first), frames="1, oops", pick=["1", "9"])
    assert answer.status_code == 422 and picked(answer) == [1, 9] and frames_of(answer) == "1, oops"


def test_the_pictures_come_as_a_part_and_through_the_jobs_that_hold_them(portal, upstream):
    part = portal.post("/jobs/new/", MANUAL | {"at": "1"}, headers=htmx("frames"))
    assert b"<html" not in part.content and part.content.count(b'name="pick"') == A_PAGE
    assert picked(part) == [0, 1, 2]
    address = re.findall(r'src="(/jobs/new/picture/\d+/12)"', part.content.decode())[0]
    upstream.calls.clear()
    answer = portal.get(address)
    answer.close()
    assert answer["Content-Type"].startswith("image/") and answer["Cache-Control"] == "private, max-age=3600"
    (call,) = upstream.calls
    holder = next(job for job in upstream.store.jobs if job.task_id == TASK and job.start_frame == 10)
    assert call.path == f"/api/jobs/{holder.id}/data"
    assert call.query == {"type": ["frame"], "number": ["12"], "quality": ["compressed"]}


def test_pictures_pass_in_pieces_and_take_a_place_among_the_transfers(portal, monkeypatch):
    monkeypatch.setattr(streaming, "transfers", BoundedSemaphore(1))
    answer = portal.get(PICTURE)
    assert answer.streaming and portal.get(PICTURE).status_code == 503
    assert b"".join(answer.streaming_content)
    answer.close()
    again = portal.get(PICTURE)
    again.close()
    assert again.status_code == 200


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "image/jpegx", ""])
def test_what_is_no_picture_is_not_passed_on(portal, upstream, kind):
    upstream.fail(path="/data$", status=200, body=b"<script>", content_type=kind)
    assert portal.get(PICTURE).status_code == 502


def test_a_picture_with_more_in_its_kind_is_passed_on_as_its_plain_kind(portal, upstream):
    upstream.fail(path="/data$", status=200, body=b"1", content_type="Image/PNG; charset=binary")
    answer = portal.get(PICTURE)
    answer.close()
    assert answer["Content-Type"] == "image/png"


def test_where_the_pictures_are_is_asked_once(portal, upstream):
    for number in ("1", "2"):
        make(portal, MANUAL, at=number)
    assert len([call for call in upstream.calls if call.query.get("page_size") == ["1000"]]) == 1


def test_without_pictures_frames_can_still_be_typed(portal, upstream):
    for job in [job for job in upstream.store.jobs if job.task_id == TASK]:
        upstream.store.jobs.remove(job.id)
    page = make(portal, MANUAL, at="1")
    assert page.status_code == 200 and "The pictures can’t be shown now." in text(page)
    assert make(portal, MANUAL).status_code == 302


@pytest.mark.parametrize("pressed", [{"at": "near"}, {}])
def test_one_goes_to_the_page_with_a_frame(portal, upstream, pressed):
    first = make(portal, MANUAL, at="1")
    page = make(portal, MANUAL | hidden(first), near="50", pick=["0", "1", "2"], **pressed)
    assert page.status_code == 200 and "Frames 48–71 of 110" in text(page) and picked(page) == [50]
    assert not sent(upstream), "Enter in that field makes no job"


@pytest.mark.parametrize("at", ["0", "-2", "999", "x", ""])
def test_a_page_of_pictures_that_is_not_there_is_the_nearest(portal, at):
    assert make(portal, MANUAL, at=at).status_code == 200


@given(
    seen=st.sets(st.integers(0, 40)),
    typed=st.sets(st.integers(0, 40)),
    picks=st.sets(st.integers(0, 40)),
)
def test_what_is_typed_and_picked_at_once_is_all_kept(seen, typed, picks):
    shown = set(range(10, 20))
    result = ranges.merged(typed, picks & shown, shown, seen)
    assert (typed - seen) | ((picks & shown) - seen) <= result | (seen - typed)
    assert not result & (seen - typed)
    assert ranges.merged(seen, seen & shown, shown, seen) == seen


@given(st.sets(st.integers(0, 500)))
def test_ranges_are_read_as_they_are_written(frames):
    assert ranges.read(ranges.write(frames), 501) == frames


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_frames(words):
    try:
        assert ranges.read(words, 1000) <= set(range(1000))
    except ranges.Unreadable as error:
        assert str(error)


def test_all_that_cannot_be_read_is_told_at_once_and_not_endlessly():
    with pytest.raises(ranges.Unreadable) as told:
        ranges.read("9-3, x, x, 110, 4", 110)
    for words in ("9-3 runs backwards.", "“x” is neither", "The task has no frame 110."):
        assert str(told.value).count(words) == 1
    with pytest.raises(ranges.Unreadable, match="15 more can’t be read either") as told:
        ranges.read(", ".join("abcdefghijklmnopqrst"), 110)
    assert len(str(told.value)) < 500


def test_ranges_that_overlap_cost_no_more_than_what_they_mean(portal):
    began = time.process_time()
    assert ranges.read("0-99999," * 2_000, 100_000) == set(range(100_000))
    assert time.process_time() - began < 1, "each of them was counted out"


@pytest.mark.parametrize(
    "words", ["0-9999999", "0-60000, 70000-200000", ",".join(f"{n}-{n + 90000}" for n in (0, 95000))]
)
def test_more_frames_than_can_be_chosen_by_hand_are_not_counted_out(words):
    with pytest.raises(ranges.Unreadable, match="100,000 at most can be chosen by hand"):
        ranges.read(words, 10_000_000)


def test_a_list_that_is_too_long_is_not_read_and_stays_as_it_was_typed(portal, upstream):
    long = "0-2," * 60_000
    answer = make(portal, MANUAL, frames=long)
    assert answer.status_code == 422 and "at most 200000 characters" in text(answer) and not sent(upstream)
    assert frames_of(answer) == long
    with pytest.raises(ranges.Unreadable, match="20,000 at most are read"):
        ranges.read("0-2," * 5_001, 110)
    assert len(ranges.read("0-2," * 5_001, 110, 200_000)) == 3


def test_a_pick_is_one_frame(portal):
    data = QueryDict(mutable=True)
    data.setlist("pick", ["0-9", "11"])
    data.update({"seen": "", "shown": "0-23", "frames": ""})
    assert chosen_in(data, 110) == {11}


def test_what_a_page_of_pictures_sends_may_be_anything(portal):
    data = QueryDict(mutable=True)
    data.setlist("pick", ["x", "3", "9" * 50, "-"])
    data.update({"seen": "??", "shown": "0-9", "frames": "1"})
    assert chosen_in(data, 20) == {1, 3}


# What the upstream says


def test_sent_twice_it_is_made_once_and_the_second_answer_leads_to_it(portal, upstream):
    make(portal, RANDOM)
    answer = make(portal, RANDOM)
    assert answer.status_code == 409 and f'href="/jobs/{made(upstream).id}/"' in text(answer)
    assert "so no other was made" in text(answer) and len(sent(upstream)) == 1


def test_what_has_changed_meanwhile_leaves_the_form_to_somebody_who_picks_pictures(portal, upstream):
    make(portal, RANDOM)
    answer = portal.post("/jobs/new/", MANUAL | {"at": "2"}, headers=htmx("frames"))
    assert answer.status_code == 409 and answer["HX-Reswap"] == "none"
    assert f"job {made(upstream).id}" in answer["HX-Trigger"] and f"/jobs/{made(upstream).id}/" in answer["HX-Trigger"]
    answer = portal.post("/jobs/new/", MANUAL | {"task": 99999, "at": "2"}, headers=htmx("frames"))
    assert answer.status_code == 404 and answer["HX-Reswap"] == "none" and not answer.content


def test_somebody_who_was_faster_is_told_from_the_upstreams_refusal(portal, upstream):
    upstream.fail(path="^/api/jobs$", method="GET", status=200, body=b'{"count":0,"results":[]}', times=2)
    answer = make(portal, RANDOM, task=TAKEN)
    assert answer.status_code == 409 and f'href="/jobs/{TAKEN_JOB}/"' in text(answer)
    assert len(sent(upstream)) == 1


def test_a_refusal_stands_at_the_field_it_means(portal, upstream):
    upstream.fail(method="POST", path="^/api/jobs$", status=400, body=b'{"frames":["too dark"],"random_seed":["odd"]}')
    answer = make(portal, MANUAL)
    assert answer.status_code == 422 and "too dark" in text(answer) and frames_of(answer) == "0-2, 50"


def test_who_may_not_is_told_and_keeps_what_was_typed(portal, upstream):
    upstream.fail(method="POST", path="^/api/jobs$", status=403, body=b'{"detail":"not you"}')
    answer = make(portal, RANDOM, seed="77")
    assert answer.status_code == 403 and "not you" in text(answer) and 'value="77"' in text(answer)


@pytest.mark.parametrize("fault", [{"status": 500}, {"reset": True}, {"status": 201, "body": b"<html>"}])
def test_an_upstream_that_fails_keeps_the_form_and_says_that_it_may_be_made(portal, upstream, fault):
    upstream.fail(method="POST", path="^/api/jobs$", **fault)
    answer = make(portal, RANDOM, seed="77")
    assert answer.status_code == 502 and "may have been made all the same" in text(answer)
    assert 'value="77"' in text(answer)


def test_an_upstream_that_fails_before_leads_back_to_what_was_typed(portal, upstream):
    upstream.fail(path=f"^/api/tasks/{TASK}$", status=500)
    answer = make(portal, MANUAL, assignee="dave")
    assert answer.status_code == 502
    (back,) = re.findall(r'href="([^"]+)">Back to what you typed', text(answer))
    page = text(portal.get(back))
    assert "0-2, 50</textarea>" in page and 'value="dave"' in page


def test_signed_out_half_way_the_form_comes_back_as_it_was_typed(portal, upstream):
    upstream.revoke("alice")
    answer = make(portal, MANUAL, assignee="dave")
    assert answer.status_code == 401 and "frames%3D0-2%252C%2B50" in text(answer) and "assignee%3Ddave" in text(answer)


def test_a_server_that_does_not_tell_its_version_can_still_be_asked(portal, upstream):
    known_versions.forget(upstream.url)
    upstream.fail(path="/api/server/about", status=500, times=None)
    assert "How the frames are chosen" in text(portal.get(f"/jobs/new/?task={TASK}"))


def test_a_worker_sees_no_tasks_and_is_told_so(sign_in):
    page = text(sign_in("dave").get("/jobs/new/"))
    assert "You can see no tasks here." in page and "its owner, its maintainers): ask one of them." in page


def test_a_task_without_frames_has_no_form(portal, upstream):
    upstream.store.tasks[TASK].size = 0
    assert "has no frames yet" in text(portal.get(f"/jobs/new/?task={TASK}"))


def test_point_clouds_are_chosen_by_number(portal, upstream):
    body = b'{"id":2,"name":"Clouds","size":110,"dimension":"3d","organization":1}'
    upstream.fail(path=f"^/api/tasks/{TASK}$", status=200, body=body)
    assert "Point clouds have no pictures here" in text(portal.get(f"/jobs/new/?task={TASK}&method=manual"))


# The older generation


def test_an_older_server_cannot_choose_per_job_and_says_so_before(older_portal, older):
    page = older_portal.get(f"/jobs/new/?org=acme&task={TASK}")
    (radio,) = [box for box in parsed(page.content.decode()).iter("input") if box.get("value") == "random_per_job"]
    assert radio.get("disabled") is not None and "Version 2.20 of the server can't do this." in text(page)
    answer = make(older_portal, RANDOM, method="random_per_job")
    assert answer.status_code == 422 and "can't choose frames per job" in text(answer) and not sent(older)


def test_an_older_server_takes_a_share_and_a_seed_in_its_own_words(older_portal, older):
    answer = make(older_portal, RANDOM, seed="3")
    assert answer.status_code == 302 and len(made(older).frames) == 11


# Deleting


def confirm(portal, typed, job=TAKEN_JOB, **more):
    page = portal.get(f"/jobs/{job}/delete/")
    fields = [box for box in parsed(page.content.decode()).iter("input") if box.get("name") == "seen"]
    seen = fields[0].get("value") or "" if fields else ""
    return portal.post(f"/jobs/{job}/delete/", {"confirm": typed, "seen": seen} | more)


def draw(upstream, number=1, job=TAKEN_JOB):
    shapes = upstream.store.annotations_of(upstream.store.jobs[job])["shapes"]
    source = upstream.store.annotations_of(upstream.store.jobs[46])["shapes"]
    shapes.extend(shape for shape in source[:number])


def test_other_jobs_say_before_that_they_cannot_be_deleted(portal, upstream):
    assert "Only ground truth jobs can be deleted." in text(portal.get("/jobs/3/"))
    assert "/jobs/3/delete/" not in text(portal.get("/jobs/3/"))
    assert f'href="/jobs/{TAKEN_JOB}/delete/"' in text(portal.get(f"/jobs/{TAKEN_JOB}/"))
    assert "goes only with its whole task" in text(portal.get("/jobs/3/delete/"))
    answer = portal.post("/jobs/44/delete/", {"confirm": "44", "seen": "; 0"})
    assert answer.status_code == 422 and not [call for call in upstream.calls if call.method == "DELETE"]


def test_what_is_lost_is_counted_and_a_copy_offered_first(portal, upstream):
    page = text(portal.get(f"/jobs/{TAKEN_JOB}/delete/"))
    assert "Nothing is annotated in it." in page and "Download a copy" not in page
    draw(upstream, 2)
    page = text(portal.get(f"/jobs/{TAKEN_JOB}/delete/"))
    assert f"Job {TAKEN_JOB} with its annotations: 2 " in page and "can’t be taken back" in page
    assert f'href="/jobs/{TAKEN_JOB}/annotations.json"' in page


@pytest.mark.parametrize("typed", ["58", " 58 ", "#58", "job 58", "Crossing, rain, 2026-11", "crossing, RAIN, 2026-11"])
def test_its_number_or_its_tasks_name_deletes_it(portal, upstream, typed):
    answer = confirm(portal, typed)
    assert (answer.status_code, answer["Location"]) == (302, f"/jobs/?org=acme&task_id={TAKEN}")
    assert made(upstream, TAKEN) is None
    assert "Job 58 is deleted." in text(portal.get(answer["Location"]))


def test_after_deleting_one_its_task_is_shown_within_its_own_organization(sign_in, upstream):
    portal = sign_in("alice")
    portal.get("/jobs/?org=")
    make(portal, RANDOM, task=8)
    job = made(upstream, 8)
    portal.get("/jobs/?org=acme")
    answer = confirm(portal, str(job.id), job.id)
    assert (answer.status_code, answer["Location"]) == (302, "/jobs/?org=&task_id=8")
    assert "3 match" in text(portal.get(answer["Location"]))


@pytest.mark.parametrize("typed", ["", "5", "581", "Crossing", "delete", "<script>", "\0"])
def test_anything_else_does_not(portal, upstream, typed):
    answer = confirm(portal, typed)
    assert answer.status_code == 422 and made(upstream, TAKEN) is not None
    assert b"<script>" not in answer.content.replace(b"<script src", b"")


def test_what_was_annotated_meanwhile_is_asked_about_again(portal, upstream):
    page = portal.get(f"/jobs/{TAKEN_JOB}/delete/")
    seen = next(box for box in parsed(page.content.decode()).iter("input") if box.get("name") == "seen").get("value")
    draw(upstream)
    answer = portal.post(f"/jobs/{TAKEN_JOB}/delete/", {"confirm": "58", "seen": seen})
    assert answer.status_code == 422 and "has changed since you looked" in text(answer)
    assert made(upstream, TAKEN) is not None
    assert confirm(portal, "58").status_code == 302


def test_one_that_cannot_be_counted_says_so_and_can_be_deleted(portal, upstream):
    upstream.fail(path="/annotations$", status=500, times=None)
    assert "could not be counted" in text(portal.get(f"/jobs/{TAKEN_JOB}/delete/"))
    assert confirm(portal, "58").status_code == 302


def test_who_may_not_delete_is_told(portal, upstream):
    upstream.fail(method="DELETE", status=403, body=b'{"detail":"ask olga"}')
    answer = confirm(portal, "58")
    assert answer.status_code == 403 and "ask olga" in text(answer) and made(upstream, TAKEN) is not None


def test_one_that_is_gone_already_is_told(portal, upstream):
    upstream.store.jobs.remove(TAKEN_JOB)
    assert portal.get(f"/jobs/{TAKEN_JOB}/delete/").status_code == 404
    answer = portal.post(f"/jobs/{TAKEN_JOB}/delete/", {"confirm": "58", "seen": ""})
    assert answer.status_code == 302 and "Job 58 is gone already." in text(portal.get(answer["Location"]))


def test_a_connection_that_breaks_while_deleting_says_that_it_may_be_done(portal, upstream):
    upstream.fail(method="DELETE", reset=True)
    answer = confirm(portal, "58")
    assert answer.status_code == 502 and "may have been deleted all the same" in text(answer)


def test_signed_out_while_deleting_one_signs_in_first(portal, upstream):
    upstream.revoke("alice")
    assert portal.post(f"/jobs/{TAKEN_JOB}/delete/", {"confirm": "58"}).status_code == 401
