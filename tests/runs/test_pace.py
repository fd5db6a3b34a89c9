"""How a run heeds an upstream that is busy or away."""

import pytest

from jobsportal.cvat import errors
from jobsportal.runs import pace as pace_module
from jobsportal.runs.pace import LONGEST_PAUSE, Pace, is_hindrance


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is told."""
    now = [1000.0]
    monkeypatch.setattr(pace_module.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("error", "hinders"),
    [
        (errors.Busy(status=429), True),
        (errors.Busy(status=503), True),
        (errors.ServerFault(status=502), True),
        (errors.ServerFault(status=504), True),
        (errors.Unreachable(), True),
        (errors.TimedOut(), True),
        (errors.ServerFault(status=500), False),
        (errors.Forbidden(status=403), False),
        (errors.BrokenAnswer(status=200), False),
    ],
)
def test_what_is_about_the_upstream_as_a_whole(error, hinders):
    assert is_hindrance(error) == hinders


def test_what_the_upstream_asks_for_is_kept(clock):
    pace = Pace()
    pace.hinder(errors.Busy(retry_after=7.0))
    assert pace.seconds_left == 7.0
    pace.hinder(errors.Busy(retry_after=3.0))
    assert pace.seconds_left == 7.0, "the longer one counts"
    clock[0] += 7
    assert not pace.seconds_left and not pace.is_lost


def test_pauses_grow_up_to_a_bound_and_begin_anew(clock):
    pace, pauses = Pace(), []
    for _ in range(12):
        pace.hinder(errors.Busy(retry_after=0.0))
        pauses.append(pace.seconds_left)
        clock[0] += pauses[-1]
    assert 0.5 <= pauses[0] <= 1 and pauses[0] < pauses[2] < pauses[4] and pauses[-1] == LONGEST_PAUSE
    pace.well()
    pace.hinder(errors.Unreachable())
    assert pace.seconds_left <= 1


def test_failures_at_the_same_time_count_as_one(clock):
    pace = Pace()
    for _ in range(8):
        pace.hinder(errors.Unreachable())
    assert pace.seconds_left <= 1


def test_patience_counts_from_the_last_success(clock, settings):
    settings.RUN_PATIENCE_SECONDS = 60
    pace = Pace()
    clock[0] += 50
    pace.well()
    pace.hinder(errors.Unreachable())
    clock[0] += 50
    assert not pace.is_lost
    clock[0] += 11
    assert pace.is_lost


def test_a_quiet_hour_is_no_trouble(clock):
    pace = Pace()
    clock[0] += 3600
    assert not pace.is_lost


def test_an_upstream_that_asks_for_more_than_there_is(clock, settings):
    settings.RUN_PATIENCE_SECONDS = 60
    pace = Pace()
    pace.hinder(errors.Busy(retry_after=61.0))
    assert pace.is_lost
