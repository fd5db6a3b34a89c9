"""Texts with an object on each line: MOT and KITTI; and masks, of which only names of pictures and labels are read."""

from itertools import islice

from jobsportal.looking.cvat_xml import number
from jobsportal.looking.findings import Tally
from jobsportal.looking.guesses import Guess
from jobsportal.looking.sources import Source, stem

MOST_TRACKS = 100_000
MOST_NAMES = 10_000


def read_mot(source: Source, tally: Tally) -> Guess:
    """`gt/gt.txt`: frame, track, box, confidence, class, visibility; the classes' names in `gt/labels.txt`, from 1."""
    tally.is_counted = tally.is_numbered_within = True
    names: list[str] = []
    for path in within(source, "gt/labels.txt"):
        names = list(islice(source.lines(path), MOST_NAMES))
    for name in names:
        tally.declare(name)
    tracks: set[str] = set()
    with tally.as_far_as_it_goes():
        for path in within(source, "gt/gt.txt"):
            for line in source.lines(path):
                read_mot_line(line.split(","), names, tracks, tally)
    return Guess(("MOT 1.1",))


def read_mot_line(words: list[str], names: list[str], tracks: set[str], tally: Tally) -> None:
    frame = number(words[0].strip())
    if frame is None or len(words) < 6:
        tally.warn("Lines that are no objects were found in gt.txt.")
        return
    tally.see("", frame, 1)
    track = words[1].strip()
    place = number(words[7].strip()) if len(words) > 7 else None
    label = names[place - 1] if place and place <= len(names) else ""
    if track.startswith("-"):
        tally.count(label, "rectangle")
    elif track not in tracks:
        tally.count(label, "track")
        if len(tracks) < MOST_TRACKS:
            tracks.add(track)


def read_kitti(source: Source, tally: Tally) -> Guess:
    """`label_2/*.txt`: the label, then thirteen numbers."""
    tally.is_counted = True
    with tally.as_far_as_it_goes():
        for path in source.ending(".txt"):
            _, folder, name = f"/{path}".rpartition("/label_2/")
            if folder:
                read_kitti_picture(source, path, name, tally)
    return Guess(("KITTI 1.0",))


def read_kitti_picture(source: Source, path: str, name: str, tally: Tally) -> None:
    objects = 0
    for line in source.lines(path):
        tally.count(line.split()[0], "rectangle")
        objects += 1
    tally.see(stem(name), objects=objects)


def read_masks(source: Source, tally: Tally) -> Guess:
    """`SegmentationClass/*.png`, and the labels' names and colours in `labelmap.txt`."""
    for path in source.ending("labelmap.txt")[:1]:
        for line in source.lines(path):
            if not line.startswith("#"):
                tally.declare(line.partition(":")[0])
    for path in source.ending(".png"):
        _, folder, name = f"/{path}".rpartition("/SegmentationClass/")
        if folder:
            tally.see(stem(name))
    return Guess(("Segmentation mask 1.1",))


def within(source: Source, end: str) -> list[str]:
    return [name for name in source.ending(".txt") if f"/{name}".endswith(f"/{end}")]
