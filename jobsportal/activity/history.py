"""Who has annotated a job, as far as the record tells: nobody should review what they annotated."""

from collections.abc import Iterable
from itertools import groupby
from uuid import UUID

from jobsportal.activity.models import CHANGED, Change

ANNOTATION = "annotation"
FIELDS = ("assignee", "stage", "annotations")
BATCH = 500


def annotators(upstream: str, job_ids: Iterable[int]) -> dict[int, set[int]]:
    """The ids of those who had each of these jobs while its stage was annotation, or changed its annotations; a job
    that the record tells nothing of has an empty set.

    Whoever has a job now may be one of them too: of a job that never changed hands the record knows nobody."""
    found: dict[int, set[int]] = {job_id: set() for job_id in job_ids}
    ids = list(found)
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        records = Change.objects.filter(upstream=upstream, job_id__in=part, outcome=CHANGED, field__in=FIELDS)
        for job_id, changes in groupby(records.order_by("job_id", "id"), key=lambda change: change.job_id):
            found[job_id] = people_in(changes)
    return found


def people_in(changes: Iterable[Change]) -> set[int]:
    """Walk through what was changed of one job, oldest first. Whoever had it when its stage left annotation turns up
    as the one before the next assignee."""
    people: set[int | None] = set()
    has_left = False
    for _, group in groupby(changes, key=key_of):
        made = {change.field: change for change in group}
        assignee, stage = made.get("assignee"), made.get("stage")
        was_annotation = next(iter(made.values())).stage == ANNOTATION
        is_annotation = stage.after == ANNOTATION if stage else was_annotation
        has_left = has_left or (was_annotation and not is_annotation)
        if assignee and (was_annotation or has_left):
            people.add(assignee.before_id)
        if assignee and is_annotation:
            people.add(assignee.after_id)
        if "annotations" in made:
            people.add(made["annotations"].person_id)
        has_left = has_left and not assignee
    return {id for id in people if id is not None}


def key_of(change: Change) -> UUID:
    return change.key
