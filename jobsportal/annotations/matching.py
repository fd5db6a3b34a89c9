"""Which job a file is for, by its name alone. The rules, the first that says something counts:

1. “job17”, “job-17” or “job_17” stands in the name;
2. a number stands in it by itself that is the number of exactly one of the jobs; dates, and the number that a browser
   adds to a name it has seen before, are none;
3. the name of a task stands in it, and exactly one of the jobs belongs to that task.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NAMED = re.compile(r"(?<![^\W\d_])job[-_ #]?0*(?P<number>\d{1,12})(?!\d)", re.I)
DATE = re.compile(r"(?<!\d)\d{4}[-_.]?\d{2}[-_.]?\d{2}(?!\d)")
COPY = re.compile(r"\s*\(\d{1,4}\)$")
ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}$")
ALONE = re.compile(r"(?<![^\W_])0*(?P<number>\d{1,12})(?![^\W_])")


@dataclass(frozen=True)
class Candidate:
    """A job that files may be for."""

    id: int
    task: str


@dataclass(frozen=True)
class Match:
    """A file's name, the job it is for (None where that can't be told), and why, in words."""

    name: str
    job: int | None
    why: str


def matched(names: Iterable[str], jobs: Sequence[Candidate]) -> list[Match]:
    """A match for each name, in order."""
    ids = {job.id for job in jobs}
    tasks = tasks_with_one(jobs)
    return [match_of(name, ids, tasks) for name in names]


def twice(matches: Iterable[tuple[str, int | None]]) -> dict[int, list[str]]:
    """The names of the files for each job that more than one is for."""
    names: dict[int, list[str]] = defaultdict(list)
    for name, job in matches:
        if job is not None:
            names[job].append(name)
    return {job: found for job, found in names.items() if len(found) > 1}


def match_of(name: str, ids: set[int], tasks: dict[str, int]) -> Match:
    stem = COPY.sub("", ENDING.sub("", re.split(r"[\\/]", name)[-1]))
    named = {int(found["number"]) for found in NAMED.finditer(stem)}
    if named:
        return by_job(name, named, ids)
    numbers = {int(found["number"]) for found in ALONE.finditer(DATE.sub(" ", stem))} & ids
    if len(numbers) == 1:
        return Match(name, min(numbers), f"by the number {min(numbers)} in its name")
    if numbers:
        return Match(name, None, f"its name has the numbers of {len(numbers)} jobs")
    return by_task(name, stem, tasks)


def by_job(name: str, named: set[int], ids: set[int]) -> Match:
    known = named & ids
    if len(known) == 1:
        return Match(name, min(known), f"by “job {min(known)}” in its name")
    if known:
        return Match(name, None, f"its name has the numbers of {len(known)} jobs")
    return Match(name, None, f"job {min(named)} is none of these jobs")


def by_task(name: str, stem: str, tasks: dict[str, int]) -> Match:
    """The longest name of a task counts: “Gate 3, rain” goes before “Gate 3”."""
    within = f"-{slug(stem)}-"
    found = [task for task in tasks if f"-{task}-" in within]
    longest = max(found, key=len, default="")
    if longest:
        return Match(name, tasks[longest], "by the name of its task, which has one job here")
    return Match(name, None, "nothing in its name tells the job")


def tasks_with_one(jobs: Iterable[Candidate]) -> dict[str, int]:
    """Tasks of which one job is among these, by the slug of their names; names that two tasks share say nothing."""
    found: dict[str, list[int]] = defaultdict(list)
    for job in jobs:
        if task := slug(job.task):
            found[task].append(job.id)
    return {task: ids[0] for task, ids in found.items() if len(ids) == 1}


def slug(name: str) -> str:
    """Letters and digits, of any script, with single hyphens between."""
    return re.sub(r"[\W_]+", "-", name.casefold()).strip("-")
