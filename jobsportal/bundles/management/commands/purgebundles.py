"""`manage.py purgebundles`: delete files of many jobs that expired a week ago."""

from typing import Any

from django.core.management.base import BaseCommand

from jobsportal.bundles.orders import purge


class Command(BaseCommand):
    help = "Delete files of many jobs that expired more than a week ago. Workers do so every hour."

    def handle(self, *args: Any, **options: Any) -> None:
        gone = purge()
        if options["verbosity"]:
            self.stdout.write(f"{gone} old file{'' if gone == 1 else 's'} of many jobs deleted.")
