"""The rule builder: a page of its own, or within the list's filters."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseLocation

from jobsportal.accounts.person import PortalRequest
from jobsportal.cvat import filters
from jobsportal.cvat.errors import Invalid
from jobsportal.jobs import rule_forms, rules
from jobsportal.jobs.rules import Condition, Group, Unfinished

MAX_LIST = 8000


@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: PortalRequest) -> HttpResponseBase:
    """GET, POST /jobs/rule: build the rule of a list, whose query the address carries. Upstream: nothing; how many jobs
    it finds loads by itself."""
    if request.method == "POST":
        return work_on(request)
    kept = request.GET.copy()
    text = " ".join(kept.pop("filter", [])).strip()
    return read(request, text, kept, within_list=bool(request.htmx))


def work_on(request: PortalRequest) -> HttpResponseBase:
    """Do what a button of the form says: add, remove, read a text, or show the jobs."""
    data, wish = request.POST, request.POST.get("do", "")
    kept = QueryDict(data.get("list", "")[:MAX_LIST].lstrip("?"), mutable=True)
    within_list = bool(data.get("within_list"))
    if wish == "read":
        return read(request, data.get("text", "").strip(), kept, within_list=within_list)
    tree, going_on = rule_forms.after(rule_forms.tree_from(data), wish)
    if wish == "show":
        try:
            return show_jobs(request, tree, kept)
        except Unfinished as error:
            problems = error.problems
            return show(request, tree, kept, within_list, status=422, problems=problems, going_on=min(problems))
    return show(request, tree, kept, within_list, going_on=going_on)


def read(request: PortalRequest, text: str, kept: QueryDict, *, within_list: bool) -> HttpResponse:
    """The builder for a rule that is given as JSON Logic; one that can't be read stays, to be mended."""
    if not text:
        return show(request, Group(parts=(Condition(),)), kept, within_list)
    try:
        tree = rules.tree_of(filters.parse(text), timezone.get_default_timezone())
    except Invalid as error:
        empty = Group(parts=(Condition(),))
        return show(request, empty, kept, within_list, status=422, problem=error.detail, text=text)
    return show(request, tree, kept, within_list)


def show_jobs(request: PortalRequest, tree: Group, kept: QueryDict) -> HttpResponseBase:
    """On to the list with the rule, or without one where nothing is left of it. Raises Unfinished."""
    for name in ("filter", "page"):
        kept.pop(name, None)
    if tree.parts:
        kept["filter"] = filters.dumps(rules.rule_of(tree, datetime.now(UTC), timezone.get_default_timezone()))
    place = f"{reverse('jobs:list')}?{kept.urlencode()}"
    if request.htmx:
        return HttpResponseLocation(place, target="#results", swap="innerHTML")
    response = HttpResponseRedirect(place)
    response.status_code = 303
    return response


def show(
    request: PortalRequest,
    tree: Group,
    kept: QueryDict,
    within_list: bool,
    *,
    status: int = 200,
    problems: dict[str, str] | None = None,
    going_on: str = "",
    **more: Any,
) -> HttpResponse:
    kept.pop("page", None)
    context = {
        "root": rule_forms.shown(tree, problems or {}, going_on),
        "list": kept.urlencode(),
        "within_list": within_list,
        "problem": (problems or {}).get(rules.ROOT, ""),
        **said(tree, kept),
        **more,
    }
    return render(request, "jobs/_rule.html" if request.htmx else "jobs/rule.html", context, status=status)


def said(tree: Group, kept: QueryDict) -> dict[str, Any]:
    """What the tree finds: as a sentence, as JSON Logic, and the list to count; or what is missing still."""
    zone = timezone.get_default_timezone()
    if not tree.parts:
        return {"missing": "No condition: the list shows every job that its filters let through."}
    try:
        rule = rules.rule_of(tree, datetime.now(UTC), zone)
    except Unfinished as error:
        return {"missing": error.problems.get(rules.ROOT) or "Not finished: fill in what is empty."}
    counted = kept.copy()
    counted["filter"] = filters.dumps(rule)
    return {"sentence": filters.explain(rule, zone), "text": filters.dumps(rule), "counted": counted.urlencode()}
