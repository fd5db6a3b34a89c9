"""Traps: which way to go."""

import io
import threading

import pytest

from jobsportal.cvat import errors
from tests.service.traps.helpers import CVAT, JOB, client_at, paths
from tests.service.wire import ok


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
