"""What the page of a plan shows."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator

from jobsportal.accounts.person import PortalRequest
from jobsportal.cvat.errors import CVATError, SignedOut
from jobsportal.distribute import drafts, people
from jobsportal.distribute.balance import balance_of
from jobsportal.distribute.filling import Chosen, may_have
from jobsportal.distribute.forms import PlanForm
from jobsportal.distribute.people import Member
from jobsportal.jobs.names import TASK, find
from jobsportal.runs.models import Item, Run
from jobsportal.web.addresses import whole_number
from jobsportal.web.errors import in_words

ROWS = 50
LEFT = "left"


@dataclass(frozen=True)
class Candidate:
    """Somebody to tick; `limit` as it was typed."""

    member: Member
    is_ticked: bool
    limit: str


@dataclass(frozen=True)
class Row:
    """A job of the plan, and who may get it."""

    item: Item
    task: str
    options: list[Chosen]

    @property
    def chosen(self) -> int | None:
        return self.item.wanted.get("assignee")


def candidates_context(request: PortalRequest, run: Run, form: PlanForm) -> dict[str, Any]:
    """The people to choose from: those who are chosen, then those who are found. If they can't be read now, what was
    planned can be looked at and handed out all the same."""
    q = request.GET.get("q", "")[:150].replace("\0", "")
    known = {one["id"]: Member(*(one[name] for name in MEMBER)) for one in run.wanted.get("people", [])}
    context: dict[str, Any] = {"run": run, "q": q, "more": 0, "people_problem": ""}
    members: list[Member] = []
    try:
        organizations = drafts.organizations_of(run)
        members, context["more"] = people.found(request.person, organizations, q)
        known |= {member.id: member for member in members}
        elsewhere = [id for id in form.ticked if id not in known]
        known |= {member.id: member for member in people.by_ids(request.person, organizations, elsewhere)}
    except SignedOut:
        raise
    except CVATError as error:
        context["people_problem"] = in_words(error)
    ticked = [known[id] for id in form.ticked if id in known]
    ordered = sorted(ticked, key=lambda member: member.username.casefold())
    shown = ordered + [member for member in members if member not in ticked]
    candidates = [Candidate(one, one in ticked, form.limits.get(str(one.id), "")) for one in shown]
    return context | {"candidates": candidates, "ticked_count": len(ticked)}


MEMBER = ("id", "username", "name", "organizations")


def plan_context(request: PortalRequest, run: Run, *, with_rows: bool = True) -> dict[str, Any]:
    """The plan in numbers, and the rows of its table. Upstream: the names of tasks, where they are not cached."""
    items = list(run.items.only("run", "organization_id", "wanted", "about", "verdict", "why"))
    context = {
        "run": run,
        "total": run.total,
        "unassigned": sum(1 for item in items if item.about["assignee_id"] is None),
        "organizations": len({item.organization_id for item in items}),
        "projects": len({item.about["project_id"] for item in items} - {None}),
        "balance": balance_of(run, items),
        "counted_in": request.person.within(run.organization),
        "missing": whole_number(request.GET.get("missing", ""), digits=6),
    }
    return context | rows_context(request, run) if with_rows and context["balance"] else context


def rows_context(request: PortalRequest, run: Run) -> dict[str, Any]:
    show = request.GET.get("show", "")
    items = run.items.order_by("job_id")
    if show == LEFT:
        items = items.filter(wanted={})
    elif person_id := whole_number(show, digits=9):
        items = items.filter(wanted__assignee=person_id)
    page = Paginator(items, ROWS).get_page(request.GET.get("page"))
    names = find(request.person.within(run.organization), {item.about["task_id"] for item in page}, set())
    rows = [
        Row(
            item,
            names.of(TASK, item.about["task_id"]) or f"task {item.about['task_id']}",
            [one for one in run.wanted["people"] if may_have(item, one)],
        )
        for item in page
    ]
    shown = next((one["username"] for one in run.wanted["people"] if str(one["id"]) == show), "")
    return {"rows": rows, "page": page, "show": show, "shown": shown}
