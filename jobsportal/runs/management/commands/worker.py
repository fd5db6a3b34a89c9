"""`manage.py worker`: carries out bulk runs until it is told to stop."""

from typing import Any

from django.core.management.base import BaseCommand

from jobsportal.runs.engine_worker import work


class Command(BaseCommand):
    help = "Carries out bulk runs, from the database or from Redis (TASKS_URL), until it is told to stop."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        work()
