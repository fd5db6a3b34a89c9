"""The form that asks for an export."""

from typing import Any

from django import forms

from jobsportal.cvat.types import Format

# What most people come for; everything else follows by name.
OFTEN = (
    "CVAT for images 1.1",
    "CVAT for video 1.1",
    "COCO 1.0",
    "Ultralytics YOLO Detection 1.0",
    "YOLO 1.1",
    "PASCAL VOC 1.1",
    "Datumaro 1.0",
)
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

    def __init__(self, *args: Any, formats: list[Format], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["format"].choices = choices(formats)  # type: ignore[attr-defined]


def choices(formats: list[Format]) -> list[Any]:
    names = {format.name for format in formats}
    often = [name for name in OFTEN if name in names]
    others = [format.name for format in formats if format.name not in often]
    groups = [("Often used", often), ("All others", others)]
    return [("", "Choose a format"), *((title, [(name, name) for name in found]) for title, found in groups if found)]
