"""Why an import failed, in words that help: the upstream's messages are Python errors, at first whole tracebacks."""

import re

LONGEST = 300

# What is searched in the whole message, and what is said then. The first that fits counts.
RULES: list[tuple[str, str]] = [
    (
        r"Label '(?P<what>[^'\n]+)' is not registered",
        "The file uses the label “{what}”, which this task does not have. Add the label to the task, or rename "
        "it in the file.",
    ),
    (
        r"Could not match item id: '(?P<what>[^'\n]+)' with any task frame",
        "The file names the image “{what}”, which is not in this job's task. Check that the file belongs to this job "
        "and that its image names are those of the task.",
    ),
    (
        r"unknown archive format|patool|BadZipFile|not a zip file",
        "The file is not a ZIP archive that can be opened. It may be damaged, or something else under that name.",
    ),
    (
        r"(?:ParseError|ExpatError|XMLSyntaxError): (?P<what>[^\n]+)",
        "The file can't be read as XML ({what}). It is damaged or cut short, or it is not XML.",
    ),
    (
        r"(?:JSONDecodeError|Expecting (?:value|property name)|InvalidJSON)[^\n]*",
        "The file can't be read as JSON. It is damaged or cut short, or it is not JSON.",
    ),
    (
        r"Failed to import dataset '[^'\n]+' at '[^'\n]+\.json'",
        "The file can't be read as {format}: its JSON is damaged or cut short, or is not what this format asks for.",
    ),
    (
        r"there should exist a directory for images",
        "The archive has no folder named “images”, and this server does not read {format} without one.",
    ),
    (
        r"Dataset must contain a file|DatasetNotFoundError",
        "The file does not look like {format}: what this format keeps its annotations in is missing. Choose the format "
        "it was written in.",
    ),
    (
        r"Failed to find dataset '[^'\n]+'",
        "The file does not look like {format}. Choose the format it was written in.",
    ),
    (
        r"Failed to import dataset '[^'\n]+'",
        "The file can't be read as {format}: its content or its folders are not what this format asks for. "
        "Choose the format it was written in.",
    ),
    (
        r"UnicodeDecodeError",
        "The file is not text that can be read. Check that it is the right one, and the right format.",
    ),
    (
        r"AttributeSpec matching query"
        r"|(?i:unknown attribute|attribute[^\n]{0,80}(?:not registered|does not exist|not found))",
        "The file has an attribute, or a value of one, that the task's labels do not have. Add it to the label, or "
        "remove it from the file.",
    ),
    (
        r"JobTimeoutException|exceeded maximum timeout",
        "The server took too long over the file and gave up. Upload a smaller one: leave out the images, or split it.",
    ),
    (
        r"Work-horse (?:process )?(?:was )?terminated unexpectedly|MemoryError",
        "The server ran out of memory over the file. Upload a smaller one: leave out the images, or split it.",
    ),
    (
        r"No space left on device",
        "The server has no room left for the file. Tell its administrator, then try again.",
    ),
    (
        r"(?:^|\n)(?:AttributeError|KeyError|TypeError|IndexError|AssertionError|ModuleNotFoundError|NotImplementedError)\b",
        "The server stumbled while it read the file as {format}. Check that the file is in this format; if it is, tell "
        "the server's administrator.",
    ),
]


def in_plain_words(message: str, format: str = "") -> str:
    """The reason of a failed import. Where none is known, the last thing the server said, without Python's class."""
    for pattern, words in RULES:
        if found := re.search(pattern, message):
            what = found.groupdict().get("what") or ""
            return words.format(what=shortened(what, 120), format=format or "this format")
    return last_words(message) or "The server gave no reason."


def last_words(message: str) -> str:
    """The last line that says something, without the class of the error and the server's own folders."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    if not lines:
        return ""
    words = re.sub(r"^(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:Error|Exception|Warning|Timeout)\b:?\s*", "", lines[-1])
    words = re.sub(r"(?:/[\w.@+-]+){2,}/?", "…", words)
    return shortened(words or lines[-1], LONGEST)


def shortened(words: str, longest: int) -> str:
    words = " ".join(words.split())
    return words if len(words) <= longest else words[: longest - 1] + "…"
