"""What somebody has said so far on the way to their data, as addresses carry it from step to step."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from jobsportal.accounts.person import Person
from jobsportal.bundles.models import CSV, EXCEL, ZIP
from jobsportal.exports.get_purposes import OTHER, PURPOSES, TABLE, TABLES, Purpose
from jobsportal.exports.get_subjects import ALL, FINISHED, Counts, Subject, subject_from

# The names of the steps: of their addresses, and as they are called
STEPS = (("exports:get", "What"), ("exports:get_for", "What for"), ("exports:get_images", "Images"))


@dataclass(frozen=True)
class Wish:
    """`format` is one of the upstream's; `kind` is ZIP, or CSV or EXCEL for a table, which has no format and no
    images. `with_images` is None until it is said."""

    subject: Subject
    part: str = ALL
    purpose: str = ""
    format: str = ""
    kind: str = ZIP
    with_images: bool | None = None

    @classmethod
    def read(cls, data: QueryDict, person: Person) -> "Wish":
        """What an address or a form says; what it does not know of is passed over. Raises as `subject_from` does.
        Upstream: see there."""
        purpose = data.get("purpose", "")
        images = {"yes": True, "no": False}.get(data.get("images", ""))
        kind = data.get("kind", "") if purpose == TABLE else ZIP
        return cls(
            subject_from(data, person),
            FINISHED if data.get("part") == FINISHED else ALL,
            purpose if purpose in PURPOSES else "",
            data.get("format", "")[:200] if purpose != TABLE else "",
            kind if kind in (ZIP, *TABLES) else EXCEL,
            None if kind in TABLES else images,
        )

    @property
    def is_table(self) -> bool:
        return self.kind in (CSV, EXCEL)

    @property
    def has_purpose(self) -> bool:
        return self.is_table or bool(self.format)

    @property
    def goal(self) -> Purpose:
        return PURPOSES[self.purpose or OTHER]

    def state(self, person: Person) -> dict[str, str]:
        """All of it, for an address or hidden fields."""
        images = {True: "yes", False: "no", None: ""}[self.with_images]
        given = {
            **self.subject.state(person),
            "part": self.part,
            "purpose": self.purpose,
            "format": self.format,
            "kind": self.kind if self.is_table else "",
            "images": images,
        }
        return {name: value for name, value in given.items() if value}

    def url(self, person: Person, step: str, **changes: Any) -> str:
        """The address of a step, with changes to what was said."""
        changed = replace(self, **changes)
        return f"{reverse(step)}?{urlencode({'org': person.org, **changed.state(person)})}"

    @property
    def title(self) -> str:
        """What it is called in the list of downloads, such as "Street scenes, finished work"."""
        more = {FINISHED: "finished work", ALL: ""}[self.part]
        if not self.subject.is_whole_thing and self.part == FINISHED:
            more = "finished ones"
        table = "table of objects" if self.is_table else ""
        title = ", ".join(part for part in (self.subject.title, more, table) if part)
        return title[:1].upper() + title[1:]

    @property
    def part_in_words(self) -> str:
        """Such as "the finished work of Street scenes"."""
        subject = self.subject
        if subject.is_whole_thing:
            return f"{'the finished work' if self.part == FINISHED else 'everything'} of {subject.title}"
        if self.part == FINISHED:
            return "the finished ones of the jobs that you chose"
        return "the jobs that you chose" if len(subject.selection.ids) != 1 else subject.title

    def amount(self, counts: Counts) -> str:
        """Such as "86 jobs, 1,720 frames"."""
        jobs, (frames, is_estimate) = counts.of(self.part), counts.frames_of(self.part)
        about = "about " if is_estimate else ""
        return f"{numbered(jobs, 'job')}, {about}{numbered(frames, 'frame')}"


def numbered(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
