"""Queue a run in the portal that the environment describes; told on standard input, answered with the run's key."""

import json
import sys

import django


def main() -> None:
    django.setup()
    from jobsportal.accounts.person import Person
    from jobsportal.cvat import TokenCredential
    from jobsportal.runs import plans
    from jobsportal.runs.models import CHANGE
    from jobsportal.runs.plans import Planned

    said = json.load(sys.stdin)
    alice = Person(2, "alice", "Alice", TokenCredential(said["token"]), [(1, "acme", "Acme")], "acme")
    facts = {"task_id": said["task_id"]}
    run = plans.draft(
        alice, CHANGE, {}, [Planned(job_id, 1, said["wanted"], about=facts) for job_id in said["job_ids"]]
    )
    plans.begin(alice, run)
    print(run.key)


if __name__ == "__main__":
    main()
