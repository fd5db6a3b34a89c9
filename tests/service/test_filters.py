"""Rules: whatever the upstream would fail at is refused with words, and what is sent is answered."""

import json
from datetime import UTC, datetime
from functools import lru_cache
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jobsportal.cvat import Client, TokenCredential, errors, filters
from jobsportal.cvat.types import DIMENSIONS, JOB_TYPES, STAGES, STATES
from jobsportal.sandbox.filters import Field as SandboxField
from jobsportal.sandbox.filters import _build

STAGE = {"==": [{"var": "stage"}, "validation"]}
KINDS = dict.fromkeys(filters.FIELDS, str) | {
    "id": int,
    "task_id": int,
    "project_id": int,
    "updated_date": datetime,
}
ROWS = [
    {
        "id": id, "task_id": id, "project_id": project, "task_name": "rain", "project_name": "a" if project else None,
        "assignee": assignee, "state": "new", "stage": stage, "type": "annotation", "dimension": "2d",
        "updated_date": datetime(2026, 11, 1 + id, tzinfo=UTC),
    }
    for id, (project, assignee, stage) in enumerate(product((0, 1, None), ("bob", "", None), STAGES))
]  # fmt: skip

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
numbers = st.integers(-(2**31) + 1, 2**31 - 1)
moments = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=st.sampled_from([None, UTC]))
dates = moments.map(datetime.isoformat) | moments.map(lambda moment: f"{moment:%Y-%m-%d}".rjust(10, "0"))
VALUES = {
    "task_name": texts,
    "project_name": texts,
    "assignee": texts,
    "state": st.sampled_from(STATES),
    "stage": st.sampled_from(STAGES),
    "type": st.sampled_from(JOB_TYPES),
    "dimension": st.sampled_from(DIMENSIONS),
    "id": numbers,
    "task_id": numbers,
    "project_id": numbers,
    "updated_date": dates,
}
names = st.sampled_from(sorted(VALUES))


@st.composite
def comparisons(draw):
    name = draw(names)
    var, value = {"var": name}, VALUES[name]
    kind = draw(st.sampled_from(["==", "<", ">", "<=", ">=", "between", "in", "contains", "none", "var"]))
    if kind == "between":
        return {"<=": [draw(value), var, draw(value)]}
    if kind == "in":
        return {"in": [var, draw(st.lists(value, min_size=1, max_size=5))]}
    if kind == "contains":
        return {"in": [draw(texts), {"var": draw(st.sampled_from(filters.TEXT_FIELDS))}]}
    if kind == "none":
        return {"==": [{"var": draw(st.sampled_from(["assignee", "project_id", "project_name"]))}, None]}
    return var if kind == "var" else {kind: [var, draw(value)]}


rules = st.recursive(
    comparisons(),
    lambda inner: st.builds(lambda op, parts: {op: parts}, st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=4))
    | st.builds(lambda op, part: {op: part}, st.sampled_from(["!", "!!"]), inner | st.lists(inner, min_size=1, max_size=1)),
    max_leaves=6,
)  # fmt: skip

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8) | names,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["and", "or", "!", "!!", "var", "in", "==", "<=", ">", "!=", "xor"]), inner, max_size=2),
    max_leaves=12,
)  # fmt: skip


@st.composite
def spoilt(draw):
    """A valid rule with something put somewhere into it."""
    rule = json.loads(json.dumps(draw(rules)))
    places = [(None, None)]
    stack = [rule]
    while stack:
        part = stack.pop()
        inner = part.items() if isinstance(part, dict) else enumerate(part)
        for key, value in inner:
            places.append((part, key))
            if isinstance(value, dict | list):
                stack.append(value)
    part, key = draw(st.sampled_from(places))
    if part is None:
        return draw(anything)
    part[key] = draw(anything)
    return rule


@lru_cache(maxsize=1)
def client_of(url: str, token: str) -> Client:
    return Client(url, TokenCredential(token), organization="acme")


@pytest.fixture(scope="module")
def asked(running_sandbox):
    """The answer to a rule, over the wire, and how many calls it took."""
    running_sandbox.reset()
    client = client_of(running_sandbox.url, running_sandbox.token("alice"))

    def ask(rule):
        running_sandbox.calls.clear()
        try:
            client.jobs.list(filter=rule, page_size=1)
        except errors.Invalid as error:
            return error, len(running_sandbox.calls)
        return None, len(running_sandbox.calls)

    return ask


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rule=rules)
@example({"!": [{"var": "assignee"}]})
@example({"!!": [STAGE]})
@example({"<=": ["2026-01-01", {"var": "updated_date"}, "2026-12-31"]})
@example({"==": [{"var": "task_name"}, ""]})
def test_every_valid_rule_is_sent_answered_and_can_be_said_in_words(asked, rule):
    assert asked(rule) == (None, 1)
    assert asked(filters.dumps(rule)) == (None, 1)
    for said in (filters.explain(rule), filters.explain(filters.check(rule))):
        assert said.strip() == said and said
    assert filters.check(filters.check(rule)) == filters.check(rule)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rule=anything | spoilt())
@example([])
@example({"==": [{"var": "task_name"}, "\ud800"]})
@example({"==": [{"var": "task_name"}, "a\0b"]})
@example({"==": [{"var": "id"}, 10**30]})
@example({"==": [{"var": "id"}, True]})
@example({"==": [{"var": "\ud800"}, 1]})
@example({"\ud800": 1})
def test_whatever_else_is_refused_without_a_call_or_answered(asked, rule):
    if rule is None or (isinstance(rule, str) and not rule.strip()):
        return  # no rule
    error, calls = asked(rule)
    if error is None:
        assert calls == 1
    else:
        assert calls == 0
        assert error.detail and error.fields == {"filter": [error.detail]}
        assert error.detail.encode() and len(error.detail) < 500


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=30) | st.binary(max_size=10).map(lambda data: data.decode("latin-1")))
def test_whatever_is_typed_is_a_rule_or_a_complaint(text):
    try:
        filters.explain(filters.parse(text))
    except errors.Invalid as error:
        assert error.detail.encode()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("[1,2]", "one operation"),
        ("5", "one operation"),
        ('"x"', "one operation"),
        ("{}", "one operation"),
        ("null", "one operation"),
        ('{"and":[]}', "“and” needs at least one rule"),
        ('{"or":{}}', "“or” needs at least one rule"),
        ('{"==":[{"var":"id"},"abc"]}', "“abc” is not a value that id can have"),
        ('{"==":[{"var":"id"},true]}', "“True” is not a value that id can have"),
        ('{"==":[{"var":"task_name"},"a\\u0000b"]}', "is not a value that task_name can have"),
        ('{"==":[{"var":"id"},1.5]}', "“1.5” is not a value that id can have"),
        ('{"==":[{"var":"id"},99999999999]}', "“99999999999” is not a value that id can have"),
        ('{">=":[{"var":"updated_date"},"notadate"]}', "“notadate” is not a value that updated_date can have"),
        ('{">=":[{"var":"updated_date"},"2026-13-01"]}', "“2026-13-01” is not a value"),
        ('{">=":[{"var":"updated_date"},"20261123"]}', "“20261123” is not a value"),
        ('{">=":[{"var":"updated_date"},"2026-W47-1"]}', "“2026-W47-1” is not a value"),
        ('{">=":[{"var":"updated_date"},"2026-11-23T10"]}', "“2026-11-23T10” is not a value"),
        ('{">=":[{"var":"updated_date"},"0001-01-01T00:00:00+14:00"]}', "is not a value"),
        ('{"!=":[{"var":"state"},"new"]}', "does not know the operation “!=”"),
        ('{"xor":[1,2]}', "does not know the operation “xor”"),
        ('{"==":[{"var":"bogus"},1]}', "not on “bogus”"),
        ('{"==":[{"var":["id"]},1]}', "not on"),
        ('{"==":[1,{"var":"id"}]}', "not on “1”"),
        ('{"==":[{"var":"id"}]}', "“==” needs a field and a value"),
        ('{"<":[1,{"var":"id"},3]}', "“<” needs a field and a value"),
        ('{"<=":[1,{"var":"id"},null]}', "is not a value that id can have"),
        ('{"in":[{"var":"id"},[]]}', "at least one value"),
        ('{"in":[{"var":"id"},["a"]]}', "“a” is not a value that id can have"),
        ('{"in":["a",{"var":"id"}]}', "A text can only be looked for in task_name"),
        ('{"in":[{"var":"id"},"abc"]}', "A text can only be looked for"),
        ('{"==":[{"var":"state"},null]}', "is not a value that state can have"),
        ('{"==":[{"var":"state"},"done"]}', "“done” is not a value that state can have"),
        ('{"!":[]}', "one operation"),
        ('{"!":[{"var":"assignee"},{"var":"id"}]}', "one operation"),
        ("{not json", "not valid JSON"),
        ("\ud800", "not valid JSON"),
        ("[" * 3000, "not valid JSON"),
        ('{"!":' * 30 + '{"var":"id"}' + "}" * 30, "nested too deeply"),
        ('{"==":[{"var":"task_name"},"' + "x" * 4000 + '"]}', "longer than 4,000 characters"),
        ('{"==":[{"var":"task_name"},"' + "☂" * 1000 + '"]}', "longer than servers accept"),
    ],
)
def test_what_real_servers_fail_at_is_refused_with_words(asked, typed, words):
    error, calls = asked(typed)
    assert error is not None and calls == 0
    assert words in error.detail


@pytest.mark.parametrize(
    "value",
    [
        "2020-01-01",
        "2020-01-01T00:00",
        "2020-01-01 00:00:00",
        "2020-01-01T00:00:00Z",
        "2026-11-23T10:31:48.241664Z",
        "2026-11-23T10:31:48.2+02:00",
    ],
)
def test_a_date_may_be_written_in_these_ways(asked, value):
    assert asked({">=": [{"var": "updated_date"}, value]}) == (None, 1)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (STAGE, "stage is validation"),
        ({"var": "assignee"}, "assignee is somebody"),
        ({"!": {"var": "assignee"}}, "assignee is nobody"),
        ({"!": [{"var": "assignee"}]}, "assignee is nobody"),
        ({"==": [{"var": "assignee"}, None]}, "assignee is nobody"),
        ({"==": [{"var": "project_id"}, None]}, "project id is empty"),
        ({"==": [{"var": "project_id"}, 0]}, "project id is 0"),
        ({"==": [{"var": "task_name"}, ""]}, "task name is “”"),
        ({"<=": ["", {"var": "task_name"}, "b "]}, "task name from “” to “b ”"),
        ({"!": {"var": "project_id"}}, "project id is empty"),
        ({"!": {"!": [{"var": "project_id"}]}}, "project id is not empty"),
        ({"!!": STAGE}, "stage is validation"),
        ({"!": STAGE}, "stage is not validation"),
        ({"!": {"!": STAGE}}, "stage is validation"),
        ({"!": {"or": [STAGE]}}, "stage is not validation"),
        ({"!": filters.both(STAGE, filters.nobody())}, "not (stage is validation and assignee is nobody)"),
        (
            {"or": [{"!": filters.both(STAGE, filters.nobody())}, STAGE]},
            "not (stage is validation and assignee is nobody) or stage is validation",
        ),
        ({"in": [{"var": "id"}, [0, 1, 2]]}, "job id is 0, 1 or 2"),
        ({"!": {"in": [{"var": "id"}, [0, 1, 1]]}}, "job id is none of 0, 1"),
        ({"!": {"in": [{"var": "id"}, [7]]}}, "job id is not 7"),
        ({"in": [{"var": "stage"}, ["acceptance", "annotation"]]}, "stage is annotation or acceptance"),
        ({"==": [{"var": "type"}, "ground_truth"]}, "type is ground truth"),
        ({"in": ["street", {"var": "task_name"}]}, "task name contains “street”"),
        ({"!": {"in": ["street", {"var": "task_name"}]}}, "task name does not contain “street”"),
        (
            filters.both({"==": [{"var": "task_name"}, "rain and fog"]}, STAGE),
            "task name is “rain and fog” and stage is validation",
        ),
        ({"<=": [1, {"var": "id"}, 3]}, "job id from 1 to 3"),
        ({">=": [{"var": "updated_date"}, "2026-11-01"]}, "updated since 2026-11-01"),
        ({"<=": [{"var": "updated_date"}, "2026-11-01T23:59:59.999999Z"]}, "updated up to the end of 2026-11-01"),
        (
            {"!": {"<": [{"var": "updated_date"}, "2026-11-01T10:30:00+02:00"]}},
            "updated not before 2026-11-01 08:30 UTC",
        ),
        ({"<": [{"var": "task_id"}, 5]}, "task id is below 5"),
        (filters.both(STAGE, filters.nobody()), "stage is validation and assignee is nobody"),
        (
            filters.both({"or": [STAGE, {"==": [{"var": "stage"}, "acceptance"]}]}, filters.nobody()),
            "(stage is validation or stage is acceptance) and assignee is nobody",
        ),
    ],
)
def test_a_rule_is_said_in_words(rule, sentence):
    assert filters.explain(rule) == sentence


def test_dates_are_said_as_they_are_in_a_zone():
    rule = {"<=": ["2026-10-31T23:00:00Z", {"var": "updated_date"}, "2026-11-01T12:30:05+00:00"]}
    said = filters.explain(rule, ZoneInfo("Europe/Berlin"))
    assert said == "updated from 2026-11-01 to 2026-11-01 13:30:05 CET"


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rule=rules)
def test_the_shortest_form_finds_the_same_jobs(rule):
    fields = {name: SandboxField(read=lambda row, name=name: row[name], kind=kind) for name, kind in KINDS.items()}
    before, after = (_build(one, fields) for one in (filters.check(rule), filters.normalized(rule)))
    assert [before(row) for row in ROWS] == [after(row) for row in ROWS]
    assert filters.normalized(filters.normalized(rule)) == filters.normalized(rule)
    assert filters.explain(filters.normalized(rule)) == filters.explain(rule)


def test_a_not_around_a_list_goes_out_as_the_upstream_reads_it(asked, running_sandbox):
    assert asked({"!": [{"var": "assignee"}]}) == (None, 1)
    assert json.loads(running_sandbox.calls[-1].query["filter"][0]) == {"!": {"var": "assignee"}}


def test_a_rule_that_is_checked_stays_as_it_was():
    rule = {"and": [{"!": [{"var": "assignee"}]}, STAGE]}
    copy = json.loads(json.dumps(rule))
    filters.check(rule)
    assert rule == copy


def test_builders_make_rules_that_pass(asked):
    for rule in (
        filters.equals("id", 3),
        filters.one_of_values("stage", STAGES),
        filters.until("updated_date", datetime(2026, 11, 23, 10, 31, 48, 5, UTC)),
        filters.nobody(),
        filters.both(filters.nobody(), filters.equals("state", "new")),
    ):
        assert asked(rule) == (None, 1)
    assert filters.both(STAGE) is STAGE
