"""The pages of the workload: people, projects and tasks, each row of which may load by itself."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from jobsportal.accounts.person import Person, PortalRequest
from jobsportal.cvat.errors import CVATError, SignedOut
from jobsportal.web import tables
from jobsportal.web.addresses import own_place, whole_number
from jobsportal.web.errors import refused, told
from jobsportal.web.streaming import csv_passed_on
from jobsportal.workload.listing import PAGE_SIZE, SORTS, Listed, Look, LookForm, listed, rows_of
from jobsportal.workload.numbers import forget, numbers_of
from jobsportal.workload.rows import Row, columns, on_one_scale, row_of, values
from jobsportal.workload.subjects import ALL, NOBODY, PARTS, PERSON, PROJECT, SEGMENTS, TASK, TITLES, Subject, find

PAGES = {PERSON: "people", PROJECT: "projects", TASK: "tasks"}
ODD = "The address asks for an order or a page that there can’t be."


@require_safe
def people(request: PortalRequest) -> HttpResponse:
    """GET /workload/. Upstream: users.list; with `all` or a sort by numbers, six calls per person that are not kept."""
    return show(request, PERSON)


@require_safe
def projects(request: PortalRequest) -> HttpResponse:
    """GET /workload/projects. Upstream: projects.list; with `all`, four calls per project that are not kept."""
    return show(request, PROJECT)


@require_safe
def tasks(request: PortalRequest) -> HttpResponse:
    """GET /workload/tasks. Upstream: tasks.list, whose tasks tell how many jobs they have."""
    return show(request, TASK)


def show(request: PortalRequest, kind: str) -> HttpResponse:
    form = LookForm(request.GET)
    if not form.is_valid():
        return refused(request, "This can’t be shown", ODD, 422)
    look = Look.of(form, kind, request.person.org)
    found = listed(request.person, look)
    rows, others = rows_of(request.person, look, found, is_whole=look.is_whole)
    if kind == PERSON:
        *rows, nobody = on_one_scale([*rows, others[0]])
        others = [nobody, others[1]]
    context = about(look, found) | {"rows": rows, "others": others}
    if found.unlisted and look.is_whole:
        context["left"] = row_of(
            request.person, found.unlisted, numbers_of(request.person, [found.unlisted])[found.unlisted]
        )
    return render(request, "workload/page.html", context)


def about(look: Look, found: Listed) -> dict[str, Any]:
    """What a page says beside its rows."""
    kind, first = look.kind, (look.page - 1) * PAGE_SIZE + 1
    return {
        "look": look,
        "kind": kind,
        "found": found,
        "tabs": [(page.capitalize(), reverse(f"workload:{page}"), page == PAGES[kind]) for page in PAGES.values()],
        "here": reverse(f"workload:{PAGES[kind]}"),
        "headings": [TITLES[part] for part in PARTS[kind]],
        "legend": [(part, TITLES[part]) for part in SEGMENTS[kind]],
        "sorts": {name or "name": look.query(sort=name, page=None) for name in SORTS},
        "without_search": look.query(search=None, page=None),
        "first": first,
        "last": first + found.shown - 1,
        "previous": look.query(page=look.page - 1) if look.page > 1 else "",
        "next": look.query(page=look.page + 1) if found.has_next else "",
        "whole": look.query(all=1),
        "files": reverse("workload:file", args=[PAGES[kind], "csv"]).removesuffix("csv"),
        "taken": datetime.now(UTC),
    }


@require_safe
def row(request: PortalRequest, kind: str, key: str) -> HttpResponseBase:
    """GET /workload/{kind}/{id, nobody or all}: a row of the page; a failure is told in the row, with its status.

    Upstream: six calls for a person, four for a project, unless they are kept; and the name, if it was not listed.
    """
    if kind not in (PERSON, PROJECT) or (whole_number(key) is None and key not in (NOBODY, ALL)):
        raise Http404("There is no such part of the workload.")
    if not request.htmx:
        return redirect(reverse(f"workload:{PAGES[kind]}") + "?all=1")
    subject, status = Subject(kind, key, f"{kind} {key}"), 200
    try:
        subject = find(request.person, kind, key)
        answer: Any = numbers_of(request.person, [subject])[subject]
    except SignedOut:
        raise
    except CVATError as error:
        answer = error
    if isinstance(answer, CVATError):
        status = told(answer).status
    context = {"row": row_of(request.person, subject, answer), "kind": kind, "headings": PARTS[kind]}
    return render(request, "workload/_row.html", context, status=status)


@require_safe
def unlisted(request: PortalRequest) -> HttpResponseBase:
    """GET /workload/unlisted: how many jobs belong to people who are not on the page. Upstream: users.list, and
    jobs.list once unless it is kept."""
    if not request.htmx:
        return redirect(reverse("workload:people") + "?all=1")
    found = listed(request.person, Look(PERSON, request.person.org))
    if found.unlisted is None:
        return HttpResponse()
    answer = numbers_of(request.person, [found.unlisted])[found.unlisted]
    context = {"left": row_of(request.person, found.unlisted, answer)}
    status = told(answer).status if isinstance(answer, CVATError) else 200
    return render(request, "workload/_unlisted.html", context, status=status)


@require_POST
def refresh(request: PortalRequest) -> HttpResponse:
    """POST /workload/refresh: numbers are asked for anew from now on. Upstream: nothing."""
    forget(request.person)
    return redirect(own_place(request.POST.get("next", ""), reverse("workload:people")))


@require_safe
def file(request: PortalRequest, page: str, suffix: str) -> HttpResponseBase:
    """GET /workload/{people, projects or tasks}.{csv or xlsx}: everything that is found, with the numbers of the page.

    Upstream: as the page with `all`, for one page after the other.
    """
    form, kind = LookForm(request.GET), next((kind for kind, name in PAGES.items() if name == page), "")
    if not kind or suffix not in ("csv", "xlsx"):
        raise Http404("There is no such file.")
    if not form.is_valid():
        return refused(request, "This can’t be saved", ODD, 422)
    look = replace(Look.of(form, kind, request.person.org), page=1)
    name = f"workload-{page}-{datetime.now(UTC):%Y-%m-%d}.{suffix}"
    rows = all_rows(request.person, look, page_of(request.person, look))
    if suffix == "csv":
        return csv_passed_on(request, csv_lines(kind, rows), name)
    return tables.excel(f"Workload, {page}", columns(kind), (values(row) for row in rows), name)


Part = tuple[list[Row], list[Row], bool]


def page_of(person: Person, look: Look) -> Part:
    """The rows of a page with their numbers, those of nobody and all jobs, and whether there is another page. The first
    is asked for before the answer begins: a failure then is a page, not a broken file."""
    found = listed(person, look)
    return *rows_of(person, look, found, is_whole=True), found.has_next


def all_rows(person: Person, look: Look, part: Part) -> Iterator[Row]:
    rows, others, has_next = part
    yield from rows
    ask = partial(page_of, person)
    while has_next:
        look = replace(look, page=look.page + 1)
        rows, others, has_next = ask(look)
        yield from rows
    yield from others


def csv_lines(kind: str, rows: Iterator[Row]) -> Iterator[bytes]:
    yield tables.BYTE_ORDER_MARK + tables.csv_line(columns(kind))
    for row in rows:
        yield tables.csv_line(values(row))
