"""What to do about one job of a run, now that it is known how it is: a pure decision, apart from any call."""

from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from jobsportal.activity.recording import FIELDS, named
from jobsportal.cvat.types import BasicUser, Job
from jobsportal.jobs.changes import Values, values_of
from jobsportal.runs.models import CHANGED, DELETE, REFUSED, UNCHANGED, UNDO, Item

GROUND_TRUTH = "ground_truth"


@dataclass(frozen=True)
class Decision:
    """Either an outcome at once, or what is to be sent (`{}` for a deletion); `words` go along with the outcome."""

    outcome: str = ""
    send: Values = field(default_factory=dict)
    words: str = ""


def decide(item: Item, job: Job, kind: str) -> Decision:
    """What to do about a job as it is now."""
    if kind == DELETE:
        words = "" if job.type == GROUND_TRUTH else "Only ground truth jobs can be deleted."
        return Decision(REFUSED if words else "", words=words)
    if item.sent is not None:
        return after_interruption(item, job)
    return afresh(item, values_of(job), job, kind)


def after_interruption(item: Item, job: Job) -> Decision:
    """It was sent, and the answer was not heard: the job itself tells whether it arrived."""
    now, sent, before = values_of(job), item.sent or {}, values_before(item)
    if all(now[name] == value for name, value in sent.items()):
        return Decision(CHANGED, words=item.words)
    if all(now[name] == before[name] for name in sent):
        return Decision(send=sent, words=item.words)
    others = [name for name in FIELDS if name in sent and now[name] != sent[name]]
    is_partly_there = any(now[name] == value and value != before[name] for name, value in sent.items())
    return Decision(CHANGED if is_partly_there else REFUSED, words=left_alone(others, job))


def afresh(item: Item, now: Values, job: Job, kind: str) -> Decision:
    wanted, expected = item.wanted, item.expected
    differing = [name for name in FIELDS if name in wanted and now[name] != wanted[name]]
    others = [name for name in differing if name in expected and now[name] != expected[name]]
    send = {name: wanted[name] for name in differing if name not in others}
    words = left_alone(others, job) if others else ""
    if not send:
        return Decision(REFUSED if others else UNCHANGED, words=words)
    return Decision(send=send | state_beside(send, item, now, "state" in others or kind == UNDO), words=words)


def state_beside(send: Values, item: Item, now: Values, stays: bool) -> Values:
    """A stage resets the state upstream to new: the state to send along where that is not meant."""
    if "stage" not in send or "state" in send:
        return {}
    is_wanted = item.wanted.get("state") == now["state"]
    return {"state": now["state"]} if (stays or is_wanted) and now["state"] != "new" else {}


def left_alone(names: list[str], job: Job) -> str:
    """What somebody else has made of these fields."""
    now = {"assignee": named(job.assignee), "stage": job.stage, "state": job.state}
    told = ", ".join(f"{name} is now {now[name]}" for name in names)
    return f"{told}: left alone"


def before_of(job: Job) -> dict[str, Any]:
    """A job's values, as an item keeps them."""
    assignee = {"id": job.assignee.id, "username": job.assignee.username} if job.assignee else None
    return {"assignee": assignee, "stage": job.stage, "state": job.state}


def values_before(item: Item) -> Values:
    """The stored values, comparable: the assignee as an id."""
    before = item.before or {}
    assignee = before.get("assignee")
    return {**before, "assignee": assignee["id"] if assignee else None}


def job_before(item: Item, job: Job) -> Job:
    """The job as it was before anything was sent."""
    if not item.before:
        return job
    assignee = item.before["assignee"]
    return replace(job, **{**item.before, "assignee": BasicUser(**assignee) if assignee else None})


def job_given(item: Item, before: Job, answer: Job) -> Job:
    """The job as this change alone left it: what somebody else did at the same time is theirs."""
    sent, now = item.sent or {}, values_of(answer)
    given = {name: getattr(answer, name) for name, value in sent.items() if now[name] == value}
    if "stage" in given and "state" not in sent:
        given["state"] = "new"
    return replace(before, **given)
