from typing import IO

from jobsportal.looking.findings import Findings


def look(file: IO[bytes], name: str, *, entries: list[tuple[str, int, int]] | None = None) -> Findings:
    return Findings(name)
