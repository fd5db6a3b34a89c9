"""What is known of the upstream: what it calls itself, and its version.

Pages show what was heard last without asking; the sign-in page and the one about the server ask.
"""

from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.core.cache import cache

from jobsportal.accounts.person import client_for
from jobsportal.cvat import RetryPolicy, Timeouts, errors
from jobsportal.cvat.types import About
from jobsportal.cvat.versions import KEPT_SECONDS, Version, known_versions
from jobsportal.web.errors import told

SHOWN_SECONDS = 24 * 60 * 60
FAILED_SECONDS = 10

# Signing in has its own patience; the page with the form must not wait for a server that hangs.
BRIEFLY: dict[str, Any] = {"timeouts": Timeouts(1.5, 2.0, 2.5), "retry": RetryPolicy(attempts=1)}


@dataclass(frozen=True)
class Server:
    """The upstream in its own words, such as "Computer Vision Annotation Tool", "2.42.0"."""

    name: str
    release: str

    @property
    def version(self) -> Version:
        return Version.parse(self.release)


def key(part: str) -> str:
    return f"server:{part}:{settings.CVAT_URL}"


def known() -> Server | None:
    """What was heard in the last day. Upstream: nothing."""
    told_last = cache.get(key("known"))
    return Server(*told_last) if told_last else None


def heard(about: About) -> Server:
    """Keep what the upstream says of itself, for the pages that don't ask."""
    known_versions.set(settings.CVAT_URL, about.version)
    cache.set(key("known"), (about.name[:200], about.version[:100]), SHOWN_SECONDS)
    cache.set(key("asked"), "", KEPT_SECONDS)
    return Server(about.name, about.version)


def unreachable(address: str) -> str:
    """What keeps the upstream from answering, in a few words; "" if it answers, or did lately.

    Upstream: server.about, unless it was asked in the last ten minutes (ten seconds after a failure)."""
    problem: str | None = cache.get(key("asked"))
    if problem is None:
        try:
            heard(replace(client_for(address=address), **BRIEFLY).server.about())
            problem = ""
        except (errors.Unreachable, errors.BrokenAnswer, errors.Busy) as error:
            problem = told(error).title
            cache.set(key("asked"), problem, FAILED_SECONDS)
        except errors.CVATError:
            problem = ""  # It answers, and keeps its version to itself.
    return problem
