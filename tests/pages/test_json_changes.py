"""Annotations as JSON: what is brought is checked, its difference is shown, and only a yes to that is sent."""

import json
from functools import partial
from html import unescape

import pytest
import requests
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError

from jobsportal.annotations import once as once_module
from jobsportal.annotations.counting import in_words
from jobsportal.annotations.models import Backup, Draft
from jobsportal.annotations.plans import Change, given_of, plan_of
from jobsportal.annotations.snapshots import snapshot_of
from jobsportal.sandbox import Sandbox

JOB, EMPTY = 46, 44
EDIT, CLEAR = f"/jobs/{JOB}/annotations/edit/", f"/jobs/{JOB}/annotations/clear/"
API = f"/api/jobs/{JOB}/annotations"


def text(response):
    return " ".join(unescape(response.content.decode()).replace("\xa0", " ").split())


def api(upstream, method="GET", path=API, username="bob", **options):
    headers = {"Authorization": f"Token {upstream.token(username)}"}
    answer = requests.request(method, upstream.url + path, headers=headers, timeout=10, **options)
    answer.raise_for_status()
    upstream.calls.pop()
    return answer.json() if answer.content else None


def total(upstream):
    data = api(upstream)
    return sum(len(data[kind]) for kind in ("tags", "shapes", "tracks"))


def without_ids(value):
    if isinstance(value, dict):
        return {name: without_ids(one) for name, one in value.items() if name != "id"}
    return [without_ids(one) for one in value] if isinstance(value, list) else value


def same(one, other):
    """Compared as JSON without ids, in whatever order the objects come."""

    def told(data, kind):
        return sorted(json.dumps(without_ids(item), sort_keys=True) for item in data[kind])

    return all(told(one, kind) == told(other, kind) for kind in ("tags", "shapes", "tracks"))


def box(upstream, frame=None, **more):
    job = upstream.store.jobs[JOB]
    label = upstream.store.labels_of_task(upstream.store.task_of(job))[0]
    shape = {"type": "rectangle", "frame": job.start_frame if frame is None else frame, "label_id": label.id}
    return shape | {"points": [1, 2, 30, 40]} | more


def bring(portal, data, action="replace", **more):
    typed = data if isinstance(data, str) else json.dumps(data)
    return portal.post(EDIT, {"action": action, "text": typed, **more})


def preview(portal, data, action="replace"):
    answer = bring(portal, data, action)
    assert answer.status_code == 302, text(answer)
    return portal.get(answer["Location"])


def yes(portal, page, **more):
    return portal.post(page.request["PATH_INFO"], page.context["form"].initial | more)


def sent(upstream):
    """What was sent to change something."""
    return [f"{call.method} {call.path}" for call in upstream.calls if call.method not in ("GET", "HEAD")]


# The form


def test_the_page_says_what_is_there_and_how_to_write_it(portal, upstream):
    page = text(portal.get(EDIT))
    assert "20 annotations: 17 rectangles, 1 polyline, 2 tags" in page and "80–89" in page
    assert all(f"<bdi>{name}</bdi>" in page for name in ("truck", "pallet")) and '"frame": 80' in page
    assert sorted(call.path for call in upstream.calls if "tasks" not in call.path and "projects" not in call.path) == [
        f"/api/jobs/{JOB}",
        API,
        "/api/labels",
    ]


def test_the_jobs_annotations_lead_there(portal):
    page = text(portal.get(f"/jobs/{JOB}/annotations/"))
    assert EDIT in page and CLEAR in page


def test_a_job_that_is_gone_is_a_404(portal):
    assert portal.get("/jobs/999999/annotations/edit/").status_code == 404
    assert portal.get("/jobs/999999/annotations/clear/").status_code == 404


def test_what_can_not_be_counted_leaves_the_form(portal, upstream):
    upstream.fail(path="/annotations$", status=500)
    upstream.fail(path="/api/labels", status=500)
    page = portal.get(EDIT)
    assert page.status_code == 200 and "It could not be counted" in text(page) and "Show the difference" in text(page)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ('{"shapes": [\n {"type": "rectangle",}]}', "This is not JSON: line 2, column 23: trailing comma in object."),
        ('{"shapes": [{"type": ', "line 1, column 22: it ends too early"),
        ("nonsense", "This is not JSON: line 1, column 5: invalid character."),
        ("[1, 2]", "These are not annotations: expected object, got array"),
        ('{"shapes": {"a": 1}}', "These are not annotations: expected array, got object"),
        ('{"images": [], "annotations": [], "categories": []}', "“annotations” is none of them"),
        ('{"shapes": [], "track": []}', "“track” is none of them"),
        ("{}", "there is none of them"),
        ('{"shapes": []}', "There are no annotations in it. To remove all that the job has, use “Clear…”."),
        ('{"shapes": [3]}', "shapes[0]: expected object, got int"),
        ('{"shapes": [{"type": "rectangle"}]}', "shapes[0]: label_id is missing"),
        ('{"tags": [{"label_id": "x", "frame": 80}]}', "tags[0]: label_id: expected int, got str"),
        (
            '{"shapes": [{"type": "rectangle", "frame": 80, "label_id": 14, "points": [1, 2]}]}',
            "2 numbers are no points",
        ),
        (
            '{"shapes": [{"type": "<script>", "frame": 80, "label_id": 14, "points": [1, 2]}]}',
            "no kind of shape “<script>”",
        ),
        ("[" * 3000, "These are not annotations"),
        ('{"shapes": ' + "[" * 3000, "nested too deep"),
        ("   ", "Choose a file, or paste JSON below."),
        (
            '{"tags": [{"label_id": 14, "frame": 80, "attributes": [{"spec_id": 1, "value": "\\ud800"}]}]}',
            "This is not JSON: line 1",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_stays_as_typed(portal, upstream, typed, words):
    answer = bring(portal, typed)
    assert answer.status_code == 422 and words in text(answer)
    assert answer.context["form"]["text"].value() == typed
    assert not Draft.objects.exists() and not sent(upstream)


def test_nothing_upstream_is_asked_before_the_json_makes_sense(portal, upstream):
    bring(portal, {"shapes": [box(upstream)]})
    assert not upstream.calls


@pytest.mark.parametrize("action", ["update", "delete"])
def test_ids_that_are_missing_or_stand_twice_are_told(portal, upstream, action):
    page = text(bring(portal, {"shapes": [box(upstream), box(upstream, id=7), box(upstream, id=7)]}, action))
    assert "shapes[0]" in page and "id is missing" in page and "id 7 stands there 2 times" in page


def test_only_twenty_complaints_are_listed(portal, upstream):
    page = text(bring(portal, {"shapes": [{}] * 1000}))
    assert "shapes[19]" in page and "shapes[20]" not in page and "the first 20" in page


def test_a_file_and_text_at_once_are_one_too_many(portal, upstream):
    file = SimpleUploadedFile("a.json", b"{}")
    answer = bring(portal, {"shapes": [box(upstream)]}, file=file)
    assert answer.status_code == 422 and "Take one of them away" in text(answer)


def test_a_file_is_taken_as_windows_saves_it(portal, upstream):
    data = json.dumps({"shapes": [box(upstream)]})
    for content in (data.encode("utf-8-sig"), data.encode("utf-16")):
        answer = portal.post(EDIT, {"action": "create", "file": SimpleUploadedFile('my "<b>.json', content)})
        page = portal.get(answer["Location"])
        assert "Add 1 annotation" in text(page) and "my &quot;&lt;b&gt;.json" in page.content.decode()


def test_a_file_that_is_no_text_is_told(portal):
    answer = portal.post(EDIT, {"action": "replace", "file": SimpleUploadedFile("a.json", b'{"a\n": "\xff"}')})
    assert answer.status_code == 422 and "line 2 holds a character that is not UTF-8" in text(answer)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(portal, settings):
    settings.CVAT_MAX_BODY_MIB = 1
    answer = portal.post(EDIT, {"action": "replace", "file": SimpleUploadedFile("a.json", b" " * 1_100_000)})
    assert answer.status_code == 422 and "up to 1 MiB" in text(answer)
    answer = portal.post(EDIT, {"action": "replace", "file": SimpleUploadedFile("a.json", b" " * 4_000_000)})
    assert answer.status_code == 413 and "up to 1 MiB" in text(answer)


def test_too_much_text_is_asked_for_as_a_file(portal):
    answer = bring(portal, " " * 1_000_001)
    assert answer.status_code == 422 and "Save it as a file" in text(answer)


def test_somebody_who_may_not_see_the_job_sees_nothing_of_it(sign_in, upstream):
    page = bring(sign_in("grace", ""), {"shapes": [box(upstream)]})
    assert sign_in("grace", "").get(page["Location"]).status_code in (403, 404)


# The difference


def test_the_difference_is_shown_by_label_and_kind(portal, upstream):
    copy = api(upstream)
    copy["shapes"] = [*copy["shapes"][:10], box(upstream)]
    page = preview(portal, copy)
    told = text(page)
    assert "<strong>8 go, 1 comes</strong>, on 4 frames; 12 stay as they are." in told
    row = told[told.index("<bdi>truck</bdi>") :]
    assert "rectangles" in row and page.context["plan"].total.change == -7
    assert not sent(upstream) and total(upstream) == 20 and not Backup.objects.exists()


def test_a_copy_of_what_is_there_changes_nothing(portal, upstream):
    copy = api(upstream)
    assert "Nothing changes" in text(preview(portal, copy))
    copy["shapes"].reverse()
    for shape in copy["shapes"]:
        shape["id"] = None
        del shape["rotation"], shape["z_order"]
    page = preview(portal, copy)
    assert "Nothing changes" in text(page)
    again = yes(portal, page)
    assert (
        again.status_code == 302 and "like that already" in text(portal.get(again["Location"])) and not sent(upstream)
    )


def test_a_point_that_moves_is_a_difference_though_the_counts_are_the_same(portal, upstream):
    copy = api(upstream)
    copy["shapes"][0]["points"][0] += 1
    assert "<strong>1 goes, 1 comes</strong>, on 1 frame; 19 stay" in text(preview(portal, copy))


def test_frames_and_labels_of_other_jobs_are_refused_with_their_place(portal, upstream):
    page = preview(portal, {"shapes": [box(upstream, frame=812), box(upstream, label_id=99999)]})
    assert "shapes[0]: frame 812 is not one of the job's (80–89)" in text(page)
    assert "shapes[1]: the job has no label 99999" in text(page) and "Nothing was changed" in text(page)
    again = portal.post(page.request["PATH_INFO"], page.context["form"].initial)
    assert again.status_code == 409 and not sent(upstream)


def test_labels_that_can_not_be_read_leave_the_difference(portal, upstream):
    place = bring(portal, {"shapes": [box(upstream)]})["Location"]
    upstream.fail(path="/api/labels", status=500)
    page = text(portal.get(place))
    assert "names could not be read" in page and "label 14" in page and "20 go, 1 comes" in page


def test_what_was_typed_is_there_again_to_be_changed(portal, upstream):
    typed = json.dumps({"shapes": [box(upstream, frame=812)]})
    page = preview(portal, typed, "create")
    back = portal.get(f"{EDIT}?draft={page.context['draft'].key}")
    assert back.context["form"]["text"].value() == typed and back.context["chosen"] == "create"


def test_a_file_is_kept_to_be_taken_again(portal, upstream):
    content = json.dumps({"shapes": [box(upstream)]}).encode()
    answer = portal.post(EDIT, {"action": "replace", "file": SimpleUploadedFile("a.json", content)})
    key = portal.get(answer["Location"]).context["draft"].key
    assert "a.json" in text(portal.get(f"{EDIT}?draft={key}"))
    answer = portal.post(EDIT, {"action": "create", "draft": key})
    assert "Add 1 annotation" in text(portal.get(answer["Location"]))


def test_what_was_brought_survives_an_upstream_that_fails_and_a_new_sign_in(portal, upstream):
    place = bring(portal, {"shapes": [box(upstream)]})["Location"]
    upstream.fail(path="/annotations$", status=500)
    assert portal.get(place).status_code == 502
    upstream.revoke("alice")
    page = portal.get(place)
    assert page.status_code == 401 and "next=" in page.content.decode()
    portal.post("/sign-in", {"username": "alice", "password": "annotate"})
    assert "20 go, 1 comes" in text(portal.get(place))


def test_what_somebody_else_has_brought_is_a_404(sign_in, upstream):
    place = bring(sign_in(), {"shapes": [box(upstream)]})["Location"]
    assert sign_in("bob").get(place).status_code == 404
    assert sign_in().get(place.replace(f"/{JOB}/", f"/{EMPTY}/")).status_code == 404


def test_only_the_latest_few_are_kept(portal, upstream):
    places = [bring(portal, {"shapes": [box(upstream)]})["Location"] for _ in range(6)]
    assert Draft.objects.count() == 5 and portal.get(places[0]).status_code == 404
    assert portal.get(places[-1]).status_code == 200


def test_a_ground_truth_jobs_frames_are_its_own(sign_in, upstream):
    job = next(job for job in upstream.store.jobs if job.type == "ground_truth")
    label = upstream.store.labels_of_task(upstream.store.task_of(job))[0].id
    portal = sign_in("admin", "*")
    foreign = next(frame for frame in range(max(job.frames)) if frame not in job.frames)
    data = {"tags": [{"frame": foreign, "label_id": label}, {"frame": job.frames[0], "label_id": label}]}
    place = portal.post(f"/jobs/{job.id}/annotations/edit/", {"action": "create", "text": json.dumps(data)})["Location"]
    page = text(portal.get(place))
    assert f"tags[0]: frame {foreign} is not one of the job's" in page and "tags[1]" not in page


# Carrying it out


def test_replacing_takes_four_calls_and_puts_the_new_in_place(portal, upstream):
    copy = api(upstream)
    copy["shapes"] = [*copy["shapes"][:10], box(upstream)]
    page = preview(portal, copy)
    upstream.calls.clear()
    answer = yes(portal, page)
    assert [call.method for call in upstream.calls if call.path == API] == ["GET", "PUT", "GET"] and len(
        upstream.calls
    ) == 4
    done = portal.get(answer["Location"])
    assert "The annotations were replaced: 20 → 13" in text(done) and "Take it back" in text(done)
    assert total(upstream) == 13


def test_adding_keeps_what_is_there(portal, upstream):
    answer = yes(portal, preview(portal, {"shapes": [box(upstream, id=5)]}, "create"))
    assert "Annotations were added: 20 → 21" in text(portal.get(answer["Location"])) and total(upstream) == 21


def test_changing_some_says_which_and_leaves_unknown_ids_out(portal, upstream):
    before = api(upstream)
    changed = before["shapes"][0] | {"points": [5, 6, 70, 80]}
    page = preview(portal, {"shapes": [changed, box(upstream, id=999_999_999)]}, "update")
    assert f"Ids: {changed['id']}" in text(page) and "1 change" in text(page) and "19 stay" in text(page)
    assert "1 id isn’t in this job, and is left out: 999999999" in text(page)
    yes(portal, page)
    assert [5.0, 6.0, 70.0, 80.0] in [shape["points"] for shape in api(upstream)["shapes"]] and total(upstream) == 20


def test_deleting_some_needs_nothing_but_ids(portal, upstream):
    before = api(upstream)
    ids = [before["shapes"][0]["id"], before["shapes"][1]["id"]]
    data = {"shapes": [{"id": id} for id in ids], "tags": [{"id": before["tags"][0]["id"]}]}
    page = preview(portal, data, "delete")
    assert "Delete 3 annotations" in text(
        page
    ) and f"Ids: {', '.join(map(str, sorted([*ids, before['tags'][0]['id']])))}" in text(page)
    yes(portal, page)
    after = api(upstream)
    assert not {shape["id"] for shape in after["shapes"]} & set(ids) and total(upstream) == 17


def test_ids_that_the_job_does_not_have_at_all_are_refused(portal):
    page = preview(portal, {"shapes": [{"id": 999_999_998}, {"id": 999_999_999}]}, "delete")
    assert "The job has none of these ids: 999999998, 999999999." in text(page)


def test_an_id_means_its_own_kind(portal, upstream):
    shape = api(upstream)["shapes"][0]["id"]
    assert "The job has none of these ids" in text(preview(portal, {"tracks": [{"id": shape}]}, "delete"))


def test_clearing_says_what_is_lost_and_wants_the_number_of_the_job(portal, upstream):
    page = portal.get(CLEAR)
    assert "All 20 go" in text(page) and "Type the number of the job, 46, to confirm" in text(page)
    for typed in ("", "45", "yes"):
        again = yes(portal, page, typed=typed)
        assert again.status_code == 422 and "This is not 46" in text(again)
    assert total(upstream) == 20 and not Backup.objects.exists()
    answer = yes(portal, page, typed=" 46 ")
    assert "The annotations were cleared: 20 → 0" in text(portal.get(answer["Location"])) and total(upstream) == 0


def test_there_is_nothing_to_clear_in_an_empty_job(portal):
    page = portal.get(f"/jobs/{EMPTY}/annotations/clear/")
    assert "Nothing changes" in text(page) and "There are no annotations in this job" in text(page)


def test_what_changed_meanwhile_is_shown_before_anything_is_sent(portal, upstream):
    page = preview(portal, {"shapes": [box(upstream)]})
    api(upstream, "PATCH", f"{API}?action=create", json={"shapes": [box(upstream)]})
    upstream.calls.clear()
    again = yes(portal, page)
    assert again.status_code == 409 and "The annotations were changed while you looked" in text(again)
    assert "There were 20, and there are 21 now." in text(again) and not sent(upstream)
    assert yes(portal, again).status_code == 302 and total(upstream) == 1


def test_the_same_number_of_others_is_a_change_too(portal, upstream):
    page = portal.get(CLEAR)
    before = api(upstream)
    before["shapes"][0]["points"][0] += 1
    api(upstream, "PUT", json=without_ids(before))
    again = yes(portal, page, typed="46")
    assert again.status_code == 409 and total(upstream) == 20


def test_work_on_the_job_itself_is_no_conflict(portal, upstream):
    page = preview(portal, {"shapes": [box(upstream)]})
    api(upstream, "PATCH", f"/api/jobs/{JOB}", json={"state": "completed"})
    assert yes(portal, page).status_code == 302 and total(upstream) == 1


def test_a_second_click_changes_nothing_more(portal, upstream):
    page = preview(portal, {"shapes": [box(upstream)]}, "create")
    first, second = yes(portal, page), yes(portal, page)
    assert (first.status_code, second.status_code) == (302, 302) and total(upstream) == 21
    assert "This was sent twice; it counts once." in text(portal.get(second["Location"]))


def test_a_yes_that_was_refused_can_be_repeated(portal, upstream):
    page = preview(portal, {"shapes": [box(upstream)]}, "create")
    upstream.fail(method="PATCH", status=403, body=b'{"detail": "not today"}', content_type="application/json")
    refused = yes(portal, page)
    assert refused.status_code == 403 and "Nothing was changed" in text(refused) and "not today" in text(refused)
    assert yes(portal, page).status_code == 302 and total(upstream) == 21


def test_what_a_worker_may_not_change_stays(sign_in, upstream):
    portal = sign_in("carol")
    answer = bring(portal, {"shapes": [box(upstream)]})
    page = portal.get(answer["Location"])
    if page.status_code == 200:
        assert yes(portal, page).status_code == 403
    assert total(upstream) == 20 and not Backup.objects.exists()


def test_labels_and_kinds_with_odd_names_are_only_text(portal, upstream):
    for label in upstream.store.labels_of_task(upstream.store.task_of(upstream.store.jobs[JOB])):
        label.name = "<script>alert(1)</script>\u202e"
    page = portal.get(CLEAR).content.decode() + portal.get(EDIT).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 200, "body": b"<html>", "content_type": "text/html"},
        {"status": 200, "body": b"[]"},
        {"status": 200, "body": b'{"shapes": [{}]}'},
        {"truncate": 40},
    ],
)
def test_annotations_that_can_not_be_understood_are_never_changed(portal, upstream, fault):
    page = portal.get(CLEAR)
    upstream.fail(path="/annotations$", **fault)
    assert yes(portal, page, typed="46").status_code == 502
    upstream.faults.clear()
    assert total(upstream) == 20 and not Backup.objects.exists()


def test_more_than_the_portal_holds_can_not_be_changed_here(portal, upstream, settings):
    settings.CVAT_MAX_BODY_MIB = 0.001
    page = portal.get(CLEAR)
    assert page.status_code == 502 and "This is too much at once" in text(page)


def test_the_old_generation_is_spoken_to_as_well(running_sandbox, settings, sign_in, db):
    with Sandbox(version="2.20", anonymous_per_minute=100_000) as old:
        settings.CVAT_URL = settings.CVAT_PUBLIC_URL = old.url
        portal = sign_in()
        page = preview(portal, {"shapes": [box(old, id=3)]})
        assert yes(portal, page).status_code == 302 and total(old) == 1


def test_skeletons_and_tracks_are_compared_down_to_their_parts():
    shape = {"type": "points", "frame": 0, "label_id": 2, "points": [1, 2], "id": 9}
    skeleton = {"type": "skeleton", "frame": 0, "label_id": 1, "points": [], "elements": [shape], "id": 4}
    track = {
        "frame": 0,
        "label_id": 3,
        "shapes": [{"type": "rectangle", "frame": 2, "points": [1, 2, 3, 4], "id": 8}],
        "id": 5,
    }
    now = snapshot_of(json.dumps({"shapes": [skeleton], "tracks": [track]}).encode())

    def difference(changed):
        change = Change("replace", json.dumps(changed).encode())
        plan = plan_of(change, given_of(change), now)
        return plan.goes, plan.comes, plan.touched

    assert difference({"shapes": [skeleton], "tracks": [without_ids(track)]}) == (0, 0, 0)
    moved = skeleton | {"elements": [shape | {"points": [1, 3]}]}
    assert difference({"shapes": [moved], "tracks": [track]}) == (1, 1, 1)
    assert difference({"shapes": [skeleton]}) == (1, 0, 1)


# Attributes


def specs(upstream):
    """The labels of the job, and one of them that has attributes."""
    labels = upstream.store.labels_of_task(upstream.store.task_of(upstream.store.jobs[JOB]))
    return labels, next(label for label in labels if label.attributes)


def test_attributes_of_another_label_are_refused_with_their_place(portal, upstream):
    labels, rich = specs(upstream)
    other = next(label for label in labels if label.id != rich.id)
    spec = rich.attributes[0]
    value = {"attributes": [{"spec_id": spec.id, "value": "1"}]}
    plain = box(upstream, label_id=rich.id, **value)
    assert "This can’t be sent" not in text(preview(portal, {"shapes": [plain]}))
    page = text(preview(portal, {"shapes": [plain, box(upstream, label_id=other.id, **value)]}))
    assert f"shapes[1]: label {other.id} has no attribute {spec.id}" in page and "shapes[0]" not in page


def test_attributes_of_tracks_are_looked_at_down_to_the_key_frames():
    value = {"attributes": [{"spec_id": 1, "value": "x"}]}
    shape = {"type": "rectangle", "frame": 0, "points": [1, 2, 3, 4]}
    change = Change("create", json.dumps({"tracks": [{"frame": 0, "label_id": 5, "shapes": [shape | value]}]}).encode())
    assert given_of(change, labels={5: {2: True}}).problems == ["tracks[0].shapes[0]: label 5 has no attribute 1"]
    assert "attribute 1 of label 5 belongs to the track" in given_of(change, labels={5: {1: False}}).problems[0]
    assert given_of(change, labels={5: {1: True}}).problems == given_of(change, labels={5}).problems == []
    change = Change("create", json.dumps({"tracks": [{"frame": 0, "label_id": 5, "shapes": [shape]} | value]}).encode())
    assert given_of(change, labels={5: {1: False}}).problems == []
    assert "it belongs to the track's shapes" in given_of(change, labels={5: {1: True}}).problems[0]


def test_the_page_lists_the_attributes_with_their_ids_and_values(portal, upstream):
    rich = specs(upstream)[1]
    page = text(portal.get(EDIT))
    assert f"Attributes of <bdi>{rich.name}</bdi>" in page
    assert all(f"<bdi>{spec.name}</bdi> {spec.id}" in page for spec in rich.attributes)


# Once


def test_json_is_applied_once_from_however_many_windows(portal, upstream):
    one = preview(portal, {"shapes": [box(upstream)]}, "create")
    other = portal.get(one.request["PATH_INFO"])
    first, second = yes(portal, one), yes(portal, other)
    assert first["Location"] == second["Location"] and total(upstream) == 21
    cache.clear()
    again = yes(portal, other, seen="")
    assert again["Location"] == first["Location"] and total(upstream) == 21


def test_json_that_was_applied_leads_to_what_it_did(portal, upstream):
    page = preview(portal, {"shapes": [box(upstream)]}, "create")
    place = yes(portal, page)["Location"]
    back = portal.get(page.request["PATH_INFO"])
    assert back["Location"] == place
    told = text(portal.get(place))
    assert "This JSON was applied already" in told and "Annotations were added: 20 → 21" in told


def test_json_under_way_in_another_window_is_not_sent(portal, upstream, monkeypatch):
    page = preview(portal, {"shapes": [box(upstream)]}, "create")
    monkeypatch.setattr("jobsportal.annotations.once.WAIT_SECONDS", 0.1)
    cache.set(once_of(page), "")
    answer = yes(portal, page)
    assert "it counts once" in text(portal.get(answer["Location"])) and not sent(upstream)


@pytest.mark.parametrize("is_done", [True, False])
def test_a_second_click_waits_for_the_first_and_ends_where_that_does(portal, upstream, monkeypatch, is_done):
    page = preview(portal, {"shapes": [box(upstream)]}, "create")
    once = once_of(page)
    cache.set(once, "")
    over = partial(cache.set, once, f"{EDIT}?changed=x") if is_done else partial(cache.delete, once)
    monkeypatch.setattr(once_module.time, "sleep", lambda seconds: over())
    answer = yes(portal, page)
    assert answer["Location"] == (f"{EDIT}?changed=x" if is_done else page.request["PATH_INFO"])
    assert not sent(upstream)


def once_of(page):
    return f"once:{Draft.objects.get().person_id}:{JOB}:{page.context['draft'].key}"


def test_a_cache_that_takes_nothing_is_told_and_nothing_is_sent(portal, upstream, monkeypatch):
    page = preview(portal, {"shapes": [box(upstream)]}, "create")
    monkeypatch.setattr(cache, "add", lambda *args: False)
    answer = yes(portal, page)
    assert answer.status_code == 503 and "Nothing was changed." in text(answer) and not sent(upstream)


def test_json_that_can_not_be_kept_stays_in_the_form(portal, upstream, monkeypatch):
    monkeypatch.setattr(Draft, "save", broken)
    typed = json.dumps({"shapes": [box(upstream)]})
    answer = bring(portal, typed)
    assert answer.status_code == 503 and "so nothing was changed" in text(answer)
    assert answer.context["form"]["text"].value() == typed


def broken(*args, **kwargs):
    raise DatabaseError("locked")


# Words


def test_what_to_do_has_to_be_chosen(portal, upstream):
    assert "checked" not in portal.get(EDIT).content.decode()
    typed = json.dumps({"shapes": [box(upstream)]})
    answer = portal.post(EDIT, {"text": typed})
    assert answer.status_code == 422 and "Choose what to do." in text(answer)
    assert answer.context["form"]["text"].value() == typed and "chosen again" not in text(answer)
    answer = portal.post(EDIT, {"file": SimpleUploadedFile("a.json", typed.encode())})
    assert "The file has to be chosen again." in text(answer)


def test_a_long_text_of_letters_of_many_bytes_is_told_and_stays(portal):
    typed = "漢" * 1_000_001
    answer = bring(portal, typed)
    assert answer.status_code == 422 and "Save it as a file" in text(answer)
    assert answer.context["form"]["text"].value() == typed


def test_text_beyond_what_is_read_is_told(portal):
    answer = bring(portal, "x" * 6_000_000)
    assert (
        answer.status_code == 413
        and "This is too much text" in text(answer)
        and "Choose what to do." not in text(answer)
    )


def test_the_form_takes_nothing_from_elsewhere(portal, upstream):
    portal.handler.enforce_csrf_checks = True
    assert bring(portal, {"shapes": [box(upstream)]}).status_code == 403 and not Draft.objects.exists()
    portal.get(EDIT)
    token = portal.cookies["portal_csrf"].value
    assert bring(portal, {"shapes": [box(upstream)]}, csrfmiddlewaretoken=token).status_code == 302


def test_the_words_fit_the_numbers(portal, upstream):
    page = text(preview(portal, {"shapes": [box(upstream)]}, "create"))
    assert "<strong>1 comes</strong>" in page and "Add it" in page
    assert in_words({"points": 1, "tag": 2}) == "1 set of points, 2 tags"
    assert in_words({"points": 2, "mask": 1}) == "2 sets of points, 1 mask"


def test_the_counts_lead_to_the_frames(portal):
    assert f"/jobs/{JOB}/frames/" in text(portal.get(f"/jobs/{JOB}/annotations/")).split('class="table-wrap')[1]
