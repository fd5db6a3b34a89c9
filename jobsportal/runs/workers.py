"""Whether anybody is there to carry runs out."""

from datetime import timedelta

from django.utils import timezone

from jobsportal.runs.models import Worker

BEAT_SECONDS = 3.0
GONE_SECONDS = 15.0


def beat(name: str) -> None:
    """Say that this worker is there."""
    Worker.objects.update_or_create(name=name, defaults={"seen": timezone.now()})


def leave(name: str) -> None:
    """Say that this worker ends; and forget those that ended without saying so, a day later."""
    Worker.objects.filter(name=name).delete()
    Worker.objects.filter(seen__lt=timezone.now() - timedelta(days=1)).delete()


def is_anybody_there() -> bool:
    return Worker.objects.filter(seen__gt=timezone.now() - timedelta(seconds=GONE_SECONDS)).exists()
