"""Carrying out a run: batch by batch, jobs are read, what to do is decided and stored, sent, and the outcome stored.

Whoever holds the run's lease can go on with it at any time, for all that is known is in the database: an item whose
answer was never heard has stored what was sent, and the job itself tells whether it arrived. No outcome is lost, and
none is stored twice.
"""

import logging
import math
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from jobsportal.accounts.kept import person_of
from jobsportal.cvat import errors
from jobsportal.cvat.types import Job
from jobsportal.runs import engine_keeping as keeping
from jobsportal.runs.deciding import decide
from jobsportal.runs.engine_calls import NO, Answer, Calls, Deleted
from jobsportal.runs.engine_keeping import Settled
from jobsportal.runs.lease import Lease, LeaseLost, close
from jobsportal.runs.models import CHANGED, DELETE, FAILED, FINISHED, REFUSED, STOPPED, Item, Run
from jobsportal.runs.pace import Pace, is_hindrance
from jobsportal.web.errors import in_words, told
from jobsportal.web.logs import current_request_id

logger = logging.getLogger(__name__)

TRIES = 3
LOOK_AGAIN_SECONDS = 0.5

SIGNED_OUT = "{cvat} no longer accepts the sign-in of this run. Sign in again, then run the rest."
NO_CREDENTIAL = "The sign-in of this run can't be read any more. Run the rest again."
ANOTHER_SERVER = "The portal stands in front of another server now."
WENT_WRONG = "The portal failed; its log says how. Run the rest again."

# Set when this process is to end: what is under way is finished, and the run given back for another to go on with.
ending = threading.Event()


def carry_out(run_key: str) -> None:
    """Go on with a live run until it is through, stopped, or lost to another process; nothing if somebody is at it.

    Upstream, for each batch: jobs.list once per organization, users by id for people not met before, then PATCH (or
    DELETE) for what changes, RUN_PARALLEL side by side. Raises nothing: what went wrong is said in the run.
    """
    lease = None if ending.is_set() else Lease.take(run_key)
    if lease is None:
        return
    token = current_request_id.set(f"run-{run_key[:8]}")
    try:
        with lease:
            guarded(lease)
    finally:
        current_request_id.reset(token)


def guarded(lease: Lease) -> None:
    """Carry out; whatever happens, the run doesn't stay as if it were under way."""
    try:
        Carrying(lease).go()
    except LeaseLost:
        logger.warning("left run %s to whoever holds its lease now", lease.run_id)
    except (OperationalError, InterfaceError):
        # The database is busy or away, which passes: once the lease has lapsed, any worker goes on.
        logger.exception("run %s rests until the database answers", lease.run_id)
        connection.close()
    except Exception:
        logger.exception("run %s stops", lease.run_id)
        end(lease, STOPPED, WENT_WRONG)


def end(lease: Lease, status: str, problem: str = "") -> None:
    """The run is over, unless the lease is lost."""
    close(lease.held, status, problem)


class Carrying:
    """One process at one run."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.run = Run.objects.get(pk=lease.run_id)
        self.pace = Pace()
        self.present: dict[int, Answer] = {}
        self.said = self.run.problem

    def go(self) -> None:
        if self.run.upstream != settings.CVAT_URL:
            return end(self.lease, STOPPED, ANOTHER_SERVER)
        person = person_of(self.run)
        if person is None:
            return end(self.lease, STOPPED, NO_CREDENTIAL)
        with ThreadPoolExecutor(
            settings.RUN_PARALLEL, "run", initializer=current_request_id.set, initargs=(current_request_id.get(),)
        ) as pool:
            self.person, self.calls = person, Calls(self.run, person, self.pace, pool)
            try:
                while self.step():
                    pass
            except errors.SignedOut:
                end(self.lease, STOPPED, SIGNED_OUT.format(cvat=settings.CVAT_NAME))

    def step(self) -> bool:
        """A batch, or a rest; whether there is more to do."""
        self.lease.check()
        if self.is_stop_asked():
            end(self.lease, STOPPED)
        elif self.calls.is_signed_out.is_set():
            end(self.lease, STOPPED, SIGNED_OUT.format(cvat=settings.CVAT_NAME))
        elif ending.is_set():
            self.lease.give_back()
        elif self.pace.is_lost:
            end(self.lease, STOPPED, self.gave_up())
        elif self.pace.seconds_left:
            self.rest()
            return True
        elif batch := list(keeping.ready(self.run).order_by("tries", "job_id")[: settings.RUN_PARALLEL * 3]):
            self.take_on(batch)
            return True
        elif keeping.waiting(self.run).exists():
            self.let_others_go_first()
            return True
        else:
            end(self.lease, FINISHED)
        return False

    def is_stop_asked(self) -> bool:
        """Raises LeaseLost."""
        asked = self.lease.held.values_list("stop_asked", flat=True).first()
        if asked is None:
            raise LeaseLost
        return asked

    def take_on(self, batch: list[Item]) -> None:
        """Read, decide, store, send. What hinders all of it is heeded, and the items are looked at again."""
        try:
            self.present = self.calls.read(batch)
            decided = [self.looked_at(item, self.present[item.job_id]) for item in batch]
        except errors.SignedOut:
            raise
        except errors.CVATError as error:
            return self.pace.hinder(error)
        self.settle(one for one in decided if isinstance(one, Settled))
        self.send([one for one in decided if isinstance(one, Item)])

    def looked_at(self, item: Item, job: Answer) -> Settled | Item | None:
        """What becomes of an item: it is through, or to be sent, or looked at again later."""
        if not isinstance(job, Job):
            return self.heard(item, job)
        decision = decide(item, job, self.run.kind)
        if decision.outcome == CHANGED:
            return keeping.given(self.person, self.run, item, job, decision.words)
        if decision.outcome == REFUSED:
            return self.not_given(item, REFUSED, decision.words)
        if decision.outcome:
            return Settled(item, decision.outcome, decision.words)
        assignee = decision.send.get("assignee")
        if assignee is not None and self.calls.name_of(item.organization_id, assignee) is None:
            words = f"{self.assignee_of(item)} is not in the organization, or is gone."
            return self.not_given(item, REFUSED, words)
        return keeping.intention(item, job, decision.send, decision.words)

    def send(self, items: list[Item]) -> None:
        for answers in self.calls.send(keeping.intend(self.lease, self.run, items)):
            self.settle(self.heard(item, answer) for item, answer in answers)

    def heard(self, item: Item, answer: Answer) -> Settled | None:
        """What an answer makes of an item; None if it is looked at again."""
        is_gone = isinstance(answer, errors.NotFound) and self.run.kind == DELETE and item.sent is not None
        if is_gone or isinstance(answer, Deleted):
            return keeping.given(self.person, self.run, item, self.seen(item), "")
        if isinstance(answer, Job):
            return keeping.given(self.person, self.run, item, answer, item.words)
        if isinstance(answer, NO):
            return self.not_given(item, REFUSED, in_words(answer))
        is_late = isinstance(answer, errors.TimedOut)
        if answer is None or isinstance(answer, errors.SignedOut) or (is_hindrance(answer) and not is_late):
            return None
        # One try more for time-outs: a slow server may only be busy.
        if item.tries + 1 >= TRIES + is_late:
            return self.not_given(item, FAILED, in_words(answer))
        keeping.tried(self.lease, self.run, [item])
        return None

    def settle(self, settled: Iterable[Settled | None]) -> None:
        through = [one for one in settled if one is not None]
        if through:
            keeping.settle(self.lease, self.run, through)
            self.pace.well()
            self.say("")

    def not_given(self, item: Item, outcome: str, words: str) -> Settled:
        return keeping.not_given(self.person, self.run, item, self.seen(item), outcome, words, self.assignee_of(item))

    def seen(self, item: Item) -> Job:
        """The job as it was read last, or what the plan knows of it."""
        job = self.present.get(item.job_id)
        return job if isinstance(job, Job) else keeping.unseen(item)

    def assignee_of(self, item: Item) -> str:
        """The name of whom the job was to be assigned to."""
        wanted = item.wanted.get("assignee")
        if wanted is None:
            return "nobody"
        planned = self.run.wanted.get("assignee") or {}
        if isinstance(planned, dict) and planned.get("id") == wanted:
            return str(planned["username"])
        return self.calls.name_if_told(item.organization_id, wanted) or f"user {wanted}"

    def rest(self) -> None:
        """Wait for as long as the upstream needs, saying so; a stop or an end cuts it short."""
        assert self.pace.last is not None
        self.say(f"{told(self.pace.last).title}. Goes on in {math.ceil(self.pace.seconds_left)} s.")
        ending.wait(min(self.pace.seconds_left, LOOK_AGAIN_SECONDS))

    def gave_up(self) -> str:
        assert self.pace.last is not None
        return f"{told(self.pace.last).title}. Stopped after {self.pace.patience:g} s in which nothing came of it."

    def let_others_go_first(self) -> None:
        """Another run is over the same jobs, and earlier. If nobody is at it, this process carries it out first."""
        other = keeping.goes_first(self.run)
        if other is not None:
            self.say(f"Waits for a run of {other.username} over the same jobs.")
            carry_out(str(other.key))
            self.lease.check()
            ending.wait(LOOK_AGAIN_SECONDS)
        self.pace.well()

    def say(self, problem: str) -> None:
        """Tell in the run what it waits for."""
        if problem != self.said:
            self.lease.held.update(problem=problem)
            self.said = problem
