"""Getting data in three steps and a confirmation, for somebody who knows no format."""

import io
import re
import zipfile
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core.cache import cache

from jobsportal.bundles import preparing
from jobsportal.bundles.handing import filename_of
from jobsportal.bundles.models import ARCHIVES, CSV, FOLDERS, Bundle, Watch
from jobsportal.cvat.types import Job
from jobsportal.exports.get_purposes import ARCHIVE, DETECTOR, PURPOSES, SEGMENTATION, best, offers
from jobsportal.exports.get_subjects import Counts
from jobsportal.runs import workers
from jobsportal.sandbox import Sandbox
from tests.checks import parsed

STREET, DEPOT = 1, 2
COCO = {"purpose": "detector", "format": "COCO 1.0", "images": "no"}


def text(response):
    return unescape(response.content.decode())


def words(response):
    """What stands on the page, without the marks around it."""
    return " ".join(re.sub(r"<[^>]+>", "", text(response)).split())


def htmx(target):
    return {"HX-Request": "true", "HX-Target": target}


def links(response, within="main"):
    page = parsed(response.content.decode())
    return {" ".join("".join(a.itertext()).split()): a.get("href") for a in page.findall(f".//{within}//a")}


def fields(response):
    """What the form on the page would send."""
    page = parsed(response.content.decode())
    found = page.findall(".//main//form[@method='post']//input")
    return {one.get("name"): one.get("value") for one in found if one.get("type") == "hidden"}


def confirm(portal, **given):
    """The confirmed order: the answer to the form as the page has it."""
    page = portal.get("/downloads/get/confirm", given)
    assert page.status_code == 200, text(page)
    return portal.post("/downloads/get/confirm", fields(page))


def finish(upstream, project_id):
    for job in upstream.store.jobs:
        if job.project_id == project_id:
            job.state = "completed"


def sent(upstream, method="POST"):
    return [call for call in upstream.calls if call.method == method]


@pytest.fixture(autouse=True)
def worker(db):
    workers.beat("test")


# What


def test_projects_come_at_once_and_their_numbers_a_moment_later(portal, upstream):
    page = text(portal.get("/downloads/get/"))
    assert "Street scenes" in page and "counting…" in page and [c.path for c in upstream.calls] == ["/api/projects"]
    more = page.split('hx-get="')[1].split('"')[0]
    part = portal.get(more, headers=htmx("choices"))
    assert "<html" not in text(part) and "hx-trigger" not in text(part)
    assert "4 of 31 jobs finished · 298 frames" in words(part) and "3 of 16 jobs finished · 400 frames" in words(part)


def test_counting_costs_two_calls_a_project_and_nothing_for_a_minute(portal, upstream):
    portal.get("/downloads/get/?counted=1")
    assert sorted(call.path for call in upstream.calls) == ["/api/jobs"] * 4 + ["/api/projects"]
    rows = sorted(call.query["page_size"][0] for call in upstream.calls if call.path == "/api/jobs")
    assert rows == ["1", "1", "100", "100"]
    upstream.calls.clear()
    assert "hx-trigger" not in text(portal.get("/downloads/get/"))
    assert [call.path for call in upstream.calls] == ["/api/projects"]


def test_a_finished_job_is_one_that_is_completed_at_any_stage_and_says_so(portal, upstream):
    finish(upstream, DEPOT)
    page = words(portal.get("/downloads/get/?counted=1"))
    assert "16 of 16 jobs finished" in page  # the ground truth job of task 6 is neither counted nor missing
    assert "Finished means: state completed, at whichever stage." in page
    assert "Ground truth jobs and consensus replicas are left out" in page


def test_a_project_without_finished_work_offers_everything_only(portal, upstream):
    for job in upstream.store.jobs:
        job.state = "new"
    page = portal.get("/downloads/get/?counted=1")
    assert "none finished yet" in words(page) and "Everything of Depot" in links(page)
    assert "Finished work of Depot" not in links(page)


def test_tasks_are_found_by_their_names(portal, upstream):
    page = portal.get("/downloads/get/?of=task&search=roundabout&counted=1")
    assert "Everything of Roundabout north" in links(page) and "Night bus lane" not in text(page)
    assert "task=2&part=all" in links(page)["Everything of Roundabout north"]
    assert "No task is called “nothing like it” here" in text(
        portal.get("/downloads/get/?of=task&search=nothing like it")
    )


def test_counts_that_fail_leave_the_choice(portal, upstream):
    upstream.fail(path="^/api/jobs$", status=500, times=None)
    page = portal.get("/downloads/get/?counted=1")
    assert page.status_code == 200 and "could not be counted. It can be chosen all the same" in text(page)
    assert "Finished work of Depot" in links(page)


def test_what_an_address_says_wrong_is_passed_over_or_not_there(portal):
    assert portal.get("/downloads/get/?of=nonsense&page=0&search=%00").status_code == 200
    for query in ("project=999", "project=x", "project=", "task=-1", "project=99999999999"):
        answer = portal.get(f"/downloads/get/for?{query}")
        assert answer.status_code in (404, 422), query
    for query in ("", "jobs=", "kept=nothing", "bundle=nothing", "jobs=999999"):
        answer = portal.get(f"/downloads/get/for?{query}")
        assert answer.status_code == 422 and "There is nothing to get" in text(answer), query
    for query in ("jobs=1,two", "all=1&query=nonsense%3D1"):
        assert portal.get(f"/downloads/get/for?{query}").status_code == 422


def test_a_selection_of_the_list_tells_how_many_are_finished(portal, upstream):
    upstream.store.jobs[45].state = "completed"
    answer = portal.post("/downloads/get/?org=acme", {"job": ["45", "46"], "jobs": "47", "query": "?org=acme"})
    assert answer.status_code == 302 and parse_qs(urlsplit(answer["Location"]).query)["jobs"] == ["45,46,47"]
    page = portal.get(answer["Location"])
    assert "3 jobs, 30 frames, 1 of them finished" in words(page)
    assert "Only the finished ones: 1 of 3" in words(page)
    page = portal.get("/downloads/get/for?jobs=45,46,47&part=finished")
    assert "The finished ones of the jobs that you chose · 1 job, 10 frames" in words(page)


def test_all_that_a_list_finds_is_counted_by_the_same_filter(portal, upstream):
    answer = portal.post("/downloads/get/?org=acme", {"all": "1", "query": "?org=acme&assignee=dave"})
    page = portal.get(answer["Location"])
    found = sum(1 for job in upstream.store.jobs if job.organization_id == 1 and job.assignee_id == 5)
    assert f"{found} jobs, " in words(page) and "All jobs that the list finds" in text(page)
    calls = [call.query for call in upstream.calls if call.path == "/api/jobs"]
    assert {call["assignee"][0] for call in calls} == {"dave"}
    assert ["completed" in call.get("filter", [""])[0] for call in calls].count(True) == 1


def test_more_jobs_than_an_address_carries_are_kept_aside_for_that_person_alone(portal, sign_in, upstream):
    upstream.padding = 0
    ids = ",".join(str(number) for number in range(1, 900))
    answer = portal.post("/downloads/get/?org=acme", {"jobs": ids})
    assert len(answer["Location"]) < 200 and "kept=" in answer["Location"]
    assert "jobs, " in words(portal.get(answer["Location"]))
    assert sign_in("bob").get(answer["Location"]).status_code == 422


def test_a_rule_that_is_too_long_for_an_address_is_kept_aside_too(portal, upstream):
    rule = '{"in": [{"var": "id"}, [' + ",".join(map(str, range(1, 600))) + "]]}"
    answer = portal.post(
        "/downloads/get/?org=acme", {"all": "1", "query": "?" + urlencode({"org": "acme", "filter": rule})}
    )
    assert answer.status_code == 302 and len(answer["Location"]) < 200
    assert "jobs, " in words(portal.get(answer["Location"]))


def test_a_selection_that_came_back_by_signing_in_leads_to_the_list(portal):
    assert portal.get("/downloads/get/?job=3&jobs=")["Location"] == "/jobs/"


def test_one_job_is_asked_about_from_its_export_page(portal):
    page = portal.get("/jobs/46/export/")
    place = links(page)["Get data…"]
    assert "Job 46 · 1 job, 10 frames" in words(portal.get(place))


# What for


def test_each_purpose_names_its_format_and_what_that_holds(portal, upstream):
    page = portal.get(f"/downloads/get/for?project={STREET}&part=finished")
    said = words(page)
    assert "The finished work of Street scenes · 4 jobs" in said
    assert "Train a detector A model that finds things and draws a box around each. COCO 1.0: for training" in said
    assert "CVAT for images 1.1: every shape, tag and attribute" in said
    assert "purpose=detector" in links(page)[next(name for name in links(page) if name.startswith("Train a detector"))]
    options = re.findall(r'<option value="([^"]+)"', text(page))
    assert set(options) == {
        "COCO 1.0",
        "CVAT for images 1.1",
        "CVAT for video 1.1",
        "YOLO 1.1",
        "Ultralytics YOLO Detection 1.0",
    }


def test_any_format_of_the_server_can_be_chosen_and_nothing_else(portal):
    place = f"/downloads/get/for?project={STREET}&part=all&own=1&format="
    answer = portal.get(place + "YOLO 1.1")
    assert answer.status_code == 302 and "format=YOLO+1.1" in answer["Location"]
    answer = portal.get(place + "Nope")
    assert answer.status_code == 422 and "does not export this in this format" in text(answer)
    assert '<details class="card get-own" id="own" open>' in text(answer)


def test_video_is_kept_as_video():
    names = {"CVAT for images 1.1", "CVAT for video 1.1"}
    assert best(PURPOSES[ARCHIVE], names, True) == "CVAT for video 1.1"
    assert best(PURPOSES[ARCHIVE], names, False) == "CVAT for images 1.1"


def test_a_purpose_that_the_server_has_no_format_for_is_said_and_no_link(portal, upstream):
    assert {one.purpose.key: one.format for one in offers(["YOLO 1.1"])}[SEGMENTATION] == ""
    body = b'{"importers": [], "exporters": [{"name": "YOLO 1.1", "ext": "ZIP", "version": "1.1", "enabled": true}]}'
    upstream.fail(path="/annotation/formats", status=200, body=body, content_type="application/json")
    page = portal.get(f"/downloads/get/for?project={STREET}&part=all")
    assert "This server writes no format that is made for it" in words(page)
    assert not [name for name in links(page) if name.startswith("Train segmentation")]


def test_a_server_without_any_format_says_so(portal, upstream):
    body = b'{"importers": [], "exporters": []}'
    upstream.fail(path="/annotation/formats", status=200, body=body, content_type="application/json")
    page = portal.get(f"/downloads/get/for?project={STREET}&part=all")
    assert "has no format switched on that fits" in words(page) and "Excel: look at it in a spreadsheet" in links(page)


# Images


def test_images_are_told_in_size_from_a_few_frames_of_which_only_headers_are_read(portal, upstream):
    page = portal.get("/downloads/get/images?task=6&part=all&purpose=detector&format=COCO+1.0")
    assert "All 100 frames are put in" in words(page) and "Looking how large" in text(page)
    assert not [call for call in upstream.calls if call.path.endswith("/data")]
    place = text(page).split('hx-get="')[1].split('"')[0]
    part = portal.get(place, headers=htmx("images-size"))
    assert re.search(r"About [\d.]+ MB, estimated from a few frames", words(part))
    assert len([call for call in upstream.calls if call.path.endswith("/data")]) == 3


@pytest.mark.parametrize("fault", [{"status": 500}, {"reset": True}, {"status": 200, "body": b"", "headers": {}}])
def test_where_the_size_can_not_be_found_out_the_step_goes_on(portal, upstream, fault):
    upstream.fail(path="/data$", times=None, **fault)
    page = portal.get("/downloads/get/images?task=6&part=all&format=COCO+1.0&sized=1")
    assert page.status_code == 200 and "How large that is could not be found out." in words(page)


def test_a_format_that_is_gone_leads_back_to_the_choice(portal):
    for step in ("images", "confirm"):
        page = portal.get(f"/downloads/get/{step}?task=6&part=all&format=Nope&images=no")
        assert page.status_code == 422 and "The server does not export this as Nope." in text(page)
        page = portal.get(f"/downloads/get/{step}?task=6&part=all&images=no")
        assert page.status_code == 422 and "No format is chosen yet." in text(page)


# Confirming


def test_the_last_step_says_all_of_it_in_one_sentence(portal):
    page = portal.get("/downloads/get/confirm", {"project": STREET, "part": "finished", **COCO})
    assert (
        "You get the finished work of Street scenes, 4 jobs, 38 frames, as COCO 1.0 for training a detector, "
        "without the images." in words(page)
    )
    assert re.search(r"Street-scenes-finished-work-4-jobs-coco-\d{4}-\d\d-\d\d\.zip", text(page))
    assert "ground truth jobs and consensus replicas; jobs whose state isn’t completed" in text(page)


def test_a_whole_project_is_exported_by_the_upstream_in_one_piece(portal, upstream):
    answer = confirm(portal, project=STREET, part="all", **COCO | {"images": "yes"})
    assert answer.status_code == 302 and "new=action%3Dexport" in answer["Location"]
    (call,) = sent(upstream)
    assert call.path == "/api/projects/1/dataset/export"
    assert call.query == {"format": ["COCO 1.0"], "save_images": ["true"]}
    page = text(portal.get(answer["Location"]))
    assert "Street scenes · project 1" in page and "is-new" in page and "/downloads/file?id=" in page


def test_finished_work_is_the_whole_project_once_all_of_it_is_finished(portal, upstream):
    finish(upstream, STREET)
    confirm(portal, project=STREET, part="finished", **COCO)
    assert [call.path for call in sent(upstream)] == ["/api/projects/1/dataset/export"]
    confirm(portal, task=6, part="all", **COCO)
    assert sent(upstream)[-1].path == "/api/tasks/6/dataset/export"


def test_finished_work_of_a_project_that_is_not_finished_is_a_bundle_of_those_jobs(portal, upstream):
    answer = confirm(portal, project=STREET, part="finished", **COCO)
    bundle = Bundle.objects.get()
    done = {job.id for job in upstream.store.jobs if job.project_id == STREET and job.state == "completed"}
    assert set(bundle.parts.values_list("job_id", flat=True)) == done and len(done) == 4
    assert (bundle.title, bundle.purpose, bundle.layout) == ("Street scenes, finished work", DETECTOR, FOLDERS)
    assert answer["Location"] == f"/downloads/?new={bundle.key}" and not sent(upstream)
    page = words(portal.get(answer["Location"]))
    assert "4 jobs · for training a detector (COCO 1.0) · annotations only · waiting to begin" in page


def test_an_archive_keeps_each_jobs_archive(portal):
    confirm(portal, project=STREET, part="finished", purpose="archive", format="CVAT for images 1.1", images="no")
    assert Bundle.objects.get().layout == ARCHIVES


def test_who_may_not_export_the_whole_gets_its_jobs(portal, upstream):
    upstream.fail("POST", "/projects/1/dataset/export", status=403, body=b'{"detail": "no"}')
    answer = confirm(portal, project=STREET, part="all", **COCO)
    assert Bundle.objects.get().total == 31
    assert "You may not export the whole project, so its jobs are put together" in text(portal.get(answer["Location"]))


def test_who_may_not_export_the_whole_is_told_that_it_can_not_go_to_a_storage(portal, upstream):
    upstream.fail("POST", "/projects/1/dataset/export", status=403, body=b'{"detail": "no"}')
    page = portal.get("/downloads/get/confirm", {"project": STREET, "part": "all", **COCO})
    form = fields(page) | {"place": "storage", "storage": "1", "filename": "all.zip"}
    answer = portal.post("/downloads/get/confirm", form)
    assert answer.status_code == 422 and "That can only be downloaded." in text(answer)
    assert not Bundle.objects.exists()


def test_one_job_is_one_export(portal, upstream):
    confirm(portal, jobs="46", **COCO)
    assert [call.path for call in sent(upstream)] == ["/api/jobs/46/dataset/export"] and not Bundle.objects.exists()


def test_a_table_needs_no_format_and_no_images(portal, upstream):
    page = portal.get("/downloads/get/for?jobs=1,2")
    assert "kind=xlsx" in links(page)["Excel: look at it in a spreadsheet"]
    place = links(page)["CSV: look at it in a spreadsheet"]
    page = portal.get(place)
    assert "as a table with one row for each object (CSV)" in words(page)
    answer = portal.post("/downloads/get/confirm", fields(page))
    bundle = Bundle.objects.get()
    assert (bundle.kind, bundle.title, bundle.total) == (CSV, "Chosen jobs, table of objects", 2)
    page = portal.get(answer["Location"])
    assert ">CSV<" in text(page) and "2 jobs · one row for each object" in words(page)
    file = portal.get(links(page)["Download Chosen jobs, table of objects"])
    assert file.status_code == 200 and b"job" in file.getvalue().splitlines()[0]


def test_a_double_click_orders_once(portal, upstream):
    page = portal.get("/downloads/get/confirm", {"project": STREET, "part": "finished", **COCO})
    first = portal.post("/downloads/get/confirm", fields(page))
    second = portal.post("/downloads/get/confirm", fields(page))
    assert Bundle.objects.count() == 1 and first["Location"] == second["Location"]


def test_the_same_ordered_anew_leads_to_the_one_that_is_being_prepared(portal, upstream, settings):
    settings.EMAIL_URL = "memory://"
    pages = [portal.get("/downloads/get/confirm", {"project": STREET, "part": "finished", **COCO}) for _ in range(2)]
    first = portal.post("/downloads/get/confirm", fields(pages[0]))
    second = portal.post("/downloads/get/confirm", fields(pages[1]) | {"mail": "on"})
    assert Bundle.objects.count() == 1 and first["Location"] == second["Location"]
    assert "This is being prepared already." in words(portal.get(second["Location"]))
    assert Bundle.objects.get().mail_to == "alice@example.com"


@pytest.mark.parametrize("wanted", [{"part": "finished", **COCO}, {"purpose": "table", "kind": "csv"}])
def test_the_file_is_called_as_was_said(portal, upstream, wanted):
    page = portal.get("/downloads/get/confirm", {"project": STREET, **wanted})
    portal.post("/downloads/get/confirm", fields(page))
    assert filename_of(Bundle.objects.get()) in page.content.decode()


def test_an_order_that_failed_can_be_sent_again(portal, upstream):
    page = portal.get("/downloads/get/confirm", {"project": STREET, "part": "all", **COCO})
    upstream.fail("POST", "/dataset/export", status=500)
    assert portal.post("/downloads/get/confirm", fields(page)).status_code == 502
    answer = portal.post("/downloads/get/confirm", fields(page))
    assert answer.status_code == 302 and "new=" in answer["Location"]


def test_the_upstreams_refusal_stands_at_the_form(portal, upstream):
    page = portal.get("/downloads/get/confirm", {"project": STREET, "part": "all", **COCO})
    body = b'["Unknown format specified for the request"]'
    upstream.fail("POST", "/dataset/export", status=400, body=body, content_type="application/json")
    answer = portal.post("/downloads/get/confirm", fields(page))
    assert answer.status_code == 422 and "Unknown format specified" in text(answer)


def test_without_a_worker_nothing_is_ordered_and_that_is_said(portal):
    workers.leave("test")
    answer = confirm(portal, project=STREET, part="finished", **COCO)
    assert answer.status_code == 422 and "no worker is there to prepare it" in text(answer)
    assert not Bundle.objects.exists()


# Cloud storages


def stored(portal, **changes):
    page = portal.get("/downloads/get/confirm", {"project": STREET, "part": "all", **COCO})
    given = {"place": "storage", "storage": "1", "filename": "exports/streets"} | changes
    return portal.post("/downloads/get/confirm", fields(page) | given)


def test_an_export_to_a_storage_is_followed_and_has_no_download(portal, upstream):
    answer = stored(portal)
    (call,) = sent(upstream)
    assert call.query["location"] == ["cloud_storage"] and call.query["cloud_storage_id"] == ["1"]
    assert "exports/streets.zip" in upstream.store.cloud_storages[1].files
    page = portal.get(answer["Location"])
    assert "Written to Street archive as exports/streets.zip" in words(page)
    assert 'id="get-' not in text(page) and "(1 ready)" not in text(page)


def test_a_storage_that_was_not_chosen_here_is_told_as_what_it_is(portal, upstream):
    answer = stored(portal)
    cache.clear()
    assert "Written to a cloud storage" in words(portal.get(answer["Location"]))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"storage": "3"}, "not among yours any more"),
        ({"storage": ""}, "Choose a storage."),
        ({"filename": ""}, "Give the file a name."),
        ({"filename": "../up.zip"}, "Use a plain name"),
        ({"filename": "/root.zip"}, "Use a plain name"),
        ({"filename": "a\\b"}, "Use a plain name"),
        ({"filename": "\u202egpj.zip"}, "Use a plain name"),
        ({"place": "moon"}, "Choose one of the two."),
    ],
)
def test_a_storage_and_a_name_that_can_not_be_are_said_at_their_fields(portal, upstream, changes, said):
    answer = stored(portal, **changes)
    assert answer.status_code == 422 and said in text(answer) and not sent(upstream)


def test_what_is_put_together_can_not_go_to_a_storage_and_says_why(portal):
    page = portal.get("/downloads/get/confirm", {"project": STREET, "part": "finished", **COCO})
    assert "This is put together from 4 files." in words(page)
    answer = portal.post("/downloads/get/confirm", fields(page) | {"place": "storage", "storage": "1", "filename": "x"})
    assert answer.status_code == 422 and "This can only be downloaded." in text(answer)


def test_storages_that_can_not_be_listed_leave_the_download(portal, upstream):
    upstream.fail(path="/cloudstorages", status=500)
    page = portal.get("/downloads/get/confirm", {"project": STREET, "part": "all", **COCO})
    assert page.status_code == 200 and "Your cloud storages could not be listed" in text(page)
    assert portal.post("/downloads/get/confirm", fields(page)).status_code == 302


def test_the_same_export_under_way_is_said_where_it_should_go_to_a_storage(portal, upstream):
    upstream.request_seconds = 60
    confirm(portal, project=STREET, part="all", **COCO)
    answer = stored(portal)
    assert answer.status_code == 422 and "is being made already" in text(answer)


# E-mail


def test_an_e_mail_is_offered_only_where_it_can_be_sent(portal, upstream, settings):
    place = ("/downloads/get/confirm", {"project": STREET, "part": "all", **COCO})
    assert "e-mail" not in text(portal.get(*place))
    assert "/api/users/self" not in [call.path for call in upstream.calls]
    settings.EMAIL_URL = "memory://"
    page = portal.get(*place)
    assert "to alice@example.com" in text(page)
    form = fields(page) | {"mail": "on", "mail_to": "mallory@example.com"}
    portal.post("/downloads/get/confirm", form)
    assert Watch.objects.get().mail_to == "alice@example.com"


def test_a_bundle_tells_by_e_mail_too(portal, settings):
    settings.EMAIL_URL = "memory://"
    page = portal.get("/downloads/get/confirm", {"project": STREET, "part": "finished", **COCO})
    portal.post("/downloads/get/confirm", fields(page) | {"mail": "on"})
    assert Bundle.objects.get().mail_to == "alice@example.com"


# What goes wrong


STEPS = [
    "/downloads/get/",
    "/downloads/get/for?project=1&part=all",
    "/downloads/get/images?project=1&part=all&format=COCO+1.0",
    "/downloads/get/confirm?project=1&part=all&format=COCO+1.0&images=no",
]


@pytest.mark.parametrize("place", STEPS)
@pytest.mark.parametrize(
    ("fault", "status"), [({"reset": True}, 502), ({"status": 500}, 502), ({"malformed": "html"}, 502)]
)
def test_an_upstream_in_trouble_is_told_at_every_step(portal, upstream, place, fault, status):
    upstream.fail(path="^/api/", times=None, **fault)
    answer = portal.get(place)
    assert answer.status_code == status and "Try again" in text(answer)


@pytest.mark.parametrize("place", STEPS)
def test_a_sign_in_that_ends_leads_back_to_the_step(portal, upstream, place):
    upstream.revoke("alice")
    answer = portal.get(place)
    assert answer.status_code == 401 and "next=" in text(answer)


def test_a_sign_in_that_ends_while_ordering_leads_back_to_the_order(portal, upstream):
    page = portal.get("/downloads/get/confirm", {"project": STREET, "part": "all", **COCO})
    upstream.revoke("alice")
    answer = portal.post("/downloads/get/confirm", fields(page))
    place = parse_qs(urlsplit(text(answer).split('href="/sign-in')[1].split('"')[0]).query)["next"][0]
    assert answer.status_code == 401 and place.startswith("/downloads/get/confirm?") and "project=1" in place


HOSTILE = '\u202e"><script>alert(1)</script> ../../etc'


def test_hostile_names_stay_names(portal, upstream):
    upstream.store.projects[STREET].name = HOSTILE
    finish(upstream, STREET)
    for place in [*STEPS, "/downloads/get/?counted=1", "/downloads/get/?search=" + HOSTILE]:
        page = portal.get(place)
        assert page.status_code == 200 and b"<script>alert" not in page.content, place
    answer = confirm(portal, project=STREET, part="finished", **COCO)
    page = portal.get(answer["Location"])
    assert b"<script>alert" not in page.content
    file = portal.get(next(href for name, href in links(page).items() if name.startswith("Download ")))
    assert "script" in file["Content-Disposition"] and not set(file["Content-Disposition"]) & set("<>\r\n\u202e/\\")
    file.close()


def test_a_project_of_others_has_nothing_to_get(portal):
    answer = portal.get("/downloads/get/for?project=3&part=all")
    assert answer.status_code == 422 and "There is nothing to get" in text(answer)


# Estimates


def test_frames_of_finished_jobs_are_counted_where_all_are_known_and_estimated_beyond():
    jobs = tuple(Job(id=n, task_id=1, frame_count=10, state="completed" if n < 3 else "new") for n in range(5))
    assert Counts(5, 3, 50, sample=jobs).frames_of("finished") == (30, False)
    assert Counts(1000, 300, 10_000, True, jobs).frames_of("finished") == (3000, True)
    assert Counts(5, 5, 50, sample=jobs).frames_of("finished") == (50, False)


# The older generation


def test_on_an_older_server_the_same_steps_lead_to_the_same_file(older, sign_in):
    portal = sign_in()
    finish(older, STREET)
    page = portal.get("/downloads/get/for?project=1&part=finished")
    assert "COCO 1.0" in words(page) and "YOLOv8 Detection 1.0" in text(page)
    answer = confirm(portal, project=STREET, part="finished", **COCO)
    page = portal.get(answer["Location"])
    assert "can be downloaded once" in words(page)
    file = portal.get(links(page)["Download Street scenes · project 1"])
    assert zipfile.ZipFile(io.BytesIO(file.getvalue())).namelist()


def test_a_bundle_is_ordered_prepared_and_downloaded(portal, upstream):
    answer = confirm(portal, project=STREET, part="finished", **COCO)
    prepare()
    page = portal.get(answer["Location"])
    assert "(1 ready)" in text(page) and "goes away tomorrow" in words(page)
    file = portal.get(links(page)["Download Street scenes, finished work"])
    names = zipfile.ZipFile(io.BytesIO(file.getvalue())).namelist()
    assert len({name.split("/")[0] for name in names if "/" in name}) >= 1 and any("job" in name for name in names)


def prepare():
    """What a worker does, until nothing is left to do."""
    for _ in range(60):
        Bundle.objects.update(rests_until=None)
        preparing.turn()
        if not Bundle.objects.filter(status="preparing").exists():
            return
    raise AssertionError("the bundle is not prepared")


def test_the_parts_of_a_bundle_are_no_downloads_of_their_own(portal, upstream):
    answer = confirm(portal, project=STREET, part="finished", **COCO)
    prepare()
    assert len(upstream.store.requests) == 4
    page = portal.get(answer["Location"])
    assert text(page).count('id="get-') == 1 and "not shown" not in text(page)


def test_what_one_asked_for_before_many_parts_is_still_listed(portal, upstream, monkeypatch):
    from jobsportal.exports import downloads_views

    monkeypatch.setattr(downloads_views, "SHOWN", 3)
    confirm(portal, jobs="46", **COCO)
    confirm(portal, project=STREET, part="finished", **COCO)
    prepare()
    page = portal.get("/downloads/")
    assert "Depot yard, morning · job 46" in text(page) and text(page).count('id="get-') == 2


def test_another_format_is_chosen_for_the_same_jobs_of_a_bundle(portal, sign_in):
    confirm(portal, project=STREET, part="finished", **COCO)
    bundle = Bundle.objects.get()
    Bundle.objects.update(status="failed", problem="Nothing could be exported.")
    page = portal.get("/downloads/")
    assert "Failed. Nothing could be exported." in words(page)
    place = links(page)["Choose another format for Street scenes, finished work"]
    assert "4 jobs, 38 frames, 4 of them finished" in words(portal.get(place))
    assert sign_in("bob").get(f"/downloads/get/?bundle={bundle.key}").status_code == 404


def test_the_palette_leads_there(portal):
    assert "/downloads/get/" in text(portal.get("/jobs/go?q=get data"))


def test_other_people_do_not_follow_my_downloads(sign_in, upstream):
    assert isinstance(upstream, Sandbox)
    confirm(sign_in("alice"), project=STREET, part="finished", **COCO)
    assert "Street scenes, finished work" not in text(sign_in("bob").get("/downloads/"))
