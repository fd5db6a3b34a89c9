"""Preparing bundles beside all else a worker does: step by step, each under a short lease.

A step learns how the exports stand that were asked for, stores what became of them, and asks for more. What is about to
be asked for is stored before it is asked: whoever takes a bundle up after a crash finds those exports in the upstream's
own list, or asks once more.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from jobsportal.accounts.kept import person_of
from jobsportal.bundles import measuring, settling
from jobsportal.bundles.calls import Calls
from jobsportal.bundles.lease import Lease, LeaseLost, due
from jobsportal.bundles.models import ASKED, WAITING, Bundle
from jobsportal.cvat import errors
from jobsportal.runs.engine import ending
from jobsportal.runs.pace import is_hindrance
from jobsportal.web.errors import told
from jobsportal.web.logs import current_request_id

logger = logging.getLogger(__name__)

AT_A_TURN = 50
LONGEST_PAUSE = 15.0
LONGEST_REST = 5.0
# The person's credential is not kept for longer, whatever the upstream does.
LONGEST = timedelta(days=3)

SIGNED_OUT = "{cvat} no longer accepts the sign-in of whoever asked for this. Sign in, then prepare again."
NO_CREDENTIAL = "The sign-in of whoever asked for this can't be read any more. Prepare it again."
ANOTHER_SERVER = "The portal stands in front of another server now."
WENT_WRONG = "The portal failed; its log says how"
TOO_LONG = "It was not prepared within three days."
GAVE_UP = "{title}. Given up after {seconds:g} s in which nothing came of it."


def turn() -> bool:
    """Advance every bundle that is due by a step; whether anything came of it."""
    is_moving = False
    for pk in list(due().values_list("pk", flat=True)[:AT_A_TURN]):
        lease = None if ending.is_set() else Lease.take(pk)
        if lease is not None:
            is_moving = advance(lease) or is_moving
    return is_moving


def advance(lease: Lease) -> bool:
    """One step of a bundle; whether anything came of it. Whatever happens, the bundle is looked at again, or over."""
    token = current_request_id.set(f"bundle-{lease.bundle_id}")
    try:
        return Step(lease).go()
    except LeaseLost:
        return False
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("a step of bundle %s failed", lease.bundle_id)
        Step(lease).hinder(WENT_WRONG, None)
        return False
    finally:
        lease.give_back()
        current_request_id.reset(token)


class Step:
    """What is done about a bundle at a time."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.bundle = Bundle.objects.get(pk=lease.bundle_id)

    def go(self) -> bool:
        """Upstream: requests.list (retrieve for what it doesn't show), jobs.export for what is asked for now, one byte
        of what was made; and once, for the length of the file, all that was made."""
        person = person_of(self.bundle)
        if person is None or self.bundle.upstream != settings.CVAT_URL:
            settling.end(self.lease, NO_CREDENTIAL if person is None else ANOTHER_SERVER)
            return True
        if self.bundle.made < timezone.now() - LONGEST:
            settling.end(self.lease, TOO_LONG)
            return True
        self.calls = Calls(self.bundle, person)
        try:
            is_moving = self.look()
            is_moving = self.ask() or is_moving
            if self.is_through():
                measuring.measure(self.lease, self.bundle, person)
            if self.is_through():  # still: measuring may find a file gone
                settling.finish(self.lease)
                return True
        except errors.SignedOut:
            settling.end(self.lease, SIGNED_OUT.format(cvat=settings.CVAT_NAME))
            return True
        except errors.CVATError as error:
            self.hinder(told(error).title, error)
            return False
        self.rest(is_moving)
        return is_moving

    def look(self) -> bool:
        """What has become of those that were asked for; whether any is through."""
        asked = list(self.bundle.parts.filter(status=ASKED))
        if not asked:
            return False
        found = self.calls.standing(asked)
        made = settling.settle(self.lease, self.bundle, found)
        settling.sized(made, self.calls.sizes(made))
        raise_hindrance(found.values())
        return any(part.status != ASKED for part in asked)

    def ask(self) -> bool:
        """Ask for as many as may be under way; whether any was asked for."""
        chosen = settling.intend(self.lease, self.bundle)
        if not chosen:
            return False
        answers = self.calls.ask(chosen)
        settling.asked(self.lease, self.bundle, answers)
        raise_hindrance(answers.values())
        return True

    def is_through(self) -> bool:
        return not self.bundle.parts.filter(status__in=(WAITING, ASKED)).exists()

    def rest(self, is_moving: bool) -> None:
        """The upstream answers: nothing hinders it any more. What takes longer is asked about less often."""
        newest = self.bundle.parts.filter(status=ASKED).order_by("-asked").values_list("asked", flat=True).first()
        now = timezone.now()
        pause = 0.0 if is_moving or newest is None else min(LONGEST_REST, (now - newest).total_seconds() / 10)
        self.lease.held.update(problem="", hindered=None, failures=0, rests_until=now + timedelta(seconds=pause))

    def hinder(self, title: str, error: errors.CVATError | None) -> None:
        """Nothing can be asked just now: wait, longer from time to time, and say so; until patience is at its end."""
        now, failures = timezone.now(), self.bundle.failures + 1
        since: datetime = self.bundle.hindered or now
        patience: float = settings.RUN_PATIENCE_SECONDS
        pause = (error.retry_after if error else None) or min(LONGEST_PAUSE, 2.0 ** min(failures, 10) / 2)
        if (now - since).total_seconds() > patience or pause > patience:
            settling.end(self.lease, GAVE_UP.format(title=title, seconds=patience))
            return
        self.lease.held.update(
            problem=f"{title}. It goes on by itself.",
            hindered=since,
            failures=failures,
            rests_until=now + timedelta(seconds=pause),
        )


def raise_hindrance(answers: Iterable[object]) -> None:
    """Raises the first failure that is about the upstream or the person as a whole; all else is settled."""
    for answer in answers:
        if isinstance(answer, errors.SignedOut):
            raise answer
        if isinstance(answer, errors.CVATError) and is_hindrance(answer):
            raise answer
