"""Runs in front of a real sandbox, carried out in the test's own process."""

from collections.abc import Callable

import pytest
from django.core.cache import cache

from jobsportal.accounts.person import Person
from jobsportal.cvat import TokenCredential
from jobsportal.runs import engine, plans, workers
from jobsportal.runs.models import CHANGE, Run
from jobsportal.runs.plans import Planned
from jobsportal.sandbox import Sandbox

ACME, ALICE = 1, 2
ORGANIZATIONS = [(ACME, "acme", "Acme Labelling")]

Begin = Callable[..., Run]


@pytest.fixture(autouse=True)
def upstream(sandbox: Sandbox, settings, db) -> Sandbox:
    settings.CVAT_URL = settings.CVAT_PUBLIC_URL = sandbox.url
    settings.CVAT_RETRIES = 0
    settings.RUN_PARALLEL = 4
    cache.clear()
    workers.beat("test")
    engine.ending.clear()
    return sandbox


def person_named(sandbox: Sandbox, username: str = "alice") -> Person:
    user = sandbox.store.user_named(username)
    credential = TokenCredential(sandbox.token(username))
    return Person(user.id, username, username, credential, ORGANIZATIONS, "acme")


def planned_for(sandbox: Sandbox, job_ids, wanted, expected=None) -> list[Planned]:
    jobs = [sandbox.store.jobs.get(job_id) for job_id in job_ids]
    return [
        Planned(
            job_id,
            job.organization_id if job else ACME,
            dict(wanted),
            dict(expected or {}),
            {"task_id": job.task_id if job else 1},
        )
        for job_id, job in zip(job_ids, jobs, strict=True)
    ]


@pytest.fixture
def alice(upstream: Sandbox) -> Person:
    return person_named(upstream)


@pytest.fixture
def begin(upstream: Sandbox, alice: Person) -> Begin:
    """`begin([1, 2], {"state": "new"})`: a run of these jobs, queued."""

    def started(job_ids, wanted, expected=None, kind=CHANGE, person=alice, said=None) -> Run:
        run = plans.draft(person, kind, said or {}, planned_for(upstream, job_ids, wanted, expected))
        plans.begin(person, run)
        run.refresh_from_db()
        return run

    return started


@pytest.fixture
def carry_out() -> Callable[[Run], Run]:
    """Carry a run out here and now; the run as it is then."""

    def done(run: Run) -> Run:
        engine.carry_out(str(run.key))
        run.refresh_from_db()
        return run

    return done
