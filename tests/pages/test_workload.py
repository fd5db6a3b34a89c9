"""Who carries what: each number is that of a list, and costs the same however many jobs there are."""

import csv
import json
import re
from collections import Counter
from datetime import UTC, datetime
from html import unescape
from io import BytesIO, StringIO
from zipfile import ZipFile

import pytest
from django.core.cache import cache

from jobsportal.sandbox import Sandbox
from jobsportal.workload import numbers
from jobsportal.workload.rows import Row
from jobsportal.workload.subjects import EVERYTHING, PARTS, PERSON, SEGMENTS

HTMX = {"HX-Request": "true"}
CAROL, DAVE, BOB = 4, 5, 3


def text_of(response) -> str:
    return response.content.decode()


def paths(upstream) -> Counter[str]:
    return Counter(call.path for call in upstream.calls)


def row_of(client, key, kind="person"):
    return client.get(f"/workload/{kind}/{key}", headers=HTMX)


def numbers_in(answer) -> dict[str, tuple[int, str]]:
    """Per title: the number, and the list that it leads to."""
    found = re.findall(r'data-label="([^"]+)"><a class="[^"]*" href="([^"]+)">([\d,]+)<', text_of(answer))
    return {title: (int(count.replace(",", "")), unescape(href)) for title, href, count in found}


def truth(upstream, assignee: int | None, organization: int = 1) -> list:
    return [j for j in upstream.store.jobs if j.organization_id == organization and j.assignee_id == assignee]


def test_the_page_shows_everybody_at_once_and_asks_once(portal, upstream):
    page = portal.get("/workload/")
    assert page.status_code == 200
    assert paths(upstream) == {"/api/users": 1}
    for name in ("admin", "alice", "carol", "judy"):
        assert f'person-name">{name}<' in text_of(page)
    assert text_of(page).count('hx-trigger="load"') == 14, "eleven people, nobody, all jobs, and others"
    assert "Only jobs that you can see are counted" in text_of(page)
    assert "grace" not in text_of(page), "she is in another organization"


def test_a_row_costs_six_calls_and_none_the_second_time(portal, upstream):
    portal.get("/workload/")
    upstream.calls.clear()
    row = row_of(portal, CAROL)
    assert row.status_code == 200 and paths(upstream) == {"/api/jobs": 6}
    assert "hx-trigger" not in text_of(row), "it is there, and does not load again"
    again = row_of(portal, CAROL)
    assert numbers_in(again) == numbers_in(row) and paths(upstream) == {"/api/jobs": 6}
    assert text_of(portal.get("/workload/")).count('hx-trigger="load"') == 13, "what is kept comes with the page"


@pytest.mark.parametrize("key", [CAROL, DAVE, 6, 7, BOB, "nobody", "all"])
def test_each_number_is_that_of_the_list_it_leads_to(portal, key):
    found = numbers_in(row_of(portal, key))
    assert set(found) == {"Open", "Not begun", "In progress", "To review", "Rejected", "Done"}
    for title, (count, href) in found.items():
        assert portal.get(href).context["page"].count == count, title


@pytest.mark.parametrize("person", [CAROL, DAVE, None])
def test_the_parts_are_disjoint_and_together_everything(portal, upstream, person):
    answer = row_of(portal, person or "nobody")
    found = {title: count for title, (count, _) in numbers_in(answer).items()}
    jobs = truth(upstream, person)
    is_open = [job for job in jobs if job.state != "completed"]
    assert len(jobs) > 3
    assert found["Open"] + found["Done"] == len(jobs)
    assert found["Open"] == sum(found[title] for title in ("Not begun", "In progress", "To review", "Rejected"))
    assert found["To review"] == sum(job.stage == "validation" and job.state != "rejected" for job in is_open)
    frames = sum(len(job.frames) for job in is_open)
    assert re.search(rf'data-label="Open frames">{frames:,}<', text_of(answer)), "exact: all of them were read"
    oldest = min(is_open, key=lambda job: job.updated)
    assert f'<a href="/jobs/{oldest.id}/">job {oldest.id}</a>' in text_of(answer)


def test_the_bar_says_in_words_what_it_shows(portal):
    answer = text_of(row_of(portal, CAROL))
    counts = numbers_in(row_of(portal, CAROL))
    label = re.search(r'role="img" aria-label="([^"]+)"', answer)[1]
    assert f"{counts['In progress'][0]} in progress" in label
    widths = [int(width) for width in re.findall(r'<rect [^>]*width="(\d+)"', answer)]
    assert sum(widths) == counts["Open"][0]


def test_frames_of_more_jobs_than_are_read_are_about_as_many(portal, upstream, monkeypatch):
    monkeypatch.setattr(numbers, "SAMPLE", 4)
    answer = text_of(row_of(portal, CAROL))
    jobs = sorted((j for j in truth(upstream, CAROL) if j.state != "completed"), key=lambda job: job.updated)
    about = round(sum(len(job.frames) for job in jobs[:4]) * len(jobs) / 4)
    assert len(jobs) > 4
    assert f'<span class="sub">about </span>{about:,}<' in answer


def test_an_estimate_is_told_with_three_digits():
    def shown(frames: int, is_estimate: bool) -> int:
        told = numbers.Numbers({}, datetime.now(UTC), frames=frames, is_estimate=is_estimate)
        return Row(EVERYTHING, told, "acme").frames

    assert [shown(136_256, True), shown(984, True), shown(99_960, True)] == [136_000, 984, 100_000]
    assert shown(136_256, False) == 136_256


def test_one_hundred_times_as_many_jobs_cost_as_many_calls(settings, sign_in):
    def calls_with(jobs: int) -> Counter[str]:
        with Sandbox(extra_jobs=jobs) as more:
            settings.CVAT_URL = more.url
            cache.clear()
            client = sign_in()
            more.calls.clear()
            pages = ("", "projects", "tasks", "?page=1&sort=open")
            assert [client.get(f"/workload/{page}").status_code for page in pages] == [200] * 4
            assert client.get("/workload/projects?all=1&search=Ring").status_code == 200
            assert row_of(client, CAROL).status_code == row_of(client, "all").status_code == 200
            return paths(more)

    assert calls_with(1_000) == calls_with(100_000)


def test_everything_at_once_without_scripts(portal, upstream):
    page = portal.get("/workload/?all=1")
    assert paths(upstream) == {"/api/users": 1, "/api/jobs": 13 * 6 + 1}
    assert "hx-trigger" not in text_of(page)
    assert "Count all at once" not in text_of(page)
    assert '?org=acme&amp;all=1">Count all at once' in text_of(portal.get("/workload/"))
    assert [row.total for row in page.context["rows"]] == [row.numbers.counts["open"] for row in page.context["rows"]]
    assert max(row.width for row in page.context["others"][:1]) == "100%", "nobody has the longest bar"
    bare = portal.get(f"/workload/person/{CAROL}")
    assert bare.status_code == 302 and bare["Location"] == "/workload/?all=1", "a row alone is no page"


def test_sorting_by_name_open_and_longest_untouched(portal):
    def names(query: str) -> list[str]:
        return [row.subject.name for row in portal.get(f"/workload/{query}").context["rows"]]

    rows = portal.get("/workload/?sort=open").context["rows"]
    opens = [row.numbers.counts["open"] for row in rows]
    assert opens == sorted(opens, reverse=True) and opens[0] > opens[-1]
    assert names("") == sorted(names(""))
    since = [row.numbers.since for row in portal.get("/workload/?sort=oldest").context["rows"]]
    known = [moment for moment in since if moment]
    assert known == sorted(known) and since == known + [None] * (len(since) - len(known))
    assert 'aria-sort="descending"' in text_of(portal.get("/workload/?sort=oldest"))


def test_people_are_found_by_name_and_cut_into_pages(portal, monkeypatch):
    from jobsportal.workload import listing, views

    found = portal.get("/workload/?search=kim")
    assert [row.subject.name for row in found.context["rows"]] == ["alice"]
    assert "1 person found" in text_of(found)
    for module in (listing, views):
        monkeypatch.setattr(module, "PAGE_SIZE", 5)
    second = portal.get("/workload/?page=2")
    assert "6–10 of 11" in text_of(second) and 'rel="next"' in text_of(second) and 'rel="prev"' in text_of(second)
    assert len(list(csv.reader(StringIO(b"".join(portal.get("/workload/people.csv")).decode())))) == 1 + 11 + 2
    nobody = portal.get("/workload/?search=xyzzy")
    assert "Nothing is called “xyzzy” here" in text_of(nobody)
    assert portal.get("/workload/?page=9").status_code == 404


@pytest.mark.parametrize("query", ["?sort=cost", "?page=0", "?page=x", "?search=%00"])
def test_odd_addresses_are_refused_in_words(portal, query):
    answer = portal.get(f"/workload/{query}")
    assert answer.status_code == 422 and "This can’t be shown" in text_of(answer)


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ({"status": 500}, 502, "failed"),
        ({"status": 403}, 403, "You may not do this"),
        ({"status": 429}, 503, "is busy"),
        ({"reset": True}, 502, "reached"),
    ],
)
def test_a_row_that_fails_says_so_and_the_others_stay(portal, upstream, fault, status, words):
    portal.get("/workload/")
    upstream.fail(path="^/api/jobs$", times=1, **fault)
    row = row_of(portal, DAVE)
    assert row.status_code == status
    assert words in text_of(row) and "Try again" in text_of(row) and 'person-name">dave<' in text_of(row)
    assert "HX-Reswap" not in row and row["X-Request-ID"], "the row is replaced by what went wrong"
    assert row_of(portal, CAROL).status_code == 200
    again = row_of(portal, DAVE)
    assert again.status_code == 200 and numbers_in(again), "a failure is not kept"


def test_a_slow_upstream_fails_one_row_only(portal, upstream, settings):
    settings.CVAT_READ_TIMEOUT = 0.3
    portal.get("/workload/")
    upstream.fail(path="^/api/jobs$", times=1, delay=1.5)
    slow = row_of(portal, DAVE)
    assert slow.status_code == 504 and "did not answer in time" in text_of(slow)
    assert row_of(portal, CAROL).status_code == 200


def test_all_at_once_shows_the_row_that_failed_among_the_others(portal, upstream):
    upstream.fail(path="^/api/jobs$", status=500, times=1)
    page = portal.get("/workload/?all=1")
    assert page.status_code == 200
    assert [bool(row.problem) for row in page.context["rows"]].count(True) == 1


def test_an_upstream_that_is_gone_is_not_asked_for_everybody(portal, upstream):
    upstream.fail(path="^/api/jobs$", reset=True, times=None)
    page = portal.get("/workload/?all=1")
    assert page.status_code == 200 and all(row.problem for row in page.context["rows"])
    # one group, and the one for the people who are not listed
    assert paths(upstream)["/api/jobs"] == numbers.SIDE_BY_SIDE + 1


def test_who_is_signed_out_half_way_signs_in(portal, upstream):
    portal.get("/workload/")
    upstream.revoke("alice")
    row = row_of(portal, CAROL)
    assert row.status_code == 401 and row["HX-Redirect"].startswith("/sign-in")
    assert "Taken" not in text_of(row)


@pytest.mark.parametrize("key", ["999", "8", "123456789012"])
def test_a_person_that_is_gone_or_of_others_is_said(portal, key):
    row = row_of(portal, key)
    assert row.status_code == 404 and "Is no longer here" in text_of(row)


@pytest.mark.parametrize("key", ["abc", "1e3", "9" * 30, "-1", "٣"])
def test_what_is_no_number_is_no_person(portal, key):
    assert row_of(portal, key).status_code == 404


def test_projects_of_others_are_not_there(portal):
    assert row_of(portal, 3, "project").status_code == 404
    assert row_of(portal, 1, "task").status_code == 404


def test_two_people_and_two_organizations_never_share_numbers(sign_in, upstream):
    alice, bob = sign_in("alice"), sign_in("bob")
    of_alice, of_bob = numbers_in(row_of(alice, "all")), numbers_in(row_of(bob, "all"))
    assert of_alice["Open"][0] > of_bob["Open"][0], "she sees all of acme, he what is his"
    bob.get("/workload/?org=harbor")
    elsewhere = numbers_in(row_of(bob, BOB))
    mine = [job for job in truth(upstream, BOB, organization=2) if job.state != "completed"]
    assert elsewhere["Open"][0] == len(mine) > 0
    bob.get("/workload/?org=acme")
    assert numbers_in(row_of(bob, BOB)) != elsewhere
    assert numbers_in(row_of(alice, "all")) == of_alice


@pytest.mark.parametrize(
    ("org", "words", "people"), [("", "outside an organization", 1), ("*", "everywhere", 1), ("acme", "in Acme", 11)]
)
def test_the_page_says_where_it_looks_and_counts_there(sign_in, org, words, people):
    client = sign_in("alice", org=org)
    page = client.get("/workload/?all=1")
    assert words in text_of(page) and len(page.context["rows"]) == people
    everything = page.context["others"][1]
    for cell in everything.cells:
        assert client.get(cell.href).context["page"].count == cell.count
    assert (
        sum(everything.numbers.counts[part] for part in ("open", "done")) == client.get("/jobs/").context["page"].count
    )


def test_a_worker_sees_colleagues_but_counts_only_what_is_theirs_to_see(sign_in):
    page = sign_in("carol").get("/workload/?all=1")
    counts = {row.subject.name: row.numbers.counts for row in page.context["rows"]}
    assert len(counts) == 11 and counts["carol"]["open"] > 0
    assert all(not sum(found.values()) for name, found in counts.items() if name != "carol")


def test_an_organization_of_others_is_not_there(sign_in):
    assert sign_in("carol").get("/workload/?org=harbor").status_code == 404


def test_a_file_whose_row_failed_says_so_in_its_place(portal, upstream):
    upstream.fail(path="^/api/jobs$", status=500, times=1)
    rows = {row["person"]: row for row in table_of(portal, "/workload/people.csv")}
    assert len(rows) == 13 and sum("failed" in row["open"] for row in rows.values()) == 1
    upstream.fail(path="^/api/users$", status=500, times=1)
    assert portal.get("/workload/people.csv").status_code == 502


def test_jobs_of_people_who_left_are_told_and_listed(portal, upstream):
    nobody_left = text_of(portal.get("/workload/unlisted", headers=HTMX))
    assert nobody_left.strip() == "<span></span>"
    upstream.store.jobs[1].assignee_id = upstream.store.jobs[2].assignee_id = 8
    portal.post("/workload/refresh")
    upstream.calls.clear()
    told = text_of(portal.get("/workload/unlisted", headers=HTMX))
    assert paths(upstream) == {"/api/users": 1, "/api/jobs": 1}
    assert "2 jobs</a> of people who are not listed" in told
    href = unescape(re.search(r'href="([^"]+)"', told)[1])
    assert sorted(row.job.id for row in portal.get(href).context["rows"]) == [1, 2]
    page = portal.get("/workload/?all=1")
    assert "2 jobs</a> of people who are not listed" in text_of(page)
    rows = [*page.context["rows"], page.context["others"][0]]
    everything = page.context["others"][1].numbers.counts
    for part, count in everything.items():
        there = sum(row.numbers.counts[part] for row in rows)
        of_others = sum(1 for job in (1, 2) if matches(upstream.store.jobs[job], part))
        assert count == there + of_others, part
    assert "not listed" not in text_of(portal.get("/workload/?all=1&search=carol"))
    upstream.fail(path="^/api/jobs$", status=500, times=1)
    portal.post("/workload/refresh")
    failed = portal.get("/workload/unlisted", headers=HTMX)
    assert failed.status_code == 502 and "not listed: " in text_of(failed)


def matches(job, part: str) -> bool:
    """Whether a job is counted in a part, said another way than the portal does."""
    if part in ("open", "done", "rejected"):
        return {
            "open": job.state != "completed",
            "done": job.state == "completed",
            "rejected": job.state == "rejected",
        }[part]
    if job.stage == "validation":
        return part == "review" and job.state in ("new", "in progress")
    return job.state == {"new": "new", "progress": "in progress"}.get(part)


def test_refresh_asks_anew_and_leads_back(portal, upstream):
    before = numbers_in(row_of(portal, CAROL))["Open"][0]
    job = next(job for job in truth(upstream, CAROL) if job.state == "in progress")
    job.state = "completed"
    assert numbers_in(row_of(portal, CAROL))["Open"][0] == before, "kept"
    answer = portal.post("/workload/refresh", {"next": "/workload/?search=carol"})
    assert answer.status_code == 302 and answer["Location"] == "/workload/?search=carol"
    assert numbers_in(row_of(portal, CAROL))["Open"][0] == before - 1
    assert portal.get("/workload/refresh").status_code == 405
    assert portal.post("/workload/refresh", {"next": "//evil.example"})["Location"] == "/workload/"


def test_numbers_are_not_kept_longer_than_set(portal, upstream, settings):
    settings.WORKLOAD_CACHE_SECONDS = 0
    row_of(portal, "nobody")
    row_of(portal, "nobody")
    assert paths(upstream) == {"/api/jobs": 12}


def test_projects_say_how_far_their_jobs_are(portal, upstream):
    page = portal.get("/workload/projects")
    assert paths(upstream) == {"/api/projects": 1}
    assert "Street scenes" in text_of(page) and "Fish counter" not in text_of(page)
    row = row_of(portal, 1, "project")
    found = numbers_in(row)
    for title, (count, href) in found.items():
        assert portal.get(href).context["page"].count == count, title
    jobs = [job for job in upstream.store.jobs if job.project_id == 1]
    assert found["All"][0] == len(jobs) == sum(found[title][0] for title in ("To do", "In validation", "Accepted"))
    accepted = sum(job.stage == "acceptance" and job.state == "completed" for job in jobs)
    assert found["Accepted"][0] == accepted > 0
    assert f"{accepted * 100 // len(jobs)} %" in text_of(row)


def test_tasks_tell_their_numbers_in_one_call(portal, upstream):
    page = portal.get("/workload/tasks")
    assert paths(upstream) == {"/api/tasks": 1}
    rows = page.context["rows"]
    assert len(rows) == 6 and sum(row.numbers.counts["all"] for row in rows) == 49
    for row in rows:
        for cell in row.cells:
            assert portal.get(cell.href).context["page"].count == cell.count, (row.subject.name, cell.title)
    assert [row.subject.name for row in portal.get("/workload/tasks?search=night").context["rows"]] == [
        "Night bus lane"
    ]


def test_a_task_whose_jobs_the_server_does_not_count_says_so(portal, upstream):
    task = {"id": 1, "name": "Odd", "jobs": {"count": 3, "completed": None, "validation": None}}
    body = {"count": 1, "next": None, "previous": None, "results": [task]}
    upstream.fail(
        path="^/api/tasks$", status=200, body=json.dumps(body).encode(), content_type="application/json", times=1
    )
    assert "does not say how far its jobs are" in text_of(portal.get("/workload/tasks"))


def table_of(client, path: str) -> list[dict[str, str]]:
    answer = client.get(path)
    assert answer.status_code == 200 and "attachment" in answer["Content-Disposition"]
    return list(csv.DictReader(StringIO(b"".join(answer).decode("utf-8-sig"))))


def test_the_files_hold_the_numbers_of_the_pages(portal):
    people = {row["person"]: row for row in table_of(portal, "/workload/people.csv")}
    assert list(people)[-2:] == ["nobody", "All jobs"] and len(people) == 13
    for title, (count, _) in numbers_in(row_of(portal, CAROL)).items():
        assert people["carol"][title.lower()] == str(count)
    assert people["carol"]["frames are"] == "exact" and people["carol"]["longest untouched job"].isdigit()
    projects = {row["name"]: row for row in table_of(portal, "/workload/projects.csv")}
    assert projects["Depot"]["all"] == str(numbers_in(row_of(portal, 2, "project"))["All"][0])
    assert len(table_of(portal, "/workload/tasks.csv?search=Night")) == 1
    for page in ("people", "projects", "tasks"):
        book = portal.get(f"/workload/{page}.xlsx")
        with ZipFile(BytesIO(b"".join(book))) as file:
            assert b"<row" in file.read("xl/worksheets/sheet1.xml")
    assert portal.get("/workload/people.pdf").status_code == portal.get("/workload/cats.csv").status_code == 404


def test_in_an_older_server_too(older, sign_in):
    client = sign_in()
    assert numbers_in(row_of(client, CAROL))["Open"][0] > 0
    assert sum(row.numbers.counts["all"] for row in client.get("/workload/tasks").context["rows"]) == 49
    assert client.get("/workload/projects?all=1").status_code == 200


def test_every_part_of_a_bar_is_a_part_of_the_table():
    for kind, segments in SEGMENTS.items():
        assert set(segments) < set(PARTS[kind])
    assert set(SEGMENTS[PERSON]) | {"open", "done"} == set(PARTS[PERSON])
