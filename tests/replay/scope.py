"""What of the recordings is not compared, and where the sandbox is known to differ; each with its reason."""

from __future__ import annotations

import re

from .records import Exchange

# Addresses that the sandbox does not serve: the portal never asks for them.
OUT_OF_SCOPE = [
    (r"/api/lambda/.*", "automatic annotation needs a service of its own"),
    (r"/api/quality/.*", "quality reports are no part of jobs"),
    (r"/api/consensus/.*", "consensus is no part of jobs"),
    (r"/api/(webhooks|events|invitations)", "administration, not jobs"),
    (r"/api/guides/\d+", "annotation guides are not stored"),
    (r"/api/(schema|swagger|docs)/", "the server's own documentation"),
    (r"/api/auth/(register|rules)", "people and rules are made by the demo"),
    (r"/api/server/share", "there is no file share"),
    (r"/(admin|django-rq)/", "the server's back office"),
]


FOREIGN = "Datumaro|LabelMe|MOT|Open_Images|Segmentation_mask|COCO_Keypoints"
NAMES_OUT_OF_SCOPE = [
    (rf"(export_fmt|legacy_annotations)_(poll_)?({FOREIGN})_.*", "a format that the sandbox does not write"),
]

# Left over from an interrupted recording: what began these was recorded over.
LEFT_OVER: dict[str, set[str]] = {
    "2.20": set(),
    "2.42": {
        "2026-11-23T10:35:06Z",
        "2026-11-23T10:35:08Z",
        "2026-11-23T10:38:50Z",
        "2026-11-23T10:38:52Z",
        "2026-11-23T10:40:00Z",
        "2026-11-23T10:40:01Z",
    },
}


def matches(rule: str, text: str) -> bool:
    return re.fullmatch(rule, text) is not None


def reason_out(exchange: Exchange, generation: str) -> str | None:
    """Why an exchange is not compared, or None when it is."""
    for pattern, reason in OUT_OF_SCOPE:
        if matches(pattern, exchange.path):
            return reason
    for pattern, reason in NAMES_OUT_OF_SCOPE:
        if matches(pattern, exchange.name):
            return reason
    if exchange.recorded_at in LEFT_OVER[generation]:
        return "left over from an interrupted recording: what began it was recorded over"
    return None


# Exchange → why the sandbox's answer differs. None of these counts as agreeing.
EARLIER_RUN = "an earlier recording had left a finished request behind, which this one took"
KNOWN: dict[str, dict[str, str]] = {
    "2.20": {
        "legacy_dataset_download_first": EARLIER_RUN,
        "legacy_dataset_401": "this one refusal doesn't say that it varies by cookie, which nothing rests on",
        "import_put_no_file": EARLIER_RUN,
    },
    "2.42": {
        "job_patch_worker_own_stage": "the recorded build lets workers change the stage; plain servers don't",
        "export_fmt_poll_Ultralytics_YOLO_Detection_1_0_2_200_failed": "the recorded build lacks a part it needs; the sandbox writes it",
    },
}
