"""Which server the suite talks to, as whom, and how gently."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from jobsportal.cvat import Anonymous, Client, Credential, TokenCredential
from jobsportal.cvat.types import Job, Request
from jobsportal.cvat.versions import Version

# What `make contract` hands on. The names differ from the portal's own settings, so that no test run ever meets a
# server because a shell or an `.env` happens to name one.
PREFIX = "CONTRACT_"

PATIENCE = 300.0  # seconds for an export or an import
NO_SUCH_ID = 2_000_000_000
OLDEST_RECORDED, FIRST_WITHOUT_OLD_WAYS = Version(2, 20), Version(2, 42)


@dataclass(frozen=True)
class Upstream:
    """One server and one account. `is_real` is False for the sandbox, where nobody else works."""

    name: str
    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    organization: str | None = None
    read_only: bool = False
    is_real: bool = True

    def client(self, credential: Credential | None = None, **options) -> Client:
        return Client(self.url, credential or Anonymous(), **{"organization": self.organization, **options})

    def sign_in(self) -> Client:
        """As the account: by its token, or by the one that signing in answers with. Nothing signs out: that would
        take the token from everything else that uses it."""
        token = self.token or self.client(organization=None).auth.login(self.username, self.password)
        return self.client(TokenCredential(token))

    def be_gentle(self) -> None:
        """Anonymous calls share one small allowance per address with everybody behind it."""
        if self.is_real:
            time.sleep(0.5)


def given(name: str) -> str:
    return os.environ.get(PREFIX + name, "").strip()


def named() -> Upstream | None:
    """The server that the environment names for this suite; None for the sandbox."""
    url = given("URL")
    if not url:
        return None
    upstream = Upstream(
        name=url,
        url=url,
        username=given("USERNAME"),
        password=os.environ.get(PREFIX + "PASSWORD", ""),
        token=given("TOKEN"),
        organization=given("ORGANIZATION") or None,
        read_only=given("READ_ONLY").lower() not in ("", "0", "false", "no"),
    )
    if not upstream.token and not (upstream.username and upstream.password):
        raise ValueError("To speak to that server a CVAT_TOKEN is needed, or CVAT_USERNAME and CVAT_PASSWORD.")
    return upstream


def has_old_ways(client: Client) -> bool | None:
    """Whether the endpoints of old are there; None between the recorded generations, where nobody has looked."""
    if client.version <= OLDEST_RECORDED:
        return True
    return False if client.version >= FIRST_WITHOUT_OLD_WAYS else None


def followed(client: Client, rq_id: str) -> Request:
    """A background request once it is over."""
    give_up, pause = time.monotonic() + PATIENCE, 0.02
    while not (request := client.requests.retrieve(rq_id)).is_over:
        assert time.monotonic() < give_up, f"{rq_id} is still {request.status} after {PATIENCE:.0f} s"
        time.sleep(pause)
        pause = min(2.0, pause * 1.5)
    return request


def steady(check: Callable[[], None]) -> None:
    """Others work meanwhile: what compares two answers may be wrong twice by their doing, not three times."""
    for _ in range(2):
        try:
            return check()
        except AssertionError:
            time.sleep(0.5)
    return check()


def is_later(job: Job, before: Job) -> bool:
    """Whether a job has changed since."""
    return job.updated_date is not None and before.updated_date is not None and job.updated_date > before.updated_date


def now() -> datetime:
    return datetime.now(UTC)
