"""Building a rule on a page: every rule can be read, nothing that is typed gets lost, and the list shows what it finds."""

import html
import json
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import html5lib
import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from hypothesis import HealthCheck, example, given
from hypothesis import settings as tries

from jobsportal.cvat import filters
from jobsportal.jobs import rule_forms, rules
from jobsportal.jobs.rules import Condition, Group
from tests.service.test_filters import rules as valid_rules

NOW = datetime(2026, 11, 24, 10, 0, 0, 5, UTC)
ZONES = [ZoneInfo("UTC"), ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Kiritimati"), ZoneInfo("America/Caracas")]
HTMX = {"HX-Request": "true"}
STAGE = {"==": [{"var": "stage"}, "validation"]}
NESTED = {"and": [STAGE, {"!": {"or": [{"!": {"var": "assignee"}}, {"in": ["rain", {"var": "task_name"}]}]}}]}


def text_of(response) -> str:
    return response.content.decode()


def same(rule):
    """A rule as it is compared: in its shortest form, with dates as moments."""
    if isinstance(rule, list):
        return [same(part) for part in rule]
    if isinstance(rule, dict):
        return {name: same(part) for name, part in rule.items()}
    return filters.moment_of(rule) if filters.is_date(rule) else rule


def fields_of(page: str) -> dict[str, list[str]]:
    """What a browser would send: the fields that belong to the builder's form."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    sent: dict[str, list[str]] = {}
    for field in tree.iter():
        if field.tag not in ("input", "select", "textarea") or field.get("form") != "rule-form":
            continue
        if field.get("type") == "checkbox" and field.get("checked") is None:
            continue
        if field.tag == "select":
            value = next((one.get("value") for one in field.iter("option") if one.get("selected") is not None), None)
            value = field.find("option").get("value") if value is None else value
        else:
            value = field.text or "" if field.tag == "textarea" else field.get("value", "on")
        sent.setdefault(field.get("name"), []).append(value)
    sent.pop("csrfmiddlewaretoken", None)
    return sent


def press(portal, page: str, wish: str, **changed):
    changes = {name.replace("__", "."): value for name, value in changed.items()}
    return portal.post("/jobs/rule", fields_of(page) | changes | {"do": wish})


def rule_page(portal, rule, more: str = "&sort=id") -> str:
    return text_of(portal.get(f"/jobs/rule?org=acme{more}", {"filter": json.dumps(rule), "org": "acme", "sort": "id"}))


def rule_in(answer):
    return json.loads(QueryDict(answer["Location"].partition("?")[2])["filter"])


# Rules and trees


@tries(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rule=valid_rules)
@example({"!!": [{"!": [STAGE]}]})
@example({"==": [{"var": "task_name"}, ' a\n"b']})
@example({"<=": ["2026-11-01", {"var": "updated_date"}, "2026-11-01"]})
@example({"<=": [{"var": "updated_date"}, "2026-11-30T23:59:59.999999Z"]})
def test_every_rule_becomes_a_tree_and_the_same_rule_again(rule):
    checked = filters.check(rule)
    for zone in ZONES:
        again = rules.rule_of(rules.tree_of(checked, zone), NOW, zone)
        assert same(filters.normalized(again)) == same(filters.normalized(checked))
        assert filters.explain(again, zone) == filters.explain(checked, zone)


@tries(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rule=valid_rules)
@example({"in": [{"var": "task_name"}, ["", " a", "b\nc", '"d"', "e, f"]]})
@example({"!": {"in": [{"var": "stage"}, ["validation", "annotation"]]}})
def test_every_rule_goes_through_the_form_unchanged(rule):
    zone = ZONES[1]
    tree = rules.tree_of(filters.check(rule), zone)
    page = render_to_string("jobs/_rule.html", {"root": rule_forms.shown(tree, {})})
    data = QueryDict(mutable=True)
    for name, values in fields_of(page).items():
        data.setlist(name, values)
    again = rules.rule_of(rule_forms.tree_from(data), NOW, zone)
    assert same(filters.normalized(again)) == same(filters.normalized(filters.check(rule)))


def made(field: str, operator: str, *typed: str, zone=ZONES[0]):
    tree = Group(parts=(Condition(field, operator.removeprefix("!"), typed, operator.startswith("!")),))
    return rules.rule_of(tree, NOW, zone)


@pytest.mark.parametrize(
    ("field", "operator", "typed", "rule"),
    [
        ("stage", "==", ["validation"], STAGE),
        ("stage", "!==", ["validation"], {"!": STAGE}),
        ("state", "in", ["new", "rejected"], {"in": [{"var": "state"}, ["new", "rejected"]]}),
        ("assignee", "!set", [], {"!": {"var": "assignee"}}),
        ("project_name", "set", [], {"var": "project_name"}),
        ("task_name", "contains", [" rain "], {"in": ["rain", {"var": "task_name"}]}),
        ("task_name", "==", ['" rain "'], {"==": [{"var": "task_name"}, " rain "]}),
        ("task_name", "==", ['"rain"s'], {"==": [{"var": "task_name"}, '"rain"s']}),
        ("task_name", "in", ["a b\r\n\r\nc"], {"in": [{"var": "task_name"}, ["a b", "c"]]}),
        ("id", "in", ["1, 2 3"], {"in": [{"var": "id"}, [1, 2, 3]]}),
        ("id", "between", ["1", "3"], {"<=": [1, {"var": "id"}, 3]}),
        ("id", ">=", ["7"], {">=": [{"var": "id"}, 7]}),
        ("updated_date", ">=", ["2026-11-01"], {">=": [{"var": "updated_date"}, "2026-11-01"]}),
        ("updated_date", "last", ["7"], {">=": [{"var": "updated_date"}, "2026-11-17T10:00:00+00:00"]}),
        ("updated_date", "older", ["7"], {"<": [{"var": "updated_date"}, "2026-11-17T10:00:00+00:00"]}),
    ],
)
def test_what_is_typed_becomes_a_rule(field, operator, typed, rule):
    assert made(field, operator, *typed) == rule


def test_days_are_those_of_the_portals_time_zone_and_go_out_in_utc():
    berlin = ZoneInfo("Europe/Berlin")
    rule = made("updated_date", "between", "2026-11-01", "2026-11-02", zone=berlin)
    least, _, most = rule["<="]
    assert (least, most) == ("2026-10-31T23:00:00+00:00", "2026-11-02T22:59:59.999999+00:00")
    (condition,) = rules.tree_of(rule, berlin).parts
    assert condition.typed == ("2026-11-01", "2026-11-02")


@pytest.mark.parametrize(
    ("field", "operator", "typed", "words"),
    [
        ("stage", "==", [], "Choose one"),
        ("stage", "==", ["done"], "“done” is not a stage"),
        ("stage", "in", [], "at least one"),
        ("task_name", "==", ["  "], "Give a value"),
        ("task_name", "==", ['"\\ud800"'], "is not a task_name"),
        ("task_name", "in", ["\n\n"], "at least one value"),
        ("id", "==", ["1e3"], "“1e3” is not a whole number"),
        ("id", "==", ["9" * 10], "is not a whole number"),
        ("id", "==", ["٣"], "is not a whole number"),
        ("id", "between", ["1"], "Give a value"),
        ("updated_date", ">=", [""], "Give a date"),
        ("updated_date", ">=", ["2026-02-30"], "is not a date"),
        ("updated_date", ">=", ["9999-12-31"], "is not a date"),
        ("updated_date", ">=", ["yesterday"], "is not a date"),
        ("updated_date", "last", ["0"], "number of days"),
        ("updated_date", "last", ["4000"], "number of days"),
        ("updated_date", "last", ["٣"], "number of days"),
    ],
)
def test_what_can_be_no_value_is_told_where_it_stands(field, operator, typed, words):
    with pytest.raises(rules.Unfinished) as caught:
        made(field, operator, *typed)
    assert words in caught.value.problems["r.0"]


def test_a_rule_that_grows_too_long_or_too_deep_is_told():
    with pytest.raises(rules.Unfinished, match="longer than"):
        made("task_name", "==", "x" * 4000)
    tree = Group(parts=(Condition("stage", "==", ("validation",)),))
    for _ in range(25):
        tree = Group("or", (tree, Condition("assignee", "set")))
    with pytest.raises(rules.Unfinished, match="too deeply"):
        rules.rule_of(tree, NOW, ZONES[0])


# The page


def test_the_builder_reads_the_rule_of_the_list_and_says_it(portal, upstream):
    page = rule_page(portal, NESTED)
    said = "stage is validation and not (assignee is nobody or task name contains “rain”)"
    assert said in html.unescape(page)
    assert rule_in(press(portal, page, "show")) == NESTED
    assert not upstream.calls, "the page itself asks nothing"
    counted = html.unescape(re.search(r'hx-get="(/views/count[^"]*)"', page).group(1))
    wanted = portal.get("/jobs/?org=acme", {"filter": json.dumps(NESTED), "org": "acme"}).context["page"].count
    upstream.calls.clear()
    assert text_of(portal.get(counted)).split() == [str(wanted), "jobs" if wanted != 1 else "job"]
    assert [(call.path, call.query["page_size"]) for call in upstream.calls] == [("/api/jobs", ["1"])]
    portal.get(counted)
    assert len(upstream.calls) == 1, "kept for a while"


def test_showing_the_jobs_keeps_the_rest_of_the_list(portal):
    page = text_of(portal.get("/jobs/rule?org=acme&view=mine&sort=id&columns=id,task&page=3"))
    answer = press(portal, page, "show", r__0__field="stage", r__0__value="validation")
    query = QueryDict(answer["Location"].partition("?")[2])
    assert answer.status_code == 303 and answer["Location"].startswith("/jobs/?")
    assert query.dict() == {
        "org": "acme", "view": "mine", "sort": "id", "columns": "id,task", "filter": filters.dumps(STAGE)
    }  # fmt: skip


def test_a_nested_rule_is_built_without_javascript(portal):
    page = text_of(portal.get("/jobs/rule?org=acme"))
    page = text_of(press(portal, page, "look", r__0__value="validation"))
    assert "stage is validation" in page
    page = text_of(press(portal, page, "group:r"))
    page = text_of(press(portal, page, "look", r__1__0__field="assignee"))
    assert "Not finished" in page and "aria-invalid" not in page, "nothing is blamed while one is at it"
    page = text_of(press(portal, page, "look", r__1__0__op="!set"))
    page = text_of(press(portal, page, "add:r.1"))
    page = text_of(press(portal, page, "look", r__1__1__field="task_name"))
    page = text_of(press(portal, page, "look", r__1__1__value="rain", r__1__not="on"))
    answer = press(portal, page, "show")
    assert answer.status_code == 303 and rule_in(answer) == NESTED
    assert portal.get(answer["Location"]).status_code == 200


def test_a_condition_and_a_group_can_be_removed(portal):
    page = rule_page(portal, NESTED)
    assert rule_in(press(portal, text_of(press(portal, page, "remove:r.1")), "show")) == STAGE
    without = {"and": [STAGE, {"var": "assignee"}]}
    assert rule_in(press(portal, text_of(press(portal, page, "remove:r.1.1")), "show")) == without


def test_with_nothing_left_the_list_is_shown_without_a_rule(portal):
    page = text_of(press(portal, rule_page(portal, STAGE), "remove:r.0"))
    assert "No condition" in page
    answer = press(portal, page, "show")
    assert answer.status_code == 303 and "filter" not in answer["Location"]


def test_another_field_brings_its_own_comparisons_and_drops_what_was_typed(portal):
    page = text_of(press(portal, rule_page(portal, STAGE), "look", r__0__field="updated_date"))
    assert 'type="date"' in page and "on or after" in page and 'value="validation"' not in page
    page = text_of(press(portal, page, "look", r__0__op="last"))
    assert "Counted from now: the rule keeps the date" in page
    page = text_of(press(portal, rule_page(portal, {"==": [{"var": "id"}, 7]}), "look", r__0__field="task_id"))
    assert 'value="7"' in page, "a number stays a number"


def test_errors_stand_at_their_fields_and_what_was_typed_stays(portal):
    page = rule_page(portal, {"and": [STAGE, {"==": [{"var": "id"}, 7]}]})
    answer = press(portal, page, "show", r__1__value="seven <b>", r__0__value="")
    page = text_of(answer)
    assert answer.status_code == 422 and page.count('class="error"') == 2
    assert 'id="r-1-problem"' in page and "“seven &lt;b&gt;” is not a whole number" in page
    assert 'value="seven &lt;b&gt;"' in page


@pytest.mark.parametrize("text", ["{not json", '{"!=":[{"var":"state"},"new"]}', "[1]", "x" * 5000])
def test_a_bad_rule_in_the_address_is_told_and_stays_to_be_mended(portal, upstream, text):
    answer = portal.get("/jobs/rule", {"filter": text, "org": "acme"})
    page = text_of(answer)
    assert answer.status_code == 422 and 'role="alert"' in page
    assert fields_of(page)["text"] == [text]
    answer = press(portal, page, "read", text=json.dumps(STAGE))
    assert answer.status_code == 200 and "stage is validation" in text_of(answer)
    assert press(portal, page, "read", text=text).status_code == 422
    assert not upstream.calls


def test_unusual_comparisons_are_offered_where_a_rule_has_them(portal):
    page = rule_page(portal, {"!": {"<": [{"var": "stage"}, "validation"]}})
    assert "is not below" in page
    assert rule_in(press(portal, page, "show")) == {"!": {"<": [{"var": "stage"}, "validation"]}}


@pytest.mark.parametrize(
    "changed",
    [
        {"r.0.field": "password"},
        {"r.0.field": ""},
        {"r.0.op": "!="},
        {"r.0.op": "contains"},
        {"r.0.op": "!last"},
        {"r.0.op": "!!in"},
        {"r.join": "xor"},
    ],
)
def test_what_no_form_sends_is_refused(portal, changed):
    sent = fields_of(rule_page(portal, STAGE)) | changed | {"do": "show"}
    assert portal.post("/jobs/rule", sent).status_code == 422


@pytest.mark.parametrize(
    "wish", ["", "add", "add:r.9", "add:r.0", "remove:r", "remove:r.9.9", "group:x", "add:r" + ".1" * 40, "add:r.٣"]
)
def test_a_wish_for_a_part_that_is_not_there_changes_nothing(portal, wish):
    answer = press(portal, rule_page(portal, STAGE), wish)
    assert answer.status_code == 200 and rule_in(press(portal, text_of(answer), "show")) == STAGE


def test_within_the_list_the_builder_comes_as_a_part_and_leads_to_the_list(portal):
    link = re.search(r'hx-get="(/jobs/rule[^"]*)"', text_of(portal.get("/jobs/?org=acme&sort=id"))).group(1)
    part = portal.get(html.unescape(link), headers=HTMX)
    assert "<html" not in text_of(part) and "<form" not in text_of(part), "forms can’t be nested"
    sent = fields_of(text_of(part)) | {"r.0.value": "validation", "do": "show"}
    answer = portal.post("/jobs/rule", sent, headers=HTMX)
    place = json.loads(answer["HX-Location"])
    assert place["target"] == "#results" and place["path"].startswith("/jobs/?org=acme&sort=id&filter=")


def test_strangers_sign_in_first(client):
    assert client.get("/jobs/rule")["Location"].startswith("/sign-in")
