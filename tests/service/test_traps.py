"""What real servers do, and what this layer does about it: one test for each trap, in both generations where it is
one in both. The sandbox stands in for the servers; where bytes matter, a server that says them."""

import io
import json
import socket
import threading

import msgspec
import pytest

from jobsportal.cvat import Client, RetryPolicy, SessionCredential, TokenCredential, Version, errors
from jobsportal.cvat.labeled import LabeledData, LabeledImage, Shape, Track, TrackedShape, problems, without_ids
from jobsportal.cvat.types import Request
from jobsportal.sandbox import Sandbox
from tests.service.conftest import session_of
from tests.service.wire import answer, ok

OLD, NEW = "2.20", "2.42"
JOB, EMPTY, TASK = 46, 44, 7
CVAT = b"<annotations><version>1.1</version></annotations>"


@pytest.fixture(scope="module")
def old_sandbox():
    with Sandbox(version=OLD, anonymous_per_minute=100_000) as running:
        yield running


@pytest.fixture(params=[OLD, NEW])
def server(request, sandbox):
    """A sandbox of each generation, fresh."""
    if request.param == NEW:
        return sandbox
    running = request.getfixturevalue("old_sandbox")
    running.reset()
    running.request_seconds = 0.0
    return running


@pytest.fixture
def old(old_sandbox):
    old_sandbox.reset()
    old_sandbox.request_seconds = 0.0
    return old_sandbox


def client_at(running, username="alice", **options):
    options = {"organization": "acme", "retry": RetryPolicy(backoff=0.0), **options}
    return Client(running.url, TokenCredential(running.token(username)), **options)


def done(client, rq_id):
    """The request, once it is over."""
    while not (request := client.requests.retrieve(rq_id)).is_over:
        pass
    return request


def paths(running, method):
    return [call.path for call in running.calls if call.method == method]


# Talking to it


def test_trap_accept_json_alone_is_406(server):
    client = client_at(server)
    assert client.jobs.retrieve(JOB).id == JOB
    assert server.calls[-1].headers["accept"].startswith("application/vnd.cvat+json")


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        ("404 Not Found", b'{"detail":"No Job matches the given query."}', "No Job matches the given query."),
        ("400 Bad Request", b'{"non_field_errors":["Unable to log in"]}', "Unable to log in"),
        ("400 Bad Request", b'["Only ground truth jobs can be removed"]', "Only ground truth jobs can be removed"),
        ("409 Conflict", b'"Export request is being processed"', "Export request is being processed"),
        ("404 Not Found", b"There is no request with specified id", "There is no request with specified id"),
        ("500 Server Error", b"<!doctype html><html><h1>Server Error (500)</h1></html>", "Server Error (500)"),
        ("400 Bad Request", b"", ""),
    ],
)
def test_trap_error_bodies_come_in_every_shape(listen, client_of, status, body, words):
    server = listen(answer(status, body, "Content-Type: text/html"))
    with pytest.raises(errors.CVATError) as told:
        client_of(server).jobs.retrieve(1)
    assert told.value.detail == words


def test_trap_errors_by_field_keep_their_fields(listen, client_of):
    server = listen(answer("400 Bad Request", b'{"frames":{"0":["A valid integer is required."]},"stage":["no"]}'))
    with pytest.raises(errors.Invalid) as told:
        client_of(server).jobs.retrieve(1)
    assert told.value.fields == {"frames": ["A valid integer is required."], "stage": ["no"]}


def test_trap_a_wrong_password_is_a_400(server):
    with pytest.raises(errors.Invalid, match="Unable to log in"):
        Client(server.url).auth.login("alice", "wrong")


def test_trap_signing_in_has_to_be_json(server):
    assert Client(server.url).auth.login("alice", "annotate")
    assert server.calls[-1].headers["content-type"] == "application/json"


def test_trap_a_session_changes_nothing_without_csrf_and_the_servers_origin(server):
    client = Client(server.url, SessionCredential(*session_of(server, "alice")), "acme")
    assert client.jobs.partial_update(JOB, state="in progress").state == "in progress"


def test_trap_signing_out_ends_the_token_for_everyone_who_uses_it(server):
    one, other = client_at(server), client_at(server)
    one.auth.logout()
    with pytest.raises(errors.SignedOut):
        other.users.self()


def test_trap_anonymous_calls_are_counted_by_the_address_that_is_passed_on():
    with Sandbox(anonymous_per_minute=2) as running:
        for address in ("192.0.2.1", "192.0.2.2"):
            client = Client(running.url, forwarded_for=address, retry=RetryPolicy(attempts=1))
            assert client.server.about() and client.server.about()
        with pytest.raises(errors.Busy) as told:
            client.server.about()
        assert told.value.retry_after


def test_trap_head_is_a_500_so_it_is_asked_of_uploads_alone(server):
    client = client_at(server)
    client.jobs.list(page_size=1)
    client.jobs.retrieve(JOB)
    rq_id = client.jobs.export("COCO 1.0", JOB).rq_id
    done(client, rq_id)
    assert b"".join(client.requests.download(rq_id))
    assert not paths(server, "HEAD") and not paths(server, "OPTIONS")


# Lists


def test_trap_a_count_needs_one_row_and_is_exact(server):
    client = client_at(server)
    page = client.jobs.list(page_size=1)
    assert len(page) == 1 and page.count == len(list(client.jobs.list(page_size=1000)))


def test_trap_a_page_outside_is_404_and_last_works(server):
    client = client_at(server)
    with pytest.raises(errors.NotFound):
        client.jobs.list(page=99, page_size=10)
    assert client.jobs.list(page="last", page_size=10).next is None


def test_trap_next_loses_the_organization_so_pages_are_asked_for_by_number(server):
    client = client_at(server)
    first = client.jobs.list(page_size=10, sort="id")
    assert first.has_next and "org" not in (first.next or "")
    number, found = 1, [job.id for job in first]
    while len(found) < first.count:
        number += 1
        found += [job.id for job in client.jobs.list(page_size=10, sort="id", page=number)]
    assert len(set(found)) == first.count
    assert {call.headers.get("x-organization") for call in server.calls} == {"acme"}


def test_trap_jobs_carry_no_names_and_one_call_brings_many(server):
    client = client_at(server)
    jobs = list(client.jobs.list(page_size=100))
    before = len(server.calls)
    names = client.tasks.by_ids(job.task_id for job in jobs)
    assert len(server.calls) - before == 1 and all(names[job.task_id].name for job in jobs)


def test_trap_an_unknown_field_to_sort_by_is_ignored_so_it_is_refused_here(server):
    with pytest.raises(errors.Invalid, match="sorted by"):
        client_at(server).jobs.list(sort="-updated_date,bogus")
    assert not server.calls


@pytest.mark.parametrize("name", ["task_id", "project_id"])
def test_trap_a_task_that_isnt_there_is_400_or_empty(server, name):
    page = client_at(server).jobs.list(**{name: 99999})
    assert (page.count, len(page)) == (0, 0)


@pytest.mark.parametrize(
    "rule",
    [
        {"!=": [{"var": "stage"}, "annotation"]},
        {"==": [{"var": "id"}, "abc"]},
        {"<": [{"var": "updated_date"}, "yesterday"]},
        {"and": []},
        [1],
        7,
    ],
)
def test_trap_rules_that_are_a_500_are_refused_here(server, rule):
    with pytest.raises(errors.Invalid):
        client_at(server).jobs.list(filter=json.dumps(rule))
    assert not server.calls


def test_trap_unlike_is_not_equal_turned_round(server):
    client = client_at(server)
    unlike = client.jobs.list(filter={"!": {"==": [{"var": "stage"}, "annotation"]}}, page_size=1000)
    assert unlike.count and all(job.stage != "annotation" for job in unlike)


def test_trap_the_empty_organization_means_personal_and_none_means_everything(server):
    everything = client_at(server, "grace", organization=None).jobs.list(page_size=1).count
    personal = client_at(server, "grace", organization="").jobs.list(page_size=1).count
    assert "x-organization" not in server.calls[0].headers and server.calls[1].headers["x-organization"] == ""
    assert personal <= everything


def test_trap_an_organization_that_isnt_there_or_not_for_the_caller(server):
    with pytest.raises(errors.NotFound):
        client_at(server, organization="nowhere").jobs.list()
    with pytest.raises(errors.Forbidden):
        client_at(server, "grace").jobs.list()
    with pytest.raises(ValueError):
        client_at(server).jobs.list(org_id="abc")


# Jobs


def test_trap_an_assignee_that_isnt_there_is_a_500(server):
    with pytest.raises(errors.Invalid) as told:
        client_at(server).jobs.partial_update(JOB, assignee=99999)
    assert told.value.fields == {"assignee": ["There is no such user."]}


def test_trap_somebody_from_outside_is_accepted_so_they_are_looked_for_first(server):
    client = client_at(server)
    outsider = next(user for user in server.store.users.values() if user.username == "grace")
    assert client.users.find(outsider.id) is None
    assert client_at(server, "admin").users.retrieve(outsider.id).username == "grace"


def test_trap_a_stage_without_a_state_makes_it_new(server):
    client = client_at(server)
    client.jobs.partial_update(JOB, stage="annotation", state="completed")
    assert client.jobs.partial_update(JOB, stage="validation").state == "new"


def test_trap_a_change_of_nothing_moves_the_updated_date_so_none_is_sent(server):
    client = client_at(server)
    before = client.jobs.retrieve(JOB).updated_date
    assert client.jobs.partial_update(JOB).updated_date == before
    assert not paths(server, "PATCH")


def test_trap_only_ground_truth_jobs_can_be_deleted(server):
    with pytest.raises(errors.Invalid, match="Only ground truth jobs can be removed"):
        client_at(server, "admin").jobs.destroy(JOB)
    client_at(server, "admin").jobs.destroy(58)
    with pytest.raises(errors.NotFound):
        client_at(server, "admin").jobs.retrieve(58)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"frame_selection_method": "manual"}, "frames"),
        ({"frame_selection_method": "manual", "frames": []}, "frames"),
        ({"frame_selection_method": "manual", "frames": [1, 1]}, "frames"),
        ({"frame_selection_method": "manual", "frames": [1], "frame_count": 4}, "frames"),
        ({"frame_selection_method": "random_uniform"}, "frame_count"),
        ({"frame_selection_method": "random_uniform", "frame_count": 0}, "frame_count"),
        ({"frame_selection_method": "random_uniform", "frame_share": 2}, "frame_share"),
        ({"frame_selection_method": "none at all"}, "frame_selection_method"),
    ],
)
def test_trap_ground_truth_of_nothing_is_a_500_so_it_is_refused_here(server, given, field):
    with pytest.raises(errors.Invalid) as told:
        client_at(server, "admin").jobs.create(task_id=TASK, **given)
    assert list(told.value.fields) == [field] and not server.calls


def test_trap_ground_truth_goes_by_other_names_in_each_generation(server):
    client = client_at(server, "admin")
    size = client.tasks.retrieve(TASK).size
    job = client.jobs.create_ground_truth(TASK, "random_uniform", share=0.25, seed=7)
    assert (job.type, job.task_id, job.frame_count) == ("ground_truth", TASK, int(size * 0.25))
    with pytest.raises(errors.Invalid):  # a task has at most one
        client.jobs.create_ground_truth(TASK, "manual", frames=[0])
    client.jobs.destroy(job.id)


@pytest.mark.parametrize(("version", "seed"), [(Version(2, 20), "seed"), (Version(2, 42), "random_seed")])
def test_trap_the_seed_has_two_names(listen, client_of, version, seed):
    server = listen(ok(b'{"id":1,"task_id":7}'))
    client = client_of(server)
    client.version = version
    client.jobs.create_ground_truth(TASK, "random_uniform", count=3, seed=5)
    assert json.loads(server.heard[0].body) == {
        "type": "ground_truth",
        "task_id": TASK,
        "frame_selection_method": "random_uniform",
        "frame_count": 3,
        seed: 5,
    }


def test_trap_frames_per_job_are_not_known_to_older_servers(server):
    client = client_at(server, "admin")
    if server.service.version == NEW:
        assert client.jobs.create_ground_truth(TASK, "random_per_job", count=1).type == "ground_truth"
        return
    with pytest.raises(errors.Unsupported):
        client.jobs.create_ground_truth(TASK, "random_per_job", count=1)
    assert not paths(server, "POST")


def test_trap_labels_of_a_job_that_is_gone_are_a_500(server):
    with pytest.raises(errors.NotFound):
        client_at(server).labels.list(job_id=99999)


def test_trap_validation_layouts_came_later(server):
    client = client_at(server)
    if server.service.version == NEW:
        assert client.jobs.validation_layout(JOB).honeypot_count == 0
        return
    with pytest.raises(errors.NotFound):
        client.jobs.validation_layout(JOB)


# Annotations


def label_of(client, job_id=JOB):
    return next(label.id for label in client.labels.list(job_id=job_id) if label.type in ("any", "rectangle"))


def box(client, **more):
    frame = client.jobs.retrieve(JOB).start_frame
    return {"type": "rectangle", "label_id": label_of(client), "frame": frame, "points": [1.0, 2.0, 30.0, 40.0], **more}


def test_trap_ids_are_refused_in_what_is_new_so_they_are_left_out(server):
    client = client_at(server)
    kept = client.jobs.update_annotations(JOB, {"shapes": [box(client, id=5, attributes=[], elements=[])]})
    assert len(kept.shapes) == 1
    again = client.jobs.update_annotations(JOB, client.jobs.retrieve_annotations(JOB))
    assert len(again.shapes) == 1
    more = client.jobs.partial_update_annotations("create", JOB, {"shapes": [box(client, id=77)]})
    assert more.shapes[0].id != 77 and client.jobs.retrieve_annotations(JOB).total == 2


def test_trap_ids_go_deep():
    skeleton = {"id": 1, "elements": [{"id": 2, "shapes": [{"id": 3, "frame": 0}]}]}
    assert without_ids({"tracks": [skeleton]}) == {"tracks": [{"elements": [{"shapes": [{"frame": 0}]}]}]}


@pytest.mark.parametrize("action", ["update", "delete"])
def test_trap_what_has_no_id_can_be_neither_changed_nor_removed(server, action):
    client = client_at(server)
    shape = box(client)
    server.calls.clear()
    with pytest.raises(errors.Invalid, match="needs the id"):
        client.jobs.partial_update_annotations(action, JOB, {"shapes": [shape]})
    assert not server.calls


def test_trap_an_update_or_delete_goes_by_id(server):
    client = client_at(server)
    made = client.jobs.partial_update_annotations("create", JOB, {"shapes": [box(client), box(client)]})
    moved = {**box(client), "id": made.shapes[0].id, "points": [5.0, 5.0, 9.0, 9.0]}
    client.jobs.partial_update_annotations("update", JOB, {"shapes": [moved]})
    assert [5.0, 5.0, 9.0, 9.0] in [shape.points for shape in client.jobs.retrieve_annotations(JOB).shapes]
    before = client.jobs.retrieve_annotations(JOB)
    client.jobs.partial_update_annotations("delete", JOB, LabeledData(shapes=before.shapes[:1]))
    assert client.jobs.retrieve_annotations(JOB).total == before.total - 1


@pytest.mark.parametrize(
    ("type", "points"),
    [
        ("rectangle", [1.0, 2.0, 3.0]),
        ("rectangle", []),
        ("polygon", [1.0, 2.0]),
        ("polyline", [1.0, 2.0, 3.0]),
        ("points", []),
        ("ellipse", [1.0] * 6),
        ("cuboid", [1.0] * 4),
        ("mask", [1.0, 2.0]),
        ("mask", [3.0, 100.0, 0.0, 0.0, 3.0, 3.0]),
        ("skeleton", []),
        ("blob", [1.0]),
    ],
)
def test_trap_malformed_points_are_stored_by_older_servers_so_they_are_refused_here(server, type, points):
    client = client_at(server)
    shape = box(client, type=type, points=points)
    server.calls.clear()
    with pytest.raises(errors.Invalid, match=r"shapes\[0\]"):
        client.jobs.update_annotations(JOB, {"shapes": [shape]})
    assert not server.calls


def test_trap_malformed_points_hide_in_tracks_and_elements():
    bad = TrackedShape(frame=0, type="rectangle", points=[1.0])
    deep = Track(label_id=1, frame=0, elements=[Track(label_id=2, frame=0, shapes=[bad])])
    skeleton = Shape(label_id=1, frame=0, type="skeleton", elements=[Shape(label_id=2, frame=0, type="points")])
    found = problems(LabeledData(shapes=[skeleton], tracks=[deep]))
    assert [text.partition(":")[0] for text in found] == ["shapes[0].elements[0]", "tracks[0].elements[0].shapes[0]"]


def test_trap_frames_outside_the_job_are_accepted_so_they_can_be_looked_for():
    data = LabeledData(tags=[LabeledImage(label_id=1, frame=99)], shapes=[])
    assert problems(data) == []
    assert problems(data, frames=range(10), labels={2}) == [
        "tags[0]: frame 99 is not one of the job's",
        "tags[0]: the job has no label 1",
    ]


def test_trap_annotations_that_a_server_gave_out_can_be_given_back_malformed_or_not(old):
    client = client_at(old)
    broken = {"shapes": [box(client, points=[1.0, 2.0, 3.0])]}
    assert len(client.jobs.update_annotations(JOB, broken, checked=False).shapes) == 1


def test_trap_the_version_of_annotations_is_always_0(server):
    assert client_at(server).jobs.update_annotations(JOB, {"version": 7}).version == 0


# Importing a file


def test_trap_older_servers_take_no_file_at_once(server):
    client = client_at(server)
    rq_id = client.jobs.import_file(JOB, io.BytesIO(CVAT), format="CVAT 1.1", filename="a.xml")
    assert done(client, rq_id).status == "finished"
    if server.service.version == OLD:
        with pytest.raises(errors.Invalid, match="No such file"):
            client.jobs.create_annotations(JOB, io.BytesIO(CVAT), format="CVAT 1.1")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"rq_id": "import:job-46-annotations"},
        {"rq_id": "import:job-46-annotations", "job_annotations_update_request": {"shapes": []}},
        {"annotation_file": io.BytesIO(CVAT), "job_annotations_update_request": {"shapes": []}},
    ],
)
def test_trap_asking_how_an_import_goes_without_a_format_wipes_the_job(server, given):
    client = client_at(server)
    with pytest.raises(errors.Invalid, match="by nothing"):
        client.jobs.update_annotations(JOB, **given)
    assert not server.calls


def test_trap_the_answer_to_how_an_import_went_uses_it_up(old):
    client = client_at(old)
    started = client.jobs.update_annotations(JOB, annotation_file=io.BytesIO(CVAT), format="CVAT 1.1")
    assert started.is_running and started.rq_id
    for _ in range(3):  # looking at the request uses nothing up
        assert done(client, started.rq_id).status == "finished"
    assert client.jobs.update_annotations(JOB, format="CVAT 1.1", rq_id=started.rq_id).status == 201
    with pytest.raises(errors.NotFound):
        client.requests.retrieve(started.rq_id)


def test_trap_the_question_how_an_import_went_is_never_repeated(listen, client_of):
    server = listen(answer("503 Service Unavailable", b""))
    client = client_of(server, retry=RetryPolicy(backoff=0.0))
    with pytest.raises(errors.Busy):
        client.jobs.update_annotations(JOB, format="CVAT 1.1", rq_id="import:job-46-annotations")
    assert len(server.heard) == 1


@pytest.mark.parametrize("first", [CVAT, b"no xml at all"])
def test_trap_an_import_that_nobody_asked_for_swallows_the_next_one(server, first):
    client = client_at(server)
    client.jobs.update_annotations(EMPTY, {})
    done(client, client.jobs.import_file(EMPTY, io.BytesIO(first), format="CVAT 1.1", filename="a.xml"))
    label = next(label.name for label in client.labels.list(job_id=EMPTY) if label.type in ("any", "rectangle"))
    name = client.jobs.retrieve_data_meta(EMPTY).frames[0].name
    second = (
        f'<annotations><image id="0" name="{name}" width="640" height="480"><box label="{label}" occluded="0" '
        f'xtl="1" ytl="2" xbr="30" ybr="40" z_order="0"></box></image></annotations>'
    )
    rq_id = client.jobs.import_file(EMPTY, io.BytesIO(second.encode()), format="CVAT 1.1", filename="b.xml")
    request = done(client, rq_id)
    assert request.status == "finished", request.message
    assert client.jobs.retrieve_annotations(EMPTY).total == 1
    questions = [call.query for call in server.calls if call.method == "PUT" and call.query]
    assert len(questions) == (1 if server.service.version == OLD else 0)
    assert all(asked["format"] == ["CVAT 1.1"] and asked["rq_id"] for asked in questions)


def test_trap_an_import_that_runs_is_in_the_way_of_every_other(server):
    server.request_seconds = 60.0
    client = client_at(server)
    client.jobs.import_file(JOB, io.BytesIO(CVAT), format="CVAT 1.1")
    for other in (client, client_at(server, "admin")):
        before = len(paths(server, "PATCH"))
        with pytest.raises(errors.Conflict):
            other.jobs.import_file(JOB, io.BytesIO(CVAT), format="CVAT 1.1")
        assert len(paths(server, "PATCH")) - before <= 1, "the file is sent once"


@pytest.mark.parametrize(("finishes", "sent"), [([b"202"], 1), ([b"201", b"201"], 2), ([b"201", b"202 id"], 2)])
def test_trap_a_file_that_is_accepted_without_an_id_was_not_taken(listen, client_of, finishes, sent):
    left = list(finishes)

    def says(connection, heard):
        if heard.path == "/api/requests":
            connection.sendall(ok(b'{"count":0,"results":[]}'))
        elif heard.method == "PATCH":
            connection.sendall(answer("204 No Content", b"", f"Upload-Offset: {len(CVAT)}"))
        elif "upload-finish" in heard.headers:
            status, _, has_id = left.pop(0).decode().partition(" ")
            connection.sendall(answer(f"{status} OK", b'{"rq_id":"x"}' if has_id else b""))
        else:
            connection.sendall(answer("201 Created", b"", "Location: /api/jobs/1/annotations/abc"))

    server = listen(says)
    client = client_of(server)
    client.version = Version(2, 20)
    if finishes[-1].endswith(b"id"):
        assert client.jobs.import_file(1, io.BytesIO(CVAT), format="CVAT 1.1") == "x"
    else:
        with pytest.raises(errors.Conflict):
            client.jobs.import_file(1, io.BytesIO(CVAT), format="CVAT 1.1")
    assert [heard.body for heard in server.heard if heard.method == "PATCH"] == [CVAT] * sent


def test_trap_a_failure_comes_as_a_traceback_first(server):
    client = client_at(server)
    rq_id = client.jobs.import_file(JOB, io.BytesIO(b"<annotations"), format="CVAT 1.1", filename="a.xml")
    request = done(client, rq_id)
    assert request.status == "failed" and "ParseError" in request.reason
    assert "\n" not in request.reason and "Traceback" not in request.reason


def test_trap_a_failed_import_of_old_is_a_500_with_its_traceback(old):
    client = client_at(old)
    started = client.jobs.update_annotations(JOB, annotation_file=io.BytesIO(b"<annotations"), format="CVAT 1.1")
    done(client, started.rq_id)
    with pytest.raises(errors.ServerFault, match="Traceback"):
        client.jobs.update_annotations(JOB, format="CVAT 1.1", rq_id=started.rq_id)


@pytest.mark.parametrize("format", ["Nope", "CVAT for images 1.1"])
def test_trap_a_format_that_cant_be_read_is_a_400(server, format):
    with pytest.raises(errors.Invalid):
        client_at(server).jobs.import_file(JOB, io.BytesIO(CVAT), format=format)


def test_trap_an_empty_file_is_none(server):
    with pytest.raises(errors.Invalid) as told:
        client_at(server).jobs.import_file(JOB, io.BytesIO(b""), format="CVAT 1.1")
    assert "annotation_file" in told.value.fields


def test_trap_the_way_of_old_is_410_on_newer_servers(sandbox):
    client = client_at(sandbox)
    for refused in (
        lambda: client.jobs.update_annotations(JOB, format="CVAT 1.1", rq_id="x"),
        lambda: client.jobs.retrieve_annotations(JOB, format="COCO 1.0"),
        lambda: client.jobs.retrieve_dataset("COCO 1.0", JOB),
        lambda: client.jobs.retrieve_dataset("COCO 1.0", 99999),
    ):
        with pytest.raises(errors.Unsupported):
            refused()


# Resumable uploads


def test_trap_an_upload_goes_by_the_name_that_the_server_gives_it(server):
    client = client_at(server)
    place = client.uploads.send(f"/api/jobs/{JOB}/annotations", io.BytesIO(CVAT), "ñ é.xml", format="CVAT 1.1")
    assert (place.name == "ñ é.xml") is (server.service.version == OLD)
    taken = client.jobs.use_upload(place, format="CVAT 1.1")
    assert taken.rq_id and done(client, taken.rq_id).status == "finished"


def test_trap_a_place_for_an_upload_needs_an_origin(server):
    client = client_at(server)
    place = client.uploads.create(f"/api/jobs/{JOB}/annotations", 10, "a.xml", format="CVAT 1.1")
    made = next(call for call in server.calls if "upload-length" in call.headers)
    assert made.headers["origin"] == server.url and place.id in place.address


def test_trap_the_place_of_an_upload_is_the_servers_idea_of_its_own_address(listen, client_of):
    told = ("Location: http://elsewhere.example/api/jobs/1/annotations/1_abc", "Upload-Filename: 1_abc")
    server = listen(answer("201 Created", b"", *told))
    client = client_of(server)
    place = client.uploads.create("/api/jobs/1/annotations", 10, "a.xml")
    assert place.address == "/api/jobs/1/annotations/1_abc" and len(server.heard) == 2


def test_trap_a_wrong_offset_is_a_409_and_the_server_knows_the_right_one(server):
    client = client_at(server)
    place = client.uploads.create(f"/api/jobs/{JOB}/annotations", 10, "a.xml", format="CVAT 1.1")
    assert client.uploads.append(place, 0, b"12345") == 5
    with pytest.raises(errors.Conflict):
        client.uploads.append(place, 3, b"45678")
    assert client.uploads.offset(place) == 5


def test_trap_a_complete_upload_cant_be_asked_for_its_offset(server):
    client = client_at(server)
    place = client.uploads.send(f"/api/jobs/{JOB}/annotations", io.BytesIO(CVAT), "a.xml", format="CVAT 1.1")
    with pytest.raises(errors.NotFound):
        client.uploads.offset(place)


def test_trap_an_upload_that_is_too_large_is_a_413(server):
    with pytest.raises(errors.Invalid, match="max limit"):
        client_at(server).uploads.create(f"/api/jobs/{JOB}/annotations", 10**14, "a.xml", format="CVAT 1.1")


def test_trap_a_line_that_breaks_is_taken_up_where_it_was(server, monkeypatch):
    monkeypatch.setattr("jobsportal.cvat.uploads.PIECE", 1000)
    server.fail(method="PATCH", path="/annotations/", reset=True, times=2)
    server.fail(method="PATCH", path="/annotations/", status=503, times=1)
    told = []
    client = client_at(server)
    file = io.BytesIO(b"skipped" + CVAT + b" " * 5000)
    file.seek(7)
    path = f"/api/jobs/{JOB}/annotations"
    place = client.uploads.send(path, file, "a.xml", format="CVAT 1.1", on_progress=lambda *at: told.append(at))
    assert told[-1] == (place.length, place.length) and place.length == len(CVAT) + 5000
    assert done(client, client.jobs.use_upload(place, format="CVAT 1.1").rq_id).status == "finished"


def test_trap_a_line_that_stays_broken_is_given_up(server):
    server.fail(method="PATCH", path="/annotations/", reset=True, times=None)
    with pytest.raises(errors.Unreachable):
        client_at(server).uploads.send(f"/api/jobs/{JOB}/annotations", io.BytesIO(CVAT), "a.xml", format="CVAT 1.1")


@pytest.mark.parametrize("told", ["404 Not Found", "500 Server Error"])
def test_trap_the_answer_to_the_last_piece_may_be_all_that_was_lost(listen, client_of, told):
    server = listen(losing_pieces(told))
    assert client_of(server).uploads.send("/api/jobs/1/annotations", io.BytesIO(CVAT), "a.xml").id == "abc"
    assert [heard.method for heard in server.heard] == ["POST", "POST", "PATCH", "HEAD"]


def test_trap_a_piece_that_is_lost_with_its_place_is_no_upload(listen, client_of, monkeypatch):
    monkeypatch.setattr("jobsportal.cvat.uploads.PIECE", 10)
    server = listen(losing_pieces("404 Not Found"))
    with pytest.raises(errors.Unreachable):
        client_of(server).uploads.send("/api/jobs/1/annotations", io.BytesIO(CVAT), "a.xml")


def losing_pieces(told):
    """A server that breaks each PATCH off, and answers the question how far it is with a status."""

    def says(connection, heard):
        if heard.method == "PATCH":
            connection.shutdown(socket.SHUT_RDWR)
        elif heard.method == "HEAD":
            connection.sendall(f"HTTP/1.1 {told}\r\nContent-Length: 0\r\n\r\n".encode())
        else:
            connection.sendall(answer("201 Created", b"", "Location: /api/jobs/1/annotations/abc"))

    return says


# Exporting


def test_trap_a_file_of_old_can_be_fetched_once_and_a_part_uses_up_the_whole(old):
    client = client_at(old)
    rq_id = client.jobs.export("COCO 1.0", JOB).rq_id
    request = done(client, rq_id)
    assert not request.can_be_fetched_again
    download = client.requests.download(request, headers={"Range": "bytes=0-9"})
    assert download.status == 200 and len(b"".join(download)) > 10
    for gone in (lambda: client.requests.download(request), lambda: client.requests.download(rq_id)):
        with pytest.raises(errors.NotFound):
            gone()


def test_trap_a_file_of_today_can_be_fetched_again_and_in_parts(sandbox):
    client = client_at(sandbox)
    request = done(client, client.jobs.export("COCO 1.0", JOB).rq_id)
    whole = b"".join(client.requests.download(request))
    part = client.requests.download(request, headers={"Range": "bytes=5-9"})
    assert request.can_be_fetched_again and part.status == 206 and b"".join(part) == whole[5:10]


def test_trap_the_export_of_old_is_ready_at_201_and_fetched_once(old):
    client = client_at(old)
    ready = client.jobs.retrieve_dataset("COCO 1.0", JOB)
    while ready.is_running:
        ready = client.jobs.retrieve_dataset("COCO 1.0", JOB)
    assert ready.status == 201
    assert b"".join(client.jobs.retrieve_dataset("COCO 1.0", JOB, action="download"))[:2] == b"PK"
    with pytest.raises(errors.Invalid):
        client.jobs.retrieve_dataset("COCO 1.0", JOB, action="download")
    ready = client.jobs.retrieve_annotations(JOB, format="COCO 1.0")
    while ready.is_running:
        ready = client.jobs.retrieve_annotations(JOB, format="COCO 1.0")
    assert b"".join(client.jobs.retrieve_annotations(JOB, format="COCO 1.0", action="download"))[:2] == b"PK"


def test_trap_an_export_that_runs_is_a_409_with_or_without_its_id(server):
    server.request_seconds = 60.0
    client = client_at(server)
    first = client.jobs.export("COCO 1.0", JOB)
    again = client.jobs.export("COCO 1.0", JOB)
    assert (again.rq_id, first.is_new, again.is_new) == (first.rq_id, True, False)
    assert ("/api/requests" in paths(server, "GET")) is (server.service.version == OLD)
    with pytest.raises(errors.Conflict) as told:
        client.jobs.create_dataset_export("COCO 1.0", JOB)
    assert bool(told.value.rq_id) is (server.service.version == NEW)
    assert client.jobs.export("CVAT for images 1.1", JOB).is_new


def test_trap_an_export_asked_again_once_it_is_over_starts_anew(server):
    client = client_at(server)
    first = client.jobs.export("COCO 1.0", JOB)
    done(client, first.rq_id)
    assert client.jobs.export("COCO 1.0", JOB).is_new


def test_trap_ids_of_requests_are_quoted(server):
    client = client_at(server)
    rq_id = client.jobs.export("YOLO 1.1", JOB).rq_id
    assert set(rq_id) & set("&=:@~") and done(client, rq_id).id == rq_id
    assert server.calls[-1].path == f"/api/requests/{rq_id}" and not server.calls[-1].query


def test_trap_progress_stays_0_on_small_work():
    nothing = {"id": "x", "status": "started", "operation": {"type": "export:dataset"}, "progress": 0.0}
    assert as_request(nothing).percent is None
    assert as_request({**nothing, "progress": 0.5}).percent == 50


def as_request(told):
    return msgspec.convert(told, Request)


def test_trap_the_host_in_a_result_url_is_frozen_and_never_called(server):
    client = client_at(server, forwarded_for="")
    client.session.headers["X-Forwarded-Host"] = "front.example:9000"
    rq_id = client.jobs.export("COCO 1.0", JOB).rq_id
    request = done(client, rq_id)
    assert "front.example" in (request.result_url or "")
    assert b"".join(client.requests.download(request))[:2] == b"PK"


def test_trap_an_export_is_for_who_asked(server):
    rq_id = client_at(server).jobs.export("COCO 1.0", JOB).rq_id
    with pytest.raises(errors.Forbidden):
        client_at(server, "bob").requests.retrieve(rq_id)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ('attachment; filename="job_14_dataset_2026_yolo 1.1.zip"', "job_14_dataset_2026_yolo 1.1.zip"),
        ("attachment; filename=\"a.zip\"; filename*=UTF-8''%D0%BC%D0%BE%D0%B9.zip", "мой.zip"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ("nonsense", ""),
    ],
)
def test_trap_file_names_have_spaces_and_more(listen, client_of, told, name):
    server = listen(answer("200 OK", b"x", f"Content-Disposition: {told}"))
    assert client_of(server).stream("/f").filename == name


def test_trap_only_what_is_queued_can_be_cancelled(server):
    client = client_at(server)
    rq_id = client.jobs.export("COCO 1.0", JOB).rq_id
    done(client, rq_id)
    with pytest.raises(errors.Invalid):
        client.requests.cancel(rq_id)
    with pytest.raises(errors.NotFound):
        client.requests.cancel("garbage")


def test_trap_a_truth_value_that_is_none_is_a_500(server):
    client = client_at(server)
    client.jobs.create_dataset_export("COCO 1.0", JOB, save_images="maybe")  # type: ignore[arg-type]
    assert server.calls[-1].query["save_images"] == ["true"]


# Data


def test_trap_a_number_that_is_none_is_a_500_so_it_is_refused_here(server):
    client = client_at(server)
    for bad in ("x", None):
        with pytest.raises((ValueError, TypeError)):
            client.jobs.retrieve_frame(JOB, bad)
    with pytest.raises(errors.Invalid):
        client.jobs.retrieve_data(JOB, type="frame")
    assert not server.calls


def test_trap_a_frame_outside_is_a_400_in_two_shapes(server):
    with pytest.raises(errors.Invalid) as told:
        client_at(server).jobs.retrieve_frame(JOB, 99999)
    assert told.value.detail and "[" not in told.value.detail[:1]


def test_trap_pictures_are_jpeg_or_png_and_chunks_archives(server):
    client = client_at(server)
    first = client.jobs.retrieve(JOB).start_frame
    assert client.jobs.retrieve_frame(JOB, first).content_type in ("image/jpeg", "image/png")
    assert client.jobs.retrieve_preview(JOB).content_type in ("image/jpeg", "image/png")
    chunk = client.jobs.retrieve_data(JOB, type="chunk", index=0)
    assert b"".join(chunk)[:2] == b"PK"


def test_trap_a_range_of_a_frame_is_ignored(server):
    client = client_at(server)
    first = client.jobs.retrieve(JOB).start_frame
    params = {"type": "frame", "number": first, "quality": "original"}
    part = client.stream(f"/api/jobs/{JOB}/data", params=params, headers={"Range": "bytes=0-9"})
    assert part.status == 200 and len(b"".join(part)) > 10


# Which way to go


def test_trap_the_way_is_chosen_by_the_version_and_that_is_asked_for_once(sandbox):
    asked = []
    for _ in range(3):
        client = client_at(sandbox)
        asked.append(client.version)
    assert set(asked) == {(2, 42)} and paths(sandbox, "GET").count("/api/server/about") <= 1


def test_trap_two_people_import_at_once_and_one_of_them_is_told(server):
    server.request_seconds = 60.0
    client_at(server).version  # noqa: B018 - asked before the race
    outcomes = []

    def bring():
        try:
            outcomes.append(client_at(server).jobs.import_file(JOB, io.BytesIO(CVAT), format="CVAT 1.1"))
        except errors.Conflict:
            outcomes.append(None)

    threads = [threading.Thread(target=bring) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 2 and sum(bool(outcome) for outcome in outcomes) == 1


def test_trap_nothing_is_made_of_an_answer_that_is_no_json(listen, client_of):
    with pytest.raises(errors.BrokenAnswer):
        client_of(listen(ok(b"<html>"))).jobs.retrieve(1)
