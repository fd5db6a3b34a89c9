"""Whether what is in a file fits a job, in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from jobsportal.looking.findings import Findings, few, shortened
from jobsportal.looking.matching import JobFrames

MOST_TOLD = 5
MOST_COMPARED = 500
LONGEST_COMPARED = 60


@dataclass(frozen=True, slots=True)
class Verdict:
    """`summary` says how much of the job the file is about, `warnings` what doesn't fit; where `is_foreign`, none of
    its frames or none of its labels does. `unknown` are the labels that the job doesn't have, `strangers` the frames,
    as the file names them; `frames` counts the job's frames that get objects."""

    summary: str
    warnings: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    frames: int = 0
    is_foreign: bool = False


def compare(findings: Findings, labels: Iterable[str], frame_names: Sequence[str], first: int, last: int) -> Verdict:
    """Hold what was found against a job.

    `labels` are the names of the job's; `frame_names` the paths of its pictures from frame `first` to frame `last` of
    the task, "" for one that is none of the job's, nothing at all for a video.
    """
    known = list(labels)
    used = {name: number for name, number in findings.labels.items() if number}
    unknown = tuple(name for name in used if name not in set(known))
    frames = JobFrames(frame_names, first, last)
    hits, strangers = sorted_out(findings, frames)
    has_no_frame = bool(strangers) and not hits
    is_foreign = has_no_frame or (bool(unknown) and len(unknown) == len(used))
    warnings = [
        *label_warnings(findings, unknown, known),
        *frame_warnings(strangers, has_no_frame),
        *emptiness(findings),
    ]
    return Verdict(
        summary(findings, len(hits), frames), tuple(warnings), unknown, tuple(strangers), len(hits), is_foreign
    )


def sorted_out(findings: Findings, frames: JobFrames) -> tuple[set[int], list[str]]:
    """The job's frames that the file has objects for, and those of others; where objects aren't counted, all frames."""
    hits: set[int] = set()
    strangers: list[str] = []
    for key, objects in findings.frames.items():
        if findings.is_counted and not objects:
            continue
        found = frames.find(key, is_numbered_within=findings.is_numbered_within)
        if found is None:
            strangers.append(key[0] or f"frame {key[1]}")
        else:
            hits.add(found)
    return hits, strangers


def summary(findings: Findings, hits: int, frames: JobFrames) -> str:
    """Such as "1,204 objects with 3 labels on 86 of the job's 120 frames"; "" where there is nothing to be said."""
    where = f"{f'{hits:,}' if hits else 'none'} of the job's {counted(len(frames), 'frame')}"
    if not findings.is_counted:
        return f"It names {where}; what is on them is not counted here" if findings.frames else ""
    if not findings.objects:
        return ""
    labels = sum(1 for number in findings.labels.values() if number)
    about = "" if findings.is_whole else "At least "
    return f"{about}{counted(findings.objects, 'object')} with {counted(labels, 'label')} on {where}"


def label_warnings(findings: Findings, unknown: Sequence[str], known: list[str]) -> list[str]:
    """The labels that are missing, the most used first, with what may be meant."""
    most_used = sorted(unknown, key=lambda name: -findings.labels[name])
    told = [in_words(name, findings.labels[name], known) for name in most_used[:MOST_TOLD]]
    more = [f"{len(unknown) - MOST_TOLD:,} more"] if len(unknown) > MOST_TOLD else []
    if not told:
        return []
    words = "This label is not one of the job's" if len(unknown) == 1 else "These labels are not the job's"
    return [f"{words}: {', '.join(told + more)}. A server refuses a file with labels that it doesn't know."]


def in_words(name: str, number: int, known: list[str]) -> str:
    meant = close_match(name, known)
    return f"“{shortened(name)}” ({counted(number, 'object')}{f'; is “{shortened(meant)}” meant?' if meant else ''})"


def close_match(name: str, known: list[str]) -> str:
    """The label that was probably meant, "" where none comes close. Comparing is slow, so only so much is compared."""
    folded = {label[:LONGEST_COMPARED].casefold(): label for label in known[:MOST_COMPARED]}
    found = get_close_matches(name[:LONGEST_COMPARED].casefold(), folded, n=1, cutoff=0.7)
    return folded[found[0]] if found else ""


def frame_warnings(strangers: list[str], has_no_frame: bool) -> list[str]:
    if not strangers:
        return []
    if has_no_frame:
        return [
            f"Nothing in it matches a frame of this job. It is about {few(strangers)}: look whether it belongs here."
        ]
    return [f"{counted(len(strangers), 'frame')} of the file {are(strangers)} not in this job: {few(strangers)}."]


def are(things: Sequence[str]) -> str:
    return "is" if len(things) == 1 else "are"


def emptiness(findings: Findings) -> list[str]:
    if findings.objects or not (findings.is_counted and findings.is_whole):
        return []
    return ["There are no objects in this file. Where a file replaces what is there, it would leave nothing."]


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
