"""E-mail: to the person's own address, once, whatever a title holds, and never in the way of anything."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from jobsportal.bundles import telling, watching
from jobsportal.bundles.models import FAILED, Bundle, Watch
from tests.bundles.conftest import order, prepared

HERE = "http://portal.example:8000/"


@pytest.fixture(autouse=True)
def sending(settings):
    settings.EMAIL_URL = "memorymail://"
    settings.PORTAL_URL = ""


def turns(count: int = 3) -> None:
    """As many turns of a worker, each when the next is due."""
    for _ in range(count):
        Watch.objects.update(lease_until=None)
        telling.turn()


def test_whoever_asked_is_told_once_that_it_is_ready(alice):
    to = telling.address_of(alice)
    assert "@" in to
    bundle = prepared(order(alice, [1], mail_to=to, address=HERE))
    turns()
    assert [(one.subject, one.to) for one in mail.outbox] == [("Street scenes is ready", [to])]
    assert f"{HERE}downloads/bundles/{bundle.key}/" in mail.outbox[0].body
    bundle.refresh_from_db()
    assert bundle.mail_to == "" and mail.outbox[0].from_email == "Jobs Portal <jobs-portal@localhost>"


def test_nobody_else_is_told_and_nothing_without_a_mail_server(alice, settings):
    prepared(order(alice, [1]))
    turns()
    settings.EMAIL_URL = ""
    waiting = prepared(order(alice, [2], mail_to="alice@example.com"))
    turns()
    assert not mail.outbox and not telling.can_tell()
    waiting.refresh_from_db()
    assert waiting.mail_to == "alice@example.com"


def test_what_failed_and_what_is_missing_is_told(alice, upstream, settings):
    settings.PORTAL_URL = "https://jobs.example"
    prepared(order(alice, [1], format="No Such 1", mail_to="a@example.com", address=HERE))
    upstream.fail("POST", "/jobs/2/dataset/export", status=403)
    prepared(order(alice, [1, 2], mail_to="a@example.com", address=HERE))
    turns()
    failed, missing = sorted(mail.outbox, key=lambda one: one.subject)
    assert failed.subject == "Street scenes could not be prepared" and "Unknown format" in failed.body
    assert "1 of 2 jobs could not be included" in missing.body
    assert "https://jobs.example/downloads/bundles/" in missing.body and HERE not in missing.body


def test_a_title_with_line_breaks_brings_no_header(alice):
    title = "Boxes\r\nBcc: everybody@example.com\n\nHello\u2028\u202e\x00"
    bundle = order(alice, [1], title=title, mail_to="a@example.com", address=HERE)
    Bundle.objects.filter(pk=bundle.pk).update(title=title)
    prepared(bundle)
    turns()
    message = mail.outbox[0].message()
    assert mail.outbox[0].recipients() == ["a@example.com"] and "Bcc" not in message
    assert message["Subject"].startswith("Boxes Bcc: everybody@example.com Hello")
    assert "\n" not in str(message["Subject"])


def test_a_mail_server_that_is_away_is_tried_again_and_then_given_up(alice, settings, monkeypatch, caplog):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    bundle = prepared(order(alice, [1], mail_to="a@example.com", address=HERE))
    turns(5)
    bundle.refresh_from_db()
    assert bundle.mail_tries == 1 and bundle.mail_next > timezone.now() + timedelta(minutes=2), "not at once"
    for _ in range(6):
        Bundle.objects.update(mail_next=timezone.now() - timedelta(seconds=1))
        telling.turn()
    bundle.refresh_from_db()
    assert (bundle.mail_to, bundle.mail_tries) == ("", telling.TRIES)
    assert "given up after 5 tries" in caplog.text


def test_two_workers_tell_once(alice, monkeypatch):
    for number in (1, 2):
        prepared(order(alice, [number], title=f"File {number}", mail_to="a@example.com", address=HERE))
    send = telling.send

    def while_another_works(*arguments):
        monkeypatch.setattr(telling, "send", send)
        telling.turn()  # which finds the second, that this one has found as well
        return send(*arguments)

    monkeypatch.setattr(telling, "send", while_another_works)
    turns()
    assert sorted(one.subject for one in mail.outbox) == ["File 1 is ready", "File 2 is ready"]


def test_an_export_of_its_own_is_followed_to_its_end(alice, upstream):
    upstream.request_seconds = 60
    made = alice.client.jobs.export("COCO 1.0", 1)
    for _ in range(2):
        watching.watch(alice, made.rq_id, "Job 1 as COCO", "a@example.com", HERE)
    turns()
    assert not mail.outbox and Watch.objects.count() == 1, "asked twice is told once"
    upstream.store.requests[made.rq_id].status = "finished"
    turns()
    assert [one.subject for one in mail.outbox] == ["Job 1 as COCO is ready"]
    assert f"{HERE}downloads/" in mail.outbox[0].body and not Watch.objects.exists()


def test_an_export_that_failed_is_told_with_its_reason(alice, upstream):
    made = alice.client.jobs.export("COCO 1.0", 1)
    request = upstream.store.requests[made.rq_id]
    request.status, request.message = "failed", "OSError: No space left on device\n"
    watching.watch(alice, made.rq_id, "Job 1", "a@example.com", HERE)
    turns()
    assert mail.outbox[0].subject == "Job 1 failed" and "no room left" in mail.outbox[0].body


def test_an_export_is_followed_through_trouble_and_forgotten_when_it_is_gone(alice, upstream):
    made = alice.client.jobs.export("COCO 1.0", 1)
    watching.watch(alice, made.rq_id, "Job 1", "a@example.com", HERE)
    upstream.fail(reset=True, times=1)
    turns(1)
    assert Watch.objects.exists() and not mail.outbox
    upstream.store.requests.clear()
    turns(1)
    assert not Watch.objects.exists() and not mail.outbox
    watching.watch(alice, "x", "Job 1", "a@example.com", HERE)
    upstream.revoke("alice")
    turns(1)
    assert not Watch.objects.exists() and not mail.outbox


def test_a_failed_bundle_is_told_although_nothing_is_there(alice):
    bundle = prepared(order(alice, [1], format="No Such 1", mail_to="a@example.com"))
    assert bundle.status == FAILED
    turns()
    assert len(mail.outbox) == 1
