"""Backups of annotations: taken before each change, seen by nobody else, and the way back."""

import time
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils import timezone

from jobsportal.accounts.person import Person
from jobsportal.annotations import backups, changing
from jobsportal.annotations.changing import restore
from jobsportal.annotations.models import Backup, Draft
from jobsportal.cvat import TokenCredential, errors
from tests.pages.test_json_changes import (
    API,
    CLEAR,
    EDIT,
    EMPTY,
    JOB,
    api,
    box,
    bring,
    broken,
    preview,
    same,
    sent,
    text,
    total,
    yes,
)


def clear(portal):
    answer = yes(portal, portal.get(CLEAR), typed="46")
    assert answer.status_code == 302, text(answer)
    return Backup.objects.latest("id")


def address(backup, job=JOB):
    return f"/jobs/{job}/annotations/backups/{backup.key}"


def take_back(portal, backup):
    return portal.post(f"{address(backup)}/restore/")


def age(backup, days):
    Backup.objects.filter(pk=backup.pk).update(made=timezone.now() - timedelta(days=days))


def let_pass(upstream, *, method, path="/annotations$"):
    """The next request like this is answered as ever; a fault that is ordered after it meets the one after that."""
    upstream.fail(method=method, path=path, delay=0.001)


# Kept


def test_a_backup_is_the_very_bytes_that_the_server_gave(portal, upstream):
    told = portal.get(f"/jobs/{JOB}/annotations.json").getvalue()
    backup = clear(portal)
    answer = portal.get(f"{address(backup)}.json")
    assert answer.getvalue() == told and answer["Content-Length"] == str(len(told))
    assert answer["Content-Disposition"].startswith(f'attachment; filename="job{JOB}-backup-20')
    assert backup.why == "clear" and backup.before == {"rectangle": 17, "polyline": 1, "tag": 2} and backup.after == {}
    assert backup.person_id == api(upstream, path="/api/users/self", username="alice")["id"]
    assert backup.organization_id == upstream.store.jobs[JOB].organization_id and backup.upstream == upstream.url
    assert backup.packed_size < backup.size / 2


def test_the_page_lists_ones_backups(portal):
    clear(portal)
    page = text(portal.get(EDIT))
    assert "20 annotations</strong>" in page and "before clearing (20 → 0)" in page and "kept for 30 days" in page
    assert "the same in everything but the ids" in page


def test_the_latest_five_are_in_sight_and_the_others_a_click_away(portal):
    for _ in range(3):
        take_back(portal, clear(portal))
    page = text(portal.get(EDIT))
    assert "1 older" in page and page.index("1 older") < page.rindex("before clearing")


def test_nobody_else_gets_to_see_them(sign_in, upstream):
    backup = clear(sign_in())
    other = sign_in("bob")
    assert "None yet." in text(other.get(EDIT)) and "Take it back" not in text(
        other.get(f"{EDIT}?changed={backup.key}")
    )
    for place in (f"{address(backup)}.json", f"{address(backup)}/restore/"):
        assert other.get(place).status_code == 404
    assert take_back(other, backup).status_code == 404 and total(upstream) == 0


def test_the_admin_is_nobody_else(sign_in, upstream):
    backup = clear(sign_in())
    assert sign_in("admin", "*").get(f"{address(backup)}.json").status_code == 404


def test_a_backup_belongs_to_its_job_and_its_server(portal, settings):
    backup = clear(portal)
    assert portal.get(f"{address(backup, EMPTY)}.json").status_code == 404
    settings.CVAT_URL = settings.CVAT_URL.replace("127.0.0.1", "localhost")
    assert portal.get(f"{address(backup)}.json").status_code == 404


def test_whoever_may_not_see_the_job_any_more_gets_no_backup_of_it(portal, upstream):
    backup = clear(portal)
    upstream.fail(path=f"/api/jobs/{JOB}$", status=403)
    assert portal.get(f"{address(backup)}.json").status_code == 403


def test_expired_ones_are_not_offered_and_go_with_the_next(portal, upstream):
    backup = clear(portal)
    age(backup, 29)
    assert portal.get(f"{address(backup)}.json").status_code == 200
    age(backup, 31)
    assert portal.get(f"{address(backup)}.json").status_code == 404 and take_back(portal, backup).status_code == 404
    assert "None yet." in text(portal.get(EDIT)) and Backup.objects.count() == 1
    bring(portal, {"shapes": [box(upstream)]})
    assert not Backup.objects.exists()


def test_a_command_deletes_what_has_expired(portal, upstream, settings, capsys):
    settings.BACKUP_DAYS = 3
    old = clear(portal)
    take_back(portal, old)
    age(old, 4)
    Draft.objects.all().delete()
    bring(portal, {"shapes": [box(upstream)]})
    age(Backup.objects.latest("id"), 4)
    Draft.objects.update(made=timezone.now() - timedelta(hours=3))
    call_command("purgebackups")
    assert "1 backup older than 3 days deleted." in capsys.readouterr().out
    assert not Backup.objects.exists() and not Draft.objects.exists()


def test_the_oldest_make_room_for_the_newest(portal, settings, upstream):
    first = clear(portal)
    second_answer = take_back(portal, first)
    assert second_answer.status_code == 302
    settings.BACKUP_MAX_MIB = (first.packed_size + 200) / 1024 / 1024
    third = clear(portal)
    kept = list(Backup.objects.values_list("pk", flat=True))
    assert third.pk in kept and first.pk not in kept


def test_one_that_is_larger_than_all_that_is_kept_stops_the_change(portal, settings, upstream):
    page = portal.get(CLEAR)
    settings.BACKUP_MAX_MIB = 0.0001
    answer = yes(portal, page, typed="46")
    assert answer.status_code == 503 and "The backup could not be kept, so nothing was changed." in text(answer)
    assert not sent(upstream) and total(upstream) == 20 and not Backup.objects.exists()


def test_a_database_that_fails_stops_the_change(portal, upstream, monkeypatch):
    page = portal.get(CLEAR)

    def full(self, *args, **kwargs):
        raise DatabaseError("disk full")

    monkeypatch.setattr(Backup, "save", full)
    answer = yes(portal, page, typed="46")
    assert answer.status_code == 503 and "so nothing was changed" in text(answer) and not sent(upstream)


def test_expired_ones_that_can_not_be_deleted_hinder_nothing(portal, upstream, monkeypatch):
    def locked():
        raise DatabaseError("locked")

    monkeypatch.setattr(backups, "purge", locked)
    clear(portal)
    assert total(upstream) == 0 and Backup.objects.count() == 1


def test_a_change_whose_outcome_can_not_be_noted_is_told_as_done(portal, upstream, monkeypatch):
    page = preview(portal, {"shapes": [box(upstream)]}, "create")
    monkeypatch.setattr(QuerySet, "update", broken)
    answer = yes(portal, page)
    assert answer.status_code == 200 and "Annotations were added in job 46: 20 → 21." in text(answer)
    assert "could not note that" in text(answer)
    assert yes(portal, page).status_code == 302 and total(upstream) == 21


def test_a_change_whose_backup_is_gone_is_told_as_done(portal, upstream, monkeypatch):
    page = portal.get(CLEAR)
    monkeypatch.setattr(changing, "send", sent_while(Backup.objects.all().delete, changing.send))
    answer = yes(portal, page, typed="46")
    assert answer.status_code == 200 and "The change is done" in text(answer) and total(upstream) == 0


def test_a_refusal_is_told_though_the_needless_backup_can_not_be_deleted(portal, upstream, monkeypatch):
    page = preview(portal, {"shapes": [box(upstream)]})
    monkeypatch.setattr(backups, "make_room", lambda person: None)
    monkeypatch.setattr(QuerySet, "delete", broken)
    upstream.fail(method="PUT", status=403, body=b'{"detail": "no"}', content_type="application/json")
    answer = yes(portal, page)
    assert answer.status_code == 403 and "Nothing was changed" in text(answer)


def test_the_backup_of_a_change_under_way_does_not_make_room(portal, settings):
    first = clear(portal)
    Backup.objects.update(after=None)
    settings.BACKUP_MAX_MIB = (first.packed_size + 200) / 1024 / 1024
    take_back(portal, first)
    assert Backup.objects.filter(pk=first.pk).exists()
    Backup.objects.filter(pk=first.pk).update(made=timezone.now() - timedelta(minutes=11))
    second = clear(portal)
    assert list(Backup.objects.values_list("pk", flat=True))[-1] == second.pk
    assert not Backup.objects.filter(pk=first.pk).exists()


def sent_while(meanwhile, send):
    def sent_then(*args):
        send(*args)
        meanwhile()

    return sent_then


# What fails on the way


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"reset": True}, {"status": 403}, {"truncate": 100}, {"status": 401}]
)
def test_without_a_backup_nothing_is_changed(portal, upstream, fault):
    page = portal.get(CLEAR)
    upstream.fail(method="GET", path="/annotations$", **fault)
    answer = yes(portal, page, typed="46")
    assert answer.status_code in (401, 403, 502) and not sent(upstream) and not Backup.objects.exists()
    assert answer.status_code != 502 or "Nothing was changed." in text(answer)
    assert total(upstream) == 20


def test_a_server_that_is_too_slow_to_give_a_backup_is_told(portal, upstream, settings):
    page = portal.get(CLEAR)
    settings.CVAT_READ_TIMEOUT = 0.2
    upstream.fail(method="GET", path="/annotations$", delay=1.0)
    answer = yes(portal, page, typed="46")
    assert answer.status_code == 504 and "Nothing was changed." in text(answer) and not sent(upstream)


def test_a_server_that_drips_is_given_up(portal, upstream, settings):
    settings.CVAT_TOTAL_TIMEOUT = 0.5
    upstream.fail(method="GET", path="/annotations$", slow=2000)
    started = time.monotonic()
    assert portal.get(CLEAR).status_code == 504 and time.monotonic() - started < 1.5


@pytest.mark.parametrize(("status", "told"), [(400, 400), (403, 403), (404, 404), (401, 401), (429, 503)])
def test_a_change_that_is_refused_leaves_no_backup(portal, upstream, status, told):
    page = preview(portal, {"shapes": [box(upstream)]})
    upstream.fail(
        method="PUT", path="/annotations$", status=status, body=b'{"detail": "no"}', content_type="application/json"
    )
    assert yes(portal, page).status_code == told
    assert total(upstream) == 20 and not Backup.objects.exists()


@pytest.mark.parametrize("fault", [{"status": 500}, {"reset": True}, {"status": 504}])
def test_a_change_that_broke_before_it_arrived_is_told_and_keeps_its_backup(portal, upstream, fault):
    page = preview(portal, {"shapes": [box(upstream)]})
    upstream.fail(method="PUT", path="/annotations$", **fault)
    answer = yes(portal, page)
    assert answer.status_code == 502 and "So far nothing was changed" in text(answer) and total(upstream) == 20
    assert Backup.objects.count() == 1
    assert yes(portal, answer).status_code == 302 and total(upstream) == 1


def test_a_change_whose_answer_was_lost_is_found_to_have_arrived(portal, upstream):
    page = preview(portal, {"shapes": [box(upstream)]})
    upstream.fail(method="PUT", path="/annotations$", truncate=20)
    answer = yes(portal, page)
    assert answer.status_code == 302 and "The annotations were replaced: 20 → 1" in text(portal.get(answer["Location"]))
    assert take_back(portal, Backup.objects.get()).status_code == 302 and total(upstream) == 20


def test_a_change_of_which_nothing_is_known_says_so_and_offers_to_compare(portal, upstream):
    page = preview(portal, {"shapes": [box(upstream)]})
    upstream.fail(method="PUT", path="/annotations$", truncate=20)
    let_pass(upstream, method="GET")
    upstream.fail(method="GET", path="/annotations$", status=500)
    answer = yes(portal, page)
    assert answer.status_code == 302
    told = text(portal.get(answer["Location"]))
    assert "It is not known whether the change arrived" in told and "Compare with the backup" in told
    backup = Backup.objects.get()
    assert backup.after is None and backup.left == ""
    compared = portal.get(f"{address(backup)}/restore/")
    assert "1 goes, 20 come" in text(compared)
    assert yes(portal, compared).status_code == 302 and total(upstream) == 20


def test_a_look_afterwards_that_fails_leaves_the_change_and_asks_before_it_is_taken_back(portal, upstream):
    page = portal.get(CLEAR)
    let_pass(upstream, method="GET")
    upstream.fail(method="GET", path="/annotations$", status=500)
    answer = yes(portal, page, typed="46")
    assert answer.status_code == 302 and total(upstream) == 0
    asked = take_back(portal, Backup.objects.get())
    assert asked.status_code == 409 and "None go, 20 come" in text(asked) and total(upstream) == 0
    assert yes(portal, asked).status_code == 302 and total(upstream) == 20


def test_somebody_elses_part_in_it_is_noticed(portal, upstream):
    """What is there after the change isn't what was planned: taking it back would take theirs, so it asks."""
    page = preview(portal, {"shapes": [box(upstream)]}, "create")
    real = upstream.store.annotations_of

    def with_another(job):
        data = real(job)
        if len(data["shapes"]) == 19:
            data["shapes"].append(dict(data["shapes"][0], id=upstream.store.new_id()))
        return data

    upstream.store.annotations_of = with_another
    try:
        answer = yes(portal, page)
        told = text(portal.get(answer["Location"]))
    finally:
        del upstream.store.annotations_of
    assert "somebody else may have changed it too" in told
    assert Backup.objects.get().left == "" and take_back(portal, Backup.objects.get()).status_code == 409


# The way back


@pytest.mark.parametrize("action", ["replace", "create", "delete"])
def test_taking_a_change_back_leaves_all_as_it_was_but_for_the_ids(portal, upstream, action):
    before = api(upstream)
    data = {"shapes": [before["shapes"][0] if action == "delete" else box(upstream)]}
    yes(portal, preview(portal, data, action))
    assert not same(before, api(upstream))
    answer = take_back(portal, Backup.objects.get())
    assert answer.status_code == 302 and same(before, api(upstream))
    assert "The backup is back in place" in text(portal.get(answer["Location"]))


def test_skeletons_tracks_and_attributes_come_back_as_they_were(sign_in, upstream):
    portal = sign_in("admin", "*")
    seen = set()
    for job in upstream.store.jobs:
        before = api(upstream, path=f"/api/jobs/{job.id}/annotations", username="admin")
        kinds = {shape["type"] for shape in before["shapes"]} | {kind for kind in ("tags", "tracks") if before[kind]}
        if not kinds - seen:
            continue
        seen |= kinds
        page = portal.get(f"/jobs/{job.id}/annotations/clear/")
        portal.post(page.request["PATH_INFO"], page.context["form"].initial | {"typed": str(job.id)})
        backup = Backup.objects.latest("id")
        assert portal.post(f"{address(backup, job.id)}/restore/").status_code == 302
        assert same(before, api(upstream, path=f"/api/jobs/{job.id}/annotations", username="admin"))
    assert {"rectangle", "tags", "tracks"} <= seen


def test_what_was_done_since_is_shown_before_it_is_overwritten(portal, upstream):
    backup = clear(portal)
    api(upstream, "PATCH", f"{API}?action=create", json={"shapes": [box(upstream)]})
    upstream.calls.clear()
    asked = take_back(portal, backup)
    assert asked.status_code == 409 and "The annotations were changed since" in text(asked)
    assert "1 goes, 20 come" in text(asked) and not sent(upstream)
    assert yes(portal, asked).status_code == 302 and total(upstream) == 20
    overwritten = Backup.objects.latest("id")
    assert overwritten.why == "restore" and overwritten.before == {"rectangle": 1}
    assert take_back(portal, overwritten).status_code == 302 and total(upstream) == 1


def test_taken_back_twice_is_taken_back_once(portal, upstream):
    backup = clear(portal)
    assert take_back(portal, backup).status_code == 302
    again = take_back(portal, backup)
    assert again.status_code == 302 and "like that already" in text(portal.get(again["Location"]))
    assert Backup.objects.count() == 2 and total(upstream) == 20


def test_the_toast_takes_it_back(portal, upstream):
    page = text(portal.get(yes(portal, portal.get(CLEAR), typed="46")["Location"]))
    backup = Backup.objects.get()
    assert "The annotations were cleared in job 46: 20 → 0." in page
    assert page.count(f'action="{address(backup)}/restore/"') == 2  # in the panel and in the toast
    answer = portal.post(f"{address(backup)}/restore/", {"undo": "x", "next": "/jobs/"})
    assert answer.status_code == 302 and total(upstream) == 20


def test_a_restore_that_is_refused_is_told_and_changes_nothing(portal, upstream):
    backup = clear(portal)
    upstream.fail(
        method="PUT", path="/annotations$", status=403, body=b'{"detail": "no"}', content_type="application/json"
    )
    answer = take_back(portal, backup)
    assert answer.status_code == 403 and "Nothing was changed" in text(answer) and Backup.objects.count() == 1
    assert take_back(portal, backup).status_code == 302 and total(upstream) == 20


def test_the_functions_for_others_take_and_restore(portal, upstream, settings):
    person = Person(2, "alice", "Alice", TokenCredential(upstream.token("alice")), organization="acme")
    job = person.client.jobs.retrieve(JOB)
    before = api(upstream)
    backup = backups.take_backup(person, job, "upload")
    person.client.jobs.destroy_annotations(JOB)
    assert restore(person, job, backup).state == "done" and same(before, api(upstream))
    with pytest.raises(errors.NotFound):
        backups.take_backup(person, type(job)(id=999999, task_id=1), "upload")


# Uploads


def upload(portal, upstream, **more):
    job = upstream.store.jobs[JOB]
    name = upstream.store.task_of(job).frame_name(job.frames[0])
    shape = '<box label="pallet" xtl="1" ytl="1" xbr="20" ybr="20" occluded="0" z_order="0"/>'
    image = f'<image id="{job.frames[0]}" name="{name}" width="640" height="480">{shape}</image>'
    content = f'<?xml version="1.0"?><annotations><version>1.1</version>{image}</annotations>'.encode()
    data = {"file": SimpleUploadedFile("a.xml", content), "format": "CVAT 1.1", "seen": 20, "replace": "on"}
    return portal.post(f"/jobs/{JOB}/upload/", data | more)


def test_an_upload_keeps_a_backup_and_its_page_offers_the_way_back(portal, upstream):
    page = portal.get(f"/jobs/{JOB}/upload/")
    assert page.context["form"]["keep_backup"].value() is True and "Keep a backup first" in text(page)
    answer = upload(portal, upstream, keep_backup="on")
    backup = Backup.objects.get()
    done = text(portal.get(answer["Location"]))
    assert "The annotations were replaced" in done and f"{address(backup)}/restore/" in done
    asked = portal.get(f"{address(backup)}/restore/")
    assert "Go back to the backup from before uploading a file" in text(asked)
    assert yes(portal, asked).status_code == 302 and total(upstream) == 20


def test_without_the_tick_no_backup_is_kept(portal, upstream):
    answer = upload(portal, upstream)
    assert answer.status_code == 302 and not Backup.objects.exists()
    assert "Take it back" not in text(portal.get(answer["Location"]))


def test_an_upload_without_its_backup_is_not_sent(portal, upstream, settings):
    settings.BACKUP_MAX_MIB = 0.0001
    answer = upload(portal, upstream, keep_backup="on")
    assert answer.status_code == 503 and "The backup could not be taken, so nothing was changed." in text(answer)
    assert not sent(upstream) and total(upstream) == 20


def test_an_upload_that_is_refused_leaves_no_backup(portal, upstream):
    upstream.fail(
        method="POST", path="/annotations$", status=400, body=b'["Unknown format"]', content_type="application/json"
    )
    assert upload(portal, upstream, keep_backup="on").status_code == 422 and not Backup.objects.exists()
