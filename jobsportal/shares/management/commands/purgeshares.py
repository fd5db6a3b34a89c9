"""`manage.py purgeshares`: wipe what leads to links that have ended, and forget those that ended long ago."""

from typing import Any

from django.core.management.base import BaseCommand

from jobsportal.shares.links import KEPT, purge


class Command(BaseCommand):
    help = "Wipe the credentials of links to files that have ended, and delete those that ended 30 days ago."

    def handle(self, *args: Any, **options: Any) -> None:
        gone = purge()
        if options["verbosity"]:
            self.stdout.write(f"{gone} link{'' if gone == 1 else 's'} that ended {KEPT.days} days ago deleted.")
