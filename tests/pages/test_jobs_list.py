import csv
import json
from io import StringIO

import pytest
from django.core.cache import cache

from jobsportal.sandbox import Sandbox

HTMX = {"HX-Request": "true", "HX-Target": "results"}


def text_of(response) -> str:
    return response.content.decode()


def asked(upstream) -> dict[str, list[str]]:
    """The query of the last list that was asked for upstream."""
    return [call for call in upstream.calls if call.path == "/api/jobs"][-1].query


def test_the_list_shows_jobs_with_the_names_of_their_tasks_and_projects(portal):
    page = portal.get("/jobs/")
    assert page.status_code == 200
    assert "Roundabout north" in text_of(page) and "Street scenes" in text_of(page)


def test_the_list_asks_three_times_when_cold_and_once_when_warm(portal, upstream):
    portal.get("/jobs/?page_size=100")
    assert sorted(call.path for call in upstream.calls) == ["/api/jobs", "/api/projects", "/api/tasks"]
    upstream.calls.clear()
    portal.get("/jobs/?page_size=100")
    assert [call.path for call in upstream.calls] == ["/api/jobs"]


def test_names_are_not_shared_between_people_or_organizations(sign_in, upstream):
    alice = sign_in("alice")
    alice.get("/jobs/")
    mara = sign_in("mara")
    mara.get("/jobs/")
    assert [call.path for call in upstream.calls].count("/api/tasks") == 1, "another person asks for themselves"
    upstream.calls.clear()
    alice.get("/jobs/?org=*")
    assert [call.path for call in upstream.calls].count("/api/tasks") == 1, "so does another organization"


def test_more_names_than_a_small_cache_holds_are_still_known_the_second_time(portal, upstream):
    from jobsportal.jobs.names import find

    person = portal.get("/jobs/").context["person"]
    find(person, set(range(1, 700)), set())
    upstream.calls.clear()
    assert find(person, set(range(1, 700)), set()).of("task", 2) == "Roundabout north"
    assert not upstream.calls


def test_every_filter_reaches_upstream_under_its_own_name(portal, upstream):
    given = {
        "search": "night bus",
        "assignee": "dave",
        "stage": "annotation",
        "state": "in progress",
        "type": "annotation",
        "dimension": "2d",
        "project_name": "Street scenes",
        "project_id": "1",
        "task_name": "Night bus lane",
        "task_id": "3",
        "filter": '{"<=":[{"var":"id"},1000]}',
        "sort": "-task_name,id",
        "page_size": "50",
    }
    page = portal.get("/jobs/", given)
    assert page.status_code == 200
    sent = {name: values[-1] for name, values in asked(upstream).items()}
    assert sent == given | {"page": "1"}
    for chip in ("night bus", "dave", "in progress", "Street scenes", "job id is at most 1000"):
        assert f'class="chip-value">{chip}' in text_of(page)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("unassigned", {"!": {"var": "assignee"}}),
        (
            "review",
            {"and": [{"==": [{"var": "stage"}, "validation"]}, {"in": [{"var": "state"}, ["new", "in progress"]]}]},
        ),
    ],
)
def test_presets_are_rules_that_upstream_understands(portal, upstream, view, expected):
    page = portal.get(f"/jobs/?view={view}")
    assert json.loads(asked(upstream)["filter"][0]) == expected
    assert page.context["page"].count > 0


def test_stuck_means_in_progress_and_untouched_for_so_many_days(portal, upstream):
    page = portal.get("/jobs/?view=stuck&days=10")
    rule = json.loads(asked(upstream)["filter"][0])
    assert rule["and"][0] == {"==": [{"var": "state"}, "in progress"]} and "<=" in rule["and"][1]
    assert page.context["page"].count > 0
    assert all(row.job.state == "in progress" for row in page.context["rows"])


def test_mine_asks_for_the_signed_in_person(sign_in, upstream):
    page = sign_in("carol").get("/jobs/?view=mine")
    assert json.loads(asked(upstream)["filter"][0]) == {"==": [{"var": "assignee"}, "carol"]}
    assert {row.job.assignee.username for row in page.context["rows"]} == {"carol"}


def test_a_preset_and_a_rule_of_ones_own_both_count(portal, upstream):
    portal.get("/jobs/", {"view": "unassigned", "filter": '{"==":[{"var":"task_id"},2]}'})
    assert json.loads(asked(upstream)["filter"][0]) == {
        "and": [{"!": {"var": "assignee"}}, {"==": [{"var": "task_id"}, 2]}]
    }


def test_the_same_address_answers_htmx_with_only_the_results(portal):
    part = portal.get("/jobs/?state=new", headers=HTMX)
    assert part.status_code == 200 and "<html" not in text_of(part) and "<h1>" in text_of(part)
    assert "HX-Request" in part["Vary"]


def test_a_history_restore_gets_the_whole_page(portal):
    page = portal.get("/jobs/", headers=HTMX | {"HX-History-Restore-Request": "true"})
    assert "<html" in text_of(page)


def test_paging_is_in_the_address(portal, upstream):
    page = portal.get("/jobs/?page_size=25&page=2&org=acme")
    assert asked(upstream)["page"] == ["2"] and asked(upstream)["page_size"] == ["25"]
    assert "26–49 of 49" in text_of(page)
    assert page.context["previous_page"] == "?org=acme&page_size=25&page=1" and page.context["next_page"] == ""
    first = portal.get("/jobs/?page_size=25")
    assert "1–25 of 49" in text_of(first)
    assert first.context["next_page"] == "?org=acme&page_size=25&page=2" and first.context["previous_page"] == ""


def query_of(portal, address: str):
    return portal.get(address).context["query"]


def test_sorting_again_turns_round_and_starts_at_the_first_page(portal):
    query = query_of(portal, "/jobs/?sort=task_name&page=2&page_size=25")
    assert query.sort_link("task_name") == "?org=acme&sort=-task_name&page_size=25"
    assert query.sort_link("updated_date") == "?org=acme&sort=-updated_date&page_size=25"
    assert (query.sort_mark("task_name"), query.sort_mark("state")) == ("ascending", "")
    assert query_of(portal, "/jobs/?sort=-task_name").sort_mark("task_name") == "descending"
    assert query_of(portal, "/jobs/").sort_mark("updated_date") == "descending"
    assert 'aria-sort="descending"' in text_of(portal.get("/jobs/"))


def test_a_chip_takes_away_just_its_own_filter(portal):
    page = portal.get("/jobs/?stage=annotation&state=new&task_id=2&sort=id")
    assert {chip.label: chip.without for chip in page.context["chips"]} == {
        "Stage": "?org=acme&state=new&task_id=2&sort=id",
        "State": "?org=acme&stage=annotation&task_id=2&sort=id",
        "Task id": "?org=acme&stage=annotation&state=new&sort=id",
    }


def test_presets_keep_how_the_list_is_shown_and_drop_filters(portal):
    page = portal.get("/jobs/?state=new&sort=id&page_size=50&page=1")
    links = {preset["name"]: preset["href"] for preset in page.context["presets"]}
    assert links["Stuck"] == "?org=acme&view=stuck&sort=id&page_size=50"


def test_mine_stays_mine_whatever_else_is_asked_for(sign_in):
    page = sign_in("carol").get("/jobs/?view=mine&assignee=dave")
    assert page.context["page"].count == 0


def test_the_second_page_goes_on_where_the_first_ended(portal):
    first = [row.job.id for row in portal.get("/jobs/?page_size=25").context["rows"]]
    second = [row.job.id for row in portal.get("/jobs/?page_size=25&page=2").context["rows"]]
    assert len(first) == 25 and second and not set(first) & set(second)


@pytest.mark.parametrize(
    "query",
    [
        "stage=bogus",
        "page=0",
        "page=-1",
        "page=abc",
        "page=99999999999999999999",
        "page_size=7",
        "page_size=100000",
        "task_id=x",
        "project_id=99999999999999999999",
        "sort=bogus",
        "sort=-id,bogus",
        "view=bogus",
        "days=0&view=stuck",
        "filter=%7Bnot",
        "filter=5",
        "filter=%5B1%5D",
        "filter=%7B%22and%22%3A%5B%5D%7D",
        "filter=%7B%22%3D%3D%22%3A%5B%7B%22var%22%3A%22id%22%7D%2C%22abc%22%5D%7D",
        "filter=%7B%22%21%3D%22%3A%5B%7B%22var%22%3A%22state%22%7D%2C%22new%22%5D%7D",
        "search=%00",
        "search=" + "a" * 300,
    ],
)
def test_impossible_filters_are_explained_and_never_sent(portal, upstream, query):
    page = portal.get(f"/jobs/?{query}")
    assert page.status_code == 422
    assert "can&#x27;t be filtered like this" in text_of(page)
    assert "has-error" in text_of(page) or "can’t be “" in text_of(page) or "Search: " in text_of(page)
    assert not upstream.calls


def test_a_page_outside_the_range_is_404_with_a_way_back(portal):
    page = portal.get("/jobs/?page=999")
    assert page.status_code == 404 and "There is no page 999" in text_of(page)


HOSTILE = [
    "<script>alert(1)</script>",
    "a\r\nX-Evil: 1",
    "'; DROP TABLE jobs; --",
    "\u202eevil",
    "%s%n{{7*7}}",
    '"><img src=x>',
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_searches_are_shown_as_text(portal, text):
    page = portal.get("/jobs/", {"search": text})
    assert page.status_code == 200 and page.context["page"].count == 0
    assert "<script>alert" not in text_of(page) and "<img src=x" not in text_of(page)
    assert "No job matches these filters" in text_of(page)


def test_hostile_names_upstream_are_shown_as_text(portal, upstream):
    body = {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [
            {
                "id": 17,
                "task_id": 2,
                "project_id": 1,
                "stage": "<b>odd",
                "state": "paused",
                "type": "x_y",
                "assignee": {"id": 1, "username": "<script>alert(1)</script>"},
                "unknown": {"deep": []},
            }
        ],
    }
    upstream.fail(
        path="^/api/jobs$", status=200, body=json.dumps(body).encode(), content_type="application/vnd.cvat+json"
    )
    page = portal.get("/jobs/")
    assert page.status_code == 200 and "<script>alert" not in text_of(page) and "&lt;b&gt;odd" in text_of(page)


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ({"status": 500, "body": b"<h1>Server Error (500)</h1>", "content_type": "text/html"}, 502, "failed"),
        ({"status": 200, "body": b"<html>login</html>", "content_type": "text/html"}, 502, "answers strangely"),
        ({"status": 200, "body": b'{"count": "x"}'}, 502, "answers strangely"),
        ({"status": 403, "body": b'{"detail":"No."}'}, 403, "No."),
        ({"status": 429, "body": b"{}", "headers": {"Retry-After": "30"}}, 503, "busy"),
        ({"reset": True}, 502, "can&#x27;t be reached"),
        ({"truncate": 40}, 502, "can&#x27;t be reached"),
    ],
)
def test_a_failing_upstream_is_told_in_plain_words(portal, upstream, fault, status, words):
    upstream.fail(path="^/api/jobs$", times=None, **fault)
    page = portal.get("/jobs/")
    assert page.status_code == status and words in text_of(page)
    assert "Traceback" not in text_of(page)
    part = portal.get("/jobs/", headers=HTMX)
    assert part.status_code == status and not part.content
    assert part["HX-Reswap"] == "none" and part["HX-Push-Url"] == "false", "the list stays as it is"
    assert words.replace("&#x27;", "'") in json.loads(part["HX-Trigger"])["toast"]["words"]


def test_a_slow_upstream_is_told_as_such(portal, upstream, settings):
    settings.CVAT_READ_TIMEOUT = 0.2
    upstream.fail(path="^/api/jobs$", delay=1.0)
    page = portal.get("/jobs/")
    assert page.status_code == 504 and "takes too long" in text_of(page)


def test_the_list_is_shown_even_if_the_names_cannot_be_had(portal, upstream):
    upstream.fail(path="^/api/tasks$", status=500, times=None)
    page = portal.get("/jobs/")
    assert page.status_code == 200 and "task 2" in text_of(page) and "Street scenes" in text_of(page)
    upstream.faults.clear()
    assert "Roundabout north" in text_of(portal.get("/jobs/")), "a failure is not remembered"


def test_an_empty_list_says_why_and_what_to_do(sign_in):
    assert "Nothing is assigned to you" in text_of(sign_in("alice").get("/jobs/?view=mine"))
    assert "No job matches these filters" in text_of(sign_in("alice").get("/jobs/?task_id=99999"))


def csv_of(response) -> list[dict[str, str]]:
    body = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(body)))


def test_the_csv_holds_exactly_what_the_filter_finds(portal):
    count = portal.get("/jobs/?view=unassigned").context["page"].count
    answer = portal.get("/jobs/list.csv?view=unassigned&page=2&page_size=25")
    rows = csv_of(answer)
    assert (
        answer["Content-Type"].startswith("text/csv") and 'filename="jobs-unassigned-' in answer["Content-Disposition"]
    )
    assert len(rows) == count
    assert {row["assignee"] for row in rows} == {""}
    assert rows[0]["task"] and rows[0]["stage"] and rows[0]["frames"]


def test_the_csv_goes_through_all_pages(portal, monkeypatch):
    monkeypatch.setattr("jobsportal.jobs.spreadsheet.PAGE_SIZE", 7)
    rows = csv_of(portal.get("/jobs/list.csv"))
    ids = [int(row["job"]) for row in rows]
    assert ids == sorted(set(ids)) and len(ids) == portal.get("/jobs/").context["page"].count


@pytest.mark.parametrize("name", ['=HYPERLINK("http://evil")', "+1", "-1", "@SUM(1)", "\tx", "\rx"])
def test_the_csv_defuses_formulas(portal, upstream, name):
    upstream.store.tasks[2].name = name
    rows = csv_of(portal.get("/jobs/list.csv?task_id=2"))
    assert rows[0]["task"] == f"'{name}"


def test_a_csv_that_breaks_half_way_does_not_look_whole(portal, upstream, monkeypatch):
    monkeypatch.setattr("jobsportal.jobs.spreadsheet.PAGE_SIZE", 7)
    answer = portal.get("/jobs/list.csv")
    upstream.fail(path="^/api/jobs$", status=500, times=None)
    with pytest.raises(Exception, match="ServerFault"):
        list(answer.streaming_content)


def test_a_csv_that_cannot_begin_is_an_error_page(portal, upstream):
    upstream.fail(path="^/api/jobs$", status=500)
    assert portal.get("/jobs/list.csv").status_code == 502


def test_previews_are_pictures_that_only_the_persons_browser_keeps(portal):
    answer = portal.get("/jobs/1/preview")
    assert answer["Content-Type"] == "image/jpeg" and answer.content[:2] == b"\xff\xd8"
    assert answer["Cache-Control"] == "private, max-age=3600" and answer["X-Content-Type-Options"] == "nosniff"


def test_a_preview_that_is_no_picture_is_not_passed_on(portal, upstream):
    upstream.fail(path="/preview", status=200, body=b"<script>alert(1)</script>", content_type="text/html")
    answer = portal.get("/jobs/1/preview")
    assert answer.status_code == 502 and b"<script>alert" not in answer.content


def test_suggestions_for_a_name(portal, upstream):
    answer = portal.get("/jobs/people?assignee=ca", headers={"HX-Request": "true"})
    assert 'value="carol"' in text_of(answer) and 'value="dave"' not in text_of(answer)
    assert upstream.calls[0].query["search"] == ["ca"]


def test_whole_names_are_suggested_for_tasks_and_projects(portal, upstream):
    answer = portal.get("/jobs/suggestions/task?task_name=round", headers={"HX-Request": "true"})
    assert 'value="Roundabout north"' in text_of(answer)
    assert upstream.calls[0].query["search"] == ["round"]
    assert 'value="Depot"' in text_of(portal.get("/jobs/suggestions/project?project_name=dep"))
    assert portal.get("/jobs/suggestions/users").status_code == 404


def test_a_part_of_a_name_that_finds_nothing_leads_to_a_search(portal):
    page = portal.get("/jobs/?task_name=Depot")
    assert "search=Depot" in text_of(page) and "anywhere in it" in text_of(page)


def test_clearing_filters_keeps_the_view_and_how_it_is_shown(portal):
    page = portal.get("/jobs/?view=unassigned&stage=annotation&sort=id&page_size=100")
    assert page.context["query"].cleared == "?org=acme&view=unassigned&sort=id&page_size=100"


def test_what_is_wrong_in_the_address_but_in_no_field_is_named(portal):
    assert "Page can’t be “-1”" in text_of(portal.get("/jobs/?page=-1"))


def test_the_editor_that_cannot_be_had_leaves_the_table_as_it_is(portal, upstream):
    upstream.fail(path="^/api/jobs/3$", status=500)
    answer = portal.get("/jobs/3/edit/state", headers={"HX-Request": "true"})
    assert answer.status_code == 502 and answer["HX-Reswap"] == "none" and "failed" in answer["HX-Trigger"]


def test_without_an_organization_the_list_says_what_is_missing(sign_in):
    assert "Choose an organization" in text_of(sign_in("alice", org="*").get("/jobs/"))
    assert "Choose an organization" not in text_of(sign_in("admin", org="*").get("/jobs/"))


@pytest.mark.parametrize("words", ["#17", "job 17", "Job #17", " #17 "])
def test_a_job_is_found_by_its_number(portal, upstream, words):
    page = text_of(portal.get("/jobs/", {"search": words}))
    assert "/jobs/17/" in page and "/jobs/16/" not in page
    asked = upstream.calls[0].query
    assert "search" not in asked and json.loads(asked["filter"][0]) == {"==": [{"var": "id"}, 17]}


def test_a_plain_number_is_a_jobs_or_a_part_of_a_name(portal, upstream):
    page = text_of(portal.get("/jobs/", {"search": "17", "page_size": 200}))
    assert "/jobs/17/" in page
    found = text_of(portal.get("/jobs/", {"search": "2026", "page_size": 200}))
    assert "rain, 2026-11" in found


def test_a_number_goes_together_with_other_filters(portal):
    assert "/jobs/17/" not in text_of(portal.get("/jobs/", {"search": "#17", "stage": "validation"}))
    assert "/jobs/17/" in text_of(portal.get("/jobs/", {"search": "#17", "stage": "acceptance"}))


def test_a_row_is_ticked_without_javascript(portal):
    text = text_of(portal.get("/jobs/?view=unassigned&page_size=25"))
    assert 'name="job" value="3" form="selection"' in text and "Select job 3" in text
    count = portal.get("/jobs/?view=unassigned").context["page"].count
    assert f"or all {count} that match" in text
    assert 'name="query" value="?org=acme&amp;view=unassigned&amp;page_size=25"' in text
    assert 'formaction="/runs/new?org=acme"' in text and 'formaction="/distribute/?org=acme"' in text
    assert 'name="delete" value="1" formaction="/runs/new?org=acme"' in text


def test_pages_of_one_list_are_found_by_the_same(portal):
    def found_by(address: str) -> str:
        return portal.get(address).context["query"].found_by

    plain = found_by("/jobs/?state=new")
    assert found_by("/jobs/?state=new&page_size=25&sort=id&columns=id&density=compact") == plain
    assert found_by("/jobs/?state=new&page_size=25&page=1") == plain
    assert found_by("/jobs/?state=completed") != plain


@pytest.mark.slow
def test_a_list_of_a_hundred_thousand_costs_what_a_short_one_costs(settings, sign_in):
    def cost(jobs: int) -> list[str]:
        with Sandbox(extra_jobs=jobs) as sandbox:
            settings.CVAT_URL = sandbox.url
            cache.clear()
            portal = sign_in("alice")
            sandbox.calls.clear()
            for address in ("/jobs/", "/jobs/?view=review&page=3", "/jobs/?search=bulk&sort=task_name"):
                assert portal.get(address).status_code == 200
            return [call.path for call in sandbox.calls]

    assert sorted(cost(100_000)) == sorted(cost(1_000))
