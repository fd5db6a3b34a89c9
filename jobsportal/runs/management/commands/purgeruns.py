"""`manage.py purgeruns`: delete plans of bulk runs that nobody confirmed."""

from typing import Any

from django.core.management.base import BaseCommand

from jobsportal.runs.plans import purge


class Command(BaseCommand):
    help = "Delete plans of bulk runs that nobody confirmed within a day."

    def handle(self, *args: Any, **options: Any) -> None:
        gone = purge()
        if options["verbosity"]:
            self.stdout.write(f"{gone} plan{'' if gone == 1 else 's'} that nobody confirmed deleted.")
