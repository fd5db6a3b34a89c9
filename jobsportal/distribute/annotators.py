"""Who annotated a job, as far as the record of actions and the job itself tell: they don't review it."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby

from django.conf import settings

from jobsportal.activity.models import CHANGED, Change
from jobsportal.runs.models import Item

FIELDS = ("assignee", "stage", "annotations")
ANNOTATION = "annotation"
IDS_PER_QUERY = 500


def annotators_of(items: Iterable[Item]) -> dict[int, set[int]]:
    """The people who had each job while its stage was annotation, or changed its annotations through the portal."""
    items = list(items)
    records = records_of(item.job_id for item in items)
    return {item.job_id: told_by(records[item.job_id], item) for item in items}


def records_of(job_ids: Iterable[int]) -> dict[int, list[Change]]:
    """What was changed of these jobs, oldest first. Ids are asked for in groups: databases bound how many they take."""
    found: dict[int, list[Change]] = defaultdict(list)
    ids_asked = list(job_ids)
    for start in range(0, len(ids_asked), IDS_PER_QUERY):
        ids = ids_asked[start : start + IDS_PER_QUERY]
        changes = Change.objects.filter(
            upstream=settings.CVAT_URL, job_id__in=ids, field__in=FIELDS, outcome=CHANGED
        ).order_by("id")
        for change in changes:
            found[change.job_id].append(change)
    return found


def told_by(records: list[Change], item: Item) -> set[int]:
    """Walk a job's record. Whoever has the job when its stage leaves annotation annotated it; who that was, the next
    change of the assignee tells, or if there is none the job as it is now."""
    people: set[int | None] = set()
    has_left = False
    for _, group in groupby(records, key=lambda change: change.key):
        by_field = {change.field: change for change in group}
        assignee, stage = by_field.get("assignee"), by_field.get("stage")
        before = next((change.stage for change in (stage, assignee) if change), "")
        after = stage.after if stage else before
        if assignee and (before == ANNOTATION or has_left):
            people.add(assignee.before_id)
        if assignee and after == ANNOTATION:
            people.add(assignee.after_id)
        if assignee:
            has_left = False
        if stage and before == ANNOTATION and not assignee:
            has_left = True
        if "annotations" in by_field:
            people.add(by_field["annotations"].person_id)
    if has_left or item.about.get("stage") == ANNOTATION:
        people.add(item.about.get("assignee_id"))
    return {person for person in people if person is not None}
