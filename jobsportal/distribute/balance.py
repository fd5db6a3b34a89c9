"""A plan as a picture: what is open with each person now, and what will be."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from jobsportal.distribute.filling import is_open, stays_open
from jobsportal.distribute.loads import Load
from jobsportal.runs.models import ALREADY, Item, Run

WIDTH = 200


@dataclass
class Bar:
    """One measure of a person: `stays` and `comes` make up what is open after; `now` is marked."""

    now: int
    stays: int
    comes: int
    is_estimate: bool = False
    most: int = 1

    @property
    def after(self) -> int:
        return self.stays + self.comes

    def on_scale(self, value: int) -> float:
        return round(WIDTH * value / max(1, self.most), 1)

    @property
    def stays_width(self) -> float:
        return self.on_scale(self.stays)

    @property
    def comes_width(self) -> float:
        return self.on_scale(self.comes)

    @property
    def now_at(self) -> float:
        """Where the mark stands, within the drawing."""
        return min(max(self.on_scale(self.now) - 1, 0), WIDTH - 2)


@dataclass
class Share:
    """What one person gets of a plan."""

    id: int
    username: str
    name: str
    limit: int | None
    jobs: Bar
    frames: Bar
    given: int = 0
    given_frames: int = 0

    @property
    def is_over(self) -> bool:
        return self.limit is not None and self.given > self.limit


@dataclass
class Balance:
    """The whole plan in numbers. `left` counts the jobs that nobody gets by reason, `losing` what others hand over."""

    shares: list[Share] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    losing: dict[str, int] = field(default_factory=dict)
    jobs: int = 0
    already: int = 0
    back_from_acceptance: int = 0
    unfinished: int = 0

    @property
    def people(self) -> int:
        return sum(1 for share in self.shares if share.given)

    @property
    def left_count(self) -> int:
        return sum(self.left.values())


def balance_of(run: Run, items: list[Item]) -> Balance | None:
    """The plan that a run and its items hold; None while nothing is planned."""
    if "people" not in run.wanted:
        return None
    given, going = defaultdict(list), defaultdict(list)
    for item in items:
        given[item.wanted.get("assignee")].append(item)
        if item.wanted and is_open(item):
            going[item.about["assignee_id"]].append(item)
    balance = Balance(
        [
            share_of(one, Load(*run.wanted["loads"][str(one["id"])]), given[one["id"]], going[one["id"]])
            for one in run.wanted["people"]
        ]
    )
    for name in ("jobs", "frames"):
        bars: list[Bar] = [getattr(share, name) for share in balance.shares]
        most = max((max(bar.now, bar.after) for bar in bars), default=1)
        for bar in bars:
            bar.most = most
    count(balance, items, is_review=run.wanted["review"])
    return balance


def share_of(one: dict[str, Any], load: Load, given: list[Item], going: list[Item]) -> Share:
    """A person of the plan, with the jobs that they get, and those of the plan that are open with them now."""
    coming = [item for item in given if stays_open(item)]
    jobs = Bar(load.jobs, max(0, load.jobs - len(going)), len(coming))
    stays = max(0, load.frames - frames_of(going))
    frames = Bar(load.frames, stays, frames_of(coming), is_estimate=load.is_estimate)
    return Share(one["id"], one["username"], one["name"], one["limit"], jobs, frames, len(given), frames_of(given))


def frames_of(items: list[Item]) -> int:
    return sum(item.about["frames"] for item in items)


def count(balance: Balance, items: list[Item], *, is_review: bool) -> None:
    left: dict[str, int] = defaultdict(int)
    losing: dict[str, int] = defaultdict(int)
    for item in items:
        if not item.wanted:
            left[item.why] += 1
            continue
        balance.jobs += 1
        balance.already += item.verdict == ALREADY
        if item.about["assignee"] and item.about["assignee_id"] != item.wanted["assignee"]:
            losing[item.about["assignee"]] += 1
        if is_review:
            balance.back_from_acceptance += item.about["stage"] == "acceptance"
            balance.unfinished += item.about["stage"] == "annotation" and is_open(item)
    balance.left = dict(sorted(left.items()))
    balance.losing = dict(sorted(losing.items()))
