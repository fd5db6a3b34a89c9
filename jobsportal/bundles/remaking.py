"""Having files made once more that the upstream has no more, has handed out, or is making anew."""

from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from jobsportal.accounts.kept import access
from jobsportal.accounts.person import Person
from jobsportal.bundles.models import ASKED, MADE, PREPARING, READY, WAITING, Bundle, Part

# What a part has that is to be made anew. Its position stays.
ANEW = {
    "status": WAITING,
    "words": "",
    "rq_id": "",
    "tries": 0,
    "asked": None,
    "finished": None,
    "expires": None,
    "size": None,
    "sha256": "",
    "result_url": "",
    "tag": "",
    "is_used": False,
    "is_whole": False,
}


def remake(bundle: Bundle, person: Person, parts: QuerySet[Part]) -> int:
    """Have these parts prepared again, where nobody has done so in the meantime; how many. The worker takes them up
    with this person's credential."""
    return taken_back(bundle, person, parts, ANEW)


def wait_for(bundle: Bundle, person: Person, parts: QuerySet[Part]) -> int:
    """The same for parts that are being exported again already: the worker waits for that, and asks for nothing."""
    kept = {name: value for name, value in ANEW.items() if name != "rq_id"}
    return taken_back(bundle, person, parts, kept | {"status": ASKED, "asked": timezone.now()})


def taken_back(bundle: Bundle, person: Person, parts: QuerySet[Part], fields: dict[str, Any]) -> int:
    with transaction.atomic():
        live = Bundle.objects.select_for_update().filter(pk=bundle.pk, status__in=(READY, PREPARING))
        if not live.exists():
            return 0
        count = parts.filter(bundle=bundle, status=MADE).update(**fields, version=F("version") + 1)
        if count:
            prepare(bundle, person)
        return count


def prepare(bundle: Bundle, person: Person) -> None:
    """The worker has something to do for it, whatever it was at."""
    Bundle.objects.filter(pk=bundle.pk).update(
        status=PREPARING,
        problem="",
        hindered=None,
        failures=0,
        rests_until=timezone.now(),
        **access(person),
    )
