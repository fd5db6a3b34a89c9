"""Order a bundle in the portal that the environment describes; told on standard input, answered with its key."""

import json
import sys

import django


def main() -> None:
    django.setup()
    from jobsportal.accounts.person import Person
    from jobsportal.bundles import orders
    from jobsportal.cvat import TokenCredential
    from jobsportal.jobs.selection import by_ids

    said = json.load(sys.stdin)
    alice = Person(2, "alice", "Alice", TokenCredential(said["token"]), [(1, "acme", "Acme")], "acme")
    jobs = by_ids(alice, said["job_ids"])
    bundle = orders.order(alice, jobs, title="All of it", format=said["format"], layout=said["layout"])
    print(bundle.key)


if __name__ == "__main__":
    main()
