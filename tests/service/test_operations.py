"""What the operations send, and what comes of it."""

import io

import pytest

import jobsportal.cvat
from jobsportal.cvat import Client, TokenCredential, errors, filters
from jobsportal.cvat.types import Job, Page
from tests.service.wire import ok

EMPTY_PAGE = ok(b'{"count":0,"next":null,"previous":null,"results":[]}')
JOB = ok(b'{"id":17,"task_id":2,"issues":{"count":0},"labels":{}}')
RULE = {"==": [{"var": "stage"}, "validation"]}


def test_three_lines_give_a_page_of_jobs_and_change_one(sandbox):
    client = Client(sandbox.url, TokenCredential(sandbox.token("alice")), organization="acme")
    page = client.jobs.list(stage="validation", page_size=50)
    assert isinstance(page, Page) and page.count == len(page) > 0
    assert all(isinstance(job, Job) and job.stage == "validation" for job in page)
    job = client.jobs.partial_update(17, assignee=3, state="in progress")
    assert job.assignee is not None
    assert (job.id, job.assignee.id, job.assignee.username, job.state) == (17, 3, "bob", "in progress")
    assert [(call.method, call.path) for call in sandbox.calls] == [("GET", "/api/jobs"), ("PATCH", "/api/jobs/17")]
    assert sandbox.calls[0].query == {"stage": ["validation"], "page_size": ["50"]}
    assert {call.headers["x-organization"] for call in sandbox.calls} == {"acme"}


@pytest.mark.parametrize(
    ("name", "given", "sent"),
    [
        ("assignee", "alice", "alice"),
        ("dimension", "3d", "3d"),
        ("filter", RULE, '{"==":[{"var":"stage"},"validation"]}'),
        ("org", "acme", "acme"),
        ("org", "", ""),
        ("org_id", 1, "1"),
        ("page", 2, "2"),
        ("page", "last", "last"),
        ("page_size", 50, "50"),
        ("page_size", "all", "all"),
        ("project_id", 3, "3"),
        ("project_name", "Street scenes & more", "Street scenes & more"),
        ("search", "Hafen ☂ +#?%26", "Hafen ☂ +#?%26"),
        ("sort", "-updated_date,id", "-updated_date,id"),
        ("stage", "acceptance", "acceptance"),
        ("state", "in progress", "in progress"),
        ("task_id", 2, "2"),
        ("task_name", "Überblick", "Überblick"),
        ("type", "ground_truth", "ground_truth"),
    ],
)
def test_a_parameter_of_the_list_travels_under_its_own_name(listen, client_of, name, given, sent):
    server = listen(EMPTY_PAGE)
    client_of(server).jobs.list(**{name: given})
    assert server.heard[0].path == "/api/jobs"
    assert server.heard[0].query == {name: [sent]}


def test_x_organization_travels_as_the_header_and_goes_before_the_clients(listen, client_of):
    server = listen(EMPTY_PAGE)
    client_of(server, organization="acme").jobs.list(x_organization="harbor")
    client_of(server, organization="acme").jobs.list(x_organization="")
    assert [(request.headers["x-organization"], request.query) for request in server.heard] == [
        ("harbor", {}),
        ("", {}),
    ]


def test_a_list_without_parameters_asks_for_nothing_in_particular(listen, client_of):
    server = listen(EMPTY_PAGE)
    client_of(server).jobs.list()
    assert server.heard[0].target == "/api/jobs"
    assert "x-organization" not in server.heard[0].headers


def test_the_organization_decides_what_is_listed(client_for, sandbox):
    numbers = [client_for("bob", organization=slug).jobs.list(page_size=1).count for slug in ("acme", "harbor")]
    assert all(numbers) and numbers[0] != numbers[1]
    assert client_for("alice", organization="").jobs.list(page_size=1).count > 0
    with pytest.raises(errors.NotFound):
        client_for("alice", organization="nowhere").jobs.list()
    with pytest.raises(errors.Forbidden):
        client_for("alice", organization="harbor").jobs.list()


def test_pages_follow_one_another_by_number(client):
    first, last = client.jobs.list(page_size=10), client.jobs.list(page_size=10, page="last")
    assert first.has_next and not last.has_next
    assert not {job.id for job in first} & {job.id for job in last}
    with pytest.raises(errors.NotFound):
        client.jobs.list(page_size=10, page=99)


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({"assignee": None}, b'{"assignee":null}'),
        ({"assignee": 3}, b'{"assignee":3}'),
        ({"stage": "validation", "state": "new"}, b'{"stage":"validation","state":"new"}'),
    ],
)
def test_a_change_sends_what_was_given_as_plain_json(listen, client_of, changes, body):
    server = listen(JOB)
    client_of(server).jobs.partial_update(17, **changes)
    sent = server.heard[0]
    assert (sent.method, sent.target, sent.body) == ("PATCH", "/api/jobs/17", body)
    assert sent.headers["content-type"] == "application/json"


def test_nobody_becomes_the_assignee(client):
    assert client.jobs.partial_update(17, assignee=None).assignee is None


def test_a_job_comes_with_what_is_known_of_it(client):
    job = client.jobs.retrieve(17)
    assert (job.id, job.task_id, job.organization) == (17, 2, 1)
    assert job.updated_date is not None and job.updated_date.tzinfo is not None
    assert job.frame_count == job.stop_frame - job.start_frame + 1


def test_a_preview_is_a_picture(client):
    preview = client.jobs.retrieve_preview(1)
    assert preview.content_type in ("image/jpeg", "image/png")
    assert preview.content.startswith((b"\xff\xd8", b"\x89PNG"))


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/vnd.cvat+json", None])
def test_what_is_no_picture_is_no_preview(sandbox, client, kind):
    sandbox.fail(path="preview", status=200, body=b"<svg onload='alert(1)'/>", content_type=kind)
    with pytest.raises(errors.BrokenAnswer):
        client.jobs.retrieve_preview(1)


def test_annotations_are_counted_and_can_be_kept_as_they_are(client):
    data = client.jobs.retrieve_annotations(1)
    assert data.total == len(data.tags) + len(data.shapes) + len(data.tracks) > 0
    kept = b"".join(client.jobs.retrieve_annotations_json(1))
    assert kept.startswith(b'{"version":0') and kept.count(b'"label_id"') >= data.total


def test_an_export_is_asked_for_followed_listed_and_fetched(sandbox, client):
    rq_id = client.jobs.create_dataset_export("COCO 1.0", 1, save_images=False, filename="mine.zip").rq_id
    assert sandbox.calls[-1].query == {"format": ["COCO 1.0"], "save_images": ["false"], "filename": ["mine.zip"]}
    while not (request := client.requests.retrieve(rq_id)).is_over:
        pass
    assert (request.status, request.operation.job_id, request.operation.format) == ("finished", 1, "COCO 1.0")
    assert rq_id in [mine.id for mine in client.requests.list(action="export", job_id=1)]
    download = client.requests.download(rq_id)
    body = b"".join(download)
    assert (download.status, download.filename, body[:2]) == (200, "mine.zip", b"PK")
    assert len(body) == int(download.headers["Content-Length"])


def test_every_parameter_of_an_export_travels_under_its_own_name(listen, client_of):
    server = listen(ok(b'{"rq_id":"x"}'))
    client_of(server).jobs.create_dataset_export(
        "YOLO 1.1", 5, save_images=True, filename="a b.zip", location="cloud_storage", cloud_storage_id=4
    )
    assert (server.heard[0].method, server.heard[0].path) == ("POST", "/api/jobs/5/dataset/export")
    assert server.heard[0].query == {
        "format": ["YOLO 1.1"],
        "save_images": ["true"],
        "filename": ["a b.zip"],
        "location": ["cloud_storage"],
        "cloud_storage_id": ["4"],
    }
    assert server.heard[0].body == b""


def test_the_same_export_twice_is_a_conflict_that_names_the_running_one(sandbox, client):
    sandbox.request_seconds = 30.0
    rq_id = client.jobs.create_dataset_export("COCO 1.0", 1).rq_id
    with pytest.raises(errors.Conflict) as caught:
        client.jobs.create_dataset_export("COCO 1.0", 1)
    assert caught.value.rq_id == rq_id
    with pytest.raises(errors.Conflict) as caught:
        client.requests.download(rq_id)
    assert caught.value.rq_id == rq_id


def test_a_queued_request_is_cancelled_under_its_quoted_id(listen, client_of):
    server = listen(ok(b""))
    client_of(server).requests.cancel("action=export&target=job&format=YOLO_1~1/x?y#z%2e")
    assert server.heard[0].method == "POST"
    assert (
        server.heard[0].target
        == "/api/requests/action%3Dexport%26target%3Djob%26format%3DYOLO_1~1%2Fx%3Fy%23z%252e/cancel"
    )


@pytest.mark.parametrize(
    "bad", ["", ".", "..", "../jobs/1", "a/../../jobs/1", "a\\..\\b", "a\r\nb", "a\0b", "x" * 1001]
)
def test_what_can_be_no_request_id_is_never_sent(listen, client_of, bad):
    server = listen(JOB)
    for call in (client_of(server).requests.retrieve, client_of(server).requests.cancel):
        with pytest.raises(errors.Invalid):
            call(bad)
    assert not server.heard


@pytest.mark.parametrize("bad", ["17/../18", "1?x=1", "1&x", "..", "", "é", None])
def test_what_can_be_no_job_id_is_never_sent(listen, client_of, bad):
    server = listen(JOB)
    jobs = client_of(server).jobs
    for call in (jobs.retrieve, jobs.partial_update, jobs.retrieve_preview, jobs.retrieve_annotations):
        with pytest.raises((ValueError, TypeError)):
            call(bad)
    assert not server.heard


def test_people_are_found_by_the_organization_they_work_in(sandbox, client):
    assert client.users.self().username == "alice"
    people = client.users.list(page_size=100)
    assert {"alice", "bob", "carol"} <= {user.username for user in people}
    assert [user.username for user in client.users.list(search="carol")] == ["carol"]
    sandbox.calls.clear()
    found = client.users.find(3)
    assert found is not None and (found.username, found.name) == ("bob", "Bob Marsh")
    assert client.users.find(8) is None, "grace works elsewhere"
    assert client.users.find(999) is None
    assert {call.path for call in sandbox.calls} == {"/api/users"}


def test_somebody_else_is_not_taken_for_the_one_who_was_looked_for(listen, client_of):
    server = listen(ok(b'{"count":1,"next":null,"results":[{"id":4,"username":"carol"}]}'))
    assert client_of(server).users.find(3) is None


def test_organizations_are_ones_own(client_for):
    assert {org.slug for org in client_for("bob").organizations.list()} == {"acme", "harbor"}
    assert [(org.slug, org.name) for org in client_for("carol").organizations.list()] == [("acme", "Acme Labelling")]


def test_many_names_take_one_call_each_kind(sandbox, client):
    tasks = client.tasks.by_ids([3, 1, 2, 2, 777])
    projects = client.projects.by_ids({1, 2})
    assert {id: task.name for id, task in tasks.items()}[2] == "Roundabout north"
    assert set(tasks) == {1, 2, 3}
    assert {id: project.name for id, project in projects.items()} == {1: "Street scenes", 2: "Depot"}
    assert [call.path for call in sandbox.calls] == ["/api/tasks", "/api/projects"]
    assert sandbox.calls[0].query["filter"] == ['{"in":[{"var":"id"},[1,2,3,777]]}']


def test_names_of_nothing_take_no_call(sandbox, client):
    assert client.tasks.by_ids([]) == {} and client.projects.by_ids(()) == {}
    assert not sandbox.calls


def test_two_hundred_names_fit_into_one_address(sandbox, client):
    client.tasks.by_ids(range(2_000_000_000, 2_000_000_200))
    assert [call.status for call in sandbox.calls] == [200]


def test_labels_of_a_job_come_from_all_pages(sandbox, client):
    labels = client.labels.list(job_id=1)
    assert len({label.id for label in labels}) == len(labels) > 2
    few_at_a_time = client.labels.list(job_id=1, page_size=2)
    assert [label.id for label in few_at_a_time] == [label.id for label in labels]


def test_formats_and_version_of_the_server(client, sandbox):
    formats = client.server.annotation_formats()
    assert "COCO 1.0" in {format.name for format in formats.exporters if format.enabled}
    assert all(ext.startswith(".") for format in formats.importers for ext in format.extensions)
    assert Client(sandbox.url).server.about().version


def test_a_task_is_retrieved(client):
    assert client.tasks.retrieve(5).mode == "interpolation"
    with pytest.raises(errors.NotFound):
        client.tasks.retrieve(777)


def test_signing_in_gives_a_token_and_signing_out_ends_it(sandbox):
    token = Client(sandbox.url).auth.login("alice", "annotate")
    signed_in = Client(sandbox.url, TokenCredential(token))
    assert signed_in.users.self().username == "alice"
    signed_in.auth.logout()
    with pytest.raises(errors.SignedOut):
        signed_in.users.self()


def test_a_wrong_password_is_told_in_the_servers_words(sandbox):
    with pytest.raises(errors.Invalid) as caught:
        Client(sandbox.url).auth.login("alice", "wrong")
    assert caught.value.detail == "Unable to log in with provided credentials."


@pytest.mark.parametrize("key", ['"a\\r\\nX-Evil: 1"', '"tök"', '""', '"a\\u0000b"'])
def test_a_token_that_no_header_can_carry_is_a_broken_answer(listen, client_of, key):
    server = listen(ok(f'{{"key":{key}}}'.encode()))
    with pytest.raises(errors.BrokenAnswer):
        client_of(server).auth.login("alice", "annotate")


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_no_rule_is_no_filter(listen, client_of, empty):
    server = listen(EMPTY_PAGE)
    client_of(server).jobs.list(filter=empty)
    assert server.heard[0].query == {}


@pytest.mark.parametrize("empty", [{}, [], "{}", "[]", "null", 0])
def test_an_empty_rule_is_a_mistake_and_not_a_list_of_everything(listen, client_of, empty):
    server = listen(EMPTY_PAGE)
    with pytest.raises(errors.Invalid):
        client_of(server).jobs.list(filter=empty)
    assert not server.heard


def test_a_rule_as_text_or_as_json_gives_the_same_list(client):
    rule = filters.both(RULE, filters.nobody())
    assert client.jobs.list(filter=rule).results == client.jobs.list(filter=filters.dumps(rule)).results


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.jobs.list(search="\ud800"),
        lambda client: client.jobs.list(assignee="a\udfffb"),
        lambda client: client.auth.login("\ud800", "x"),
        lambda client: client.jobs.partial_update(17, state="\ud800"),
        lambda client: client.jobs.create_dataset_export("\ud800", 1),
        lambda client: client.requests.retrieve("\ud800"),
    ],
)
def test_half_a_character_is_refused_before_anything_is_sent(listen, client_of, call):
    server = listen(EMPTY_PAGE)
    with pytest.raises(errors.Invalid):
        call(client_of(server))
    assert not server.heard


def test_a_file_name_with_half_a_character_loses_only_that(listen, client_of):
    server = listen(ok(b'{"rq_id":"x"}'))
    client_of(server).jobs.create_annotations(1, io.BytesIO(b"x"), format="COCO 1.0", filename="a\ud800b.json")
    assert b'filename="a?b.json"' in server.heard[0].body


def test_the_package_says_what_it_offers():
    assert set(jobsportal.cvat.__all__) <= set(dir(jobsportal.cvat))
