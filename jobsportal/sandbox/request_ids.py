"""The ids of exports and imports, which tell what they are about: in each generation in a way of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .service import Service
from .subjects import Subject


def export_id(service: Service, subject: Subject, subresource: str, name: str, user_id: int) -> str:
    """One per thing, person, format and kind: whoever asks twice gets the same."""
    if service.is_old:
        slug = name.replace(" ", "_").replace(".", "@")
        return f"export:{subject.target}-{subject.id}-{subresource}-in-{slug}-format-by-{user_id}"
    slug = name.replace(" ", "_").replace(".", "~")
    about = f"target={subject.target}&target_id={subject.id}&user_id={user_id}"
    return f"action=export&{about}&format={slug}&subresource={subresource}"


def import_id(service: Service, subject: Subject) -> str:
    """One per thing: two people can't import into the same at once."""
    if service.is_old:
        return f"import:{subject.target}-{subject.id}-annotations"
    return f"action=import&target={subject.target}&target_id={subject.id}&subresource=annotations"


@dataclass(frozen=True)
class Parsed:
    action: str
    target: str
    target_id: str
    user_id: str | None


def parse(raw: str) -> Parsed | None:
    """An id of the newer generation taken apart, or None when it isn't one."""
    found = re.fullmatch(r"action=(\w+)&target=(\w+)&target_id=(\d+)((?:&\w+=[^&]*)*)", raw)
    if found is None:
        return None
    user = re.search(r"&user_id=(\d+)(?:&|$)", found[4])
    return Parsed(found[1], found[2], found[3], user[1] if user else None)
