"""Why an export failed, in words that help."""

import re

from jobsportal.annotations.reasons import last_words

# What is searched in the message, and what is said then. The first that fits counts.
RULES: list[tuple[str, str]] = [
    (
        r"cannot export a dataset in a stream manner|KeyError: 'yolo_ultralytics|NotImplementedError",
        "This server can't write {format}. Choose another format.",
    ),
    (
        r"ModuleNotFoundError|ImportError",
        "This server lacks what it needs to write {format}. Choose another format, or tell its administrator.",
    ),
    (
        r"No such file or directory|FileNotFoundError|Can't find frame|media (?:not|un)available",
        "The server could not read the images of the task. Try without images, or tell its administrator.",
    ),
    (r"No space left on device", "The server has no room left for the file. Tell its administrator."),
    (
        r"(?i:only|can(?:'t|not)|does not support|unsupported)[^\n]*"
        r"(?P<kind>tracks?|skeletons?|masks?|cuboids?|ellipses?)",
        "The job holds {kind}, and {format} can't keep them. Choose another format.",
    ),
    (r"TimeoutError|JobTimeoutException|exceeded maximum timeout", "The server took too long and gave up. Try again."),
]


def in_plain_words(message: str, format: str = "") -> str:
    """The reason of a failed export. Where none is known, the last thing the server said, without Python's class."""
    for pattern, words in RULES:
        if found := re.search(pattern, message):
            kind = found.groupdict().get("kind") or ""
            return words.format(format=format or "this format", kind=kind)
    said = last_words(message)
    return f"The server failed while it wrote the file: {said}" if said else "The server gave no reason."
