"""Learning how long a bundle's file is before anybody fetches it, where that costs little.

What is unpacked and packed again on its way has a length that only writing it tells; without a length a transfer that
breaks can't be gone on with. So a bundle that isn't large is written once to nowhere, as its preparation ends.
"""

import logging
import time

from django.db.models import Sum

from jobsportal.accounts.person import Person
from jobsportal.bundles.lease import Lease
from jobsportal.bundles.lengths import Identity, parts_now
from jobsportal.bundles.models import FOLDERS, MADE, Bundle
from jobsportal.bundles.reading import Broken, known
from jobsportal.bundles.writing import Writing
from jobsportal.cvat import errors

logger = logging.getLogger(__name__)

LARGEST = 128 * 1024 * 1024
HOLD_SECONDS = 3.0


def measure(lease: Lease, bundle: Bundle, person: Person) -> None:
    """Store the length of the file that the parts make now. Upstream: requests.download for each. What goes wrong means
    only that the length is not known. Raises LeaseLost, SignedOut."""
    if bundle.is_measured or bundle.layout != FOLDERS or not is_cheap(bundle):
        return
    lease.hold()
    lease.held.update(is_measured=True)
    try:
        length, identity = passed(lease, Writing(person, bundle, parts_now(bundle)))
    except errors.SignedOut:
        raise
    except (errors.CVATError, Broken) as error:
        logger.info("the length of bundle %s is not known: %s", bundle.pk, error)
        return
    lease.held.update(length=length, length_of=identity.etag)


def is_cheap(bundle: Bundle) -> bool:
    """Whether all of it can be fetched again, and is small."""
    made = bundle.parts.filter(status=MADE)
    first = made.first()
    if first is None or not known(first).can_be_fetched_again or made.filter(size=None).exists():
        return False
    return (made.aggregate(sum=Sum("size"))["sum"] or 0) <= LARGEST


def passed(lease: Lease, writing: Writing) -> tuple[int, Identity]:
    held = time.monotonic()
    for _ in writing:
        if time.monotonic() - held > HOLD_SECONDS:
            held = time.monotonic()
            lease.hold()
    return writing.size, writing.identity
