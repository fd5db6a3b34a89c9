"""The form that asks for an export."""

from typing import Any

from django import forms

from jobsportal.cvat.types import Format

# What people come for, and what it is good for; everything else follows by name.
PURPOSES = {
    "CVAT for images 1.1": "every shape, tag and attribute, image by image; to bring back into CVAT",
    "CVAT for video 1.1": "tracks with their key frames and attributes; to bring back into CVAT",
    "COCO 1.0": "for training detectors and segmentation; one JSON file",
    "COCO Keypoints 1.0": "for training on skeletons; one JSON file",
    "Ultralytics YOLO Detection 1.0": "for training YOLO with Ultralytics; boxes, one text file per image",
    "Ultralytics YOLO Segmentation 1.0": "for training YOLO with Ultralytics; outlines, one text file per image",
    "YOLO 1.1": "for training older YOLO (Darknet); boxes, one text file per image",
    "PASCAL VOC 1.1": "for older detection tools; boxes, one XML file per image",
    "Segmentation mask 1.1": "for training segmentation; one picture per image, each label a colour",
    "MOT 1.1": "for multi-object tracking; boxes with the number of their track, one text file",
    "Datumaro 1.0": "for Datumaro, which turns it into many others; JSON",
    "Datumaro 3D 1.0": "for point clouds; cuboids, for Datumaro, which turns it into others",
}
ANNOTATIONS, DATASET = "false", "true"


class ExportForm(forms.Form):
    """A format, with or without images. The names are those of the upstream's parameters."""

    format = forms.ChoiceField(
        label="Format",
        error_messages={
            "required": "Choose a format.",
            "invalid_choice": "The server does not export this job in this format. Choose one from the list.",
        },
    )
    save_images = forms.TypedChoiceField(
        label="What to put in",
        choices=[(ANNOTATIONS, "Annotations only"), (DATASET, "Annotations and images")],
        coerce=lambda value: value == DATASET,
        widget=forms.RadioSelect,
        initial=ANNOTATIONS,
        error_messages={"required": "Choose what to put in.", "invalid_choice": "Choose one of the two."},
    )

    def __init__(self, *args: Any, formats: list[Format], is_video: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field, names = self.fields["format"], [format.name for format in formats]
        field.choices = choices(names)  # type: ignore[attr-defined]
        field.initial = usual(names, is_video)
        self.purposes = [(name, words) for name, words in PURPOSES.items() if name in names]


def choices(names: list[str]) -> list[Any]:
    """The well-known ones first; groups only where there are both."""
    known = [name for name in PURPOSES if name in names]
    others = [name for name in names if name not in PURPOSES]
    groups = [(title, [(name, name) for name in found]) for title, found in (("Well known", known), ("Others", others))]
    return groups if known and others else [choice for _, found in groups for choice in found]


def usual(names: list[str], is_video: bool) -> str:
    """What loses nothing and can be read back: what somebody gets who chooses nothing."""
    wanted = ["CVAT for video 1.1"] if is_video else []
    wanted += [*PURPOSES, *names]
    return next((name for name in wanted if name in names), "")
