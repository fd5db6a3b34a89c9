"""What a file is, by its first bytes: told before it is sent, since the upstream empties a job over a file of nothing.

Only what is certainly wrong is refused. What can't be told passes, and so does all that is meant for a format that the
portal does not know.
"""

import re

from jobsportal.cvat.types import Format

HEAD_BYTES = 16 * 1024
ARCHIVES = (b"PK\x03\x04", b"PK\x07\x08", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ")
EMPTY_ARCHIVE = b"PK\x05\x06"
PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"BM")
KNOWN = {".zip", ".xml", ".json"}
KINDS = {".xml": "an XML file", ".json": "a JSON file", ".zip": "a ZIP archive"}

# What may stand before the first element of XML, and of HTML.
PROLOG = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.S)
DOCTYPE = re.compile(r"<!doctype\s+(?P<name>[\w:.-]+)[^>\[]*(?:\[.*?\]\s*)?>", re.S | re.I)
ELEMENT = re.compile(r"<(?:[\w.-]+:)?(?P<name>[\w.-]+)[\s/>]")
COPY = re.compile(r'\s*\{\s*"version"\s*:\s*\d+\s*,\s*"(?:tags|shapes|tracks)"\s*:')


def complaint(head: bytes, format: Format) -> str:
    """Why a file that begins with these bytes can't be one of this format; "" where it may be."""
    text = text_of(head)
    if COPY.match(text):
        return (
            "This is a copy that was downloaded as JSON, just as the server has it. No format reads it, so it can't "
            "be uploaded here. Bring it back under Annotations, “Annotations as JSON”."
        )
    wanted = set(format.extensions)
    if not wanted or wanted - KNOWN:
        return ""
    if head.startswith(EMPTY_ARCHIVE):
        return "This archive is empty. Choose another file."
    if what := other_kind(head, text):
        return f"This is {what}, not annotations. {asked_for(format)}"
    if head.startswith(ARCHIVES) or head[257:262] == b"ustar":
        return ""
    if wanted != {".zip"} and is_unclear(text):
        return ""
    return complaint_about_text(text, wanted, format)


def other_kind(head: bytes, text: str) -> str:
    """What it is, where that holds no annotations in any format."""
    if head.startswith(PICTURES) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP"):
        return "a picture"
    if head.startswith(b"%PDF-"):
        return "a PDF document"
    return "a web page" if root_of(text).lower() in ("html", "head", "body") else ""


def is_unclear(text: str) -> bool:
    """Nothing but white space so far, or an encoding that is not looked into."""
    return not text.strip() or "\0" in text


def complaint_about_text(text: str, wanted: set[str], format: Format) -> str:
    first = text.lstrip()[:1]
    if first == "<" and ".xml" in wanted:
        root = root_of(text)
        if not root or root == "annotations" or not format.name.upper().startswith("CVAT"):
            return ""
        return f"This is XML, but its first element is <{root}>, and {format.name} begins with <annotations>."
    if first == "{" and ".json" in wanted:
        return ""
    if first == "[" and ".json" in wanted:
        return f"This is JSON, but a list, and {format.name} is an object, in braces."
    return f"This is not a file of {format.name}. {asked_for(format)}"


def asked_for(format: Format) -> str:
    """Such as "CVAT 1.1 comes as an XML file or a ZIP archive." """
    return f"{format.name} comes as {' or '.join(KINDS[ending] for ending in format.extensions)}."


def text_of(head: bytes) -> str:
    """The beginning as text. What is no UTF-8 has marks in it, which fit nothing."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    return head.decode("utf-8-sig", "replace")


def root_of(text: str) -> str:
    """The name of the first element, without its prefix; "" where none has begun. A doctype says it as well."""
    at = 0
    while found := PROLOG.match(text, at) or DOCTYPE.match(text, at):
        if found.re is DOCTYPE and found["name"].lower() == "html":
            return "html"
        at = found.end()
    found = ELEMENT.match(text, at)
    return found["name"] if found else ""
