"""The names of classes, out of the little of YAML that they take: a list or a mapping, on lines or in brackets."""

import json
import re

MOST_NAMES = 10_000
BLOCK = re.compile(r"\s*(?:-\s+|(?P<number>\d{1,6})\s*:\s+)(?P<name>.+)")
PAIR = re.compile(r"\s*(?P<number>\d{1,6})\s*:\s*(?P<name>.+)")
WORD = re.compile(r"""\s*((?:\d{1,6}\s*:\s*)?(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,\]}"']+))\s*(?:,|$)""")


def names_in_yaml(document: str) -> dict[int, str]:
    """By number; none where they can't be told. `document` has no empty lines, nor blanks around its lines."""
    lines = document.splitlines()
    for place, line in enumerate(lines):
        found = re.match(r"names\s*:\s*(.*)", line)
        if found and found[1].startswith(("[", "{")):
            return in_brackets(" ".join([found[1], *lines[place + 1 :]]))
        if found:
            return on_lines(lines[place + 1 :])
    return {}


def on_lines(lines: list[str]) -> dict[int, str]:
    names: dict[int, str] = {}
    for line in lines[:MOST_NAMES]:
        if line.startswith("#"):
            continue
        if not (found := BLOCK.fullmatch(line)):
            break
        names[int(found["number"]) if found["number"] else len(names)] = unquoted(found["name"])
    return names


def in_brackets(text: str) -> dict[int, str]:
    end = "]" if text[0] == "[" else "}"
    names: dict[int, str] = {}
    for found in WORD.finditer(text[1:].partition(end)[0]):
        pair = PAIR.fullmatch(found[1]) if end == "}" else None
        names[int(pair["number"]) if pair else len(names)] = unquoted(pair["name"] if pair else found[1])
        if len(names) >= MOST_NAMES:
            break
    return names


def unquoted(raw: str) -> str:
    text = raw.strip()
    if text.startswith("'"):
        return text.strip("'").replace("''", "'")
    if not text.startswith('"'):
        return text.partition(" #")[0].strip()
    try:
        return str(json.loads(text))
    except ValueError:
        return text.strip('"')
