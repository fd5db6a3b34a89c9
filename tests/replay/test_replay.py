"""The sandbox agrees with what two real servers answered, by shape, in nearly all that was recorded of them."""

import pytest

from jobsportal.sandbox import Sandbox
from tests.replay.compare import Comparison
from tests.replay.player import Player, replay
from tests.replay.records import GENERATIONS, exchanges, is_whole
from tests.replay.report import percent
from tests.replay.schemas import schema
from tests.replay.scope import KNOWN, LEFT_OVER, NAMES_OUT_OF_SCOPE, OUT_OF_SCOPE, matches
from tests.replay.world import fill

LEAST = 95.0  # percent

replayed: dict[str, list[Comparison]] = {}


@pytest.fixture(params=GENERATIONS)
def generation(request):
    return request.param


@pytest.fixture
def found(generation):
    if generation not in replayed:
        replayed[generation] = replay(generation)
    return replayed[generation]


def told(comparisons):
    return "\n".join(f"{one.exchange.name}: {'; '.join(one.differences)}" for one in comparisons)


def test_nearly_all_recorded_answers_are_answered_alike(found):
    assert percent(found) >= LEAST, told(one for one in found if not one.agrees)


def test_every_disagreement_is_known_with_its_reason(generation, found):
    unknown = [one for one in found if not one.agrees and one.exchange.name not in KNOWN[generation]]
    assert not unknown, told(unknown)


def test_no_known_disagreement_is_stale(generation, found):
    agreeing = {one.exchange.name for one in found if one.agrees}
    stale = agreeing & set(KNOWN[generation])
    unheard = set(KNOWN[generation]) - {one.exchange.name for one in found} if is_whole() else set()
    assert (stale, unheard) == (set(), set())


def test_successful_answers_are_as_the_servers_describe_them(generation, found):
    described = schema(generation)
    wrong = []
    for one in found:
        if one.answer.is_json and one.answer.status < 300:
            errors = described.errors(one.exchange.method, one.exchange.path, one.answer.status, one.answer.json)
            wrong += [f"{one.exchange.name}: {error}" for error in errors]
    assert not wrong


@pytest.mark.skipif(not is_whole(), reason="the records are not at hand; samples hold only what is in scope")
def test_what_is_out_of_scope_was_recorded():
    everything = [one for generation in GENERATIONS for one in exchanges(generation)]
    stale = [rule for rule, _ in OUT_OF_SCOPE if not any(matches(rule, one.path) for one in everything)]
    stale += [rule for rule, _ in NAMES_OUT_OF_SCOPE if not any(matches(rule, one.name) for one in everything)]
    for generation in GENERATIONS:
        times = {one.recorded_at for one in exchanges(generation)}
        stale += sorted(LEFT_OVER[generation] - times)
    assert not stale


def test_the_samples_hold_both_generations():
    for generation in GENERATIONS:
        assert len(exchanges(generation)) > 400


def test_a_wrong_answer_is_found_out():
    """The comparison itself: what a server of the other generation answers doesn't agree."""
    wanted = [
        one for one in exchanges("2.20") if one.name in ("job_retrieve", "job_retrieve_404", "organizations_list")
    ]
    with Sandbox(version="2.42", fill=fill) as sandbox:
        player = Player(sandbox, schema("2.20"))
        differences = {one.name: player.play(one).differences for one in wanted}
    assert differences == {
        "job_retrieve": ["body has parent_job_id, consensus_replicas besides"],
        "job_retrieve_404": [],
        "organizations_list": ["results[] has uuid besides"],
    }
