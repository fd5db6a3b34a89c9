"""Failures come in every shape; each is one class of errors, with the server's words."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from jobsportal.cvat import Client, TokenCredential
from jobsportal.cvat.errors import CVATError, Invalid, NotFound, SignedOut, Unreachable, Unsupported
from jobsportal.cvat.types import Job
from tests.contract.upstream import NO_SUCH_ID, Upstream


def test_errors_of_a_detail(client: Client) -> None:
    with pytest.raises(NotFound) as caught:
        client.jobs.retrieve(NO_SUCH_ID)
    assert caught.value.detail in ("Not found.", "No Job matches the given query.")
    assert (caught.value.status, caught.value.fields, caught.value.method) == (404, {}, "GET")
    assert caught.value.request_id


def test_errors_of_fields(client: Client) -> None:
    with pytest.raises(Invalid) as caught:
        client.jobs.list(stage="bogus", state="bogus")
    assert set(caught.value.fields) == {"stage", "state"}
    assert "not one of the available choices" in caught.value.fields["stage"][0]


def test_errors_of_no_field_when_signing_in(anybody: Client) -> None:
    """A name that nobody has: a wrong password for one that somebody has might lock them out."""
    with pytest.raises(Invalid) as caught:
        anybody.auth.login(f"nobody-{uuid.uuid4().hex}", "wrong")
    assert caught.value.detail == "Unable to log in with provided credentials."


def test_errors_of_a_bare_list(client: Client) -> None:
    with pytest.raises(Invalid) as caught:
        client.get("/api/jobs", dict[str, Any], filter="{not json")
    assert caught.value.detail.startswith("filter: ")


def test_errors_of_a_bare_string(client: Client, job: Job) -> None:
    """Newer servers put it into a list."""
    with pytest.raises(Invalid) as caught:
        client.jobs.retrieve_frame(job.id, NO_SUCH_ID)
    assert caught.value.detail and not caught.value.detail.startswith(("[", '"'))


def test_errors_of_plain_text(client: Client) -> None:
    with pytest.raises(NotFound) as caught:
        client.requests.retrieve("garbage")
    assert caught.value.detail == "There is no request with specified id"


def test_errors_of_a_page(client: Client) -> None:
    with pytest.raises(NotFound) as caught:
        client.get("/api/nonexistent", dict[str, Any])
    assert "<" not in caught.value.detail


def test_errors_of_a_crash_are_told_apart(client: Client) -> None:
    """Labels of a job that isn't there are a 500 upstream."""
    with pytest.raises(NotFound):
        client.labels.list(job_id=NO_SUCH_ID)


def test_errors_of_a_method_and_of_an_accept_header(client: Client, job: Job) -> None:
    with pytest.raises(Unsupported) as caught:
        client.fetch("POST", f"/api/jobs/{job.id}")
    assert caught.value.status == 405
    with pytest.raises(Unsupported) as caught:
        client.fetch("GET", "/api/users/self", headers={"Accept": "application/json"})
    assert caught.value.status == 406


def test_errors_of_nobody_and_of_a_token_that_is_none(upstream: Upstream, anybody: Client) -> None:
    with pytest.raises(SignedOut) as caught:
        anybody.jobs.list(page_size=1)
    assert caught.value.detail == "Authentication credentials were not provided."
    with pytest.raises(SignedOut) as caught:
        upstream.client(TokenCredential("0" * 40)).users.self()
    assert caught.value.detail == "Invalid token."


def test_errors_of_no_server_at_all() -> None:
    with pytest.raises(Unreachable):
        Client("http://127.0.0.1:9").server.about()


def test_errors_show_no_secret(client: Client) -> None:
    with pytest.raises(CVATError) as caught:
        client.jobs.retrieve(NO_SUCH_ID)
    secret = client.credential.headers["Authorization"].split()[-1]
    assert secret not in f"{caught.value!r} {caught.value} {client!r}"
