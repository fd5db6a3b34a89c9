"""The portal in front of a server of the older generation: the same pages, by its ways."""

import json
import re
from html import unescape
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile

from jobsportal.sandbox import Sandbox

JOB, EMPTY = 46, 44


@pytest.fixture(scope="module")
def older_server():
    with Sandbox(version="2.20", anonymous_per_minute=100_000) as running:
        yield running


@pytest.fixture(autouse=True)
def upstream(older_server, settings, db):
    older_server.reset()
    older_server.request_seconds = 0.0
    settings.CVAT_URL = settings.CVAT_PUBLIC_URL = older_server.url
    settings.CVAT_RETRIES = 0
    cache.clear()
    return older_server


def text(response):
    return unescape(response.content.decode())


def page_of(portal, response):
    """Where a form leads to, once what was begun there is over."""
    assert response.status_code == 302, text(response)
    return portal.get(response["Location"])


def export(portal, upstream, format="COCO 1.0"):
    """The id of a finished export."""
    page_of(portal, portal.post(f"/jobs/{JOB}/export/", {"format": format, "save_images": "false"}))
    (request,) = upstream.store.requests.values()
    while request.running:
        pass
    return request.id


def file_of(rq_id):
    return f"/downloads/file?{urlencode({'id': rq_id})}"


def test_jobs_are_listed_and_changed(portal, upstream):
    assert "jobs" in text(portal.get("/jobs/"))
    answer = portal.post(f"/jobs/{JOB}/", {"assignee": "dave", "stage": "annotation", "state": "in progress"})
    assert answer.status_code in (200, 302) and upstream.store.jobs[JOB].state == "in progress"


def test_the_jobs_of_a_task_that_isnt_there_are_none(portal):
    assert portal.get("/jobs/?task_id=99999").status_code == 200


def test_a_finished_export_is_handed_over_whole_and_once(portal, upstream):
    rq_id = export(portal, upstream)
    assert "Ready" in text(portal.get("/downloads/"))
    answer = portal.get(file_of(rq_id), headers={"Range": "bytes=0-3"})
    assert answer.status_code == 200 and len(answer.getvalue()) > 100
    again = portal.get(file_of(rq_id) + "&job=46&format=COCO+1.0&save_images=false")
    assert again.status_code == 404 and "Prepare" in text(again)


def test_looking_whether_a_file_is_there_leaves_it_there(portal, upstream):
    rq_id = export(portal, upstream)
    assert portal.head(file_of(rq_id)).status_code == 200
    assert portal.get(file_of(rq_id)).getvalue()[:2] == b"PK"


def test_an_export_that_runs_already_is_found_again(portal, upstream):
    upstream.request_seconds = 60.0
    for _ in range(2):
        answer = portal.post(f"/jobs/{JOB}/export/", {"format": "COCO 1.0", "save_images": "true"})
        assert "new=export" in answer["Location"]
    assert "being prepared already" in text(portal.get(answer["Location"]))
    assert len(upstream.store.requests) == 1


def test_an_export_that_has_not_begun_is_taken_back(portal, upstream):
    upstream.request_seconds = 60.0
    portal.post(f"/jobs/{JOB}/export/", {"format": "COCO 1.0", "save_images": "true"})
    (request,) = upstream.store.requests.values()
    page = page_of(portal, portal.post("/downloads/cancel", {"id": request.id}))
    assert "cancel" in text(page)


def box(upstream, job=EMPTY):
    segment = upstream.store.jobs[job]
    task = upstream.store.task_of(segment)
    label = next(label for label in upstream.store.labels_of_task(task) if label.type in ("any", "rectangle"))
    shape = f'<box label="{label.name}" xtl="1" ytl="1" xbr="20" ybr="20" occluded="0" z_order="0"/>'
    frame = segment.frames[0]
    image = f'<image id="{frame}" name="{task.frame_name(frame)}" width="640" height="480">{shape}</image>'
    return f"<annotations><version>1.1</version>{image}</annotations>".encode()


def send(portal, content, job=EMPTY, seen=0):
    file = SimpleUploadedFile("boxes.xml", content)
    return portal.post(f"/jobs/{job}/upload/", {"file": file, "format": "CVAT 1.1", "seen": seen, "replace": "on"})


def settled(portal, response):
    page = page_of(portal, response)
    for _ in range(200):
        if "polling" not in page.content.decode() and not re.search(r"hx-trigger=\"every|load delay", text(page)):
            break
        page = portal.get(response["Location"])
    return page


def count(portal, job=EMPTY):
    data = json.loads(portal.get(f"/jobs/{job}/annotations.json").getvalue())
    return len(data["tags"]) + len(data["shapes"]) + len(data["tracks"])


def test_a_file_is_uploaded_in_pieces_and_another_after_it(portal, upstream):
    for _ in range(2):  # the first is over, and nobody has asked for its outcome in the way of old
        page = settled(portal, send(portal, box(upstream), seen=count(portal)))
        assert "boxes.xml" in text(page)
        assert count(portal) == 1
    assert any("upload-finish" in call.headers for call in upstream.calls)


def test_a_file_that_cant_be_read_is_explained(portal, upstream):
    page = settled(portal, send(portal, b"<annotations"))
    assert "can't be read as XML" in text(page) and "Traceback" not in text(page)


def test_an_import_that_runs_is_in_the_way(portal, upstream):
    upstream.request_seconds = 60.0
    send(portal, box(upstream))
    answer = send(portal, box(upstream))
    assert (answer.status_code == 409 and "Nothing was changed" in text(answer)) or "running" in text(answer)


def test_looking_at_a_job_and_its_pages_never_touches_its_annotations(portal, upstream):
    before = count(portal, JOB)
    for place in ("", "annotations/", "upload/", "export/", "preview"):
        assert portal.get(f"/jobs/{JOB}/{place}").status_code in (200, 404)
    assert count(portal, JOB) == before and not [call for call in upstream.calls if call.method != "GET"]
