"""Whether what a bundle was made of is still there: an export of the same job in the same format, whoever asks for it
and where, takes the place of the one before."""

from django.db.models import F, Min

from jobsportal.accounts.person import Person
from jobsportal.bundles.calls import Calls
from jobsportal.bundles.models import MADE, Bundle, Part
from jobsportal.bundles.remaking import ANEW, remake, wait_for
from jobsportal.bundles.settling import is_finished
from jobsportal.cvat import errors
from jobsportal.cvat.types import Request


def check(bundle: Bundle, person: Person) -> None:
    """Take parts as they were exported anew since they were made. Upstream: requests.list. Raises what keeps it from
    being read, and Conflict where parts are being exported anew, or are gone and have to be: then the bundle is being
    prepared until they are there."""
    parts = list(bundle.parts.filter(status=MADE, is_used=False))
    found, is_all = Calls(bundle, person).listed(parts)
    is_other, under_way, gone = False, [], []
    for part in parts:
        answer = found.get(part)
        if is_finished(answer):
            is_other = adopt(part, answer) or is_other
        elif isinstance(answer, Request) and not answer.is_over:
            under_way.append(part.pk)
        elif answer is not None or is_all:
            gone.append(part.pk)
    if is_other:
        first = bundle.parts.filter(status=MADE).aggregate(first=Min("expires"))["first"]
        Bundle.objects.filter(pk=bundle.pk).update(expires=first)
    taken_back = remake(bundle, person, Part.objects.filter(pk__in=gone))
    taken_back += wait_for(bundle, person, Part.objects.filter(pk__in=under_way))
    if taken_back:
        Bundle.objects.filter(pk=bundle.pk).update(is_measured=False)
        raise errors.Conflict(detail="Some of it is being exported anew.")


def adopt(part: Part, request: Request) -> bool:
    """Its file is the one that this request made; whether that is another than before, of which nothing is known."""
    if request.finished_date in (None, part.finished):
        return False
    made = {
        "status": MADE,
        "rq_id": request.id,
        "asked": part.asked,
        "finished": request.finished_date,
        "expires": request.expiry_date,
        "result_url": request.result_url,
    }
    same = Part.objects.filter(pk=part.pk, status=MADE, version=part.version)
    return bool(same.update(**ANEW | made, version=F("version") + 1))
