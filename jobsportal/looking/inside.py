"""The look itself: first whether a file may be opened at all, then what it is, then what is in it."""

import zipfile
from collections.abc import Iterable, Sequence
from gzip import GzipFile

from jobsportal.looking.families import nested_words, reader_of
from jobsportal.looking.findings import Findings, Tally, Unreadable
from jobsportal.looking.guesses import UNKNOWN, Guess
from jobsportal.looking.listing import Entry, problems_of
from jobsportal.looking.sources import BROKEN, DAMAGED, File, Source

ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


def look(file: File, name: str, *, entries: Sequence[tuple[str, int, int]] | None = None) -> Findings:
    """What is in a file that is open for reading and can be searched through. Never raises because of what it holds.

    `entries` are the name, the size and the packed size in bytes of all that an archive holds, where `file` is that
    archive without its pictures: what would be sent is judged by both.
    """
    source, tally = Source(file, name), Tally()
    try:
        problems = problems_before(source, entries)
        if problems:
            return Findings(name, problems=tuple(problems))
        guess = read(source, tally)
    except Unreadable as error:
        return Findings(name, problems=(str(error),))
    return Findings(
        name,
        warnings=tuple(tally.warnings),
        formats=guess.formats,
        is_certain=guess.is_certain,
        labels=dict(tally.labels),
        kinds=dict(tally.kinds),
        frames=dict(tally.frames),
        objects=tally.objects,
        is_numbered_within=tally.is_numbered_within,
        is_counted=tally.is_counted,
        is_whole=tally.is_whole,
    )


def problems_before(source: Source, entries: Iterable[tuple[str, int, int]] | None) -> list[str]:
    """What speaks against opening the file at all. Raises Unreadable."""
    source.file.seek(0)
    try:
        head = source.file.read(4)
        # Nothing that came compressed is an archive: to find out, all of it would have to be unpacked.
        is_zip = not isinstance(source.file, GzipFile) and (head in ZIP or zipfile.is_zipfile(source.file))
    except BROKEN as error:
        raise Unreadable(DAMAGED) from error
    if not head:
        raise Unreadable("This file is empty. Choose another.")
    if is_zip:
        source.open_archive()
    listed = [Entry(*entry) for entry in entries or ()]
    problems = problems_of(listed) + problems_of(source.entries or [])
    return list(dict.fromkeys(problems))


def read(source: Source, tally: Tally) -> Guess:
    """Count what there is; as much of it as may be read. Raises Unreadable."""
    guess = UNKNOWN
    with tally.as_far_as_it_goes():
        guess = reader_of(source)(source, tally)
    if not guess.formats and not tally.warnings:
        tally.warn("Which format this is could not be told from what is in it.")
    if source.nested:
        tally.warn(nested_words(source.nested))
    return guess
