"""The portal's own secret, for installations that don't set SECRET_KEY."""

import os
import secrets
from pathlib import Path


def secret_key(path: Path) -> str:
    """The secret kept in a file that only its owner may read; made when first asked for.

    Replicas don't share the file: they need SECRET_KEY.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text().strip()
