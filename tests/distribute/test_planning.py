"""Plans are fair, keep to limits and exclusions, and are the same each time: over generated jobs and people."""

from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobsportal.distribute.planning import (
    EQUAL_FRAMES,
    EQUAL_JOBS,
    EXCLUDED,
    LIMITS,
    METHODS,
    ROUND_ROBIN,
    TASK_TOO_LARGE,
    TOP_UP_FRAMES,
    TOP_UP_JOBS,
    Taker,
    ToGive,
    plan,
)

at_its_own_pace = settings(deadline=None)
methods = st.sampled_from(list(METHODS))
people_ids = st.integers(1, 6)


@st.composite
def jobs_of(draw, excluded):
    return [
        ToGive(id, draw(st.integers(1, 5)), draw(st.integers(0, 300)), draw(excluded))
        for id in range(1, draw(st.integers(0, 40)) + 1)
    ]


@st.composite
def people(draw, limits):
    return [
        Taker(id, f"p{id}", draw(st.integers(0, 20)), draw(st.integers(0, 900)), draw(limits))
        for id in range(1, draw(people_ids) + 1)
    ]


plain_jobs, plain_people = jobs_of(st.just(frozenset())), people(st.none())
any_jobs = jobs_of(st.frozensets(people_ids, max_size=6))
any_people = people(st.none() | st.integers(0, 12))


def counts(made, takers) -> dict[int, int]:
    return {taker.id: 0 for taker in takers} | Counter(made.given.values())


def frames(jobs, made, takers) -> dict[int, int]:
    sums = {taker.id: 0 for taker in takers}
    for job in jobs:
        if job.id in made.given:
            sums[made.given[job.id]] += job.frames
    return sums


def spread(numbers) -> int:
    return max(numbers) - min(numbers)


@at_its_own_pace
@given(any_jobs, any_people, methods, st.booleans())
def test_each_job_is_given_or_left_with_a_reason_within_limits_and_exclusions(jobs, takers, method, keep):
    made = plan(jobs, takers, method, keep_tasks=keep)
    assert set(made.given) | set(made.left) == {job.id for job in jobs} and not set(made.given) & set(made.left)
    for job in jobs:
        assert made.given.get(job.id) not in job.excluded
    got = counts(made, takers)
    for taker in takers:
        assert taker.limit is None or got[taker.id] <= taker.limit


@at_its_own_pace
@given(any_jobs, any_people, methods)
def test_as_many_jobs_as_limits_and_exclusions_allow_are_given(jobs, takers, method):
    assert len(plan(jobs, takers, method).given) == most_that_can_be_given(jobs, takers)


def most_that_can_be_given(jobs, takers) -> int:
    """A maximum matching of jobs to places, by the book."""
    places = [(taker.id, n) for taker in takers for n in range(len(jobs) if taker.limit is None else taker.limit)]
    places_of = {job.id: [place for place in places if place[0] not in job.excluded] for job in jobs}
    holder: dict[tuple[int, int], int] = {}

    def place(job: int, tried: set) -> bool:
        for spot in places_of[job]:
            if spot in tried:
                continue
            tried.add(spot)
            if spot not in holder or place(holder[spot], tried):
                holder[spot] = job
                return True
        return False

    return sum(place(job.id, set()) for job in jobs)


@at_its_own_pace
@given(any_jobs, any_people, methods, st.booleans())
def test_the_same_input_in_any_order_gives_the_same_plan(jobs, takers, method, keep):
    first = plan(jobs, takers, method, keep_tasks=keep)
    again = plan(jobs[::-1], takers[::-1], method, keep_tasks=keep)
    assert (first.given, first.left) == (again.given, again.left)


@at_its_own_pace
@given(plain_jobs, plain_people, st.sampled_from([ROUND_ROBIN, EQUAL_JOBS]))
def test_round_robin_and_equal_jobs_differ_by_at_most_one(jobs, takers, method):
    assert spread(counts(plan(jobs, takers, method), takers).values()) <= 1


@at_its_own_pace
@given(plain_jobs, plain_people)
def test_equal_frames_differ_by_at_most_the_largest_job(jobs, takers):
    sums = frames(jobs, plan(jobs, takers, EQUAL_FRAMES), takers)
    assert spread(sums.values()) <= max((job.frames for job in jobs), default=0)


@at_its_own_pace
@given(any_jobs, any_people, methods)
def test_a_task_stays_with_one_person(jobs, takers, method):
    made = plan(jobs, takers, method, keep_tasks=True)
    holders = defaultdict(set)
    for job in jobs:
        holders[job.task_id].add(made.given.get(job.id))
    assert all(len(found) == 1 for found in holders.values())


@at_its_own_pace
@given(any_jobs, any_people, methods)
def test_a_task_is_only_left_where_nobody_can_take_it_whole(jobs, takers, method):
    made = plan(jobs, takers, method, keep_tasks=True)
    got = counts(made, takers)
    for task in {job.task_id for job in jobs if job.id in made.left}:
        group = [job for job in jobs if job.task_id == task]
        for taker in takers:
            room = len(jobs) if taker.limit is None else taker.limit - got[taker.id]
            assert room < len(group) or any(taker.id in job.excluded for job in group)


@at_its_own_pace
@given(plain_jobs, plain_people)
def test_topping_up_gives_nothing_to_who_ends_above_the_others(jobs, takers):
    got = counts(plan(jobs, takers, TOP_UP_JOBS), takers)
    after = {taker.id: taker.jobs + got[taker.id] for taker in takers}
    for taker in takers:
        assert not got[taker.id] or after[taker.id] - min(after.values()) <= 1


@at_its_own_pace
@given(plain_jobs, plain_people)
def test_topping_up_frames_ends_within_the_largest_job(jobs, takers):
    sums = frames(jobs, plan(jobs, takers, TOP_UP_FRAMES), takers)
    after = {taker.id: taker.frames + sums[taker.id] for taker in takers}
    largest = max((job.frames for job in jobs), default=0)
    for taker in takers:
        assert not sums[taker.id] or after[taker.id] - min(after.values()) <= largest


def test_swaps_even_out_what_the_largest_first_leaves_uneven():
    """3 3 2 2 2 over two people: the largest first ends at 7 and 5."""
    jobs = [ToGive(id, 1, size) for id, size in enumerate([3, 3, 2, 2, 2], start=1)]
    takers = [Taker(1, "a"), Taker(2, "b")]
    assert sorted(frames(jobs, plan(jobs, takers, EQUAL_FRAMES), takers).values()) == [6, 6]


def test_the_reasons_say_what_stands_in_the_way():
    jobs = [ToGive(1, 1, 10, frozenset({1})), ToGive(2, 2, 10), ToGive(3, 3, 10)]
    assert plan(jobs, [Taker(1, "a", limit=1)], EQUAL_JOBS).left == {1: EXCLUDED, 3: LIMITS}
    of_one_task = [ToGive(id, 1, 10) for id in (1, 2, 3)]
    assert set(plan(of_one_task, [Taker(1, "a", limit=2)], EQUAL_JOBS, keep_tasks=True).left.values()) == {
        TASK_TOO_LARGE
    }


def test_a_job_that_only_a_full_person_may_have_takes_the_place_of_one_that_can_go_elsewhere():
    jobs = [ToGive(1, 1, 10), ToGive(2, 1, 20), ToGive(3, 1, 5, frozenset({2}))]
    made = plan(jobs, [Taker(1, "a", limit=1), Taker(2, "b", limit=2)], EQUAL_FRAMES)
    assert made.given[3] == 1 and not made.left


@pytest.mark.parametrize("method", METHODS)
def test_many_jobs_and_people(method):
    jobs = [ToGive(id, id // 20, 5 + id * 7919 % 400, frozenset({id % 50})) for id in range(1, 10_001)]
    takers = [Taker(id, f"p{id:02}", id % 7, id * 31 % 500, 300) for id in range(50)]
    made = plan(jobs, takers, method)
    assert len(made.given) == 10_000 and max(counts(made, takers).values()) <= 300


def test_many_jobs_that_nobody_with_room_may_have():
    """The only one with room may have none of them."""
    jobs = [ToGive(id, id // 20, 50, frozenset({0})) for id in range(1, 10_001)]
    made = plan(jobs, [Taker(id, f"p{id:02}", limit=None if id == 0 else 100) for id in range(50)], EQUAL_FRAMES)
    assert len(made.given) == 4900 and set(made.left.values()) == {LIMITS}


def test_nobody_to_give_to_leaves_everything():
    assert plan([ToGive(1, 1, 1)], [], EQUAL_JOBS).left == {1: EXCLUDED}
