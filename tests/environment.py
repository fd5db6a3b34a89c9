"""Loaded before the settings: tests don't see a developer's `.env`, and leave nothing in `var/`."""

import os
import tempfile
from pathlib import Path

os.environ["ENV_FILE"] = os.devnull
os.environ["VAR_DIR"] = str(Path(tempfile.mkdtemp(prefix="jobsportal-tests-")))
for name in ("CVAT_URL", "CVAT_PUBLIC_URL", "DATABASE_URL", "CACHE_URL", "DEBUG", "HTTPS", "SECRET_KEY"):
    os.environ.pop(name, None)
os.environ["CVAT_NAME"] = "Test CVAT"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # a browser driven from the same thread counts as an event loop
