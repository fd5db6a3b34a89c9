"""Asking to be told by e-mail once a single export of the upstream's is through."""

from django.conf import settings

from jobsportal.accounts.kept import access, who
from jobsportal.accounts.person import Person
from jobsportal.bundles.models import Watch


def watch(person: Person, rq_id: str, title: str, mail_to: str, address: str = "") -> Watch:
    """Tell this person once. `mail_to` is their own address (`telling.address_of`); `address` is where they reach the
    portal. Asked twice, they are told once."""
    rule = {"upstream": settings.CVAT_URL, "person_id": person.id, "rq_id": rq_id}
    told = {"title": " ".join(title.split())[:300], "mail_to": mail_to, "address": address[:300]}
    return Watch.objects.update_or_create(**rule, defaults={**who(person), **access(person), **told, "tries": 0})[0]
