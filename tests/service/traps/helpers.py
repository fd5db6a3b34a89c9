"""What the tests of traps share."""

from jobsportal.cvat import Client, RetryPolicy, TokenCredential

OLD, NEW = "2.20", "2.42"
JOB, EMPTY, TASK = 46, 44, 7
CVAT = b"<annotations><version>1.1</version></annotations>"


def client_at(running, username="alice", **options):
    options = {"organization": "acme", "retry": RetryPolicy(backoff=0.0), **options}
    return Client(running.url, TokenCredential(running.token(username)), **options)


def done(client, rq_id):
    """The request, once it is over."""
    while not (request := client.requests.retrieve(rq_id)).is_over:
        pass
    return request


def paths(running, method):
    return [call.path for call in running.calls if call.method == method]
