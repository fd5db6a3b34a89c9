"""The service layer: everything that knows the upstream's URLs, JSON, versions and failures.

    from jobsportal.cvat import Client, TokenCredential

    client = Client("http://127.0.0.1:8081", TokenCredential("…"), organization="acme")
    page = client.jobs.list(stage="validation", page_size=50)  # Page[Job]
    job = client.jobs.partial_update(17, assignee=3, state="in progress")

It imports nothing of Django and renders nothing. Every failure of an exchange is one of `jobsportal.cvat.errors`; what
can't be a number where one is needed is a ValueError or TypeError, as anywhere.
"""

from jobsportal.cvat import errors, filters
from jobsportal.cvat.client import Client, Download, Timeouts
from jobsportal.cvat.connections import new_session
from jobsportal.cvat.credentials import (
    AccessTokenCredential,
    Anonymous,
    BasicCredential,
    Credential,
    SessionCredential,
    SignatureCredential,
    TokenCredential,
)
from jobsportal.cvat.labeled import LabeledData
from jobsportal.cvat.retries import RetryPolicy
from jobsportal.cvat.versions import Version

__all__ = [
    "AccessTokenCredential",
    "Anonymous",
    "BasicCredential",
    "Client",
    "Credential",
    "Download",
    "LabeledData",
    "RetryPolicy",
    "SessionCredential",
    "SignatureCredential",
    "Timeouts",
    "TokenCredential",
    "Version",
    "errors",
    "filters",
    "new_session",
]
