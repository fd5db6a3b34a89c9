"""Who sees which records: everybody their own, leaders all of their organizations, superusers all of this upstream."""

from django.conf import settings
from django.db.models import Q, QuerySet

from jobsportal.accounts.person import Person
from jobsportal.accounts.roles import led_by
from jobsportal.activity.models import Change


def seen_by(person: Person) -> QuerySet[Change]:
    """All records that a person may see, wherever they look. Upstream: memberships.list where it is not cached."""
    records = Change.objects.filter(upstream=settings.CVAT_URL)
    if person.is_superuser:
        return records
    return records.filter(Q(person_id=person.id) | Q(organization_id__in=led_by(person)))


def seen_here(person: Person) -> QuerySet[Change]:
    """Those of them that belong to the organization that is looked at. Upstream: as `seen_by`."""
    records = seen_by(person)
    if person.organization is None:
        return records
    if person.organization == "":
        return records.filter(organization_id=None)
    current = [id for id, slug, _ in person.organizations if slug == person.organization]
    return records.filter(organization_id__in=current)


def of_job(job_id: int) -> QuerySet[Change]:
    """Everything that was done to a job: for those to whom the upstream shows it."""
    return Change.objects.filter(upstream=settings.CVAT_URL, job_id=job_id)
