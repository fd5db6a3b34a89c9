"""`manage.py purgebackups`: delete backups of annotations that are older than BACKUP_DAYS."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from jobsportal.annotations.backups import purge


class Command(BaseCommand):
    help = "Delete backups of annotations that are older than BACKUP_DAYS, and changes that nobody has confirmed."

    def handle(self, *args: Any, **options: Any) -> None:
        gone = purge()
        if options["verbosity"]:
            self.stdout.write(
                f"{gone} backup{'' if gone == 1 else 's'} older than {settings.BACKUP_DAYS} days deleted."
            )
