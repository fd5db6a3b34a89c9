"""What two generations of real servers answer, and what the types make of it."""

from datetime import UTC, datetime

import msgspec
import pytest

from jobsportal.cvat.labeled import LabeledData
from jobsportal.cvat.types import (
    About,
    Formats,
    Job,
    Label,
    Organization,
    Page,
    Project,
    Request,
    Task,
    User,
)

JOB_2_42 = """{"url":"http://127.0.0.1:8090/api/jobs/1","id":1,"task_id":1,"project_id":1,"assignee":{"url":
"http://127.0.0.1:8090/api/users/4","id":4,"username":"carol","first_name":"Carol","last_name":"Tester"},"guide_id":null,
"dimension":"2d","bug_tracker":"","status":"annotation","stage":"annotation","state":"new","mode":"annotation",
"frame_count":8,"start_frame":0,"stop_frame":7,"data_chunk_size":72,"data_compressed_chunk_type":"imageset",
"data_original_chunk_type":"imageset","created_date":"2026-11-23T10:31:20.031111Z","updated_date":
"2026-11-23T10:31:48.241664Z","issues":{"url":"http://127.0.0.1:8090/api/issues?job_id=1","count":1},"labels":{"url":
"http://127.0.0.1:8090/api/labels?job_id=1"},"type":"annotation","organization":1,"target_storage":null,
"source_storage":null,"assignee_updated_date":"2026-11-23T10:31:35.003593Z","parent_job_id":null,"consensus_replicas":0}"""

VIDEO_JOB_2_20 = """{"url":"http://127.0.0.1:8090/api/jobs/35","id":35,"task_id":6,"project_id":null,"assignee":null,
"guide_id":null,"dimension":"2d","bug_tracker":null,"status":"validation","stage":"validation","state":"completed","mode":
"interpolation","frame_count":12,"start_frame":0,"stop_frame":11,"data_chunk_size":36,"data_compressed_chunk_type":
"video","data_original_chunk_type":"video","created_date":"2026-11-23T10:31:27Z","updated_date":
"2026-11-23T10:31:49.122321Z","issues":{"url":"http://127.0.0.1:8090/api/issues?job_id=35","count":0},"labels":{"url":
"http://127.0.0.1:8090/api/labels?job_id=35"},"type":"annotation","organization":null,"target_storage":null,
"source_storage":null,"assignee_updated_date":null}"""

FINISHED = """{"status":"finished","message":"","id":
"action=export&target=job&target_id=14&user_id=1&format=YOLO_1~1&subresource=dataset","operation":{"type":"export:dataset",
"target":"job","project_id":1,"task_id":2,"job_id":14,"format":"YOLO 1.1"},"progress":0.0,"created_date":
"2026-11-23T10:38:24.427259Z","started_date":"2026-11-23T10:38:29.344874Z","finished_date":"2026-11-23T10:38:29.443002Z",
"expiry_date":"2026-11-24T10:38:29.443002Z","owner":{"id":1,"username":"admin"},"result_url":
"http://127.0.0.1:8090/api/jobs/14/dataset/download?rq_id=action%3Dexport%26target%3Djob","result_id":null}"""

FAILED = """{"status":"failed","message":"ModuleNotFoundError: No module named 'openvino'\\n","id":"action=export&target=job",
"operation":{"type":"export:dataset","target":"job","project_id":1,"task_id":2,"job_id":14,"format":"YOLO 1.1"},"progress":
0.0,"created_date":"2026-11-23T10:34:59.391925Z","started_date":"2026-11-23T10:35:06.245940Z","finished_date":
"2026-11-23T10:35:07.987990Z","expiry_date":"2026-11-24T10:35:07.987990Z","owner":{"id":1,"username":"admin"},
"result_url":null,"result_id":null}"""

QUEUED = """{"status":"queued","message":"","id":"export:job-14-dataset-in-YOLO_1~1-format-by-1","operation":{"type":
"export:dataset","target":"job","project_id":null,"task_id":null,"job_id":14,"format":null,"function_id":null},"progress":
null,"created_date":"2026-11-23T10:38:24.427259Z","started_date":null,"finished_date":null,"expiry_date":null,"owner":
{"id":1,"username":"admin"},"result_url":null,"result_id":null}"""

USER = """{"url":"http://127.0.0.1:8090/api/users/1","id":1,"username":"admin","first_name":"","last_name":"","email":
"admin@example.com","groups":["admin"],"is_staff":true,"is_superuser":true,"is_active":true,"last_login":
"2026-11-23T10:32:08.364221Z","date_joined":"2026-11-23T10:31:09.925515Z","has_analytics_access":true}"""

SKELETON = """{"id":7,"name":"pose","color":"#ff6037","attributes":[],"type":"skeleton","svg":
"<line x1=\\"50\\" y1=\\"10\\" x2=\\"30\\" y2=\\"50\\" data-type=\\"edge\\" data-node-from=\\"1\\" data-node-to=\\"2\\"></line>",
"sublabels":[{"id":8,"name":"head","color":"#000000","attributes":[],"type":"points","has_parent":true},{"id":9,"name":
"hand","color":"#000000","attributes":[{"id":3,"name":"hidden","mutable":true,"input_type":"checkbox","default_value":
"false","values":["false"]}],"type":"points","has_parent":true}],"project_id":1,"task_id":null,"parent_id":null,
"has_parent":false}"""

ANNOTATIONS = """{"version":0,"tags":[{"id":null,"frame":30,"label_id":2,"group":null,"source":"manual","attributes":[]}],
"shapes":[{"id":543,"label_id":1,"type":"rectangle","frame":30,"group":0,"source":"file","occluded":false,"outside":false,
"z_order":0,"rotation":12.5,"points":[10.0,20.0,60,70.25],"attributes":[{"spec_id":1,"value":"red"}],"elements":[]},
{"id":544,"label_id":7,"type":"skeleton","frame":31,"group":0,"source":"manual","occluded":false,"outside":false,"z_order":
0,"rotation":0.0,"points":[],"attributes":[],"elements":[{"id":545,"label_id":8,"type":"points","frame":31,"group":0,
"source":"manual","occluded":false,"outside":false,"z_order":0,"rotation":0.0,"points":[1.0,2.0],"attributes":[]}]}],
"tracks":[{"id":3,"label_id":1,"frame":0,"group":0,"source":"manual","attributes":[],"shapes":[{"type":"rectangle",
"occluded":false,"outside":false,"z_order":0,"rotation":0.0,"points":[1.0,2.0,3.0,4.0],"id":9,"frame":0,"attributes":[]},
{"type":"rectangle","occluded":false,"outside":true,"z_order":0,"rotation":0.0,"points":[1.0,2.0,3.0,4.0],"id":10,"frame":5,
"attributes":[]}],"elements":[]}]}"""

PAGE = """{"count":643,"next":"http://127.0.0.1:8090/api/jobs?page=2","previous":null,"results":[%s,%s]}"""


def read(text, kind):
    return msgspec.json.decode(text, type=kind)


def test_a_job_as_2_42_tells_it():
    job = read(JOB_2_42, Job)
    assert (job.id, job.task_id, job.project_id, job.organization) == (1, 1, 1, 1)
    assert job.assignee is not None
    assert (job.assignee.id, job.assignee.username, job.assignee.name) == (4, "carol", "Carol Tester")
    assert (job.stage, job.state, job.type, job.mode, job.dimension) == (
        "annotation",
        "new",
        "annotation",
        "annotation",
        "2d",
    )
    assert (job.start_frame, job.stop_frame, job.frame_count, job.issues.count) == (0, 7, 8, 1)
    assert job.updated_date == datetime(2026, 11, 23, 10, 31, 48, 241664, UTC)


def test_a_job_of_nobody_and_of_no_project_as_2_20_tells_it():
    job = read(VIDEO_JOB_2_20, Job)
    assert (job.assignee, job.project_id, job.organization, job.bug_tracker) == (None, None, None, None)
    assert job.created_date == datetime(2026, 11, 23, 10, 31, 27, tzinfo=UTC)


def test_a_page_counts_everything_and_holds_a_few():
    page = read(PAGE % (JOB_2_42, VIDEO_JOB_2_20), Page[Job])
    assert (page.count, len(page), page.has_next) == (643, 2, True)
    assert [job.id for job in page] == [1, 35]
    assert not read('{"count":0,"next":null,"previous":null,"results":[]}', Page[Job]).has_next
    assert not read('{"count":0,"results":[]}', Page[Job]).has_next


def test_a_finished_request():
    request = read(FINISHED, Request)
    assert request.is_over and (request.operation.type, request.operation.job_id) == ("export:dataset", 14)
    assert request.owner is not None and request.owner.username == "admin"
    assert request.expiry_date is not None and request.finished_date is not None
    assert request.expiry_date > request.finished_date


def test_a_failed_request_says_why():
    request = read(FAILED, Request)
    assert request.is_over and "openvino" in request.message and request.result_url is None


def test_a_queued_request_knows_little():
    request = read(QUEUED, Request)
    assert not request.is_over
    assert (request.progress, request.started_date, request.operation.format) == (None, None, None)


def test_a_person_with_and_without_a_name():
    user = read(USER, User)
    assert (user.name, user.groups, user.is_superuser, user.email) == ("admin", ["admin"], True, "admin@example.com")
    plain = read('{"url":"x","id":4,"username":"carol","first_name":"Carol","last_name":""}', User)
    assert (plain.name, plain.groups, plain.is_active) == ("Carol", [], True)


def test_a_skeleton_label_with_its_drawing():
    label = read(SKELETON, Label)
    assert (label.name, label.color, label.type) == ("pose", "#ff6037", "skeleton")
    assert [part.name for part in label.sublabels] == ["head", "hand"]


def test_annotations_with_tags_shapes_and_tracks():
    data = read(ANNOTATIONS, LabeledData)
    assert (len(data.tags), len(data.shapes), len(data.tracks), data.total) == (1, 2, 1, 4)
    assert (data.shapes[0].points, data.shapes[0].rotation) == ([10.0, 20.0, 60.0, 70.25], 12.5)
    assert [shape.outside for shape in data.tracks[0].shapes] == [False, True]
    assert read("{}", LabeledData).total == 0


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Job, '{"id":1,"task_id":2}'),
        (Task, '{"id":1,"name":"x","project_id":null,"future":{"a":[1]}}'),
        (Project, '{"id":1,"name":"x","dimension":null,"owner":null}'),
        (Organization, '{"id":1,"slug":"acme","owner":null,"contact":{}}'),
        (User, '{"id":1,"username":"x"}'),
        (Label, '{"id":1,"name":"x"}'),
        (Request, '{"id":"x","status":"weird","operation":{"type":"later:thing"}}'),
        (Request, '{"id":"x","status":"queued","operation":{"type":"x"},"owner":null,"progress":1}'),
        (About, '{"name":"CVAT","version":"2.42.0","description":"<p>","logo_url":"x","subtitle":""}'),
        (
            Formats,
            '{"importers":[],"exporters":[{"name":"A","ext":"ZIP","version":"1","enabled":false,"dimension":"3d"}]}',
        ),
    ],
)
def test_what_is_missing_or_new_does_no_harm(kind, text):
    assert read(text, kind)


def test_what_newer_servers_may_call_a_stage_or_state_is_kept():
    job = read('{"id":1,"task_id":2,"stage":"triage","state":"on hold","type":"twin","dimension":"4d"}', Job)
    assert (job.stage, job.state, job.type, job.dimension) == ("triage", "on hold", "twin", "4d")


def test_records_do_not_change():
    job = read(JOB_2_42, Job)
    with pytest.raises(AttributeError):
        job.state = "completed"


def test_a_format_lists_the_endings_of_its_files():
    formats = read('{"importers":[{"name":"CVAT 1.1","ext":"XML, ZIP ,"}],"exporters":[]}', Formats)
    assert formats.importers[0].extensions == [".xml", ".zip"]
    assert read('{"importers":[{"name":"x","ext":""}],"exporters":[]}', Formats).importers[0].extensions == []
