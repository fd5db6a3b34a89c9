"""What a plan writes into the items of its run, and what it reads from them."""

from collections.abc import Iterable
from typing import Any

from jobsportal.distribute import planning
from jobsportal.distribute.loads import Load
from jobsportal.distribute.planning import Taker, ToGive
from jobsportal.runs.models import ALREADY, WILL_CHANGE, Item

VALIDATION = "validation"

HAS_SOMEBODY = "Somebody has it already."
LEFT_OUT = "Left out by hand."
REASONS = {
    planning.LIMITS: "The limits are reached.",
    planning.TASK_TOO_LARGE: "Its task has more jobs than anybody may still get.",
}
OTHER_ORGANIZATION = "Nobody chosen is in its organization."
ALL_ANNOTATED = "Everybody chosen annotated it."
ALL_ANNOTATED_SOME = "Everybody chosen annotated some of it, or is not in its organization."

# A person of a plan: a `people.Member` as a dict, with their limit.
Chosen = dict[str, Any]


def fill(items: list[Item], chosen: list[Chosen], loads: dict[int, Load], choice: dict[str, Any]) -> None:
    """Plan, and write into each item what it is to become, or why nobody gets it."""
    to_give = [item for item in items if choice["which"] == "all" or item.about["assignee_id"] is None]
    jobs = [job_of(item, chosen) for item in to_give]
    takers = [taker_of(one, loads[one["id"]], to_give) for one in chosen]
    made = planning.plan(jobs, takers, choice["method"], keep_tasks=choice["keep_tasks"])
    for item in items:
        if item.job_id in made.given:
            give(item, made.given[item.job_id], is_review=choice["review"])
        elif item.job_id in made.left:
            leave(item, why_left(item, made.left[item.job_id], chosen))
        else:
            leave(item, HAS_SOMEBODY)


def may_have(item: Item, one: Chosen) -> bool:
    """Whether somebody may get a job: not from another organization, and not for review if they annotated it."""
    return item.organization_id in one["organizations"] and one["id"] not in item.about.get("excluded", [])


def job_of(item: Item, chosen: list[Chosen]) -> ToGive:
    excluded = frozenset(one["id"] for one in chosen if not may_have(item, one))
    return ToGive(item.job_id, item.about["task_id"], item.about["frames"], excluded)


def taker_of(one: Chosen, load: Load, to_give: list[Item]) -> Taker:
    """Somebody with what will stay open with them whatever the plan: these jobs are given out anew."""
    counted = [item for item in to_give if item.about["assignee_id"] == one["id"] and is_open(item)]
    jobs = max(0, load.jobs - len(counted))
    frames = max(0, load.frames - sum(item.about["frames"] for item in counted))
    return Taker(one["id"], one["username"], jobs, frames, one["limit"])


def is_open(item: Item) -> bool:
    return bool(item.about["state"] != "completed")


def stays_open(item: Item) -> bool:
    """Whether the job counts as open once it is handed out: a new stage begins with the state new."""
    return is_open(item) or item.wanted.get("stage", item.about["stage"]) != item.about["stage"]


def give(item: Item, person_id: int, *, is_review: bool) -> None:
    """Plan a job for somebody."""
    item.wanted = {"assignee": person_id} | ({"stage": VALIDATION} if is_review else {})
    seen = {"assignee": item.about["assignee_id"], "stage": item.about["stage"]}
    item.expected = {name: seen[name] for name in item.wanted}
    item.verdict = ALREADY if item.wanted == item.expected else WILL_CHANGE
    item.why = ""


def leave(item: Item, why: str) -> None:
    """Plan a job for nobody: it stays as it is."""
    item.wanted, item.verdict, item.why = {}, WILL_CHANGE, why


def why_left(item: Item, reason: str, chosen: Iterable[Chosen]) -> str:
    if reason in REASONS:
        return REASONS[reason]
    inside = [one for one in chosen if item.organization_id in one["organizations"]]
    if not inside:
        return OTHER_ORGANIZATION
    return ALL_ANNOTATED if all(not may_have(item, one) for one in inside) else ALL_ANNOTATED_SOME
