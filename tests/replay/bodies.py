"""Bodies of recorded requests. Secrets are put in again; files, of which only the beginning was kept, are made anew."""

from __future__ import annotations

import io
import json
import re
import zipfile

from .records import Exchange

PASSWORD = "annotate"
ANNOTATIONS = (
    '<?xml version="1.0"?><annotations><version>1.1</version><image id="0" name="night_0030.jpg" width="320" '
    'height="240"><box label="car" source="manual" occluded="0" xtl="10" ytl="20" xbr="60" ybr="70" z_order="0">'
    '<attribute name="color">red</attribute><attribute name="parked">false</attribute>'
    '<attribute name="speed">5</attribute></box></image></annotations>'
)
COCO = {
    "licenses": [{"name": "", "id": 0, "url": ""}],
    "info": {"contributor": "", "date_created": "", "description": "", "url": "", "version": "", "year": ""},
    "categories": [{"id": 1, "name": "car", "supercategory": ""}],
    "images": [{"id": 1, "width": 320, "height": 240, "file_name": "night_0030.jpg", "license": 0}],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [], "area": 2500.0, "bbox": [10, 20, 50, 50],
         "iscrowd": 0}
    ],
}  # fmt: skip


def archive(name: str, text: str) -> bytes:
    """A ZIP with one file, not packed: as long as the recorded one."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()


def body_of(exchange: Exchange) -> bytes | None:
    """What to send, or None for nothing."""
    kept = exchange.body
    if kept is None:
        return None
    if kept["kind"] == "text":
        return _with_password(exchange, kept["text"]).encode()
    head = kept["head"]
    if "upload-offset" in {name.lower() for name in exchange.headers}:
        return _piece(exchange, kept["size"])
    if not head.startswith("--"):
        return head.encode()
    return _form(exchange.name, head)


def _with_password(exchange: Exchange, text: str) -> str:
    wrong = exchange.status == 400 or exchange.status == 429
    return text.replace("<redacted>", "wrong" if wrong else PASSWORD)


def _piece(exchange: Exchange, size: int) -> bytes:
    """A part of the resumable upload of the archive."""
    whole = archive("annotations.xml", ANNOTATIONS)
    offset = 0 if exchange.body and exchange.body["head"].startswith("PK") else len(whole) - size
    return whole[offset : offset + size] if size > 1 else b"x"


def _form(name: str, head: str) -> bytes:
    """The recorded form with the recorded file, or one like it."""
    boundary = head.split("\r\n", 1)[0]
    if head.endswith(f"{boundary}--\r\n"):
        return head.encode()
    start, content = head.split("\r\n\r\n", 1)
    return f"{start}\r\n\r\n".encode() + _file(name, content) + f"\r\n{boundary}--\r\n".encode()


def _file(name: str, content: str) -> bytes:
    if content.startswith("<?xml"):
        return _xml(content)
    if "coco_ok" in name:  # an export of the job before, whose frames the job does not have
        return archive("annotations/instances_Validation.json", json.dumps(COCO).replace("night_0030", "night_0025"))
    if "coco" in name:
        return archive("annotations/instances_Validation.json", json.dumps(COCO))
    if "corrupt" in name:
        return b"PK\x03\x04garbage" * 50
    return archive("annotations.xml", ANNOTATIONS)


def _xml(content: str) -> bytes:
    """The beginning as recorded, the rest as in the one file that is known whole."""
    label, image, attribute = (
        re.search(pattern, content) for pattern in (r'label="(\w+)"', r'name="(\w+)_0030', r'<attribute name="(\w+)"')
    )
    made = ANNOTATIONS
    if label:
        made = made.replace('label="car"', f'label="{label[1]}"')
    if image:
        made = made.replace("night_0030", f"{image[1]}_0030")
    if attribute:
        made = made.replace('name="color"', f'name="{attribute[1]}"', 1)
    return made.encode()
