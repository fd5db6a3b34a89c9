"""The portal's own secret, for installations that don't set SECRET_KEY."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile


def secret_key(path: Path) -> str:
    """The secret kept in a file that only its owner may read; made when first asked for.

    Replicas don't share the file: they need SECRET_KEY.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Written aside and linked into place: whoever comes at the same moment finds all of it or nothing.
        with NamedTemporaryFile("w", dir=path.parent) as draft:
            draft.write(secrets.token_urlsafe(50))
            draft.flush()
            with suppress(FileExistsError):
                os.link(draft.name, path)
    return path.read_text().strip()
