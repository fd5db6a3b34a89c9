"""Which family of formats a file belongs to, by what it holds: first what is certain, then what is likely."""

import re
from collections.abc import Callable
from functools import partial

from jobsportal.annotations.contents import ARCHIVES, other_kind, root_of, text_of
from jobsportal.looking import cvat_xml, json_documents, object_xml, tables, yolo
from jobsportal.looking.findings import Tally, Unreadable, few
from jobsportal.looking.guesses import UNKNOWN, Guess, Reader
from jobsportal.looking.sources import Source

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
MOST_ROOTS = 5


def named(guess: Guess, source: Source, tally: Tally) -> Guess:
    """A format that is known by its files alone: what is in them is not read."""
    return guess


def only(*formats: str, is_certain: bool = True) -> Reader:
    return partial(named, Guess(formats, is_certain))


# Paths that only one format has, each searched with a slash in front.
SIGNATURES: list[tuple[str, Reader]] = [
    (r"/obj\.(?:data|names)$", yolo.read_darknet),
    (r"/wider_face_\w+_bbx_gt\.txt$", only("WiderFace 1.0")),
    (r"/bb_landmark/[^/]+\.csv$", only("VGGFace2 1.0")),
    (r"/annotations/(?:pairs|people)(?:DevTrain|DevTest)?\.txt$", only("LFW 1.0")),
    (r"/(?:class-descriptions(?:-boxable)?|[\w-]+-annotations-bbox)\.csv$", only("Open Images V6 1.0")),
    (r"/gtFine/", only("Cityscapes 1.0")),
    (r"/label_2/[^/]+\.txt$", tables.read_kitti),
    (r"/instances/labels\.txt$", only("MOTS PNG 1.0")),
    (r"/gt/gt\.txt$", tables.read_mot),
    (r"/key_id_map\.json$", only("Sly Point Cloud Format 1.0")),
    (r"/(?:tracklet_labels\.xml$|velodyne_points/)", only("Kitti Raw Format 1.0")),
    (r"/bounding_box_(?:train|test)/|/Market-1501", only("Market-1501 1.0")),
    (r"/label_colors\.txt$", only("CamVid 1.0", "KITTI 1.0", "Cityscapes 1.0", is_certain=False)),
]
# What is less telling, looked for where nothing else was found.
HINTS: list[tuple[str, Reader]] = [
    (r"/SegmentationClass/[^/]+\.png$", tables.read_masks),
    (r"/gt_[^/]+_GT\.bmp$", only("ICDAR Segmentation 1.0", is_certain=False)),
    (r"/gt_[^/]+\.txt$", only("ICDAR Localization 1.0", is_certain=False)),
    (r"/gt\.txt$", only("ICDAR Recognition 1.0", is_certain=False)),
]


def reader_of(source: Source) -> Reader:
    """What reads a file of this kind. Raises Unreadable for what holds no annotations in any format."""
    return reader_of_archive(source) if source.is_archive else reader_of_document(source.head(source.names[0]))


def reader_of_document(head: bytes) -> Reader:
    text = text_of(head)
    if what := other_kind(head, text):
        raise Unreadable(f"This is {what}, not annotations.")
    if head.startswith(ARCHIVES) or head[257:262] == b"ustar":
        return unopened
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return json_documents.read
    return reader_of_xml(text, "")


def reader_of_archive(source: Source) -> Reader:
    if not source.names:
        raise Unreadable("This archive is empty. Choose another file.")
    if found := by_path(source, SIGNATURES):
        return found
    if source.ending(".yaml", ".yml") and holds(source, r"/(?:labels|images)/"):
        return yolo.read_ultralytics
    for name in source.ending(".xml")[:MOST_ROOTS]:
        if (found := reader_of_xml(text_of(source.head(name)), name)) is not unknown:
            return found
    if source.ending(".json"):
        return json_documents.read
    if source.ending(".yaml", ".yml"):
        return yolo.read_ultralytics
    return by_path(source, HINTS) or without_signature(source)


def reader_of_xml(text: str, name: str) -> Reader:
    root = root_of(text)
    if root == "annotations":
        return cvat_xml.read
    if root == "annotation":
        return object_xml.read
    return only("Kitti Raw Format 1.0", is_certain=False) if root == "boost_serialization" else unknown


def without_signature(source: Source) -> Reader:
    texts = source.ending(".txt")
    lines = [line for name in texts[:MOST_ROOTS] for line in text_of(source.head(name)).splitlines()[:MOST_ROOTS]]
    if lines and all(re.fullmatch(r"\d+(?:\s+-?[\d.eE+-]+){4,}\s*", line[:1000]) for line in lines if line.strip()):
        return yolo.read_bare
    if all(name.lower().endswith(PICTURES) for name in source.names):
        return pictures
    return unknown


def by_path(source: Source, table: list[tuple[str, Reader]]) -> Reader | None:
    return next((reader for pattern, reader in table if holds(source, pattern)), None)


def holds(source: Source, pattern: str) -> bool:
    search: Callable[[str], object] = re.compile(pattern).search
    return any(search(f"/{name}") for name in source.names)


def unknown(source: Source, tally: Tally) -> Guess:
    return UNKNOWN


def unopened(source: Source, tally: Tally) -> Guess:
    tally.warn("This is an archive of a kind that is not looked into. A ZIP would be.")
    return UNKNOWN


def pictures(source: Source, tally: Tally) -> Guess:
    """A folder for each label, or no annotations at all."""
    tally.warn("There are only pictures in this archive. Few formats keep annotations that way.")
    has_folders = any(name.count("/") for name in source.names)
    return Guess(("ImageNet 1.0", *yolo.CLASSIFICATION), is_certain=False) if has_folders else UNKNOWN


def nested_words(names: list[str]) -> str:
    return f"Archives within the archive are not looked into: {few(names)}."
