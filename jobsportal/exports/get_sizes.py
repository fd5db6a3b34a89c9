"""What images weigh: estimated from a few real frames, of which only the headers are read."""

from collections.abc import Sequence
from functools import partial

from django.conf import settings
from django.core.cache import cache

from jobsportal.accounts.person import Person
from jobsportal.cvat import errors
from jobsportal.cvat.client import Client
from jobsportal.cvat.types import Job
from jobsportal.web.parallel import side_by_side

UNTOLD_SECONDS = 30


def images_size(person: Person, jobs: Sequence[Job], frames: int) -> int | None:
    """About how many bytes so many frames of these jobs weigh; None where that can't be told.

    Upstream: jobs.retrieve_data of up to three frames, side by side, closed once their length is known, unless that
    was asked shortly ago. Raises SignedOut."""
    chosen = spread(jobs)
    if not chosen or frames <= 0:
        return None
    key = f"get:frame:{person.cache_scope}:{'-'.join(str(job.id) for job in chosen)}"
    mean: float | None = cache.get(key)
    if mean is None:
        mean = mean_size(side_by_side(*(partial(frame_size, person.client, job) for job in chosen)))
        cache.set(key, mean, settings.NAMES_CACHE_SECONDS if mean else UNTOLD_SECONDS)
    return round(mean * frames) or None


def spread(jobs: Sequence[Job]) -> list[Job]:
    """The first, one from the middle, and the last."""
    return [jobs[at] for at in sorted({0, len(jobs) // 2, len(jobs) - 1})] if jobs else []


def mean_size(answers: list[int | errors.CVATError]) -> float:
    """The bytes of a frame on average; 0 where none told its length."""
    refusal = next((answer for answer in answers if isinstance(answer, errors.SignedOut)), None)
    if refusal:
        raise refusal
    sizes = [answer for answer in answers if isinstance(answer, int) and answer > 0]
    return sum(sizes) / len(sizes) if sizes else 0.0


def frame_size(client: Client, job: Job) -> int:
    """The bytes of a job's first frame as it was taken; 0 where the upstream does not say."""
    with client.jobs.retrieve_data(job.id, type="frame", number=job.start_frame, quality="original") as frame:
        told = frame.headers.get("Content-Length", "")
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 13 else 0
