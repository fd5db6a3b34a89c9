"""Who has annotated a job, as far as the record tells: nobody should review what they annotated."""

from collections.abc import Iterable
from itertools import groupby
from uuid import UUID

from jobsportal.activity.models import CHANGED, Change

ANNOTATION = "annotation"
BATCH = 500


def annotators(upstream: str, job_ids: Iterable[int]) -> dict[int, set[int]]:
    """The ids of those who had each of these jobs while its stage was annotation, or changed its annotations; a job
    that the record tells nothing of has an empty set."""
    found: dict[int, set[int]] = {job_id: set() for job_id in job_ids}
    ids = list(found)
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        records = Change.objects.filter(upstream=upstream, job_id__in=part, outcome=CHANGED).order_by("id")
        for change in records.filter(field="annotations").order_by().values("job_id", "person_id").distinct():
            found[change["job_id"]].add(change["person_id"])
        assigned = records.filter(field__in=("assignee", "stage"))
        for (job_id, _), made in groupby(assigned.order_by("job_id", "id"), key=of_one_request):
            found[job_id] |= assignees(list(made))
    return found


def of_one_request(change: Change) -> tuple[int, UUID]:
    return change.job_id, change.key


def assignees(made: list[Change]) -> set[int]:
    """Who had the job before and after a change, of those sides of it on which the stage was annotation."""
    moved = next((change for change in made if change.field == "stage"), None)
    stage_after = moved.after if moved else made[0].stage
    given = [change for change in made if change.field == "assignee"]
    had = {change.before_id for change in given if change.stage == ANNOTATION}
    has = {change.after_id for change in given if stage_after == ANNOTATION}
    return {id for id in had | has if id is not None}
