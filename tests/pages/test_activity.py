"""The record of actions: what gets into it, who sees it, how it is found, and taking back what stands in it."""

import csv
import json
from datetime import timedelta
from html import unescape
from io import StringIO
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobsportal.activity import undoing
from jobsportal.activity.models import AppendOnly, Change, Records
from jobsportal.activity.recording import store
from jobsportal.runs.models import Run

HTMX = {"HX-Request": "true"}
JOB, BOB, CAROL, DAVE = 3, 3, 4, 5  # nobody has the job; its stage is annotation, its state new
ACME, HARBOR = 1, 2
ALICE, GRACE = 2, 8
BOXES = 46  # a job with 20 annotations
GROUND_TRUTH = 58


def text(response):
    return " ".join(unescape(response.content.decode()).split())


def save(portal, field, value, job=JOB, **headers):
    return portal.post(f"/jobs/{job}/edit/{field}", {"value": value}, headers=headers)


def changed(portal, field, value, job=JOB):
    """Change a field; the record that this makes."""
    assert save(portal, field, value, job, **HTMX).status_code == 200
    return Change.objects.order_by("-id").first()


def undo(portal, key, **headers):
    return portal.post("/jobs/undo", {"undo": str(key)}, headers=headers)


def toast(response):
    return json.loads(response["HX-Trigger"])["toast"]


def words_after(portal, key):
    answer = undo(portal, key, **HTMX)
    assert answer.status_code == 200
    return toast(answer)["words"]


def now(upstream, job=JOB):
    found = upstream.store.jobs[job]
    return found.assignee_id, found.stage, found.state


def patches(upstream):
    return [call for call in upstream.calls if call.method == "PATCH"]


def told(change):
    return change.field, change.before, change.after, change.outcome


def record(number=1, **facts):
    """Some records of somebody else's; the last of them."""
    usual = {"upstream": facts.pop("upstream"), "person_id": 99, "username": "zoe", "task_id": 1, "job_id": 900}
    usual |= {"organization_id": ACME, "field": "state", "before": "new", "after": "completed", "outcome": "changed"}
    Change.objects.bulk_create([Change(**usual | {"key": uuid4()} | facts) for _ in range(number)])
    return Change.objects.order_by("-id").first()


def shown(portal, query=""):
    """The job, or the user name, of each row."""
    answer = portal.get(f"/activity/{query}")
    assert answer.status_code == 200, text(answer)
    return [entry.first.job_id for entry in answer.context["entries"]]


# What is recorded


def test_a_change_is_recorded_with_all_that_is_known_of_it(portal, upstream):
    change = changed(portal, "assignee", BOB)
    assert told(change) == ("assignee", "nobody", "bob", "changed")
    assert (change.before_id, change.after_id, change.stage) == (None, BOB, "annotation")
    assert (change.person_id, change.username, change.job_id, change.task_id) == (ALICE, "alice", JOB, 1)
    assert (change.organization_id, change.project_id, change.upstream) == (ACME, 1, upstream.url)
    assert change.request_id and change.request_id == patches(upstream)[-1].headers["x-request-id"]
    assert (change.run, change.undoes) == (None, None)


def test_what_one_request_changes_stands_under_one_key(portal):
    save(portal, "state", "completed")
    changed(portal, "stage", "validation")
    stage, state = Change.objects.order_by("id")[1:]
    assert told(stage) == ("stage", "annotation", "validation", "changed")
    assert told(state) == ("state", "completed", "new", "changed"), "the upstream took it along"
    assert stage.key == state.key


def test_the_page_of_a_job_records_what_differs_and_nothing_else(portal):
    form = portal.get(f"/jobs/{JOB}/").context["form"]
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    data = {name: "" if value is None else value for name, value in values.items()}
    portal.post(f"/jobs/{JOB}/", data)
    assert not Change.objects.exists(), "nothing differed"
    portal.post(f"/jobs/{JOB}/", data | {"assignee": "dave", "state": "rejected"})
    assert {change.field for change in Change.objects.all()} == {"assignee", "state"}


def test_a_refusal_is_recorded_for_each_field_with_the_words_of_the_upstream(sign_in, upstream):
    carol = sign_in("carol")
    job = carol.get("/jobs/?view=mine&state=in+progress").context["rows"][0].job
    upstream.fail(method="PATCH", status=403, body=b'{"detail":"Ask olga first."}')
    form = {"assignee": "carol", "stage": "validation", "state": "completed"}
    carol.post(f"/jobs/{job.id}/", form)
    records = list(Change.objects.order_by("id"))
    assert [told(change) for change in records] == [
        ("stage", "annotation", "validation", "refused"),
        ("state", "in progress", "completed", "refused"),
    ]
    assert len({change.key for change in records}) == 1 and "Ask olga first." in records[0].words
    assert records[0].request_id == patches(upstream)[-1].headers["x-request-id"]


def test_a_change_whose_answer_is_lost_is_recorded_as_failed(portal, upstream):
    upstream.fail(method="PATCH", reset=True)
    assert save(portal, "state", "completed", **HTMX).status_code == 502
    assert told(Change.objects.get()) == ("state", "new", "completed", "failed")


def test_an_assignee_who_is_gone_is_recorded_as_refused(portal):
    assert save(portal, "assignee", 99999, **HTMX).status_code == 422
    assert told(Change.objects.get()) == ("assignee", "nobody", "person #99999", "refused")


def test_what_was_never_sent_is_not_recorded(portal, sign_in):
    seen = {"seen_stage": "annotation", "seen_state": "rejected", "version": "old", "value": "completed"}
    assert portal.post(f"/jobs/{JOB}/edit/state", seen, headers=HTMX).status_code == 409
    assert save(portal, "state", "done").status_code == 422 and save(portal, "state", "new").status_code == 302
    assert not Change.objects.exists()


@pytest.mark.parametrize("path", [f"/jobs/{JOB}/edit/state", "/jobs/undo"])
def test_a_record_that_cannot_be_written_never_fails_the_change(portal, upstream, monkeypatch, caplog, path):
    key = changed(portal, "state", "completed").key

    def broken(*args, **kwargs):
        raise DatabaseError("disk full")

    monkeypatch.setattr(Records, "bulk_create", broken)
    answer = portal.post(path, {"value": "rejected", "undo": str(key)}, headers=HTMX)
    assert answer.status_code == 200 and now(upstream)[2] == ("new" if "undo" in path else "rejected")
    assert Change.objects.count() == 1 and "is not recorded: state of job 3" in caplog.text
    assert not toast(answer)["undo"], "what is not recorded offers no undo"


def test_ground_truth_jobs_are_recorded(portal, upstream):
    portal.post("/jobs/new/", {"task": 2, "method": "random_uniform", "amount": "10", "unit": "percent"})
    made = Change.objects.get()
    assert told(made) == ("job", "", "created: ground truth, 11 frames", "changed") and made.task_id == 2

    seen = portal.get(f"/jobs/{GROUND_TRUTH}/delete/").context["lost"]
    upstream.fail(method="DELETE", status=403, body=b'{"detail":"ask olga"}')
    for outcome in ("refused", "changed"):
        portal.post(f"/jobs/{GROUND_TRUTH}/delete/", {"confirm": GROUND_TRUTH, "seen": seen})
        last = Change.objects.order_by("-id").first()
        assert (last.job_id, last.field, last.after, last.outcome) == (GROUND_TRUTH, "job", "deleted", outcome)
        assert last.before.startswith("ground truth with ")
    assert "/jobs/undo" not in text(portal.get("/activity/?field=job")).split("<table")[1].split("</table>")[0]


def test_an_upload_is_recorded_and_so_is_its_refusal(portal, upstream):
    page = portal.get(f"/jobs/{BOXES}/upload/")
    data = {"format": "CVAT 1.1", "seen": page.context["total"], "replace": "on"}
    for outcome in ("changed", "refused"):
        file = SimpleUploadedFile(
            "boxes.xml", b'<?xml version="1.0"?><annotations><version>1.1</version></annotations>'
        )
        portal.post(f"/jobs/{BOXES}/upload/", data | {"file": file})
        last = Change.objects.order_by("-id").first()
        assert (last.field, last.outcome) == ("annotations", outcome), outcome
        assert last.after.startswith("import of boxes.xml (CVAT 1.1)")
        upstream.fail(method="POST", path="/annotations", status=400, body=b'["no"]', times=None)


def test_changes_of_annotations_are_recorded(portal, upstream):
    place = f"/jobs/{BOXES}/annotations/clear/"
    portal.post(place, portal.get(place).context["form"].initial | {"typed": BOXES})
    assert told(Change.objects.get()) == ("annotations", "20", "0 after clearing", "changed")
    key = portal.get(f"/jobs/{BOXES}/annotations/edit/").context["backups"][0]["key"]
    place = f"/jobs/{BOXES}/annotations/backups/{key}/restore/"
    upstream.fail(method="PUT", status=403, body=b'{"detail":"not now"}')
    portal.post(place, {"once": "a"})
    portal.post(place, {"once": "b"})
    refused, restored = Change.objects.order_by("id")[1:]
    assert told(refused) == ("annotations", "0", "20 after going back to a backup", "refused")
    assert "not now" in refused.words and restored.outcome == "changed"


def test_odd_words_fit_into_the_record(upstream, db):
    key = store([Change(upstream=upstream.url, person_id=1, task_id=1, job_id=1, before="a\0b", after="x" * 999)])
    change = Change.objects.get(key=key)
    assert (change.before, len(change.after)) == ("a\ufffdb", 200)


# Undo


def test_undo_is_recorded_as_such_and_counts_once(portal, upstream):
    made = changed(portal, "assignee", BOB)
    assert words_after(portal, made.key) == f"Taken back. Job {JOB}: assigned to nobody"
    taken = Change.objects.get(undoes=made.key)
    assert told(taken) == ("assignee", "bob", "nobody", "changed") and now(upstream)[0] is None
    upstream.calls.clear()
    assert "taken back already" in words_after(portal, made.key)
    assert not patches(upstream) and Change.objects.count() == 2
    assert words_after(portal, taken.key) == f"Taken back. Job {JOB}: assigned to bob", "an undo is a change too"


def test_of_two_at_once_one_wins(portal, upstream):
    made = changed(portal, "assignee", BOB)
    with undoing.claimed(made.key):
        assert "somebody is at it" in words_after(portal, made.key)
    assert now(upstream)[0] == BOB
    assert words_after(portal, made.key).startswith("Taken back.")


def test_each_field_goes_back_only_where_it_still_has_the_value(portal, upstream):
    save(portal, "state", "completed")
    made = changed(portal, "stage", "validation")
    save(portal, "state", "in progress")
    said = words_after(portal, made.key)
    assert said == f"Taken back. Job {JOB}: stage annotation. State is now in progress, left alone."
    assert now(upstream) == (None, "annotation", "in progress"), "the later state is not reset by the stage"
    assert "State is now in progress" in words_after(portal, made.key), "what is left stays open"


def test_undo_leaves_what_somebody_else_has_set(portal, sign_in, upstream):
    made = changed(portal, "assignee", BOB)
    save(sign_in("admin"), "assignee", DAVE)
    upstream.calls.clear()
    assert (
        words_after(portal, made.key)
        == f"Not taken back: job {JOB} was changed since. Assignee is now dave, left alone."
    )
    assert not patches(upstream) and now(upstream)[0] == DAVE


def test_what_is_back_already_says_so(portal, upstream):
    made = changed(portal, "state", "completed")
    save(portal, "state", "new")
    assert "taken back already" in words_after(portal, made.key)


def test_undo_works_at_any_age(portal, upstream):
    made = changed(portal, "state", "completed")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE activity_change SET at = %s", [timezone.now() - timedelta(days=700)])
    assert words_after(portal, made.key).startswith("Taken back")


def test_a_leader_takes_back_what_somebody_else_did(portal, sign_in, upstream):
    made = changed(sign_in("admin"), "assignee", BOB)
    assert words_after(portal, made.key).startswith("Taken back")
    assert Change.objects.get(undoes=made.key).username == "alice"


def test_undo_asks_within_the_jobs_own_organization_whichever_is_looked_at(sign_in, upstream):
    alice = sign_in("alice")
    made = changed(alice, "assignee", BOB)
    alice.get("/jobs/?org=")
    upstream.calls.clear()
    undo(alice, made.key, **HTMX)
    asked = [call for call in upstream.calls if call.path == f"/api/jobs/{JOB}"]
    assert {call.headers["x-organization"] for call in asked} == {"acme"} and len(asked) == 2


def test_whoever_sees_the_job_may_ask_and_the_upstream_says_no(portal, sign_in, upstream):
    carol = sign_in("carol")
    job = carol.get("/jobs/?view=mine&state=in+progress").context["rows"][0].job
    made = changed(portal, "stage", "acceptance", job.id)
    answer = undo(carol, made.key, **HTMX)
    assert answer.status_code == 403 and now(upstream, job.id)[1] == "acceptance"
    refused = Change.objects.filter(undoes=made.key)
    assert {change.outcome for change in refused} == {"refused"}
    assert words_after(portal, made.key).startswith("Taken back"), "a refused undo does not count as one"


@pytest.mark.parametrize("key", [None, uuid4()])
def test_what_one_may_not_know_of_is_not_there(portal, sign_in, upstream, key):
    key = key or changed(portal, "state", "completed").key
    upstream.calls.clear()
    answer = undo(sign_in("grace", org="harbor"), key)
    assert answer.status_code == 404 and not patches(upstream)
    assert not Change.objects.exclude(undoes=None).exists()


def test_only_changed_fields_of_a_job_can_be_taken_back(portal, upstream):
    failed = record(upstream=upstream.url, job_id=JOB, outcome="failed")
    annotated = record(upstream=upstream.url, job_id=JOB, field="annotations", before="1", after="2")
    foreign = record(upstream="http://elsewhere.example", job_id=JOB)
    for change in (failed, annotated, foreign):
        assert undo(portal, change.key).status_code == 404
    assert not patches(upstream)


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_an_upstream_that_is_down_is_told_and_nothing_is_recorded_as_changed(portal, upstream, method):
    made = changed(portal, "assignee", BOB)
    upstream.fail(method=method, path=rf"^/api/jobs/{JOB}$", reset=True)
    answer = undo(portal, made.key, **HTMX)
    assert answer.status_code == 502 and toast(answer)["kind"] == "problem"
    taken = Change.objects.get(undoes=made.key)
    assert told(taken) == ("assignee", "bob", "nobody", "failed") and taken.words
    assert words_after(portal, made.key).startswith("Taken back"), "it can be tried again"


def test_a_job_that_is_gone_is_told(portal, upstream):
    made = changed(portal, "state", "completed", GROUND_TRUTH)
    upstream.store.jobs.remove(GROUND_TRUTH)
    assert undo(portal, made.key, **HTMX).status_code == 404
    assert Change.objects.get(undoes=made.key).outcome == "refused"


def test_on_the_page_undo_answers_with_an_event_that_reads_it_again(portal, upstream):
    made = changed(portal, "assignee", BOB)
    answer = undo(portal, made.key, **HTMX | {"HX-Target": "changes"})
    events = json.loads(answer["HX-Trigger"])
    assert answer.status_code == 204 and "undone" in events and "Taken back" in events["toast"]["words"]
    page = portal.get("/activity/?person=alice")
    assert 'hx-get="/activity/?org=acme&amp;person=alice" hx-trigger="undone from:body"' in page.content.decode()


def test_without_javascript_undo_leads_back_to_the_page(portal):
    made = changed(portal, "assignee", BOB)
    place = "/activity/?org=acme&person=alice"
    answer = portal.post("/jobs/undo", {"undo": str(made.key), "next": place})
    assert (answer.status_code, answer["Location"]) == (302, place)
    page = text(portal.get(place))
    assert "Taken back. Job 3" in page and "takes an earlier change back" in page and "taken back" in page
    answer = portal.post("/jobs/undo", {"undo": str(made.key), "next": "https://evil.example/"})
    assert answer["Location"] == "/activity/"


# Who sees what


def test_workers_see_their_own_and_leaders_all_of_their_organization(portal, sign_in, upstream):
    carol = sign_in("carol")
    job = carol.get("/jobs/?view=mine&state=in+progress").context["rows"][0].job
    changed(carol, "state", "completed", job.id)
    changed(portal, "assignee", BOB)
    assert shown(carol) == [job.id]
    assert shown(portal) == [JOB, job.id]
    assert "Your own changes" in text(carol.get("/activity/")) and "as you lead it" in text(portal.get("/activity/"))
    rows = csv_of(carol.get("/activity/changes.csv"))
    assert [row["job"] for row in rows] == [str(job.id)], "the file has no more than the page"


def test_others_records_stay_unseen_whatever_is_asked_for(sign_in, upstream):
    hidden = record(upstream=upstream.url)
    carol = sign_in("carol")
    for query in ("", "?person=zoe", "?job=900", "?search=zoe", f"?before={hidden.id + 1}", "?org=*", "?org="):
        assert shown(carol, query) == [], query
    assert shown(sign_in("grace", org="harbor")) == [] and shown(sign_in("grace", org="*")) == []


def test_what_is_looked_at_narrows_it_down(sign_in, upstream):
    for number, organization in ((901, ACME), (902, HARBOR), (903, None)):
        record(upstream=upstream.url, job_id=number, organization_id=organization, person_id=ALICE)
    record(upstream=upstream.url, job_id=904, organization_id=None)
    record(upstream=upstream.url, job_id=905, organization_id=HARBOR)
    record(upstream="http://elsewhere.example", job_id=906, person_id=ALICE)
    alice = sign_in("alice")
    assert shown(alice, "?org=acme") == [901] and shown(alice, "?org=") == [903]
    assert shown(alice, "?org=*") == [903, 902, 901], "one's own, wherever"
    assert shown(sign_in("admin", org="*")) == [905, 904, 903, 902, 901], "a superuser sees all of this upstream"
    assert shown(sign_in("grace", org="harbor")) == [905, 902]


# Finding


@pytest.fixture
def recorded(upstream):
    run = Run.objects.create(upstream=upstream.url, person_id=99, username="zoe", kind="change", total=2)
    facts = {"upstream": upstream.url, "person_id": 99}
    record(**facts, job_id=901, username="zoe", field="assignee", before="nobody", after="bob", after_id=3)
    record(**facts, job_id=902, username="max", outcome="refused", words="The Lock is on", task_id=7)
    record(**facts, job_id=903, username="max", outcome="failed", project_id=5, run=run)
    return run


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("person=max", [903, 902]),
        ("job=901", [901]),
        ("field=assignee", [901]),
        ("outcome=refused", [902]),
        ("task=7", [902]),
        ("project=5", [903]),
        ("since=2020-01-01", [903, 902, 901]),
        ("since=2100-01-01", []),
        ("until=2020-01-01", []),
        ("until=9999-12-30", [903, 902, 901]),
        ("search=lock+is", [902]),
        ("search=BOB", [901]),
        ("search=%23902", [902]),
        ("search=903", [903]),
        ("search=%25", []),
        ("person=max&outcome=failed", [903]),
    ],
)
def test_filters_are_in_the_address(portal, recorded, query, found):
    assert shown(portal, f"?{query}") == found
    assert [row["job"] for row in csv_of(portal.get(f"/activity/changes.csv?{query}"))] == [str(job) for job in found]


def test_a_run_is_a_filter_and_a_link(portal, recorded):
    assert shown(portal, f"?run={recorded.key}") == [903]
    assert f"/activity/?run={recorded.key}" in text(portal.get("/activity/")), "somebody else's run has no page for one"
    page = text(portal.get(f"/activity/?run={recorded.key}&job=903"))
    assert "Remove the filter Run" in page and "Remove the filter Job 903" in page


RUBBISH = [
    "job=abc",
    "job=-1",
    "job=99999999999999999999",
    "field=bogus",
    "outcome=%00",
    "since=yesterday",
    "since=0001-01-01",
    "until=9999-12-31",
    "run=x",
    "before=x",
    "before=0",
    "search=" + "x" * 300,
    "person=%00",
]


@pytest.mark.parametrize("query", RUBBISH)
def test_rubbish_in_the_address_is_said_and_finds_nothing(portal, recorded, query):
    answer = portal.get(f"/activity/?{query}")
    assert answer.status_code == 422 and "can't be filtered like this" in text(answer)
    assert "entries" not in answer.context
    assert portal.get(f"/activity/changes.csv?{query}")["Location"].startswith("/activity/?")


def test_pages_begin_after_the_last_one_and_lose_nothing(portal, upstream):
    record(120, upstream=upstream.url)
    place, seen = "/activity/?person=zoe", []
    for _ in range(3):
        page = portal.get(place)
        seen += [change.id for entry in page.context["entries"] for change in entry.changes]
        record(3, upstream=upstream.url)  # meanwhile
        place = page.context["older_url"]
    assert len(seen) == len(set(seen)) == 120 and not place
    assert "Newest" in text(page)


def test_htmx_gets_the_part_that_changes(portal, upstream):
    record(upstream=upstream.url)
    part = portal.get("/activity/?person=zoe", headers=HTMX | {"HX-Target": "changes"})
    assert "<html" not in text(part) and "zoe" in text(part)
    part = portal.get(f"/jobs/{JOB}/history/", headers=HTMX | {"HX-Target": "changes"})
    assert "<html" not in text(part)


def test_a_long_record_costs_no_more(portal, upstream):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert len(shown(portal)) == 50
        return len(caught)

    record(60, upstream=upstream.url)
    shown(portal)
    few = queries()
    record(10_000, upstream=upstream.url)
    assert queries() == few
    assert len(csv_of(portal.get("/activity/changes.csv"))) == 10_060


def csv_of(answer):
    assert answer.status_code == 200 and answer.streaming
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    answer.close()
    return list(csv.DictReader(StringIO(content)))


def test_hostile_words_stay_words(portal, upstream):
    hostile = "<script>alert(1)</script>"
    record(upstream=upstream.url, field="annotations", before="=cmd|' /C calc'!A0", after=hostile, words=hostile * 9)
    record(upstream=upstream.url, username=hostile, field="assignee", before=hostile, before_id=1)
    record(upstream=upstream.url, field="stage", before=hostile, after='"><img src=x>')
    page = portal.get("/activity/").content.decode()
    assert "<script>alert" not in page and "<img src=x>" not in page and "&lt;script&gt;alert" in page
    rows = csv_of(portal.get("/activity/changes.csv?field=annotations"))
    assert rows[0]["before"] == "'=cmd|' /C calc'!A0"


def test_nothing_there_says_why(portal):
    assert "Nothing was changed here yet" in text(portal.get("/activity/"))
    assert "No change matches these filters" in text(portal.get("/activity/?person=nobody"))


def test_the_record_is_there_when_the_upstream_is_not(portal, upstream):
    record(upstream=upstream.url, person_id=ALICE, username="alice")
    upstream.fail(status=500, times=None)
    page = portal.get("/activity/")
    assert page.status_code == 200 and "task 1" in text(page)


# The history of a job


def test_the_history_of_a_job_is_for_whoever_sees_the_job(portal, sign_in):
    changed(sign_in("admin"), "assignee", CAROL)
    changed(portal, "state", "completed")
    for who in (portal, sign_in("carol")):
        page = who.get(f"/jobs/{JOB}/history/")
        assert [entry.first.username for entry in page.context["entries"]] == ["alice", "admin"]
        assert "What was done to this job through the portal" in text(page) and "Undo" in text(page)
    assert 'aria-current="page">History' in text(page)
    assert sign_in("grace", org="harbor").get(f"/jobs/{JOB}/history/").status_code == 403
    assert portal.get("/jobs/999999/history/").status_code == 404


def test_the_history_is_only_of_that_job_and_says_when_there_is_none(portal, upstream):
    record(upstream=upstream.url, job_id=5)
    record(upstream="http://elsewhere.example", job_id=JOB)
    assert "Nothing was changed through the portal" in text(portal.get(f"/jobs/{JOB}/history/"))
    assert portal.get(f"/jobs/{JOB}/history/?before=rubbish").status_code == 200


def test_a_long_history_has_pages(portal, upstream):
    record(60, upstream=upstream.url, job_id=JOB)
    page = portal.get(f"/jobs/{JOB}/history/")
    assert len(page.context["entries"]) == 50
    assert len(portal.get(page.context["older_url"]).context["entries"]) == 10


# Who has annotated


def test_records_only_grow(upstream, db):
    change = record(upstream=upstream.url)
    change.words = "never happened"
    attempts = [
        change.save,
        change.delete,
        lambda: Change.objects.all().update(words="never happened"),
        lambda: Change.objects.all().delete(),
        lambda: Change.objects.bulk_update([change], ["words"]),
        lambda: Change.objects.update_or_create(id=change.id, defaults={"words": "never happened"}),
    ]
    for attempt in attempts:
        with pytest.raises(AppendOnly), transaction.atomic():
            attempt()
    assert Change.objects.get().words == ""
